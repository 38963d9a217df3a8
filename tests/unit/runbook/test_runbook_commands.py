"""`command` steps in a runbook: what the loader takes, and what could never fail."""

from __future__ import annotations

import pytest

from storyrunner.errors import RunbookError
from storyrunner.model.step import CommandStep, OutputExpectation
from storyrunner.runbook.loader import parse_runbook

GOOD = """\
name: small
story: STORY-SMALL
number: 1
title: Small
clusters: []
tasks:
  - id: T1
    title: Ask
    steps:
      - id: T1.1
        kind: command
        title: Count the issuers
        run: |
          grep -c issuer apps/*.yaml
        folder: kubernetes
        env: [CLUSTER]
        exit_codes: [0, 1]
        expect:
          - {equals: "2", source: "# Expected: 2"}
          - {contains: [a, b]}
          - {lines: 0}
          - {empty: true}
criteria:
  - {id: AC1, text: Counted, proved_by: [T1.1]}
"""


def mistake(old: str, new: str) -> RunbookError:
    assert GOOD.count(old) == 1, old
    with pytest.raises(RunbookError) as caught:
        parse_runbook(GOOD.replace(old, new), "small.yaml")
    return caught.value


def line_of(word: str) -> int:
    return GOOD[: GOOD.index(word)].count("\n") + 1


def test_a_command_step_is_read_to_the_letter() -> None:
    step = parse_runbook(GOOD, "small.yaml").step("T1.1")
    assert isinstance(step, CommandStep)
    assert step.run == "grep -c issuer apps/*.yaml\n"
    assert (step.folder, step.env, step.exit_codes) == ("kubernetes", ("CLUSTER",), (0, 1))
    assert step.expect[0] == OutputExpectation(equals="2", source="# Expected: 2")
    assert step.expect[1].contains == ("a", "b")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{lines: 0}", "{}", "says exactly one thing"),
        ("{lines: 0}", '{source: "# Expected: it works"}', "says exactly one thing"),
        ("{lines: 0}", "{lines: 1, matches: x}", "says exactly one thing"),
        ("{lines: 0}", "{empty: false}", "says exactly one thing"),
        ("{lines: 0}", '{equals: ""}', "could not fail"),
        ("{lines: 0}", "{contains: []}", "could not fail"),
        ("{lines: 0}", '{contains: [""]}', "could not fail"),
        ("{lines: 0}", '{lacks: ["  "]}', "could not fail"),
        ("{lines: 0}", '{matches: "("}', "not a regular expression"),
        ("{lines: 0}", "{lines: -1}", "never fewer than 0"),
    ],
)
def test_an_expectation_that_could_not_fail_is_refused_with_its_line(
    old: str, new: str, message: str
) -> None:
    found = mistake(old, new)
    assert message in found.message
    assert found.place is not None
    assert found.place.line == line_of(old)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("grep -c issuer apps/*.yaml", "  ", "runs nothing"),
        ("exit_codes: [0, 1]", "exit_codes: []", "no exit code"),
        ("[CLUSTER]", '["A=b"]', "not the name of an environment variable"),
        ('equals: "2"', "equals: 2", "should be a valid string"),
        ("env: [CLUSTER]", "class: read", "not a key of a runbook"),
    ],
)
def test_a_command_step_that_cannot_be_meant_is_refused(old: str, new: str, message: str) -> None:
    assert message in mistake(old, new).message


def test_no_runbook_can_declare_the_class_of_a_command() -> None:
    found = mistake("folder: kubernetes", "cls: read")
    assert "`tasks[0].steps[0].cls` is not a key of a runbook" in found.message
