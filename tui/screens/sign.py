"""Something only a human can say, signed with a name and a reason."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from storyrunner.model.decision import SignAnswer, SignQuestion
from tui.screens.bindings import help_key, modal
from tui.theme import plain, toned
from tui.widgets.key_bar import KeyBar


class SignScreen(ModalScreen[SignAnswer | None]):
    """Answers a SignQuestion; None leaves it open."""

    HELP = """No program can prove this. Your name and reason go into the repository; the signature
expires when one of the named files changes."""

    CSS_PATH = "sign.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        modal("ctrl+s", "accept", "Sign", "Sign with this name and reason", prefix="sign"),
        modal("escape", "leave", "Leave open", "Do not sign now", prefix="sign"),
        help_key("sign"),
    ]

    def __init__(self, question: SignQuestion, name: str = "") -> None:
        super().__init__(id="sign")
        self._question = question
        self._name = name

    def compose(self) -> ComposeResult:
        """Question, files, two fields."""
        question = self._question
        yield Static(toned(f"{question.step}  {question.title}", "plain"), id="sign-title")
        with VerticalScroll(id="sign-body"):
            yield Static(plain(question.question))
            if question.files:
                yield Static(toned("about " + ", ".join(question.files), "quiet"))
            yield Label("Your name")
            yield Input(self._name, id="sign-name")
            yield Label("Why it is so")
            yield Input(id="sign-reason")
        yield KeyBar()

    def on_mount(self) -> None:
        """Into the first field that is empty."""
        self.query_one("#sign-reason" if self._name else "#sign-name").focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes on, then signs."""
        if event.input.id == "sign-name":
            self.query_one("#sign-reason").focus()
        else:
            self.action_accept()

    def action_accept(self) -> None:
        """Sign, when both are given."""
        name = self.query_one("#sign-name", Input).value.strip()
        reason = self.query_one("#sign-reason", Input).value.strip()
        if not name or not reason:
            missing = "a reason" if name else "a name"
            self.notify(f"{missing} is needed", title="Sign", severity="warning")
            return
        self.dismiss(SignAnswer(name, reason))

    def action_leave(self) -> None:
        """Leave it open."""
        self.dismiss(None)
