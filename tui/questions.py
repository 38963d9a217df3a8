"""Which screen asks which question, and the help for whatever has focus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from textual.screen import ModalScreen, Screen

from storyrunner.model.approval import ApprovalQuestion
from storyrunner.model.decision import CommitDraft, PushQuestion, SignQuestion, WriteQuestion
from tui.bridge import Question
from tui.screens.approve import ApproveScreen
from tui.screens.commit import CommitScreen
from tui.screens.diff import DiffScreen, Edit
from tui.screens.help import HelpKey, HelpScreen
from tui.screens.main import MainScreen
from tui.screens.push import PushScreen
from tui.screens.sign import SignScreen
from tui.viewmodel.actions import ACTIONS, why_not
from tui.viewmodel.board import Board
from tui.viewmodel.header import header_lines
from tui.viewmodel.texts import Signs

if TYPE_CHECKING:
    from textual.app import App

SCREEN_HELP = "The screen of a story."


def screen_for(question: Question, board: Board, signs: Signs, edit: Edit) -> ModalScreen[Any]:
    """The screen that asks a question; what it is dismissed with is the answer."""
    match question:
        case WriteQuestion():
            return DiffScreen(question, edit)
        case SignQuestion():
            return SignScreen(question, board.repository.signer)
        case CommitDraft():
            return CommitScreen(question, signs)
        case ApprovalQuestion():
            return ApproveScreen(question)
        case PushQuestion():
            return PushScreen(question, signs)
        case _:
            assert_never(question)


def help_for(app: App[Any], board: Board | None, signs: Signs) -> HelpScreen:
    """What has focus in its own words, the keys of the screen, and the facts of the session."""
    focused = app.focused.ancestors_with_self if app.focused else ()
    nodes = [*focused, app.screen]
    about = next((text for node in nodes if (text := getattr(node, "HELP", ""))), SCREEN_HELP)
    facts = header_lines(board, signs) if board else []
    return HelpScreen(about, _keys(app, app.screen), facts, signs)


def _keys(app: App[Any], screen: Screen[Any]) -> list[HelpKey]:
    if isinstance(screen, MainScreen):
        situation = screen.situation
        keys = [
            HelpKey(spec.shown_key or spec.key, spec.about, why_not(spec.name, situation))
            for spec in ACTIONS
        ]
        return [*keys, HelpKey("esc", "Stop what runs"), HelpKey("^p", "Find any action")]
    shown = {
        item.binding.key: item.binding
        for item in screen.active_bindings.values()
        if item.binding.show
    }
    return [HelpKey(app.get_key_display(one), one.tooltip) for one in shown.values()]
