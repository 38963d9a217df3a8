"""A few pictures of the screens, at 80x24 and 120x40. Look at them before accepting new ones."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from tests.support.fake_session import FakeOpener, proven, small_runbook
from tui.application import StoryrunnerApp
from tui.bridge import Engine
from tui.screens.commit import CommitScreen
from tui.screens.diff import DiffScreen
from tui.screens.help import HelpScreen
from tui.screens.main import MainScreen
from tui.screens.push import PushScreen

SMALL, LARGE = (80, 24), (120, 40)
Act = Callable[[Pilot[int]], Awaitable[None]]


@pytest.fixture
def app() -> Iterator[StoryrunnerApp]:
    """The app on the small story, with one step of it through."""
    engine = Engine(FakeOpener())
    engine.open("7")
    yield StoryrunnerApp(engine)
    engine.close()


@pytest.fixture
def ready() -> Iterator[StoryrunnerApp]:
    """The app with all proven but the commit."""
    steps = [step.id for step in small_runbook().steps() if step.id != "T5.1"]
    engine = Engine(FakeOpener(results=[proven(step) for step in steps]))
    engine.open("7")
    yield StoryrunnerApp(engine)
    engine.close()


async def quiet(pilot: Pilot[int]) -> None:
    """Nothing runs, no toast is left."""
    end = time.monotonic() + 60
    while any(item.is_running for item in pilot.app.workers) and time.monotonic() < end:
        await pilot.pause(0.02)
    pilot.app.clear_notifications()
    await pilot.pause()


async def at(pilot: Pilot[int], kind: type[Screen[object]]) -> None:
    """A screen of that kind is on top."""
    end = time.monotonic() + 60
    while not isinstance(pilot.app.screen, kind) and time.monotonic() < end:
        await pilot.pause(0.02)
    pilot.app.clear_notifications()
    await pilot.pause()


def running(key: str, *keys: str) -> Act:
    """Select a step and press keys."""

    async def act(pilot: Pilot[int]) -> None:
        await quiet(pilot)
        assert isinstance(pilot.app.screen, MainScreen)
        pilot.app.screen.go_to(key)
        for one in keys:
            await pilot.press(one)
            await quiet(pilot)

    return act


def asking(key: str, kind: type[Screen[object]], *keys: str) -> Act:
    """Run a step that asks, then press keys."""

    async def act(pilot: Pilot[int]) -> None:
        await quiet(pilot)
        assert isinstance(pilot.app.screen, MainScreen)
        pilot.app.screen.go_to(key)
        await pilot.press("enter", *keys)
        await at(pilot, kind)

    return act


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_first_frame(snap_compare, app, size) -> None:
    assert snap_compare(app, terminal_size=size, run_before=quiet)


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_a_finding_as_a_card(snap_compare, app, size) -> None:
    assert snap_compare(app, terminal_size=size, run_before=running("T3.2", "enter"))


def test_a_proof_with_output(snap_compare, app) -> None:
    assert snap_compare(app, terminal_size=LARGE, run_before=running("T3.1", "enter"))


def test_the_criteria_as_a_tab(snap_compare, app) -> None:
    assert snap_compare(app, terminal_size=SMALL, run_before=running("T3.1", "enter", "m"))


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_diff(snap_compare, app, size) -> None:
    assert snap_compare(app, terminal_size=size, run_before=asking("T2.1", DiffScreen))


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_commit(snap_compare, ready, size) -> None:
    assert snap_compare(ready, terminal_size=size, run_before=asking("T5.1", CommitScreen))


def test_the_push(snap_compare, ready) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await asking("T5.1", CommitScreen)(pilot)
        await pilot.press("y")
        await at(pilot, PushScreen)

    assert snap_compare(ready, terminal_size=SMALL, run_before=act)


def test_the_help(snap_compare, app) -> None:
    async def act(pilot: Pilot[int]) -> None:
        await quiet(pilot)
        await pilot.press("question_mark")
        await at(pilot, HelpScreen)

    assert snap_compare(app, terminal_size=LARGE, run_before=act)
