"""The origins of booleans, nulls and empty maps and lists, which carry none themselves.

Those beside them do: a map that a build made holds values of one or several documents, and the
last of these that holds the field set it. What is not certain is left out. And what a patch says
only to find what it changes keeps its first origin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from storyrunner.gitops.kustomize.origins import (
    FieldPath,
    Origin,
    can_carry,
    leaves,
    origin_of,
    set_leaf,
    traced,
)
from storyrunner.gitops.kustomize.resource import Resource
from storyrunner.gitops.objects import value_at

_IDENTITY: tuple[FieldPath, ...] = (
    ("apiVersion",),
    ("kind",),
    ("metadata", "name"),
    ("metadata", "namespace"),
)
_ITEM_NAMES = frozenset({"name", "containerPort", "mountPath", "devicePath", "port", "ip", "uid"})
"""Fields by which a patch finds an item: naming it again sets nothing."""
_NOWHERE = object()


def find_atoms(
    data: Any, fields: Mapping[FieldPath, Origin | None], claims: Mapping[FieldPath, Origin]
) -> dict[FieldPath, Origin]:
    """Origins of the leaves of `data` that can carry none; those of `fields` are known, `claims`
    are what steps are known to have changed."""
    found = {}
    for path, value in leaves(data):
        if can_carry(value):
            continue
        origin = claims.get(path) or _beside(path, value, fields)
        if origin is not None:
            found[path] = origin
    return found


def _beside(
    path: FieldPath, value: Any, fields: Mapping[FieldPath, Origin | None]
) -> Origin | None:
    """From the nearest map around it whose other fields say where they are from. Inside a list
    only the item itself can say."""
    last_item = max((i for i, name in enumerate(path) if isinstance(name, int)), default=-1)
    lowest = last_item + 1 if last_item >= 0 else 0
    for depth in range(len(path) - 1, lowest - 1, -1):
        sources = _sources(path[:depth], fields)
        if not sources:
            continue
        holders = [one for one in sources if _held(one, path[depth:]) is not _NOWHERE]
        if not holders:
            if depth == lowest:
                return None
            continue
        latest = max(holders, key=lambda one: one.order)
        same = _held(latest, path[depth:])
        is_same = type(same) is type(value) and same == value
        return latest.below(path[depth:]) if is_same else None
    return None


def _sources(above: FieldPath, fields: Mapping[FieldPath, Origin | None]) -> list[Origin]:
    """For each document that gave something below `above`: its origin there."""
    found: dict[tuple[int, FieldPath], Origin] = {}
    for path, first in fields.items():
        if path[: len(above)] != above:
            continue
        rest = path[len(above) :]
        for origin in (first, first.also if first else None):
            if origin is None or origin.document is None:
                continue
            start = len(origin.at) - len(rest)
            if start >= 0 and _fits(origin.at[start:], rest):
                base = replace(origin, at=origin.at[:start], also=None, source=None)
                found[base.key] = base
    return list(found.values())


def _fits(one: FieldPath, other: FieldPath) -> bool:
    """Positions in lists may differ: patches put their items first."""
    return all(
        left == right or (isinstance(left, int) and isinstance(right, int))
        for left, right in zip(one, other, strict=True)
    )


def _held(origin: Origin, rest: FieldPath) -> Any:
    assert origin.document is not None
    above = value_at(origin.document.value, *origin.at, *rest[:-1])
    name = rest[-1]
    if isinstance(above, Mapping):
        return above.get(name, _NOWHERE)
    if isinstance(above, list) and isinstance(name, int) and name < len(above):
        return above[name]
    return _NOWHERE


def restore_names(item: Resource, before: Mapping[FieldPath, Any]) -> None:
    """A patch must name what it changes; the name stays where it was written first."""
    for path in _IDENTITY:
        was = before.get(path)
        now = value_at(item.data, *path)
        if origin_of(was) is not None and was == now:
            set_leaf(item.data, path, _again(was, now))
    for path, value in list(leaves(item.data)):
        if path[-1] not in _ITEM_NAMES or len(path) < 2 or not isinstance(path[-2], int):
            continue
        same = [
            was
            for other, was in before.items()
            if was == value and _shape(other) == _shape(path) and origin_of(was) is not None
        ]
        if len(same) == 1:
            set_leaf(item.data, path, _again(same[0], value))


def _again(was: Any, now: Any) -> Any:
    """The first value, which remembers who said it again."""
    origin, other = origin_of(was), origin_of(now)
    if origin is None or other is None or other is origin:
        return was
    return traced(was, replace(origin, also=other))


def is_in_order(item: Resource, fields: Mapping[FieldPath, Origin | None]) -> bool:
    """True when everything that is from the item's document stands where it stood there."""
    return item.document is not None and all(
        origin.at == (*item.base, *path)
        for path, origin in fields.items()
        if origin is not None and origin.document is item.document
    )


def paths_of(fields: Mapping[FieldPath, Any]) -> list[FieldPath]:
    """Every path, in order: the same when a step moved, added and removed nothing."""
    return sorted(fields, key=str)


def find_in_document(
    item: Resource, fields: Mapping[FieldPath, Origin | None]
) -> dict[FieldPath, Origin]:
    """What carries no origin in a resource whose shape is still that of its document."""
    assert item.document is not None
    found = {}
    for path, origin in fields.items():
        where = (*item.base, *path)
        value, was = value_at(item.data, *path), value_at(item.document.value, *where)
        if origin is None and type(value) is type(was) and value == was:
            found[path] = Origin("", 0, None, item.document, where)
    return found


def _shape(path: FieldPath) -> FieldPath:
    return tuple("[]" if isinstance(name, int) else name for name in path)


def nearest_place(item: Resource, path: FieldPath, doubt: Origin) -> Origin:
    """The nearest place of what could not be followed."""
    if item.document is None:
        return doubt
    return replace(doubt, fixed=item.document.place(*item.base, *path))
