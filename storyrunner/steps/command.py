"""`command`: a command as the story has it. It runs only when this very command was approved."""

from __future__ import annotations

from collections.abc import Iterator

from storyrunner.model.command_class import NEVER_RUN
from storyrunner.model.finding import error
from storyrunner.model.status import Status
from storyrunner.model.step import CommandStep
from storyrunner.steps.base import HERE, ReadOnly, StepContext, Verdict
from storyrunner.stories.command_classes import read_command
from storyrunner.workspace import safe


class Command(ReadOnly):
    """Refuses what nobody approved."""

    async def check(self, step: CommandStep, context: StepContext) -> Verdict:
        """Refused: there is no approval yet."""
        findings = []
        for text in texts_of(step, context):
            reading = read_command(text)
            never = reading.cls in NEVER_RUN
            word = "cannot run" if never else "not approved"
            shown = f"{word}: {safe(text)} ({reading.cls}: {reading.reason})"
            findings.append(error("unapproved-command", shown, HERE, hint=step.hint))
        return Verdict(Status.REFUSED, findings[0].message, tuple(findings))


def texts_of(step: CommandStep, context: StepContext) -> Iterator[str]:
    """The command as it would run, once for each cluster that makes another command of it."""
    names = [cluster.name for cluster in context.clusters(step)] or [step.cluster]
    yield from dict.fromkeys(context.values.fill(step.run, name) for name in names)
