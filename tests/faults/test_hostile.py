"""A stranger's story, runbook or manifests: nothing runs, nothing escapes, nothing paints."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from storyrunner.workspace.writes import TEMPORARY
from tests.faults.conftest import Reached
from tests.faults.effort import VARIABLE
from tests.faults.hostile import CASES, ESCAPES, SECRET, Trap
from tests.faults.program import Program, Ran, Wanted
from tests.faults.terminal import Terminal
from tests.support.repositories import FOLDER, STORY, copy_repository, fingerprint, git

CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
READING: tuple[tuple[str, ...], ...] = (
    ("--check", "--all", "--engine", "embedded"),
    ("--check", "6", "--engine", "embedded", "--format", "json"),
    ("list",),
    ("lint",),
    ("show", "STORY-SEC-CERT-MANAGER-ISSUERS"),
    ("show", "STORY-EVIL"),
    ("doctor", "STORY-SEC-CERT-MANAGER-ISSUERS"),
    ("doctor", "STORY-EVIL"),
    ("vars",),
)
WRITING: tuple[tuple[str, ...], ...] = (
    ("run", "6", "--yes", "--engine", "embedded"),
    ("record", "6", "--yes"),
    ("rollback", "6", "--yes"),
)
HANGS = ((180.0, int(signal.SIGKILL)),)
CODES = frozenset({0, 1, 2, 3, 4, 8})
HEARD = ("sh", "bash", "env", "touch", "ls", "cat", "echo", "tee", "sleep")
"""On PATH besides git, so that a command that got through would do its harm."""


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    """A folder outside of the repository, with something to steal."""
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("secret.md", "secret.yaml"):
        (outside / name).write_text(f"kind: ConfigMap\nmetadata: {{name: {SECRET}}}\n")
    return Trap(outside)


@pytest.fixture
def watched(surroundings: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The environment, with a secret in it and programs that payloads would need."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("git", *HEARD):
        found = shutil.which(name, path="/usr/bin:/bin")
        if found:
            (folder / name).symlink_to(found)
    return surroundings | {"PATH": str(folder), "PLANTED": SECRET}


def assert_harmless(ran: Ran, words: tuple[str, ...]) -> None:
    """It ended as it may, painted nothing and told no secret."""
    told = f"{words}: exit code {ran.code}\n{ran.out[-3000:]}\n{ran.err[-3000:]}"
    assert ran.code in CODES, told
    assert "Traceback" not in ran.err, told
    for text in (ran.out, ran.err):
        found = CONTROLS.search(text)
        assert found is None, f"{found.group()!r} in {told!r}" if found else ""
        assert SECRET not in text, told


def assert_confined(demo: Path, trap: Trap, before: str, git_before: str) -> None:
    """Nothing outside changed, no trace of a payload is anywhere, git's inside is git's."""
    assert fingerprint(trap.outside) == before
    assert [path for path in trap.outside.parent.rglob("PWNED")] == []  # noqa: C416
    assert inside_git(demo) == git_before
    assert [path for path in demo.rglob(f"{TEMPORARY}*")] == []  # noqa: C416


def inside_git(demo: Path) -> str:
    """Hooks and configuration."""
    return fingerprint(demo / ".git/hooks") + (demo / ".git/config").read_text()


CHOSEN = list(CASES) if os.environ.get(VARIABLE) else list(CASES)[3::7]
"""All in the gate's own run of the suites, a few among the other tests."""


def test_the_payload_would_leave_a_trace(trap: Trap) -> None:
    before = fingerprint(trap.outside)
    subprocess.run(["/bin/sh", "-c", trap.payload], env={"PATH": "/usr/bin:/bin"}, check=True)
    assert fingerprint(trap.outside) != before


