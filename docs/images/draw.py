"""Draws the README's picture: the real session on the demo repository, some steps into story 06."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from storyrunner.engine.demo import make_demo
from storyrunner.engine.opening import Options
from storyrunner.tools.process import OsRunner
from tui.app import opener_of
from tui.application import StoryrunnerApp
from tui.bridge import Engine
from tui.screens.main import MainScreen

PICTURE = Path(__file__).with_name("session.svg")
SIZE = (120, 34)


async def draw(folder: Path) -> None:
    """Run T1 to T3, look at the first thing that is missing, and save what stands there."""
    await make_demo(folder, OsRunner())
    engine = Engine(opener_of(Options(folder, "cert-manager-issuers")))
    engine.open("cert-manager-issuers")
    app = StoryrunnerApp(engine)
    try:
        async with app.run_test(size=SIZE) as pilot:
            for keys in ["t", "n", "t", *["y"] * 5, "n", "t", "y"]:
                await pilot.press(keys)
                await pilot.pause(2.5)
            assert isinstance(app.screen, MainScreen)
            app.screen.go_to("T1.5")
            await pilot.pause(1)
            PICTURE.write_text(app.export_screenshot(title="storyrunner"), encoding="utf-8")
    finally:
        engine.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as top:
        asyncio.run(draw(Path(top) / "k8s-gitops"))
