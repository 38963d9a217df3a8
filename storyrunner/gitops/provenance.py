"""Where every value of a rendered object came from: file and line, and those of its variables.

One layer engine, around the embedded renderer, that follows values from manifests, patches,
entries and generators through substitution to what Flux adds last (semantics.md §1.1). Traced
results are compared with an untraced build: what differs is called inexact, nothing is guessed.
"""

from __future__ import annotations

import asyncio
import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storyrunner.errors import RefusedFeatureError, StoryrunnerError
from storyrunner.gitops.cluster_directory import is_in_directory, rendered_directory
from storyrunner.gitops.documents import load_file
from storyrunner.gitops.embedded import EmbeddedEngine
from storyrunner.gitops.flux_build import FluxBuilder
from storyrunner.gitops.flux_find import find_kustomizations, kustomization_files
from storyrunner.gitops.flux_layer import (
    KustomizeLayers,
    Layer,
    LayerRequest,
    substitute,
)
from storyrunner.gitops.flux_metadata import finish
from storyrunner.gitops.flux_objects import FLUX_NAMESPACE, FluxKustomization
from storyrunner.gitops.flux_root import FluxRoot, build_root
from storyrunner.gitops.kustomize.engine import render
from storyrunner.gitops.kustomize.origins import Origin, leaves
from storyrunner.gitops.kustomize.tracing import Trace, Tracer
from storyrunner.gitops.objects import KubeObject, text_at
from storyrunner.gitops.reach import reach
from storyrunner.gitops.root_places import root_places
from storyrunner.gitops.settings import Settings
from storyrunner.gitops.sources import SourceIndex
from storyrunner.gitops.substitution import is_disabled
from storyrunner.model.cluster import Cluster
from storyrunner.model.ports import Kustomizer
from storyrunner.model.rung import Job, Rung

_SUSPECTS = re.compile(r"(^|/)[Kk]ustomization(\.ya?ml)?$")


@dataclass(frozen=True, slots=True)
class TracedObject:
    """A rendered object with its history. `owner` is `ns/name` of the Flux Kustomization that
    applies it, "" for what stands in the cluster's own files. `before` is the object as it was
    before substitution, `trace` has the origins of that."""

    cluster: str
    owner: str
    object: KubeObject
    before: Mapping[str, Any]
    trace: Trace
    kustomization: FluxKustomization | None = None
    settings: Settings = field(default_factory=lambda: Settings({}))

    @property
    def is_substituted(self) -> bool:
        """Whether `${…}` in it were replaced (semantics.md §3.1, §3.2)."""
        above = self.kustomization
        if above is None or not above.has_post_build or is_disabled(self.before):
            return False
        return bool(self.settings.values) or above.strategy == "Always"


@dataclass(frozen=True, slots=True)
class ClusterTrace:
    """All objects of a cluster with their history; `settings` are the variables of each owner.
    `failures` are builds that did not work: their objects are missing here."""

    cluster: Cluster
    objects: tuple[TracedObject, ...]
    settings: Mapping[str, Settings]
    failures: tuple[StoryrunnerError, ...] = ()


class TracingLayers(KustomizeLayers):
    """A layer engine that keeps the history of each object. What the embedded renderer refuses is
    built by `fallback`, whose objects have inexact places, or is a failure."""

    def __init__(self, fallback: Kustomizer | None = None) -> None:
        super().__init__(EmbeddedEngine())
        self._fallback = fallback
        self.objects: dict[str, tuple[TracedObject, ...]] = {}
        self.settings: dict[str, Settings] = {}
        self.failures: list[StoryrunnerError] = []

    async def _build(self, request: LayerRequest) -> Layer:
        tree, directory = request.tree, request.directory
        root = await asyncio.to_thread(build_root, tree, directory, request.kustomization)
        try:
            return await asyncio.to_thread(self._trace, request, root)
        except RefusedFeatureError as refused:
            if self._fallback is None:
                self.failures.append(refused)
                return Layer((), frozenset())
        built = await self._fallback.build(tree, directory, root.data)
        read = reach(tree, directory, root.data)
        nothing: list[Trace | None] = [None] * len(built)
        return await asyncio.to_thread(self._finish, request, root, built, nothing, read)

    def _trace(self, request: LayerRequest, root: FluxRoot) -> Layer:
        plain = render(request.tree, request.directory, copy.deepcopy(root.data))
        built = [one.data for one in plain.objects]
        traces = _traces(request, root.data, built)
        return self._finish(request, root, built, traces, plain.read)

    def _finish(
        self,
        request: LayerRequest,
        root: FluxRoot,
        built: Sequence[Mapping[str, Any]],
        traces: Sequence[Trace | None],
        read: frozenset[str],
    ) -> Layer:
        read |= root.read
        index = SourceIndex(request.tree, read)
        suspects = tuple(sorted(name for name in read if _SUSPECTS.search(name)))
        kept = []
        for data, trace in zip(built, traces, strict=True):
            final = finish(substitute(request, index, data), request.kustomization)
            if final is not None:
                known = trace or _inexact(KubeObject(data), index, suspects)
                kept.append(_traced(request, KubeObject(final), data, known))
        self._keep(request, kept)
        return Layer(tuple(one.object for one in kept), read, root.findings)

    def _keep(self, request: LayerRequest, kept: Sequence[TracedObject]) -> None:
        key = request.kustomization.key
        self.objects.setdefault(key, tuple(kept))
        self.settings.setdefault(key, request.settings)


