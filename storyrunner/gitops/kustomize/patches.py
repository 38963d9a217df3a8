"""`patches`, `patchesStrategicMerge` and `patchesJson6902`: what a patch is, and what it hits.

A patch is loaded first (all patches of a kustomization are, before anything is changed) and applied
later. The merging itself is done elsewhere. semantics.md §5.3.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from storyrunner.errors import (
    ManifestError,
    Place,
    RenderError,
    StoryrunnerError,
    SubstitutionError,
)
from storyrunner.gitops.goyaml import load_yaml11
from storyrunner.gitops.kustomize.blocks import refuse_unreadable
from storyrunner.gitops.kustomize.filetree import FileTree
from storyrunner.gitops.kustomize.jsonpatch import (
    JsonPatchError,
    Operation,
    apply_patch,
    read_operations,
)
from storyrunner.gitops.kustomize.kustomization import Kustomization
from storyrunner.gitops.kustomize.merge import merge_patch
from storyrunner.gitops.kustomize.merge_items import MergeError
from storyrunner.gitops.kustomize.reading import read_resources
from storyrunner.gitops.kustomize.resource import (
    ALLOW_KIND_CHANGE,
    ALLOW_NAME_CHANGE,
    ENABLED,
    Resource,
    ResourceId,
    ResourceList,
)
from storyrunner.gitops.kustomize.selectors import select
from storyrunner.gitops.kustomize.sharing import carry_over
from storyrunner.gitops.kustomize.trees import release
from storyrunner.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Patch:
    """A loaded patch: strategic merge patches or JSON operations (neither: nothing to do).

    `place` is its entry in the kustomization file. `remembers` is False for patchesJson6902, which
    does not note a resource's former id.
    """

    place: Place
    shown: str
    merges: tuple[Resource, ...] = ()
    operations: tuple[Operation, ...] = ()
    target: Mapping[str, Any] | None = None
    remembers: bool = True

    def apply(self, resources: ResourceList) -> None:
        """Change the resources it is for. Raises RenderError."""
        try:
            if self.merges:
                self._apply_merges(resources)
            elif self.operations:
                self._apply_operations(resources)
        except (MergeError, JsonPatchError) as error:
            raise RenderError(f"{self.shown}: {error}", place=self.place) from error
        except KeyError as error:
            raise RenderError(_registered(error.args[0]), place=self.place) from error
        resources.changed()

    def _apply_merges(self, resources: ResourceList) -> None:
        if self.target is None:
            for patch in self.merges:
                _merge_into(self._target_of(resources, patch), patch.copy())
            return
        if len(self.merges) > 1:
            raise RenderError(
                "Multiple Strategic-Merge Patches in one `patches` entry is not allowed to set "
                f"`patches.target` field: {self.shown}",
                place=self.place,
            )
        merge_into_all(resources, select(resources.items, self.target), self.merges[0])

    def _target_of(self, resources: ResourceList, patch: Resource) -> Resource:
        try:
            return only_match(resources, patch.original_id)
        except LookupError as error:
            raise RenderError(
                f'no resource matches strategic merge patch "{patch.original_id}": {error}',
                place=self.place,
            ) from error

    def _apply_operations(self, resources: ResourceList) -> None:
        if self.target is None:
            message = f"must specify a target for JSON patch {self.shown}"
            raise RenderError(message, place=self.place)
        for item in select(resources.items, self.target):
            if self.remembers:
                item.remember_id()
            kept = item.internal_annotations()
            item.data = apply_patch(release(item.data), list(self.operations))
            refuse_unreadable(item.data)
            item.groups.clear()
            item.is_odd = item.is_untyped = False
            item.styles.marshalled()
            item.set_annotations({**item.annotations(), **kept})


def load_patch(tree: FileTree, one: Kustomization, index: int, entry: Mapping[str, Any]) -> Patch:
    """An entry of `patches`. Raises RenderError when it is neither kind of patch, or both."""
    place = one.place("patches", index)
    inline, path = str(entry.get("patch", "")).strip(), entry.get("path", "")
    if bool(inline) == bool(path):
        problem = (
            "patch and path can't be set at the same time"
            if inline
            else "must specify one of patch and path"
        )
        raise RenderError(problem, place=place)
    text, shown, name = inline, "the inline patch", place.path
    if path:
        place = one.place("patches", index, "path")
        text = _load_text(tree, one, path, place)
        shown, name = f"the patch {path}", tree.shown(tree.locate(one.directory, path, place))
    merges, operations = _read_merges(text, name), _read_operations(text)
    if isinstance(merges, StoryrunnerError):
        if operations is None:
            problem = f"unable to parse SM or JSON patch from {shown}: {merges.message}"
            raise RenderError(problem, place=merges.place if path else place)
        return Patch(place, shown, (), tuple(operations), entry.get("target"))
    if merges and operations:
        raise RenderError(f"illegally qualifies as both an SM and JSON patch: {shown}", place=place)
    options = entry.get("options", {})
    for patch in merges:
        if options.get("allowNameChange"):
            _allow(patch, ALLOW_NAME_CHANGE)
        if options.get("allowKindChange"):
            _allow(patch, ALLOW_KIND_CHANGE)
    return Patch(place, shown, tuple(merges), (), entry.get("target"))


def _allow(patch: Resource, option: str) -> None:
    """As kustomize notes it: all annotations become text, nulls among them too."""
    patch.set_annotations({**patch.annotations(), option: ENABLED})


def load_json_patch(
    tree: FileTree, one: Kustomization, index: int, entry: Mapping[str, Any]
) -> Patch:
    """An entry of `patchesJson6902`."""
    place = one.place("patchesJson6902", index)
    target, path, text = entry.get("target"), entry.get("path", ""), str(entry.get("patch", ""))
    if not target or not target.get("name"):
        raise RenderError("must specify the target name", place=place)
    if bool(text) == bool(path):
        problem = (
            "must specify a file path or jsonOp, not both"
            if path
            else "empty file path and empty jsonOp"
        )
        raise RenderError(problem, place=place)
    shown = "the inline patch"
    if path:
        text, shown = _load_text(tree, one, path, place), f"the patch {path}"
    operations = _read_operations(text)
    if operations is None:
        raise RenderError(f"{shown} is not a JSON patch", place=place)
    if not operations:
        raise RenderError(f"patch appears to be empty; {shown}", place=place)
    return Patch(place, shown, (), tuple(operations), target, remembers=False)


@dataclass(frozen=True, slots=True)
class OldPatches:
    """`patchesStrategicMerge`, loaded: each patch with its place."""

    merges: tuple[tuple[Resource, Place], ...]

    def apply(self, resources: ResourceList) -> None:
        """Change the resources that the patches name. Raises RenderError."""
        for patch, place in self.merges:
            try:
                merge_into_all(resources, [only_match(resources, patch.original_id)], patch)
            except LookupError as error:
                if isinstance(error, KeyError):
                    raise RenderError(_registered(error.args[0]), place=place) from error
                raise RenderError(str(error), place=place) from error
            except MergeError as error:
                raise RenderError(str(error), place=place) from error


def load_old_patches(tree: FileTree, one: Kustomization) -> OldPatches:
    """`patchesStrategicMerge`: each entry is a patch, or the path of a file of patches."""
    found: list[tuple[Resource, Place]] = []
    for index, entry in enumerate(one.entries("patchesStrategicMerge")):
        place = one.place("patchesStrategicMerge", index)
        merges = _read_merges(entry, place.path)
        if isinstance(merges, StoryrunnerError):
            path = tree.locate(one.directory, entry.strip(), place) if "\n" not in entry else None
            if path is None:
                raise RenderError(f"the inline patch is no resource: {merges.message}", place=place)
            merges = read_resources(tree.read_bytes(path, place), tree.shown(path))
        found.extend((patch, place) for patch in merges)
    if not found:
        place = one.place("patchesStrategicMerge")
        raise RenderError("patch appears to be empty", place=place)
    return OldPatches(tuple(found))


def only_match(resources: ResourceList, identity: ResourceId) -> Resource:
    """The one resource that is or was `identity`. Raises LookupError."""
    found = resources.with_any_id(identity)
    if len(found) == 1:
        return found[0]
    problem = "multiple matches" if found else "no matches"
    raise LookupError(
        f"{problem} for Id {identity}; failed to find unique target for patch {identity}"
    )


def merge_into_all(resources: ResourceList, chosen: list[Resource], patch: Resource) -> None:
    """Merge a copy of the patch into each chosen resource; drop the deleted ones.

    Raises MergeError, and KeyError with an id when two resources become one.
    """
    for item in chosen:
        own = patch.copy()
        _tidy_metadata(own)
        own.data["apiVersion"] = item.api_version
        _merge_into(item, own)
    resources.replace_items(ResourceList(i for i in resources.items if not i.is_gone).items)


def _merge_into(item: Resource, patch: Resource) -> None:
    name, namespace, kind = item.name, item.namespace, item.kind
    may_rename, may_convert = (
        patch.is_enabled(ALLOW_NAME_CHANGE),
        patch.is_enabled(ALLOW_KIND_CHANGE),
    )
    if may_rename or may_convert:
        item.remember_id()
    merged = merge_patch(item.data, patch.data, styles=item.styles, is_odd=patch.is_odd)
    item.styles.patched(patch.document)
    item.data = merged or {}
    item.is_odd |= patch.is_odd
    carry_over(item.groups)
    if item.is_gone:
        return
    if not may_convert:
        item.data["kind"] = kind
    if not may_rename:
        item.set_name(name)
    item.set_namespace(namespace)


def _tidy_metadata(patch: Resource) -> None:
    """kustomize copies a patch's labels and annotations as strings before it is applied to a
    selection: nulls among them become text, and an empty map goes."""
    patch.set_labels(patch.labels())
    patch.set_annotations(patch.annotations())
    patch.set_name(patch.name)
    patch.set_namespace(patch.namespace)


def _load_text(tree: FileTree, one: Kustomization, path: str, place: Place) -> str:
    try:
        return tree.load(one.directory, path, place).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RenderError(f"{path} is not UTF-8", place=place) from error


def _read_merges(text: str, name: str) -> list[Resource] | StoryrunnerError:
    """The strategic merge patches in `text`, or why there are none."""
    try:
        return read_resources(text, name)
    except (ManifestError, RenderError) as error:
        return error


def _read_operations(text: str) -> list[Operation] | None:
    """The JSON operations in `text` (read by YAML 1.1, first document only), or None."""
    if not text:
        return None
    try:
        return read_operations(
            json.loads(text) if text[0] == "[" else load_yaml11(text, exact=True)
        )
    except (ValueError, SubstitutionError):
        return None


def _registered(identity: object) -> str:
    return f"may not add resource with an already registered id: {identity}"
