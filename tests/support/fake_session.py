"""A stand-in for a session: a small story whose steps do what a script says.

It has the surface that the screens use, emits the real events, asks the real questions, and never
touches a file, a tool or a clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from storyrunner.engine.criteria import judge_criteria
from storyrunner.engine.ledger import Ledger
from storyrunner.engine.order import order_tasks
from storyrunner.errors import Place, ToolError, WorkspaceError
from storyrunner.model.approval import ApprovalItem, ApprovalQuestion, CommandRequest
from storyrunner.model.cluster import Cluster
from storyrunner.model.command_class import CommandClass
from storyrunner.model.decision import (
    Change,
    Choice,
    CommitDraft,
    CommitFile,
    Decider,
    PushQuestion,
    SignQuestion,
    WriteQuestion,
)
from storyrunner.model.events import (
    CommandStarted,
    Envelope,
    Event,
    FileWritten,
    FindingMade,
    OutputLine,
    RunFinished,
    RunStarted,
    Sink,
    StepFinished,
    StepStarted,
)
from storyrunner.model.finding import error, warning
from storyrunner.model.need import PathNeed, ToolNeed
from storyrunner.model.result import CriterionVerdict, Evidence, RunReport, StepResult
from storyrunner.model.runbook import Criterion, Deferred, Risk, Runbook, Task
from storyrunner.model.rung import Job, Rung
from storyrunner.model.status import Status
from storyrunner.model.step import (
    BuildStep,
    CommitStep,
    ConfirmStep,
    RequireStep,
    WriteStep,
)
from storyrunner.redaction import Redactor
from storyrunner.workspace import Receipt

AT = "2026-03-01T14:02:00Z"
FLUX = Rung(Job.RENDER, "flux", "2.9.4")


def small_runbook() -> Runbook:
    """Five tasks of every shape the screens tell apart."""
    return Runbook(
        name="small",
        story="STORY-SMALL",
        number=7,
        title="Give the cluster a greeting",
        clusters=tuple(
            Cluster(name, f"clusters/{name}", f"clusters/{name}/settings.yaml", f"{name}.yaml")
            for name in ("infra", "apps")
        ),
        tasks=(
            Task(
                id="T1",
                title="Look around",
                steps=(
                    RequireStep(
                        kind="require",
                        id="T1.1",
                        title="Tools of the trade",
                        why="Each does one job.",
                        needs=(ToolNeed(tool="kubectl"), ToolNeed(tool="flux")),
                    ),
                    RequireStep(
                        kind="require",
                        id="T1.2",
                        title="The greeting's settings are here",
                        why="Flux fills the manifests from these settings.",
                        supplied_by="T2",
                        needs=(PathNeed(path="clusters/infra/settings.yaml"),),
                    ),
                ),
            ),
            Task(
                id="T2",
                title="Write the greeting",
                needs=("T1",),
                satisfies=("AC1",),
                steps=(
                    WriteStep(
                        kind="write",
                        id="T2.1",
                        title="The greeting itself",
                        why="Somebody has to say it.",
                        path="apps/greeting/[[ name ]].yaml",
                        template="small/greeting.yaml",
                    ),
                ),
            ),
            Task(
                id="T3",
                title="Validate with a title that is much too long for any outline",
                needs=("T2",),
                satisfies=("AC2",),
                why="The cluster applies what Flux renders.",
                steps=(
                    BuildStep(
                        kind="build", id="T3.1", title="Flux build, infra", flux="cluster-infra"
                    ),
                    BuildStep(
                        kind="build", id="T3.2", title="Flux build, apps", flux="cluster-apps"
                    ),
                ),
            ),
            Task(
                id="T4",
                title="Ask a person",
                steps=(
                    ConfirmStep(
                        kind="confirm", id="T4.1", title="It is polite", question="Is it polite?"
                    ),
                ),
            ),
            Task(
                id="T5",
                title="Commit",
                needs=("T3",),
                steps=(CommitStep(kind="commit", id="T5.1", title="Commit this story's files"),),
            ),
        ),
        criteria=(
            Criterion(id="AC1", text="Greeting written", proved_by=("T2.1",)),
            Criterion(
                id="AC2", text="Greeting renders", proved_by=("T3.1", "T3.2"), bullets=("twice",)
            ),
            Criterion(id="AC3", text="Greeting is polite", proved_by=("T4.1",)),
        ),
        deferred=(
            Deferred(text="It is heard", to="STORY-LATER", commands=("kubectl get greeting",)),
        ),
        notes=(Risk(kind="risk", tasks=("T2",), text="Too loud a greeting wakes the neighbours."),),
    )


WRITE = WriteQuestion(
    step="T2.1",
    title="The greeting itself",
    path="apps/greeting/hello.yaml",
    change=Change.EDIT,
    before="kind: Greeting\nspec:\n  text: hi\n",
    after="kind: Greeting\nspec:\n  text: hello\n  volume: low\n",
    diff="",
)
DRAFT = CommitDraft(
    message="feat(apps): greet the cluster\n\n- Write the greeting\n",
    files=(
        CommitFile("apps/greeting/hello.yaml", "T2", "changed"),
        CommitFile("clusters/infra/settings.yaml", "T2", "changed"),
    ),
    strays=("notes/todo.txt",),
    boxes=("12: Write the greeting", "14: Validate it"),
    branch="main",
)
PUSH = PushQuestion("origin", "ssh://git.example/greetings.git", "main", 1)
APPROVE = ApprovalQuestion(
    (
        ApprovalItem(
            request=CommandRequest(
                story="STORY-SMALL",
                step="T3.1",
                title="Count the greetings",
                text="grep -c greeting apps/greeting/hello.yaml | sort",
                cls=CommandClass.READ,
                reason="grep only reads; sort only reads",
            ),
            digest="11" * 32,
        ),
        ApprovalItem(
            request=CommandRequest(
                story="STORY-SMALL",
                step="T3.2",
                title="Tidy the greetings",
                text="./scripts/tidy.sh --loud apps/greeting",
                cls=CommandClass.WRITE,
                reason="runs scripts/tidy.sh, which may do anything",
                touches=("scripts/tidy.sh",),
                runs=(("scripts/tidy.sh", "ab" * 32),),
            ),
            digest="22" * 32,
            was="./scripts/tidy.sh apps/greeting",
            by="Ada",
        ),
        ApprovalItem(
            request=CommandRequest(
                story="STORY-SMALL",
                step="T5.1",
                title="Push",
                text="git push origin main",
                cls=CommandClass.PUSH,
                reason="git push sends to a remote",
                touches=("origin",),
            ),
            digest="33" * 32,
        ),
    )
)
PUSH_NOW = ApprovalQuestion(APPROVE.items[2:], now=True)
SIGN = SignQuestion("T4.1", "It is polite", "Is it polite?", ("apps/greeting/hello.yaml",))


Question = WriteQuestion | CommitDraft | PushQuestion | SignQuestion | ApprovalQuestion


@dataclass(slots=True)
class Script:
    """What a step does: events, then questions in turn, then its result.

    A write that is not carried out gives `else_result`; `hangs` never ends by itself.
    """

    result: StepResult
    events: tuple[Event, ...] = ()
    questions: tuple[Question, ...] = ()
    else_result: StepResult | None = None
    hangs: bool = False


def proven(step: str, what: str = "looked", rung: Rung | None = None) -> StepResult:
    """A result that proves its step."""
    item = Evidence(what, rung, matched="1 object", inputs={"a.yaml": "0"}, at=AT)
    return StepResult(step, Status.PASSED, f"{what} well", (), (item,))


def usual() -> dict[str, Script]:
    """T1.2 misses what T2 supplies, T3.2 fails with a card; all else is proven."""
    miss = error(
        "missing-key",
        "GREETING is not set in the settings of infra",
        Place("clusters/infra/settings.yaml", 6, 3),
        hint="T2 adds it.",
        cluster="infra",
    )
    wrong = error(
        "not-equal",
        "Greeting/hello: .spec.text is not what the story asks",
        Place("apps/greeting/hello.yaml", 3, 9),
        hint="write hello there",
        expected="hello",
        got="hi",
    )
    aside = warning("old-api", "Greeting/other is still on v1beta1", Place("apps/other.yaml", 1))
    flux = "flux build kustomization cluster-infra --dry-run"
    lines = tuple(OutputLine("T3.1", "stdout", f"Greeting/hello {n}") for n in range(3))
    return {
        "T1.1": Script(proven("T1.1")),
        "T1.2": Script(StepResult("T1.2", Status.FAILED, miss.message, (miss,))),
        "T2.1": Script(
            proven("T2.1"),
            questions=(WRITE,),
            else_result=StepResult("T2.1", Status.FAILED, "it still says hi"),
        ),
        "T3.1": Script(
            proven("T3.1", "Flux build", FLUX), events=(CommandStarted("T3.1", flux), *lines)
        ),
        "T3.2": Script(StepResult("T3.2", Status.FAILED, wrong.message, (aside, wrong))),
        "T4.1": Script(
            proven("T4.1", "signed"),
            questions=(SIGN,),
            else_result=StepResult("T4.1", Status.NEEDS_HUMAN, "to sign"),
        ),
        "T5.1": Script(
            proven("T5.1", "committed"),
            questions=(DRAFT, PUSH),
            else_result=StepResult("T5.1", Status.PENDING, "not committed"),
        ),
    }


@dataclass(slots=True)
class FakeWorkspace:
    """Remembers writes by label; can say that a file changed."""

    root: Path = Path("/nowhere")
    labels: list[str] = field(default_factory=list)
    changed: tuple[str, ...] = ()

    def pending_undo(self) -> str:
        """The last label."""
        return self.labels[-1] if self.labels else ""

    def undo(self) -> Receipt:
        """Take the last write back."""
        if not self.labels:
            raise WorkspaceError("there is nothing to undo")
        return Receipt(f"undo {self.labels.pop()}", written=(WRITE.path,))

    def changed_since(self, known: dict[str, str]) -> tuple[str, ...]:
        """Those of the known files that were said to have changed."""
        return tuple(path for path in self.changed if path in known)


class NoGit:
    """A runner that has no git."""

    async def run(self, command: Any, on_line: Any = None) -> Any:
        """Never."""
        raise ToolError("no git here")


class FakeSession:
    """Scripted steps of one runbook."""

    def __init__(
        self,
        decider: Decider,
        sinks: Sequence[Sink],
        scripts: dict[str, Script],
        runbook: Runbook,
        results: Sequence[StepResult] = (),
    ) -> None:
        self.repository = "greetings"
        self.read_only = ""
        self.notices: tuple[str, ...] = ()
        self.results = {item.step: item for item in results}
        self.answers: list[Any] = []
        self.ran: list[str] = []
        self.workspace = FakeWorkspace()
        self._decider = decider
        self._sinks = [*sinks]
        self._scripts = scripts
        self.ledger = Ledger()
        self._sequence = 0
        self.context = SimpleNamespace(
            redactor=Redactor(),
            runbook=runbook,
            story=None,
            tests=(),
            workspace=self.workspace,
            values=SimpleNamespace(
                fill=lambda text, cluster: text.replace("[[ name ]]", "hello"),
                forget=lambda: None,
            ),
            builds=SimpleNamespace(forget=lambda: None),
            runner=NoGit(),
        )

    def emit(self, event: Event) -> None:
        """To the ledger and all sinks."""
        self._sequence += 1
        envelope = Envelope(self._sequence, AT, event)
        self.ledger(envelope)
        for sink in self._sinks:
            sink(envelope)

    async def start(self) -> None:
        """With kubectl alone."""
        book = self.context.runbook
        tools = ("kubectl 1.32.4",)
        self.emit(RunStarted(book.story, book.title, "guide", self.repository, tools))

    def criteria(self) -> Sequence[CriterionVerdict]:
        """The verdicts on all criteria as they stand."""
        return judge_criteria(self.context.runbook, self.results)

    def finish(self) -> RunReport:
        """The report of what ran."""
        report = self.ledger.report()
        self.emit(RunFinished(report))
        return report

    async def run_step(self, step_id: str) -> StepResult:
        """What its script says."""
        step = self.context.runbook.step(step_id)
        self.ran.append(step_id)
        self.emit(StepStarted(step_id, step.title))
        try:
            result = await self._play(self._scripts[step_id], step_id)
        except asyncio.CancelledError:
            self._record(StepResult(step_id, Status.CANCELLED, "stopped before it ended"))
            raise
        return self._record(result)

    async def run_task(self, task_id: str) -> Status:
        """Its steps in turn."""
        task = self.context.runbook.task(task_id)
        for step in task.steps:
            await self.run_step(step.id)
        return Status.PASSED

    async def run_until(self, step_id: str | None) -> None:
        """All that is not proven, in running order."""
        for task in order_tasks(self.context.runbook):
            for step in task.steps:
                known = self.results.get(step.id)
                if known is None or known.status is not Status.PASSED:
                    await self.run_step(step.id)
                if step.id == step_id:
                    return

    async def after_undo(self, receipt: Receipt) -> None:
        """What rested on the file is stale."""
        for path in receipt.written:
            self.emit(FileWritten("", path, "undone"))
        done = [item for item in self.results.values() if item.status is Status.PASSED]
        self.mark_stale(done, "files changed since")

    def mark_stale(self, results: Sequence[StepResult], reason: str) -> None:
        """No longer proven."""
        for old in list(results):
            self._record(StepResult(old.step, Status.STALE, reason))

    async def _play(self, script: Script, step: str) -> StepResult:
        for event in script.events:
            self.emit(event)
        if script.hangs:
            await asyncio.Event().wait()
        for question in script.questions:
            answer = await self._ask(question)
            self.answers.append(answer)
            match question:
                case WriteQuestion(path=path):
                    if answer.choice is not Choice.WRITE:
                        self.emit(FileWritten(step, path, "kept"))
                        return script.else_result or script.result
                    self.workspace.labels.append(f"{step} {question.title}")
                    self.emit(FileWritten(step, path, "written"))
                case CommitDraft() | SignQuestion():
                    if answer is None:
                        return script.else_result or script.result
                case _:
                    pass
        return script.result

    async def _ask(self, question: Any) -> Any:
        match question:
            case WriteQuestion():
                return await self._decider.decide_write(question)
            case CommitDraft():
                return await self._decider.decide_commit(question)
            case PushQuestion():
                return await self._decider.decide_push(question)
            case ApprovalQuestion():
                return await self._decider.approve(question)
            case _:
                return await self._decider.sign(question)

    def _record(self, result: StepResult) -> StepResult:
        self.results[result.step] = result
        for finding in result.findings:
            self.emit(FindingMade(result.step, finding))
        self.emit(StepFinished(result))
        return result


class FakeOpener:
    """Opens fake sessions; `session` is the last one, `closed` tells that it was left properly."""

    def __init__(
        self,
        scripts: dict[str, Script] | None = None,
        results: Sequence[StepResult] = (),
        runbook: Runbook | None = None,
    ) -> None:
        self._scripts = usual() if scripts is None else scripts
        self._results = results
        self._runbook = runbook or small_runbook()
        self.session: FakeSession | None = None
        self.closed = False
        self.references: list[str] = []

    @contextmanager
    def __call__(
        self, reference: str, decider: Decider, sinks: Sequence[Sink]
    ) -> Iterator[FakeSession]:
        self.references.append(reference)
        self.session = FakeSession(decider, sinks, self._scripts, self._runbook, self._results)
        yield self.session
        self.closed = True
