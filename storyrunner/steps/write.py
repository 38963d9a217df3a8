"""`write`: a file made from a template, or from a text of the runbook.

The check is that the file is there and is YAML. What a template's file must say is proven by
queries on what is rendered, so a difference from it is a note; a text is all that is known of what
a file must say, so the file has to say it too. A file that differs is never overwritten without a
decision.
"""

from __future__ import annotations

from collections.abc import Sequence

from storyrunner.errors import Place
from storyrunner.gitops.documents import parse_documents
from storyrunner.model.decision import Change
from storyrunner.model.finding import error, note
from storyrunner.model.step import WriteStep
from storyrunner.steps.base import (
    NoActs,
    StepContext,
    Suggestion,
    Verdict,
    counted,
    evidence,
    verdict,
)
from storyrunner.steps.places import nearest_place
from storyrunner.steps.saying import unsaid
from storyrunner.steps.templating import render_template


class Write(NoActs):
    """Checks and suggests files made from templates."""

    async def check(self, step: WriteStep, context: StepContext) -> Verdict:
        """The file exists and is YAML."""
        path = context.values.fill(step.path, step.cluster)
        with context.workspace.recording() as reads:
            data = context.workspace.read(path)
        if data is None:
            place = nearest_place(context.workspace, path)
            missing = error("missing-file", f"{path} does not exist", place, hint=step.hint)
            return verdict("", [missing])
        documents = parse_documents(data, path)
        if not documents:
            return verdict("", [error("empty-file", f"{path} holds no object", Place(path))])
        wanted = self._rendered(step, context)
        found = []
        if data != wanted and step.text:
            found = list(unsaid(parse_documents(wanted, step.id), documents, path))
        elif data != wanted:
            lines = _differing_lines(data, wanted)
            text = f"differs from our template in {counted(lines, 'line')}"
            found = [note("differs-from-template", text, Place(path))]
        proof = evidence(
            context, f"read {path}", matched=counted(len(documents), "document"), inputs=reads
        )
        says = " and says what the story's text says" if step.text else ""
        return verdict(f"{path} is there{says}", found, [proof])

    async def suggest(self, step: WriteStep, context: StepContext) -> Sequence[Suggestion]:
        """The template's content: a new file, or a decision about one that differs."""
        path = context.values.fill(step.path, step.cluster)
        proposal = context.workspace.propose(path, self._rendered(step, context), step.title)
        if not proposal.changes:
            return ()
        change = Change.NEW if proposal.before is None else Change.DIFFERS
        return (Suggestion(proposal, change),)

    def _rendered(self, step: WriteStep, context: StepContext) -> bytes:
        if step.text:
            return step.text.encode("utf-8")
        return render_template(context, step.template, step.cluster).encode("utf-8")


def _differing_lines(one: bytes, other: bytes) -> int:
    left, right = set(one.splitlines()), set(other.splitlines())
    return max(len(left - right), len(right - left), 1)
