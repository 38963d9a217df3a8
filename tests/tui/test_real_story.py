"""Story 06 in the session, on the real engine and the demo repository, from start to commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyrunner.engine.opening import Options
from storyrunner.model.rung import EngineChoice
from storyrunner.model.status import Status
from tests.support.repositories import STORY, git, start_demo
from tests.support.stories import WEB, WEB_STORY
from tui.app import opener_of
from tui.application import StoryrunnerApp
from tui.bridge import Engine
from tui.screens.commit import CommitScreen
from tui.screens.diff import DiffScreen
from tui.screens.main import MainScreen
from tui.screens.push import PushScreen

PATIENCE = 600
"""Tenths of a second that the whole walk may take on a loaded machine."""


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_story_is_walked_from_start_to_commit(
    size: tuple[int, int], tmp_path: Path
) -> None:
    folder = await _demo(tmp_path)
    options = Options(folder, "cert-manager-issuers", engine=EngineChoice.EMBEDDED)
    engine = Engine(opener_of(options))
    engine.open("cert-manager-issuers")
    app = StoryrunnerApp(engine)
    written: list[str] = []
    try:
        async with app.run_test(size=size) as pilot:
            await pilot.pause(0.5)
            screen = app.screen
            assert isinstance(screen, MainScreen)
            screen.go_to("T7.1")
            await pilot.press("a")
            for _ in range(PATIENCE):
                await pilot.pause(0.1)
                if isinstance(app.screen, DiffScreen):
                    written.append(type(app.screen).__name__)
                    await pilot.press("y")
                elif isinstance(app.screen, CommitScreen):
                    await pilot.press("ctrl+s")
                elif isinstance(app.screen, PushScreen):
                    await pilot.press("escape")
                elif git(folder, "rev-list", "--count", "HEAD").strip() == "2" and not (
                    screen.is_busy
                ):
                    break
            await pilot.press("w")
            recorded = False
            for _ in range(PATIENCE):
                await pilot.pause(0.1)
                if isinstance(app.screen, DiffScreen):
                    recorded = True
                    await pilot.press("y")
                elif recorded and not screen.is_busy:
                    break
            assert engine.session is not None
            verdicts = [item.status for item in engine.session.criteria()]
    finally:
        engine.close()
    assert verdicts == [Status.PASSED] * 7
    assert len(written) >= 11
    story = (folder / STORY).read_text(encoding="utf-8")
    assert "- Proven: AC1, AC2, AC3, AC4, AC5, AC6, AC7" in story
    assert "cert-manager` (not run: embedded " in story
    assert len(git(folder, "show", "--name-only", "--format=", "HEAD").split()) == 12
    assert git(folder, "status", "--porcelain") == f" M {STORY}\n"  # its records, just written


async def test_a_story_without_a_runbook_is_walked_from_its_text(tmp_path: Path) -> None:
    folder = await _demo(tmp_path)
    (folder / WEB).write_text(WEB_STORY, encoding="utf-8")
    options = Options(folder, "APP-WEB", engine=EngineChoice.EMBEDDED)
    engine = Engine(opener_of(options))
    engine.open("APP-WEB")
    app = StoryrunnerApp(engine)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause(0.5)
            screen = app.screen
            assert isinstance(screen, MainScreen)
            screen.go_to("T3.1")
            await pilot.press("a")
            for _ in range(PATIENCE):
                await pilot.pause(0.1)
                if isinstance(app.screen, DiffScreen):
                    await pilot.press("y")
                elif isinstance(app.screen, CommitScreen):
                    await pilot.press("ctrl+s")
                elif isinstance(app.screen, PushScreen):
                    await pilot.press("escape")
                elif git(folder, "rev-list", "--count", "HEAD").strip() == "2" and not (
                    screen.is_busy
                ):
                    break
            assert engine.session is not None
            (note,) = engine.session.results["T1.1"].findings
            verdicts = [item.status for item in engine.session.criteria()]
    finally:
        engine.close()
    assert note.rule == "corrected-command"
    assert verdicts == [Status.PASSED]
    subject = git(folder, "log", "-1", "--format=%s")
    assert subject == "feat(apps): add web for ${SECRET_DOMAIN}\n"


async def _demo(tmp_path: Path) -> Path:
    import asyncio

    return await asyncio.to_thread(start_demo, tmp_path / "gitops")
