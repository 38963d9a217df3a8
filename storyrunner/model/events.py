"""The one event stream of a run. Reporters and screens are consumers of it and of nothing else."""

from __future__ import annotations

from collections.abc import Callable

from storyrunner.model.finding import Finding
from storyrunner.model.frozen import dataclass
from storyrunner.model.result import CriterionVerdict, QaVerdict, RunReport, StepResult
from storyrunner.model.status import Status


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run begins. `mode` is `check` or `guide`; `repository` is the folder's name only."""

    story: str
    title: str
    mode: str
    repository: str
    tools: tuple[str, ...] = ()
    deferred: tuple[str, ...] = ()
    """What belongs to a later story: text, that story, and its commands, which never run here."""


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """A task begins."""

    task: str
    title: str
    why: str = ""
    notes: tuple[str, ...] = ()
    """Risks, security remarks and notes that matter for this task."""


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step begins."""

    step: str
    title: str


@dataclass(frozen=True, slots=True)
class CommandStarted:
    """A command is about to run, shown as a person would type it."""

    step: str
    command: str


@dataclass(frozen=True, slots=True)
class OutputLine:
    """A line that a command printed, already safe to show."""

    step: str
    stream: str
    text: str


@dataclass(frozen=True, slots=True)
class FileProposed:
    """A change to a file, shown before it is decided. `change` is new, edit, differs or delete."""

    step: str
    path: str
    change: str
    diff: str


@dataclass(frozen=True, slots=True)
class FileWritten:
    """A change that was carried out (`written`, `kept`, `unchanged`, `undone`, `deleted`)."""

    step: str
    path: str
    action: str


@dataclass(frozen=True, slots=True)
class FindingMade:
    """A check has something to say."""

    step: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class CriterionJudged:
    """A criterion's verdict changed."""

    verdict: CriterionVerdict


@dataclass(frozen=True, slots=True)
class QaJudged:
    """An extra check of the story's QA test design has its verdict."""

    verdict: QaVerdict


@dataclass(frozen=True, slots=True)
class StepFinished:
    """A step ended with a result."""

    result: StepResult


@dataclass(frozen=True, slots=True)
class TaskFinished:
    """A task ended with the sum of its steps."""

    task: str
    status: Status


@dataclass(frozen=True, slots=True)
class RunFinished:
    """The run is over."""

    report: RunReport


Event = (
    RunStarted
    | TaskStarted
    | StepStarted
    | CommandStarted
    | OutputLine
    | FileProposed
    | FileWritten
    | FindingMade
    | CriterionJudged
    | QaJudged
    | StepFinished
    | TaskFinished
    | RunFinished
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event with its number in the run (from 1) and its time (UTC, ISO 8601)."""

    sequence: int
    at: str
    event: Event


Sink = Callable[[Envelope], None]
"""Consumers are called synchronously, in order; they must not block."""
