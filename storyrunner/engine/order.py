"""The order of tasks: by what each needs, and by the text where that leaves a choice."""

from __future__ import annotations

from storyrunner.model.runbook import Runbook, Task


def order_tasks(runbook: Runbook) -> list[Task]:
    """All tasks, each after those it needs (the loader has made sure that there is no cycle)."""
    waiting = list(runbook.tasks)
    done: set[str] = set()
    ordered: list[Task] = []
    while waiting:
        task = next(item for item in waiting if done.issuperset(item.needs))
        waiting.remove(task)
        done.add(task.id)
        ordered.append(task)
    return ordered


def select_steps(runbook: Runbook, only: str) -> set[str] | None:
    """Ids of the steps that `--only` names: a step, a task, or those that prove a criterion.

    None when it names nothing.
    """
    wanted = only.casefold()
    for task in runbook.tasks:
        if task.id.casefold() == wanted:
            return {step.id for step in task.steps}
    for criterion in runbook.criteria:
        if criterion.id.casefold() == wanted:
            return set(criterion.proved_by)
    return next(({step.id} for step in runbook.steps() if step.id.casefold() == wanted), None)
