"""What a confined program cannot do, asked of the kernel that runs the tests."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

from storyrunner.model.command import Command, Outcome
from storyrunner.tools import confined
from storyrunner.tools.process import OsRunner

BASH = shutil.which("bash") or "bash"  # read on import: tests run with a bare PATH
PATH = "/usr/local/bin:/usr/bin:/bin"

needs_landlock = pytest.mark.skipif(confined.abi() < 1, reason="this kernel has no Landlock")


def run(text: str, cwd: Path, *options: str) -> Outcome:
    """A shell text in the script, started as the product starts it."""
    head = (sys.executable, "-I", "-S", str(confined.__file__), *options, "--")
    command = Command((*head, BASH, "-c", text), cwd, env={"PATH": PATH}, timeout=30)
    return asyncio.run(OsRunner().run(command))


def test_program_arguments_environment_and_exit_code_pass_through(tmp_path: Path) -> None:
    done = run("echo $PATH; pwd; exit 7", tmp_path, "--writable", str(tmp_path))
    assert done.stdout_text.splitlines() == [PATH, str(tmp_path)]
    assert done.code == 7


@needs_landlock
@pytest.mark.parametrize(
    "text",
    [
        "echo x > {out}/a",
        "echo x >> {out}/kept",
        "rm {out}/kept",
        "mkdir {out}/new",
        "mv {out}/kept {inside}/a",
        "ln {out}/kept {inside}/a && echo x > {inside}/a",
        "ln -s {out} {inside}/link && echo x > {inside}/link/a",
        "cp /bin/ls {out}/a",
        "truncate -s 0 {out}/kept",
        "bash -c 'echo x > {out}/a'",
        "(setsid bash -c 'echo x > {out}/a')",
    ],
)
def test_nothing_outside_can_be_changed(tmp_path: Path, text: str) -> None:
    out, inside = tmp_path / "out", tmp_path / "inside"
    out.mkdir()
    inside.mkdir()
    (out / "kept").write_text("kept\n")
    done = run(text.format(out=out, inside=inside), inside, "--writable", str(inside))
    assert not done.ok
    assert {item.name: item.read_text() for item in out.iterdir()} == {"kept": "kept\n"}


@needs_landlock
def test_inside_everything_can_be_done_and_devices_work(tmp_path: Path) -> None:
    text = "mkdir a && echo x > a/b && mv a/b c && ln -s c d && rm d && echo y > /dev/null && cat c"
    done = run(text, tmp_path, "--writable", str(tmp_path))
    assert done.ok, done.stderr_text
    assert done.stdout_text == "x\n"


@needs_landlock
def test_a_place_that_is_not_there_is_no_place(tmp_path: Path) -> None:
    assert not run("echo x > a", tmp_path, "--writable", str(tmp_path / "missing")).ok
