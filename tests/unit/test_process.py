"""The runner: nothing it starts outlives it, nothing it reads can hurt, nothing leaks in."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from storyrunner.errors import ToolError
from storyrunner.model.command import Command, Ending, Outcome
from storyrunner.tools.child import Limits
from storyrunner.tools.environment import SPARING
from storyrunner.tools.process import OsRunner

FAST = Limits(int_grace=0.1, term_grace=0.1, sweep_grace=0.1, drain=0.2)
PYTHON = sys.executable


@pytest.fixture
def runner() -> OsRunner:
    return OsRunner(limits=FAST)


def shell(script: str, *, cwd: Path = Path("/"), **more: object) -> Command:
    return Command(("/bin/sh", "-c", script), cwd, **more)  # type: ignore[arg-type]


def python(script: str, *args: str, cwd: Path = Path("/"), **more: object) -> Command:
    return Command((PYTHON, "-c", script, *args), cwd, **more)  # type: ignore[arg-type]


def is_running(pid: int) -> bool:
    """A zombie does not run; whether somebody reaps it is not the runner's business."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    return True


async def until(holds: Callable[[], bool], seconds: float = 60.0) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:  # noqa: ASYNC110 - another process's doing
        await asyncio.sleep(0.01)
    return holds()


async def pids_in(file: Path, count: int) -> list[int]:
    """The process ids that the subject wrote down, once there are `count` of them."""
    assert await until(lambda: file.exists() and len(file.read_text().split()) >= count)
    return [int(word) for word in file.read_text().split()]


STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0 and os.fork() == 0:
    pass
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()}\\n")
time.sleep(600)
"""


async def test_a_command_gives_its_output_code_and_duration(runner: OsRunner) -> None:
    outcome = await runner.run(shell("echo out; echo err >&2; exit 3"))
    assert outcome.ending is Ending.EXITED
    assert outcome.code == 3
    assert not outcome.ok
    assert (outcome.stdout, outcome.stderr) == (b"out\n", b"err\n")
    assert outcome.seconds > 0


async def test_a_code_among_the_ok_codes_is_ok(runner: OsRunner) -> None:
    assert (await runner.run(shell("exit 1", ok_codes=frozenset({0, 1})))).ok


async def test_it_runs_in_the_folder_that_is_asked_for(runner: OsRunner, tmp_path: Path) -> None:
    outcome = await runner.run(shell("pwd -P", cwd=tmp_path))
    assert outcome.stdout_text.strip() == str(tmp_path.resolve())


async def test_arguments_reach_the_program_unchanged(runner: OsRunner) -> None:
    words = ("", "a b", "${X}", "*", "--flag=x", "-x", "ü€", "q\"'", "line\nbreak", "False")
    outcome = await runner.run(python("import sys; print(sys.argv[1:])", *words))
    assert outcome.stdout_text.strip() == repr(list(words))


async def test_a_hang_times_out_and_the_whole_group_is_gone(
    runner: OsRunner, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    outcome = await runner.run(python(STUBBORN, str(pids), timeout=3.0))
    assert outcome.ending is Ending.TIMED_OUT
    assert outcome.code is None
    assert b"timed out after 3 s" in outcome.stderr
    started = [int(word) for word in pids.read_text().split()]
    assert len(started) == 3
    assert await until(lambda: not any(map(is_running, started)))


async def test_a_program_that_heeds_the_interrupt_is_not_killed(runner: OsRunner) -> None:
    script = """
import signal, sys, time
def leave(*_):
    print("tidied up", flush=True)
    sys.exit(0)
