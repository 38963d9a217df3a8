"""Signals during a write: held back, whoever receives them, and then delivered once each."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from storyrunner.workspace.signals import SIGNALS, undisturbed

Press = Callable[[signal.Signals], None]


@contextmanager
def heard() -> Iterator[Callable[[], None]]:
    """Gives a function that waits until the process has received one more signal."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield lambda: bytes_of(reading)
    finally:
        signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)


def bytes_of(descriptor: int) -> None:
    assert os.read(descriptor, 1)


@pytest.fixture(params=["the main thread", "another thread"])
def press(request: pytest.FixtureRequest) -> Iterator[Press]:
    """Sends a signal to this process, for the thread of the name; returns when it has arrived."""
    over = threading.Event()
    other = threading.Thread(target=over.wait)
    other.start()
    receiver = threading.main_thread() if request.param == "the main thread" else other

    with heard() as wait:

        def send(number: signal.Signals) -> None:
            assert receiver.ident is not None
            signal.pthread_kill(receiver.ident, number)
            wait()

        try:
            yield send
        finally:
            over.set()
            other.join()


@contextmanager
def handled(
    number: signal.Signals, handler: Callable[[int, FrameType | None], object]
) -> Iterator[None]:
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def test_control_c_comes_after_the_block_whichever_thread_receives_it(press: Press) -> None:
    done: list[int] = []

    def work() -> None:
        with undisturbed():
            press(signal.SIGINT)
            done.extend(range(1000))

    with pytest.raises(KeyboardInterrupt):
        work()
    assert len(done) == 1000
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_is_called_once_after_the_outermost_block(press: Press) -> None:
    calls: list[tuple[int, str]] = []
    place = "outer"
    with handled(signal.SIGTERM, lambda number, frame: calls.append((number, place))):
        with undisturbed():
            with undisturbed():
                press(signal.SIGTERM)
            assert calls == []
            place = "after"
        assert calls == [(signal.SIGTERM, "after")]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_the_same_signal_twice_is_delivered_once_as_the_kernel_would(press: Press) -> None:
    calls: list[int] = []
    with handled(signal.SIGHUP, lambda number, frame: calls.append(number)), undisturbed():
        press(signal.SIGHUP)
        press(signal.SIGHUP)
    assert calls == [signal.SIGHUP]


def test_one_that_raises_stops_no_other(press: Press) -> None:
    calls: list[int] = []

    def work() -> None:
        with undisturbed():
            press(signal.SIGINT)
            press(signal.SIGTERM)

    with (
        handled(signal.SIGTERM, lambda number, frame: calls.append(number)),
        pytest.raises(KeyboardInterrupt),
    ):
        work()
    assert calls == [signal.SIGTERM]


def test_what_is_ignored_stays_ignored(press: Press) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with undisturbed():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_error_of_the_block_does_not_lose_the_signal(press: Press) -> None:
    def work() -> None:
        with undisturbed():
            press(signal.SIGINT)
            raise OSError("the disk")

    with pytest.raises(KeyboardInterrupt) as caught:
        work()
    assert isinstance(caught.value.__context__, OSError)


def test_an_event_loop_hears_a_held_signal_once() -> None:
    calls: list[int] = []

    async def work() -> None:
        loop, called = asyncio.get_running_loop(), asyncio.Event()

        def hear() -> None:
            calls.append(signal.SIGTERM)
            called.set()

        loop.add_signal_handler(signal.SIGTERM, hear)
        with undisturbed():
            os.kill(os.getpid(), signal.SIGTERM)
        assert calls == []
        await called.wait()
        for _ in range(10):
            await asyncio.sleep(0)
        loop.remove_signal_handler(signal.SIGTERM)

    asyncio.run(work())
    assert calls == [signal.SIGTERM]


def test_another_thread_touches_no_handler() -> None:
    seen: list[object] = []

    def work() -> None:
        with undisturbed():
            seen.extend(signal.getsignal(number) for number in SIGNALS)

    expected = [signal.getsignal(number) for number in SIGNALS]
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == expected


def test_a_polite_kill_still_kills_after_the_block(checkout: Path) -> None:
    program = (
        "import os, signal\n"
        "from storyrunner.workspace.signals import undisturbed\n"
        "with undisturbed():\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    os.write(1, b'whole')\n"
        "os.write(1, b' and on')\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(checkout)},
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (-signal.SIGTERM, b"whole"), ran.stderr
