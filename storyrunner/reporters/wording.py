"""The words that reports and screens share: one line per finding, per step, per criterion."""

from __future__ import annotations

from storyrunner.model.result import CriterionVerdict, Evidence, StepResult
from storyrunner.model.status import FACES, Status


def glyph(status: Status, *, ascii_only: bool = False) -> str:
    """The sign of a status; its ASCII twin where the terminal has no other."""
    face = FACES[status]
    return face.ascii if ascii_only else face.glyph


def word(status: Status) -> str:
    """The word that always stands beside the sign."""
    return FACES[status].word


def rungs(result: StepResult) -> str:
    """How a step was proven: its engines, each once."""
    names = (str(item.rung) for item in result.evidence if item.rung)
    return ", ".join(dict.fromkeys(names))


def proof(item: Evidence) -> str:
    """One line for a piece of evidence."""
    parts = [item.what, f"matched {item.matched}" if item.matched else "", str(item.rung or "")]
    return " · ".join(part for part in parts if part)


def tally(criteria: tuple[CriterionVerdict, ...]) -> str:
    """`5/7 proven, 1 failed, 1 stale`."""
    proven = sum(1 for item in criteria if item.status is Status.PASSED)
    others = [item.status for item in criteria if item.status is not Status.PASSED]
    counts = [f"{others.count(status)} {word(status)}" for status in dict.fromkeys(others)]
    return ", ".join([f"{proven}/{len(criteria)} proven", *counts])
