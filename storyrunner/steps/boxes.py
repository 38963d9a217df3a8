"""Which boxes of the story's Markdown are proven, and the text with them ticked.

A box is found by its task and text; one that is not found or not unique is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from storyrunner.model.result import StepResult
from storyrunner.model.runbook import Box, Runbook
from storyrunner.model.status import Status
from storyrunner.model.story import Checkbox, Story
from storyrunner.runbook.consistency import PUSHED
from storyrunner.stories.parser import parse_story
from storyrunner.stories.ticks import find_box, set_box

DONE_SECTION = "Definition of Done"
STANDING = (Status.PASSED, Status.SKIPPED)


def proven_boxes(
    runbook: Runbook, story: Story, results: Mapping[str, StepResult], *, pushed: bool
) -> list[Checkbox]:
    """The boxes that are open and whose proof stands, in the order of the text."""
    found = {
        box.offset: box
        for box, proved_by in _bound(runbook, story)
        if not box.checked and all(_stands(name, runbook, results, pushed) for name in proved_by)
    }
    return [found[offset] for offset in sorted(found)]


def tick(story: Story, boxes: list[Checkbox]) -> str:
    """The story's text with these boxes ticked and no other byte changed."""
    text = story.text
    for box in boxes:
        text = set_box(text, box, True)
    return text


def reread(path: str, text: str) -> Story:
    """The story as it is now."""
    return parse_story(text, path)


def _bound(runbook: Runbook, story: Story) -> Iterator[tuple[Checkbox, tuple[str, ...]]]:
    for task in runbook.tasks:
        needs_push = any(PUSHED in box.proved_by for box in task.boxes)
        whole = (task.id, PUSHED) if needs_push else (task.id,)
        for checkbox in story.boxes:
            if checkbox.task == task.id and checkbox.text.startswith(
                (f"{task.id}:", f"{task.id} ")
            ):
                yield checkbox, whole
        yield from _found(story, task.boxes, task=task.id)
    yield from _found(story, runbook.done, section=DONE_SECTION)


def _found(
    story: Story, boxes: tuple[Box, ...], *, task: str = "", section: str = ""
) -> Iterator[tuple[Checkbox, tuple[str, ...]]]:
    for wanted in boxes:
        match = find_box(story, text=wanted.text, task=task, section=section)
        if match.box is not None and not match.box.deferred:
            yield match.box, wanted.proved_by


def _stands(name: str, runbook: Runbook, results: Mapping[str, StepResult], pushed: bool) -> bool:
    if name == PUSHED:
        return pushed
    task = runbook.task(name)
    if task is not None:
        statuses = [results[step.id].status for step in task.steps if step.id in results]
        complete = len(statuses) == len(task.steps) and Status.PASSED in statuses
        return complete and all(status in STANDING for status in statuses)
    criterion = next((item for item in runbook.criteria if item.id == name), None)
    if criterion is not None:
        steps = criterion.proved_by
        return all(_is(results, step, STANDING) for step in steps) and any(
            _is(results, step, (Status.PASSED,)) for step in steps
        )
    return _is(results, name, (Status.PASSED,))


def _is(results: Mapping[str, StepResult], step: str, wanted: tuple[Status, ...]) -> bool:
    return step in results and results[step].status in wanted
