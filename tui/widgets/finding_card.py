"""A finding as a card."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalGroup
from textual.content import Content
from textual.widgets import Static

from storyrunner.model.finding import Severity
from tui.theme import plain, toned
from tui.viewmodel.cards import Card
from tui.viewmodel.texts import Signs
from tui.widgets.fields import Field, Fields

TONE_OF = {Severity.ERROR: "bad", Severity.WARNING: "stale", Severity.NOTE: "quiet"}


class FindingCard(VerticalGroup, can_focus=True):
    """Place and message; expected and got; why it matters; the fix; the command to copy."""

    HELP = """A finding: where it is, what was expected and what is there, why that matters in the
cluster, and the smallest fix. `o` opens the file at the line, `y` copies the command that judges
it again, `g` goes to the task that the fix names."""

    DEFAULT_CSS = """
    FindingCard {
        height: auto;
        margin: 0 0 1 0;
        padding: 0 1;
        border-left: outer $border-blurred;
    }
    FindingCard.error { border-left: outer $error; }
    FindingCard.warning { border-left: outer $warning; }
    FindingCard:focus { background: $panel; }
    """
    SIGN: ClassVar[dict[Severity, str]] = {
        Severity.ERROR: "error",
        Severity.WARNING: "warning",
        Severity.NOTE: "note",
    }

    def __init__(self, card: Card, signs: Signs) -> None:
        super().__init__(classes=card.severity.value)
        self.card = card
        self._signs = signs

    def compose(self) -> ComposeResult:
        """Head line, place, fields."""
        card = self.card
        word = toned(self.SIGN[card.severity], TONE_OF[card.severity])
        cluster = f" {self._signs.dot} {card.cluster}" if card.cluster else ""
        head = Content.assemble(word, toned(f" {card.rule}{cluster}", "quiet"))
        yield Static(Content.assemble(head, "\n", toned(card.message, "text")))
        if card.place:
            yield Static(toned(str(card.place), "link"))
        fields = Fields()
        fields.show(self._fields())
        yield fields

    def _fields(self) -> list[Field]:
        card = self.card
        rows = [
            ("expect", card.expected),
            ("got", card.got),
            ("why", card.why),
            ("fix", card.hint),
            ("check", card.command),
        ]
        found = [Field(label, plain(text)) for label, text in rows if text]
        if card.target:
            go = f"{self._signs.arrow} g goes to {card.target}"
            found.append(Field("", toned(go, "link")))
        return found
