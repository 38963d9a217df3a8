"""Which lines are code: the nesting-aware fence scanner (story-format.md §0.1, §2).

A CommonMark parser is wrong here: documents quoted in ```` ```markdown ```` blocks hold inner
fences of the same length, some fences are escaped, some are never closed. The scanner knows lines
only, nothing of what a block means.
"""

from __future__ import annotations

import re

from storyrunner.model.frozen import dataclass
from storyrunner.stories.lines import Lines

DOCUMENT_LANGUAGES = frozenset({"markdown", "md"})
"""Languages of blocks that quote a whole document, in which fences nest."""

_FENCE = re.compile(r"(?:(`{3,})([^`]*)|(~{3,})(.*)|((?:\\`){3,}|\\`{3,})([^`\\]*))$")
_ITEM_FENCE = re.compile(r"(?:[-*+]|\d{1,9}[.)])[ \t]+(?=[`~]{3})")
_HEADING = re.compile(r"##[ \t]|###[ \t]+(?:\*\*)?(?:T\d|Phase[ \t]\d|AC[-\s\u2011]?\d)")
_STRONG = re.compile(
    r"#[ \t]+\d+[ \t]+[—–-][ \t]|###[ \t]+(?:\*\*)?(?:T\d+[ \t]*[:—–-]|Phase[ \t]\d)"
    r"|##[ \t]+\W*(?:acceptance criteria|definition of done|change log|dev agent record"
    r"|qa results|tasks\b|implementation tasks|runtime validation|dependencies)",
    re.IGNORECASE,
)
_STRUCTURE = re.compile(r"[-*][ \t]\[[ xX]\][ \t]")
_MOST_RECOVERIES = 32


@dataclass(slots=True)
class FenceLine:
    """A line that could open or close a block. `mark` is ` or ~, `info` what follows it."""

    line: int
    indent: int
    mark: str
    length: int
    info: str
    escaped: bool


@dataclass(slots=True)
class Fence:
    """A block of lines `first` (its fence) to `last` (0-based, both included).

    `document` is the index of the enclosing document block in the result, -1 at the top.
    `read_to_end` says that the search for its end went to the end of the text.
    """

    first: int
    last: int
    opening: FenceLine
    closed: bool
    closed_escaped: bool = False
    document: int = -1
    inner: int = 0
    read_to_end: bool = False


def scan_fences(lines: Lines) -> list[Fence]:
    """All blocks in the order of their opening lines; documents before the blocks inside them."""
    marks = _fence_lines(lines)
    found: list[Fence] = []
    at, recoveries = 0, 0
    while at < len(marks):
        opening = marks[at]
        is_document = _language(opening.info) in DOCUMENT_LANGUAGES
        block, inner, at = (_read_document if is_document else _read_block)(lines, marks, at)
        recoveries += block.read_to_end
        if recoveries > _MOST_RECOVERIES:
            block, inner, at = _swallow(lines, opening), [], len(marks)
        block.inner = len(inner)
        index = len(found)
        found.append(block)
        for fence in inner:
            fence.document = index
        found.extend(inner)
    return found


def _language(info: str) -> str:
    return info.split(None, 1)[0].lower() if info else ""


def _fence_lines(lines: Lines) -> list[FenceLine]:
    found = []
    for index, text in enumerate(lines.stripped):
        if "```" not in text and "~~~" not in text and "\\`" not in text:
            continue
        shift = 0
        if text[0] not in "`~\\":
            item = _ITEM_FENCE.match(text)
            if item is None:
                continue
            shift = item.end()
        match = _FENCE.match(text, shift)
        if match is None:
            continue
        run = match[1] or match[3] or match[5]
        info = (match[2] or match[4] or match[6] or "").strip()
        escaped = match[5] is not None
        length = run.count("`") if escaped else len(run)
        indent = lines.indent(index) + shift
        found.append(FenceLine(index, indent, run[-1], length, info, escaped))
    return found


def _closes(opening: FenceLine, mark: FenceLine) -> bool:
    if mark.info or mark.mark != opening.mark or mark.length < opening.length:
        return False
    return opening.escaped or not mark.escaped


def _read_block(lines: Lines, marks: list[FenceLine], at: int) -> tuple[Fence, list[Fence], int]:
    """A block that is no document: up to its closing fence, or recovered before the story's
    next heading when another fence opens first or the text ends."""
    opening = marks[at]
    story_line = -1
    looked = opening.line + 1
    for index in range(at + 1, len(marks)):
        mark = marks[index]
        if _closes(opening, mark):
            closed_escaped = mark.escaped
            return Fence(opening.line, mark.line, opening, True, closed_escaped), [], index + 1
        if story_line < 0 and mark.info:
            story_line = _first_structure(lines, looked, mark.line)
            looked = mark.line + 1
        if story_line >= 0 and mark.info:
            return _recovered(opening, story_line, marks, at)
    if story_line < 0:
        story_line = _first_structure(lines, opening.line + 1, len(lines))
    if story_line < 0:
        return _swallow(lines, opening), [], len(marks)
    recovered = _recovered(opening, story_line, marks, at)
    recovered[0].read_to_end = True
    return recovered


