"""What a session remembers between two starts: coming back is where you were.

It takes up the record of proofs, of sessions and of checks alike, and only tells the screens
where to begin. A result that rests on something that has changed comes back stale.
"""

from __future__ import annotations

from storyrunner.engine.proofs import Present, in_words
from storyrunner.engine.session import Session
from storyrunner.model.events import Envelope, RunStarted, StepFinished
from storyrunner.model.result import StepResult
from storyrunner.model.status import Status

KEPT = (Status.PASSED, Status.SKIPPED, Status.FAILED)
PROVEN = (Status.PASSED, Status.SKIPPED)


class StateKeeper:
    """A sink that writes the proofs down as steps end, and knows tools once they are found."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self, envelope: Envelope) -> None:
        """Remember after every step."""
        session = self._session
        match envelope.event:
            case RunStarted():
                _mark_stale(session, Present(session.context, session.proofs.tools))
            case StepFinished():
                session.proofs.keep_now(session.results, session.criteria())
            case _:
                pass


def resume(session: Session) -> tuple[str, ...]:
    """Take up earlier results; the ids of the steps whose inputs changed since. Tools are unknown
    as yet: what rests on them is looked at when the run is announced."""
    kept = []
    for proof in session.proofs.record.proofs.values():
        result = proof.result
        if session.context.runbook.step(result.step) is None or not proof.inputs:
            continue
        if result.status in KEPT:
            session.keep(result)
            session.emit(StepFinished(result))
            kept.append(result.step)
    session.judge_criteria(kept)
    return _mark_stale(session, Present(session.context, None))


def _mark_stale(session: Session, present: Present) -> tuple[str, ...]:
    """Take the proof from what rests on changed inputs, and was not proven anew here."""
    stale: dict[str, list[StepResult]] = {}
    for name, proof in session.proofs.record.proofs.items():
        result = session.results.get(name)
        if result is not proof.result or result.status not in PROVEN:
            continue
        if changed := present.changed(proof):
            stale.setdefault(in_words(changed), []).append(result)
    for why, results in stale.items():
        session.mark_stale(results, f"since the last session: {why}")
    return tuple(result.step for results in stale.values() for result in results)
