"""Statuses, and the one table that maps each to its word, glyph, ASCII twin and exit code."""

from __future__ import annotations

from enum import StrEnum

from storyrunner.model.frozen import dataclass


class Status(StrEnum):
    """State of a step, a task or a criterion. FAILED (the tool said no) and ERRORED (the tool
    was absent, crashed or timed out) never mix."""

    PENDING = "pending"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    NEEDS_HUMAN = "needs_human"
    STALE = "stale"
    CANCELLED = "cancelled"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Face:
    """How a status is shown and counted. `exit_code` None: it decides nothing by itself."""

    word: str
    glyph: str
    ascii: str
    exit_code: int | None


FACES: dict[Status, Face] = {
    Status.PENDING: Face("not yet", "○", ".", None),
    Status.RUNNING: Face("running", "●", "*", None),
    Status.PASSED: Face("proven", "✓", "+", 0),
    Status.FAILED: Face("failed", "✗", "x", 1),
    Status.ERRORED: Face("errored", "!", "!", 3),
    Status.SKIPPED: Face("skipped", "⊘", "-", None),
    Status.BLOCKED: Face("blocked", "⊘", "-", 1),
    Status.NEEDS_HUMAN: Face("to sign", "✍", "s", 8),
    Status.STALE: Face("stale", "◌", "~", None),
    Status.CANCELLED: Face("cancelled", "⊘", "-", 130),
    Status.REFUSED: Face("refused", "!", "!", 4),
}

HERE = Face("you are here", "▶", ">", None)

EXIT_PRECEDENCE = (70, 130, 2, 4, 1, 3, 8)
"""When several exit codes apply, the first in this order wins (design.md §6)."""


def settle_exit_code(codes: set[int]) -> int:
    """The process's exit code out of all that apply; 0 when none does."""
    return next((code for code in EXIT_PRECEDENCE if code in codes), 0)
