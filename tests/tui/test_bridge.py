"""The engine's thread: events come out in order, work is cancelled there, closing always ends."""

from __future__ import annotations

import asyncio
import threading

import pytest

from storyrunner.errors import UsageError
from storyrunner.model.events import Envelope, StepStarted, TaskStarted
from storyrunner.model.status import Status
from tests.support.fake_session import AT, WRITE, FakeOpener, Script, proven, usual
from tui.around import look, notice_changes, undo
from tui.bridge import Engine, Feed


def envelope(number: int) -> Envelope:
    """An event with a number."""
    return Envelope(number, AT, TaskStarted(f"T{number}", ""))


def opened(opener: FakeOpener) -> Engine:
    """An engine with its session open."""
    engine = Engine(opener)
    engine.open("7")
    return engine


def hanging() -> FakeOpener:
    """T1.1 never ends by itself."""
    return FakeOpener({**usual(), "T1.1": Script(proven("T1.1"), hangs=True)})


async def begun(engine: Engine) -> None:
    """Wait until the step has started on the engine's thread."""
    while not any(  # noqa: ASYNC110 - another thread's doing
        isinstance(item.event, StepStarted) for item in engine.feed.drain()
    ):
        await asyncio.sleep(0.01)


def test_a_feed_wakes_once_for_many_events_and_hands_them_out_in_order() -> None:
    feed = Feed()
    woken: list[int] = []
    feed.wake = lambda: woken.append(1)
    for number in range(3):
        feed(envelope(number))
    assert [item.sequence for item in feed.drain()] == [0, 1, 2]
    assert feed.drain() == []
    feed(envelope(9))
    assert len(woken) == 2


async def test_steps_run_on_a_thread_of_their_own() -> None:
    engine = opened(FakeOpener())
    try:
        names = await engine.do(_thread_name)
        assert names == "engine"
        assert threading.current_thread().name != "engine"
    finally:
        engine.close()


async def _thread_name(_session: object) -> str:
    return threading.current_thread().name


async def test_a_cancelled_caller_goes_on_only_when_the_step_has_ended() -> None:
    opener = hanging()
    engine = opened(opener)
    try:
        task = asyncio.ensure_future(engine.do(lambda session: session.run_step("T1.1")))
        await begun(engine)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert opener.session is not None
        assert opener.session.results["T1.1"].status is Status.CANCELLED
    finally:
        engine.close()


async def test_what_a_step_raises_reaches_the_caller() -> None:
    engine = opened(FakeOpener())
    try:
        with pytest.raises(KeyError):
            await engine.do(lambda _session: _fail())
    finally:
        engine.close()


async def _fail() -> None:
    raise KeyError("T1.9")


def test_closing_stops_what_runs_and_gives_the_report() -> None:
    opener = hanging()
    engine = opened(opener)

    async def start() -> None:
        task = asyncio.ensure_future(engine.do(lambda session: session.run_step("T1.1")))
        await begun(engine)
        engine.is_closing = True
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(start())
    report = engine.close()
    assert opener.closed
    assert report is not None
    assert report.exit_code == 130


def test_an_engine_that_never_opened_closes_without_a_report() -> None:
    assert Engine(FakeOpener()).close() is None


def test_a_story_that_cannot_be_opened_raises_where_it_was_asked() -> None:
    class Broken(FakeOpener):
        def __call__(self, reference, decider, sinks):
            raise UsageError("no such story")

    engine = Engine(Broken())
    try:
        with pytest.raises(UsageError, match="no such story"):
            engine.open("9")
    finally:
        engine.close()


async def test_a_question_nobody_can_answer_cancels_the_step() -> None:
    opener = FakeOpener({**usual(), "T1.1": Script(proven("T1.1"), questions=(WRITE,))})
    engine = opened(opener)
    try:
        with pytest.raises(asyncio.CancelledError):
            await engine.do(lambda session: session.run_step("T1.1"))
        assert opener.session is not None
        assert opener.session.workspace.labels == []
    finally:
        engine.close()


async def test_looking_around_works_without_git() -> None:
    engine = opened(FakeOpener())
    try:
        found = await engine.look()
        assert (found.repository.name, found.repository.branch) == ("greetings", "")
        assert found.pending_undo == ""
        assert found.previews["T2.1"].path == "apps/greeting/hello.yaml"
    finally:
        engine.close()


async def test_only_proofs_on_changed_files_turn_stale() -> None:
    opener = FakeOpener(results=[proven("T1.1")])
    engine = opened(opener)
    try:
        assert opener.session is not None
        assert await engine.do(notice_changes) == ()
        opener.session.workspace.changed = ("other.yaml",)
        assert await engine.do(notice_changes) == ()
        opener.session.workspace.changed = ("a.yaml",)
        assert await engine.do(notice_changes) == ("a.yaml",)
        assert opener.session.results["T1.1"].status is Status.STALE
    finally:
        engine.close()


async def test_undo_says_what_was_taken_back() -> None:
    opener = FakeOpener()
    engine = opened(opener)
    try:
        assert opener.session is not None
        opener.session.workspace.labels.append("T2.1 The greeting itself")
        assert (await look(opener.session)).pending_undo == "T2.1 The greeting itself"
        assert await engine.do(undo) == "taken back: T2.1 The greeting itself"
    finally:
        engine.close()
