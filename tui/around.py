"""What the screens ask of a session around its steps: values, undo, git, files that changed.

All of it runs on the engine's thread, which owns the session.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from storyrunner.engine.cleaning import Cleaner
from storyrunner.errors import StoryrunnerError
from storyrunner.model.status import Status
from storyrunner.steps.command import only_looks
from storyrunner.tools import git as git_tool
from storyrunner.tools.git import Git
from tui.viewmodel.board import Preview, Repository
from tui.viewmodel.previews import previews

if TYPE_CHECKING:
    from storyrunner.engine.ledger import Ledger
    from storyrunner.model.result import CriterionVerdict, RunReport, StepResult

T = TypeVar("T")


class SessionLike(Protocol):
    """What the screens need of `storyrunner.engine.session.Session`."""

    repository: str
    read_only: str
    notices: tuple[str, ...]
    ledger: Ledger

    @property
    def context(self) -> Any:
        """Runbook, story, workspace, values, runner."""
        ...

    @property
    def results(self) -> dict[str, StepResult]:
        """Results by step id."""
        ...

    def criteria(self) -> Sequence[CriterionVerdict]:
        """The verdicts on all criteria as they stand."""
        ...

    async def start(self) -> None:
        """Announce the run."""
        ...

    async def run_step(self, step_id: str) -> StepResult:
        """One step."""
        ...

    async def run_task(self, task_id: str) -> Status:
        """One task."""
        ...

    async def run_until(self, step_id: str | None) -> None:
        """All up to and with one step."""
        ...

    def finish(self) -> RunReport:
        """The report."""
        ...

    async def after_undo(self, receipt: Any) -> None:
        """Look again at, or mark stale, what rested on files that were taken back."""
        ...

    def mark_stale(self, results: Iterable[StepResult], reason: str) -> None:
        """Take the proof from results."""
        ...


@dataclass(frozen=True, slots=True)
class Look:
    """What stands around the steps: what each would run, what undo takes back, git."""

    previews: dict[str, Preview]
    pending_undo: str
    repository: Repository


def clean(session: SessionLike, value: T) -> T:
    """What the screens may show of any of the model's shapes: no secrets, no escapes."""
    return Cleaner(session.context.redactor).value(value)


def name_of(session: SessionLike) -> str:
    """The repository's name, with a word when nothing can be written in it."""
    name = f"{session.repository} (read only)" if session.read_only else session.repository
    return clean(session, name)


async def look(session: SessionLike) -> Look:
    """Values, undo and git as they are now. Only on the engine's thread, which owns them."""
    context = session.context
    git = Git(context.runner, context.workspace.root)
    try:
        status = await git_tool.status(git)
        signer = await git_tool.identity(git)
        branch = status.head.branch or status.head.commit[:12]
        here = Repository(name_of(session), branch, len(status.entries), signer)
    except StoryrunnerError:
        here = Repository(name_of(session))
    return clean(session, Look(previews_of(session), context.workspace.pending_undo(), here))


async def notice_changes(session: SessionLike) -> tuple[str, ...]:
    """Mark stale what was proven on files that changed since; their paths."""
    context = session.context
    changed: dict[str, None] = {}
    for result in list(session.results.values()):
        if result.status is not Status.PASSED:
            continue
        inputs = {path: mark for item in result.evidence for path, mark in item.inputs.items()}
        found = context.workspace.changed_since(inputs)
        if found:
            session.mark_stale([result], f"{found[0]} changed since")
            changed.update(dict.fromkeys(found))
    if changed:
        context.builds.forget()
        context.values.forget()
    return tuple(changed)


async def arrive(session: SessionLike) -> None:
    """Announce the run, and let go of what changed since the session before."""
    await session.start()
    await notice_changes(session)


async def recheck(session: SessionLike) -> None:
    """Look again at every step that has run; nothing is committed and no command changes anything
    by that."""
    for step in session.context.runbook.steps():
        if step.id in session.results and only_looks(step, session.context):
            await session.run_step(step.id)


async def undo(session: SessionLike) -> str:
    """Take the last write back; what was taken back. Raises WorkspaceError."""
    receipt = session.context.workspace.undo()
    await session.after_undo(receipt)
    label: str = receipt.label
    return f"taken back: {label.removeprefix('undo ')}"


async def write_record(session: SessionLike) -> str:
    """Propose the story's boxes and records as they are proven; what became of it.

    Raises UsageError, WorkspaceError.
    """
    from storyrunner.engine.recording import Wanted, record

    return await record(session, Wanted())


WRITES = {"undo": undo, "record": write_record}
"""Actions that change files, each with what became of it as its answer."""


def previews_of(session: SessionLike) -> dict[str, Preview]:
    """What each step would run and touch."""
    return clean(session, previews(session.context.runbook, session.context.values.fill))
