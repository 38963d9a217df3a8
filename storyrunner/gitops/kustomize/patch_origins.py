"""Where the values of a patch stand: in its own file, or inside a kustomization's, line by line.

Only for following values; what a patch is and does stands in `patches`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from storyrunner import regular
from storyrunner.errors import ManifestError, Place
from storyrunner.gitops.documents import parse_documents
from storyrunner.gitops.kustomize.inline import inline_shift
from storyrunner.gitops.kustomize.origins import FieldPath, Origin
from storyrunner.gitops.kustomize.patches import Patch
from storyrunner.gitops.objects import value_at


@dataclass(frozen=True, slots=True)
class PatchOrigins:
    """The origin of the top of each strategic merge patch, and of the list of operations."""

    merges: tuple[Origin, ...]
    operations: Origin

    def setter_of(self, patch: Patch, path: FieldPath, value: Any) -> Origin | None:
        """What of the patch sets that value at that field, when it does."""
        for merge, origin in zip(patch.merges, self.merges, strict=True):
            if value_at(merge.data, *path) == value:
                return origin.below(path)
        for index, operation in reversed(list(enumerate(patch.operations))):
            pointer = tuple(_unescaped(part) for part in str(operation.get("path")).split("/")[1:])
            if pointer == path[: len(pointer)]:
                return self.operations.below((index, "value", *path[len(pointer) :]))
        return None


def find_patch_origins(
    tree: Path, directory: Path, entry: Mapping[str, Any], patch: Patch, *, place: Place, order: int
) -> PatchOrigins:
    """For the patch of an entry of a kustomization in `directory`; `place` is where its inline
    text stands, if it has one."""
    base = Origin("patch", order)
    path, text, name = entry.get("path"), str(entry.get("patch", "")).strip(), place.path
    if path:
        real = (directory / path).resolve()
        text, name = regular.read_text(real, "utf-8"), real.relative_to(tree).as_posix()
    else:
        shift = inline_shift(tree, place)
        base = replace(base, fixed=place) if shift is None else replace(base, shift=shift)
        base = replace(base, file=place.path)
    merges = tuple(replace(base, document=one.document, at=one.base) for one in patch.merges)
    if not patch.operations:
        return PatchOrigins(merges, base)
    try:
        document = next(iter(parse_documents(text, name)), None)
    except ManifestError:
        document = None
    fixed = base.fixed if document else base.fixed or patch.place
    return PatchOrigins(merges, replace(base, fixed=fixed, document=document))


def _unescaped(token: str) -> str:
    return token.replace("~1", "/").replace("~0", "~")
