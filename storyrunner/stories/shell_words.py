"""One word of a shell text: its quotes, escapes and the variables the shell would fill in.

It runs, expands and looks up nothing; `$(…)` and `(…)` stay as they are written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLAIN_END = re.compile(r"[\s'\"\\$|&;<>(]")
_QUOTED_END = re.compile(r'["\\$]')
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)[^{}\n]*\}|([A-Za-z_]\w*))")


@dataclass(frozen=True, slots=True)
class Word:
    """A word: `raw` as written, `text` without quotes; `start` is its offset in the shell text.

    `quotes` holds the kinds of quote used in it. `expands` names the variables `${X}`/`$X` that the
    shell would put in: those not in single quotes and not escaped.
    """

    raw: str
    text: str
    start: int
    quotes: str = ""
    expands: tuple[str, ...] = ()


def read_word(text: str, start: int) -> tuple[Word, int]:
    """The word at an offset and the offset behind it; an unclosed quote ends with the text."""
    at = start
    out: list[str] = []
    quotes: set[str] = set()
    expands: list[str] = []
    while at < len(text):
        letter = text[at]
        if letter == "'":
            end = text.find("'", at + 1)
            end = len(text) if end < 0 else end
            out.append(text[at + 1 : end])
            quotes.add("'")
            at = end + 1
        elif letter == '"':
            at = _double_quoted(text, at + 1, out, expands)
            quotes.add('"')
        elif letter == "\\":
            if not text.startswith("\\\n", at):
                out.append(text[at + 1 : at + 2])
            at += 2
        elif letter == "$":
            at = _dollar(text, at, out, expands)
        elif letter == "(":
            at = _nested(text, at, out)
        elif letter in " \t\n|&;<>":
            break
        else:
            plain = _PLAIN_END.search(text, at + 1)
            end = plain.start() if plain else len(text)
            out.append(text[at:end])
            at = end
    at = min(max(at, start + 1), len(text))
    raw = text[start:at]
    return Word(raw, "".join(out), start, "".join(sorted(quotes)), tuple(expands)), at


def _double_quoted(text: str, at: int, out: list[str], expands: list[str]) -> int:
    while at < len(text) and text[at] != '"':
        if text[at] == "\\":
            escaped = text[at + 1 : at + 2]
            out.append(escaped if escaped in '$`"\\' else f"\\{escaped}" if escaped != "\n" else "")
            at += 2
        elif text[at] == "$":
            at = _dollar(text, at, out, expands)
        else:
            stop = _QUOTED_END.search(text, at)
            end = stop.start() if stop else len(text)
            out.append(text[at:end])
            at = end
    return at + 1


def _dollar(text: str, at: int, out: list[str], expands: list[str]) -> int:
    variable = _VARIABLE.match(text, at)
    if variable is not None:
        expands.append(variable[1] or variable[2])
        out.append(variable[0])
        return variable.end()
    if text.startswith("$(", at):
        out.append("$")
        return _nested(text, at + 1, out)
    out.append("$")
    return at + 1


def _nested(text: str, at: int, out: list[str]) -> int:
    """Everything up to the parenthesis that closes the one at `at`."""
    depth, start = 0, at
    while at < len(text):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
        if depth == 0:
            break
    out.append(text[start:at])
    return at
