"""Builds of a run, each made once and shared by all checks that look at it.

A write forgets everything. Steps ask here and never choose an engine (`render_ladder` does).
"""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, TypeVar

from storyrunner import regular
from storyrunner.errors import (
    Place,
    RefusedFeatureError,
    RenderError,
    StoryrunnerError,
    ToolError,
)
from storyrunner.gitops.crd_files import crds_fingerprint, find_crds
from storyrunner.gitops.flux_build import FluxBuild
from storyrunner.gitops.flux_find import find_kustomizations, kustomization_files
from storyrunner.gitops.objects import KubeObject
from storyrunner.gitops.reach import reach
from storyrunner.gitops.render_ladder import Option, RenderLadder, choose
from storyrunner.gitops.settings import settings_files
from storyrunner.gitops.tree_state import (
    ASIDE,
    TreeState,
    content_fingerprint,
    look,
    names_fingerprint,
)
from storyrunner.gitops.watched_runner import WatchedRunner
from storyrunner.model.cluster import Cluster
from storyrunner.model.frozen import dataclass
from storyrunner.model.ports import Kustomizer, Runner
from storyrunner.model.rung import EngineChoice, Rung
from storyrunner.tools.toolbox import Toolbox
from storyrunner.workspace import ABSENT, file_fingerprint, reads
from storyrunner.workspace.reads import entries_of, folder_fingerprint, text_fingerprint

T = TypeVar("T")
_RENDERERS = ("flux", "kustomize", "kubectl")

HEAD_START = 50
"""Turns of the event loop: a build that has started no tool by then waits for something."""


@dataclass(frozen=True, slots=True)
class FolderBuild:
    """A kustomize build of a folder: plain objects, the files it read, the engine."""

    objects: tuple[KubeObject, ...]
    read: frozenset[str]
    rung: Rung


