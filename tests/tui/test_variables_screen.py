"""The screen of the variable matrix, in an app of its own."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App
from textual.widgets import DataTable, Static

from storyrunner.errors import Place
from storyrunner.gitops.explanation import UseState
from storyrunner.gitops.variables import Cell, CellState, Definition, Row, Use, VariableMatrix
from tui.screens.variables import VariablesScreen
from tui.theme import THEME

EAST = Definition("east.example.org", Place("east.yaml", 7, 3), "ConfigMap/settings", (), False)
LOST = Use(
    "ConfigMap/page", ("data", "x"), "ns/app", Place("page.yaml", 9), "${LOST}", UseState.UNDEFINED
)
MATRIX = VariableMatrix(
    ("east", "west"),
    (
        Row(
            "DOMAIN",
            (Cell("east", CellState.SET, (EAST,)), Cell("west", CellState.ABSENT)),
            differs=False,
        ),
        Row(
            "LOST",
            (Cell("east", CellState.ABSENT), Cell("west", CellState.UNDEFINED, (), (LOST,))),
            differs=False,
        ),
    ),
    (),
)


class Host(App[None]):
    """Shows the screen and keeps its answer."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Any] = []
        self.register_theme(THEME)
        self.theme = THEME.name

    def on_mount(self) -> None:
        """Show it."""
        self.push_screen(VariablesScreen(MATRIX), self.answers.append)


def walk(*keys: str) -> tuple[list[Any], str, int]:
    """Press keys; the answer, the details' text and the number of rows before the last key."""

    async def run() -> tuple[list[Any], str, int]:
        app = Host()
        async with app.run_test(size=(100, 30)) as pilot:
            await pilot.pause()
            await pilot.press(*keys[:-1])
            await pilot.pause()
            screen = app.screen
            text = str(screen.query_one("#variables-text", Static).content)
            rows = screen.query_one(DataTable).row_count
            await pilot.press(*keys[-1:])
            await pilot.pause()
            return app.answers, text, rows

    return asyncio.run(run())


def test_the_first_variable_is_told_of_and_escape_goes_back_with_nothing() -> None:
    answers, text, rows = walk("escape")
    assert answers == [""]
    assert rows == 2
    assert "east.example.org  east.yaml:7:3  ConfigMap/settings" in text


def test_opening_an_undefined_one_gives_the_line_that_uses_it() -> None:
    answers, text, _ = walk("down", "o")
    assert answers == ["page.yaml:9:1"]
    assert "page.yaml:9:1  ConfigMap/page  undefined" in text
    assert "west  undefined" in text


def test_the_filter_leaves_those_with_a_remark() -> None:
    answers, text, rows = walk("f", "enter")
    assert rows == 1
    assert "LOST" not in text
    assert "undefined" in text
    assert answers == ["page.yaml:9:1"]
