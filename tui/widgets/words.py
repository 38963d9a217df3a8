"""Lines that several panels show: verdicts, and notes with their word in front."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from storyrunner.model.runbook import Risk
from tui.theme import toned
from tui.viewmodel.outline import Row
from tui.viewmodel.texts import TONES, Signs


def verdict_line(row: Row, signs: Signs) -> Content:
    """Glyph, word, id, title."""
    face = toned(f"{signs.face(row.status):<9}", TONES[row.status])
    return Content.assemble(face, f"  {row.key} {row.title}")


def note_lines(notes: Iterable[Risk]) -> list[Content]:
    """Risks and security notes, each with its word in front."""
    return [Content.assemble(toned(note.kind, "stale"), f" {note.text}") for note in notes]
