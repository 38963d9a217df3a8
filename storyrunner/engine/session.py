"""A session on one story: runs steps in order, gates them, asks, and emits what happened.

It knows how a run proceeds, not what any kind of step does (`steps/`) nor how a run looks
(`reporters/`, `tui`). CHECK goes through everything and changes nothing; GUIDE asks and writes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable
from dataclasses import field
from enum import StrEnum

from storyrunner.engine.ahead import Ahead
from storyrunner.engine.carry import carry_out
from storyrunner.engine.cleaning import Cleaner, clean_decider
from storyrunner.engine.corrections import corrections
from storyrunner.engine.criteria import judge_criterion, judge_task
from storyrunner.engine.freshness import DEPENDENT_KINDS, touched
from storyrunner.engine.gating import gate_of
from storyrunner.engine.keeping import ProofBook
from storyrunner.engine.ledger import Ledger
from storyrunner.engine.loop import listen
from storyrunner.engine.merging import deferred_line, merged, showable
from storyrunner.engine.order import order_tasks
from storyrunner.engine.qa import judge_tests
from storyrunner.errors import StoryrunnerError
from storyrunner.model.events import (
    CriterionJudged,
    Envelope,
    Event,
    FileWritten,
    FindingMade,
    QaJudged,
    RunFinished,
    RunStarted,
    Sink,
    StepFinished,
    StepStarted,
    TaskFinished,
    TaskStarted,
)
from storyrunner.model.frozen import dataclass
from storyrunner.model.result import CriterionVerdict, RunReport, StepResult
from storyrunner.model.runbook import Task
from storyrunner.model.status import Status
from storyrunner.model.step import RequireStep, Step
from storyrunner.steps.base import StepContext, Verdict, judged
from storyrunner.steps.command import survey
from storyrunner.steps.kinds import kind_of
from storyrunner.workspace import Receipt


class Mode(StrEnum):
    """CHECK is read-only; GUIDE asks and writes."""

    CHECK = "check"
    GUIDE = "guide"


@dataclass(slots=True)
class Session:
    """One story on one repository. `context.emit` is set to this session's own emitter."""

    context: StepContext
    mode: Mode
    sinks: list[Sink]
    proofs: ProofBook
    repository: str = ""
    read_only: str = ""
    """Why nothing can be written here though the mode would; empty when it can."""
    notices: tuple[str, ...] = ()
    """What happened at the opening: an interrupted write that was taken back."""
    ledger: Ledger = field(default_factory=Ledger)
    _sequence: int = 0
    _scope: frozenset[str] | None = None
    _ahead: Ahead = field(init=False)
    _clean: Cleaner = field(init=False)
    _reused: dict[str, StepResult] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._clean = Cleaner(self.context.redactor)
        self.notices = self._clean.value(self.notices)
        self.context.emit = self.emit
        self.context.decider = clean_decider(self.context.decider, self._clean)
        self._ahead = Ahead(self.context, self.proofs)

    @property
    def results(self) -> dict[str, StepResult]:
        """Results by step id."""
        return self.context.results

    def emit(self, event: Event) -> None:
        """Number an event, clean it, and hand it to the ledger and all consumers."""
        self._sequence += 1
        envelope = Envelope(self._sequence, self.context.now(), self._clean.event(event))
        self.ledger(envelope)
        self.proofs(envelope)
        for sink in self.sinks:
            sink(envelope)

    # --- a whole run -------------------------------------------------------------------------

    async def run(self, only: frozenset[str] | None = None, *, keep: bool = True) -> RunReport:
        """All tasks in order (or those of `only`, a set of step ids), then the report. `keep`: the
        proofs are stored."""
        self._scope = self.context.scope = only
        async with Ahead(self.context, self.proofs) as self._ahead:
            if self.mode is Mode.CHECK:
                steps = list(filter(self._in_scope, self.context.runbook.steps()))
                self._reused = await self.proofs.reusable(steps)
                new = (step for step in steps if step.id not in self._reused)
                await self._ahead.begin(step for step in new if step.kind in DEPENDENT_KINDS)
            await self.start()
            for task in order_tasks(self.context.runbook):
                await self.run_task(task.id)
        report = self.finish()
        if keep:
            await self.proofs.keep(self.results, report.criteria)
        return report

    async def start(self) -> None:
        """Announce the run, with the tools that were found."""
        runbook = self.context.runbook
        story = self.context.story
        tools = await self.context.tools.summary()
        await self.proofs.meet_tools()
        title = story.title if story and story.title else runbook.title
        name = f"{runbook.number:02d} {title}"
        deferred = tuple(deferred_line(item) for item in runbook.deferred)
        self.emit(
            RunStarted(runbook.story, name, self.mode.value, self.repository, tools, deferred)
        )

    def finish(self) -> RunReport:
        """The report, as the last event and as the answer."""
        for verdict in judge_tests(self.context):
            self.emit(QaJudged(verdict))
        report = self.ledger.report()
        self.emit(RunFinished(report))
        return report

    async def run_until(self, step_id: str | None) -> None:
        """All steps up to and with one, in order; those already proven are not run again."""
        for task in order_tasks(self.context.runbook):
            for step in task.steps:
                if not self._is_proven(step.id):
                    await self.run_step(step.id)
                if step.id == step_id:
                    return
            await self._check_supplied(task)

    # --- one task, one step ------------------------------------------------------------------

    async def run_task(self, task_id: str) -> Status:
        """The steps of a task, then again those steps whose misses this task supplies."""
        task = self.context.runbook.task(task_id)
        if task is None:
            raise KeyError(task_id)
        steps = [step for step in task.steps if self._in_scope(step)]
        if not steps:
            return Status.PENDING
        notes = [f"{item.kind}: {item.text}" for item in self.context.runbook.notes_of(task.id)]
        self.emit(TaskStarted(task.id, task.title, task.why, (*task.notes, *notes)))
        for step in steps:
            await self.run_step(step.id)
        status = judge_task(task, self.results)
        self.emit(TaskFinished(task.id, status))
        await self._check_supplied(task)
        return status

    async def run_step(self, step_id: str) -> StepResult:
        """Check a step; in GUIDE carry out what it suggests and check again."""
        step = self.context.runbook.step(step_id)
        if step is None:
            raise KeyError(step_id)
        await survey(self.context)
        self.emit(StepStarted(step.id, step.title))
        began = time.monotonic()
        try:
            await listen(quickly=self.mode is Mode.CHECK)
            if step_id in self._reused:
                return self._take(self._reused.pop(step_id))
            await self._look_at_prerequisites(step)
            gate = None if self.mode is Mode.CHECK else gate_of(step, self.context)
            verdict = gate or await self._judge(step)
        except asyncio.CancelledError:
            stopped = Verdict(Status.CANCELLED, "stopped before it ended")
            self._record(step, stopped, time.monotonic() - began)
            raise
        seconds = self._ahead.seconds.get(step.id, time.monotonic() - began)
        return self._record(step, verdict, seconds)

    async def _look_at_prerequisites(self, step: Step) -> None:
        """Requirements of needed tasks that nobody has looked at yet are looked at now, so that a
        step can be run out of order or after coming back."""
        if self.mode is Mode.CHECK:
            return
        for name in self.context.runbook.task_of(step.id).needs:
            needed = self.context.runbook.task(name)
            for item in needed.steps if needed else ():
                if isinstance(item, RequireStep) and item.id not in self.results:
                    began = time.monotonic()
                    self._record(item, await self._check(item), time.monotonic() - began)

    async def _judge(self, step: Step) -> Verdict:
        kind = kind_of(step)
        verdict = await self._check(step)
        if self.mode is Mode.CHECK:
            return verdict
        try:
            suggestions = await kind.suggest(step, self.context)
            changed = await carry_out(step, suggestions, self.context)
            if changed:
                await self._after_change(step.id, changed)
                verdict = await self._check(step)
            with self.proofs.recording(step.id, also=True):
                acted = await kind.act(step, self.context)
            if acted and acted.changed:
                await self._after_change(step.id, acted.changed)
        except StoryrunnerError as problem:
            return judged(problem)
        return acted or verdict

    async def _check(self, step: Step) -> Verdict:
        try:
            if self._ahead.has(step.id):
                return await self._ahead.verdict(step.id)
            with self.proofs.recording(step.id):
                return await kind_of(step).check(step, self.context)
        except StoryrunnerError as problem:
            return judged(problem)

    async def _check_supplied(self, task: Task) -> None:
        """Steps that missed what `task` supplies are looked at again, so that they can pass."""
        if self.mode is Mode.CHECK:
            return
        for step in self.context.runbook.steps():
            result = self.results.get(step.id)
            supplied = isinstance(step, RequireStep) and step.supplied_by == task.id
            if supplied and result and result.status is not Status.PASSED:
                began = time.monotonic()
                self._record(step, await self._check(step), time.monotonic() - began)

    # --- records -----------------------------------------------------------------------------

    def _record(self, step: Step, verdict: Verdict, seconds: float) -> StepResult:
        verdict = self.context.redactor.value(verdict)  # before anything is cut
        reason = showable(verdict.reason, " / ")
        findings = (*merged(verdict.findings), *corrections(step, self.context.story))
        ended = round(seconds, 3)
        return self._take(
            StepResult(step.id, verdict.status, reason, findings, verdict.evidence, ended)
        )

    def _take(self, given: StepResult) -> StepResult:
        result = self._clean.value(given)
        self.keep(result)
        for finding in result.findings:
            self.emit(FindingMade(result.step, finding))
        self.emit(StepFinished(result))
        self.judge_criteria([result.step])
        return result

    def keep(self, result: StepResult) -> None:
        """Remember a result (also one from an earlier session)."""
        result = self._clean.value(result)
        self.results.pop(result.step, None)
        self.results[result.step] = result

    def judge_criteria(self, steps: Iterable[str]) -> None:
        """Judge the criteria that rest on these steps; tell those that changed."""
        wanted = set(steps)
        for criterion in self.context.runbook.criteria:
            if wanted.isdisjoint(criterion.proved_by):
                continue
            if self._scope is not None and not self._scope.issuperset(criterion.proved_by):
                continue
            verdict = judge_criterion(criterion, self.results)
            if verdict != self.ledger.criteria.get(criterion.id):
                self.emit(CriterionJudged(verdict))

    async def after_undo(self, receipt: Receipt) -> None:
        """Files were taken back: what was proven on them is looked at again or stale."""
        paths = (*receipt.written, *receipt.removed)
        self.context.builds.forget()
        self.context.values.forget()
        for path in paths:
            self.emit(FileWritten("", path, "undone"))
        await self._after_change("", paths)

    async def _after_change(self, step_id: str, paths: Collection[str]) -> None:
        """What rests on changed files: cheap checks are made again at once, others are stale."""
        cheap, dear = touched(self.context.runbook, self.results, paths, but=step_id)
        self.mark_stale(dear, "files changed since")
        for step, seconds in cheap:
            self._record(step, await self._check(step), seconds)

    def mark_stale(self, results: Iterable[StepResult], reason: str) -> None:
        """Turn results stale: no longer proven, until run again."""
        names = []
        for old in list(results):
            result = StepResult(old.step, Status.STALE, reason, (), old.evidence, old.seconds)
            self.keep(result)
            self.emit(StepFinished(result))
            names.append(old.step)
        self.judge_criteria(names)

    def _is_proven(self, step_id: str) -> bool:
        result = self.results.get(step_id)
        return result is not None and result.status in (Status.PASSED, Status.SKIPPED)

    def _in_scope(self, step: Step) -> bool:
        return self._scope is None or step.id in self._scope

    def criteria(self) -> tuple[CriterionVerdict, ...]:
        """The verdicts on all criteria as they stand."""
        return tuple(judge_criterion(item, self.results) for item in self.context.runbook.criteria)
