"""Whether a step may start: only when the tasks that its own needs are through. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from storyrunner.model.result import StepResult
from storyrunner.model.runbook import Task
from storyrunner.model.status import Status
from storyrunner.model.step import ConfirmStep, RequireStep, Step
from storyrunner.steps.base import StepContext, Verdict, blocked


def gate_of(step: Step, context: StepContext) -> Verdict | None:
    """Blocked when a task that this step's needs is not through; None when it may start."""
    for name in context.runbook.task_of(step.id).needs:
        needed = context.runbook.task(name)
        open_step = _open_step(needed, context.results) if needed else None
        if open_step is not None:
            result = context.results.get(open_step.id)
            why = f": {result.reason}" if result and result.reason else " first"
            return blocked(f"needs {open_step.id} {open_step.title}{why}")
    return None


def _open_step(task: Task, results: Mapping[str, StepResult]) -> Step | None:
    """The first step that keeps what needs this task from starting."""
    for step in task.steps:
        result = results.get(step.id)
        done = result and result.status in (Status.PASSED, Status.SKIPPED)
        supplied = isinstance(step, RequireStep) and step.supplied_by
        unsigned = isinstance(step, ConfirmStep) and not step.gates
        if not done and not unsigned and not (supplied and result):
            return step
    return None
