"""The commit before it is made: files, message with live checks, the boxes that will be ticked."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static, TextArea

from storyrunner.model.decision import CommitAnswer, CommitDraft
from storyrunner.model.status import Status
from tui.screens.bindings import help_key, modal
from tui.theme import plain, toned
from tui.viewmodel.commit_view import FileRow, folders, is_empty, message_checks
from tui.viewmodel.texts import Signs
from tui.widgets.key_bar import KeyBar


class FilesBox(VerticalScroll):
    """The files, with the task that made each; strays in red."""


class BoxesBox(VerticalScroll):
    """The boxes of the story that will be ticked."""


class CommitScreen(ModalScreen[CommitAnswer | None]):
    """Answers a CommitDraft; None leaves it."""

    HELP = """On the left exactly the files of this commit, each with the task that made it. What is
red stays out, or is missing. On the right the message: e edits it, esc leaves the text again.
Below, the boxes of the story that are ticked in the same commit. y commits; pushing is asked
separately."""

    CSS_PATH = "commit.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        modal("y", "accept", "Commit", "Commit these files with this message", prefix="commit"),
        modal("ctrl+s", "accept", "Commit", "Commit, also from the text", prefix="commit"),
        modal("e", "edit", "Edit message", "Edit the message", prefix="commit"),
        modal("escape", "back", "Back", "Leave the text, then the commit", prefix="commit"),
        help_key("commit"),
    ]

    def __init__(self, draft: CommitDraft, signs: Signs) -> None:
        super().__init__(id="commit")
        self._draft = draft
        self._signs = signs
        self._has_warned = False

    def compose(self) -> ComposeResult:
        """Head, files and message, boxes, keys."""
        draft = self._draft
        count = len(draft.files)
        where = f" on {draft.branch}" if draft.branch else ""
        noun = "file" if count == 1 else "files"
        yield Static(toned(f"Commit {count} {noun}{where}", "plain"), id="commit-title")
        with Horizontal(id="commit-top"):
            with FilesBox(id="files"):
                yield Static(self._files())
            with Vertical(id="message-side"):
                yield TextArea(draft.message, id="message", soft_wrap=True, tab_behavior="focus")
                yield Static(id="checks")
        with BoxesBox(id="boxes"):
            yield Static(self._boxes())
        yield KeyBar()

    def on_mount(self) -> None:
        """Titles, and the first checks."""
        self.query_one("#files").border_title = "Files"
        self.query_one("#message").border_title = "Message"
        opened = f", opened again: {n}" if (n := len(self._draft.unticked)) else ""
        ticked = f"Ticked in the story: {len(self._draft.boxes)}{opened}"
        self.query_one("#boxes").border_title = ticked
        self.query_one("#files").focus()
        self._check()

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Check while it is typed."""
        self._has_warned = False
        self._check()

    @property
    def message(self) -> str:
        """The message as it stands."""
        return self.query_one("#message", TextArea).text

    def action_edit(self) -> None:
        """Into the text."""
        self.query_one("#message").focus()

    def action_back(self) -> None:
        """Out of the text, then out of the commit."""
        if self.query_one("#message").has_focus:
            self.query_one("#files").focus()
        else:
            self.dismiss(None)

    def action_accept(self) -> None:
        """Commit; a message that fails a check is asked about once more."""
        if is_empty(self.message):
            self.notify("git takes no empty message", title="Commit", severity="warning")
            return
        wrong = [check.text for check in message_checks(self.message) if not check.ok]
        if wrong and not self._has_warned:
            self._has_warned = True
            text = f"not as usual: {', '.join(wrong)}. Once more commits it as it is."
            self.notify(text, title="Message", severity="warning")
            return
        self.dismiss(CommitAnswer(self.message))

    def _check(self) -> None:
        parts = []
        for check in message_checks(self.message):
            status = Status.PASSED if check.ok else Status.FAILED
            tone = "good" if check.ok else "bad"
            parts.append(toned(f"{self._signs.glyph(status)} {check.text}", tone))
        self.query_one("#checks", Static).update(Content("  ").join(parts))

    def _files(self) -> Content:
        lines = [toned(f"! {text}", "bad") for text in self._draft.warnings]
        for folder in folders(self._draft):
            lines.append(toned(folder.title, "bad" if folder.is_stray else "quiet"))
            width = max(len(row.mark) for row in folder.files)
            lines += [self._row(row, width, folder.is_stray) for row in folder.files]
        return Content("\n").join(lines)

    def _row(self, row: FileRow, width: int, is_stray: bool) -> Content:
        mark = toned(f" {row.mark:<{width}} ", "bad" if is_stray else "good")
        return Content.assemble(mark, toned(row.name, "bad" if is_stray else "text"))

    def _boxes(self) -> Content:
        lines = [plain(f"[x] {text}") for text in self._draft.boxes]
        lines += [toned(f"[ ] {text}", "bad") for text in self._draft.unticked]
        return Content("\n").join(lines) if lines else toned("none", "quiet")