signal.signal(signal.SIGINT, leave)
print("ready", flush=True)
time.sleep(600)
"""
    patient = OsRunner(limits=Limits(int_grace=30, term_grace=30))
    outcome = await patient.run(python(script, timeout=3.0))
    assert outcome.ending is Ending.TIMED_OUT
    assert outcome.stdout == b"ready\ntidied up\n"
    assert outcome.seconds < 30


async def test_a_grandchild_is_swept_after_a_normal_exit(runner: OsRunner, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"(trap '' INT TERM HUP; sleep 600) & echo $! > {pids}; echo done"
    outcome = await runner.run(shell(script))
    assert outcome.ok
    assert outcome.stdout == b"done\n"
    assert outcome.seconds < 60
    started = await pids_in(pids, 1)
    assert await until(lambda: not any(map(is_running, started)))


async def test_one_that_left_the_group_cannot_hold_the_run_by_its_pipe(
    runner: OsRunner, tmp_path: Path
) -> None:
    script = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    with open(sys.argv[1], "w") as file:
        file.write(str(os.getpid()))
    time.sleep(600)
print("leader done", flush=True)
while not os.path.exists(sys.argv[1]):
    time.sleep(0.01)
"""
    pids = tmp_path / "pids"
    outcome = await runner.run(python(script, str(pids)))
    for pid in await pids_in(pids, 1):
        os.kill(pid, signal.SIGKILL)
    assert outcome.stdout == b"leader done\n"
    assert outcome.seconds < 60


