"""The only place that starts a process: in a session of its own, watched by a worker thread, never
in a shell.

The pipes are ours, because ready-made readers wait for a grandchild that keeps one open. This
module must not know of any tool.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO

from storyrunner.errors import ToolError
from storyrunner.model.command import Command, Ending, Outcome
from storyrunner.model.ports import LineSink
from storyrunner.tools.child import Child, Limits, kill_group
from storyrunner.tools.environment import environment as default_environment
from storyrunner.tools.guard import SCRIPT, Guard

_FORK = threading.Lock()
"""Held for a spawn, and for good by the end of the interpreter, so that nothing slips through."""

_LIVE: set[int] = set()
"""Groups that run now, for the one case in which nobody is left to end them: at exit."""

_LAST_SPAWN = 2.0


class OsRunner:
    """The Runner port (`model.ports.Runner`) on real processes; safe from any event loop or thread.

    Every command runs in a session and process group of its own. When it ends, times out or is
    cancelled, the whole group is gone before `run` returns (a process that made itself a new
    session is beyond reach). `allow` adds names to the default environment.
    """

    def __init__(
        self,
        environment: Mapping[str, str] | None = None,
        allow: Iterable[str] = (),
        limits: Limits | None = None,
    ) -> None:
        self._environment = default_environment(environment, allow)
        self._limits = limits or Limits()

    def which(self, name: str) -> Path | None:
        """The executable that `name` means on the runner's PATH (absolute folders only)."""
        return _find(name, self._environment["PATH"], Path("/"))

    async def run(self, command: Command, on_line: LineSink | None = None) -> Outcome:
        """Run `command` to its end; `on_line` is called in the loop's thread, before this returns.

        Raises ToolError for a command that no process can be made of (no argv, a NUL), and
        re-raises CancelledError once the whole group is gone; a second cancel kills at once.
        """
        _refuse_misuse(command)
        relay = _Relay(asyncio.get_running_loop(), on_line)
        child = Child(command, self._limits, relay.post if on_line else None, relay.is_congested)
        relay.child = child
        threading.Thread(
            target=self._work, args=(child, relay), name=f"run {command.argv[0]}", daemon=True
        ).start()
        cancelled: asyncio.CancelledError | None = None
        while not relay.done.done():
            try:
                await asyncio.wait([relay.done])
            except asyncio.CancelledError as cancel:
                cancelled = cancel
                child.stop(Ending.CANCELLED)
        if cancelled is not None:
            raise cancelled
        outcome = relay.done.result()
        if relay.failure is not None:
            raise relay.failure
        return outcome

    def _work(self, child: Child, relay: _Relay) -> None:
        try:
            outcome = self._run(child)
        except BaseException as error:  # noqa: BLE001 - handed to the awaiting task
            relay.finish(error)
        else:
            relay.finish(outcome)

    def _run(self, child: Child) -> Outcome:
        command = child.command
        env = dict(self._environment if command.env is None else command.env)
        program = _find(command.argv[0], env.get("PATH", ""), command.cwd)
        if program is None:
            return _not_started(command, f"{command.argv[0]}: not found")
        if not command.cwd.is_dir():
            return _not_started(command, f"{command.cwd}: no such folder to run in")
        with ExitStack() as stack:
            stdin = stack.enter_context(_stdin(command.stdin))
            outputs = child.open_pipes(stack)
            try:
                with _FORK:
                    _GUARD.prepare()
                    running = _spawn(program, command, env, stdin, outputs)
                    _LIVE.add(running.pid)
                    _GUARD.watch(running.pid)
            except _SpawnError as error:
                return _not_started(command, f"{program}: {error}")
            finally:
                for end in outputs:
                    os.close(end)
            try:
                return child.follow(running.pid, lambda: running.poll() is None, running.wait)
            except BaseException:
                kill_group(running.pid)
                running.wait()
                raise
            finally:
                _LIVE.discard(running.pid)
                _GUARD.forget(running.pid)


