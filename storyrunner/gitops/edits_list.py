"""Entries of lists: put in where a person would put them, taken out with their line."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable
from typing import Final

from storyrunner.errors import ManifestError, Place
from storyrunner.gitops.edits_places import (
    add_pair,
    add_to_brackets,
    after_colon,
    fill,
    in_empty_file,
    is_empty,
    nested,
)
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
    dash_column,
    line_start,
    next_line,
    owned_comments,
    quote_of,
    style_of,
    value_meaning,
    written,
)
from storyrunner.gitops.edits_tree import STR, Map, Meaning, Node, Scalar, Seq, end_of

MAX_COPIES: Final = 20
_REST: Final = re.compile(r"[ \t]*,?[ \t]*(#[^\n]*)?\r?\n?")


def add_list_entry(
    text: str, path: str, field: FieldPath, entry: str, *, document: int | None = None
) -> Edited:
    """Append `entry` to the list at `field`; the list and its parents are made when absent.

    Unchanged when it is there already (`./a/b` is `a/b`). `document` is a YamlDocument.index,
    None the first that is not empty. Raises ManifestError.
    """
    source = Source(text, path, document)
    if source.root is None:
        value = nested(field, [entry])
        assert isinstance(value, dict)
        return in_empty_file(source, value, style_of(text, None, ""))
    spot = source.spot(source.root, field)
    style = style_of(text, source.root, quote_of(_items(spot.node), ""))
    node = spot.node
    if is_empty(source, node):
        return fill(source, spot, nested(spot.missing, [entry]), style)
    if spot.missing:
        if not isinstance(node, Map):
            raise source.fault(node.start, f"`{spot.missing[0]}` needs a map here", BY_HAND)
        value = nested(spot.missing, [entry])
        assert isinstance(value, dict)
        return add_pair(source, spot, value, quote="")
    if not isinstance(node, Seq):
        raise source.fault(node.start, f"`{_shown(field)}` is no list", BY_HAND)
    for item in node.items:
        if is_entry(item, entry):
            return Edited(text, source.line(item.start), False)
    return source.edited(_append(source, spot, node, entry, style.quote), spot, _appended(entry))


def _append(source: Source, spot: Spot, node: Seq, entry: str, quote: str) -> list[Splice]:
    text, last = source.text, node.items[-1]
    if node.flow:
        return add_to_brackets(source, node, last, written(entry, quote, flow=True))
    indent = dash_column(text, last)
    start = line_start(text, last.start)
    gap = text[start + indent + 1 : last.start]
    key_column = -1 if spot.key is None else spot.key.start - line_start(text, spot.key.start)
    at = owned_comments(text, end_of(text, last), max(key_column, indent - 1))
    line = f"{' ' * indent}-{gap if gap and gap.isspace() else ' '}{written(entry, quote)}"
    return [lines_after(text, at, [line])]


def _appended(entry: str) -> Callable[[Meaning], Meaning]:
    def change(old: Meaning) -> Meaning:
        kind, tag, anchor, items = old
        return (kind, tag, anchor, (*items, value_meaning(entry)))

    return change


def remove_list_entry(
    text: str, path: str, field: FieldPath, entry: str, *, document: int | None = None
) -> Edited:
    """Take every `entry` out of the list at `field`, each with its line and the comment on it.

    Unchanged when there is none; a list that ends up empty becomes `[]`. Raises ManifestError.
    """
    edited = _remove_one(text, path, field, entry, document)
    line, changed = edited.line, edited.changed
    for _ in range(MAX_COPIES):
        if not edited.changed:
            return Edited(edited.text, line, changed)
        edited = _remove_one(edited.text, path, field, entry, document)
    raise ManifestError(
        f"`{entry}` stands here more than {MAX_COPIES} times", place=Place(path, line), hint=BY_HAND
    )


def _remove_one(text: str, path: str, field: FieldPath, entry: str, document: int | None) -> Edited:
    source = Source(text, path, document)
    if source.root is None:
        return Edited(text, 1, False)
    spot = source.spot(source.root, field)
    node = spot.node
    if spot.missing or is_empty(source, node):
        return Edited(text, source.line(node.start), False)
    if not isinstance(node, Seq):
        raise source.fault(node.start, f"`{_shown(field)}` is no list", BY_HAND)
    found = next((at for at, item in enumerate(node.items) if is_entry(item, entry)), None)
    if found is None:
        return Edited(text, source.line(node.start), False)

    def change(old: Meaning) -> Meaning:
        kind, tag, anchor, items = old
        return (kind, tag, anchor, items[:found] + items[found + 1 :])

    cut = _cut_flow(source, node, found) if node.flow else _cut_block(source, node, found)
    splices = [cut]
    if len(node.items) == 1 and not node.flow:
        if spot.key is None:
            raise source.fault(node.start, "the last entry of this list", BY_HAND)
        colon = after_colon(source, spot.key)
        splices.insert(0, Splice(colon, colon, " []"))
    return source.edited(splices, spot, change)


def _cut_block(source: Source, node: Seq, at: int) -> Splice:
    text, item = source.text, node.items[at]
    start = line_start(text, item.start)
    if text[start : item.start].strip() != "-":
        raise source.fault(item.start, "this entry shares its line with something else", BY_HAND)
    end = next_line(text, end_of(text, item))
    if end == len(text) and not text.endswith("\n") and start:
        start -= 2 if text[:start].endswith("\r\n") else 1
    return Splice(start, end, "")


def _cut_flow(source: Source, node: Seq, at: int) -> Splice:
    text, item = source.text, node.items[at]
    start, end = line_start(text, item.start), end_of(text, item)
    rest = _REST.match(text, end)
    if (
        start > node.start
        and not text[start : item.start].strip()
        and rest is not None
        and rest.end() == next_line(text, end)
    ):
        return Splice(start, rest.end(), "")
    if at:
        cut = Splice(end_of(text, node.items[at - 1]), end, "")
    elif len(node.items) > 1:
        cut = Splice(item.start, node.items[1].start, "")
    else:
        cut = Splice(item.start, node.end - 1, "")
    if "#" in text[cut.start : cut.end].replace(text[item.start : end], ""):
        raise source.fault(item.start, "a comment stands beside this entry", BY_HAND)
    return cut


def is_entry(item: Node, entry: str) -> bool:
    """Whether a list item is the text `entry`; paths are compared without `./` and `//`."""
    if not isinstance(item, Scalar) or item.tag != STR:
        return False
    return item.value == entry or _as_path(item.value) == _as_path(entry)


def _as_path(entry: str) -> str:
    return entry if "://" in entry else posixpath.normpath(entry)


def _items(node: Node) -> list[Node]:
    return node.items if isinstance(node, Seq) else []


def _shown(field: FieldPath) -> str:
    return ".".join(str(name) for name in field)
