"""Lines of a text that stands inside a YAML file, an inline patch's: where its first line is."""

from __future__ import annotations

import re
from pathlib import Path

from storyrunner import regular
from storyrunner.errors import Place

_LITERAL = re.compile(r"\|[-+0-9]*\s*(#.*)?$")


def inline_shift(tree: Path, place: Place) -> tuple[int, int] | None:
    """What to add to a line and a column of the text, without its leading blank lines, to get those
    of the file, for the scalar at `place`. None for a scalar whose lines are not the file's: one in
    quotes, folded, or of several plain lines."""
    try:
        lines = regular.read_text(tree / place.path, "utf-8", "replace").splitlines()
    except OSError:
        return None
    if place.line > len(lines):
        return None
    head = lines[place.line - 1][place.column - 1 :]
    if not _LITERAL.match(head):
        return None
    for number in range(place.line, len(lines)):
        text = lines[number]
        if text.strip():
            indent = len(text) - len(text.lstrip(" "))
            return number, indent
    return None
