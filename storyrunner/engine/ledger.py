"""Folds the event stream back into a report: what a run ended with is what its events say.

Replaying a recorded stream gives the same report; the session itself reports through this.
"""

from __future__ import annotations

import re
from dataclasses import field

from storyrunner.model.events import (
    CommandStarted,
    CriterionJudged,
    Envelope,
    QaJudged,
    RunFinished,
    RunStarted,
    StepFinished,
)
from storyrunner.model.frozen import dataclass
from storyrunner.model.result import (
    CriterionVerdict,
    QaVerdict,
    RunReport,
    StepResult,
    exit_code_of,
    is_expired,
)
from storyrunner.model.status import Status


@dataclass(slots=True)
class Ledger:
    """The state of a run as its events tell it. Call it with every envelope."""

    story: str = ""
    title: str = ""
    results: dict[str, StepResult] = field(default_factory=dict)
    criteria: dict[str, CriterionVerdict] = field(default_factory=dict)
    tests: dict[str, QaVerdict] = field(default_factory=dict)
    commands: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The commands that each step ran, the last time that it ran any."""
    finished: RunReport | None = None
    _running: str = ""

    def __call__(self, envelope: Envelope) -> None:
        """Take in one event."""
        match envelope.event:
            case RunStarted(story=story, title=title):
                self.story, self.title = story, title
            case CommandStarted(step=step, command=command):
                before = self.commands.get(step, ()) if step == self._running else ()
                self.commands[step] = tuple(dict.fromkeys((*before, command)))
                self._running = step
            case StepFinished(result=result):
                self._running = ""
                self.results.pop(result.step, None)
                self.results[result.step] = result
            case CriterionJudged(verdict=verdict):
                self.criteria[verdict.criterion] = verdict
            case QaJudged(verdict=judged):
                self.tests[judged.test] = judged
            case RunFinished(report=report):
                self.finished = report
            case _:
                pass

    def report(self) -> RunReport:
        """The report as it stands."""
        results = tuple(self.results.values())
        criteria = tuple(sorted(self.criteria.values(), key=_by_number))
        return RunReport(
            story=self.story,
            title=self.title,
            results=results,
            criteria=criteria,
            exit_code=exit_code_of(results, criteria),
            next_action=_next_action(results),
            tests=tuple(self.tests.values()),
            reused=sum(result.reused for result in results),
        )


def _by_number(verdict: CriterionVerdict) -> list[int | str]:
    """AC2 before AC10, whichever was judged first."""
    parts = re.split(r"(\d+)", verdict.criterion)
    return [int(part) if part.isdecimal() else part for part in parts]


def _next_action(results: tuple[StepResult, ...]) -> str:
    for result in results:
        if result.status in (Status.FAILED, Status.ERRORED, Status.REFUSED):
            hint = next((item.hint for item in result.errors if item.hint), "")
            return f"{result.step}: {hint or result.reason}"
    waiting = next((item for item in results if _is_to_sign(item)), None)
    if waiting:
        return f"{waiting.step}: sign it in a session"
    return ""


def _is_to_sign(result: StepResult) -> bool:
    return result.status is Status.NEEDS_HUMAN or is_expired(result)
