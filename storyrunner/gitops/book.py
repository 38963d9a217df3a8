"""Builds of a run, each made once and shared by all checks that look at it.

A write forgets everything. Steps ask here and never choose an engine (`render_ladder` does).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, TypeVar

from storyrunner.errors import (
    Place,
    RefusedFeatureError,
    RenderError,
    StoryrunnerError,
    ToolError,
)
from storyrunner.gitops.crd_files import find_crds
from storyrunner.gitops.flux_build import FluxBuild
from storyrunner.gitops.flux_find import find_kustomizations
from storyrunner.gitops.objects import KubeObject
from storyrunner.gitops.reach import reach
from storyrunner.gitops.render_ladder import Option, RenderLadder, choose
from storyrunner.gitops.tree_notes import TreeNotes
from storyrunner.gitops.watched_runner import WatchedRunner
from storyrunner.model.cluster import Cluster
from storyrunner.model.frozen import dataclass
from storyrunner.model.ports import Kustomizer, Runner
from storyrunner.model.rung import EngineChoice, Rung
from storyrunner.tools.toolbox import Toolbox
from storyrunner.workspace import reads
from storyrunner.workspace.reads import text_fingerprint

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
        self._ran: dict[str, tuple[str, ...]] = {}
        self.notes = TreeNotes(tree)
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
            self.notes.note_failure(declaring(cluster, file))
            self._note_commands(f"{cluster.name} {name}")
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
            self._flux[key].add_done_callback(_look_at)
        return self._flux[key]

    async def folder(self, folder: str) -> FolderBuild:
        """The kustomize build of a folder, without any Flux layer."""
        if folder not in self._folders:
            self._folders[folder] = asyncio.ensure_future(self._build_folder(folder))
        try:
            build = await _result(self._folders[folder])
        except StoryrunnerError:
            self.notes.note_failure()
            self._note_commands(folder)
            raise
        self.notes.note_files(build.read)
        self._note_commands(folder)
        return build

    def forget(self) -> None:
        """Files changed: build again at the next question."""
        self._flux.clear()
        self._folders.clear()
        self.notes.forget()
        self._ran.clear()
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
        return {path: self.notes.fingerprint(path) for path in (*files, *folders)}

    def declared(self, cluster: Cluster, file: str = "") -> tuple[KubeObject, ...]:
        """The Flux Kustomizations that a cluster's own files declare, and those of `file`."""
        found = find_kustomizations(self._tree, declaring(cluster, file))
        self.notes.note_files(self.notes.looked_through(declaring(cluster, file)))
        return tuple(one.object for one in found)

    def crds(self) -> tuple[Mapping[str, Any], ...]:
        """The definitions in all files of the repository."""
        self.notes.note_crds()
        return find_crds(self._tree)

    def _note(self, cluster: Cluster, name: str, build: FluxBuild) -> None:
        """Tell the recordings of whoever asks what a shared build rests on."""
        if not reads.is_recorded():
            return
        self.notes.note_files({*build.read, *self.notes.looked_through(cluster)})
        given = {
            owner: {name: value.value for name, value in sorted(values.items())}
            for owner, values in sorted(build.variables.items())
        }
        reads.note(f"{reads.SETTINGS}{cluster.name}/{name}", text_fingerprint(repr(given)))
        self._note_commands(f"{cluster.name} {name}")
        if build.failures:
            self.notes.note_failure(cluster)

    def _note_commands(self, build: str) -> None:
        """Commands are started once, and are the proof of every step that looks at the build."""
        for command in self._ran.get(build, ()):
            reads.note_command(command)
        if self._ladder is not None and self._ladder.trouble:
            reads.note(reads.UNREPEATABLE, self._ladder.trouble)

    @contextmanager
    def _running(self, build: str) -> Iterator[None]:
        """Remember the commands that a build starts, on every rung that is tried."""
        with reads.recording() as noted:
            try:
                yield
            finally:
                self._ran[build] = (*self._ran.get(build, ()), *reads.commands_in(noted))

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
        with self._running(f"{cluster.name} {name}"):
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
                with self._running(folder):
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


def _look_at(task: asyncio.Task[FluxBuild]) -> None:
    """A build that failed before anybody asked for it is told by nobody: not by the loop either."""
    if not task.cancelled():
        task.exception()


def declaring(cluster: Cluster, file: str) -> Cluster:
    """The cluster as if `file` were its own file of Kustomizations; itself without one."""
    return replace(cluster, kustomizations=file) if file else cluster


async def _result(task: asyncio.Task[T]) -> T:
    """The result of a shared task; cancelling one who waits does not cancel the others."""
    return await asyncio.shield(task)
