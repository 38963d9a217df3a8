"""Where the entries of a Flux build's root stand: its own file's, or the Kustomization's spec.

Flux merges its spec into the root (semantics.md §2.2): what was overwritten or appended stands in
the file of the Flux Kustomization.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from storyrunner.errors import ManifestError, Place, WorkspaceError
from storyrunner.gitops.documents import FieldPath, load_file
from storyrunner.gitops.flux_objects import FluxKustomization
from storyrunner.gitops.flux_scan import KUSTOMIZATION_FILES
from storyrunner.gitops.objects import text_at, value_at

_OVERWRITTEN = {
    "namespace": "targetNamespace",
    "namePrefix": "namePrefix",
    "nameSuffix": "nameSuffix",
}
_APPENDED = ("patches", "patchesStrategicMerge", "patchesJson6902")


def root_places(
    tree: Path, directory: str, above: FluxKustomization
) -> Callable[[FieldPath], Place | None]:
    """For an entry of the root: its place in the spec of `above`, None when it is the file's."""
    own = _own_fields(tree / directory)

    def place(at: FieldPath) -> Place | None:
        name = str(at[0])
        if name in _OVERWRITTEN:
            field = _OVERWRITTEN[name]
            return above.place("spec", field) if text_at(above.spec, field) else None
        if len(at) < 2 or not isinstance(at[1], int):
            return None
        count = len(_list(own, name))
        if name in _APPENDED and at[1] >= count:
            return above.place("spec", name, at[1] - count, *at[2:])
        if name == "images":
            return _image_place(above, _list(own, name), at)
        return None

    return place


def _image_place(above: FluxKustomization, own: list[Any], at: FieldPath) -> Place | None:
    """An image of the spec is merged into the entry of that name, or appended."""
    index = int(at[1])
    names = [text_at(image, "name") for image in above.images]
    if index < len(own):
        name = text_at(own[index], "name")
        return above.place("spec", "images", names.index(name)) if name in names else None
    known = [text_at(image, "name") for image in own]
    new = [number for number, name in enumerate(names) if name not in known]
    at_spec = index - len(own)
    return above.place("spec", "images", new[at_spec]) if at_spec < len(new) else None


def _own_fields(folder: Path) -> Any:
    for name in KUSTOMIZATION_FILES:
        if (folder / name).is_file():
            try:
                documents = load_file(folder / name, name)
            except (ManifestError, WorkspaceError):
                return {}
            return documents[0].value if documents else {}
    return {}


def _list(data: Any, name: str) -> list[Any]:
    found = value_at(data, name)
    return found if isinstance(found, list) else []
