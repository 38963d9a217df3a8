"""What the selected step printed, live."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.widgets import RichLog

from tui.viewmodel.board import MOST_LINES, Output
from tui.viewmodel.texts import Signs


class OutputLog(RichLog):
    """The latest lines of a step's output. Long lines wrap."""

    HELP = """What the step printed. Up and down scroll, `z` shows it on the whole screen. Only the
latest lines are kept; how many older ones were let go is said in the title."""

    def __init__(self, signs: Signs) -> None:
        super().__init__(id="output", max_lines=MOST_LINES, wrap=True, min_width=10)
        self.border_title = "Output"
        self.display = False
        self._signs = signs
        self._key = ""
        self._source: Output | None = None
        self._taken = 0
        self._wrapped_at = 0

    def show(self, key: str, output: Output | None) -> None:
        """Show a step's output; of the same step, only what is new."""
        if output is not self._source or key != self._key:
            self.clear()
            self._key, self._source, self._taken = key, output, 0
        was_shown = self.display
        self.display = output is not None and bool(output.lines)
        if self.display and was_shown:
            self._pour()
        elif self.display:
            self.call_after_refresh(self._pour)

    def on_resize(self, event: events.Resize) -> None:
        """Wrap anew."""
        if event.size.width and event.size.width != self._wrapped_at:
            self._wrapped_at = event.size.width
            self.clear()
            self._taken = 0
            self.call_after_refresh(self._pour)

    def _pour(self) -> None:
        output = self._source
        if output is None or not self.display or not self.size.width:
            return
        total = output.dropped + len(output.lines)
        fresh = min(total - self._taken, len(output.lines))
        self._taken = total
        for stream, text in list(output.lines)[len(output.lines) - fresh :]:
            self.write(Text(text, style="italic" if stream == "stderr" else ""))
        dropped = f", {output.dropped} older ones let go" if output.dropped else ""
        lines = "1 line" if total == 1 else f"{total} lines"
        self.border_title = f"Output {self._signs.dot} {lines}{dropped}"
