"""Runs a coroutine to its end from synchronous code, and ends it well when a signal comes.

SIGINT, SIGTERM and SIGHUP cancel it: the runner then ends its children, writes are whole, private
copies are removed. The caller sees KeyboardInterrupt.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

LISTEN = 0.001
"""Seconds before each step in which a signal or a key is heard: writing alone never waits."""

HEAR = 3
"""Turns of the event loop that hear a signal: one sees it, one calls its handler, and in the next
the run is cancelled."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """The coroutine's result. Raises KeyboardInterrupt when a signal ended it."""
    return asyncio.run(_guarded(work))


async def listen(*, quickly: bool) -> None:
    """Let signals in; `quickly` where nobody types, in as few turns of the loop as that takes."""
    for seconds in [0.0] * HEAR if quickly else [LISTEN]:
        await asyncio.sleep(seconds)


async def _guarded(work: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    hit: list[int] = []

    def stop(number: int) -> None:
        hit.append(number)
        task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if hit:
            raise KeyboardInterrupt from None
        raise
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
