"""Commands that wait for an approval: each with its class, why it has it, and what it touches."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from storyrunner.model.approval import ApprovalAnswer, ApprovalItem, ApprovalQuestion
from storyrunner.reporters.approving import (
    command_diff,
    command_lines,
    digests_of,
    facts,
    heading,
)
from tui.screens.bindings import help_key, modal
from tui.theme import plain, toned
from tui.widgets.key_bar import KeyBar

TONES = {"-": "bad", "+": "good"}


class ApproveScreen(ModalScreen[ApprovalAnswer | None]):
    """Answers an ApprovalQuestion; None approves nothing."""

    HELP = """These commands come from the story. What a command can do is read from its text: the
worst of its parts is its class. Space marks one [x], y approves those, a approves all. An
approval is for this very command: change a letter, and it asks again. Commands that push, reach a
cluster or the network, or never end, ask each time. esc approves nothing, and nothing runs."""

    CSS_PATH = "approve.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        modal("space", "mark", "Mark", "Mark the command, or take the mark off", prefix="approve"),
        modal("y", "accept", "Approve marked", "Approve what is marked", prefix="approve"),
        modal("a", "all", "Approve all", "Approve all that can be", prefix="approve"),
        modal("s", "share", "All + share", "Approve all, also in the repository", prefix="approve"),
        modal("escape", "leave", "None", "Approve nothing; nothing runs", prefix="approve"),
        help_key("approve"),
    ]

    def __init__(self, question: ApprovalQuestion) -> None:
        super().__init__(id="approve")
        self._question = question
        self._can_be = digests_of(question)
        self._marked: set[int] = set()

    def compose(self) -> ComposeResult:
        """Heading, the commands, what there is to say of the one under the cursor, keys."""
        with Vertical(id="approve-box") as box:
            box.border_title = "Approve commands"
            yield Static(plain(heading(self._question)), id="approve-head")
            yield OptionList(*self._options(), id="approve-list")
            with VerticalScroll(id="approve-details"):
                yield Static(id="approve-text")
        yield KeyBar()

    def on_mount(self) -> None:
        """The list takes the keys; nothing is marked."""
        self._list.focus()
        self._tell(0)

    @property
    def _list(self) -> OptionList:
        return self.query_one("#approve-list", OptionList)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Tell of the one under the cursor."""
        self._tell(event.option_index)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter marks, as space does: nothing is approved by it."""
        self.action_mark()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is about to run is answered for itself: there is nothing to mark or share."""
        return action not in ("share", "mark") or not self._question.now

    def action_mark(self) -> None:
        """Mark the command under the cursor, or take the mark off."""
        at = self._list.highlighted
        if at is None or self._question.now:
            return
        item = self._question.items[at]
        if not self._is_askable(item):
            self.notify("it asks right before it runs", title="Approve")
            return
        self._marked ^= {at}
        self._list.replace_option_prompt_at_index(at, self._row(at))

    def action_accept(self) -> None:
        """Approve what is marked; for one alone, that one."""
        items = self._question.items
        chosen = {items[at].digest for at in self._marked} & self._can_be
        if self._question.now and len(items) == 1:
            chosen = {items[0].digest}
        if not chosen:
            self.notify("space marks a command, a approves all", title="Approve")
            return
        self.dismiss(ApprovalAnswer(frozenset(chosen)))

    def action_all(self) -> None:
        """Approve all that can be approved for later."""
        self.dismiss(ApprovalAnswer(self._can_be))

    def action_share(self) -> None:
        """Approve all, and propose the repository's file."""
        self.dismiss(ApprovalAnswer(self._can_be, share=True))

    def action_leave(self) -> None:
        """Approve nothing."""
        self.dismiss(None)

    def _options(self) -> list[Option]:
        return [Option(self._row(at)) for at in range(len(self._question.items))]

    def _row(self, at: int) -> Content:
        item = self._question.items[at]
        if self._question.now:
            return _row(item, "")
        if not self._is_askable(item):
            return _row(item, "    ")
        return _row(item, "[x] " if at in self._marked else "[ ] ")

    def _is_askable(self, item: ApprovalItem) -> bool:
        return item.digest in self._can_be

    def _tell(self, at: int) -> None:
        self.query_one("#approve-text", Static).update(_details(self._question.items[at]))
        self.query_one("#approve-details").scroll_home(animate=False)


def _row(item: ApprovalItem, box: str) -> Content:
    request = item.request
    tone = "stale" if request.always_asks else "human" if item.was else "text"
    word = "changed" if item.was else request.cls.value
    first, *more = command_lines(request.text)
    return Content.assemble(
        toned(box, "good" if "x" in box else "quiet"),
        toned(f"{word:<8} ", tone),
        toned(f"{request.step:<6} ", "quiet"),
        toned(first + (" …" if more else ""), "text"),
    )


def _details(item: ApprovalItem) -> Content:
    request = item.request
    lines = [toned(f"{request.step}  {request.title}", "plain")]
    if item.was:
        lines.append(toned("changed since it was approved", "stale"))
        diff = command_diff(item.was, request.text)
        lines += [toned(line, TONES.get(line[:1], "quiet")) for line in diff]
    else:
        lines += [toned(f"$ {line}", "text") for line in command_lines(request.text)]
    lines += [toned(line, "quiet") for line in facts(item)]
    return Content("\n").join(lines)
