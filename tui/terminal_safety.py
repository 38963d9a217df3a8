"""The last door before the terminal: no text of a widget can steer it, wherever the text came from.

What the engine says was made readable long before; this holds for the rest too, and for what will
be added. It knows no widget.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter


class NoControls(LineFilter):
    """Takes control characters, escapes and marks of text direction out of what is drawn, and
    leaves as many cells as were there."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments of a line, without them."""
        if all(text.isprintable() for text, _, _ in segments):
            return segments
        return [
            segment if segment.text.isprintable() else segment._replace(text=_plain(segment.text))
            for segment in segments
        ]


def _plain(text: str) -> str:
    cells = cell_len(text)
    plain = "".join(char for char in text if char.isprintable() or char == "\u3000")
    return plain + " " * (cells - cell_len(plain))


class SafeApp(App[int]):
    """An application whose every drawn line goes through `NoControls`."""

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's own, and after them the last door."""
        return [*super().get_line_filters(), NoControls()]
