"""`confirm`: what only a human can say, signed with a name and a reason.

Sign-offs live in the repository, so that colleagues and CI see them; they expire when a file that
they name changes, or one below a folder that they name appears.
"""

from __future__ import annotations

from storyrunner.errors import Place
from storyrunner.model.decision import SignAnswer, SignQuestion
from storyrunner.model.finding import warning
from storyrunner.model.result import EXPIRED_SIGNOFF
from storyrunner.model.status import Status
from storyrunner.model.step import ConfirmStep
from storyrunner.steps.base import NoSuggestions, StepContext, Verdict, evidence, verdict
from storyrunner.steps.signoffs import SIGNOFFS, read_signoffs, signoffs_file
from storyrunner.tools.git_head import head_commit
from storyrunner.workspace import file_fingerprint


class Confirm(NoSuggestions):
    """Reads sign-offs, and asks for one that is missing."""

    async def check(self, step: ConfirmStep, context: StepContext) -> Verdict:
        """Signed, and nothing it is about has changed since."""
        signed = read_signoffs(context).get(context.runbook.story, {}).get(step.id)
        if not signed:
            why = f" {step.why}" if step.why else ""
            return Verdict(Status.NEEDS_HUMAN, f"to sign: {step.question}{why}")
        now = _fingerprints(step, context)
        changed = [
            path for path, known in signed.get("files", {}).items() if now.get(path) != known
        ]
        who = f"{signed.get('name')} on {signed.get('at')}: {signed.get('reason')}"
        new = sorted(set(now) - set(signed.get("files", {})))
        if changed or new:
            return _expired(f"signed by {who}, but {', '.join((*changed, *new))} changed since")
        if signed.get("question") != step.question:
            return _expired(f"signed by {who}, but for another question")
        return verdict(f"signed by {who}", (), [evidence(context, f"signed by {who}", inputs=now)])

    async def act(self, step: ConfirmStep, context: StepContext) -> Verdict | None:
        """Ask for the signature that is missing."""
        standing = await self.check(step, context)
        if standing.status is Status.PASSED:
            return None
        question = SignQuestion(step.id, step.title, standing.reason, step.files)
        answer = await context.decider.sign(question)
        if answer is None or not answer.name.strip() or not answer.reason.strip():
            return None
        self._sign(step, context, answer)
        return await self.check(step, context)

    def _sign(self, step: ConfirmStep, context: StepContext, answer: SignAnswer) -> None:
        table = read_signoffs(context)
        table.setdefault(context.runbook.story, {})[step.id] = {
            "question": step.question,
            "name": answer.name.strip(),
            "reason": answer.reason.strip(),
            "at": context.now(),
            "commit": head_commit(context.workspace.root),
            "files": _fingerprints(step, context),
        }
        proposal = context.workspace.propose(SIGNOFFS, signoffs_file(table), "sign-off")
        context.workspace.write([proposal], label=f"{step.id} sign-off")
        context.touched(SIGNOFFS, step.id, "written")


def _expired(text: str) -> Verdict:
    """A sign-off that does not hold any more: nobody but a person can renew it."""
    finding = warning(EXPIRED_SIGNOFF, text, Place(SIGNOFFS), hint="sign it again in a session")
    return Verdict(Status.STALE, text, (finding,))


def _fingerprints(step: ConfirmStep, context: StepContext) -> dict[str, str]:
    """The files that a sign-off is about, those below a folder that it names each by itself."""
    named = [context.values.fill(path, step.cluster) for path in step.files]
    here = context.workspace
    files = [
        file for path in named for file in (here.walk(path) if here.is_folder(path) else (path,))
    ]
    return {path: file_fingerprint(here.read(path)) for path in files}
