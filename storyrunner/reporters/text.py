"""Plain lines: one per step as it ends, its findings under it, a summary that fits a screen.

The same bytes with or without a terminal: no colour, no cursor movement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from storyrunner.model.events import (
    CommandStarted,
    Envelope,
    FileProposed,
    FileWritten,
    OutputLine,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    TaskStarted,
)
from storyrunner.model.finding import Finding, Severity
from storyrunner.model.frozen import dataclass
from storyrunner.model.result import RunReport, StepResult
from storyrunner.model.status import Status
from storyrunner.reporters.wording import glyph, rungs, tally, word

QUIET = frozenset({Status.PASSED, Status.SKIPPED})


@dataclass(slots=True)
class TextReporter:
    """Writes lines through `write` (without newline). `verbose` adds commands, output and diffs."""

    write: Callable[[str], None]
    ascii_only: bool = False
    verbose: bool = False
    guiding: bool = False
    """A walk that writes: diffs, reasons and notes are shown, since nothing is written unseen."""
    _shown: dict[str, StepResult] = field(default_factory=dict)
    _deferred: tuple[str, ...] = ()
    _titles: dict[str, str] = field(default_factory=dict)

    def __call__(self, envelope: Envelope) -> None:
        """Write what an event has to say."""
        match envelope.event:
            case RunStarted(title=title, mode=mode, repository=repository, tools=tools) as started:
                self._deferred = started.deferred
                self.write(f"storyrunner {mode}  {title}  in {repository}")
                self.write(f"tools  {', '.join(tools) or 'none found'}")
            case StepStarted(step=step, title=title):
                self._titles[step] = title
            case TaskStarted() as started:
                self._start_task(started)
            case CommandStarted(command=command) if self.verbose:
                self.write(f"      $ {command}")
            case OutputLine(text=text) if self.verbose:
                self.write(f"      | {text}")
            case FileProposed(path=path, change=change, diff=diff) if self.verbose or self.guiding:
                self._propose(path, change, diff)
            case FileWritten(path=path, action=action):
                self.write(f"      {action}: {path}")
            case StepFinished(result=result):
                self._finish(result)
            case RunFinished(report=report):
                self._summarise(report)
            case _:
                pass

    def _start_task(self, started: TaskStarted) -> None:
        self.write("")
        self.write(f"{started.task}  {started.title}")
        if self.guiding or self.verbose:
            for line in (started.why, *started.notes):
                if line:
                    self.write(f"      {line}")

    def _propose(self, path: str, change: str, diff: str) -> None:
        self.write(f"      {change}: {path}")
        for line in diff.splitlines():
            self.write(f"      {line}")

    def _finish(self, result: StepResult) -> None:
        before = self._shown.get(result.step)
        self._shown[result.step] = result
        if before and (before.status, before.reason) == (result.status, result.reason):
            return
        sign = glyph(result.status, ascii_only=self.ascii_only)
        engine = rungs(result)
        tail = f"  [{engine}]" if engine else ""
        title = self._titles.get(result.step, "")
        self.write(f"  {sign} {result.step:<6} {word(result.status):<9} {title}{tail}".rstrip())
        said = {finding.message for finding in result.findings}
        if result.reason and (self.verbose or (result.status not in QUIET and not said)):
            self.write(f"      {result.reason}")
        for finding in result.findings:
            self._find(finding)

    def _find(self, finding: Finding) -> None:
        self.write(f"      {finding.line_text}")
        if finding.hint and finding.severity is not Severity.NOTE:
            self.write(f"        hint: {finding.hint}")

    def _list_deferred(self) -> None:
        if not self._deferred:
            return
        self.write("")
        self.write(f"Deferred to a later story: {len(self._deferred)}, not run here")
        for line in self._deferred if self.guiding or self.verbose else ():
            self.write(f"  {glyph(Status.SKIPPED, ascii_only=self.ascii_only)} {line}")

    def _list_tests(self, report: RunReport) -> None:
        """What QA planned: each check that failed or was not judged, all when it is asked for."""
        tests = report.tests
        if not tests:
            return
        proven = sum(item.status is Status.PASSED for item in tests)
        manual = sum(not item.steps for item in tests)
        self.write("")
        self.write(f"QA test design: {proven} of {len(tests)} checks proven, {manual} manual")
        for item in tests:
            if item.status is Status.PASSED and not self.verbose:
                continue
            sign = glyph(item.status, ascii_only=self.ascii_only)
            said = word(item.status) if item.steps else "manual"
            rank = f"{item.priority} " if item.priority else ""
            self.write(f"  {sign} {item.test:<12} {said:<9} {rank}{item.text}")
            if item.reason:
                self.write(f"{' ' * 17}{item.reason}")

    def _summarise(self, report: RunReport) -> None:
        self.write("")
        if report.criteria:
            self.write("Criteria")
        for verdict in report.criteria:
            sign = glyph(verdict.status, ascii_only=self.ascii_only)
            how = f"  [{', '.join(verdict.rungs)}]" if verdict.rungs else ""
            head = f"  {sign} {verdict.criterion:<6} {word(verdict.status):<9}"
            self.write(f"{head} {verdict.text}{how}")
            if verdict.reason:
                self.write(f"{' ' * 21}{verdict.reason}")
        self._list_tests(report)
        self._list_deferred()
        self.write("")
        self.write(f"{report.title}: {tally(report.criteria)}")
        if report.next_action:
            self.write(f"next  {report.next_action}")
