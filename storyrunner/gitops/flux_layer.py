"""One layer of a Flux build: one Flux Kustomization, from its folder to finished objects.

A layer engine does one layer and knows nothing of children; `flux_build` walks the layers. This
module is the engine that puts our Flux layers around any Kustomizer (semantics.md §1.1).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from storyrunner.errors import Place, RenderError, SubstitutionError
from storyrunner.gitops.flux_metadata import finish
from storyrunner.gitops.flux_objects import FluxKustomization
from storyrunner.gitops.flux_root import FluxRoot, build_root
from storyrunner.gitops.flux_scan import join
from storyrunner.gitops.objects import KubeObject
from storyrunner.gitops.reach import reach
from storyrunner.gitops.settings import Holder, Settings
from storyrunner.gitops.sources import SourceIndex
from storyrunner.gitops.substitution import substitute_object
from storyrunner.model.cluster import Cluster
from storyrunner.model.finding import Finding
from storyrunner.model.frozen import dataclass
from storyrunner.model.ports import Kustomizer

_ENTRY = re.compile(r"from '([^']+)'")
UNDEFINED = "variable not set (strict mode)"


@dataclass(frozen=True, slots=True)
class LayerRequest:
    """All that decides a layer. `directory` is posix and relative to `tree`."""

    tree: Path
    cluster: Cluster
    kustomization: FluxKustomization
    directory: str
    settings: Settings
    strict: bool = True


@dataclass(slots=True)
class LayerNotes:
    """What a walk finds out about a layer: once, for as long as the layer is kept."""

    sources: SourceIndex | None = None
    holders: tuple[Holder, ...] | None = None
    children: tuple[FluxKustomization, ...] | None = None
    """All Flux Kustomizations among the objects, built or not."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The finished objects of a layer in accumulation order, and the files it read."""

    objects: tuple[KubeObject, ...]
    read: frozenset[str]
    findings: tuple[Finding, ...] = ()
    notes: LayerNotes = field(default_factory=LayerNotes, compare=False, repr=False)


@runtime_checkable
class LayerEngine(Protocol):
    """Builds one Flux Kustomization, on any rung."""

    async def build_layer(self, request: LayerRequest) -> Layer:
        """Raises RenderError, RefusedFeatureError, ManifestError or ToolError."""
        ...


class _Rendered(Protocol):
    @property
    def objects(self) -> Sequence[Any]: ...

    @property
    def read(self) -> frozenset[str]: ...


@runtime_checkable
class TellsWhatItRead(Protocol):
    """A Kustomizer that can say which files it read."""

    def render(
        self, tree: Path, directory: str, root: Mapping[str, object] | None = None
    ) -> _Rendered:
        """As Kustomizer.build, with the files read."""
        ...


@runtime_checkable
class HasDoubts(Protocol):
    """A Kustomizer that may build otherwise than Flux's kustomize does."""

    def doubts(
        self,
        tree: Path,
        directory: str,
        root: Mapping[str, Any],
        built: Sequence[Mapping[str, Any]],
    ) -> tuple[Finding, ...]:
        """What cannot be told of the objects. Raises DisputedFeatureError when they are not what
        Flux's would give."""
        ...


class KustomizeLayers:
    """Our Flux layers around a Kustomizer."""

    def __init__(self, kustomizer: Kustomizer) -> None:
        self._kustomizer = kustomizer

    async def build_layer(self, request: LayerRequest) -> Layer:
        """Root, kustomize build, substitution per object, owner labels, mask, common metadata."""
        try:
            return await self._build(request)
        except RenderError as error:
            error.place = _real_place(request, error)
            raise

    async def _build(self, request: LayerRequest) -> Layer:
        if isinstance(self._kustomizer, TellsWhatItRead):
            # In a thread: nothing here may block an interface.
            return await asyncio.to_thread(_render_layer, self._kustomizer, request)
        tree, directory = request.tree, request.directory
        root = await asyncio.to_thread(build_root, tree, directory, request.kustomization)
        built = await self._kustomizer.build(tree, directory, root.data)
        read = reach(tree, directory, root.data)
        doubts: tuple[Finding, ...] = ()
        if isinstance(self._kustomizer, HasDoubts):
            doubt = self._kustomizer.doubts
            doubts = await asyncio.to_thread(doubt, tree, directory, root.data, built)
        return await asyncio.to_thread(_finish_layer, request, root, built, read, doubts)


def _real_place(request: LayerRequest, error: RenderError) -> Place:
    """A line the user has: a generated root is no file, so its entry stands for it, or the spec."""
    place = error.place
    if place is not None and (request.tree / place.path).is_file():
        return place
    for named in _ENTRY.findall(error.message):
        shown = join(request.directory, named)
        if (request.tree / shown).is_file():
            return Place(shown)
    return request.kustomization.place("spec")


def _render_layer(kustomizer: TellsWhatItRead, request: LayerRequest) -> Layer:
    root = build_root(request.tree, request.directory, request.kustomization)
    rendered = kustomizer.render(request.tree, request.directory, root.data)
    return _finish_layer(request, root, [one.data for one in rendered.objects], rendered.read)


def _finish_layer(
    request: LayerRequest,
    root: FluxRoot,
    built: Sequence[Mapping[str, Any]],
    read: frozenset[str],
    doubts: tuple[Finding, ...] = (),
) -> Layer:
    read |= root.read
    index = SourceIndex(request.tree, read)
    finished = []
    for data in built:
        final = finish(substitute(request, index, data), request.kustomization)
        if final is not None:
            finished.append(KubeObject(final))
    return Layer(tuple(finished), read, (*root.findings, *doubts))


def substitute(
    request: LayerRequest, index: SourceIndex, data: Mapping[str, Any]
) -> Mapping[str, Any]:
    """One rendered object with the layer's variables. Raises SubstitutionError with the place of
    the expression, RenderError for an object that is no YAML any more."""
    kustomization = request.kustomization
    if not kustomization.has_post_build:
        return data
    try:
        return substitute_object(
            data,
            request.settings.variables,
            strict=request.strict,
            strategy=kustomization.strategy,
        )
    except SubstitutionError as error:
        raise explain_substitution(request, index, KubeObject(data), error) from error
    except RenderError as error:
        error.place = error.place or index.place(KubeObject(data), "metadata", "name")
        raise


def explain_substitution(
    request: LayerRequest, index: SourceIndex, found: KubeObject, error: SubstitutionError
) -> SubstitutionError:
    """The same error with the object, the variable, the settings file, and the line at fault."""
    place: Place | None = error.place
    if error.variable:
        place = index.expression(found, error.variable) or place
    place = place or index.place(found, "metadata", "name")
    if not error.variable or UNDEFINED not in error.message:
        return SubstitutionError(
            f"{found.ident}: {error.message}",
            variable=error.variable,
            place=place,
            hint=error.hint
            or "an object that must keep its ${…} carries the label "
            "kustomize.toolkit.fluxcd.io/substitute: disabled",
        )
    settings = request.cluster.settings
    return SubstitutionError(
        f"{found.ident}: ${{{error.variable}}} is not defined for cluster {request.cluster.name} "
        f"in {settings} ({error.message})",
        variable=error.variable,
        place=place,
        hint=f"add {error.variable} under data in {settings}, or give it a default",
    )
