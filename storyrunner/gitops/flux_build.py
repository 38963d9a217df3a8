"""A Flux build from a cluster's Kustomization down: layers, children, and who applies what.

It walks; a layer engine renders. Children are built one by one, each with its own variables, on
every rung: so who owns an object is known, cycles end, and `flux build --recursive`, which would
resolve no child's substituteFrom, is not needed (semantics.md §1.5, §1.6, §8).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field, replace
from functools import partial
from pathlib import Path

from storyrunner.errors import ConfinementError, ManifestError, RenderError, StoryrunnerError
from storyrunner.gitops.artifact import left_out
from storyrunner.gitops.flux_find import find_kustomization, find_kustomizations
from storyrunner.gitops.flux_layer import KustomizeLayers, LayerEngine
from storyrunner.gitops.flux_objects import FLUX_NAMESPACE, FluxKustomization
from storyrunner.gitops.flux_walk import FluxWalk, Others, RenderedObject, WalkOptions
from storyrunner.gitops.objects import KubeObject
from storyrunner.gitops.settings import Holder, SettingValue
from storyrunner.gitops.sources import SourceIndex
from storyrunner.model.cluster import Cluster
from storyrunner.model.finding import Finding
from storyrunner.model.frozen import dataclass
from storyrunner.model.ports import Kustomizer
from storyrunner.model.rung import Rung

__all__ = ["FluxBuild", "FluxBuilder", "RenderedObject", "as_layer_engine"]


@dataclass(frozen=True, slots=True)
class FluxBuild:
    """What a build gave. `variables` maps each owner to its variables; `read` holds posix paths
    relative to the repository; `failures` are children's errors when the build was told to go on.
    """

    objects: tuple[RenderedObject, ...]
    kustomizations: tuple[FluxKustomization, ...]
    variables: Mapping[str, Mapping[str, SettingValue]]
    read: frozenset[str]
    findings: tuple[Finding, ...]
    rung: Rung
    sources: SourceIndex = field(repr=False, compare=False)
    failures: tuple[StoryrunnerError, ...] = ()

    def through(self, owner: str) -> tuple[KubeObject, ...]:
        """The objects that the Flux Kustomization `ns/name` applies itself."""
        return tuple(one.object for one in self.objects if one.owner == owner)

    def kustomization(self, owner: str) -> FluxKustomization | None:
        """The Flux Kustomization `ns/name`, None when it was not built."""
        return next((one for one in self.kustomizations if one.key == owner), None)


class FluxBuilder:
    """Builds Flux Kustomizations of the repository at `tree` with one engine.

    `engine` is a Kustomizer, around which our Flux layers are put, or a layer engine of its own.
    """

    def __init__(self, tree: Path, engine: Kustomizer | LayerEngine, rung: Rung) -> None:
        self._tree = tree
        self._engine = as_layer_engine(engine)
        self._rung = rung

    async def build(
        self,
        cluster: Cluster,
        name: str,
        *,
        namespace: str = FLUX_NAMESPACE,
        recursive: bool = True,
        strict: bool = True,
        keep_going: bool = False,
    ) -> FluxBuild:
        """Build the Kustomization `name` of `cluster` and, when `recursive`, all below it.

        `keep_going`: an error in a child is kept in `failures` and its siblings are still built.
        Raises RenderError, SubstitutionError, ManifestError, RefusedFeatureError, ToolError, each
        with the place at fault where one is known.
        """
        top = find_kustomization(self._tree, cluster, name, namespace)
        options = WalkOptions(recursive, strict, keep_going)
        elsewhere = partial(self._elsewhere, cluster, options)
        walk = FluxWalk(self._tree, cluster, self._engine, options, elsewhere)
        branch = await walk.build(top)
        read = frozenset(walk.read | {top.origin.path})
        return FluxBuild(
            tuple(branch.objects),
            tuple(walk.built.values()),
            walk.variables,
            read,
            tuple(dict.fromkeys((*walk.findings, *left_out(self._tree, read)))),
            self._rung,
            SourceIndex(self._tree, read),
            tuple(walk.failures),
        )

    async def _elsewhere(
        self, cluster: Cluster, options: WalkOptions, built: Collection[str]
    ) -> Others:
        """ConfigMaps and Secrets that the cluster's other Kustomizations render. What is wrong with
        those is for their own builds to say, unless what they make is needed."""
        holders: list[Holder] = []
        read: set[str] = set()
        failures: list[StoryrunnerError] = []
        options = replace(options, recursive=True, keep_going=True)
        for top in find_kustomizations(self._tree, cluster):
            if top.key in built:
                continue
            walk = FluxWalk(self._tree, cluster, self._engine, options)
            try:
                holders += (await walk.build(top)).holders
            except (RenderError, ManifestError, ConfinementError) as error:
                failures.append(error)
            failures += walk.failures
            read |= walk.read | {top.origin.path}
        return Others(tuple(holders), frozenset(read), tuple(failures))


def as_layer_engine(engine: Kustomizer | LayerEngine) -> LayerEngine:
    """A layer engine as it is, or our Flux layers around a Kustomizer."""
    return engine if isinstance(engine, LayerEngine) else KustomizeLayers(engine)
