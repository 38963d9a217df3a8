"""SIGKILL at any moment of a guided run: nothing torn, the journal restores, a new run ends it."""

from __future__ import annotations

import random
import shutil
import signal
from pathlib import Path

import pytest

from storyrunner.workspace import Workspace
from storyrunner.workspace.state import OVERRIDE, state_folder
from tests.faults.conftest import Reached
from tests.faults.effort import Effort
from tests.faults.program import Program, Wanted
from tests.faults.reference import Reference, files_of, walk
from tests.support.repositories import copy_repository

GOAL = 1000


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
    for _ in effort.rounds(core=6, goal=GOAL * 3):
        folder = copy_repository(started, tmp_path / "gitops")
        after = chance.uniform(0, seconds * 1.05)
        [ran], left = program.together(
            [Wanted(walk(folder), surroundings, kills=((after, signal.SIGKILL),))]
        )
        assert left == [], f"killed after {after:.3f} s, still there: {left}"
        if ran.code == -signal.SIGKILL:
            killed += 1
            assert reference.torn(folder) == []
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
        assert reference.is_finished(folder)
        assert list(Path(surroundings["TMPDIR"]).iterdir()) == []
        assert Workspace(folder, writable=True, state=state_folder(folder)).pending_undo() == ""
        shutil.rmtree(folder)
        shutil.rmtree(state_folder(folder))
        if killed >= GOAL:
            break
    assert killed > 0
    found = f"no file torn, none lost; {restored} writes taken back or finished, {undone} undone"
    reached("kills", "SIGKILL at a random moment of `run --yes`", killed, GOAL, found)
