"""`command`: a command as the story has it. It runs only when this very command was approved.

The work is in `commanding`, which few runs need: it is loaded when a story has such a step.
"""

from __future__ import annotations

from storyrunner.model.step import CommandStep, Step
from storyrunner.steps.base import NoSuggestions, StepContext, Verdict


class Command(NoSuggestions):
    """Asks the gate, runs what it permits, and judges output and exit code."""

    async def check(self, step: CommandStep, context: StepContext) -> Verdict:
        """What the command says of the tree as it is; nothing of the tree changes."""
        from storyrunner.steps.commanding import check

        return await check(step, context)

    async def act(self, step: CommandStep, context: StepContext) -> Verdict | None:
        """Run what does more than read, and bring its changes into the tree."""
        from storyrunner.steps.commanding import act

        return await act(step, context)


def only_looks(step: Step, context: StepContext) -> bool:
    """Whether running a step again does no more than look: neither a commit nor a command that
    changes something."""
    if step.kind != "command":
        return step.kind != "commit"
    from storyrunner.steps.commanding import only_reads
    from storyrunner.steps.running import requests_of

    return all(only_reads(request) for request in requests_of(step, context))


async def survey(context: StepContext) -> None:
    """Ask about all commands of this run that nobody approved, once, before anything runs."""
    if any(step.kind == "command" for step in context.runbook.steps()):
        from storyrunner.steps.commanding import all_requests

        await context.approvals.survey(lambda: all_requests(context))
