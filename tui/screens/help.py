"""Help for what has focus, then all keys with why one is greyed out, then what the signs mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from storyrunner.model.status import FACES
from tui.screens.bindings import modal
from tui.theme import plain, toned
from tui.viewmodel.texts import TONES, Signs
from tui.widgets.fields import Field, Fields
from tui.widgets.key_bar import KeyBar


@dataclass(frozen=True, slots=True)
class HelpKey:
    """A key, what it does, and why it cannot now."""

    key: str
    about: str
    reason: str = ""


class HelpScreen(ModalScreen[None]):
    """Everything that can be asked about the screen below it."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        modal("escape", "close", "Back", "Back to the story", prefix="help"),
        modal("question_mark", "close", "Back", "Back to the story", prefix="help"),
        modal("q", "close", "Back", "Back to the story", prefix="help"),
    ]

    def __init__(
        self, about: str, keys: list[HelpKey], facts: list[tuple[str, str]], signs: Signs
    ) -> None:
        super().__init__(id="help")
        self._about = about
        self._keys = keys
        self._facts = facts
        self._signs = signs

    def compose(self) -> ComposeResult:
        """Three parts, one under the other."""
        with VerticalScroll(id="help-body") as body:
            body.border_title = "Help"
            yield Static(plain(" ".join(self._about.split())), classes="part")
            keys = Fields()
            keys.show(self._key_fields())
            yield keys
            yield Static(self._sign_lines(), classes="part")
            yield Static(self._fact_lines(), classes="part")
        yield KeyBar()

    def on_mount(self) -> None:
        """The arrows scroll."""
        self.query_one("#help-body").focus()

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)

    def _key_fields(self) -> list[Field]:
        fields = []
        for item in self._keys:
            reason = toned(f"  (not now: {item.reason})", "quiet") if item.reason else ""
            fields.append(Field(item.key, Content.assemble(item.about, reason)))
        return fields

    def _sign_lines(self) -> Content:
        faces = [toned(self._signs.face(status), TONES[status]) for status in FACES]
        return Content("   ").join([*faces, plain(f"{self._signs.here} you are here")])

    def _fact_lines(self) -> Content:
        rows = [Content.assemble(toned(f"{name:<11}", "quiet"), text) for name, text in self._facts]
        return Content("\n").join(rows)
