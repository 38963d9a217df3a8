"""What stands where a secret stood: one mark, numbered where two texts are compared."""

from __future__ import annotations

from collections.abc import Callable

from storyrunner.redaction.patterns import compiled

MASK = "********"
"""Stands for a secret of any length."""

Masking = Callable[[str], str]
"""Gives the mark for a secret."""

_MARK = r"\*{8}(#\d+)?"


def mask(_secret: str) -> str:
    """The same mark for every secret."""
    return MASK


class Numbers:
    """Numbered marks: the same secret has the same number, another one another."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def __call__(self, secret: str) -> str:
        """`********#2` for the second secret that is seen."""
        return f"{MASK}#{self._known.setdefault(secret, len(self._known) + 1)}"


def is_mark(text: str) -> bool:
    """Whether a text is a mark already, so that nothing is marked twice."""
    return compiled(_MARK).fullmatch(text) is not None


def lines_masked(text: str, masking: Masking) -> str:
    """One mark for each line of a secret, indentation and line ends kept: a file with secrets
    keeps its number of lines."""
    return "\n".join(_line_masked(line, masking) for line in text.split("\n"))


def _line_masked(line: str, masking: Masking) -> str:
    body = line.strip()
    if not body or is_mark(body):
        return line
    start = line.index(body)
    return line[:start] + masking(body) + line[start + len(body) :]
