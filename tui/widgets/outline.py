"""The outline of tasks and steps."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from tui.viewmodel.outline import Row, TaskRows, short_id
from tui.viewmodel.texts import TONES, Signs, cut


class Outline(Tree[Row], inherit_bindings=False):
    """Tasks with counts, steps below; one task is open at a time."""

    HELP = """The story's tasks, in the order they can be run, each with how many of its steps
are through. The open task shows its steps. Up and down move, right opens a task, left closes it.
What is selected here is explained beside it, and is what enter, t and a run."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "outline--good",
        "outline--bad",
        "outline--broken",
        "outline--stale",
        "outline--human",
        "outline--plain",
        "outline--quiet",
    }
    DEFAULT_CSS = """
    Outline {
        background: $background;
        & > .outline--good { color: $text-success; }
        & > .outline--bad { color: $text-error; text-style: bold; }
        & > .outline--broken { color: $text-accent; text-style: bold; }
        & > .outline--stale { color: $text-warning; }
        & > .outline--human { color: $text-primary; text-style: bold; }
        & > .outline--plain { color: $foreground; text-style: bold; }
        & > .outline--quiet { color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "Up", show=False, id="outline.up", tooltip="One row up"),
        Binding("down,j", "cursor_down", "Down", show=False, id="outline.down", tooltip="One down"),
        Binding("right,l", "open_task", "Open", show=False, id="outline.open", tooltip="Open task"),
        Binding(
            "left,h", "close_task", "Close", show=False, id="outline.close", tooltip="Close it"
        ),
        Binding(
            "home", "scroll_home", "First", show=False, id="outline.first", tooltip="To the top"
        ),
        Binding("end", "scroll_end", "Last", show=False, id="outline.last", tooltip="To the end"),
        Binding(
            "pageup", "page_up", "Page up", show=False, id="outline.pageup", tooltip="A page up"
        ),
        Binding(
            "pagedown", "page_down", "Page down", show=False, id="outline.pagedown", tooltip="Down"
        ),
    ]

    class Selected(Message):
        """Another row has the cursor. `by_hand` is False when the program moved it."""

        def __init__(self, key: str, by_hand: bool) -> None:
            super().__init__()
            self.key = key
            self.by_hand = by_hand

    def __init__(self, signs: Signs) -> None:
        super().__init__("story", id="outline")
        self.show_root = False
        self.show_guides = False
        self.guide_depth = 2
        self.auto_expand = False
        self.border_title = "Tasks"
        self._signs = signs
        self._rows: dict[str, TreeNode[Row]] = {}
        self._wanted = ""

    def show(self, tasks: tuple[TaskRows, ...], progress: tuple[int, int]) -> None:
        """Show the tasks; rows that did not change are left alone."""
        for item in tasks:
            parent = self._put(item.task, self.root)
            for row in item.steps:
                self._put(row, parent)
        self.border_subtitle = f"{progress[0]}/{progress[1]} through"

    def select(self, key: str) -> None:
        """Move the cursor to a task or step, opening its task and closing the others."""
        node = self._rows.get(key)
        if node is None:
            return
        task = node if node.parent is self.root else node.parent
        for other in self.root.children:
            if other is not task:
                other.collapse()
        if task is not None:
            task.expand()
        self._wanted = key
        self.call_after_refresh(self._move_to, key)

    @property
    def selected(self) -> str:
        """The id of the task or step under the cursor."""
        node = self.cursor_node
        return node.data.key if node and node.data else ""

    def _move_to(self, key: str) -> None:
        self._wanted = key
        self.move_cursor(self._rows[key])

    def _put(self, row: Row, parent: TreeNode[Row]) -> TreeNode[Row]:
        node = self._rows.get(row.key)
        if node is None:
            node = parent.add(Text(row.title), row, allow_expand=parent is self.root)
            self._rows[row.key] = node
        elif node.data != row:
            node.data = row
            node.refresh()
        return node

    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[Row]) -> None:
        """Tell the screen."""
        event.stop()
        if event.node.data is not None:
            key = event.node.data.key
            by_hand = key != self._wanted
            self._wanted = ""
            self.post_message(self.Selected(key, by_hand))

    def action_open_task(self) -> None:
        """Open the task under the cursor, or go to its first step."""
        node = self.cursor_node
        if node is None or node.parent is not self.root:
            return
        if node.is_expanded and node.children:
            self.move_cursor(node.children[0])
        else:
            self.select(node.data.key if node.data else "")

    def action_close_task(self) -> None:
        """Go to the task of the step under the cursor, or close the task."""
        node = self.cursor_node
        if node is None or node.parent is None:
            return
        if node.parent is self.root:
            node.collapse()
        else:
            self.move_cursor(node.parent)

    def on_resize(self, event: events.Resize) -> None:
        """Cut titles anew."""
        self._invalidate()

    def render_label(self, node: TreeNode[Row], base_style: Style, style: Style) -> Text:
        """Glyph, id, title cut to the width, count at the right edge."""
        row = node.data
        if row is None:
            return Text("")
        tone = self.get_component_rich_style(f"outline--{TONES[row.status]}", partial=True)
        glyph = self._signs.glyph(row.status)
        is_task = node.parent is self.root
        lead = f"{self._signs.here} " if node is self.cursor_node else "  "
        name = f"{row.key} " if is_task else f"{short_id(row.key)} "
        room = (
            self._room()
            - (0 if is_task else self.guide_depth)
            - len(lead)
            - 2
            - len(name)
            - len(row.count)
            - 1
        )
        title = cut(row.title, room, self._signs.ellipsis)
        gap = " " * (room - len(title) + 1) if row.count else ""
        return Text.assemble(
            (lead, style),
            (glyph, style + tone),
            (f" {name}", style),
            (title, style),
            (gap, style),
            (row.count, style),
            no_wrap=True,
        )

    def _room(self) -> int:
        return max(20, self.scrollable_content_region.width)