async def trace_cluster(
    tree: Path, cluster: Cluster, fallback: Kustomizer | None = None
) -> ClusterTrace:
    """Build everything a cluster gets, with history, undefined variables allowed.

    Raises ManifestError when the cluster's own files cannot be read, and what
    `rendered_directory` raises; what else fails is kept.
    """
    engine = TracingLayers(fallback)
    builder = FluxBuilder(tree, engine, Rung(Job.RENDER, EmbeddedEngine.name))
    failures: list[StoryrunnerError] = []
    done: set[str] = set()
    # What applies the directory comes first: it applies the others as it patches them.
    tops = find_kustomizations(tree, cluster)
    for top in sorted(tops, key=lambda one: one.path != cluster.directory):
        if top.key in done:
            continue
        namespace = top.namespace or FLUX_NAMESPACE
        try:
            build = await builder.build(
                cluster, top.name, namespace=namespace, strict=False, keep_going=True
            )
            failures += build.failures
            done |= {one.key for one in build.kustomizations}
        except StoryrunnerError as problem:
            failures.append(problem)
    rendered = [one for some in engine.objects.values() for one in some]
    known = {(one.object.kind, one.object.key) for one in rendered}
    declared = [
        one for one in _declared(tree, cluster) if (one.object.kind, one.object.key) not in known
    ]
    failures += engine.failures
    unique = {(str(one.place), one.message): one for one in failures}
    return ClusterTrace(cluster, (*declared, *rendered), engine.settings, tuple(unique.values()))


def _traces(
    request: LayerRequest, root: Mapping[str, Any], plain: Sequence[Mapping[str, Any]]
) -> list[Trace | None]:
    """The trace of each object; None where following values would have changed them."""
    places = root_places(request.tree, request.directory, request.kustomization)
    tracer = Tracer(request.tree, places)
    try:
        rendered = render(request.tree, request.directory, copy.deepcopy(dict(root)), tracer)
    except StoryrunnerError:
        return [None] * len(plain)
    if len(rendered.objects) != len(plain):
        return [None] * len(plain)
    return [
        trace if followed.data == one else None
        for trace, followed, one in zip(tracer.traces, rendered.objects, plain, strict=True)
    ]


def _traced(
    request: LayerRequest, found: KubeObject, before: Mapping[str, Any], trace: Trace
) -> TracedObject:
    above = request.kustomization
    return TracedObject(
        request.cluster.name, above.key, found, before, trace, above, request.settings
    )


def _inexact(one: KubeObject, index: SourceIndex, suspects: tuple[str, ...]) -> Trace:
    """The places that the files alone suggest."""
    return Trace(
        {
            path: Origin("", 0, index.place(one, *path), is_exact=False, suspects=suspects)
            for path, _ in leaves(one.data)
        }
    )


def _declared(tree: Path, cluster: Cluster) -> list[TracedObject]:
    """What stands in the cluster's own files and is applied as it is."""
    found = []
    directory = rendered_directory(tree, cluster)
    for one in directory.objects if directory else ():
        trace = _inexact(one, directory.index, ()) if directory else Trace({})
        found.append(TracedObject(cluster.name, "", one, one.data, trace))
    settings = [cluster.settings] if (tree / cluster.settings).is_file() else []
    for shown in dict.fromkeys((*kustomization_files(tree, cluster), *settings)):
        if directory is not None and is_in_directory(cluster, shown):
            continue
        for document in load_file(tree / shown, shown):
            one = KubeObject(document.value if isinstance(document.value, dict) else {})
            if not (one.kind and one.name) or text_at(one.data, "apiVersion").startswith(
                "kustomize.config.k8s.io/"
            ):
                continue
            origins = {path: Origin("", 0, None, document, path) for path, _ in leaves(one.data)}
            found.append(TracedObject(cluster.name, "", one, one.data, Trace(origins)))
    return found
