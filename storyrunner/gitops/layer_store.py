"""Layers that were built before, kept for as long as nothing they rest on has changed.

A layer is used again only when its Flux Kustomization, its variables, every file it read and the
names of everything in the repository are what they were: a file that appears anywhere, a link or an
ignore file that changes, forgets all of them. Errors are never kept.
"""

from __future__ import annotations

from pathlib import Path

from storyrunner.gitops.flux_layer import Layer, LayerEngine, LayerRequest
from storyrunner.gitops.tree_state import Stamp, TreeState, look
from storyrunner.model.frozen import dataclass

_Key = tuple[str, str, str, bool]


@dataclass(frozen=True, slots=True)
class _Kept:
    request: LayerRequest
    stamps: dict[str, Stamp]
    layer: Layer


class LayerStore:
    """The layers of one engine. `refresh` says that files may have changed since."""

    def __init__(self, tree: Path) -> None:
        self._tree = tree
        self._state: TreeState | None = None
        self._stale = True
        self._kept: dict[_Key, _Kept] = {}

    def refresh(self) -> None:
        """Look at the tree again before the next question."""
        self._stale = True

    def around(self, engine: LayerEngine) -> LayerEngine:
        """`engine`, asked only for what is not kept."""
        self._look()
        return _Keeping(engine, self, self._state)

    def find(self, request: LayerRequest, state: TreeState) -> Layer | None:
        """The layer of a request, when it was built in a state that is the same to it."""
        kept = self._kept.get(_key(request))
        if kept is None or not _same(kept.request, request):
            return None
        now = state.stamps
        if any(now.get(path) != stamp for path, stamp in kept.stamps.items()):
            return None
        return kept.layer

    def keep(self, request: LayerRequest, layer: Layer, state: TreeState) -> None:
        """Keep a layer whose building began after `state` was seen."""
        paths = {*layer.read, request.kustomization.origin.path}
        if paths <= state.stamps.keys():
            stamps = {path: state.stamps[path] for path in paths}
            self._kept[_key(request)] = _Kept(request, stamps, layer)

    def _look(self) -> None:
        if not self._stale:
            return
        self._stale = False
        before, self._state = self._state, look(self._tree)
        if before is None or self._state is None or not before.same_names(self._state):
            self._kept.clear()


class _Keeping:
    """A layer engine for one build: one state of the tree counts for all its layers."""

    def __init__(self, engine: LayerEngine, store: LayerStore, state: TreeState | None) -> None:
        self._engine = engine
        self._store = store
        self._state = state

    async def build_layer(self, request: LayerRequest) -> Layer:
        """See LayerEngine."""
        if self._state is None:
            return await self._engine.build_layer(request)
        layer = self._store.find(request, self._state)
        if layer is None:
            layer = await self._engine.build_layer(request)
            self._store.keep(request, layer, self._state)
        return layer


def _key(request: LayerRequest) -> _Key:
    return (
        request.cluster.name,
        request.kustomization.key,
        request.directory,
        request.strict,
    )


def _same(one: LayerRequest, other: LayerRequest) -> bool:
    """Whether two requests ask for the same, values and places included."""
    return (
        one.cluster == other.cluster
        and one.kustomization.origin == other.kustomization.origin
        and one.kustomization.object.data == other.kustomization.object.data
        and one.settings.values == other.settings.values
    )
