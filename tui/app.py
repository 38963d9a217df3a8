"""The way in: opens the session, runs the screens, closes everything, gives the exit code."""

from __future__ import annotations

import asyncio
import locale
import os
import signal
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from tui.application import StoryrunnerApp
from tui.around import SessionLike
from tui.bridge import Engine, Opener
from tui.screens.chooser import StoryLike

if TYPE_CHECKING:
    from storyrunner.engine.opening import Options
    from storyrunner.model.decision import Decider
    from storyrunner.model.events import Sink

INTERRUPTED = 130


def wants_ascii() -> bool:
    """Whether this terminal has no other glyphs than ASCII."""
    wanted = os.environ.get("STORYRUNNER_ASCII", "")
    encoding = locale.getpreferredencoding(False).lower().replace("-", "")
    return bool(wanted) or encoding not in ("utf8", "utf16") or os.environ.get("TERM") == "linux"


def opener_of(options: Options) -> Opener:
    """Opens sessions as the command line wants them."""
    from dataclasses import replace

    from storyrunner.engine.opening import open_session
    from storyrunner.engine.session import Mode

    def opened(
        reference: str, decider: Decider, sinks: Sequence[Sink]
    ) -> AbstractContextManager[SessionLike]:
        chosen = replace(options, reference=reference)
        return open_session(chosen, mode=Mode.GUIDE, decider=decider, sinks=sinks, remember=True)

    return opened


async def _run_heeding(app: StoryrunnerApp) -> int:
    """Run the screens until they are left, by the engineer or by a polite kill or a terminal that
    is closed: the terminal is then as before, and nothing is cut off. Returns the signal, or 0."""
    heard: list[int] = []

    def leave(number: int) -> None:
        heard.append(number)
        app.leave(INTERRUPTED)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, leave, number)
    await app.run_async()
    return heard[0] if heard else 0


def run_session(options: Options, *, first: str = "") -> int:
    """A session in the terminal, from the story (or the list of stories) until it is left.

    `first` is a task or step to begin at. The exit code is the report's when every step is
    through, 0 when the engineer just leaves. Raises StoryrunnerError when nothing can be opened,
    KeyboardInterrupt when the terminal was closed or a signal ended it.
    """
    from storyrunner.engine.choosing import choices
    from storyrunner.engine.opening import find_root

    reference = options.reference
    stories: Sequence[StoryLike] = ()
    if not reference and not options.runbook:
        stories = choices(find_root(options.root))
        reference = stories[0].reference if len(stories) == 1 else ""
    engine = Engine(opener_of(options))
    app: StoryrunnerApp | None = None
    try:
        if len(stories) <= 1:
            engine.open(reference)
        app = StoryrunnerApp(engine, stories=stories, first=first, ascii_only=wants_ascii())
        number = asyncio.run(_run_heeding(app))
    finally:
        report = engine.close()
    if number:
        raise KeyboardInterrupt
    if app.failure is not None:
        raise app.failure
    if report is None or app.is_open_ended:
        return 0
    return report.exit_code