@pytest.mark.parametrize("name", CHOSEN)
def test_a_strangers_repository_does_no_harm(
    name: str,
    program: Program,
    started: Path,
    watched: dict[str, str],
    trap: Trap,
    tmp_path: Path,
    reached: Reached,
) -> None:
    demo = copy_repository(started, tmp_path / "gitops")
    CASES[name](demo, trap)
    before, git_before = fingerprint(trap.outside), inside_git(demo)
    tree = listing(demo)
    ran, left = program.together(
        [Wanted((*words, "-C", demo), watched, HANGS) for words in READING], parallel=3
    )
    assert left == []
    for one, words in zip(ran, READING, strict=True):
        assert_harmless(one, words)
    assert_confined(demo, trap, before, git_before)
    assert listing(demo) == tree, "reading changed the repository"
    # A commit is the engineer's own git, with all that the engineer configured.
    for words in WRITING if name != "repository: a configured file watcher" else ():
        [one], left = program.together([Wanted((*words, "-C", demo), watched, HANGS)])
        assert left == []
        assert_harmless(one, words)
        assert_confined(demo, trap, before, git_before)
    if name == CHOSEN[-1]:
        what = "stories, runbooks, manifests and settings of a stranger, 12 commands on each"
        reached(
            "hostile", what, len(CHOSEN), len(CASES), "nothing ran, left the repository or painted"
        )


def listing(demo: Path) -> dict[str, str]:
    """Names of the working tree with what git thinks of them."""
    return {
        path.relative_to(demo).as_posix(): f"{path.lstat().st_mode} {path.lstat().st_size}"
        for path in sorted(demo.rglob("*"))
        if ".git" not in path.relative_to(demo).parts
    }


def test_a_folder_that_becomes_a_link_while_it_is_written_leads_nowhere(
    program: Program, started: Path, watched: dict[str, str], trap: Trap, tmp_path: Path
) -> None:
    """Somebody exchanges the target folder for a link outside, again and again."""
    before = fingerprint(trap.outside)
    for _ in range(8):
        demo = copy_repository(started, tmp_path / "gitops")
        target, aside, over = demo / FOLDER, demo / f"{FOLDER}-aside", threading.Event()

        def race(target: Path = target, aside: Path = aside, over: threading.Event = over) -> None:
            while not over.is_set():
                try:
                    if target.is_dir() and not target.is_symlink():
                        target.rename(aside)
                    target.symlink_to(trap.outside)
                    target.unlink()
                    if aside.is_dir():
                        aside.rename(target)
                except OSError:
                    continue

        racing = threading.Thread(target=race)
        racing.start()
        try:
            words = ("run", "6", "--yes", "--engine", "embedded")
            [ran], left = program.together([Wanted((*words, "-C", demo), watched, HANGS)])
        finally:
            over.set()
            racing.join()
        assert left == []
        assert ran.code in CODES, ran.err
        assert fingerprint(trap.outside) == before
        shutil.rmtree(demo)


def test_the_screens_show_markup_as_text_and_let_no_escape_through(
    started: Path, watched: dict[str, str], trap: Trap, tmp_path: Path, checkout: Path
) -> None:
    demo = copy_repository(started, tmp_path / "gitops")
    CASES["runbook: injections in every text"](demo, trap)
    CASES["story: injections in the title"](demo, trap)
    CASES["story: injections in the boxes"](demo, trap)
    before = fingerprint(trap.outside)
    environment = watched | {"TERM": "xterm-256color", "PYTHONPATH": str(checkout)}
    terminal = Terminal(environment, demo, "--engine", "embedded", "-C", demo)
    terminal.until(b"PWNED")
    for _ in range(20):
        terminal.press(b"\x1b[B")  # down, through the outline and its explanations
    terminal.send(signal.SIGTERM)
    assert terminal.ended() == 130
    for part in (b"\x1b]0;PWNED", b"\x1bPq", "\u202e".encode(), b"\xc2\x9b"):
        assert part not in terminal.shown
    assert ESCAPES.encode()[:4] not in terminal.shown
    assert b"[bold" in terminal.shown, "markup is text"
    assert fingerprint(trap.outside) == before
    assert (demo / STORY).exists()
    assert git(demo, "rev-list", "--count", "HEAD").strip() == "1"
