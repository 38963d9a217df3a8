"""The variable matrix: every variable in every cluster, and below it where the selected one stands.

It shows a `VariableMatrix`; `read_matrix` makes one on the engine's thread. It decides nothing.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import DataTable, Static

from storyrunner.gitops.explanation import UseState
from storyrunner.gitops.provenance import trace_cluster
from storyrunner.gitops.variables import Cell, CellState, Row, VariableMatrix, matrix
from tui.around import SessionLike
from tui.screens.bindings import help_key, modal
from tui.theme import plain, toned
from tui.viewmodel.texts import counted
from tui.widgets.key_bar import KeyBar

TONES = {
    CellState.SET: "text",
    CellState.DEFAULT: "stale",
    CellState.UNUSED: "quiet",
    CellState.UNDEFINED: "bad",
    CellState.ABSENT: "quiet",
}
LONGEST = 40
"""Cells of a value before it is cut; the whole stands below the table."""


async def read_matrix(session: SessionLike) -> VariableMatrix:
    """The matrix of the story's clusters. Only on the engine's thread.

    Raises ManifestError when a cluster's files cannot be read.
    """
    root = session.context.workspace.root
    traces = [await trace_cluster(root, one) for one in session.context.runbook.clusters]
    return await asyncio.to_thread(matrix, root, traces)


class VariablesScreen(ModalScreen[str]):
    """Shows a matrix. Its result is the place to open in the editor (`path:line:column`), or ""."""

    HELP = """Every variable that Flux substitutes, with its value in each cluster. A variable that
is undefined in one cluster fails the build there. Below the table: where the selected one is
defined and which objects use it. Values that look like secrets are masked."""

    CSS_PATH = "variables.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        modal("escape", "close", "Back", "Back to the story", prefix="variables"),
        modal("f", "filter", "Filter", "Only those with a remark, or all", prefix="variables"),
        modal("o", "open", "Open", "Open the definition in your editor", prefix="variables"),
        help_key("variables"),
    ]

    def __init__(self, found: VariableMatrix) -> None:
        super().__init__(id="variables")
        self._found = found
        self._is_filtered = False

    def compose(self) -> ComposeResult:
        """Summary, table, details, keys."""
        with Vertical(id="variables-box") as box:
            box.border_title = "Variables"
            yield Static(self._summary(), id="variables-summary")
            table: DataTable[Content] = DataTable(
                id="variables-table", cursor_type="row", zebra_stripes=True, fixed_columns=1
            )
            yield table
            with VerticalScroll(id="variables-details"):
                yield Static(id="variables-text")
        yield KeyBar()

    def on_mount(self) -> None:
        """Fill the table; it takes the keys."""
        rows = self._found.rows
        shown = [[row.name, *(_short(cell.shown) for cell in row.cells)] for row in rows]
        remarks = [" ".join(row.states) for row in rows]
        for at, title in enumerate(("Variable", *self._found.clusters, "Remark")):
            column = remarks if title == "Remark" else [texts[at] for texts in shown]
            # The table cannot measure our content, so it is told.
            self._table.add_column(title, width=max(map(cell_len, (title, *column))))
        self._fill()
        self._table.focus()

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Tell of the selected one."""
        self._tell()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter opens."""
        self.action_open()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There must be something to open."""
        if action == "open":
            return True if self._place_of_selected() else None
        return True

    def action_close(self) -> None:
        """Back."""
        self.dismiss("")

    def action_filter(self) -> None:
        """Only those with a remark, or all."""
        self._is_filtered = not self._is_filtered
        self._fill()

    def action_open(self) -> None:
        """Give the definition's place to the app."""
        place = self._place_of_selected()
        if place:
            self.dismiss(place)

    @property
    def _table(self) -> DataTable[Content]:
        return self.query_one("#variables-table", DataTable)

    @property
    def _rows(self) -> list[Row]:
        return [row for row in self._found.rows if row.states or not self._is_filtered]

    def _fill(self) -> None:
        table = self._table
        table.clear()
        for row in self._rows:
            cells = [toned(_short(cell.shown), TONES[cell.state]) for cell in row.cells]
            remark = toned(" ".join(row.states), "bad" if "undefined" in row.states else "quiet")
            table.add_row(toned(row.name, "plain"), *cells, remark, key=row.name)
        self._tell()

    def _selected(self) -> Row | None:
        rows, at = self._rows, self._table.cursor_row
        return rows[at] if 0 <= at < len(rows) else None

    def _place_of_selected(self) -> str:
        row = self._selected()
        if row is None:
            return ""
        undefined = [use.place for cell in row.cells for use in cell.undefined if use.place]
        defined = [one.place for cell in row.cells for one in cell.definitions]
        used = [use.place for cell in row.cells for use in cell.uses if use.place]
        return str(next(iter((*undefined, *defined, *used)), ""))

    def _tell(self) -> None:
        row = self._selected()
        text = _details(row) if row else toned("nothing to show", "quiet")
        self.query_one("#variables-text", Static).update(text)
        self.refresh_bindings()

    def _summary(self) -> Content:
        found = self._found
        parts = [plain(counted(len(found.rows), "variable"))]
        undefined = len(found.undefined)
        parts.append(
            toned(f"{undefined} undefined", "bad") if undefined else toned("all defined", "good")
        )
        if found.failures:
            parts.append(toned(f"{counted(len(found.failures), 'build')} did not work", "broken"))
        return Content(", ").join(parts)


def _details(row: Row) -> Content:
    lines = [line for cell in row.cells for line in _cell_lines(cell)]
    uses = dict.fromkeys(
        (str(use.place or "(generated)"), use.object, use.state)
        for cell in row.cells
        for use in cell.uses
    )
    for place, name, state in uses:
        note = "" if state is UseState.VALUE else f"  {state.value}"
        lines.append(
            Content.assemble(toned("used  ", "quiet"), toned(place, "link"), f"  {name}{note}")
        )
    return Content("\n").join(lines)


def _cell_lines(cell: Cell) -> list[Content]:
    if not cell.definitions:
        tone = TONES[cell.state]
        return [Content.assemble(toned(f"{cell.cluster}  ", "quiet"), toned(cell.shown, tone))]
    return [
        Content.assemble(
            toned(f"{cell.cluster}  ", "quiet"),
            toned(one.shown or '""', "plain"),
            "  ",
            toned(str(one.place), "link"),
            toned(f"  {one.source}", "quiet"),
        )
        for one in cell.definitions
    ]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
