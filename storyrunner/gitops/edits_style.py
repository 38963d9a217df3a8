"""How an edit is written so that it looks like its surroundings: quotes, indentation, line ends.

Pure functions of text; they decide nothing about what is changed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from storyrunner.gitops.edits_tree import STR, Map, Meaning, Node, Scalar, Seq, resolved_tag
from storyrunner.model.frozen import dataclass

Value = str | Sequence["Value"] | Mapping[str, "Value"]
"""New content: a text, a list or a map of such."""

_PLAIN: Final = re.compile(
    r"(?:\.{0,2}/)?[A-Za-z_$](?:[A-Za-z0-9_./@+-]|:(?=[A-Za-z0-9/])|\$(?!\{)|\$\{[A-Za-z0-9_]+\})*"
)
_START: Final = re.compile(r"\$(?!\{[A-Za-z0-9_]+\})")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
_ALSO_BOOLEAN: Final = {"y", "n"}


@dataclass(frozen=True, slots=True)
class Style:
    """`step` and `dash` are the columns that maps and lists stand in from their key."""

    step: int = 2
    dash: int = 2
    quote: str = '"'


def style_of(text: str, root: Node | None, quote: str) -> Style:
    """The style that most maps and lists below `root` have; two columns each by default."""
    steps: Counter[int] = Counter()
    dashes: Counter[int] = Counter()
    todo: list[Node] = [root] if root else []
    while todo:
        node = todo.pop()
        if isinstance(node, Seq):
            todo += node.items
        if not isinstance(node, Map) or node.flow:
            continue
        for key, value in node.pairs:
            todo.append(value)
            if isinstance(value, Map) and not value.flow and value.pairs:
                steps[column(text, value.pairs[0][0].start) - column(text, key.start)] += 1
            if isinstance(value, Seq) and not value.flow and value.items:
                dashes[dash_column(text, value.items[0]) - column(text, key.start)] += 1
    step = _most_common(steps, 2, least=1)
    return Style(step, _most_common(dashes, 2, least=0), quote)


def _most_common(counts: Counter[int], default: int, least: int) -> int:
    sane = [(count, -width) for width, count in counts.items() if least <= width <= 8]
    return -max(sane)[1] if sane else default


def quote_of(nodes: Iterable[Node], default: str) -> str:
    """The quotes that most texts among `nodes` have: `"`, `'` or none (an empty string)."""
    quotes = Counter(
        node.style or ""
        for node in nodes
        if isinstance(node, Scalar) and node.tag == STR and node.style in {None, "'", '"'}
    )
    if not quotes:
        return default
    return max(quotes, key=lambda quote: (quotes[quote], quote == '"'))


def written(value: str, quote: str, *, flow: bool = False) -> str:
    """A text as a YAML scalar that is a string for every YAML 1.1 and 1.2 reader."""
    if not quote and is_plain(value) and not (flow and re.search(r"[:{}$]", value)):
        return value
    if quote == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return '"' + "".join(_escaped(char) for char in value) + '"'


def is_plain(value: str) -> bool:
    """Whether a text needs no quotes in a block; when in doubt, it does."""
    return (
        _PLAIN.fullmatch(value) is not None
        and not (value.startswith("$") and _START.match(value))
        and resolved_tag(value, plain=True) == STR
        and value.lower() not in _ALSO_BOOLEAN
    )


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    return (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )


def block_lines(value: Value, indent: int, style: Style) -> list[str]:
    """A map or list as lines that start at column `indent` (of its keys or its dashes)."""
    if isinstance(value, str):
        raise TypeError("a text is no block")
    lines: list[str] = []
    pad = " " * indent
    if not isinstance(value, Mapping):
        return [f"{pad}- {written(str(item), style.quote)}" for item in value]
    for key, inner in value.items():
        name = written(key, "")
        if isinstance(inner, str):
            lines.append(f"{pad}{name}: {written(inner, style.quote)}")
            continue
        deeper = indent + (style.step if isinstance(inner, Mapping) else style.dash)
        lines += [f"{pad}{name}:", *block_lines(inner, deeper, style)]
    return lines


def flow_text(value: Value, style: Style) -> str:
    """A value on one line, as it stands inside of brackets."""
    if isinstance(value, str):
        return written(value, style.quote, flow=True)
    if isinstance(value, Mapping):
        pairs = (
            f"{written(key, '', flow=True)}: {flow_text(inner, style)}"
            for key, inner in value.items()
        )
        return "{" + ", ".join(pairs) + "}"
    return "[" + ", ".join(flow_text(item, style) for item in value) + "]"


def value_meaning(value: Value) -> Meaning:
    """What new content says, to compare with what was written."""
    if isinstance(value, str):
        return ("scalar", STR, value, None)
    if isinstance(value, Mapping):
        pairs = tuple((value_meaning(key), value_meaning(inner)) for key, inner in value.items())
        return ("map", None, None, pairs)
    return ("list", None, None, tuple(value_meaning(item) for item in value))


def column(text: str, index: int) -> int:
    """0-based column of a character."""
    return index - line_start(text, index)


def dash_column(text: str, item: Node) -> int:
    """0-based column of the dash of a block list's item."""
    start = line_start(text, item.start)
    dash = text.rfind("-", start, item.start)
    return dash - start if dash >= 0 else 0


def line_start(text: str, index: int) -> int:
    """Index of the first character of the line that holds `index`."""
    return text.rfind("\n", 0, index) + 1


def next_line(text: str, index: int) -> int:
    """Index of the first character of the next line; the length of the text when none follows."""
    end = text.find("\n", index)
    return len(text) if end < 0 else end + 1


def newline_of(text: str) -> str:
    """The line end of a file, by its first line."""
    end = text.find("\n")
    return "\r\n" if end > 0 and text[end - 1] == "\r" else "\n"


def owned_comments(text: str, index: int, key_column: int) -> int:
    """`index`, or the last character of the comment lines that follow its line at once and stand
    further in than `key_column`: what a person reads as part of that block."""
    position = next_line(text, index)
    while position < len(text):
        line = text[position : next_line(text, position)]
        bare = line.lstrip(" ")
        if not bare.startswith("#") or len(line) - len(bare) <= key_column:
            return index
        index = position + len(line.rstrip("\r\n"))
        position = next_line(text, position)
    return index
