"""What every kind of step shares: the context it works in, the Protocol it satisfies, verdicts.

A kind is one module with a class that satisfies `StepKind` and one line in `steps/kinds.py`. Kinds
know this module and the rooms below; they never know each other, the engine, or who is watching.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol

from storyrunner.errors import ManifestError, Place, StoryrunnerError, ToolError
from storyrunner.gitops.book import BuildBook
from storyrunner.gitops.schemas import SchemaStore
from storyrunner.gitops.yq_questions import YqQuestions
from storyrunner.model.approval import ClosedGate, Gate
from storyrunner.model.cluster import Cluster
from storyrunner.model.decision import AllowedSecret, Change, Decider
from storyrunner.model.events import CommandStarted, Event, FileWritten, OutputLine
from storyrunner.model.finding import Finding, Severity, error
from storyrunner.model.frozen import dataclass
from storyrunner.model.ports import Runner
from storyrunner.model.qa import QaTest
from storyrunner.model.result import Evidence, StepResult
from storyrunner.model.runbook import Runbook, ServedApi
from storyrunner.model.rung import Rung
from storyrunner.model.status import Status
from storyrunner.model.step import EditStep, Step, WriteStep
from storyrunner.model.story import Story
from storyrunner.redaction import Redactor
from storyrunner.runbook.parameters import MissingValueError, Values
from storyrunner.tools.toolbox import Toolbox
from storyrunner.workspace import Proposal, Workspace, safe

if TYPE_CHECKING:
    from storyrunner.steps.sandbox import Sandbox

HERE = Place(".")
"""The repository as a whole: the place of what no file can be blamed for."""


async def _propose_nothing(_step: Step, _suggestion: Suggestion) -> bool:
    """Nobody is there to be asked."""
    return False


@dataclass(slots=True)
class StepContext:
    """All a step may use: ports, the runbook, the story, caches that live for the run."""

    runbook: Runbook
    story: Story | None
    workspace: Workspace
    runner: Runner
    tools: Toolbox
    builds: BuildBook
    schemas: SchemaStore
    values: Values
    decider: Decider
    emit: Callable[[Event], None]
    now: Callable[[], str]
    commit: str = ""
    """The commit the working tree stands on, empty when there is none."""
    branch: str | None = None
    """The branch that HEAD was on when the session began, or at the last look before a commit:
    empty when detached, None when it is not known."""
    results: dict[str, StepResult] = field(default_factory=dict)
    """Results of the steps that ran, by step id."""
    allowed_secrets: tuple[AllowedSecret, ...] = ()
    """Secrets that the command line gave a reason for."""
    redactor: Redactor = field(default_factory=Redactor)
    """Knows the secrets of this run."""
    questions: YqQuestions = field(default_factory=YqQuestions)
    """Those to yq, which are asked together where they can."""
    tests: tuple[QaTest, ...] = ()
    """The checks that the story's QA test designs plan."""
    approvals: Gate = field(default_factory=ClosedGate)
    """The one gate before a command of the story."""
    sandbox: Sandbox | None = None
    """Where such commands run; without one, none does."""
    propose: Callable[[Step, Suggestion], Awaitable[bool]] = field(default=_propose_nothing)
    """Shows a change with its diff, asks, and writes it on a yes; whether it was written."""
    scope: frozenset[str] | None = None
    """Ids of the steps of this run; None for all."""

    def owned_paths(self) -> frozenset[str]:
        """The files that this story writes or edits, for every cluster."""
        return frozenset(path for path, _ in owned_files(self.runbook, self.values))

    def served_apis(self) -> list[ServedApi]:
        """The APIs whose installed release the runbook knows where to look up."""
        found = (item.found for item in self.runbook.parameters.values())
        return [item.served_api for item in found if item and item.served_api]

    def is_in_scope(self, step_id: str) -> bool:
        """Whether a step is part of this run."""
        return self.scope is None or step_id in self.scope

    def clusters(self, step: Any) -> Sequence[Cluster]:
        """The clusters a step is about: its own, or all."""
        return [item for item in self.runbook.clusters if step.cluster in ("", item.name)]

    def touched(self, path: str, step: str, action: str) -> None:
        """A file changed: everything read before is forgotten, and the watchers are told."""
        self.builds.forget()
        self.values.forget()
        self.emit(FileWritten(step, path, action))

    def show_command(self, step: str, command: str) -> None:
        """Tell the watchers the exact command."""
        self.emit(CommandStarted(step, command))

    def show_output(self, step: str, text: str, stream: str = "stdout") -> None:
        """Tell the watchers lines of output."""
        for line in text.splitlines():
            self.emit(OutputLine(step, stream, safe(line)))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found. The engine turns it into a `StepResult`."""

    status: Status
    reason: str
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    changed: tuple[str, ...] = ()
    """Files that an act changed: what rests on them is looked at again."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A change to the repository that a step would make, and what kind of change it is."""

    proposal: Proposal
    change: Change
    offer: str = ""


