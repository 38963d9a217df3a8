"""Small words and cuts that all views share: faces of statuses, ellipses, counted nouns."""

from __future__ import annotations

import re
from dataclasses import dataclass

from storyrunner.model.status import FACES, HERE, Status

TONES: dict[Status, str] = {
    Status.PENDING: "quiet",
    Status.RUNNING: "plain",
    Status.PASSED: "good",
    Status.FAILED: "bad",
    Status.ERRORED: "broken",
    Status.SKIPPED: "quiet",
    Status.BLOCKED: "quiet",
    Status.NEEDS_HUMAN: "human",
    Status.STALE: "stale",
    Status.CANCELLED: "quiet",
    Status.REFUSED: "broken",
}
"""The tone that each status is shown in. A tone is a name; the theme says which colour it has."""

TARGET = re.compile(r"\bT\d+(?:\.\d+)?\b")
"""A task or step that a hint names."""


@dataclass(frozen=True, slots=True)
class Signs:
    """The glyphs of this terminal: the real ones, or their ASCII twins."""

    ascii_only: bool = False

    def glyph(self, status: Status) -> str:
        """The glyph of a status."""
        face = FACES[status]
        return face.ascii if self.ascii_only else face.glyph

    def face(self, status: Status) -> str:
        """Glyph and word."""
        return f"{self.glyph(status)} {FACES[status].word}"

    @property
    def here(self) -> str:
        """You are here."""
        return HERE.ascii if self.ascii_only else HERE.glyph

    @property
    def ellipsis(self) -> str:
        """What stands for the rest."""
        return "~" if self.ascii_only else "…"

    @property
    def copy(self) -> str:
        """Beside what can be copied."""
        return "(y)" if self.ascii_only else "⧉ y"

    @property
    def rule(self) -> str:
        """The stroke that sets parts apart."""
        return "-" if self.ascii_only else "─"

    @property
    def arrow(self) -> str:
        """From a hint to what follows."""
        return "->" if self.ascii_only else "→"

    @property
    def dot(self) -> str:
        """Between two facts of a line."""
        return "-" if self.ascii_only else "·"


def cut(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` in at most `width` cells, with an ellipsis when something is left out."""
    if len(text) <= width:
        return text
    return text[: max(0, width - len(ellipsis))] + ellipsis if width > 0 else ""


def counted(number: int, noun: str) -> str:
    """`1 finding`, `3 findings`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def clock(at: str) -> str:
    """The time of day of an ISO 8601 moment, to the minute; empty for none."""
    return at[11:16] if len(at) >= 16 else ""


def target_of(*texts: str) -> str:
    """The first task or step that one of the texts names; empty when none does."""
    for text in texts:
        match = TARGET.search(text)
        if match:
            return match[0]
    return ""
