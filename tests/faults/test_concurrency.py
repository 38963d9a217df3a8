"""Many at once on one repository: fifty checks and a guided run do not get in each other's way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.faults.conftest import Reached
from tests.faults.effort import Effort
from tests.faults.program import Program, Ran, Wanted
from tests.faults.reference import Reference, walk
from tests.support.repositories import copy_repository, fingerprint

GOAL = 50
PARALLEL = 6
UNDERWAY = ("failed", "blocked", "pending")
"""What a check may say besides of a repository that is being worked on: never `errored`."""


def check(folder: Path) -> tuple[object, ...]:
    """The arguments of a check that reports as JSON."""
    return ("--check", "--engine", "embedded", "--format", "json", "-C", folder)


def verdicts(ran: Ran) -> dict[str, Any]:
    """Exit code, and status by step and criterion."""
    report = json.loads(ran.out)
    return {
        "code": ran.code,
        **{item["step"]: item["status"] for item in report["results"]},
        **{item["criterion"]: item["status"] for item in report["criteria"]},
    }


def test_checks_beside_a_guided_run_have_the_verdicts_of_one_alone(
    program: Program,
    reference: Reference,
    started: Path,
    surroundings: dict[str, str],
    tmp_path: Path,
    effort: Effort,
    reached: Reached,
) -> None:
    """Before the run all say what one alone says, after it too; during it each step is judged on
    what is there so far, and nothing errs."""
    count = GOAL if effort.wanted else 6
    folder = copy_repository(started, tmp_path / "gitops")
    checking = Wanted(check(folder), surroundings)
    walking = Wanted(walk(folder), surroundings)
    first = verdicts(program.run(checking))

    print_of = fingerprint(folder)
    ran, left = program.together([checking] * count, parallel=PARALLEL)
    assert left == []
    assert [verdicts(one) for one in ran] == [first] * count
    assert fingerprint(folder) == print_of, "a check wrote"

    ran, left = program.together([walking, *[checking] * count], parallel=PARALLEL)
    assert left == []
    guided, *checks = ran
    assert guided.code == 0, guided.out + guided.err
    assert reference.is_finished(folder)
    last = verdicts(program.run(checking))
    assert last["code"] == 0
    for one in checks:
        assert "Traceback" not in one.err, one.err
        for name, status in verdicts(one).items():
            assert status in (first[name], last[name], *UNDERWAY), f"{name}: {status}"

    print_of = fingerprint(folder)
    ran, left = program.together([walking, *[checking] * count], parallel=PARALLEL)
    assert left == []
    guided, *checks = ran
    assert guided.code == 0, guided.out + guided.err
    assert [verdicts(one) for one in checks] == [last] * count
    assert fingerprint(folder) == print_of, "a finished story was touched"
    told = "before, during and after the run: same verdicts, no byte of theirs"
    reached("concurrency", "`--check` beside one guided run, three times", count, GOAL, told)


def test_of_two_guided_runs_one_writes_and_the_other_says_why_it_does_not(
    program: Program,
    reference: Reference,
    started: Path,
    surroundings: dict[str, str],
    tmp_path: Path,
) -> None:
    folder = copy_repository(started, tmp_path / "gitops")
    ran, left = program.together([Wanted(walk(folder), surroundings)] * 4, parallel=4)
    assert left == []
    assert {one.code for one in ran} <= {0, 3}
    assert 0 in {one.code for one in ran}
    for one in ran:
        if one.code == 3:
            assert "another session writes here: process " in one.err
    assert reference.is_finished(folder)
