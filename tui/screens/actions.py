"""The keys of the main screen: each is done here, or asked of the app, or says why it cannot be."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import ActiveBinding, Binding, BindingType
from textual.markup import escape
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from storyrunner.workspace import shown
from tui.screens.bindings import bindings_of
from tui.viewmodel.actions import (
    ACTIONS,
    BY_NAME,
    Situation,
    command_of,
    target_of_selected,
    why_not,
)
from tui.viewmodel.board import Board
from tui.viewmodel.texts import cut
from tui.widgets.finding_card import FindingCard
from tui.widgets.outline import Outline

COPIED = 100
"""Characters of what was copied that are shown again."""
NARROW = 100
"""Below this many cells the criteria become a tab beside the step."""


class ActionScreen(Screen[None]):
    """What can be done about the selected task or step. It starts nothing: `Asked` says what is
    wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_of(ACTIONS),
        Binding(
            "escape,ctrl+c", "stop", "Stop", show=False, id="main.stop", tooltip="Stop what runs"
        ),
    ]

    class Asked(Message):
        """An action is wanted, on a task or step; `place` when it is about a place in a file."""

        def __init__(self, action: str, key: str, place: str = "") -> None:
            super().__init__()
            self.action = action
            self.key = key
            self.place = place

    def __init__(self, board: Board, *, id: str) -> None:
        super().__init__(id=id)
        self.board = board
        self.is_busy = False
        self._selected = ""

    def go_to(self, key: str, *, by_hand: bool = True) -> None:
        """Select a task or step."""
        raise NotImplementedError

    @property
    def selected(self) -> str:
        """The id of the selected task or step."""
        return self._selected

    @property
    def is_narrow(self) -> bool:
        """Whether step and criteria share one place."""
        return self.app.size.width < NARROW

    @property
    def situation(self) -> Situation:
        """What decides which actions can be done."""
        return Situation(self.board, self._selected, self.is_busy, self.is_narrow)

    # --- keys --------------------------------------------------------------------------------

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """Bindings; the tooltip of one that is greyed out says why."""
        found = super().active_bindings
        for key, item in found.items():
            if not item.enabled and item.binding.action in BY_NAME:
                reason = why_not(item.binding.action, self.situation)
                found[key] = item._replace(tooltip=escape(reason))
        return found

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what cannot be done now."""
        if action not in BY_NAME:
            return True
        if action == "toggle_criteria" and not self.is_narrow:
            return False
        return None if why_not(action, self.situation) else True

    def on_key(self, event: events.Key) -> None:
        """A greyed-out key says why."""
        spec = next((item for item in ACTIONS if item.key == event.key), None)
        if spec and self._bars(spec.name):
            event.stop()

    async def press(self, name: str) -> None:
        """Do an action by name, or say why not."""
        if not self._bars(name):
            await self.run_action(name)

    def _bars(self, name: str) -> bool:
        reason = why_not(name, self.situation)
        if reason:
            label = BY_NAME[name].label
            self.notify(reason, title=label, severity="warning", timeout=4, markup=False)
        return bool(reason)

    def _ask(self, action: str, place: str = "") -> None:
        self.post_message(self.Asked(action, self._selected, place))

    def action_run(self) -> None:
        """Run what is selected."""
        self._ask("run")

    def action_run_task(self) -> None:
        """Run the task of what is selected."""
        self._ask("run_task")

    def action_run_until(self) -> None:
        """Run everything up to here."""
        self._ask("run_until")

    def action_recheck(self) -> None:
        """Check again."""
        self._ask("recheck")

    def action_record(self) -> None:
        """Write boxes and records."""
        self._ask("record")

    def action_variables(self) -> None:
        """Look at the variables."""
        self._ask("variables")

    def action_undo(self) -> None:
        """Take back."""
        self._ask("undo")

    def action_show_diff(self) -> None:
        """Look at the diff."""
        self._ask("show_diff")

    def action_help(self) -> None:
        """Explain."""
        self._ask("help")

    def action_leave(self) -> None:
        """Leave."""
        self._ask("leave")

    def action_stop(self) -> None:
        """Back out: of a zoomed part, else of what runs."""
        if self.maximized is not None:
            self.minimize()
        else:
            self._ask("stop")

    def action_commit(self) -> None:
        """Go to the commit and run it."""
        step = self.board.commit_step()
        if step is not None:
            self.go_to(step.id)
            self._ask("run")

    def action_open_editor(self) -> None:
        """Open the place of the focused card, or the step's."""
        focused = self.focused
        place = focused.card.place if isinstance(focused, FindingCard) else None
        self._ask("open_editor", str(place) if place else "")

    def action_next_open(self) -> None:
        """Go to the next open step."""
        step = self.board.next_open(self._selected)
        if step is not None:
            self.go_to(step.id)

    def action_go_to_hint(self) -> None:
        """Go where the hint points."""
        focused = self.focused
        card = focused.card.target if isinstance(focused, FindingCard) else ""
        self.go_to(card or target_of_selected(self.board, self._selected))

    def action_copy(self) -> None:
        """Copy the command of the focused card, or the step's."""
        focused = self.focused
        card = focused.card.command if isinstance(focused, FindingCard) else ""
        text = shown((card or command_of(self.board, self._selected)).encode())
        self.app.copy_to_clipboard(text)
        self.notify(cut(text, COPIED), title="Copied", timeout=3, markup=False)

    def action_toggle_criteria(self) -> None:
        """Change tabs."""
        self.toggle_class("-criteria")
        wanted: Widget = self.query_one(Outline)
        if self.has_class("-criteria"):
            wanted = self.query_one("#criteria-list")
        wanted.focus()

    def action_zoom(self) -> None:
        """The focused part on the whole screen, and back."""
        if self.maximized is not None:
            self.minimize()
        elif self.focused is not None:
            self.maximize(self.focused, container=False)
