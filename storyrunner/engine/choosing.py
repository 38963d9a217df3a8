"""All stories of a repository as a person chooses one: what each claims, and which is next.

It reads every story whole, so it is made only where a list is shown.
"""

from __future__ import annotations

from pathlib import Path

from storyrunner.engine.finding_stories import runbooks_by_story
from storyrunner.model.frozen import dataclass
from storyrunner.stories.library import find_stories
from storyrunner.stories.lint_reading import read_stories
from storyrunner.stories.portfolio import StoryRow, portfolio


@dataclass(frozen=True, slots=True)
class Choosable:
    """A story in the list. `reference` names it to `locate`; `claims` are ticked boxes of all,
    `left` items that belong to later stories. `waits_for` are unfinished prerequisites, `forward`
    those that come later in the sequence; `is_next` marks the one to do next."""

    reference: str
    number: int
    title: str
    status: str
    lane: str = ""
    sprint: str = ""
    claims: str = ""
    left: int = 0
    waits_for: tuple[str, ...] = ()
    forward: tuple[str, ...] = ()
    is_next: bool = False


def choices(root: Path) -> tuple[Choosable, ...]:
    """The stories by number; files that cannot be read are left out."""
    refs = find_stories(root, unreadable=lambda _: None)
    stories = read_stories(root, refs, lambda _: None)
    found = portfolio(refs, stories, runbooks_by_story(root))
    return tuple(_choice(row, row.id == found.next) for row in found.rows)


def _choice(row: StoryRow, is_next: bool) -> Choosable:
    return Choosable(
        reference=row.path,
        number=row.number,
        title=row.title,
        status=row.status.replace("**", ""),
        lane=row.lane,
        sprint=row.sprint,
        claims=f"{row.ticked}/{row.boxes}",
        left=row.deferred,
        waits_for=row.waits_for,
        forward=row.forward,
        is_next=is_next,
    )
