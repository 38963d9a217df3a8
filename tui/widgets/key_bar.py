"""The footer: as many keys as fit, the most important first; the rest is behind `?`."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.binding import ActiveBinding
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

PADDING = 2
"""Cells around a key and its word in the compact footer."""


class KeyBar(Footer):
    """A footer that never cuts a key off. `ranks` says which actions come first."""

    def __init__(self, ranks: dict[str, int] | None = None) -> None:
        super().__init__(compact=True, show_command_palette=False)
        self._ranks = ranks or {}

    def compose(self) -> ComposeResult:
        """The keys that fit, in the order of the bindings."""
        if not self._bindings_ready:
            return
        active = [item for item in self.screen.active_bindings.values() if item.binding.show]
        unique = list({item.binding.action: item for item in reversed(active)}.values())[::-1]
        for _, binding, enabled, tooltip in self._fitting(unique):
            yield FooterKey(
                binding.key,
                self.app.get_key_display(binding),
                binding.description,
                binding.action,
                disabled=not enabled,
                tooltip=tooltip or binding.tooltip or binding.description,
            ).data_bind(compact=Footer.compact)

    def on_resize(self, event: events.Resize) -> None:
        """Choose anew."""
        self.refresh(recompose=True)

    def _fitting(self, items: list[ActiveBinding]) -> list[ActiveBinding]:
        room = self.app.size.width
        chosen = []
        for item in sorted(items, key=self._rank):
            width = self._width(item)
            if width <= room:
                chosen.append(item)
                room -= width
        return [item for item in items if item in chosen]

    def _rank(self, item: ActiveBinding) -> int:
        return self._ranks.get(item.binding.action, 0)

    def _width(self, item: ActiveBinding) -> int:
        shown = self.app.get_key_display(item.binding)
        return len(shown) + len(item.binding.description) + PADDING
