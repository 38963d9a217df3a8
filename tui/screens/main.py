"""The main screen: outline, step, criteria; keys become requests to the app."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import OptionList

from tui.screens.actions import NARROW, ActionScreen
from tui.viewmodel.actions import ACTIONS
from tui.viewmodel.board import CLOSED, Board
from tui.viewmodel.criteria_view import criteria_of, criteria_view, proof
from tui.viewmodel.header import header_view
from tui.viewmodel.outline import outline
from tui.viewmodel.step_view import StepView, TaskView, step_view, task_view
from tui.viewmodel.texts import Signs
from tui.widgets.criteria_panel import CriteriaPanel
from tui.widgets.header_bar import HeaderBar
from tui.widgets.key_bar import KeyBar
from tui.widgets.outline import Outline
from tui.widgets.step_panel import StepPanel


class MainScreen(ActionScreen):
    """Shows a Board. It starts nothing itself: `Asked` says what is wanted."""

    CSS_PATH = "main.tcss"
    AUTO_FOCUS = "#outline"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - the base class says what it is
        (0, "-narrow"),
        (NARROW, "-wide"),
        (120, "-wider"),
        (160, "-widest"),
    ]

    class Changed(Message):
        """The board has changed."""

        def can_replace(self, message: Message) -> bool:
            """Several in a row are one."""
            return isinstance(message, MainScreen.Changed)

    def __init__(self, board: Board, signs: Signs, first: str = "") -> None:
        super().__init__(board, id="main")
        self._signs = signs
        is_known = board.runbook.step(first) or board.runbook.task(first)
        self._selected = first if is_known else self._first()
        self._is_following = True

    # --- layout ------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Header, three panels, keys."""
        yield HeaderBar(self._signs)
        with Horizontal(id="panels"):
            yield Outline(self._signs)
            yield StepPanel(self._signs)
            yield CriteriaPanel(self._signs)
        yield KeyBar({spec.name: spec.rank for spec in ACTIONS})

    async def on_mount(self) -> None:
        """The first frame is the story with what is known."""
        await self._draw()
        self.query_one(Outline).select(self._selected)
        self.query_one(CriteriaPanel).highlight(criteria_of(self.board, self._selected))

    async def on_main_screen_changed(self) -> None:
        """Draw again."""
        await self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """The tabs of a narrow screen stand in a border's title."""
        self.set_timer(0.01, self._draw_tabs)

    async def _draw(self) -> None:
        board = self.board
        if self._is_following and board.running and board.running != self._selected:
            self.go_to(board.running, by_hand=False)
        self.query_one(HeaderBar).show(header_view(board, self._signs))
        self.query_one(Outline).show(outline(board), board.progress())
        self.query_one(CriteriaPanel).show(criteria_view(board))
        await self._draw_selected()

    async def _draw_selected(self) -> None:
        view = self._view()
        if view is not None:
            upcoming = self.board.next_open(self._selected)
            following = f"next n: {upcoming.id} {upcoming.title}" if upcoming else "all through"
            await self.query_one(StepPanel).show(view, following)
        self._draw_proof()
        self._draw_tabs()
        self.refresh_bindings()

    def _draw_proof(self) -> None:
        panel = self.query_one(CriteriaPanel)
        panel.show_proof(proof(self.board, panel.wanted))

    def _draw_tabs(self) -> None:
        narrow = self.is_narrow
        view = criteria_view(self.board)
        tally = f"Criteria {view.proven}/{len(view.criteria)}"
        self.query_one(StepPanel).border_title = f"Step  |  m {tally}" if narrow else "Step"
        self.query_one("#criteria-list").border_title = f"{tally}  |  m Step" if narrow else tally

    def _view(self) -> StepView | TaskView | None:
        book = self.board.runbook
        step = book.step(self._selected)
        if step is not None:
            return step_view(self.board, step)
        task = book.task(self._selected)
        return task_view(self.board, task) if task else None

    # --- where we are ------------------------------------------------------------------------

    def follow(self) -> None:
        """Keep the running step selected until the engineer moves."""
        self._is_following = True

    def settle(self, ran: Sequence[str]) -> None:
        """A run has ended: stand at its first failure, else at its last step."""
        if ran and self._is_following:
            self.go_to(self.board.stand_at(ran))
        self.post_message(self.Changed())

    def go_to(self, key: str, *, by_hand: bool = True) -> None:
        """Select a task or step."""
        if by_hand:
            self._is_following = False
        self._selected = key
        self.query_one(Outline).select(key)
        self.query_one(CriteriaPanel).highlight(criteria_of(self.board, key))

    def _first(self) -> str:
        step = self.board.next_open()
        return step.id if step else self.board.tasks()[0].id

    async def on_outline_selected(self, event: Outline.Selected) -> None:
        """Show what has the cursor."""
        event.stop()
        if event.by_hand:
            self._is_following = False
        if event.key != self._selected:
            self._selected = event.key
            self.query_one(CriteriaPanel).highlight(criteria_of(self.board, event.key))
        await self._draw_selected()

    def on_criteria_panel_wanted(self, event: CriteriaPanel.Wanted) -> None:
        """Show the proof."""
        event.stop()
        self._draw_proof()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """From a criterion to the step that keeps it from being proven."""
        event.stop()
        criterion = next(
            (item for item in self.board.runbook.criteria if item.id == event.option_id), None
        )
        if criterion is not None:
            steps = criterion.proved_by
            is_open = (step for step in steps if self.board.status(step) not in CLOSED)
            self.go_to(next(is_open, steps[0]))
