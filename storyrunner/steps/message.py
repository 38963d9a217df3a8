"""The commit message, drafted from what was done: a Conventional Commit, `${X}` kept literal.

And what the commit does not prove, in words.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from storyrunner.model.result import StepResult
from storyrunner.model.runbook import CommitPlan, Runbook
from storyrunner.model.status import Status
from storyrunner.model.step import EditStep, WriteStep
from storyrunner.runbook.parameters import MissingValueError, Values


def draft_message(
    runbook: Runbook,
    values: Values,
    results: Mapping[str, StepResult],
    changed: Collection[str],
) -> str:
    """Subject, the body lines whose steps changed a file of the commit, footer."""
    plan = runbook.commit or CommitPlan(
        type="feat", subject=runbook.title[:1].lower() + runbook.title[1:]
    )
    scope = f"({plan.scope})" if plan.scope else ""
    parts = [f"{plan.type}{scope}: {plan.subject}"]
    body = [
        f"- {text.strip()}"
        for step, _, text in (line.partition(":") for line in plan.body)
        if _was_done(step.strip(), runbook, values, results, changed)
    ]
    if body:
        parts.append("\n".join(body))
    if plan.footer:
        parts.append(plan.footer)
    return "\n\n".join(parts) + "\n"


def _was_done(
    step_id: str,
    runbook: Runbook,
    values: Values,
    results: Mapping[str, StepResult],
    changed: Collection[str],
) -> bool:
    step = runbook.step(step_id)
    result = results.get(step_id)
    if not isinstance(step, WriteStep | EditStep) or result is None:
        return False
    try:
        path = values.fill(step.path, step.cluster)
    except MissingValueError:
        return False
    return result.status is Status.PASSED and path in changed


def not_proven(results: Mapping[str, StepResult]) -> str:
    """The checks that did not pass, in words; empty when there are none."""
    wrong = (Status.FAILED, Status.ERRORED, Status.REFUSED)
    names = [one.step for one in results.values() if one.status in wrong]
    what = "check is" if len(names) == 1 else "checks are"
    return f"{len(names)} {what} not proven: {', '.join(names)}" if names else ""


def not_committed(unproven: str) -> str:
    """Why a draft was left: what did not pass, if anything."""
    return f"drafted, not committed: {unproven}" if unproven else "not committed"
