"""What a run has to show: results of steps, evidence, verdicts on criteria, the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from storyrunner.model.finding import Finding, Severity
from storyrunner.model.frozen import dataclass
from storyrunner.model.rung import Rung
from storyrunner.model.status import FACES, Status, settle_exit_code

EXPIRED_SIGNOFF = "expired-signoff"
"""Rule of the finding that a stale sign-off has; nothing else can stay stale."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How something was proven: the check or command, what it matched, and on which files.

    `inputs` maps paths relative to the repository to the sha256 of their content (`absent` for a
    file that was looked for and is not there; a path that ends in `/` is a folder's listing).
    `excerpt` is redacted and short. `at` is UTC, ISO 8601, to the second.
    """

    what: str
    rung: Rung | None = None
    matched: str = ""
    exit_code: int | None = None
    excerpt: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class StepResult:
    """The verdict on one step. `reason` is one line; `seconds` is wall time. `reused`: proven by an
    earlier run, on inputs that are all what they were."""

    step: str
    status: Status
    reason: str = ""
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    seconds: float = 0.0
    reused: bool = False

    @property
    def rung(self) -> Rung | None:
        """The rung to name beside the verdict: that of the first evidence that has one."""
        return next((item.rung for item in self.evidence if item.rung), None)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that make it fail."""
        return tuple(item for item in self.findings if item.severity is Severity.ERROR)


@dataclass(frozen=True, slots=True)
class CriterionVerdict:
    """The verdict on one criterion: proven only when every step that proves it is."""

    criterion: str
    text: str
    status: Status
    steps: tuple[str, ...]
    reason: str = ""
    rungs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QaVerdict:
    """The verdict on a check that the story's QA test design plans. It is proven only by steps that
    are said to check the same; without such steps it is a person's to make (`needs_human`)."""

    test: str
    text: str
    level: str
    priority: str
    criterion: str
    status: Status
    steps: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunReport:
    """Everything a run ended with."""

    story: str
    title: str
    results: tuple[StepResult, ...]
    criteria: tuple[CriterionVerdict, ...]
    exit_code: int
    next_action: str = ""
    tests: tuple[QaVerdict, ...] = ()
    """Extra checks of the story's QA; they decide no exit code."""
    reused: int = 0
    """How many results are proofs of an earlier run."""

    @property
    def proven(self) -> int:
        """How many criteria are proven."""
        return sum(1 for verdict in self.criteria if verdict.status is Status.PASSED)


def exit_code_of(
    results: tuple[StepResult, ...], criteria: tuple[CriterionVerdict, ...] = ()
) -> int:
    """The exit code that results and verdicts stand for (design.md §6).

    A sign-off that has expired is one that is open: 8. A criterion that was judged and is neither
    proven nor decided by a step's own exit code (left out, stale) is not proven: 1.
    """
    codes = {_step_code(result) for result in results}
    open_signs = {result.step for result in results if is_expired(result)}
    stale = {result.step for result in results if result.status is Status.STALE}
    for verdict in criteria:
        only_signs = stale.intersection(verdict.steps) <= open_signs
        codes.add(_criterion_code(verdict.status, only_signs))
    return settle_exit_code({code for code in codes if code})


def is_expired(result: StepResult) -> bool:
    """Whether it is a sign-off that held once and does not any more."""
    rules = (finding.rule for finding in result.findings)
    return result.status is Status.STALE and EXPIRED_SIGNOFF in rules


def _step_code(result: StepResult) -> int | None:
    if is_expired(result):
        return FACES[Status.NEEDS_HUMAN].exit_code
    return FACES[result.status].exit_code


def _criterion_code(status: Status, only_signs: bool) -> int | None:
    if status is Status.STALE and only_signs:
        return FACES[Status.NEEDS_HUMAN].exit_code
    code = FACES[status].exit_code
    return 1 if code is None else code
