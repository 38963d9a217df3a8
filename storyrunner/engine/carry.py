"""Carries out what a step suggests: shows each change, asks, writes, and says what was done.

Nothing is written that was not shown; a file that differs is the engineer's decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from storyrunner.engine.cleaning import Cleaner
from storyrunner.model.decision import Choice, WriteQuestion
from storyrunner.model.events import FileProposed, FileWritten
from storyrunner.model.step import Step
from storyrunner.steps.base import StepContext, Suggestion
from storyrunner.workspace import Proposal


async def carry_out(
    step: Step, suggestions: Sequence[Suggestion], context: StepContext
) -> list[str]:
    """The files that changed. Raises WorkspaceError when a write fails (nothing is then half)."""
    changed = []
    for suggestion in suggestions:
        if await propose(step.id, step.title, suggestion, context):
            changed.append(suggestion.proposal.path)
    return changed


async def propose(name: str, title: str, suggestion: Suggestion, context: StepContext) -> bool:
    """Show a change, ask, and write it when the answer is yes; whether it was written. `name` is
    the step (or the action) that wants it. Raises WorkspaceError."""
    proposal = suggestion.proposal
    shown = Cleaner(context.redactor).difference(proposal)
    context.emit(FileProposed(name, proposal.path, suggestion.change.value, shown))
    question = WriteQuestion(
        step=name,
        title=title,
        path=proposal.path,
        change=suggestion.change,
        before=_text(proposal.before),
        after=_text(proposal.after),
        diff=shown,
        offer=suggestion.offer,
    )
    answer = await context.decider.decide_write(question)
    if answer.choice is not Choice.WRITE:
        action = "kept" if answer.choice is Choice.KEEP else "skipped"
        context.emit(FileWritten(name, proposal.path, action))
        return False
    final = proposal if answer.text is None else _edited(proposal, answer.text)
    context.workspace.write([final], label=f"{name} {title}")
    context.touched(final.path, name, "deleted" if final.after is None else "written")
    return True


def _edited(proposal: Proposal, text: str) -> Proposal:
    return replace(proposal, after=text.encode("utf-8"))


def _text(data: bytes | None) -> str | None:
    return None if data is None else data.decode("utf-8", "replace")
