"""Field specs: which field of which kinds a transformation changes, and the walk that finds it.

A path's parts are split at `/` (`\\/` is a slash in a part); a list on the way is entered item by
item. It knows nothing of what is set. semantics.md §5.3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any

from storyrunner.errors import RenderError
from storyrunner.gitops.kustomize.resource import Resource, ResourceId, split_api_version
from storyrunner.gitops.kustomize.trees import BLANK, is_null
from storyrunner.model.frozen import dataclass


class Leaf(Enum):
    """What to create at the end of a path that is not there yet."""

    NOTHING = "nothing"
    SCALAR = "scalar"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field of the objects that match group, version and kind ("" matches any)."""

    path: str
    kind: str = ""
    group: str = ""
    version: str = ""
    create: bool = False

    def matches(self, resource: Resource) -> bool:
        """True when the resource is of this spec's kind."""
        group, version = split_api_version(resource.api_version)
        return (
            self.kind in {"", resource.kind}
            and self.group in {"", group}
            and self.version in {"", version}
        )

    def selects(self, identity: ResourceId) -> bool:
        """True when what `identity` names is of this spec's kind."""
        return (
            self.kind in {"", identity.kind}
            and self.group in {"", identity.group}
            and self.version in {"", identity.version}
        )

    def is_like(self, other: FieldSpec) -> bool:
        """True when both name the same field, `other` perhaps for more kinds."""
        return self.path == other.path and (
            other.kind in {"", self.kind}
            and other.group in {"", self.group}
            and other.version in {"", self.version}
        )


def merge_specs(specs: Iterable[FieldSpec], more: Iterable[FieldSpec]) -> list[FieldSpec]:
    """Both lists without repetitions. Raises ValueError when two disagree about `create`."""
    result = list(specs)
    for one in more:
        same = next((spec for spec in result if spec.is_like(one)), None)
        if same is None:
            result.append(one)
        elif same.create != one.create:
            raise ValueError("conflicting fieldspecs")
    return result


def split_path(path: str, separator: str = "/") -> list[str]:
    """A path's parts; a separator after a backslash is part of a part."""
    pieces = path.split(separator)
    if len(pieces) > 1 and not pieces[0]:
        pieces = pieces[1:]
    parts = [pieces[0]]
    for piece in pieces[1:]:
        if parts[-1].endswith("\\"):
            parts[-1] = parts[-1][:-1] + separator + piece
        else:
            parts.append(piece)
    return parts


def visit(resource: Resource, spec: FieldSpec, leaf: Leaf, change: Callable[[Any], Any]) -> None:
    """Put `change(value)` in place of every value that `spec` leads to; `value` is BLANK where one
    was created. Raises RenderError when something on the way is neither map nor list."""
    if spec.matches(resource):
        walk_path(resource, spec, split_path(spec.path), leaf, change)


def walk_path(
    resource: Resource, spec: FieldSpec, parts: list[str], leaf: Leaf, change: Callable[[Any], Any]
) -> None:
    """`visit` for a spec known to match and a path already split."""
    try:
        _enter(resource.data, parts, spec.create, leaf, change)
    except _NotAPath as error:
        raise RenderError(
            f"considering field '{spec.path}' of object {resource.current_id}: "
            "expected sequence or mapping node",
        ) from error


class _NotAPath(Exception):  # noqa: N818 - internal
    pass


def _enter(
    value: Any, parts: list[str], create: bool, leaf: Leaf, change: Callable[[Any], Any]
) -> None:
    if isinstance(value, list):
        for item in value:
            _enter(item, parts, create, leaf, change)
        return
    if is_null(value):
        return
    if not isinstance(value, dict):
        raise _NotAPath
    name = parts[0].removesuffix("[]")
    is_list = name != parts[0]
    creates = create and leaf is not Leaf.NOTHING and not is_list
    if name not in value and not creates:
        return
    found = value.get(name, BLANK)
    if len(parts) == 1:
        value[name] = change(_typed(found, leaf) if creates else found)
        return
    if is_null(found) and (creates or is_list):
        found = value[name] = [] if is_list else {}
    _enter(found, parts[1:], create, leaf, change)


def _typed(found: Any, leaf: Leaf) -> Any:
    return {} if leaf is Leaf.MAP and is_null(found) else found
