"""Findings: what a check has to say about a place. Data, not exceptions."""

from __future__ import annotations

from enum import StrEnum

from storyrunner.errors import Place
from storyrunner.model.frozen import dataclass


class Severity(StrEnum):
    """`error` fails the step that found it; `warning` and `note` change no verdict."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One statement with a rule id, a place and a hint; `cluster` when it holds for one only.

    `expected` and `got` are filled where the finding compares, so that a card can show them.
    """

    rule: str
    severity: Severity
    message: str
    place: Place
    hint: str = ""
    cluster: str = ""
    expected: str = ""
    got: str = ""

    @property
    def line_text(self) -> str:
        """`path:line:column: severity rule message`, the form of compilers and editors."""
        where = f" ({self.cluster})" if self.cluster else ""
        return f"{self.place}: {self.severity} {self.rule} {self.message}{where}"


def error(rule: str, message: str, place: Place, **more: str) -> Finding:
    """A finding that fails its step."""
    return Finding(rule, Severity.ERROR, message, place, **more)


def warning(rule: str, message: str, place: Place, **more: str) -> Finding:
    """A finding that changes no verdict but should be looked at."""
    return Finding(rule, Severity.WARNING, message, place, **more)


def note(rule: str, message: str, place: Place, **more: str) -> Finding:
    """A finding that only tells, for example a difference from the template."""
    return Finding(rule, Severity.NOTE, message, place, **more)