class StepKind(Protocol):
    """One kind of step."""

    async def check(self, step: Any, context: StepContext) -> Verdict:
        """The facts, read-only. May raise StoryrunnerError; `judged` turns that into a verdict."""
        ...

    async def suggest(self, step: Any, context: StepContext) -> Sequence[Suggestion]:
        """Changes that would make the check pass, or bring the file to the template; often none."""
        ...

    async def act(self, step: Any, context: StepContext) -> Verdict | None:
        """In GUIDE, what is more than writing files: signing, committing. None: nothing done."""
        ...


class NoSuggestions:
    """Base of the kinds that suggest no change to a file."""

    async def suggest(self, step: Any, context: StepContext) -> Sequence[Suggestion]:
        """None."""
        return ()


class NoActs:
    """Base of the kinds that do nothing but what they suggest."""

    async def act(self, step: Any, context: StepContext) -> Verdict | None:
        """Nothing."""
        return None


class ReadOnly(NoSuggestions, NoActs):
    """Base of the kinds that never change anything."""


def owned_files(runbook: Runbook, values: Values) -> list[tuple[str, str]]:
    """Path and task id of every file that the runbook writes or edits, in its order, each once.

    Files whose path needs a value that is missing are left out.
    """
    found: dict[str, str] = {}
    for task in runbook.tasks:
        for step in task.steps:
            if isinstance(step, WriteStep | EditStep):
                try:
                    path = values.fill(step.path, step.cluster)
                except MissingValueError:
                    continue
                found.setdefault(path, task.id)
    return list(found.items())


def verdict(
    reason: str,
    findings: Iterable[Finding] = (),
    evidence: Iterable[Evidence] = (),
) -> Verdict:
    """Failed when a finding is an error, else passed. `reason` is for the passed case."""
    found = tuple(findings)
    wrong = [item for item in found if item.severity is Severity.ERROR]
    if not wrong:
        return Verdict(Status.PASSED, reason, found, tuple(evidence))
    more = f" (+{len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return Verdict(Status.FAILED, f"{wrong[0].message}{more}", found, tuple(evidence))


def skipped(reason: str, evidence: Iterable[Evidence] = ()) -> Verdict:
    """It does not matter here."""
    return Verdict(Status.SKIPPED, reason, (), tuple(evidence))


def blocked(reason: str) -> Verdict:
    """It cannot be judged before something else is mended."""
    return Verdict(Status.BLOCKED, reason)


def failure(problem: StoryrunnerError, rule: str, *, cluster: str = "") -> Finding:
    """An exception about the repository's content, as a finding."""
    place = problem.place or HERE
    return error(rule, problem.message, place, hint=problem.hint, cluster=cluster)


def errored(problem: StoryrunnerError) -> Verdict:
    """An exception about a tool or the machine: nothing was judged."""
    place = problem.place or HERE
    finding = error("not-judged", problem.message, place, hint=problem.hint)
    return Verdict(Status.ERRORED, problem.message, (finding,))


def judged(problem: StoryrunnerError) -> Verdict:
    """The verdict that an exception out of a check stands for."""
    if isinstance(problem, ToolError) or problem.exit_code == 3:
        return errored(problem)
    rule = "unreadable" if isinstance(problem, ManifestError) else "refused"
    return verdict(problem.message, [failure(problem, rule)])


def evidence(
    context: StepContext,
    what: str,
    *,
    rung: Rung | None = None,
    matched: str = "",
    exit_code: int | None = None,
    excerpt: str = "",
    inputs: Mapping[str, str] | None = None,
) -> Evidence:
    """Evidence stamped with the run's time and commit. Of `inputs` it keeps what names files."""
    files = {key: value for key, value in (inputs or {}).items() if not key.startswith("/")}
    return Evidence(
        what=what,
        rung=rung,
        matched=matched,
        exit_code=exit_code,
        excerpt="\n".join(safe(line) for line in excerpt.splitlines()),
        inputs=files,
        commit=context.commit,
        at=context.now(),
    )


def counted(number: int, noun: str) -> str:
    """`1 file`, `3 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