def _read_document(lines: Lines, marks: list[FenceLine], at: int) -> tuple[Fence, list[Fence], int]:
    """A quoted document: inner fences nest; a bare fence directly in it closes it or not."""
    opening = marks[at]
    inner: list[Fence] = []
    stack: list[Fence] = []
    for index in range(at + 1, len(marks)):
        mark = marks[index]
        if not mark.info and mark.length >= opening.length > 3 and not mark.escaped:
            return Fence(opening.line, mark.line, opening, True), inner, index + 1
        if stack:
            top = stack[-1]
            if not mark.info and mark.mark == top.opening.mark:
                top.last, top.closed, top.closed_escaped = mark.line, True, mark.escaped
                stack.pop()
            elif mark.info and _language(top.opening.info) in DOCUMENT_LANGUAGES:
                stack.append(Fence(mark.line, mark.line, mark, False))
                inner.append(stack[-1])
        elif mark.info or not _ends_document(lines, marks, index, opening):
            stack.append(Fence(mark.line, mark.line, mark, False))
            inner.append(stack[-1])
        else:
            fence = Fence(opening.line, mark.line, opening, True, mark.escaped)
            return fence, inner, index + 1
    return _lost_document(lines, marks, at, inner)


def _ends_document(lines: Lines, marks: list[FenceLine], index: int, opening: FenceLine) -> bool:
    """A bare fence directly in a document closes it when the next fence has an info string, a
    heading of the story comes first, or the text steps out of the document's indentation."""
    mark = marks[index]
    if mark.mark != opening.mark or mark.length < opening.length:
        return False
    if index + 1 == len(marks) or marks[index + 1].info:
        return True
    first = True
    for line in range(mark.line + 1, marks[index + 1].line):
        text = lines.stripped[line]
        if not text:
            continue
        indent = lines.indent(line)
        if first and indent < opening.indent:
            return True
        first = False
        if text[0] == "#" and indent <= 1 and _HEADING.match(text):
            return True
    return False


def _lost_document(
    lines: Lines, marks: list[FenceLine], at: int, inner: list[Fence]
) -> tuple[Fence, list[Fence], int]:
    opening = marks[at]
    story_line = _first_strong(lines, opening.line + 1, opening.indent)
    if story_line < 0:
        last = len(lines) - 1
        for fence in inner:
            if not fence.closed:
                fence.last = last
        return Fence(opening.line, last, opening, False, read_to_end=True), inner, len(marks)
    kept = [fence for fence in inner if fence.first < story_line]
    for fence in kept:
        if not fence.closed or fence.last >= story_line:
            fence.closed, fence.last = False, story_line - 1
    following = next((i for i, m in enumerate(marks) if m.line >= story_line), len(marks))
    fence = Fence(opening.line, story_line - 1, opening, False, read_to_end=True)
    return fence, kept, following


def _first_structure(lines: Lines, first: int, end: int) -> int:
    """The first line that can only belong to the story: a heading or a box at the margin."""
    for index in range(first, end):
        text = lines.stripped[index]
        if (
            text[:1] in "#-*"
            and text
            and lines.raw[index][0] in "#-*"
            and (_HEADING.match(text) or _STRUCTURE.match(text))
        ):
            return index
    return -1


def _first_strong(lines: Lines, first: int, document_indent: int) -> int:
    """The first heading no quoted document would have; in an indented one, any at the margin."""
    for index in range(first, len(lines)):
        text = lines.raw[index]
        if text[:1] == "#" and (
            _STRONG.match(text) or (document_indent >= 2 and _HEADING.match(text))
        ):
            return index
    return -1


def _recovered(
    opening: FenceLine, story_line: int, marks: list[FenceLine], at: int
) -> tuple[Fence, list[Fence], int]:
    following = at + 1
    while following < len(marks) and marks[following].line < story_line:
        following += 1
    return Fence(opening.line, story_line - 1, opening, False), [], following


def _swallow(lines: Lines, opening: FenceLine) -> Fence:
    return Fence(opening.line, len(lines) - 1, opening, False, read_to_end=True)


def dedent(lines: Lines, first: int, last: int, indent: int) -> str:
    """The lines without at most `indent` blanks at their start; endings as written."""
    if indent == 0:
        return lines.text[lines.starts[first] : lines.starts[last + 1]] if last >= first else ""
    out = []
    for line in lines.raw[first : last + 1]:
        have = len(line) - len(line.lstrip(" \t"))
        out.append(line[min(have, indent) :])
    return "".join(out)
