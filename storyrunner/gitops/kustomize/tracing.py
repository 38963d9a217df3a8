"""Follows every value of a build to the line that set it: a manifest's, a patch's, an entry's.

Texts and numbers carry their origin from where they were read to the end (`origins`); one that
carries none after a step was made by that step. What cannot carry one (booleans, nulls, empty maps
and lists) is found beside those that can, or called inexact. It changes no result: callers compare.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storyrunner.errors import Place
from storyrunner.gitops.kustomize.kustomization import Kustomization
from storyrunner.gitops.kustomize.made import generated_places
from storyrunner.gitops.kustomize.origins import (
    FieldPath,
    Origin,
    can_carry,
    leaves,
    origin_of,
    set_leaf,
    trace_all,
    traced,
    untraced,
)
from storyrunner.gitops.kustomize.patch_origins import PatchOrigins, find_patch_origins
from storyrunner.gitops.kustomize.patches import OldPatches, Patch
from storyrunner.gitops.kustomize.resource import Resource
from storyrunner.gitops.kustomize.settling import (
    find_atoms,
    find_in_document,
    is_in_order,
    nearest_place,
    paths_of,
    restore_names,
)
from storyrunner.gitops.kustomize.trees import copy_tree
from storyrunner.gitops.kustomize.watch import Watch

RootPlaces = Callable[[FieldPath], Place | None]
"""Where an entry of the root stands when it was merged in from elsewhere, None when it was not."""

_PATCHES = ("patches", "patchesStrategicMerge", "patchesJson6902")
_COPIES = ("replacements", "references")


@dataclass(frozen=True, slots=True)
class Trace:
    """The origin of every leaf of one rendered object, by its path."""

    fields: Mapping[FieldPath, Origin]


class Tracer(Watch):
    """Watches one build; `traces` are of its objects, in order."""

    def __init__(self, tree: Path, root_places: RootPlaces = lambda _at: None) -> None:
        self.traces: tuple[Trace, ...] = ()
        self._tree = Path(tree).resolve()
        self._root_places = root_places
        self._root: Kustomization | None = None
        self._entered: list[str] = []
        self._order = 0
        self._before: dict[int, dict[FieldPath, Any]] = {}
        self._patches: dict[tuple[int, FieldPath], tuple[Patch, PatchOrigins]] = {}
        self._claims: dict[int, dict[FieldPath, Origin]] = {}
        self._changed: set[int] = set()
        self._kept: list[object] = []  # so that no id is used twice

    def entered(self, one: Kustomization) -> None:
        """Remember the root and the file."""
        self._root = self._root or one
        self._kept.append(one)
        self._entered.append(one.place().path)

    def read(self, found: Sequence[Resource]) -> None:
        """Manifests: every field stands in its document."""
        for one in found:
            self._trace(one, Origin("", self._next(), None, one.document, one.base))

    def generated(self, one: Kustomization, at: FieldPath, made: Resource) -> None:
        """Data stand in literals and files, the rest in the entry."""
        places = generated_places(self._tree, one, at)
        how, order, entry = str(at[0]), self._next(), self._place(one, at)

        def make(path: FieldPath) -> Origin:
            named = places.get(str(path[-1])) if path[0] in ("data", "binaryData") else None
            return Origin(how, order, named or self._place(one, (*at, str(path[-1]))))

        made.data = trace_all(copy_tree(made.data), make)
        self._claim(made, ("immutable",), Origin(how, order, entry))

    def loaded(self, one: Kustomization, at: FieldPath, patch: Patch) -> Patch:
        """The values of a patch stand in its file, or inside the kustomization's."""
        entry, place = one.entries(str(at[0]))[int(at[1])], self._place(one, (*at, "patch"))
        origins = find_patch_origins(
            self._tree, one.directory, entry, patch, place=place, order=self._next()
        )
        for merge, origin in zip(patch.merges, origins.merges, strict=True):
            self._trace(merge, origin)
        operations = []
        for index, operation in enumerate(patch.operations):
            origin = origins.operations.below((index, "value"))
            value = trace_all(untraced_copy(operation.get("value")), origin.below)
            operations.append({**operation, "value": value})
        patch = dataclasses.replace(patch, operations=tuple(operations))
        self._kept.append(patch)
        self._patches[id(one), at] = patch, origins
        return patch

    def loaded_old(self, one: Kustomization, patches: OldPatches) -> None:
        """Patches in files know their lines; inline ones are known by their entry."""
        for merge, place in patches.merges:
            own = merge.document is None or merge.document.path == place.path
            fixed = place if own else None
            self._trace(merge, Origin("patch", self._next(), fixed, merge.document, merge.base))

    def begin(self, items: Sequence[Resource]) -> None:
        """What is there before the step."""
        self._kept.extend(items)
        self._before = {id(item): dict(leaves(item.data)) for item in items}

    def end(self, items: Sequence[Resource], one: Kustomization | None, at: FieldPath) -> None:
        """Whatever is new was made by the step."""
        order, field = self._next(), str(at[0])
        for item in items:
            before = self._before.get(id(item), {})
            if field in _COPIES:
                self._note_copies(item, before, one, at, order)
            else:
                self._note_made(item, one, at, order)
            if field in _PATCHES:
                restore_names(item, before)
            if one is not None and field in (*_PATCHES, "replacements"):
                self._note_atoms(item, before, one, at, order)
                if paths_of(before) != paths_of(dict(leaves(item.data))):
                    self._changed.add(id(item))

    def finished(self, items: Sequence[Resource]) -> None:
        """Collect the origins, and take them off the values."""
        traces = []
        for item in items:
            fields = {path: origin_of(value) for path, value in leaves(item.data)}
            claims = self._claims.get(id(item), {})
            found = find_atoms(item.data, fields, claims)
            if id(item) not in self._changed and is_in_order(item, fields):
                found = find_in_document(item, fields) | found
            doubt = Origin("", 0, item.origin, is_exact=False, suspects=tuple(self._entered))
            known = {path: origin or found.get(path) for path, origin in fields.items()}
            traces.append(
                Trace(
                    {path: one or nearest_place(item, path, doubt) for path, one in known.items()}
                )
            )
            untraced(item.data)
        self.traces = tuple(traces)

    def _trace(self, one: Resource, origin: Origin) -> None:
        one.data = trace_all(copy_tree(one.data), origin.below)

    def _place(self, one: Kustomization | None, at: FieldPath) -> Place:
        if one is None:
            return Place(".")
        found = self._root_places(at) if one is self._root else None
        return found or one.place(*at)

    def _note_made(
        self, item: Resource, one: Kustomization | None, at: FieldPath, order: int
    ) -> None:
        for path, value in list(leaves(item.data)):
            if not can_carry(value) or origin_of(value) is not None:
                continue
            if one is None:
                origin = _hashed(self._before.get(id(item), {}).get(path), order)
            else:
                origin = Origin(_word(at), order, self._place(one, (*at, *_below(at, path))))
            set_leaf(item.data, path, traced(value, origin))

    def _note_copies(
        self,
        item: Resource,
        before: Mapping[FieldPath, Any],
        one: Kustomization | None,
        at: FieldPath,
        order: int,
    ) -> None:
        """Copied values bring the origin of their source along; the step is what set them."""
        for path, value in list(leaves(item.data)):
            was = before.get(path)
            if value is was or not can_carry(value):
                continue
            source = origin_of(value)
            if one is None:
                written = origin_of(was)
                place = written.place if written else item.origin or Place(".")
                origin = Origin("reference", order, place, source=source)
            else:
                origin = Origin(_word(at), order, self._place(one, at), source=source)
            set_leaf(item.data, path, traced(value, origin))

    def _note_atoms(
        self,
        item: Resource,
        before: Mapping[FieldPath, Any],
        one: Kustomization,
        at: FieldPath,
        order: int,
    ) -> None:
        """Claim booleans, nulls and empty ones that the step changed, where that is certain."""
        patch, origins = self._patches.get((id(one), at), (None, None))
        for path, value in leaves(item.data):
            if can_carry(value) or (path in before and before[path] == value):
                continue
            if any(isinstance(name, int) for name in path):
                continue
            if at[0] == "replacements":
                self._claim(item, path, Origin(_word(at), order, self._place(one, at)))
            elif patch and origins and (origin := origins.setter_of(patch, path, value)):
                self._claim(item, path, origin)

    def _claim(self, item: Resource, path: FieldPath, origin: Origin) -> None:
        self._kept.append(item)
        self._claims.setdefault(id(item), {})[path] = origin

    def _next(self) -> int:
        self._order += 1
        return self._order


def untraced_copy(value: Any) -> Any:
    """A private copy of plain data."""
    if isinstance(value, Mapping):
        return {str(key): untraced_copy(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [untraced_copy(inner) for inner in value]
    return value


def _hashed(was: Any, order: int) -> Origin:
    known = origin_of(was)
    place = known.place if known else Place(".")
    return Origin("hash suffix", order, place, source=known)


def _word(at: FieldPath) -> str:
    return "patch" if at[0] in _PATCHES else str(at[0])


def _below(at: FieldPath, path: FieldPath) -> FieldPath:
    """The part of an entry that speaks of the field: the label's own line."""
    name = path[-1]
    if at[0] == "labels":
        return ("pairs", name)
    return (name,) if at[0] in ("commonLabels", "commonAnnotations") else ()
