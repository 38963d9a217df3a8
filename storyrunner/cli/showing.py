"""`storyrunner show`: a story as it is read, for people or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from storyrunner.cli.output import say
from storyrunner.errors import StoryError
from storyrunner.model.plain import plain
from storyrunner.model.qa import QaReading
from storyrunner.model.story import Story
from storyrunner.stories.library import find_stories, ids_by_number, read_story, resolve
from storyrunner.stories.qa import qa_of_story
from storyrunner.stories.show import qa_as_plain, to_expected


def show_story(root: Path, reference: str, form: str, write: Callable[[str], None]) -> int:
    """Print the parsed story. Raises StoryError when there is none of that name."""
    refs = find_stories(root, unreadable=_tell)
    ref = resolve(root, refs, reference)
    story = read_story(root / ref.path, ref.path)
    documents = qa_of_story(root, story.id, refs, _tell)
    if form == "json":
        document = {
            **to_expected(story, ids_by_number(refs)),
            "diagnostics": plain(story.findings),
            "qa": [qa_as_plain(item) for item in documents],
        }
        write(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        _show_text(story, write)
        for item in documents:
            _show_qa(item, write)
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


def _show_qa(document: QaReading, write: Callable[[str], None]) -> None:
    """The planned checks by id, or the risks; then the totals that the document has wrong."""
    write("")
    count = len(document.tests or document.risks)
    noun = ("check" if document.tests else "risk") + ("" if count == 1 else "s")
    write(f"{document.path}  {count} {noun}")
    for test in document.tests:
        criterion = f"AC{test.criterion}" if test.criterion else ""
        write(f"  {test.id:<12} {test.priority:<2} {criterion:<5} {test.text}")
    for risk in document.risks:
        write(f"  {risk.id:<12} {risk.level:<8} {risk.text}")
    for name in document.wrong:
        said, real = document.declared[name], document.counted.get(name, 0)
        write(f"  declared {name} {said}, but there {'is' if real == 1 else 'are'} {real}")
