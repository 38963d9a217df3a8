"""Where new content goes: into an empty value, into brackets, or after the last line of a block.

Shared by the edits of lists and of maps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from storyrunner.gitops.edits_splice import (
    BY_HAND,
    Edited,
    FieldPath,
    Source,
    Splice,
    Spot,
    lines_after,
)
from storyrunner.gitops.edits_style import (
    Style,
    Value,
    block_lines,
    column,
    flow_text,
    line_start,
    next_line,
    owned_comments,
    style_of,
    value_meaning,
)
from storyrunner.gitops.edits_tree import Map, Meaning, Node, Scalar, Seq, end_of

_COLON: Final = re.compile(r"[ \t]*:")
_NOTHING: Final = frozenset({"", "~", "null", "Null", "NULL"})
_ENDS_LINE: Final = re.compile(r"[ \t]*,?[ \t]*(#[^\n]*)?\r?\n")
_COMMENT: Final = re.compile(r"(?:^|\s)#[^\n]*")


def nested(field: FieldPath, value: Value) -> Value:
    """`value` below the keys of `field`."""
    for name in reversed(field):
        value = {str(name): value}
    return value


def in_empty_file(source: Source, value: Mapping[str, Value], style: Style) -> Edited:
    """The first content of a file that has none."""
    splice = lines_after(source.text, len(source.text), block_lines(value, 0, style))
    if not source.text:
        splice = Splice(0, 0, "".join(f"{line}\n" for line in block_lines(value, 0, style)))
    return source.edited([splice], None, lambda _: value_meaning(value))


def is_empty(source: Source, node: Node) -> bool:
    """True for null, `[]` and `{}`."""
    if isinstance(node, Scalar):
        return node.is_null and source.text[node.start : node.end] in _NOTHING
    return isinstance(node, Seq | Map) and not (node.items if isinstance(node, Seq) else node.pairs)


def fill(source: Source, spot: Spot, value: Value, style: Style) -> Edited:
    """Put a list or map into an empty value: as a block, or inside brackets where it stands in
    some."""
    node, text = spot.node, source.text

    def change(_: Meaning) -> Meaning:
        return value_meaning(value)

    if isinstance(node, Seq) if isinstance(value, Mapping) else isinstance(node, Map):
        wanted = "map" if isinstance(value, Mapping) else "list"
        raise source.fault(node.start, f"this is no {wanted}", BY_HAND)
    if not isinstance(node, Scalar) and text[node.start] not in "[{":
        raise source.fault(node.start, "this empty value has a tag or an anchor", BY_HAND)
    inside = "" if isinstance(node, Scalar) else text[node.start + 1 : node.end - 1]
    if spot.key is None or spot.in_flow or inside.strip():
        return source.edited([_fill_flow(source, spot, value, style)], spot, change)
    key_column = column(text, spot.key.start)
    width = style.step if isinstance(value, Mapping) else style.dash
    lines = block_lines(value, key_column + width, style)
    start = after_colon(source, spot.key)
    if text[start : node.start].strip():
        raise source.fault(node.start, "something stands before this empty value", BY_HAND)
    cuts = [Splice(start, node.end, "")] if node.end > start else []
    at = owned_comments(text, max(start, node.end), key_column)
    return source.edited([*cuts, lines_after(text, at, lines)], spot, change)


def _fill_flow(source: Source, spot: Spot, value: Value, style: Style) -> Splice:
    node, text = spot.node, source.text
    written = flow_text(value, style)
    if isinstance(node, Scalar):
        if spot.key is None:
            raise source.fault(node.start, "this empty value has no key", BY_HAND)
        start = after_colon(source, spot.key)
        if text[start : node.start].strip():
            raise source.fault(node.start, "something stands before this empty value", BY_HAND)
        return Splice(start, max(start, node.end), f" {written}")
    close = node.end - 1
    if _COMMENT.search(text[node.start : close].rpartition("\n")[2]):
        raise source.fault(node.start, "a comment stands in these brackets", BY_HAND)
    return Splice(close, close, written[1:-1])


def after_colon(source: Source, key: Node) -> int:
    """The index after the colon of a key. Raises ManifestError where the key has none (`? key`)."""
    match = _COLON.match(source.text, key.end)
    if match is None:
        raise source.fault(key.start, "this key is not written as `key:`", BY_HAND)
    return match.end()


def add_pair(
    source: Source,
    spot: Spot,
    pair: Mapping[str, Value],
    *,
    quote: str,
    after: int | None = None,
    comment: Sequence[str] = (),
) -> Edited:
    """Put a new pair into a map that has some: after the pair at `after`, or at its end."""
    node, text = spot.node, source.text
    assert isinstance(node, Map)
    place = len(node.pairs) if after is None else after + 1
    added = value_meaning(pair)[3]

    def change(old: Meaning) -> Meaning:
        kind, tag, anchor, pairs = old
        return (kind, tag, anchor, (*pairs[:place], *added, *pairs[place:]))

    style = style_of(text, source.root, quote)
    last = node.pairs[place - 1][1]
    if node.flow:
        splices = add_to_brackets(source, node, last, flow_text(pair, style)[1:-1])
        return source.edited(splices, spot, change)
    indent = column(text, node.pairs[0][0].start)
    end = max(end_of(text, last), node.pairs[place - 1][0].end)
    at = end if after is not None else owned_comments(text, end, indent - 1)
    lines = [f"{' ' * indent}# {line}".rstrip() for line in comment]
    if comment and after is None and _has_sections(text, node, end):
        lines.insert(0, "")
    lines += block_lines(pair, indent, style)
    return source.edited([lines_after(text, at, lines)], spot, change)


def _has_sections(text: str, node: Node, end: int) -> bool:
    return re.search(r"\n[ \t]*\r?\n", text[node.start : end]) is not None


def add_to_brackets(source: Source, node: Seq | Map, last: Node, written: str) -> list[Splice]:
    """Put `written` after the item `last` of a list or map in brackets: on a line of its own where
    `last` has one."""
    text = source.text
    end = end_of(text, last)
    start = line_start(text, last.start)
    if isinstance(node, Map):
        start = line_start(text, next(key.start for key, value in node.pairs if value is last))
    rest = text[end : next_line(text, end)]
    pad = text[start : len(text) - len(text[start:].lstrip(" \t"))]
    alone = start > node.start and _ENDS_LINE.fullmatch(rest) is not None
    if not alone:
        return [Splice(end, end, f", {written}")]
    has_comma = rest.lstrip(" \t").startswith(",")
    comma = [] if has_comma else [Splice(end, end, ",")]
    return [*comma, lines_after(text, end, [f"{pad}{written}{',' if has_comma else ''}"])]
