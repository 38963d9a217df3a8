"""The criteria with their verdicts, and the proof of one; what is deferred and what is to sign."""

from __future__ import annotations

from dataclasses import dataclass

from storyrunner.model.result import CriterionVerdict, Evidence, QaVerdict
from storyrunner.model.runbook import Deferred
from storyrunner.model.status import Status
from tui.viewmodel.board import Board
from tui.viewmodel.texts import clock, counted


@dataclass(frozen=True, slots=True)
class ProofLine:
    """One step of a proof, with what its evidence says."""

    step: str
    title: str
    status: Status
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """Why a criterion stands as it does."""

    criterion: str
    text: str
    status: Status
    reason: str
    bullets: tuple[str, ...]
    steps: tuple[ProofLine, ...]


@dataclass(frozen=True, slots=True)
class CriteriaView:
    """All criteria; how many are proven; what belongs to later stories; what a human must sign."""

    criteria: tuple[CriterionVerdict, ...]
    proven: int
    deferred: tuple[Deferred, ...]
    deferred_to: str
    to_sign: int
    tests: tuple[QaVerdict, ...] = ()


def criteria_view(board: Board) -> CriteriaView:
    """The criteria as they stand."""
    verdicts = tuple(board.criteria())
    deferred = board.runbook.deferred
    places = list(dict.fromkeys(item.to for item in deferred))
    signing = [
        step
        for step in board.runbook.steps()
        if board.status(step.id) is Status.NEEDS_HUMAN
        or (step.kind == "confirm" and board.status(step.id) is not Status.PASSED)
    ]
    return CriteriaView(
        criteria=verdicts,
        proven=sum(1 for item in verdicts if item.status is Status.PASSED),
        deferred=deferred,
        deferred_to=f"to {places[0]}" if len(places) == 1 else "to later stories",
        to_sign=len(signing),
        tests=tuple(board.qa()),
    )


def proof(board: Board, criterion_id: str) -> Proof | None:
    """Why a criterion stands as it does; None when there is no such criterion."""
    criterion = next((one for one in board.runbook.criteria if one.id == criterion_id), None)
    verdict = next((one for one in board.criteria() if one.criterion == criterion_id), None)
    if criterion is None or verdict is None:
        return None
    return Proof(
        criterion=criterion.id,
        text=criterion.text,
        status=verdict.status,
        reason="" if verdict.status is Status.PASSED else verdict.reason,
        bullets=criterion.bullets,
        steps=tuple(_line(board, step) for step in criterion.proved_by),
    )


def _line(board: Board, step_id: str) -> ProofLine:
    step = board.runbook.step(step_id)
    result = board.results.get(step_id)
    title = step.title if step else step_id
    lines = tuple(_said(item) for item in result.evidence) if result else ()
    return ProofLine(step_id, title, board.status(step_id), lines)


def _said(item: Evidence) -> str:
    files = counted(len(item.inputs), "file") if item.inputs else ""
    parts = [str(item.rung or ""), item.what, item.matched and f"matched {item.matched}"]
    parts += [files, clock(item.at)]
    return ", ".join(part for part in parts if part)


def criteria_of(board: Board, key: str) -> str:
    """The first criterion that a step proves or a task satisfies; empty when there is none."""
    task = board.runbook.task(key)
    steps = {step.id for step in task.steps} if task else {key}
    for criterion in board.runbook.criteria:
        if not steps.isdisjoint(criterion.proved_by):
            return criterion.id
    return ""
