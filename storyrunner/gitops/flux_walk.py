"""The walk of a Flux build: layer by layer, parents before children, variables as they arise.

One instance serves one build. It decides which children are built, in which order, and with which
ConfigMaps and Secrets at hand; a layer engine renders (semantics.md §1.6).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath

from storyrunner.errors import ManifestError, Place, RenderError, StoryrunnerError
from storyrunner.gitops.flux_find import find_kustomizations
from storyrunner.gitops.flux_layer import Layer, LayerEngine, LayerRequest
from storyrunner.gitops.flux_objects import (
    FLUX_NAMESPACE,
    FluxKustomization,
    Reference,
    is_flux_kustomization,
    read_kustomization,
)
from storyrunner.gitops.objects import KubeObject
from storyrunner.gitops.settings import (
    Holder,
    Settings,
    SettingsIndex,
    SettingValue,
    resolve_settings,
)
from storyrunner.gitops.sources import SourceIndex
from storyrunner.gitops.spec_path import directory_of
from storyrunner.model.cluster import Cluster
from storyrunner.model.finding import Finding, warning
from storyrunner.model.frozen import dataclass

REPOSITORY = Reference("GitRepository", "flux-system", FLUX_NAMESPACE)
"""The source that is this repository, by Flux's convention."""

SIDE_BY_SIDE = 2
"""Layers rendered at the same time."""


@dataclass(frozen=True, slots=True)
class RenderedObject:
    """An object as the cluster would get it; `owner` is `ns/name` of the Flux Kustomization that
    applies it."""

    object: KubeObject
    owner: str


@dataclass(frozen=True, slots=True)
class Branch:
    """What one Kustomization and all below it gave, and what can be substituted from it."""

    objects: list[RenderedObject]
    holders: list[Holder]


@dataclass(frozen=True, slots=True)
class Others:
    """What a cluster's other Kustomizations render to substitute from, the files they read, and
    why some of them could not be built."""

    holders: tuple[Holder, ...]
    read: frozenset[str]
    failures: tuple[StoryrunnerError, ...]


Elsewhere = Callable[[Collection[str]], Awaitable[Others]]
"""Builds all but those of these keys."""


@dataclass(frozen=True, slots=True)
class WalkOptions:
    """How far a build goes and what it forgives."""

    recursive: bool = True
    strict: bool = True
    keep_going: bool = False


