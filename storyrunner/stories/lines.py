"""The text as lines with their exact endings: the only place that knows what ends a line."""

from __future__ import annotations

import io
from itertools import accumulate

from storyrunner.model.story import Span

_BLANKS = " \t\r\n\ufeff"


class Lines:
    """A text cut at `\\n`, `\\r\\n` and lone `\\r` (nothing else), numbered from 0.

    `raw` keeps the endings, `stripped` has neither indentation nor trailing blanks.
    """

    __slots__ = ("path", "raw", "starts", "stripped", "text")

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        # newline="" splits at all three endings and translates none of them.
        self.raw: list[str] = list(io.StringIO(text, newline=""))
        self.stripped: list[str] = [line.strip(_BLANKS) for line in self.raw]
        self.starts: list[int] = [0, *accumulate(map(len, self.raw))]

    def __len__(self) -> int:
        return len(self.raw)

    def indent(self, index: int) -> int:
        """How many blanks (spaces or tabs, one each) a line starts with."""
        line = self.raw[index]
        return len(line) - len(line.lstrip(" \t\ufeff"))

    def span(self, first: int, last: int) -> Span:
        """The span of lines `first` to `last`, both 0-based and included."""
        raw = self.text[self.starts[first] : self.starts[min(last + 1, len(self.raw))]]
        return Span(self.path, first + 1, last + 1, raw)
