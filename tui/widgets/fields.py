"""A table of labelled fields whose values wrap under themselves."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import HorizontalGroup, VerticalGroup
from textual.content import Content
from textual.widgets import Static


@dataclass(frozen=True, slots=True)
class Field:
    """A label and its value; an empty label continues the one above."""

    label: str
    value: Content


class Fields(VerticalGroup):
    """Labels on the left, values on the right."""

    DEFAULT_CSS = """
    Fields { height: auto; }
    Fields HorizontalGroup { height: auto; }
    Fields .label { width: 8; color: $foreground-muted; }
    Fields .value { width: 1fr; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown: tuple[Field, ...] = ()

    def show(self, fields: list[Field]) -> None:
        """Show fields; nothing happens when they are as before."""
        if tuple(fields) != self._shown:
            self._shown = tuple(fields)
            self.refresh(recompose=True)

    def compose(self) -> ComposeResult:
        """A row for each field."""
        for item in self._shown:
            with HorizontalGroup():
                yield Static(item.label, classes="label", markup=False)
                yield Static(item.value, classes="value")
