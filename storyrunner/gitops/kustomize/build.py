"""One build: resources gathered depth first, generated, and transformed in kustomize's order.

The order of work is semantics.md §5.2; names and references are settled only at the top.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from storyrunner.errors import DisputedFeatureError, Place, RefusedFeatureError, RenderError
from storyrunner.gitops.kustomize import metadata
from storyrunner.gitops.kustomize.filetree import FileTree, refuse_remote
from storyrunner.gitops.kustomize.generators import absorb, generate
from storyrunner.gitops.kustomize.hashing import hash_of
from storyrunner.gitops.kustomize.images import set_images
from storyrunner.gitops.kustomize.kustomization import (
    Kustomization,
    given_kustomization,
    read_kustomization,
)
from storyrunner.gitops.kustomize.origin_notes import (
    NOTED,
    ORIGIN,
    asks_for_origins,
    inner_path,
    of_file,
    of_generator,
)
from storyrunner.gitops.kustomize.patches import load_json_patch, load_old_patches, load_patch
from storyrunner.gitops.kustomize.placing import Placed
from storyrunner.gitops.kustomize.reading import read_resources
from storyrunner.gitops.kustomize.references import fix_references
from storyrunner.gitops.kustomize.replacements import load_replacements
from storyrunner.gitops.kustomize.resource import BEHAVIOR, Resource, ResourceList
from storyrunner.gitops.kustomize.watch import FieldPath, Watch

LOCAL_CONFIG = "config.kubernetes.io/local-config"

_Step = tuple[Callable[[ResourceList], None], Place, FieldPath]


class Build:
    """One build of one directory of `tree`; `watch` is told of everything on the way."""

    def __init__(self, tree: FileTree, watch: Watch | None = None) -> None:
        self._tree = tree
        self._watch = watch or Watch()
        self._notes_origins = False

    def run(self, directory: str, root: Mapping[str, object] | None) -> list[Resource]:
        """The finished resources in order of accumulation."""
        place = Place(directory or ".")
        path = self._tree.locate(self._tree.root, directory, place)
        if not path.is_dir():
            raise RenderError("no such directory", place=place)
        one = (
            read_kustomization(self._tree, path, place, is_root=True)
            if root is None
            else given_kustomization(self._tree, path, root)
        )
        _require_fifo(one)
        self._notes_origins = asks_for_origins(one)
        resources = self._accumulate(one, ResourceList(), (path,))
        found = _settle(resources, self._watch, keep=ORIGIN if self._notes_origins else "")
        self._watch.finished(found)
        return found

    def _accumulate(
        self, one: Kustomization, resources: ResourceList, trail: tuple[Path, ...], at: str = ""
    ) -> ResourceList:
        """`trail`: the directories whose kustomizations led here, this one last; `at`: the path
        from the root to here, as the entries on the way say it."""
        self._watch.entered(one)
        for index, path in enumerate(one.entries("resources")):
            self._add_resource(one, resources, path, one.place("resources", index), trail, at)
        for field in ("configMapGenerator", "secretGenerator"):
            for index in range(len(one.entries(field))):
                with Placed(one.place(field, index)):
                    made = generate(self._tree, one, field, index)
                    self._watch.generated(one, (field, index), made)
                    replaces = made.annotations().get(BEHAVIOR) == "replace"
                    absorb(resources, made)
                    self._note_generated(resources, one, field, at, made if replaces else None)
        for index, path in enumerate(one.entries("components")):
            place = one.place("components", index)
            resources = self._add_component(one, resources, path, place, trail, at)
        for step, place, where in self._steps(one):
            self._watch.begin(resources.items)
            with Placed(place):
                step(resources)
            resources.drop_gone()
            self._watch.end(resources.items, one, where)
        return resources

    def _add_resource(  # noqa: PLR0917
        self,
        one: Kustomization,
        resources: ResourceList,
        path: str,
        place: Place,
        trail: tuple[Path, ...],
        at: str,
    ) -> None:
        refuse_remote(path, place)
        if not path:
            raise RenderError("accumulating resources: new root cannot be empty", place=place)
        real = self._tree.locate(one.directory, path, place)
        if real.is_file():
            found = read_resources(self._tree.read_bytes(real, place), self._tree.shown(real))
            self._watch.read(found)
            self._note_read(found, inner_path(at, path))
        elif real.is_dir():
            inner = self._enter(real, path, place, trail)
            if inner.is_component:
                shown = self._tree.shown(real)
                raise RenderError(f"expected kind != 'Component' for path '{shown}'", place=place)
            below = inner_path(at, path)
            found = self._accumulate(inner, ResourceList(), (*trail, real), below).items
        else:
            raise RenderError(
                f"accumulating resources from '{path}': no such file or directory", place=place
            )
        for item in found:
            _append(resources, item, place, path)

    def _add_component(  # noqa: PLR0917
        self,
        one: Kustomization,
        resources: ResourceList,
        path: str,
        place: Place,
        trail: tuple[Path, ...],
        at: str,
    ) -> ResourceList:
        refuse_remote(path, place)
        real = self._tree.locate(one.directory, path, place)
        if not path or not real.is_dir():
            problem = "not a directory" if real.is_file() else "no such directory"
            raise RenderError(f"accumulating components: '{path}': {problem}", place=place)
        inner = self._enter(real, path, place, trail)
        if not inner.is_component:
            kind, shown = inner.text("kind") or "Kustomization", self._tree.shown(real)
            raise RenderError(
                f"accumulating components: expected kind 'Component' for path '{shown}' "
                f"but got '{kind}'",
                place=place,
            )
        changed = self._accumulate(inner, resources, (*trail, real), inner_path(at, path))
        merged = ResourceList()
        for item in changed.items:
            _append(merged, item, place, path)
        return merged

    def _note_read(self, found: Sequence[Resource], path: str) -> None:
        if self._notes_origins:
            self._watch.begin(found)
            for item in found:
                item.annotate(ORIGIN, of_file(path))
            self._watch.end(found, None, (NOTED,))

    def _note_generated(
        self,
        resources: ResourceList,
        one: Kustomization,
        field: str,
        at: str,
        replacing: Resource | None,
    ) -> None:
        """What was merged into one that was there keeps the origin of that one."""
        new = [x for x in resources.items if x is replacing or ORIGIN not in x.annotations()]
        if self._notes_origins and new:
            self._watch.begin(resources.items)
            for item in new:
                item.annotate(ORIGIN, of_generator(inner_path(at, one.file_name), field))
            self._watch.end(resources.items, None, (NOTED,))

    def _enter(self, real: Path, path: str, place: Place, trail: tuple[Path, ...]) -> Kustomization:
        if path.startswith("/"):
            raise RenderError(f"new root '{path}' cannot be absolute", place=place)
        if any(".." in part and part != ".." for part in path.split("/")):
            # kustomize 5.8.2 refuses such a path, 5.8.1 (and Flux 2.9 with it) follows it.
            raise DisputedFeatureError(f"the ambiguous path {path!r}", able="flux", place=place)
        for visited in reversed(trail):
            if visited.is_relative_to(real):
                shown, above = self._tree.shown(visited), self._tree.shown(real)
                raise RenderError(
                    f"cycle detected: candidate root '{above}' contains visited root '{shown}'",
                    place=place,
                )
        return read_kustomization(self._tree, real, place)

    def _steps(self, one: Kustomization) -> list[_Step]:
        """All transformations of one kustomization, loaded, in order."""
        steps: list[_Step] = []

        def add(field: str, step: Callable[[ResourceList, Any], None], value: Any) -> None:
            if value:
                at = (field,)
                steps.append((lambda resources: step(resources, value), one.place(field), at))

        def add_each(field: str, step: Callable[[ResourceList, Any], None]) -> None:
            for index, value in enumerate(one.entries(field)):
                at = (field, index)
                steps.append((lambda resources, v=value: step(resources, v), one.place(*at), at))  # type: ignore[misc]

        if one.entries("patchesStrategicMerge"):
            old = load_old_patches(self._tree, one)
            self._watch.loaded_old(one, old)
            at: FieldPath = ("patchesStrategicMerge",)
            steps.append((old.apply, one.place(*at), at))
        for index, entry in enumerate(one.entries("patches")):
            at = ("patches", index)
            patch = self._watch.loaded(one, at, load_patch(self._tree, one, index, entry))
            steps.append((patch.apply, patch.place, at))
        add("namespace", metadata.set_namespace, one.text("namespace"))
        add("namePrefix", metadata.add_prefix, one.text("namePrefix"))
        add("nameSuffix", metadata.add_suffix, one.text("nameSuffix"))
        add_each("labels", metadata.add_labels)
        add("commonLabels", metadata.add_common_labels, one.fields.get("commonLabels"))
        add("commonAnnotations", metadata.add_annotations, one.fields.get("commonAnnotations"))
        for index, entry in enumerate(one.entries("patchesJson6902")):
            at = ("patchesJson6902", index)
            patch = self._watch.loaded(one, at, load_json_patch(self._tree, one, index, entry))
            steps.append((patch.apply, patch.place, at))
        add_each("images", set_images)
        for replacement in load_replacements(self._tree, one):
            at = ("replacements", replacement.index)
            steps.append((replacement.apply, replacement.place, at))
        return steps


def _append(resources: ResourceList, item: Resource, place: Place, path: str) -> None:
    try:
        resources.append(item)
    except KeyError as error:
        raise RenderError(
            f"merging resources from '{path}': may not add resource with an already registered "
            f"id: {error.args[0]}",
            place=place,
        ) from error


def _require_fifo(one: Kustomization) -> None:
    options = one.fields.get("sortOptions")
    if options and (options.get("order") != "fifo" or options.get("legacySortOptions")):
        raise RefusedFeatureError("sortOptions", able="kustomize", place=one.place("sortOptions"))


def _settle(resources: ResourceList, watch: Watch, *, keep: str) -> list[Resource]:
    """What is done once, at the top: hash suffixes, references, local configuration, tidying up
    to the annotation `keep`."""
    watch.begin(resources.items)
    for item in resources.items:
        if item.needs_hash:
            with Placed(item.origin):
                suffix = hash_of(item)
            item.remember_id()
            item.set_name(f"{item.name}-{suffix}")
    watch.end(resources.items, None, ("hash",))
    resources.changed()
    watch.begin(resources.items)
    fix_references(resources)
    watch.end(resources.items, None, ("references",))
    kept = [item for item in resources.items if _is_deployed(item)]
    _require_unique(kept)
    for item in kept:
        with Placed(item.origin):
            item.finish(keep=keep)
    return kept


def _require_unique(items: list[Resource]) -> None:
    """A replacement may have made two of one name; kustomize crashes over them here."""
    found = ResourceList()
    for item in items:
        try:
            found.append(item)
        except KeyError as error:
            problem = "may not add resource with an already registered id"
            raise RenderError(f"{problem}: {error.args[0]}", place=item.origin) from error


def _is_deployed(item: Resource) -> bool:
    if not item.kind or (not item.name and not item.kind.endswith("List")):
        problem = "missing metadata.name" if item.kind else "missing kind"
        raise RenderError(f"{problem} in object {item.current_id}", place=item.origin)
    return item.annotations().get(LOCAL_CONFIG, "false") == "false"
