"""Changes to a text that keep every other byte: whole lines put in, taken out or replaced.

It knows lines, their endings and which of a story's are code; nothing of what they mean.
"""

from __future__ import annotations

from collections.abc import Sequence

from storyrunner.model.story import Story
from storyrunner.stories.lines import Lines


class TextEdits:
    """Collects changes to one text and applies them at once. Line numbers are 0-based and always
    those of the text as it was; changes at the same place keep their order."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self._changes: list[tuple[int, int, str]] = []

    def replace(self, start: int, end: int, text: str) -> None:
        """Put `text` in the place of the characters `start` to `end`."""
        self._changes.append((start, end, text))

    def insert(self, line: int, new: Sequence[str]) -> None:
        """Put lines before line `line` (or at the end), with the endings of their neighbours. A
        missing newline at the end of the text stays missing."""
        if not new:
            return
        raw, starts = self.lines.raw, self.lines.starts
        ending = self._ending(line)
        text = "".join(f"{item}{ending}" for item in new)
        if line == len(raw) and raw and not raw[-1].endswith(("\n", "\r")):
            text = ending + text[: -len(ending)]
        self.replace(starts[line], starts[line], text)

    def take_out(self, first: int, last: int, new: Sequence[str] = ()) -> None:
        """Put lines `new` in the place of the lines `first` to `last`, both included."""
        raw, starts = self.lines.raw, self.lines.starts
        ending = self._ending(first)
        text = "".join(f"{item}{ending}" for item in new)
        if new and not raw[last].endswith(("\n", "\r")):
            text = text[: -len(ending)]
        self.replace(starts[first], starts[last + 1], text)

    def text(self) -> str:
        """The text with all changes made."""
        parts: list[str] = []
        at = 0
        for start, end, new in sorted(self._changes, key=lambda change: change[:2]):
            parts.append(self.lines.text[at:start])
            parts.append(new)
            at = max(at, end)
        return "".join(parts) + self.lines.text[at:]

    def _ending(self, line: int) -> str:
        """The ending of the line before, of the line itself, or of the first line."""
        raw = self.lines.raw
        for index in (line - 1, line, 0):
            if 0 <= index < len(raw):
                text = raw[index]
                ending = text[len(text.rstrip("\r\n")) :]
                if ending:
                    return ending
        return "\n"


def code_lines(story: Story) -> frozenset[int]:
    """The lines (0-based) of code blocks, fences included."""
    return frozenset(
        line
        for block in story.blocks
        if not block.document
        for line in range(block.span.first - 1, block.span.last)
    )
