"""The recorded tick of a real story, made by results instead of by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyrunner.model.result import StepResult
from storyrunner.model.runbook import Box, Runbook, Task
from storyrunner.model.status import Status
from storyrunner.model.step import ConfirmStep
from storyrunner.steps.boxes import box_changes, tick
from storyrunner.stories.parser import parse_story

CHANGED_TEXT = 247
"""The one line of which the words changed too."""


def runbook(boxes: dict[str, list[str]]) -> Runbook:
    """A runbook that proves each of these boxes (by task) by a step of its own."""
    tasks = []
    for task, texts in boxes.items():
        steps = tuple(
            ConfirmStep(kind="confirm", id=f"{task}.{n}", title=text, question="?")
            for n, text in enumerate(texts)
        )
        bound = tuple(
            Box(text=text, proved_by=(step.id,)) for text, step in zip(texts, steps, strict=True)
        )
        tasks.append(Task(id=task, title=task, steps=steps, boxes=bound))
    return Runbook(
        name="x", story="X", number=1, title="X", tasks=tuple(tasks), criteria=(), clusters=()
    )


@pytest.mark.shared
def test_results_give_the_recorded_tick_and_failures_take_it_back(shared: Path) -> None:
    folder = shared / "corpus" / "stories"
    before = (folder / "01-tick-before.md").read_bytes().decode()
    after = (folder / "01-tick-after.md").read_bytes().decode()
    story = parse_story(before, "story.md")
    ticked = {box.line for box in parse_story(after, "story.md").boxes if box.checked}
    boxes: dict[str, list[str]] = {}
    for box in story.boxes:
        if box.line in ticked and not box.checked:
            boxes.setdefault(box.task, []).append(box.text)
    book = runbook(boxes)
    passed = {step.id: StepResult(step.id, Status.PASSED) for step in book.steps()}
    changes = box_changes(book, story, passed, pushed=False)
    assert len(changes) == 15
    made = tick(story, changes)
    differing = [
        number
        for number, (ours, theirs) in enumerate(
            zip(made.split("\n"), after.split("\n"), strict=True), 1
        )
        if ours != theirs
    ]
    assert differing == [CHANGED_TEXT]
    again = parse_story(made, "story.md")
    failed = {step: StepResult(step, Status.FAILED) for step in passed}
    assert tick(again, box_changes(book, again, failed, pushed=False)) == before
