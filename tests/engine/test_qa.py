"""A planned check is proven only by steps that are said to check the same, word for word."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from storyrunner.engine.qa import CHANGED, MANUAL, judge_planned, provers
from storyrunner.engine.session import Mode
from storyrunner.errors import RunbookError
from storyrunner.model.result import StepResult
from storyrunner.model.runbook import PlannedTest
from storyrunner.model.status import Status
from storyrunner.runbook.loader import parse_runbook
from storyrunner.stories.qa import digest, read_qa_text
from tests.engine.small import RUNBOOK, make_small, opened

DESIGN = """\
# Test Design: Story 03 — STORY-SMALL
### AC1
| ID | Level | Priority | Test | Why |
|---|---|---|---|---|
| 03-INT-001 | Integration | P0 | The list names small.yaml | x |
| 03-INT-002 | Integration | P1 | Nobody checks this | x |
"""
TESTS = read_qa_text(DESIGN, "docs/test-design.md").tests
SMALL = parse_runbook(RUNBOOK, "small.yaml")
BOUND = replace(
    SMALL,
    tests=(
        PlannedTest(
            id="03-int-001", digest=digest("the list names `small.yaml`"), proved_by=("T2.1",)
        ),
    ),
)


def verdicts(**statuses: Status) -> list[tuple[str, Status, str]]:
    results = {
        name.replace("_", "."): StepResult(name.replace("_", "."), status, "because")
        for name, status in statuses.items()
    }
    return [(v.test, v.status, v.reason) for v in judge_planned(TESTS, BOUND, results)]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (Status.PASSED, "by T2.1"),
        (Status.FAILED, "because"),
        (Status.ERRORED, "because"),
        (Status.STALE, "because"),
        (Status.SKIPPED, "because"),
    ],
)
def test_a_bound_check_has_the_verdict_of_its_steps(status: Status, reason: str) -> None:
    assert verdicts(T2_1=status)[0] == ("03-INT-001", status, reason)


def test_what_was_not_run_is_not_proven() -> None:
    assert verdicts()[0] == ("03-INT-001", Status.PENDING, "")


def test_a_check_that_nothing_is_said_to_make_is_manual_whatever_passes() -> None:
    every = {step.id.replace(".", "_"): Status.PASSED for step in BOUND.steps()}
    assert verdicts(**every)[1] == ("03-INT-002", Status.NEEDS_HUMAN, MANUAL)


def test_other_words_under_the_same_id_are_another_check() -> None:
    changed = read_qa_text(DESIGN.replace("small.yaml", "large.yaml"), "docs/test-design.md")
    results = {"T2.1": StepResult("T2.1", Status.PASSED)}
    first = next(iter(judge_planned(changed.tests, BOUND, results)))
    assert (first.status, first.reason, first.steps) == (Status.NEEDS_HUMAN, CHANGED, ())


def test_a_command_step_proves_the_check_that_is_exactly_its_command() -> None:
    text = RUNBOOK.replace(
        "      - {id: T4.1,",
        '      - {id: T4.2, kind: command, title: x, run: "ls -1  apps"}\n      - {id: T4.1,',
    )
    runbook = parse_runbook(text, "small.yaml")
    rows = "| 03-INT-00{n} | Integration | P0 | {test} | x |\n"
    design = "".join(
        rows.format(n=n, test=test)
        for n, test in enumerate(
            ["`ls -1 apps`", "`ls -1 apps` shows a", "ls -1 apps", "`ls apps`"]
        )
    )
    found = read_qa_text(design, "docs/test-design.md").tests
    assert [provers(test, runbook) for test in found] == [("T4.2",), (), (), ()]


async def test_planned_checks_are_told_and_decide_no_exit_code(tmp_path: Path) -> None:
    small = make_small(tmp_path / "small")
    with opened(small, mode=Mode.CHECK) as session:
        without = await session.run()
    stories = small / "docs" / "stories"
    stories.mkdir(parents=True)
    (stories / "STORY-SMALL.md").write_text("# 03 — STORY-SMALL — Small\n\nStatus: Draft\n")
    (small / "docs" / "03-test-design.md").write_text(DESIGN)
    with opened(small, mode=Mode.CHECK) as session:
        report = await session.run()
    assert [verdict.test for verdict in report.tests] == ["03-INT-001", "03-INT-002"]
    assert {verdict.status for verdict in report.tests} == {Status.NEEDS_HUMAN}
    assert (without.tests, report.exit_code) == ((), without.exit_code)
    with opened(small, mode=Mode.CHECK) as session:
        assert (await session.run(frozenset({"T2.1"}))).tests == ()


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{id: 03-INT-001, digest: x, proved_by: [T9.9]}", "T9.9"),
        ("{id: 03-INT-001, digest: x, proved_by: []}", "nothing proves 03-INT-001"),
        ("{id: 03-INT-001, proved_by: [T2.1]}", "digest"),
    ],
)
def test_a_runbook_that_binds_a_check_to_nothing_is_refused(entry: str, said: str) -> None:
    with pytest.raises(RunbookError, match=said):
        parse_runbook(f"{RUNBOOK}tests:\n  - {entry}\n", "small.yaml")
