"""A program that is killed outright leaves no command of its running, grandchildren included."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from storyrunner.tools.guard import SCRIPT, Guard

PATIENCE = 60.0


def is_running(pid: int) -> bool:
    """Whether a process is there and is more than a zombie."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def numbers_in(file: Path, count: int) -> list[int]:
    """Process numbers that somebody writes down."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = file.read_text().split() if file.exists() else []
        if len(found) == count:
            return [int(word) for word in found]
        time.sleep(0.01)
    raise AssertionError("nothing started")


def assert_gone(numbers: list[int]) -> None:
    """None is left, after a while."""
    end = time.monotonic() + PATIENCE
    while any(map(is_running, numbers)) and time.monotonic() < end:
        time.sleep(0.01)
    assert [number for number in numbers if is_running(number)] == []


RUNNING = """
import asyncio, sys
from pathlib import Path
from storyrunner.model.command import Command
from storyrunner.tools.process import OsRunner
script = sys.argv[1]
async def work():
    runner = OsRunner()
    await runner.run(Command(("/bin/sh", "-c", "exit 0"), Path("/")))
    await asyncio.gather(
        *(runner.run(Command(("/bin/sh", "-c", script), Path("/"))) for _ in range(2))
    )
asyncio.run(work())
"""


@pytest.mark.parametrize("trap", ["", "trap '' TERM INT HUP;"], ids=["polite", "stubborn"])
def test_after_sigkill_no_command_and_no_grandchild_is_left(
    tmp_path: Path, checkout: Path, trap: str
) -> None:
    pids = tmp_path / "pids"
    script = f"{trap} echo $$ >>{pids}; sh -c '{trap.replace(chr(39), '')}:; echo $$ >>{pids}; "
    script += "sleep 600; :'; :"
    child = subprocess.Popen(
        [sys.executable, "-c", RUNNING, script],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(checkout)},
    )
    started = numbers_in(pids, 4)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert_gone(started)


def test_the_guard_itself_ends_with_the_program() -> None:
    reading, writing = os.pipe()
    guard = subprocess.Popen(["/bin/sh", "-c", SCRIPT], stdin=reading)
    os.close(reading)
    assert guard.poll() is None
    os.close(writing)
    assert guard.wait(PATIENCE) == 0


def guarded(commands: str) -> None:
    """Run the guard's script on what it would be told."""
    subprocess.run(
        ["/bin/sh", "-c", SCRIPT, "guard", "1", "20"],
        input=commands.encode(),
        env={"PATH": os.defpath},
        check=False,
    )


def test_only_what_still_runs_at_the_end_is_ended() -> None:
    groups = [subprocess.Popen(["/bin/sleep", "600"], start_new_session=True) for _ in range(4)]
    first, second, third, fourth = groups
    try:
        guarded(
            f"+ {first.pid}\n+ {second.pid}\n+ {third.pid}\n- {second.pid}\n"
            f"- {fourth.pid}\nnonsense\n"
        )
        assert first.wait(PATIENCE) == -signal.SIGTERM
        assert third.wait(PATIENCE) == -signal.SIGTERM
        assert second.poll() is None
        assert fourth.poll() is None
    finally:
        for group in groups:
            group.kill()
            group.wait()


def test_a_guard_that_cannot_be_started_or_was_killed_is_done_without() -> None:
    def refuse(_pipe: int) -> None:
        raise OSError("no processes left")

    guard = Guard(refuse)
    guard.prepare()
    guard.watch(2**22 + 1)
    pipes: list[int] = []
    gone = Guard(pipes.append)
    gone.prepare()
    gone.watch(2**22 + 1)
    gone.forget(2**22 + 1)
    assert len(pipes) == 1
