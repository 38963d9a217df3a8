"""How a story's record stands now: which proofs still hold and which are stale. Runs no check.

Tools are asked for their versions, since proofs rest on them; nothing else is started.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from storyrunner import __version__
from storyrunner.engine.criteria import judge_criteria
from storyrunner.engine.proofs import REUSABLE, Present, Proof, in_words
from storyrunner.engine.record import Record
from storyrunner.engine.session import Session
from storyrunner.model.frozen import dataclass
from storyrunner.model.result import CriterionVerdict, StepResult
from storyrunner.model.status import Status

_PROVEN = (Status.PASSED, Status.SKIPPED)


@dataclass(frozen=True, slots=True)
class Standing:
    """A record as it stands. `stale`: step -> why its proof does not hold any more."""

    record: Record
    stale: Mapping[str, str]
    criteria: tuple[CriterionVerdict, ...]

    def status(self, step: str) -> Status:
        """The status of a step's verdict now."""
        proof = self.record.proofs[step]
        return Status.STALE if step in self.stale else proof.result.status

    @property
    def proven(self) -> int:
        """How many criteria are proven and not stale."""
        return sum(item.status is Status.PASSED for item in self.criteria)

    @property
    def stale_criteria(self) -> int:
        """How many criteria were proven and are stale."""
        return sum(item.status is Status.STALE for item in self.criteria)


async def stand(session: Session, record: Record) -> Standing:
    """How `record` stands in the repository that `session` is open on."""
    await session.proofs.meet_tools()
    present = Present(session.context, session.proofs.tools)
    commit = session.context.commit
    stale = {}
    for name, proof in record.proofs.items():
        if proof.result.status in _PROVEN and (why := _why_stale(proof, present, commit)):
            stale[name] = why
    results = {
        name: _now(proof.result, stale.get(name, "")) for name, proof in record.proofs.items()
    }
    return Standing(record, stale, judge_criteria(session.context.runbook, results))


def _now(result: StepResult, why: str) -> StepResult:
    return replace(result, status=Status.STALE, reason=why) if why else result


def _why_stale(proof: Proof, present: Present, commit: str) -> str:
    if proof.made.storyrunner != __version__:
        return f"proven by storyrunner {proof.made.storyrunner or 'of unknown version'}"
    changed = present.changed(proof)
    if changed:
        return in_words(changed)
    if proof.kind not in REUSABLE and proof.made.commit != commit:
        return "HEAD is another commit"
    return ""
