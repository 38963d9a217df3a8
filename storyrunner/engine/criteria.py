"""Verdicts on criteria and tasks out of the results of their steps. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storyrunner.model.result import CriterionVerdict, StepResult
from storyrunner.model.runbook import Criterion, Runbook, Task
from storyrunner.model.status import Status

WORST_FIRST = (
    Status.RUNNING,
    Status.CANCELLED,
    Status.REFUSED,
    Status.FAILED,
    Status.ERRORED,
    Status.BLOCKED,
    Status.STALE,
    Status.NEEDS_HUMAN,
    Status.PENDING,
)


def sum_statuses(statuses: Iterable[Status]) -> Status:
    """The status of a whole out of its parts: the worst; passed needs one part that passed.

    Skipped parts do not matter; a whole of nothing but skipped parts is skipped, never passed.
    """
    parts = list(statuses)
    worst = next((status for status in WORST_FIRST if status in parts), None)
    if worst is not None:
        return worst
    if Status.PASSED in parts:
        return Status.PASSED
    return Status.SKIPPED if parts else Status.PENDING


def judge_criterion(criterion: Criterion, results: Mapping[str, StepResult]) -> CriterionVerdict:
    """Proven only when every step that proves it is."""
    found = [results.get(step) for step in criterion.proved_by]
    status = sum_statuses(item.status if item else Status.PENDING for item in found)
    reason = next((item.reason for item in found if item and item.status is status), "")
    rungs = (str(item.rung) for result in found if result for item in result.evidence if item.rung)
    if status is Status.PASSED:
        reason = _proof(item for item in found if item)
    return CriterionVerdict(
        criterion.id,
        criterion.text,
        status,
        criterion.proved_by,
        reason,
        tuple(dict.fromkeys(rungs)),
    )


def _proof(results: Iterable[StepResult]) -> str:
    passed = [item.step for item in results if item.status is Status.PASSED]
    return "by " + ", ".join(passed)


def judge_criteria(
    runbook: Runbook, results: Mapping[str, StepResult]
) -> tuple[CriterionVerdict, ...]:
    """The verdicts on all criteria, in the runbook's order."""
    return tuple(judge_criterion(criterion, results) for criterion in runbook.criteria)


def judge_task(task: Task, results: Mapping[str, StepResult]) -> Status:
    """The sum of a task's steps."""
    found = [results.get(step.id) for step in task.steps]
    return sum_statuses(item.status if item else Status.PENDING for item in found)
