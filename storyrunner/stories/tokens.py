"""The lines outside code as tokens: headings, items, labels, rows, paragraphs, fences.

Lexical only: what a token means in a story is decided by `walk` and the readers after it.
"""

from __future__ import annotations

import re
from enum import IntEnum

from storyrunner.model.frozen import dataclass
from storyrunner.stories.fences import Fence
from storyrunner.stories.lines import Lines


class Kind(IntEnum):
    """What a line is."""

    HEADING = 0
    ITEM = 1
    LABEL = 2
    ROW = 3
    TEXT = 4
    FENCE = 5
    BLANK = 6


@dataclass(slots=True)
class Token:
    """One line outside code, or a whole block. Numbers depend on the kind.

    HEADING: `level`, `text` (its title). ITEM: `level` is its depth, `marker` its bullet or number,
    `box` the index of the mark in the text (-1: no box), `text` what follows. LABEL: a paragraph
    that starts in bold; `text` the whole line. FENCE: `level` is the index of the block.
    """

    kind: Kind
    line: int
    indent: int
    text: str
    level: int = 0
    marker: str = ""
    box: int = -1
    checked: bool = False


_HEADING = re.compile(r"(#{1,6})(?:[ \t]+|$)")
_ITEM = re.compile(r"([-*+]|\d{1,9}[.)])(?:[ \t]+(?:\[([ xX])\](?:[ \t]+|$))?|$)")


def read_tokens(lines: Lines, fences: list[Fence]) -> list[Token]:
    """Tokens in the order of the text; blocks inside documents have none of their own."""
    tokens: list[Token] = []
    depths: list[tuple[int, int]] = []
    start = 0
    for index, fence in enumerate(fences):
        if fence.document >= 0:
            continue
        _read_run(lines, start, fence.first, tokens, depths)
        indent = lines.indent(fence.first)
        if lines.stripped[fence.first][0] not in "`~\\":
            tokens.append(_item(lines, fence.first, indent, depths))
        tokens.append(Token(Kind.FENCE, fence.first, indent, "", index))
        start = fence.last + 1
    _read_run(lines, start, len(lines), tokens, depths)
    return tokens


def _read_run(
    lines: Lines, start: int, end: int, tokens: list[Token], depths: list[tuple[int, int]]
) -> None:
    stripped, raw = lines.stripped, lines.raw
    append = tokens.append
    for index in range(start, end):
        text = stripped[index]
        if not text:
            append(Token(Kind.BLANK, index, 0, ""))
            continue
        first = text[0]
        line = raw[index]
        indent = 0 if line[0] == first else lines.indent(index)
        if first in "-*+0123456789":
            if first == "*" and text.startswith("**"):
                append(Token(Kind.LABEL, index, indent, text))
                if indent == 0:
                    depths.clear()
                continue
            item = _item(lines, index, indent, depths)
            append(item)
            continue
        if first == "#" and indent <= 3:
            heading = _HEADING.match(text)
            if heading is not None:
                title = _title(text[heading.end() :])
                append(Token(Kind.HEADING, index, indent, title, len(heading[1])))
                depths.clear()
                continue
        if first == "|":
            append(Token(Kind.ROW, index, indent, text))
            continue
        if indent == 0 and first not in "_":
            depths.clear()
        append(Token(Kind.TEXT, index, indent, text))


def _title(text: str) -> str:
    """A heading's text without a closing run of `#`."""
    bare = text.rstrip("#")
    return bare.rstrip(" \t") if not bare or bare[-1] in " \t" else text


def _is_rule(text: str) -> bool:
    return len(text) >= 3 and not text.strip(text[0] + " \t")


def _item(lines: Lines, index: int, indent: int, depths: list[tuple[int, int]]) -> Token:
    """The item of a line, or a paragraph when it only looks like one (`---`, `2025-10-26`)."""
    text = lines.stripped[index]
    match = _ITEM.match(text)
    if match is None or (text[0] in "-*" and _is_rule(text)):
        return Token(Kind.TEXT, index, indent, text)
    content = indent + len(match[1]) + 1
    # One blank before a bullet keeps it where it was: CommonMark nests from the content's column.
    while depths and not (indent >= depths[-1][1] or indent >= depths[-1][0] + 2):
        depths.pop()
    depth = len(depths)
    depths.append((indent, content))
    box, mark = -1, match[2]
    if mark is not None:
        box = lines.starts[index] + indent + match.start(2)
    return Token(
        Kind.ITEM, index, indent, text[match.end() :], depth, match[1], box, mark in ("x", "X")
    )
