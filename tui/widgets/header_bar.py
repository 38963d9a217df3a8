"""The line at the top."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.widgets import Static

from tui.theme import toned
from tui.viewmodel.header import HeaderView, header_line
from tui.viewmodel.texts import Signs


class HeaderBar(Static):
    """Story on the left; repository, clusters and tools on the right, as far as there is room."""

    DEFAULT_CSS = """
    HeaderBar { dock: top; height: 1; padding: 0 1; background: $panel; }
    """

    def __init__(self, signs: Signs) -> None:
        super().__init__(id="header")
        self._signs = signs
        self._view: HeaderView | None = None

    def show(self, view: HeaderView) -> None:
        """Show a header."""
        if view != self._view:
            self._view = view
            self._draw()

    def on_resize(self, event: events.Resize) -> None:
        """Cut anew."""
        self._draw()

    def _draw(self) -> None:
        width = self.content_region.width
        if self._view is None or not width:
            return
        left, right = header_line(self._view, width, self._signs)
        gap = " " * (width - len(left) - len(right))
        self.update(Content.assemble(toned(left, "plain"), gap, toned(right, "quiet")))
