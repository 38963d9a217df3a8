"""The push, asked by itself: remote and branch in large."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Center, Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from storyrunner.model.decision import PushQuestion
from tui.screens.bindings import help_key, modal
from tui.theme import plain, toned
from tui.viewmodel.texts import Signs, counted
from tui.widgets.key_bar import KeyBar


class PushScreen(ModalScreen[bool]):
    """Answers a PushQuestion. The key is not the one that commits, so that none pushes twice."""

    HELP = """The commit is made; it stays here until you push it. p pushes to exactly this remote
and branch. esc leaves it; the story's box for the push stays open."""

    CSS_PATH = "push.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        modal("p", "push", "Push", "Push to this remote and branch", prefix="push"),
        modal("escape", "leave", "Not now", "Leave the commit here", prefix="push"),
        help_key("push"),
    ]

    def __init__(self, question: PushQuestion, signs: Signs) -> None:
        super().__init__(id="push")
        self._question = question
        self._signs = signs

    def compose(self) -> ComposeResult:
        """The question, large."""
        question = self._question
        commits = counted(question.commits, "commit") if question.commits else "this branch"
        where = f"{question.remote}   {self._signs.arrow}   {question.branch}"
        with Center(id="push-center"), Vertical(id="push-box"):
            yield Static(plain(f"Push {commits} to"), classes="row")
            yield Static(toned(where, "plain"), classes="row large")
            yield Static(toned(question.url, "quiet"), classes="row")
            yield Static(plain("p pushes, esc leaves it here"), classes="row")
        yield KeyBar()

    def action_push(self) -> None:
        """Push."""
        self.dismiss(True)

    def action_leave(self) -> None:
        """Leave."""
        self.dismiss(False)
