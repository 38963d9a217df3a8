"""What a command of a story can do: its class, which decides who is asked before it runs.

The class is computed from the command's text (`stories/command_classes.py`), never declared.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class CommandClass(StrEnum):
    """From harmless to worst; a command has the worst class of its parts."""

    READ = "read"
    WRITE = "write"
    NETWORK = "network"
    CLUSTER = "cluster"
    ENDLESS = "endless"
    PUSH = "push"
    INTERACTIVE = "interactive"
    PLACEHOLDER = "placeholder"


_RANK = {item: number for number, item in enumerate(CommandClass)}

ALWAYS_ASK = frozenset(
    {CommandClass.NETWORK, CommandClass.CLUSTER, CommandClass.ENDLESS, CommandClass.PUSH}
)
"""Asked about each time: no stored approval, no `--yes`, no `--trust` is an answer."""

NEVER_RUN = frozenset({CommandClass.INTERACTIVE, CommandClass.PLACEHOLDER})
"""Refused whoever approves: nobody is at its keyboard, or it is not a command yet."""

OPAQUE = CommandClass.PUSH
"""For what only the shell knows: it may do anything, so it counts as the worst that can run."""

UNREADABLE = CommandClass.PLACEHOLDER
"""For what is no command that can be read: it counts as the worst."""


def worst(classes: Iterable[CommandClass]) -> CommandClass:
    """The worst of the classes of a command's parts; of none, the worst there is."""
    return max(classes, key=_RANK.__getitem__, default=UNREADABLE)
