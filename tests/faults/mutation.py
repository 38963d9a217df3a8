"""Makes new inputs out of seeds: fast, repeatable, and fond of what breaks parsers.

It knows no format: a target brings its seeds and the words that mean something in it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

NASTY = (
    *"\0\t\n\r\x0b\x0c\x1b\x7f\x85\xa0 '\"`\\$%&*?!#@~|<>()[]{}:;,.-_=+/",
    "\ufeff",
    "\u2011",
    "\u2028",
    "\u202e",
    "\u200b",
    "é",
    "e\u0301",
    "🛠️",
    "\U0010ffff",
    "\x1b[31m",
    "\x1b]0;x\x07",
    "0",
    "-1",
    "9223372036854775808",
    "1e999",
    "null",
    "true",
    "../",
    "\r\n",
    "\n\n",
)
MOST = 6000
"""Characters of an input: the sum of many small ones finds more than a few large ones."""


class Mutator:
    """Endless inputs from `seeds` and `words`; the same for the same number."""

    def __init__(self, seeds: Sequence[str], words: Sequence[str], number: int) -> None:
        self._seeds = seeds
        self._words = (*words, *NASTY)
        self._chance = random.Random(number)

    def next(self) -> str:
        """One input."""
        chance = self._chance
        if chance.random() < 0.08:
            return "".join(chance.choices(self._words, k=chance.randrange(1, 60)))
        text = chance.choice(self._seeds)
        for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5, 9))):
            text = self._changed(text)
        return text[:MOST]

    def _changed(self, text: str) -> str:
        chance = self._chance
        a, b = sorted((chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)))
        b = min(b, a + chance.choice((1, 2, 8, 40, 400)))
        match chance.randrange(11):
            case 0 | 1:
                return text[:a] + text[b:]
            case 2 | 3:
                return text[:a] + chance.choice(self._words) + text[a:]
            case 4:
                return text[:a] + chance.choice(self._words) + text[b:]
            case 5:
                return text[:b] + text[a:]
            case 6:
                other = chance.choice(self._seeds)
                cut = chance.randrange(len(other) + 1)
                return text[:a] + other[cut:]
            case 7:
                return text[:a] + text[a:b] * chance.choice((2, 3, 50)) + text[b:]
            case 8:
                word = chance.choice(self._words)
                return text[:a] + word * chance.choice((2, 10, 300)) + text[b:]
            case 9:
                lines = text.splitlines(keepends=True)
                chance.shuffle(lines)
                return "".join(lines)
            case _:
                return self._indented(text)

    def _indented(self, text: str) -> str:
        lines = text.splitlines(keepends=True)
        if lines:
            at = self._chance.randrange(len(lines))
            lines[at] = " " * self._chance.randrange(5) + lines[at].lstrip(" ")
        return "".join(lines)
