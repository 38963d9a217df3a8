"""The outline: a row per task with its counts, below it a row per step."""

from __future__ import annotations

from dataclasses import dataclass

from storyrunner.model.status import Status
from tui.viewmodel.board import Board


@dataclass(frozen=True, slots=True)
class Row:
    """A task or a step. `count` (`2/6`) only for tasks; `key` is the id in the runbook."""

    key: str
    title: str
    status: Status
    count: str = ""


@dataclass(frozen=True, slots=True)
class TaskRows:
    """A task and its steps."""

    task: Row
    steps: tuple[Row, ...]


def outline(board: Board) -> tuple[TaskRows, ...]:
    """All tasks in the order they can be run."""
    found = []
    for task in board.tasks():
        count = f"{board.closed(task)}/{len(task.steps)}"
        head = Row(task.id, task.title, board.task_status(task), count)
        steps = (Row(step.id, step.title, board.status(step.id)) for step in task.steps)
        found.append(TaskRows(head, tuple(steps)))
    return tuple(found)


def short_id(step: str) -> str:
    """`4.3` for `T4.3`: in the outline the task stands above it."""
    return step.removeprefix("T")
