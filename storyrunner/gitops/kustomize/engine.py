"""The way in: `render` for callers that want provenance, `EmbeddedKustomizer` for the port."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storyrunner.errors import RenderError
from storyrunner.gitops.documents import YamlDocument
from storyrunner.gitops.kustomize.build import Build
from storyrunner.gitops.kustomize.filetree import FileTree
from storyrunner.gitops.kustomize.watch import Watch
from storyrunner.model.frozen import dataclass


@dataclass(slots=True)
class RenderedResource:
    """One object. `document` is the one it was read from, None when generated; `base` is where in
    the document it stands (not empty for an item of a List)."""

    data: dict[str, Any]
    document: YamlDocument | None
    base: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """Objects in order of accumulation, and every file that was read (posix, relative)."""

    objects: tuple[RenderedResource, ...]
    read: frozenset[str]


def render(
    tree: Path,
    directory: str,
    root: Mapping[str, object] | None = None,
    watch: Watch | None = None,
) -> Rendered:
    """`kustomize build` of `directory` (posix, relative to `tree`), nothing outside `tree` read.

    `root` stands in for the kustomization file of `directory` itself; `watch` is told of every
    step. Raises RenderError, RefusedFeatureError, ManifestError or ConfinementError, each with the
    place of its cause.
    """
    files = FileTree(tree)
    try:
        resources = Build(files, watch).run(directory, root)
    except RecursionError as error:
        raise RenderError("the resources are nested too deeply") from error
    objects = tuple(RenderedResource(one.data, one.document, one.base) for one in resources)
    return Rendered(objects, frozenset(files.read))


class EmbeddedKustomizer:
    """The port `Kustomizer` (storyrunner.model.ports), without any tool."""

    async def build(
        self, tree: Path, directory: str, root: Mapping[str, object] | None = None
    ) -> Sequence[Mapping[str, object]]:
        """Objects in order of accumulation. Raises what `render` raises."""
        rendered = await asyncio.to_thread(render, tree, directory, root)
        return [one.data for one in rendered.objects]
