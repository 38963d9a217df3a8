"""The commit before it is made: files, message with live checks, the boxes that will be ticked."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static, TextArea

from storyrunner.model.decision import AllowedSecret, CommitAnswer, CommitDraft
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


class SecretsBox(VerticalScroll):
    """The secrets that stop the commit, each with a field for the reason to let it through."""


class CommitScreen(ModalScreen[CommitAnswer | None]):
    """Answers a CommitDraft; None leaves it."""

    HELP = """On the left exactly the files of this commit, each with the task that made it. What is
red stays out, or is missing. On the right the message: e edits it, esc leaves the text again.
Below, the boxes of the story that are ticked in the same commit. A line that holds a secret stops
the commit, until it is taken out or its field says why it may be committed; the reason is recorded.
y commits; pushing is asked separately."""

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
        if draft.secrets:
            with SecretsBox(id="secrets"):
                for number, item in enumerate(draft.secrets):
                    where = f"{item.path}:{item.line}"
                    yield Static(toned(f"{self._stop} {where}: {item.kind}", "bad"))
                    yield Input(placeholder="why it may be committed", id=f"secret-{number}")
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
        if secrets := self.query("#secrets"):
            secrets.first().border_title = f"Secrets that stop the commit: {self._count_open()}"
        self.query_one("#files").focus()
        self._check()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Count what is still open."""
        self.query_one(
            "#secrets"
        ).border_title = f"Secrets that stop the commit: {self._count_open()}"

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes to the next field, and from the last back to the files."""
        fields = list(self.query(Input))
        following = fields.index(event.input) + 1
        (fields[following] if following < len(fields) else self.query_one("#files")).focus()

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
        if self.query_one("#message").has_focus or isinstance(self.focused, Input):
            self.query_one("#files").focus()
        else:
            self.dismiss(None)

    def action_accept(self) -> None:
        """Commit; a message that fails a check is asked about once more."""
        if is_empty(self.message):
            self.notify("git takes no empty message", title="Commit", severity="warning")
            return
        if self._count_open():
            first = next(one for one in self.query(Input) if not one.value.strip())
            first.focus()
            text = "take the secret out of the file, or say why it may be committed"
            self.notify(text, title="Secrets", severity="error")
            return
        wrong = [check.text for check in message_checks(self.message) if not check.ok]
        if wrong and not self._has_warned:
            self._has_warned = True
            text = f"not as usual: {', '.join(wrong)}. Once more commits it as it is."
            self.notify(text, title="Message", severity="warning")
            return
        self.dismiss(CommitAnswer(self.message, self._allowed()))

    @property
    def _stop(self) -> str:
        return self._signs.glyph(Status.FAILED)

    def _allowed(self) -> tuple[AllowedSecret, ...]:
        fields = [one.value.strip() for one in self.query(Input)]
        return tuple(
            AllowedSecret(item.path, item.line, reason)
            for item, reason in zip(self._draft.secrets, fields, strict=True)
        )

    def _count_open(self) -> int:
        """Secrets without a reason."""
        return sum(1 for one in self.query(Input) if not one.value.strip())

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
