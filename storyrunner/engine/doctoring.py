"""What the command doctor says of a story, as notes of the runbook's tasks, where it is walked.

A step that stands for a command tells it itself (`corrections`); what no step tells is put here. It
reads the repository's files, so it is for sessions in which somebody follows the story.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from storyrunner.model.runbook import Runbook, Task
from storyrunner.model.story import Story
from storyrunner.stories.doctor import examine_story
from storyrunner.stories.doctor_model import Diagnosis, OwnStep
from storyrunner.stories.doctor_reading import read_declared
from storyrunner.stories.lint_reading import read_names


def with_diagnoses(runbook: Runbook, story: Story, root: Path) -> Runbook:
    """The runbook with a note at each task for every command of the story's task that cannot be run
    as written, the written one beside the one that works."""
    files = read_names(root)
    steps = [OwnStep(one.id, task.id, one.kind) for task in runbook.tasks for one in task.steps]
    found = examine_story(story, files, read_declared(root, files), steps)
    return replace(runbook, tasks=tuple(_noted(task, found) for task in runbook.tasks))


def _noted(task: Task, found: Iterable[Diagnosis]) -> Task:
    told = {one.line for step in task.steps for one in getattr(step, "corrects", ())}
    notes = [
        _line(one)
        for one in found
        if one.task == task.id and one.source != "record" and one.place.line not in told
    ]
    return replace(task, notes=(*task.notes, *notes)) if notes else task


def _line(one: Diagnosis) -> str:
    why = "; ".join(complaint.message for complaint in one.complaints)
    works = f"; works: {_flat(one.works[0].command)}" if one.works else ""
    return (
        f"line {one.place.line}: {_flat(one.written)}  should not be run as written: {why}{works}"
    )


def _flat(command: str) -> str:
    return " ".join(command.replace("\\\n", " ").split())
