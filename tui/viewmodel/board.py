"""The state of a session as its events tell it: what every view is computed from.

It folds envelopes and remembers questions; it must not know how anything looks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from storyrunner.engine.criteria import judge_criteria, judge_task
from storyrunner.engine.order import order_tasks
from storyrunner.engine.qa import judge_planned
from storyrunner.model.decision import WriteQuestion
from storyrunner.model.events import (
    CommandStarted,
    Envelope,
    FileWritten,
    OutputLine,
    RunStarted,
    StepFinished,
    StepStarted,
)
from storyrunner.model.need import ToolNeed
from storyrunner.model.qa import QaTest
from storyrunner.model.result import CriterionVerdict, QaVerdict, StepResult
from storyrunner.model.runbook import Runbook, Task
from storyrunner.model.status import Status
from storyrunner.model.step import RequireStep, Step

MOST_LINES = 2000
"""Lines of output kept for each step; older ones are counted and let go."""

CLOSED = frozenset({Status.PASSED, Status.SKIPPED})
TROUBLE = frozenset({Status.FAILED, Status.ERRORED, Status.REFUSED})


@dataclass(slots=True)
class Output:
    """The latest lines a step printed, each with its stream; `dropped` older ones are gone."""

    lines: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=MOST_LINES))
    dropped: int = 0

    def add(self, stream: str, text: str) -> None:
        """Take in one line."""
        if len(self.lines) == MOST_LINES:
            self.dropped += 1
        self.lines.append((stream, text))


@dataclass(frozen=True, slots=True)
class Preview:
    """What is known of a step before it ran: its commands, and the file it would touch."""

    commands: tuple[str, ...] = ()
    path: str = ""


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository as the header names it; `branch` and `changes` come a moment later."""

    name: str = ""
    branch: str = ""
    changes: int | None = None
    signer: str = ""

    def named(self, name: str) -> Repository:
        """The same with another name."""
        return replace(self, name=name)


@dataclass(slots=True)
class Board:
    """All that a session has shown so far. Only the thread of the interface touches it."""

    runbook: Runbook
    title: str = ""
    results: dict[str, StepResult] = field(default_factory=dict)
    previews: Mapping[str, Preview] = field(default_factory=dict)
    repository: Repository = field(default_factory=Repository)
    tools: tuple[str, ...] | None = None
    """None until they were looked for."""
    running: str = ""
    commands: dict[str, list[str]] = field(default_factory=dict)
    output: dict[str, Output] = field(default_factory=dict)
    proposals: dict[str, list[WriteQuestion]] = field(default_factory=dict)
    tests: tuple[QaTest, ...] = ()
    """What the story's QA test designs plan."""
    pending_undo: str = ""
    wrote: dict[str, str] = field(default_factory=dict)
    """What became of a step's last proposal: written, kept, skipped, deleted."""

    def take(self, envelope: Envelope) -> None:
        """Take in one event."""
        match envelope.event:
            case RunStarted(tools=tools):
                self.tools = tools
            case StepStarted(step=step):
                self.running = step
                self.commands[step] = []
                self.output[step] = Output()
            case CommandStarted(step=step, command=command):
                known = self.commands.setdefault(step, [])
                if command not in known:
                    known.append(command)
            case OutputLine(step=step, stream=stream, text=text):
                self.output.setdefault(step, Output()).add(stream, text)
            case FileWritten(path=path, action="undone"):
                self._forget_write(path)
            case FileWritten(step=step, action=action):
                self.wrote[step] = action
            case StepFinished(result=result):
                self.results[result.step] = result
                if self.running == result.step:
                    self.running = ""
            case _:
                pass

    def remember(self, question: WriteQuestion) -> None:
        """Keep what was proposed, so that its diff can be looked at again."""
        older = [one for one in self.proposals.pop(question.step, []) if one.path != question.path]
        self.proposals[question.step] = [*older, question]

    def proposal(self, step: str) -> WriteQuestion | None:
        """The last proposal of a step; of any step when that one has none."""
        found = self.proposals.get(step) or next(reversed(self.proposals.values()), [])
        return found[-1] if found else None

    def _forget_write(self, path: str) -> None:
        for step, asked in self.proposals.items():
            if any(question.path == path for question in asked):
                self.wrote.pop(step, None)

    # --- derived -----------------------------------------------------------------------------

    def tasks(self) -> list[Task]:
        """The tasks in the order they can be run."""
        return order_tasks(self.runbook)

    def status(self, step: str) -> Status:
        """The status of a step."""
        if step == self.running:
            return Status.RUNNING
        result = self.results.get(step)
        return result.status if result else Status.PENDING

    def task_status(self, task: Task) -> Status:
        """The sum of a task's steps, running while one of them is."""
        if any(step.id == self.running for step in task.steps):
            return Status.RUNNING
        return judge_task(task, self.results)

    def criteria(self) -> Sequence[CriterionVerdict]:
        """The verdicts on all criteria as they stand."""
        return judge_criteria(self.runbook, self.results)

    def qa(self) -> Sequence[QaVerdict]:
        """The verdicts on the planned checks as they stand."""
        return tuple(judge_planned(self.tests, self.runbook, self.results))

    def closed(self, task: Task) -> int:
        """How many of a task's steps are through."""
        return sum(1 for step in task.steps if self.status(step.id) in CLOSED)

    def progress(self) -> tuple[int, int]:
        """Steps that are through, and all."""
        steps = list(self.runbook.steps())
        return sum(1 for step in steps if self.status(step.id) in CLOSED), len(steps)

    def next_open(self, after: str = "") -> Step | None:
        """The first open step behind a step or task, in running order; else the first of all.

        What another task supplies comes last: only that task can mend it.
        """
        steps = [step for task in self.tasks() for step in task.steps]
        ids = [step.id for step in steps]
        task = self.runbook.task(after)
        start = ids.index(task.steps[0].id) if task else ids.index(after) + 1 if after in ids else 0
        rest = [*steps[start:], *steps[:start]]
        still_open = [step for step in rest if self.status(step.id) not in CLOSED]
        own = (step for step in still_open if not self._waits_for_supply(step))
        return next(own, still_open[0] if still_open else None)

    def stand_at(self, ran: Sequence[str]) -> str:
        """Where to stand after a run: at what was stopped, at the first trouble, at its end."""
        if self.status(ran[-1]) is Status.CANCELLED:
            return ran[-1]
        steps = (step for key in ran if (step := self.runbook.step(key)))
        wrong = (step for step in steps if self.status(step.id) in TROUBLE)
        return next((step.id for step in wrong if not self._waits_for_supply(step)), ran[-1])

    def _waits_for_supply(self, step: Step) -> bool:
        supplied = isinstance(step, RequireStep) and bool(step.supplied_by)
        return supplied and step.id in self.results

    def commit_step(self) -> Step | None:
        """The step that commits."""
        return next((step for step in self.runbook.steps() if step.kind == "commit"), None)

    def wanted_tools(self) -> tuple[str, ...]:
        """The tools that the story would like to have."""
        names = [
            need.tool
            for step in self.runbook.steps()
            if isinstance(step, RequireStep)
            for need in step.needs
            if isinstance(need, ToolNeed)
        ]
        return tuple(dict.fromkeys(names))
