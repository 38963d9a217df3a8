"""Keys of maps: added at the end or after a sibling, filled when empty, replaced when asked."""

from __future__ import annotations

from storyrunner.gitops.edits_places import (
    add_pair,
    after_colon,
    fill,
    in_empty_file,
    is_empty,
    nested,
)
from storyrunner.gitops.edits_splice import BY_HAND, Edited, FieldPath, Source, Splice
from storyrunner.gitops.edits_style import quote_of, style_of, value_meaning, written
from storyrunner.gitops.edits_tree import STR, Map, Scalar, end_of


def set_map_key(
    text: str,
    path: str,
    field: FieldPath,
    key: str,
    value: str,
    *,
    after: str | None = None,
    comment: str | None = None,
    replace: bool = False,
    document: int | None = None,
) -> Edited:
    """Set `key` of the map at `field` to the text `value`, in the quotes of its siblings.

    A new key goes after the sibling `after` (else to the end), with `comment` above it; an empty
    one is filled; another value is replaced only with `replace`. Unchanged when it is there.
    `document` is a YamlDocument.index, None the first that is not empty. Raises ManifestError.
    """
    source = Source(text, path, document)
    if source.root is None:
        whole = nested(field, {key: value})
        assert isinstance(whole, dict)
        return in_empty_file(source, whole, style_of(text, None, '"'))
    spot = source.spot(source.root, field)
    node = spot.node
    siblings = [inner for _, inner in node.pairs] if isinstance(node, Map) else []
    quote = quote_of(siblings, '"') if not spot.missing else '"'
    if is_empty(source, node):
        style = style_of(text, source.root, quote)
        return fill(source, spot, nested(spot.missing, {key: value}), style)
    if not isinstance(node, Map):
        name = ".".join(str(part) for part in field)
        raise source.fault(node.start, f"`{name or 'the document'}` is no map here", BY_HAND)
    if not spot.missing and source.find(node, key) is not None:
        return _set_existing(source, (*field, key), value, quote, replace)
    pair = nested(spot.missing, {key: value})
    assert isinstance(pair, dict)
    place = source.find(node, after) if after is not None and not spot.missing else None
    lines = comment.splitlines() if comment else []
    return add_pair(source, spot, pair, quote=quote, after=place, comment=lines)


def _set_existing(
    source: Source, field: FieldPath, value: str, quote: str, replace: bool
) -> Edited:
    assert source.root is not None
    spot = source.spot(source.root, field)
    node, text, name = spot.node, source.text, str(field[-1])
    assert spot.key is not None
    if not isinstance(node, Scalar):
        raise source.fault(node.start, f"`{name}` is no text", BY_HAND)
    if node.tag == STR and node.value == value:
        return Edited(text, source.line(spot.key.start), False)
    if not (node.is_null or (node.tag == STR and not node.value) or replace):
        raise source.fault(
            node.start, f"`{name}` has another value already", "replace it only if it is wrong"
        )
    end = end_of(text, node)
    if node.style in {"|", ">"} and "#" in text[node.start : end].partition("\n")[0]:
        raise source.fault(node.start, f"a comment stands beside `{name}`", BY_HAND)
    own = node.style if node.style in {"'", '"'} and node.value else quote
    new = written(value, own or "", flow=spot.in_flow)
    start = node.start
    if node.start == node.end:
        start = end = after_colon(source, spot.key)
        new = f" {new}"
    return source.edited([Splice(start, end, new)], spot, lambda _: value_meaning(value))
