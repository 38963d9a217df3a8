"""SIGKILL at any moment of a guided run: nothing torn, the journal restores, a new run ends it."""

from __future__ import annotations

import base64
import json
import random
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from storyrunner.workspace import Workspace
from storyrunner.workspace.state import OVERRIDE, state_folder
from tests.faults.conftest import Reached
from tests.faults.effort import Effort
from tests.faults.program import Program, Wanted
from tests.support.repositories import copy_repository, git

Files = dict[str, bytes]
GOAL = 1000
TEMPORARY = ".storyrunner-"


def files_of(root: Path) -> Files:
    """The working tree."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(root).parts
    }


@dataclass(frozen=True, slots=True)
class Reference:
    """An undisturbed run: the working tree before it and after each of its groups of writes, the
    tree that it committed, and how long it took."""

    states: tuple[Files, ...]
    tree: str
    seconds: float

    def allowed(self, path: str) -> set[bytes | None]:
        """All that a file may hold at any moment."""
        return {state.get(path) for state in self.states}


def walk(folder: Path) -> tuple[object, ...]:
    """The arguments of a guided run."""
    return ("run", "--yes", "--engine", "embedded", "-C", folder)


@pytest.fixture
def reference(
    program: Program, started: Path, surroundings: dict[str, str], tmp_path: Path
) -> Reference:
    """An undisturbed run."""
    folder = copy_repository(started, tmp_path / "reference")
    states = [files_of(folder)]
    record = tmp_path / "groups.json"
    ran = program.run(Wanted(walk(folder), surroundings, record=str(record)))
    assert ran.code == 0, ran.err
    for group in json.loads(record.read_text()):
        files = dict(states[-1])
        for path, data in group.items():
            if data is None:
                del files[path]
            else:
                files[path] = base64.b64decode(data)
        states.append(files)
    assert files_of(folder) == states[-1]
    return Reference(tuple(states), git(folder, "rev-parse", "HEAD^{tree}"), ran.seconds)


def is_torn(reference: Reference, files: Files) -> list[str]:
    """Files with neither old nor new content; what is staged for a write does not count."""
    names = {name for state in reference.states for name in state} | files.keys()
    return [
        name
        for name in sorted(names)
        if not Path(name).name.startswith(TEMPORARY)
        and files.get(name) not in reference.allowed(name)
    ]


def test_a_kill_at_any_moment_loses_nothing(
    program: Program,
    reference: Reference,
    started: Path,
    surroundings: dict[str, str],
    tmp_path: Path,
    effort: Effort,
    reached: Reached,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(OVERRIDE, surroundings[OVERRIDE])
    chance = random.Random(10)
    killed = restored = undone = 0
    seconds = reference.seconds
    for _ in effort.rounds(core=12, goal=GOAL * 3):
        folder = copy_repository(started, tmp_path / "gitops")
        after = chance.uniform(0, seconds * 1.05)
        [ran], left = program.together(
            [Wanted(walk(folder), surroundings, kills=((after, signal.SIGKILL),))]
        )
        assert left == [], f"killed after {after:.3f} s, still there: {left}"
        if ran.code == -signal.SIGKILL:
            killed += 1
            assert is_torn(reference, files_of(folder)) == []
            workspace = Workspace(folder, writable=True, state=state_folder(folder))
            recovery = workspace.recover()
            assert recovery is None or recovery.conflicts == ()
            restored += recovery is not None
            files = files_of(folder)
            assert files in reference.states, "between two groups of writes"
            if killed % 2 and workspace.pending_undo():
                workspace.undo()
                undone += 1
                assert files_of(folder) == reference.states[reference.states.index(files) - 1]
            resumed = program.run(Wanted(walk(folder), surroundings))
            assert resumed.code == 0, f"killed after {after:.3f} s: {resumed.out}{resumed.err}"
            seconds = 0.9 * seconds + 0.1 * resumed.seconds
        else:
            assert ran.code == 0, ran.err
            seconds = 0.9 * seconds + 0.1 * ran.seconds
        assert git(folder, "status", "--porcelain") == ""
        assert git(folder, "rev-parse", "HEAD^{tree}") == reference.tree
        assert git(folder, "rev-list", "--count", "HEAD").strip() == "2"
        assert list(Path(surroundings["TMPDIR"]).iterdir()) == []
        assert Workspace(folder, writable=True, state=state_folder(folder)).pending_undo() == ""
        shutil.rmtree(folder)
        shutil.rmtree(state_folder(folder))
        if killed >= GOAL:
            break
    assert killed > 0
    found = f"no file torn, none lost; {restored} writes taken back or finished, {undone} undone"
    reached("kills", "SIGKILL at a random moment of `run --yes`", killed, GOAL, found)
