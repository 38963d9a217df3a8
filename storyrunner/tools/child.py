"""A started process followed to its end in one worker thread: output, deadline, signals, sweep.

It must not know how a process is started (`process`) nor of the event loop that waits for it.
"""

from __future__ import annotations

import os
import selectors
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

from storyrunner.model.command import Command, Ending, Outcome
from storyrunner.model.frozen import dataclass
from storyrunner.tools.lines import MAX_LINE, LineFeed

STREAMS = ("stdout", "stderr")
_CHUNK = 65536
_SHORT_TICK, _LONG_TICK = 0.001, 0.02

Post = Callable[[str, list[str]], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """`output` in bytes over both streams, `line` in characters, the graces in seconds: after
    INT, after TERM, for stragglers once the leader has ended, and for pipes kept open by others."""

    output: int = 64 * 1024 * 1024
    line: int = MAX_LINE
    int_grace: float = 1.0
    term_grace: float = 1.0
    sweep_grace: float = 0.2
    drain: float = 0.5


class Child:
    """One run of one command. `stop` may come from any thread; all else is the worker's."""

    def __init__(
        self,
        command: Command,
        limits: Limits,
        post: Post | None,
        is_congested: Callable[[], bool] = lambda: False,
    ) -> None:
        self.command = command
        self._limits = limits
        self._post = post
        self._is_congested = is_congested
        self._lock = threading.Lock()
        self._stops: list[Ending] = []
        self._wake = -1
        self._captured = {name: bytearray() for name in STREAMS}
        self._feeds = {name: LineFeed(limits.line) for name in STREAMS}
        self._size = 0
        self._note = ""
        self._ending: Ending | None = None
        self._ladder: list[tuple[int, float]] = []
        self._next_signal = 0.0
        self._pid = 0
        self._selector: selectors.BaseSelector

    def stop(self, ending: Ending) -> None:
        """Ask the run to end; a second call leaves the graces out and kills."""
        with self._lock:
            self._stops.append(ending)
            if self._wake >= 0:
                os.write(self._wake, b"!")

    def open_pipes(self, stack: ExitStack) -> tuple[int, int]:
        """The write ends for stdout and stderr, to be closed by the caller after the spawn."""
        self._selector = stack.enter_context(selectors.DefaultSelector())
        writers = []
        for name in (*STREAMS, "wake"):
            reader, writer = os.pipe()
            os.set_blocking(reader, False)
            stack.callback(os.close, reader)
            self._selector.register(reader, selectors.EVENT_READ, name)
            writers.append(writer)
        stack.callback(os.close, writers[2])
        with self._lock:
            self._wake = writers[2]
        stack.callback(self._forget_wake)
        return writers[0], writers[1]

    def follow(
        self, pid: int, is_alive: Callable[[], bool], exit_code: Callable[[], int]
    ) -> Outcome:
        """Read, watch and end the process group of `pid` (its leader); returns how it went."""
        self._pid = pid
        started = time.monotonic()
        deadline = started + self.command.timeout
        while is_alive():
            self._decide(deadline)
            self._escalate()
            if self._ending is None and self._is_congested():
                time.sleep(_SHORT_TICK)  # the process waits on its full pipe until we are read
            else:
                self._read(_LONG_TICK if self._has_pipes() else _SHORT_TICK)
        code = exit_code()
        self._sweep()
        self._drain()
        return self._outcome(code, time.monotonic() - started)

    def _decide(self, deadline: float) -> None:
        """The first reason to stop starts the ladder; a second cancel cuts the graces short."""
        with self._lock:
            stops = tuple(self._stops)
        if len(stops) > 1 and self._ending is not None:
            self._ladder = [(signal.SIGKILL, 0.0)]
            self._next_signal = 0.0
        if self._ending is not None:
            return
        if stops:
            self._ending = stops[0]
        elif self._size > self._limits.output:
            self._ending = Ending.KILLED
            self._note = f"killed: more than {self._limits.output} bytes of output"
        elif time.monotonic() >= deadline:
            self._ending = Ending.TIMED_OUT
            self._note = f"timed out after {self.command.timeout:g} s"
        else:
            return
        self._ladder = [
            (signal.SIGINT, self._limits.int_grace),
            (signal.SIGTERM, self._limits.term_grace),
            (signal.SIGKILL, 0.0),
        ]

    def _escalate(self) -> None:
        if self._ladder and time.monotonic() >= self._next_signal:
            number, grace = self._ladder.pop(0)
            _signal_group(self._pid, number)
            self._next_signal = time.monotonic() + grace

    def _has_pipes(self) -> bool:
        return len(self._selector.get_map()) > 1

    def _read(self, tick: float) -> bool:
        """Take what is there, waiting up to `tick` seconds; False when there was nothing."""
        ready = self._selector.select(tick)
        for key, _ in ready:
            data = os.read(key.fd, _CHUNK)
            if key.data == "wake":
                continue
            if not data:
                self._selector.unregister(key.fd)
            self._take(key.data, data)
        return bool(ready)

    def _take(self, stream: str, data: bytes) -> None:
        room = max(0, self._limits.output - self._size)
        self._size += len(data)
        self._captured[stream] += data[:room]
        if self._post is not None:
            feed = self._feeds[stream]
            lines = feed.feed(data[:room]) if data else feed.close()
            if lines:
                self._post(stream, lines)

    def _sweep(self) -> None:
        """No member of the group outlives the leader, whatever way that ended."""
        if not _signal_group(self._pid, signal.SIGTERM):
            return
        until = time.monotonic() + self._limits.sweep_grace
        while time.monotonic() < until and _signal_group(self._pid, 0):
            self._read(_SHORT_TICK)
        _signal_group(self._pid, signal.SIGKILL)

    def _drain(self) -> None:
        """What is left in the pipes; one that left the group may hold them, so not for ever."""
        started = time.monotonic()
        while self._has_pipes() and self._size <= self._limits.output:
            patience = self._limits.drain * (10 if self._read(_LONG_TICK) else 1)
            if time.monotonic() - started > patience:
                break
        for stream in STREAMS:
            self._take(stream, b"")

    def _forget_wake(self) -> None:
        with self._lock:
            self._wake = -1

    def _outcome(self, code: int, seconds: float) -> Outcome:
        ending, shown = self._ending or Ending.EXITED, None
        if ending is Ending.EXITED and code < 0:
            ending, self._note = Ending.KILLED, f"killed by {_signal_name(-code)}"
        elif ending is Ending.EXITED and self._size > self._limits.output:
            ending = Ending.KILLED
            self._note = f"cut: more than {self._limits.output} bytes of output"
        elif ending is Ending.EXITED:
            shown = code
        stderr = self._captured["stderr"]
        if self._note:
            stderr += (b"\n" if stderr and not stderr.endswith(b"\n") else b"") + (
                f"storyrunner: {self._note}\n".encode()
            )
        return Outcome(
            self.command, ending, shown, bytes(self._captured["stdout"]), bytes(stderr), seconds
        )


def kill_group(pid: int) -> None:
    """Kill every member of the process group of `pid`, if there is one."""
    _signal_group(pid, signal.SIGKILL)


def _signal_group(pid: int, number: int) -> bool:
    """False when the group has no member left (or none that is ours)."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
        return True
    return False


def _signal_name(number: int) -> str:
    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"
