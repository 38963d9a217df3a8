"""Findings as cards: expected, got, where, why it matters, the fix, the command to copy."""

from __future__ import annotations

from dataclasses import dataclass

from storyrunner.errors import Place
from storyrunner.model.finding import Finding, Severity
from storyrunner.model.step import RequireStep, Step
from tui.viewmodel.board import Board
from tui.viewmodel.texts import target_of

NOWHERE = "."
"""The path of a finding that no file can be blamed for."""


@dataclass(frozen=True, slots=True)
class Card:
    """One finding. Empty fields are not shown; `target` is a task or step to go to."""

    severity: Severity
    rule: str
    message: str
    place: Place | None
    expected: str = ""
    got: str = ""
    why: str = ""
    hint: str = ""
    cluster: str = ""
    command: str = ""
    target: str = ""


def cards(board: Board, step: Step) -> tuple[Card, ...]:
    """The findings of a step: errors first, then warnings and notes, each in its order."""
    result = board.results.get(step.id)
    if result is None:
        return ()
    order = list(Severity)
    found = sorted(result.findings, key=lambda item: order.index(item.severity))
    return tuple(_card(board, step, finding) for finding in found)


def _card(board: Board, step: Step, finding: Finding) -> Card:
    is_error = finding.severity is Severity.ERROR
    hint = finding.hint or (step.hint if is_error else "")
    return Card(
        severity=finding.severity,
        rule=finding.rule,
        message=finding.message,
        place=None if finding.place.path == NOWHERE else finding.place,
        expected=finding.expected,
        got=finding.got,
        why=step.why if is_error else "",
        hint=hint,
        cluster=finding.cluster,
        command=check_command(board, step.id) if is_error else "",
        target=_target(board, step, hint),
    )


def check_command(board: Board, step: str) -> str:
    """The command that judges a step again, anywhere."""
    return f"storyrunner --check {board.runbook.name} --only {step}"


def _target(board: Board, step: Step, hint: str) -> str:
    supplied = step.supplied_by if isinstance(step, RequireStep) else ""
    named = target_of(hint) or supplied
    known = board.runbook.task(named) or board.runbook.step(named)
    return named if known and named != step.id else ""
