"""A runbook: what a story asks for, as data. Read by `runbook/`, run by `engine/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any, ClassVar, Literal

from storyrunner.model.cluster import Cluster
from storyrunner.model.frozen import dataclass
from storyrunner.model.need import STRICT
from storyrunner.model.step import Selector, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedApi:
    """The apiVersion to write for a kind, by the chart release that installs its CRDs."""

    __pydantic_config__: ClassVar[Any] = STRICT
    group: str
    kind: str
    release: str
    """Last part of the chart's name."""
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSource:
    """A field of an object in a file of the repository."""

    __pydantic_config__: ClassVar[Any] = STRICT
    file: str
    select: Selector
    ask: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where a parameter's present value stands; exactly one field is set."""

    __pydantic_config__: ClassVar[Any] = STRICT
    setting: str = ""
    """Key of the cluster's settings."""
    served_api: ServedApi | None = None
    field: FieldSource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A value the story's manifests depend on, for all clusters or for each."""

    __pydantic_config__: ClassVar[Any] = STRICT
    description: str
    type: Literal["text", "email", "domain", "path", "name"] = "text"
    scope: Literal["repository", "cluster"] = "repository"
    default: str = ""
    pattern: str = ""
    """Regular expression that the whole value must match."""
    found: Found | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A checkbox of the story's Markdown, by its text, ticked when `proved_by` are all proven."""

    __pydantic_config__: ClassVar[Any] = STRICT
    text: str
    proved_by: tuple[str, ...]
    """Ids of steps, tasks or criteria, or `pushed`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task of the story. `needs` decides the order, not the number."""

    __pydantic_config__: ClassVar[Any] = STRICT
    id: str
    title: str
    steps: tuple[Step, ...]
    needs: tuple[str, ...] = ()
    satisfies: tuple[str, ...] = ()
    why: str = ""
    notes: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """An acceptance criterion and the steps that prove it."""

    __pydantic_config__: ClassVar[Any] = STRICT
    id: str
    text: str
    proved_by: tuple[str, ...]
    bullets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTest:
    """A check of the story's QA test design, and the steps that check the same. `digest` holds it
    to the words it had (`storyrunner show` gives it): with other words the check is manual."""

    __pydantic_config__: ClassVar[Any] = STRICT
    id: str
    digest: str
    proved_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deferred:
    """Work that belongs to a later story: shown, never run here."""

    __pydantic_config__: ClassVar[Any] = STRICT
    text: str
    to: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Something to keep in mind, shown at the tasks it concerns."""

    __pydantic_config__: ClassVar[Any] = STRICT
    text: str
    kind: Literal["risk", "security", "note"] = "note"
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackEntry:
    """A list entry to take out, or a folder of the story's files to delete."""

    __pydantic_config__: ClassVar[Any] = STRICT
    file: str = ""
    field: tuple[str, ...] = ()
    entry: str = ""
    folder: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitPlan:
    """The commit's message in the parts of a Conventional Commit. `${X}` stays literal."""

    __pydantic_config__: ClassVar[Any] = STRICT
    type: str
    subject: str
    scope: str = ""
    body: tuple[str, ...] = ()
    """Lines of the body, each bound to what it tells: `T2: text` is kept only if T2 did it."""
    footer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runbook:
    """All of a story that can be run."""

    __pydantic_config__: ClassVar[Any] = STRICT
    name: str
    story: str
    number: int
    title: str
    tasks: tuple[Task, ...]
    criteria: tuple[Criterion, ...]
    clusters: tuple[Cluster, ...]
    why: str = ""
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    done: tuple[Box, ...] = ()
    tests: tuple[PlannedTest, ...] = ()
    deferred: tuple[Deferred, ...] = ()
    notes: tuple[Risk, ...] = ()
    rollback: tuple[RollbackEntry, ...] = ()
    commit: CommitPlan | None = None

    def steps(self) -> Iterator[Step]:
        """All steps, in the order of the text."""
        for task in self.tasks:
            yield from task.steps

    def step(self, step_id: str) -> Step | None:
        """The step of that id."""
        return next((step for step in self.steps() if step.id == step_id), None)

    def task(self, task_id: str) -> Task | None:
        """The task of that id."""
        return next((task for task in self.tasks if task.id == task_id), None)

    def task_of(self, step_id: str) -> Task:
        """The task that a step belongs to; KeyError when there is none."""
        for task in self.tasks:
            if any(step.id == step_id for step in task.steps):
                return task
        raise KeyError(step_id)

    def notes_of(self, task_id: str) -> tuple[Risk, ...]:
        """The risks and notes that matter for a task."""
        return tuple(item for item in self.notes if task_id in item.tasks)

    def cluster(self, name: str) -> Cluster | None:
        """The cluster of that name."""
        return next((cluster for cluster in self.clusters if cluster.name == name), None)
