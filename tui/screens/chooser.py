"""The list of stories, when none was named and there are several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.screens.bindings import help_key, modal
from tui.theme import toned
from tui.widgets.key_bar import KeyBar


class StoryLike(Protocol):
    """What the list shows of a story."""

    @property
    def reference(self) -> str:
        """Names it."""
        ...

    @property
    def number(self) -> int:
        """Its number."""
        ...

    @property
    def title(self) -> str:
        """Its title."""
        ...

    @property
    def status(self) -> str:
        """Its status, in the story's own words."""
        ...


class ChooserScreen(Screen[None]):
    """Offers stories; `Chosen` says which."""

    HELP = "The stories of this repository that can be run. Enter opens one."

    CSS_PATH = "chooser.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        modal("enter", "open", "Open", "Open the story", prefix="chooser"),
        modal("q", "leave", "Quit", "Leave", prefix="chooser"),
        help_key("chooser"),
    ]

    class Chosen(Message):
        """A story was chosen; empty when none was."""

        def __init__(self, reference: str) -> None:
            super().__init__()
            self.reference = reference

    def __init__(self, stories: Sequence[StoryLike]) -> None:
        super().__init__(id="chooser")
        self._stories = stories

    def compose(self) -> ComposeResult:
        """Head, list, keys."""
        count = len(self._stories)
        yield Static(toned(f"storyrunner   {count} stories can be run here", "plain"), id="head")
        yield OptionList(*map(_row, self._stories), id="stories")
        yield KeyBar()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open it."""
        event.stop()
        self.post_message(self.Chosen(event.option_id or ""))

    def action_open(self) -> None:
        """Open the highlighted one."""
        self.query_one(OptionList).action_select()

    def action_leave(self) -> None:
        """Leave."""
        self.post_message(self.Chosen(""))


def _row(story: StoryLike) -> Option:
    text = Content.assemble(
        toned(f"{story.number:02d}  ", "link"), story.title, toned(f"   {story.status}", "quiet")
    )
    return Option(text, id=story.reference)
