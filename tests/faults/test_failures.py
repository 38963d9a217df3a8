"""A disk that says no at any write of a guided run: told in words, nothing lost, and it goes on."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from storyrunner.workspace import Workspace
from storyrunner.workspace.state import OVERRIDE, state_folder
from tests.faults.conftest import Reached
from tests.faults.effort import Effort
from tests.faults.program import Program, Ran, Wanted
from tests.faults.reference import Reference, files_of, walk
from tests.support.repositories import copy_repository

TOLD = {
    errno.ENOSPC: "the disk is full",
    errno.EIO: "input/output error",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
}
NOT_GREEN = (1, 3)
"""A step failed, or could not be carried out: never 0, and never a bug."""


def assert_nothing_lost(reference: Reference, folder: Path, ran: Ran, number: int) -> None:
    """Each file is old or new, what failed is told, and what was half is put right."""
    assert "Traceback" not in ran.err
    assert ran.code in NOT_GREEN, ran.out + ran.err
    assert TOLD[number] in ran.out + ran.err, ran.out + ran.err
    assert reference.torn(folder) == []
    workspace = Workspace(folder, writable=True, state=state_folder(folder))
    recovery = workspace.recover()
    assert recovery is None or recovery.conflicts == ()
    assert [name for name in files_of(folder) if ".storyrunner-" in name] == []


def test_a_failure_at_any_write_loses_nothing(
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
    count = tmp_path / "count"
    counted = {"at": 0, "number": 0, "lasting": False, "count_in": str(count)}
    folder = copy_repository(started, tmp_path / "counted")
    assert program.run(Wanted(walk(folder), surroundings, fault=counted)).code == 0
    writes = int(count.read_text())
    assert writes > 100
    places = [
        (at, number, lasting)
        for at in range(1, writes + 1)
        for number in TOLD
        for lasting in (False, True)
    ]
    random.Random(12).shuffle(places)
    done = 0
    for index in effort.rounds(core=5, goal=len(places), part=0.6):
        at, number, lasting = places[index]
        fault = {"at": at, "number": number, "lasting": lasting}
        folder = copy_repository(started, tmp_path / "gitops")
        ran = program.run(Wanted(walk(folder), surroundings, fault=fault))
        try:
            assert_nothing_lost(reference, folder, ran, number)
            again = program.run(Wanted(walk(folder), surroundings))
            assert again.code == 0, again.out + again.err
            assert reference.is_finished(folder)
        except AssertionError as wrong:
            raise AssertionError(f"{errno.errorcode[number]} at write {at}, {lasting=}") from wrong
        done += 1
        shutil.rmtree(folder)
        shutil.rmtree(state_folder(folder))
    what = f"ENOSPC, EIO, EROFS, EACCES, once and lasting, at each of {writes} writes"
    reached("failures", what, done, len(places), "told, exit code 1 or 3, nothing lost")


SYSCALLS = ("fsync", "renameat", "mkdirat", "unlinkat", "ftruncate", "openat", "write")
MAIN = "import sys; from storyrunner.cli import main; sys.exit(main())"


def strace() -> str:
    """The program, where it is and may trace; else the test is skipped with the reason."""
    found = shutil.which("strace", path="/usr/bin:/bin:/usr/local/bin")
    if found is None:
        pytest.skip("strace is not here")
    tried = subprocess.run(
        [found, "-o", os.devnull, "-e", "inject=fsync:error=EIO:when=1", "/bin/true"],
        capture_output=True,
        text=True,
        check=False,
    )
    if tried.returncode != 0:
        pytest.skip(f"strace may not trace here: {tried.stderr.strip()[:200]}")
    return found


def test_a_system_call_that_fails_loses_nothing(
    program: Program,
    reference: Reference,
    started: Path,
    surroundings: dict[str, str],
    tmp_path: Path,
    checkout: Path,
    effort: Effort,
    reached: Reached,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only the main thread is traced: the one that writes. What is hit may be any file, the
    report on stdout included, so only what must hold for all is asked for."""
    traced = strace()
    monkeypatch.setenv(OVERRIDE, surroundings[OVERRIDE])
    chance = random.Random(13)
    goal, hit, done = 300, 0, 0
    for _ in effort.rounds(core=2, goal=goal, part=0.4):
        call, number = chance.choice(SYSCALLS), chance.choice(list(TOLD))
        first = chance.randrange(1, {"openat": 1500, "write": 300}.get(call, 40))
        rule = f"inject={call}:error={errno.errorcode[number]}:when={first}"
        folder = copy_repository(started, tmp_path / "gitops")
        log = tmp_path / "log"
        command = [traced, "-qq", "-o", str(log), "-e", f"trace={call}", "-e", rule]
        ran = subprocess.run(
            [*command, sys.executable, "-c", MAIN, *map(str, walk(folder))],
            env=surroundings | {"PYTHONPATH": str(checkout)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        was_hit = "(INJECTED)" in log.read_text(errors="replace")
        told = f"{rule}: exit code {ran.returncode}\n{ran.stdout}{ran.stderr}"
        assert ran.returncode in (0, 1, 2, 3, *(() if was_hit else (0,))), told
        assert reference.torn(folder) == [], told
        again = program.run(Wanted(walk(folder), surroundings))
        assert again.code == 0, told + again.out + again.err
        assert reference.is_finished(folder), told
        hit += was_hit
        done += 1
        shutil.rmtree(folder)
        shutil.rmtree(state_folder(folder), ignore_errors=True)
    assert done > 0
    what = "strace: a system call of the program fails"
    reached("failures", what, done, goal, f"{hit} were hit; nothing torn, nothing lost, no bug")
