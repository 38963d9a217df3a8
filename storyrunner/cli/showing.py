"""`storyrunner show`: a story as it is read, for people or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from storyrunner.cli.output import say
from storyrunner.errors import StoryError
from storyrunner.model.plain import plain
from storyrunner.model.story import Story
from storyrunner.stories.library import find_stories, ids_by_number, read_story, resolve
from storyrunner.stories.show import to_expected


def show_story(root: Path, reference: str, form: str, write: Callable[[str], None]) -> int:
    """Print the parsed story. Raises StoryError when there is none of that name."""
    refs = find_stories(root, unreadable=_tell)
    ref = resolve(root, refs, reference)
    story = read_story(root / ref.path, ref.path)
    if form == "json":
        document = {**to_expected(story, ids_by_number(refs)), "diagnostics": plain(story.findings)}
        write(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        _show_text(story, write)
    return 0


def _tell(problem: StoryError) -> None:
    """A file that cannot be read hides no other story; it is an error when it is meant."""
    say(f"storyrunner: a story is left out: {problem}")


def _show_text(story: Story, write: Callable[[str], None]) -> None:
    write(f"{story.number:02d} {story.id}  {story.title}")
    write(f"status  {story.header.status or 'none'}")
    for criterion in story.criteria:
        write(f"  {criterion.id:<6} {criterion.title}")
    for task in story.tasks:
        boxes = [box for box in story.boxes if box.task == task.id]
        ticked = sum(1 for box in boxes if box.checked)
        write(f"  {task.id:<6} {task.title}  {ticked}/{len(boxes)} boxes ticked")
    for finding in story.findings:
        write(finding.line_text)
