"""What a change of files takes the proof from. Pure: looks at results, runs nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from storyrunner.model.result import StepResult
from storyrunner.model.runbook import Runbook
from storyrunner.model.status import Status
from storyrunner.model.step import Step

DEPENDENT_KINDS = frozenset({"dry_run", "build", "query"})
"""Kinds whose verdict rests on what is rendered, so that any write makes it stale."""

CHEAP_KINDS = frozenset({"require", "write", "edit"})
"""Kinds whose check only reads a few files, so that it is simply made again."""


def touched(
    runbook: Runbook, results: Mapping[str, StepResult], paths: Collection[str], *, but: str
) -> tuple[list[tuple[Step, float]], list[StepResult]]:
    """Proven steps that rest on changed files: those to check again (with the seconds their last
    check took), and the results that are stale. `but` is the step that made the change."""
    cheap: list[tuple[Step, float]] = []
    stale: list[StepResult] = []
    for result in results.values():
        step = runbook.step(result.step)
        if step is None or step.id == but or result.status is not Status.PASSED:
            continue
        if not _rests_on(step, result, paths):
            continue
        if step.kind in CHEAP_KINDS:
            cheap.append((step, result.seconds))
        else:
            stale.append(result)
    return cheap, stale


def _rests_on(step: Step, result: StepResult, paths: Collection[str]) -> bool:
    if step.kind in DEPENDENT_KINDS or step.kind == "commit":
        return True
    return any(path in item.inputs for item in result.evidence for path in paths)