class FluxWalk:
    """The state of one build; read `built`, `variables`, `read`, `findings`, `failures` after."""

    def __init__(
        self,
        tree: Path,
        cluster: Cluster,
        engine: LayerEngine,
        options: WalkOptions,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        self.tree = tree
        self.cluster = cluster
        self.engine = engine
        self.options = options
        self.slots = asyncio.Semaphore(SIDE_BY_SIDE)
        self.settings = SettingsIndex.load(tree, cluster)
        self.built: dict[str, FluxKustomization] = {}
        self.variables: dict[str, Mapping[str, SettingValue]] = {}
        self.read: set[str] = set(self.settings.read)
        self.findings: list[Finding] = []
        self.failures: list[StoryrunnerError] = []
        self._elsewhere = elsewhere
        self._paths: set[str] = set()
        self._own = frozenset(map(id, self.settings.holders))
        self._around: dict[int, frozenset[str]] = {}
        self._others: asyncio.Future[Others] | None = None

    async def build(
        self,
        kustomization: FluxKustomization,
        above: tuple[str, ...] = (),
        holders: tuple[Holder, ...] = (),
    ) -> Branch:
        """One layer and those below it, depth first; `above` are the owners up to the top and
        `holders` what earlier layers rendered to substitute from."""
        self.built[kustomization.key] = kustomization
        holders = await self._completed(kustomization, holders)
        settings = self._settings(kustomization, holders)
        directory = directory_of(self.tree, kustomization)
        request = LayerRequest(
            self.tree, self.cluster, kustomization, directory, settings, self.options.strict
        )
        async with self.slots:
            layer = await self.engine.build_layer(request)
        self.read |= layer.read | settings.read
        self.findings += layer.findings
        owner = kustomization.key
        branch = Branch(
            [RenderedObject(found, owner) for found in layer.objects],
            list(_holders(self.tree, layer, kustomization)),
        )
        if self.options.recursive:
            chain = (*above, owner)
            children = self._children(kustomization, layer, chain)
            await self._build_below(children, chain, holders, branch)
        return branch

    async def _completed(
        self, kustomization: FluxKustomization, holders: tuple[Holder, ...]
    ) -> tuple[Holder, ...]:
        """With what builds beside this one render, when something to substitute from is missing or
        is rendered there. Raises what ended one of those when its file is all that is left: what
        the cluster will have is not known then."""
        if self._elsewhere is None or self._is_settled(kustomization, holders):
            return holders
        if self._others is None:
            self._others = asyncio.ensure_future(self._elsewhere(tuple(self.built)))
        others = await self._others
        self.read |= others.read
        known = (*holders, *others.holders)
        found = self._found(kustomization, known)
        if others.failures and any(one and self._is_to_come(one, kustomization) for one in found):
            raise others.failures[0]
        return known

    def _settings(self, kustomization: FluxKustomization, holders: Sequence[Holder]) -> Settings:
        if not kustomization.has_post_build:
            return Settings({})
        settings = resolve_settings(self.settings, kustomization, holders)
        self.variables[kustomization.key] = settings.values
        self.findings += settings.findings
        return settings

    def _children(
        self, parent: FluxKustomization, layer: Layer, chain: tuple[str, ...]
    ) -> list[FluxKustomization]:
        children = []
        for child in _kustomizations(self.tree, layer, parent):
            if self._is_to_build(child, parent, chain):
                self.built[child.key] = child
                self._paths |= {child.path} if self._paths else set()
                children.append(child)
        return children

    def _is_to_build(
        self, child: FluxKustomization, parent: FluxKustomization, chain: tuple[str, ...]
    ) -> bool:
        if child.key == parent.key:
            return False
        if child.source_ref not in (parent.source_ref, REPOSITORY):
            self._warn(
                "flux.foreign-source",
                f"{child.key} is not rendered: its source is {child.source_ref}, "
                "which is not this repository",
                child.place("spec", "sourceRef"),
            )
            return False
        if child.key in chain:
            circle = " -> ".join((*chain[chain.index(child.key) :], child.key))
            self._warn("flux.cycle", f"{circle} goes in a circle", child.place("metadata", "name"))
            return False
        known = self.built.get(child.key)
        if known is not None:
            if known.spec != child.spec:
                self._warn(
                    "flux.applied-twice",
                    f"{child.key} is applied twice with different specs, by {parent.key} as well",
                    child.place("metadata", "name"),
                )
            return False
        return True

    async def _build_below(
        self,
        children: Sequence[FluxKustomization],
        chain: tuple[str, ...],
        holders: tuple[Holder, ...],
        branch: Branch,
    ) -> None:
        """Children side by side, in waves: one whose variables a sibling renders comes after it."""
        done: dict[str, Branch] = {}
        waiting = list(children)
        known = (*holders, *branch.holders)
        while waiting:
            wave = [child for child in waiting if self._is_settled(child, known)] or waiting
            for child, below in zip(wave, await self._build_wave(wave, chain, known), strict=True):
                done[child.key] = below
                known = (*known, *below.holders)
            waiting = [child for child in waiting if child.key not in done]
        for child in children:
            branch.objects.extend(done[child.key].objects)
            branch.holders.extend(done[child.key].holders)

    async def _build_wave(
        self,
        children: Sequence[FluxKustomization],
        chain: tuple[str, ...],
        holders: tuple[Holder, ...],
    ) -> list[Branch]:
        """The branches of all children; the first error in their order is raised, or kept."""
        jobs = [self.build(child, chain, holders) for child in children]
        results = []
        outcomes = await asyncio.gather(*jobs, return_exceptions=True)
        for child, outcome in zip(children, outcomes, strict=True):
            if isinstance(outcome, Branch):
                results.append(outcome)
            elif self.options.keep_going and isinstance(outcome, RenderError | ManifestError):
                self.failures.append(outcome)
                self.built.pop(child.key, None)
                results.append(Branch([], []))
            else:
                raise outcome
        return results

    def _is_settled(self, child: FluxKustomization, holders: Sequence[Holder]) -> bool:
        """Whether all that it substitutes from is there, as the cluster will have it."""
        found = self._found(child, holders)
        return all(one is not None and not self._is_to_come(one, child) for one in found)

    def _found(
        self, child: FluxKustomization, holders: Sequence[Holder]
    ) -> Sequence[Holder | None]:
        return [
            self.settings.find(wanted, child.namespace, holders) for wanted in child.substitute_from
        ]

    def _is_to_come(self, holder: Holder, child: FluxKustomization) -> bool:
        """Whether it stands in a file that another Kustomization builds, which may change it."""
        if id(holder) not in self._own:
            return False
        if not self._paths:
            tops = find_kustomizations(self.tree, self.cluster)
            self._paths |= {one.path for one in (*tops, *self.built.values())}
        if id(holder) not in self._around:
            folders = PurePosixPath(holder.origin.path).parents
            self._around[id(holder)] = frozenset(map(str, folders))
        builders = self._around[id(holder)] & self._paths
        return not builders <= {child.path, self.cluster.directory}

    def _warn(self, rule: str, message: str, place: Place) -> None:
        self.findings.append(warning(rule, message, place, cluster=self.cluster.name))


def _sources(tree: Path, layer: Layer) -> SourceIndex:
    notes = layer.notes
    if notes.sources is None:
        notes.sources = SourceIndex(tree, layer.read)
    return notes.sources


def _holders(tree: Path, layer: Layer, kustomization: FluxKustomization) -> tuple[Holder, ...]:
    """The ConfigMaps and Secrets of a layer, which later ones can substitute from."""
    notes = layer.notes
    if notes.holders is None:
        notes.holders = tuple(
            Holder(one, kustomization.origin, index=_sources(tree, layer))
            for one in layer.objects
            if one.kind in ("ConfigMap", "Secret") and one.api_version == "v1"
        )
    return notes.holders


def _kustomizations(
    tree: Path, layer: Layer, parent: FluxKustomization
) -> tuple[FluxKustomization, ...]:
    """The Flux Kustomizations among a layer's objects, each with its source where there is one."""
    notes = layer.notes
    if notes.children is None:
        found = []
        for one in layer.objects:
            if is_flux_kustomization(one.data):
                source = _sources(tree, layer).source(one)
                origin = source.place() if source else parent.origin
                document = source.document if source else None
                found.append(read_kustomization(one.data, document, origin))
        notes.children = tuple(found)
    return notes.children