async def test_cancelling_ends_the_whole_group_before_it_returns(
    runner: OsRunner, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    task = asyncio.create_task(runner.run(python(STUBBORN, str(pids))))
    started = await pids_in(pids, 3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not any(map(is_running, started))


async def test_a_second_cancel_does_not_wait_for_the_graces(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    slow = OsRunner(limits=Limits(int_grace=60, term_grace=60))
    task = asyncio.create_task(slow.run(python(STUBBORN, str(pids))))
    started = await pids_in(pids, 3)
    task.cancel()
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 20)
    assert await until(lambda: not any(map(is_running, started)))


async def test_a_cancel_before_the_start_leaves_nothing_running(
    runner: OsRunner, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    task = asyncio.create_task(runner.run(shell(f"echo $$ > {pids}; sleep 600")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not pids.exists() or not is_running(int(pids.read_text() or "0") or os.getpid() + 10**7)


async def test_a_megabyte_of_invalid_utf8_is_kept_as_it_is(runner: OsRunner) -> None:
    script = "import sys; sys.stdout.buffer.write(b'\\xff\\xfe\\x80\\n' * 262144)"
    lines: list[str] = []
    outcome = await runner.run(python(script), lambda _, line: lines.append(line))
    assert outcome.ok
    assert outcome.stdout == b"\xff\xfe\x80\n" * 262144
    assert len(lines) == 262144
    assert set(lines) == {"\ufffd\ufffd\ufffd"}


async def test_one_endless_line_is_shown_once_and_cut(runner: OsRunner) -> None:
    lines: list[str] = []
    script = "import sys; sys.stdout.write('x' * 1_000_000 + '\\nnext\\n')"
    outcome = await runner.run(python(script), lambda _, line: lines.append(line))
    assert lines == ["x" * FAST.line + "…", "next"]
    assert len(outcome.stdout) == 1_000_006


async def test_output_beyond_the_bound_is_killed_and_says_so() -> None:
    small = OsRunner(limits=Limits(output=100_000, int_grace=0.1, term_grace=0.1))
    outcome = await small.run(shell("while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done"))
    assert outcome.ending is Ending.KILLED
    assert outcome.code is None
    assert len(outcome.stdout) == 100_000
    assert b"more than 100000 bytes" in outcome.stderr


async def test_a_program_killed_by_a_signal_has_no_exit_code(runner: OsRunner) -> None:
    outcome = await runner.run(shell("kill -SEGV $$"))
    assert outcome.ending is Ending.KILLED
    assert outcome.code is None
    assert b"killed by SIGSEGV" in outcome.stderr


async def test_a_missing_program_is_an_outcome(runner: OsRunner) -> None:
    outcome = await runner.run(Command(("no-such-program-at-all",), Path("/")))
    assert outcome.ending is Ending.NOT_FOUND
    assert outcome.code is None
    assert b"no-such-program-at-all" in outcome.stderr


async def test_a_file_that_is_no_program_is_an_outcome(runner: OsRunner, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(b"\x00\x01 neither machine code nor a script")
    broken.chmod(0o755)
    outcome = await runner.run(Command((str(broken),), tmp_path))
    assert outcome.ending is Ending.NOT_FOUND
    assert b"Exec format error" in outcome.stderr


async def test_a_missing_folder_is_an_outcome(runner: OsRunner, tmp_path: Path) -> None:
    outcome = await runner.run(shell("true", cwd=tmp_path / "gone"))
    assert outcome.ending is Ending.NOT_FOUND
    assert b"no such folder" in outcome.stderr


@pytest.mark.parametrize("argv", [(), ("",), ("/bin/true", "a\0b")])
async def test_a_command_that_cannot_be_one_is_refused(
    runner: OsRunner, argv: tuple[str, ...]
) -> None:
    with pytest.raises(ToolError):
        await runner.run(Command(argv, Path("/")))


async def test_nothing_of_our_environment_is_inherited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    monkeypatch.setenv("KUBECONFIG", "/somewhere")
    outcome = await OsRunner().run(Command(("/usr/bin/env",), Path("/")))
    names = {line.partition("=")[0] for line in outcome.stdout_text.splitlines()}
    assert names <= {"PATH", "HOME", "LANG", "TMPDIR", "PWD", "SHLVL", "_", "LC_CTYPE", *SPARING}
    assert "LANG=C.UTF-8" in outcome.stdout_text.splitlines()


async def test_an_allowed_variable_is_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/agent")
    outcome = await OsRunner(allow=["SSH_AUTH_SOCK"]).run(Command(("/usr/bin/env",), Path("/")))
    assert "SSH_AUTH_SOCK=/agent" in outcome.stdout_text.splitlines()


async def test_a_given_environment_is_the_whole_one(runner: OsRunner) -> None:
    outcome = await runner.run(Command(("/usr/bin/env",), Path("/"), env={"ONLY": "this"}))
    assert outcome.stdout == b"ONLY=this\n"


async def test_stdin_is_closed_unless_it_is_given(runner: OsRunner) -> None:
    outcome = await runner.run(shell("cat; echo end", timeout=20))
    assert outcome.stdout == b"end\n"


async def test_given_input_arrives_whole_even_when_output_comes_first(
    runner: OsRunner,
) -> None:
    data = os.urandom(3_000_000)
    outcome = await runner.run(Command(("/bin/cat",), Path("/"), stdin=data))
    assert outcome.stdout == data


async def test_input_that_nobody_reads_does_no_harm(runner: OsRunner) -> None:
    outcome = await runner.run(shell("exit 0", stdin=b"x" * 1_000_000))
    assert outcome.ok


async def test_no_terminal_and_no_file_of_ours_is_handed_down(
    runner: OsRunner, tmp_path: Path
) -> None:
    script = (
        "import os; print(sorted(int(f) for f in os.listdir('/dev/fd'))[:3],"
        " [os.isatty(n) for n in range(3)], len(os.listdir('/dev/fd')))"
    )
    with (tmp_path / "ours").open("w") as ours:
        os.set_inheritable(ours.fileno(), True)
        outcome = await runner.run(python(script))
    assert outcome.stdout_text.strip() == "[0, 1, 2] [False, False, False] 4"


async def test_lines_come_while_the_command_runs(runner: OsRunner, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    lines: list[tuple[str, str]] = []
    script = f"echo first; echo warn >&2; while [ ! -e {gate} ]; do sleep 0.02; done; printf last"
    task = asyncio.create_task(runner.run(shell(script), lambda s, line: lines.append((s, line))))
    assert await until(lambda: len(lines) == 2)
    assert set(lines) == {("stdout", "first"), ("stderr", "warn")}
    gate.touch()
    assert (await task).ok
    assert lines[2:] == [("stdout", "last")]


async def test_lines_are_given_in_the_thread_of_the_loop(runner: OsRunner) -> None:
    threads: set[int] = set()
    await runner.run(shell("echo a; echo b"), lambda *_: threads.add(threading.get_ident()))
    assert threads == {threading.get_ident()}


async def test_a_sink_that_breaks_ends_the_command_and_is_heard(runner: OsRunner) -> None:
    def broken(stream: str, line: str) -> None:
        raise ValueError(f"cannot take {line}")

    with pytest.raises(ValueError, match="cannot take hello"):
        await asyncio.wait_for(runner.run(shell("echo hello; sleep 600"), broken), 20)


async def test_a_flood_of_lines_does_not_block_the_loop(runner: OsRunner) -> None:
    """Between two turns of the loop lies a bounded piece of the output, however slow it all is."""
    count = since = most = 0

    def sink(stream: str, line: str) -> None:
        nonlocal count, since
        count += 1
        since += 1

    flood = asyncio.create_task(
        runner.run(python("for n in range(200_000): print('line', n)"), sink)
    )
    while not flood.done():
        await asyncio.sleep(0)
        most, since = max(most, since), 0
    assert count == 200_000
    assert most < 50_000


async def test_many_commands_run_side_by_side(runner: OsRunner, tmp_path: Path) -> None:
    """Each waits until all of them have started."""
    script = "cd {0}; : >{1}; while set -- *; [ $# -lt 12 ]; do sleep 0.05; done; echo {1}"
    outcomes = await asyncio.gather(
        *(runner.run(shell(script.format(tmp_path, n), timeout=60)) for n in range(12))
    )
    assert [outcome.stdout_text.strip() for outcome in outcomes] == [str(n) for n in range(12)]


def test_it_works_from_a_loop_in_another_thread(runner: OsRunner) -> None:
    found: list[Outcome] = []
    thread = threading.Thread(
        target=lambda: found.append(asyncio.run(runner.run(shell("echo from afar"))))
    )
    thread.start()
    thread.join(30)
    assert [outcome.stdout for outcome in found] == [b"from afar\n"]


async def test_no_file_descriptor_is_left_open(runner: OsRunner) -> None:
    await runner.run(shell("true"))
    before = _open_files()
    for _ in range(5):
        await runner.run(shell("echo x; sleep 600", timeout=0.05))
        await runner.run(shell("cat", stdin=b"x"))
    assert await until(lambda: _open_files() <= before)


def _open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def test_which_passes_over_relative_folders_on_the_path(tmp_path: Path) -> None:
    planted = tmp_path / "kubectl"
    planted.write_text("#!/bin/sh\n")
    planted.chmod(0o755)
    assert OsRunner({"PATH": "."}).which("kubectl") is None
    assert OsRunner({"PATH": f"relative:{tmp_path}"}).which("kubectl") == planted


async def test_a_relative_program_is_looked_for_in_the_folder_of_the_command(
    runner: OsRunner, tmp_path: Path
) -> None:
    script = tmp_path / "hello"
    script.write_text("#!/bin/sh\necho hello\n")
    script.chmod(0o755)
    outcome = await runner.run(Command(("./hello",), tmp_path))
    assert outcome.stdout == b"hello\n"


def test_what_still_runs_when_the_program_ends_is_killed(tmp_path: Path, checkout: Path) -> None:
    script = """
import asyncio, sys, threading, time
from pathlib import Path
from storyrunner.model.command import Command
from storyrunner.tools.process import OsRunner
runner, pids = OsRunner(), Path(sys.argv[1])
def work():
    asyncio.run(runner.run(Command(("/bin/sh", "-c", f"echo $$ > {pids}; sleep 600"), Path("/"))))
threading.Thread(target=work, daemon=True).start()
while not pids.exists() or not pids.read_text().strip():
    time.sleep(0.01)
"""
    pids = tmp_path / "pids"
    command = python(script, str(pids), env={"PYTHONPATH": str(checkout)}, timeout=30)
    outcome = asyncio.run(OsRunner().run(command))
    assert outcome.ok, outcome.stderr_text
    assert asyncio.run(until(lambda: not is_running(int(pids.read_text()))))
