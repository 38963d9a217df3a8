"""A change to a file, side by side, with the target path as the title; it is written or not."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static
from textual_diff_view import DiffView

from storyrunner.model.decision import Change, Choice, WriteAnswer, WriteQuestion
from storyrunner.redaction import Redactor
from storyrunner.workspace import shown
from tui.screens.bindings import help_key, modal
from tui.theme import toned
from tui.widgets.key_bar import KeyBar

SPLIT = 100
"""From this many cells on the two sides stand beside each other."""
WORDS = {
    Change.NEW: "new file",
    Change.EDIT: "change",
    Change.DIFFERS: "your file differs from the template",
    Change.DELETE: "delete",
}
Edit = Callable[[str, str], str | None]
"""Opens a text in the editor under a file name; None when nothing came of it."""


class DiffScreen(ModalScreen[WriteAnswer | None]):
    """Answers a WriteQuestion; None goes back. With `edit` None it only shows."""

    HELP = """The change, with what stands in the file on the left (or in red) and what would be
written on the right (or in green). Nothing is written before you press y. Every write can be
undone with u until the commit. A secret is shown as ******** with a number: the same secret has the
same number. e opens the file as it is."""

    CSS_PATH = "diff.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        modal("y", "write", "Write", "Write the file as shown", prefix="diff"),
        modal("e", "edit", "Edit", "Edit the new content in your editor first", prefix="diff"),
        modal("s", "keep", "Keep mine", "Leave your file as it is and go on", prefix="diff"),
        modal("s", "skip", "Skip", "Do not write this one and go on", prefix="diff"),
        modal("v", "split", "Sides", "Two sides, or one below the other", prefix="diff"),
        modal("escape", "back", "Back", "Back; nothing is written", prefix="diff"),
        help_key("diff"),
    ]

    def __init__(self, question: WriteQuestion, edit: Edit | None = None) -> None:
        super().__init__(id="diff")
        self._question = question
        self._edit = edit
        self._text = question.after
        self._is_split: bool | None = None

    def compose(self) -> ComposeResult:
        """Title, why, the two sides, keys."""
        yield Static(id="diff-title")
        with VerticalScroll(id="diff-body"):
            yield from self._diff()
        yield KeyBar()

    def on_mount(self) -> None:
        """The scrolling part takes the keys."""
        self._draw_title()
        self.query_one("#diff-body").focus()

    async def on_resize(self, event: events.Resize) -> None:
        """Two sides need room."""
        for view in self.query(DiffView):
            view.split = self._wants_split()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what fits the question is offered."""
        differs = self._question.change is Change.DIFFERS
        if action in ("write", "edit", "keep", "skip") and self._edit is None:
            return False
        if action == "edit":
            return self._question.after is not None
        return {"keep": differs, "skip": not differs}.get(action, True)

    def action_write(self) -> None:
        """Write."""
        edited = self._text if self._text != self._question.after else None
        self.dismiss(WriteAnswer(Choice.WRITE, edited))

    def action_keep(self) -> None:
        """Keep."""
        self.dismiss(WriteAnswer(Choice.KEEP))

    def action_skip(self) -> None:
        """Skip."""
        self.dismiss(WriteAnswer(Choice.SKIP))

    def action_back(self) -> None:
        """Back."""
        self.dismiss(None)

    def action_split(self) -> None:
        """Turn the sides."""
        self._is_split = not self._wants_split()
        for view in self.query(DiffView):
            view.split = self._is_split

    async def action_edit(self) -> None:
        """Edit, then look again."""
        if self._edit is None or self._text is None:
            return
        text = self._edit(self._text, self._question.path)
        if text is None:
            return
        self._text = text
        self._draw_title()
        body = self.query_one("#diff-body")
        await body.remove_children()
        await body.mount_all(self._diff())

    def _draw_title(self) -> None:
        question = self._question
        word = WORDS[question.change]
        edited = ", edited by you" if self._text != question.after else ""
        lines = [
            toned(question.path, "plain"),
            toned(f"{question.step} {question.title}: {word}{edited}", "quiet"),
        ]
        if question.offer:
            lines.append(toned(question.offer, "stale"))
        self.query_one("#diff-title", Static).update(Content("\n").join(lines))

    def _diff(self) -> list[DiffView | Static]:
        old, new = Redactor(os.environ).pair(self._question.before or "", self._text or "")
        before, after = _safe(old), _safe(new)
        path = self._question.path
        if before == after:
            return [Static("Both sides are the same.", classes="same")]
        return [
            DiffView(
                path, path, before, after, split=self._wants_split(), annotations=True, wrap=True
            )
        ]

    def _wants_split(self) -> bool:
        if self._is_split is not None:
            return self._is_split
        both = self._question.before is not None and self._text is not None
        return both and self.app.size.width >= SPLIT


def _safe(text: str) -> str:
    return shown(text.encode("utf-8", "surrogateescape"))
