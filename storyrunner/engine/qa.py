"""The checks that a story's QA plans, judged by the steps that check the same.

Nothing is claimed by likeness: a planned check is proven by the steps that the runbook names for
its id, or by the `command` step that runs exactly the command it consists of. Every other one is
for a person to make, and decides no exit code.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from storyrunner.engine.criteria import sum_statuses
from storyrunner.model.qa import QaTest
from storyrunner.model.result import QaVerdict, StepResult
from storyrunner.model.runbook import PlannedTest, Runbook
from storyrunner.model.status import Status
from storyrunner.steps.base import StepContext

MANUAL = "manual: no step is said to check the same"
CHANGED = "manual: its words are not those that the runbook was written for"
_ONE_COMMAND = re.compile(r"`([^`]+)`[.;]?")


def planned_tests(root: Path, story: str) -> tuple[QaTest, ...]:
    """The checks of the story's test designs, each id once. Stories and documents that cannot be
    read are left out: they hide no other check."""
    if not _has_design(root):
        return ()
    from storyrunner.stories.library import find_stories
    from storyrunner.stories.qa import qa_of_story

    refs = find_stories(root, unreadable=lambda _: None)
    found: dict[str, QaTest] = {}
    for document in qa_of_story(root, story, refs, lambda _: None):
        for test in document.tests:
            found.setdefault(test.id.casefold(), test)
    return tuple(found.values())


def _has_design(root: Path) -> bool:
    """Whether a file below `docs` is named like a test design: few repositories have any."""
    return any("test-design" in name for _, _, names in os.walk(root / "docs") for name in names)


def judge_tests(context: StepContext) -> Iterator[QaVerdict]:
    """The verdicts as they stand; in a run of some steps only, those that rest on these."""
    for test in context.tests:
        steps = provers(test, context.runbook)
        if all(context.is_in_scope(step) for step in steps) and (steps or context.scope is None):
            yield _judge(test, steps, context.runbook, context.results)


def judge_planned(
    tests: Iterable[QaTest], runbook: Runbook, results: Mapping[str, StepResult]
) -> Iterator[QaVerdict]:
    """The verdicts on all these checks as they stand."""
    for test in tests:
        yield _judge(test, provers(test, runbook), runbook, results)


def provers(test: QaTest, runbook: Runbook) -> tuple[str, ...]:
    """The ids of the steps that prove a planned check; none when it is manual."""
    named = _named(test, runbook)
    if named is not None:
        return named.proved_by if named.digest == test.digest else ()
    alone = _ONE_COMMAND.fullmatch(test.text.strip())
    if alone is None:
        return ()
    wanted = alone[1].split()
    return tuple(
        step.id for step in runbook.steps() if step.kind == "command" and step.run.split() == wanted
    )


def _named(test: QaTest, runbook: Runbook) -> PlannedTest | None:
    wanted = test.id.casefold()
    return next((item for item in runbook.tests if item.id.casefold() == wanted), None)


def _judge(
    test: QaTest, steps: tuple[str, ...], runbook: Runbook, results: Mapping[str, StepResult]
) -> QaVerdict:
    status = Status.NEEDS_HUMAN
    reason = CHANGED if _named(test, runbook) else MANUAL
    if steps:
        found = [results.get(step) for step in steps]
        status = sum_statuses(item.status if item else Status.PENDING for item in found)
        reason = next((item.reason for item in found if item and item.status is status), "")
        if status is Status.PASSED:
            reason = f"by {', '.join(steps)}"
    criterion = f"AC{test.criterion}" if test.criterion else ""
    return QaVerdict(
        test.id, test.text, test.level, test.priority, criterion, status, steps, reason
    )
