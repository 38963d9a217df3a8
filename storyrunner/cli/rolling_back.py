"""`storyrunner rollback`: the removal of what a story added, as diffs that are asked about."""

from __future__ import annotations

from collections.abc import Callable

from storyrunner.engine.loop import run_to_end
from storyrunner.engine.rollback import rollback_proposals
from storyrunner.engine.session import Session
from storyrunner.model.decision import Change, Choice, WriteQuestion
from storyrunner.workspace import diff


def roll_back(session: Session, write: Callable[[str], None], *, carry_out: bool) -> int:
    """Show every change, in the story's order; write those that are agreed to."""
    context = session.context
    steps = rollback_proposals(context)
    if not steps:
        write("nothing to roll back: none of the story's entries and files is here")
        return 0
    for number, (why, proposals) in enumerate(steps, start=1):
        write(f"{number}. {why}")
        agreed = []
        for proposal in proposals:
            shown = diff(proposal)
            write(shown)
            change = Change.DELETE if proposal.after is None else Change.EDIT
            question = WriteQuestion("rollback", why, proposal.path, change, None, None, shown)
            answer = carry_out or run_to_end(_agreed(session, question))
            if answer:
                agreed.append(proposal)
        if agreed:
            context.workspace.write(agreed, label=f"rollback: {why}")
            for proposal in agreed:
                write(f"{'deleted' if proposal.after is None else 'written'}: {proposal.path}")
    write("not committed: look at it with git diff, then commit it")
    return 0


async def _agreed(session: Session, question: WriteQuestion) -> bool:
    return (await session.context.decider.decide_write(question)).choice is Choice.WRITE