class _Relay:
    """Carries lines and the outcome from the worker thread into the event loop."""

    MOST_WAITING = 4

    def __init__(self, loop: asyncio.AbstractEventLoop, sink: LineSink | None) -> None:
        self.done: asyncio.Future[Outcome] = loop.create_future()
        self.child: Child | None = None
        self.failure: Exception | None = None
        self._loop = loop
        self._sink = sink
        self._waiting = 0

    def is_congested(self) -> bool:
        """True while the loop has more output to digest than it keeps up with."""
        return self._waiting >= self.MOST_WAITING

    def post(self, stream: str, lines: list[str]) -> None:
        self._waiting += 1
        self._call(self._deliver, stream, lines)

    def finish(self, result: Outcome | BaseException) -> None:
        self._call(self._settle, result)

    def _call(self, function: object, *args: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *args)  # type: ignore[arg-type]
        except RuntimeError:  # the loop is closed: nobody waits for this command any more
            if self.child is not None:
                self.child.stop(Ending.CANCELLED)

    def _deliver(self, stream: str, lines: list[str]) -> None:
        self._waiting -= 1
        try:
            for line in lines:
                if self._sink is not None and self.failure is None:
                    self._sink(stream, line)
        except Exception as error:  # noqa: BLE001 - raised again by `run`
            self.failure = error
            if self.child is not None:
                self.child.stop(Ending.CANCELLED)

    def _settle(self, result: Outcome | BaseException) -> None:
        if self.done.done():
            return
        if isinstance(result, BaseException):
            self.done.set_exception(result)
        else:
            self.done.set_result(result)


class _SpawnError(Exception):
    pass


def _spawn(
    program: Path,
    command: Command,
    env: dict[str, str],
    stdin: IO[bytes],
    outputs: tuple[int, int],
) -> subprocess.Popen[bytes]:
    """Raises _SpawnError with the system's reason when the program could not be started."""
    try:
        return subprocess.Popen(
            [str(program), *command.argv[1:]],
            cwd=command.cwd,
            env=env,
            stdin=stdin,
            stdout=outputs[0],
            stderr=outputs[1],
            start_new_session=True,
        )
    except OSError as error:
        raise _SpawnError(error.strerror or str(error)) from error


def _start_guard(pipe: int) -> subprocess.Popen[bytes]:
    shell = Path("/bin/sh")
    command = Command((str(shell), "-c", SCRIPT, "storyrunner-guard"), Path("/"))
    with (
        open(pipe, "rb", closefd=False) as stdin,
        open(os.devnull, "wb") as nowhere,  # noqa: PTH123 - as its neighbour
    ):
        outputs = (nowhere.fileno(), nowhere.fileno())
        try:
            return _spawn(shell, command, {"PATH": os.defpath}, stdin, outputs)
        except _SpawnError as error:
            raise OSError(str(error)) from error


_GUARD = Guard(_start_guard)
"""One for the process; told of every group while `_FORK` is held."""


def _stdin(data: bytes | None) -> IO[bytes]:
    """A file, because it cannot deadlock on a program that writes before it has read everything;
    in memory where that can be, because it may hold a Secret."""
    if data is None:
        return open(os.devnull, "rb")  # noqa: PTH123 - closed by the caller
    file = _in_memory() or tempfile.TemporaryFile()  # noqa: SIM115 - closed by the caller
    file.write(data)
    file.flush()
    file.seek(0)
    return file


def _in_memory() -> IO[bytes] | None:
    if hasattr(os, "memfd_create"):
        with suppress(OSError):  # a kernel or a sandbox without it
            return open(os.memfd_create("stdin"), "w+b")  # noqa: PTH123 - closed by the caller
    return None


def _find(name: str, search: str, cwd: Path) -> Path | None:
    """A bare name on the absolute folders of `search`; a name with a slash as it stands in `cwd`.

    Relative folders on PATH are passed over: a repository must not bring its own kubectl.
    """
    if "/" in name:
        found = shutil.which(os.path.join(cwd, name))  # noqa: PTH118 - keeps `./` and symlinks
    else:
        folders = [folder for folder in search.split(os.pathsep) if folder.startswith("/")]
        found = shutil.which(name, path=os.pathsep.join(folders)) if folders else None
    return Path(found) if found else None


def _refuse_misuse(command: Command) -> None:
    words = [*command.argv, str(command.cwd)]
    words += [part for pair in (command.env or {}).items() for part in pair]
    if not command.argv or not command.argv[0]:
        raise ToolError("a command needs a program to run")
    if any("\0" in word for word in words):
        raise ToolError(f"{command.argv[0]}: a NUL character in an argument or variable")


def _not_started(command: Command, reason: str) -> Outcome:
    return Outcome(command, Ending.NOT_FOUND, None, stderr=f"{reason}\n".encode("utf-8", "replace"))


@atexit.register
def _kill_live() -> None:
    _FORK.acquire(timeout=_LAST_SPAWN)  # and kept: nothing starts any more
    for group in tuple(_LIVE):
        kill_group(group)