class BuildBook:
    """A context manager: it owns the tools' private copy of the repository."""

    def __init__(
        self, tree: Path, runner: Runner, tools: Toolbox, engine: EngineChoice = EngineChoice.AUTO
    ) -> None:
        self._tree = tree
        self._watched = WatchedRunner(runner)
        self._tools = tools
        self._engine = engine
        self._ladder: RenderLadder | None = None
        self._options: tuple[Option, ...] = ()
        self._flux: dict[tuple[str, str, str], asyncio.Task[FluxBuild]] = {}
        self._folders: dict[str, asyncio.Task[FolderBuild]] = {}
        self._hashes: dict[str, str] = {}
        self._looked: dict[tuple[str, str], frozenset[str]] = {}
        self._state: TreeState | None = None
        self.aside: tuple[str, ...] = ASIDE
        """What this program writes into the repository, which no build rests on."""
        self._opening = asyncio.Lock()

    @property
    def may_use_tools(self) -> bool:
        """False when `--engine embedded` asks for no tool at all."""
        return self._engine is not EngineChoice.EMBEDDED

    async def flux(self, cluster: Cluster, name: str, file: str = "") -> FluxBuild:
        """The recursive, strict Flux build of a Kustomization with a cluster's settings.

        `file` declares it where the cluster's own files do not. Failures of children are kept in
        `failures`. Raises as RenderLadder.build does.
        """
        try:
            build = await _result(self._begun(cluster, name, file))
        except StoryrunnerError:
            self._note_failure(declaring(cluster, file))
            raise
        self._note(declaring(cluster, file), name, build)
        return build

    async def begin(self, wanted: Iterable[tuple[Cluster, str, str]]) -> None:
        """Give builds that will be asked for a head start: back when their tools run, or soon."""
        tasks = {self._begun(*one) for one in wanted}
        for _ in range(HEAD_START):
            if self._watched.begun >= len(tasks) or all(task.done() for task in tasks):
                return
            await asyncio.sleep(0)

    def _begun(self, cluster: Cluster, name: str, file: str) -> asyncio.Task[FluxBuild]:
        key = (cluster.name, name, file)
        if key not in self._flux:
            self._flux[key] = asyncio.ensure_future(self._build(cluster, name, file))
        return self._flux[key]

    async def folder(self, folder: str) -> FolderBuild:
        """The kustomize build of a folder, without any Flux layer."""
        if folder not in self._folders:
            self._folders[folder] = asyncio.ensure_future(self._build_folder(folder))
        try:
            build = await _result(self._folders[folder])
        except StoryrunnerError:
            self._note_files(())
            reads.note(reads.CONTENT, self.whole(reads.CONTENT))
            raise
        self._note_files(build.read)
        return build

    def forget(self) -> None:
        """Files changed: build again at the next question."""
        self._flux.clear()
        self._folders.clear()
        self._hashes.clear()
        self._looked.clear()
        self._state = None
        if self._ladder is not None:
            self._ladder.refresh()

    def close(self) -> None:
        """Remove the private copy."""
        if self._ladder is not None:
            self._ladder.__exit__(None, None, None)
            self._ladder = None

    def __enter__(self) -> BuildBook:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def shown(self, cluster: Cluster, name: str, file: str = "") -> str:
        """The build as a command that a person could type, for display."""
        return (
            f"flux build kustomization {name} --path ./… --kustomization-file "
            f"./{file or cluster.kustomizations} --dry-run --strict-substitute"
        )

    def fingerprints(self, paths: Iterable[str]) -> Mapping[str, str]:
        """sha256 of files, and of the listings of their folders (`folder/`), by path: so that a
        file that appears beside them changes the proof too."""
        files = sorted(paths)
        folders = sorted({f"{PurePosixPath(path).parent}/" for path in files})
        return {path: self._fingerprint(path) for path in (*files, *folders)}

    def declared(self, cluster: Cluster, file: str = "") -> tuple[KubeObject, ...]:
        """The Flux Kustomizations that a cluster's own files declare, and those of `file`."""
        found = find_kustomizations(self._tree, declaring(cluster, file))
        self._note_files(self._looked_through(declaring(cluster, file)))
        return tuple(one.object for one in found)

    def crds(self) -> tuple[Mapping[str, Any], ...]:
        """The definitions in all files of the repository."""
        reads.note(reads.CRDS, self.whole(reads.CRDS))
        self._note_files(())
        return find_crds(self._tree)

    def look(self) -> TreeState | None:
        """The repository as it is, looked at once until something is forgotten."""
        if self._state is None:
            self._state = look(self._tree)
        return self._state

    def _note(self, cluster: Cluster, name: str, build: FluxBuild) -> None:
        """Tell the recordings of whoever asks what a shared build rests on."""
        if not reads.is_recorded():
            return
        self._note_files({*build.read, *self._looked_through(cluster)})
        given = {
            owner: {name: value.value for name, value in sorted(values.items())}
            for owner, values in sorted(build.variables.items())
        }
        reads.note(f"{reads.SETTINGS}{cluster.name}/{name}", text_fingerprint(repr(given)))
        if build.failures:
            self._note_failure(cluster)

    def _note_failure(self, cluster: Cluster) -> None:
        """What a build that failed has read is not known."""
        if not reads.is_recorded():
            return
        self._note_files(self._looked_through(cluster))
        reads.note(reads.CONTENT, self.whole(reads.CONTENT))

    def _note_files(self, paths: Iterable[str]) -> None:
        if not reads.is_recorded():
            return
        for path in paths:
            reads.note(path, self._fingerprint(path))
        reads.note(reads.NAMES, self.whole(reads.NAMES))
        if self._ladder is not None and self._ladder.trouble:
            reads.note(reads.UNREPEATABLE, self._ladder.trouble)

    def whole(self, key: str) -> str:
        """The fingerprint of the repository as a whole that `workspace.reads` calls `key`; empty
        for one that cannot be made."""
        if key not in self._hashes:
            self._hashes[key] = self._look_at_all(key)
        return self._hashes[key]

    def plain_file(self, path: str) -> str:
        """The fingerprint of a file that is reached through no link; empty when it is none."""
        state = self.look()
        stamp = state.stamps.get(path) if state else None
        return self._fingerprint(path) if stamp and stat.S_ISREG(stamp[0]) else ""

    def _look_at_all(self, key: str) -> str:
        match key:
            case reads.NAMES:
                return names_fingerprint(self._tree, self.look(), self.aside)
            case reads.CONTENT:
                return content_fingerprint(self._tree, self.look(), self.aside)
            case reads.CRDS:
                return crds_fingerprint(self._tree)
            case _:
                return ""

    def _looked_through(self, cluster: Cluster) -> frozenset[str]:
        """The files that may hold a cluster's settings and Kustomizations: each is looked into."""
        key = (cluster.name, cluster.kustomizations)
        if key not in self._looked:
            found = settings_files(self._tree, cluster)
            self._looked[key] = frozenset((*found, *kustomization_files(self._tree, cluster)))
        return self._looked[key]

    def _fingerprint(self, path: str) -> str:
        if path not in self._hashes:
            self._hashes[path] = self._read(path)
        return self._hashes[path]

    def _read(self, path: str) -> str:
        try:
            if path.endswith("/"):
                return folder_fingerprint(entries_of(self._tree / path))
            return file_fingerprint(regular.read_bytes(self._tree / path))
        except OSError:
            return ABSENT

    async def _open(self) -> RenderLadder:
        async with self._opening:
            if self._ladder is None:
                wanted = () if self._engine is EngineChoice.EMBEDDED else _RENDERERS
                found = await asyncio.gather(*(self._tools.usable(name) for name in wanted))
                self._options = choose(self._engine, dict(zip(wanted, found, strict=True)))
                self._ladder = RenderLadder(self._tree, self._watched, self._options)
                self._ladder.__enter__()
            return self._ladder

    async def _build(self, cluster: Cluster, name: str, file: str) -> FluxBuild:
        if file and not (self._tree / file).is_file():
            raise RenderError(f"{file} does not exist", place=Place(file))
        ladder = await self._open()
        return await ladder.build(declaring(cluster, file), name, keep_going=True)

    async def _build_folder(self, folder: str) -> FolderBuild:
        ladder = await self._open()
        if not (self._tree / folder).is_dir():
            raise RenderError(f"{folder} does not exist", place=Place(folder))
        last: RefusedFeatureError | ToolError | None = None
        for option in self._folder_options():
            engine = ladder.engine(option)
            if hasattr(engine, "build_layer"):
                continue
            try:
                ladder.refuse_hung(option)
                return await self._render(engine, folder, option.rung)
            except (RefusedFeatureError, ToolError) as problem:
                ladder.remember(option, problem)
                last = problem
        raise last or ToolError(f"no engine builds {folder}")

    def _folder_options(self) -> tuple[Option, ...]:
        """flux builds no bare folder: with it pinned, kustomize does this job or ours does."""
        if self._engine is not EngineChoice.FLUX:
            return self._options
        return choose(EngineChoice.EMBEDDED, {})

    async def _render(self, engine: Kustomizer, folder: str, rung: Rung) -> FolderBuild:
        objects = tuple(KubeObject(one) for one in await engine.build(self._tree, folder, None))
        return FolderBuild(objects, reach(self._tree, folder), rung)


def declaring(cluster: Cluster, file: str) -> Cluster:
    """The cluster as if `file` were its own file of Kustomizations; itself without one."""
    return replace(cluster, kustomizations=file) if file else cluster


async def _result(task: asyncio.Task[T]) -> T:
    """The result of a shared task; cancelling one who waits does not cancel the others."""
    return await asyncio.shield(task)
