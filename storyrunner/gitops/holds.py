"""What a YAML text says that a file does not: every key and value of one, looked for in the other.

More may stand in the file, in any order of keys: only what is asked for counts. List items that
have a name are matched by it, others in their order. It reads values and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from storyrunner.gitops.documents import FieldPath, YamlDocument
from storyrunner.model.frozen import dataclass

_NAMES = ("name", "id", "key", "alert", "record")
"""Fields that tell the items of a list apart, the first that all wanted items have."""

ABSENT: Any = object()
"""Stands for a value that is not there: `null` is one."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A value that is wanted at a field, and what stands there (`ABSENT`: nothing).

    `is_item` means that the value is an item of the list at `field`, which lacks it.
    """

    field: FieldPath
    wanted: Any
    got: Any = ABSENT
    is_item: bool = False


def misses(wanted: Any, got: Any, field: FieldPath = ()) -> Iterator[Miss]:
    """All that `wanted` says and `got` does not. Text is never a number or a truth value."""
    if isinstance(wanted, Mapping):
        yield from _map_misses(wanted, got, field)
    elif isinstance(wanted, list | tuple):
        yield from _list_misses(wanted, got, field)
    elif type(wanted) is not type(got) or wanted != got:
        yield Miss(field, wanted, got)


def holds(wanted: Any, got: Any) -> bool:
    """True when `got` says everything that `wanted` says."""
    return next(misses(wanted, got), None) is None


def _map_misses(wanted: Mapping[str, Any], got: Any, field: FieldPath) -> Iterator[Miss]:
    if got is ABSENT and wanted:
        got = {}
    if not isinstance(got, Mapping):
        yield Miss(field, wanted, got)
        return
    for key, value in wanted.items():
        yield from misses(value, got.get(key, ABSENT), (*field, key))


def _list_misses(wanted: Sequence[Any], got: Any, field: FieldPath) -> Iterator[Miss]:
    if got is ABSENT and wanted:
        got = ()
    if not isinstance(got, list | tuple):
        yield Miss(field, wanted, got)
        return
    name = _name_of(wanted)
    if not name:
        yield from _in_order(wanted, got, field)
        return
    for item in wanted:
        at = next((i for i, other in enumerate(got) if _named(other, name) == item[name]), None)
        if at is None:
            yield Miss(field, item, is_item=True)
        else:
            yield from misses(item, got[at], (*field, at))


def _in_order(wanted: Sequence[Any], got: Sequence[Any], field: FieldPath) -> Iterator[Miss]:
    at = 0
    for item in wanted:
        found = next((i for i in range(at, len(got)) if holds(item, got[i])), None)
        if found is None:
            yield Miss(field, item, is_item=True)
        else:
            at = found + 1


def _name_of(items: Sequence[Any]) -> str:
    """The field by which items are told apart; empty when there is none, or two share a name."""
    for name in _NAMES:
        names = [_named(item, name) for item in items]
        if names and all(isinstance(one, str) for one in names):
            return name if len(set(names)) == len(names) else ""
    return ""


def _named(item: Any, name: str) -> Any:
    return item.get(name, ABSENT) if isinstance(item, Mapping) else ABSENT


def counterpart(
    wanted: YamlDocument, documents: Sequence[YamlDocument], field: FieldPath = ()
) -> YamlDocument | None:
    """The document of a file that one of a text speaks of: the same object by kind, namespace and
    name; for what is no object, the first that holds `field` and one of the top keys, else the
    only one."""
    ident = _ident(wanted.value)
    if ident is not None:
        return next((item for item in documents if _ident(item.value) == ident), None)
    keys = list(wanted.value) if isinstance(wanted.value, Mapping) else []
    path = field or tuple(keys[:1])
    for item in documents:
        if _has(item.value, path):
            return item
    return documents[0] if len(documents) == 1 else None


def is_object(document: YamlDocument) -> bool:
    """True for a document that has a kind and a name."""
    return _ident(document.value) is not None


def _ident(value: Any) -> tuple[Any, Any, Any] | None:
    metadata = value.get("metadata") if isinstance(value, Mapping) else None
    if not isinstance(metadata, Mapping) or not value.get("kind"):
        return None
    return value["kind"], metadata.get("namespace"), metadata.get("name")


def _has(value: Any, path: FieldPath) -> bool:
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return False
        value = value[name]
    return bool(path)


def shown(field: FieldPath) -> str:
    """A field in words: `data.KEY`, `releases[4].version`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in field)
    return "".join(parts).removeprefix(".") or "the document"
