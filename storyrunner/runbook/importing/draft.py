"""A runbook while it is being drawn from a story: plain keys as its YAML will have them.

Every task and step keeps the line of the story it came from. What the keys mean is decided by the
loader, which reads the result like any other runbook.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Keys = dict[str, Any]
"""Keys of a step, task or criterion, in the order they are written; empty ones are left out."""

WRITES = frozenset({"write", "edit"})
CHECKS = frozenset({"require", "dry_run", "build", "query", "command", "confirm"})


@dataclass(slots=True)
class StepDraft:
    """A step without its id. `lines` are the first and last line of the story it stands for;
    `origin` says in words what it came from. `id` is given when all steps are known."""

    keys: Keys
    lines: tuple[int, int]
    origin: str = ""
    id: str = ""

    @property
    def kind(self) -> str:
        """Kind of step."""
        return str(self.keys["kind"])

    def same_as(self, other: StepDraft) -> bool:
        """True when both check the very same."""
        skipped = {"title", "why", "hint", "corrects"}
        mine = {key: value for key, value in self.keys.items() if key not in skipped}
        return mine == {key: value for key, value in other.keys.items() if key not in skipped}


@dataclass(slots=True)
class BoxDraft:
    """A box of the story and the steps, tasks or criteria that prove it."""

    text: str
    proofs: list[StepDraft | str]


@dataclass(slots=True)
class TaskDraft:
    """A task: `story_task` is False for one that the story does not have."""

    id: str
    title: str
    line: int
    story_task: bool = True
    steps: list[StepDraft] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    satisfies: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    boxes: list[BoxDraft] = field(default_factory=list)
    why: str = ""

    def add(self, step: StepDraft) -> StepDraft:
        """The step, or the one of this task that already checks the same."""
        same = next((one for one in self.steps if one.same_as(step)), None)
        if same is None:
            self.steps.append(step)
            return step
        same.keys["corrects"] = [*same.keys.get("corrects", []), *step.keys.get("corrects", [])]
        same.lines = (same.lines[0], max(same.lines[1], step.lines[1]))
        return same

    @property
    def writes(self) -> bool:
        """True when a step of it writes a file."""
        return any(step.kind in WRITES for step in self.steps)


@dataclass(slots=True)
class CriterionDraft:
    """A criterion and what proves it."""

    id: str
    text: str
    line: int
    bullets: list[str] = field(default_factory=list)
    proofs: list[StepDraft] = field(default_factory=list)

    def prove(self, step: StepDraft) -> None:
        """Add a proof, once."""
        if all(step is not one for one in self.proofs):
            self.proofs.append(step)


@dataclass(slots=True)
class Draft:
    """The whole runbook."""

    keys: Keys
    tasks: list[TaskDraft] = field(default_factory=list)
    criteria: list[CriterionDraft] = field(default_factory=list)
    done: list[BoxDraft] = field(default_factory=list)
    deferred: list[Keys] = field(default_factory=list)
    notes: list[Keys] = field(default_factory=list)
    commit: Keys = field(default_factory=dict)

    def steps(self) -> Iterator[StepDraft]:
        """All steps in order."""
        for task in self.tasks:
            yield from task.steps

    def task(self, task_id: str) -> TaskDraft | None:
        """The task of that id."""
        return next((task for task in self.tasks if task.id == task_id), None)

    def number(self) -> None:
        """Give every step its id: the task's, and its place in it; never one of the story's."""
        taken = {task.id for task in self.tasks}
        for task in self.tasks:
            place = 0
            for step in task.steps:
                place += 1
                while (name := f"{_short(task.id)}.{place}") in taken:
                    place += 1
                step.id = name
                taken.add(name)


def _short(task: str) -> str:
    return re.sub(r"^Phase ", "P", task).replace(" ", "-")


def corrected(line: int, written: str, because: list[str], instead: str = "") -> Keys:
    """A command that cannot be run as written, as it stands in `corrects`."""
    keys: Keys = {"line": line, "written": written, "because": because}
    return {**keys, "instead": instead} if instead else keys
