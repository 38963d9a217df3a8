"""Bindings out of action tables, so that keys, footer, help and palette never disagree."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding, BindingType

from tui.viewmodel.actions import ActionSpec


def bindings_of(specs: Iterable[ActionSpec]) -> list[BindingType]:
    """A binding for each action, with id, description and tooltip."""
    return [
        Binding(
            spec.key,
            spec.name,
            spec.label,
            key_display=spec.shown_key or None,
            tooltip=spec.about,
            id=f"main.{spec.name}",
        )
        for spec in specs
    ]


def help_key(prefix: str) -> Binding:
    """The key that explains a screen that asks something."""
    return Binding(
        "question_mark",
        "app.help",
        "Help",
        key_display="?",
        tooltip="Explain this screen",
        id=f"{prefix}.help",
    )


def modal(key: str, action: str, label: str, about: str, *, prefix: str) -> Binding:
    """A binding of a screen that asks something."""
    shown = {"escape": "esc", "ctrl+s": "^s"}.get(key)
    return Binding(
        key, action, label, key_display=shown, tooltip=about, id=f"{prefix}.{action}.{key}"
    )
