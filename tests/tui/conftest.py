"""Runs the real app, with its real engine thread, over a scripted session."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from tests.support.fake_session import FakeOpener, FakeSession
from tui import application
from tui.application import StoryrunnerApp
from tui.bridge import Engine
from tui.screens.main import MainScreen

PATIENCE = 60.0
"""Seconds that a test waits for something that ought to happen at once."""


@dataclass
class FakeEditor:
    """Remembers what was opened; gives back a text when there is one."""

    opened: list[tuple[str, int, int]] = field(default_factory=list)
    text: str | None = None

    def open(self, path: Path, line: int = 1, column: int = 1) -> None:
        """Remember it."""
        self.opened.append((path.as_posix(), line, column))

    def edit(self, text: str, name: str) -> str | None:
        """Remember it, and answer."""
        self.opened.append((name, 1, 1))
        return self.text


class RecordedApp(StoryrunnerApp):
    """Remembers every toast, also those that have gone."""

    CSS_PATH = Path(application.__file__).with_name("application.tcss")

    def __init__(self, engine: Engine, **options: Any) -> None:
        self.told: list[str] = []
        super().__init__(engine, **options)

    def notify(self, message: str, **options: Any) -> None:
        """Remember it, and show it."""
        self.told.append(message)
        super().notify(message, **options)


@dataclass
class Stage:
    """An app under a pilot, with its fakes within reach."""

    app: RecordedApp
    pilot: Pilot[int]
    opener: FakeOpener
    editor: FakeEditor

    @property
    def session(self) -> FakeSession:
        """The session that is open."""
        assert self.opener.session is not None
        return self.opener.session

    @property
    def main(self) -> MainScreen:
        """The main screen, wherever it is in the stack."""
        return next(item for item in self.app.screen_stack if isinstance(item, MainScreen))

    async def until(self, happened: Callable[[], object]) -> None:
        """Wait until something is so."""
        end = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < end, "it did not happen"
            await asyncio.sleep(0.01)
        await self.pilot.pause()

    async def settled(self) -> None:
        """Wait until nothing runs."""
        await self.until(lambda: not any(item.is_running for item in self.app.workers))
        await self.pilot.pause()

    async def asked(self, kind: type[Screen[object]]) -> None:
        """Wait for a screen of that kind."""
        await self.until(lambda: isinstance(self.app.screen, kind))

    async def press(self, *keys: str) -> None:
        """Press keys and wait until nothing runs."""
        await self.pilot.press(*keys)
        await self.settled()

    def text(self) -> str:
        """All that is on the screen, as plain lines."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join("".join(part.text for part in line) for line in lines)

    def said(self) -> list[str]:
        """The toasts so far."""
        return self.app.told


Play = Callable[..., "AsyncIterator[Stage]"]


@pytest.fixture
def play() -> Play:
    """Opens a stage: `async with play(opener, size=(80, 24)) as stage`."""

    @asynccontextmanager
    async def run(
        opener: FakeOpener | None = None,
        size: tuple[int, int] = (120, 40),
        **options: Any,
    ) -> AsyncIterator[Stage]:
        opener = opener or FakeOpener()
        engine = Engine(opener)
        editor = FakeEditor()
        if not options.get("stories"):
            engine.open("7")
        app = RecordedApp(engine, editor=editor, **options)
        try:
            async with app.run_test(size=size) as pilot:
                stage = Stage(app, pilot, opener, editor)
                await stage.settled()
                yield stage
        finally:
            engine.close()

    return run  # type: ignore[return-value]
