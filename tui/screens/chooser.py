"""The list of stories, when none was named and there are several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

    @property
    def lane(self) -> str:
        """Its lane."""
        ...

    @property
    def sprint(self) -> str:
        """Its sprint."""
        ...

    @property
    def claims(self) -> str:
        """How many of its boxes are ticked (`3/7`)."""
        ...

    @property
    def left(self) -> int:
        """How many items are left to later stories."""
        ...

    @property
    def waits_for(self) -> Sequence[str]:
        """Unfinished stories that it needs."""
        ...

    @property
    def forward(self) -> Sequence[str]:
        """Stories it needs that come later in the sequence."""
        ...

    @property
    def is_next(self) -> bool:
        """Whether it is the one to do next."""
        ...


class ChooserScreen(Screen[None]):
    """Offers stories; `Chosen` says which."""

    HELP = """The stories of this repository: number, title, status; then lane, sprint, ticked
boxes, and how many items are left to later stories. `next` is the one whose prerequisites are
finished; of the others it is said what they wait for. Enter opens one."""

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
        yield Static(toned(f"storyrunner   {count} stories", "plain"), id="head")
        yield OptionList(*map(_row, self._stories), id="stories")
        yield KeyBar()

    def on_mount(self) -> None:
        """Stand at the one to do next."""
        index = next((i for i, one in enumerate(self._stories) if one.is_next), 0)
        self.query_one(OptionList).highlighted = index

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
        toned(f"{story.number:02d}  ", "link"),
        story.title,
        toned(f"   {story.status}", "quiet"),
        toned("   next" if story.is_next else "", "good"),
        toned(f"\n    {'   '.join(_details(story))}", "quiet"),
    )
    return Option(text, id=story.reference)


def _details(story: StoryLike) -> Iterator[str]:
    if story.lane:
        yield story.lane
    if story.sprint:
        yield f"sprint {story.sprint}"
    yield f"{story.claims} ticked"
    if story.left:
        yield f"{story.left} left to others"
    if story.waits_for:
        yield f"waits for {', '.join(story.waits_for)}"
    elif story.forward:
        yield f"needs what comes later: {', '.join(story.forward)}"
