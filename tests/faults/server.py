"""Runs the program many times without paying for its start: one process that is warm, and forks.

`python -m tests.faults.server` reads requests from stdin, a line of JSON each, and answers each
with a line of JSON. A request is a list of runs that go on side by side. Every run is a process
and session of its own that calls the command line's `main`, as the real one does.
"""

from __future__ import annotations

import atexit
import base64
import contextlib
import ctypes
import json
import os
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PR_SET_CHILD_SUBREAPER = 36
TICK = 0.001
CALLS = ("open", "write", "sync", "truncate", "rename", "unlink", "mkdir", "rmdir")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(slots=True)
class Run:
    """A child that goes on."""

    pid: int
    out: Any
    err: Any
    began: float
    kills: list[tuple[float, int]] = field(default_factory=list)


def serve(folder: str) -> None:
    """Answer requests until stdin ends; `folder` is a repository to get warm on."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warm(folder)
    ours = set(children())
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for line in sys.stdin:
        request = json.loads(line)
        answer = together(request["runs"], request["parallel"], request["settle"], ours)
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def together(
    wanted: list[dict[str, Any]], parallel: int, settle: float, ours: set[int]
) -> dict[str, Any]:
    """All runs, at most `parallel` at a time; what they left running `settle` seconds later."""
    waiting, running = list(enumerate(wanted)), dict[int, Run]()
    ended: list[Any] = [None] * len(wanted)
    while waiting or running:
        while waiting and len(running) < parallel:
            index, one = waiting.pop(0)
            running[index] = start(one)
        for index, run in list(running.items()):
            now = time.monotonic()
            while run.kills and now >= run.began + run.kills[0][0]:
                os.kill(run.pid, run.kills.pop(0)[1])
            pid, status = os.waitpid(run.pid, os.WNOHANG)
            if pid:
                ended[index] = finish(run, status)
                del running[index]
        time.sleep(TICK)
    return {"runs": ended, "left": left(settle, ours)}


def start(wanted: dict[str, Any]) -> Run:
    """Fork; the child never returns from here."""
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        code = 71
        try:
            code = child(wanted, out.fileno(), err.fileno())
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        except BaseException as error:  # noqa: BLE001 - told by the exit code and on stderr
            print(repr(error), file=sys.stderr)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return Run(pid, out, err, began, [(float(after), int(n)) for after, n in wanted["kills"]])


def child(wanted: dict[str, Any], out: int, err: int) -> int:
    """The program itself."""
    os.setsid()
    for source, target in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (err, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(wanted["env"])
    if wanted.get("record"):
        record(Path(wanted["record"]))
    if wanted.get("fault"):
        inject(**wanted["fault"])
    from storyrunner.cli import main

    code = main(wanted["argv"])
    sys.stdout.flush()
    atexit._run_exitfuncs()
    return code


def record(file: Path) -> None:
    """Write down every group of writes that is carried out."""
    from storyrunner.workspace import writes

    original, groups = writes.carry_out, []

    def carry_out(disk: Any, root: Path, group: Any) -> None:
        original(disk, root, group)
        groups.append({change.target: encoded(change.after) for change in group.changes})
        file.write_text(json.dumps(groups))

    writes.carry_out = carry_out


def encoded(data: bytes | None) -> str | None:
    """Bytes in JSON."""
    return None if data is None else base64.b64encode(data).decode()


def inject(at: int, number: int, lasting: bool, count_in: str = "") -> None:
    """Make the call of that number that changes the disk fail, and all after it when `lasting`;
    with `count_in`, write down how many there were."""
    from storyrunner.workspace.disk import Disk

    calls = 0

    def failing(method: Any) -> Any:
        def call(self: Disk, *args: Any, **named: Any) -> Any:
            nonlocal calls
            if method.__name__ == "open" and not args[1] & WRITING:
                return method(self, *args, **named)
            calls += 1
            if count_in:
                Path(count_in).write_text(str(calls))
            if calls == at or (lasting and calls > at > 0):
                raise OSError(number, os.strerror(number))
            return method(self, *args, **named)

        return call

    for name in CALLS:
        setattr(Disk, name, failing(getattr(Disk, name)))


def finish(run: Run, status: int) -> dict[str, Any]:
    """How a child ended and what it said."""
    said = []
    for file in (run.out, run.err):
        file.seek(0)
        said.append(file.read().decode("utf-8", "replace"))
        file.close()
    return {
        "code": os.waitstatus_to_exitcode(status),
        "out": said[0],
        "err": said[1],
        "seconds": time.monotonic() - run.began,
    }


def left(settle: float, ours: set[int]) -> list[str]:
    """Processes that the runs left behind and that do not end within `settle` seconds: as the
    subreaper we are their parent now. What is left is named, then killed."""
    end = time.monotonic() + settle
    while True:
        while (pid := reap()) > 0:
            pass
        found = [] if pid < 0 else [pid for pid in children() if pid not in ours]
        if not found or time.monotonic() >= end:
            break
        time.sleep(TICK)
    names = [command_of(pid) for pid in found]
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return names


def reap() -> int:
    """A zombie's number; 0 when children go on, -1 when there are none."""
    try:
        return os.waitpid(-1, os.WNOHANG)[0]
    except ChildProcessError:
        return -1


def children() -> list[int]:
    """The processes whose parent we are."""
    file = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(word) for word in file.read_text().split()] if file.exists() else []


def command_of(pid: int) -> str:
    """Its command line."""
    with contextlib.suppress(OSError):
        return (
            Path(f"/proc/{pid}/cmdline")
            .read_bytes()
            .replace(b"\0", b" ")
            .decode("utf-8", "replace")
        )
    return f"process {pid}"


def warm(folder: str) -> None:
    """Load all that a guided run and a check load, by doing one of each."""
    from storyrunner.cli import main

    common = ("--engine", "embedded", "-C", folder)
    assert main(["run", "--yes", *common]) == 0
    assert main(["--check", *common]) == 0


if __name__ == "__main__":
    serve(sys.argv[1])
