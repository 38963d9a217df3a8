"""Shell text that our tolerant lexer and bash may read differently, or that hides what it runs.

The lexer of `shell_pipelines` never fails, so it cannot be trusted alone when a class rests on it.
Here every construct that is not plainly understood is a doubt, and a doubt only raises a class.
"""

from __future__ import annotations

import re
import unicodedata

from storyrunner.model.frozen import dataclass
from storyrunner.stories.shell_pipelines import Heredoc

MOST = 20_000
"""Characters of a command that is looked at; a longer one counts as unreadable."""

_SIMPLE_SUBSTITUTION = re.compile(r"(?<!\\)[$<>]\(([^()'\"`\\#\n]*)\)")
_SIMPLE_VARIABLE = re.compile(r"\$\{[A-Za-z_]\w*(?::?[-=+?][\w./: @%,-]*|[#%]{1,2}[\w./*-]*)?\}")
_ARITHMETIC = re.compile(r"\$\(\([\w\s+*/%-]*\)\)")
_HEREDOC = re.compile(r"<<-?[ \t]*(?:'[^'\n]+'|\"[^\"\n]+\"|\\\w+|[\w.-]+)(?=[\s;|&<>]|$)")
_HEREDOC_SIGN = re.compile(r"(?<!<)<<(?!<)")
_HIDING = {
    "`": "backticks run what only the shell knows",
    "$(": "a command inside the command is too involved to be read",
    "<(": "a command inside the command is too involved to be read",
    ">(": "a command inside the command is too involved to be read",
    "$'": "a quote of the form $'…' can spell anything",
    "$[": "old arithmetic can run commands",
    "${": "a substitution is too involved to be read",
    "((": "arithmetic can run commands",
}


@dataclass(frozen=True, slots=True)
class Doubts:
    """`unreadable`: why no shell would run it as it stands. `opaque`: what hides in it. `nested`:
    shell text inside, to be judged by itself."""

    unreadable: str = ""
    opaque: str = ""
    nested: tuple[str, ...] = ()


def find_doubts(text: str, heredocs: tuple[Heredoc, ...]) -> Doubts:
    """What keeps a shell text from being taken at its word. Pure, linear."""
    if not text.strip():
        return Doubts(unreadable="there is no command")
    if len(text) > MOST:
        return Doubts(unreadable=f"it is longer than {MOST} characters")
    hidden = next((char for char in text if _is_hidden(char)), "")
    if hidden:
        name = unicodedata.name(hidden, f"U+{ord(hidden):04X}")
        return Doubts(unreadable=f"it holds a character that is not shown: {name}")
    plain, wrong = _without_heredocs(text, heredocs)
    if wrong:
        return Doubts(opaque=wrong)
    layers = _peel(plain)
    if isinstance(layers, str):
        return Doubts(unreadable=layers)
    if len(_HEREDOC_SIGN.findall(layers.outside)) != len(heredocs):
        return Doubts(opaque="a heredoc is written in a way that is not known here")
    bodies = "\n".join(one.body for one in heredocs if not one.quoted)
    return _look_inside(layers.expanding, bodies)


def _is_hidden(char: str) -> bool:
    return char not in "\n\t" and unicodedata.category(char) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}


def _without_heredocs(text: str, heredocs: tuple[Heredoc, ...]) -> tuple[str, str]:
    """The text without the bodies of its heredocs, or why it is not sure what they are."""
    kept, at = [], 0
    for one in sorted(heredocs, key=lambda item: item.start):
        unsure = f"where the heredoc {one.delimiter} ends is not sure"
        sign = _HEREDOC.match(text, one.start)
        line_end = text.find("\n", one.start)
        if one.start < at or sign is None or line_end < 0:
            return "", unsure
        begin, end = line_end + 1, line_end + 1 + len(one.body)
        stop = text.find("\n", end)
        last = text[end : stop if stop >= 0 else len(text)]
        dash = text.startswith("<<-", one.start)
        is_exact = (last.lstrip("\t") if dash else last) == one.delimiter
        rest = text[sign.end() : line_end]
        if text[begin:end] != one.body or not is_exact or set(rest) & set("'\"\\#<"):
            return "", unsure
        kept.append(text[at:begin])
        at = end + len(last)
    return "".join(kept) + text[at:], ""


@dataclass(frozen=True, slots=True)
class _Layers:
    """`expanding` is what the shell looks into: all but comments and single quotes. `outside` is
    what of it is in no quotes at all."""

    expanding: str
    outside: str


def _peel(text: str) -> _Layers | str:
    """The layers of a text, or what is wrong with its quotes."""
    expanding: list[str] = []
    outside: list[str] = []
    at, is_double = 0, False
    while at < len(text):
        char = text[at]
        step = text[at : at + (2 if char == "\\" else 1)]
        if char == "#" and not is_double and (at == 0 or text[at - 1] in " \t\n;|&"):
            end = text.find("\n", at)
            step = ""
            at = len(text) if end < 0 else end
        elif char == "'" and not is_double:
            end = text.find("'", at + 1)
            if end < 0:
                return "a single quote is not closed"
            step = "''"
            at = end + 1
        else:
            is_double ^= char == '"'
            at += len(step)
        expanding.append(step)
        if not is_double:
            outside.append(step)
    return (
        "a double quote is not closed"
        if is_double
        else _Layers(*map("".join, (expanding, outside)))
    )


def _look_inside(*texts: str) -> Doubts:
    nested: list[str] = []
    for text in texts:
        left = _ARITHMETIC.sub("", text)
        nested += [match[1] for match in _SIMPLE_SUBSTITUTION.finditer(left)]
        left = _SIMPLE_SUBSTITUTION.sub("", left)
        left = _SIMPLE_VARIABLE.sub("", left)
        left = re.sub(r"\\.", "", left, flags=re.DOTALL)
        for sign, what in _HIDING.items():
            if sign in left:
                return Doubts(opaque=what, nested=tuple(nested))
    return Doubts(nested=tuple(nested))
