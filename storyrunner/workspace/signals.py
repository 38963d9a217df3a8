"""Holds Ctrl-C and polite kills back while files are half way.

Blocking the signals is not enough: the kernel hands a signal to any thread that does not block it,
and Python then runs the handler in the main thread, in the middle of the write. So the handlers
themselves are exchanged for the moment. It knows nothing of files or of who wants to be
interrupted.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""SIGINT first: its handler is the one that raises, so it is exchanged first and put back last."""

Handler = Callable[[int, FrameType | None], object] | int | signal.Handlers


@contextmanager
def undisturbed() -> Iterator[None]:
    """Hold SIGINT, SIGTERM and SIGHUP back until the end of the block, then deliver each once.

    Python runs handlers in the main thread only, so a block in another thread needs nothing.
    Signals that are ignored stay ignored. An event loop's wakeup descriptor hears a signal at
    once, whatever the handler is, hence a held one is not sent again: its handler is called.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[signal.Signals, Handler] = {}
    held: list[int] = []

    def hold(number: int, _: FrameType | None) -> None:
        if number not in held:
            held.append(number)

    try:
        for number in SIGNALS:
            handler = signal.getsignal(number)
            if handler is not None and handler != signal.SIG_IGN:
                before[number] = handler
                signal.signal(number, hold)
        yield
    finally:
        for number in reversed(SIGNALS):
            if number in before:
                signal.signal(number, before[number])
        _deliver(held, before)


def _deliver(held: list[int], before: dict[signal.Signals, Handler]) -> None:
    """Let each signal do what it would have done; one whose handler raises stops no other."""
    if not held:
        return
    number = signal.Signals(held[0])
    handler = before[number]
    try:
        if callable(handler):
            handler(number, None)
        else:
            signal.raise_signal(number)
    finally:
        _deliver(held[1:], before)
