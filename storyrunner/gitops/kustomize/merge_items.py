"""The items of lists that merge by key: finding, replacing and removing them, as kyaml does.

Keys are compared as text, so that `80` and `"80"` are the same port. It knows nothing of kinds.
"""

from __future__ import annotations

from typing import Any, Final

from storyrunner.gitops.kustomize.trees import is_empty, is_null, text_of


class MergeError(ValueError):
    """A patch that does not fit: a map where the resource has a scalar, an unknown directive."""


class Absent:
    """The type of ABSENT."""

    __slots__ = ()


ABSENT: Final = Absent()
"""No value at all: on the resource's side, on the patch's side, or as a result (drop the field)."""


def key_text(item: Any, key: str) -> str:
    """An item's text for a merge key, "" when it has none; the key "" is the item itself."""
    if key == "":
        return text_of(item)
    value = item.get(key) if isinstance(item, dict) else None
    return "" if value is None or is_empty(value) else text_of(value)


def complete(wanted: list[list[str]]) -> None:
    """Fill in secondary keys that one of two otherwise equal items leaves out."""
    for i, one in enumerate(wanted):
        for j, other in enumerate(wanted):
            pairs = list(zip(one, other, strict=True))
            if all(a == b or not a or not b for a, b in pairs) and any(a == b for a, b in pairs):
                wanted[i] = wanted[j] = [a or b for a, b in pairs]


def usable(
    wanted: list[list[str]], values: list[str], keys: tuple[str, ...]
) -> tuple[list[str], list[str]]:
    """The keys that any item has, with this item's values for them."""
    used = {keys[i] for some in wanted for i, value in enumerate(some) if value}
    if not used:
        return list(keys), values
    return (
        [key for key in keys if key in used],
        [value for key, value in zip(keys, values, strict=True) if value or key in used],
    )


def find_item(source: Any, keys: list[str], values: list[str]) -> Any:
    """The first item of a list with these key values, ABSENT when there is none."""
    if not isinstance(source, list):
        return ABSENT
    keys, values = usable([values], values, tuple(keys))
    for item in source:
        if keys[0] == "":
            if text_of(item) == values[0]:
                return item
        elif isinstance(item, dict) and all(
            key in item and text_of(item[key]) == value
            for key, value in zip(keys, values, strict=True)
        ):
            return item
    return ABSENT


def set_item(items: list[Any], new: Any, keys: list[str], values: list[str]) -> None:
    """Put `new` in place of each item with these key values, else at the end; ABSENT removes.

    kyaml's ElementSetter: empty items go, an empty value matches any, and with no values at all
    (an item without its key) all other items go too.
    """
    is_for_maps = bool(keys[0] and values and values[0])
    kept: list[Any] = []
    replaced = False
    for item in items:
        if is_null(item) or item == {}:
            continue
        if is_for_maps and not isinstance(item, dict):
            kept.append(item)
        elif not _has_values(item, keys, values):
            if values:
                kept.append(item)
        else:
            replaced = True
            if new is not ABSENT:
                kept.append(new)
    if new is not ABSENT and not replaced:
        kept.append(new)
    items[:] = kept


def _has_values(item: Any, keys: list[str], values: list[str]) -> bool:
    if not values:
        return False
    for key, value in zip(keys, values, strict=False):
        if key == "":
            if isinstance(item, dict | list):
                raise MergeError("wrong node kind: expected a scalar in the list")
            if text_of(item) != value:
                return False
        elif not isinstance(item, dict):
            raise MergeError("wrong node kind: expected a map in the list")
        elif key not in item or (value and text_of(item[key]) != value):
            return False
    return True
