"""The palette: every action and every step by name."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.markup import escape

from tui.screens.main import MainScreen
from tui.viewmodel.actions import ACTIONS, ActionSpec, why_not


class StoryCommands(Provider):
    """Actions of the main screen, and jumps to its tasks and steps."""

    async def discover(self) -> Hits:
        """All actions."""
        screen = self.screen
        if not isinstance(screen, MainScreen):
            return
        for spec in ACTIONS:
            about = _about(screen, spec)
            yield DiscoveryHit(spec.about, partial(screen.press, spec.name), help=about)

    async def search(self, query: str) -> Hits:
        """Actions and places that match."""
        screen = self.screen
        if not isinstance(screen, MainScreen):
            return
        matcher = self.matcher(query)
        for spec in ACTIONS:
            text = f"{spec.label}: {spec.about}"
            score = matcher.match(text)
            if score > 0:
                command = partial(screen.press, spec.name)
                yield Hit(score, matcher.highlight(text), command, help=_about(screen, spec))
        for key, title in _places(screen):
            text = f"Go to {key} {title}"
            score = matcher.match(text)
            if score > 0:
                yield Hit(score, matcher.highlight(text), partial(screen.go_to, key))


def _about(screen: MainScreen, spec: ActionSpec) -> str:
    reason = why_not(spec.name, screen.situation)
    return escape(f"not now: {reason}") if reason else f"key {spec.shown_key or spec.key}"


def _places(screen: MainScreen) -> Iterator[tuple[str, str]]:
    for task in screen.board.tasks():
        yield task.id, task.title
        for step in task.steps:
            yield step.id, step.title
