"""QA test designs and risk profiles on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run

DESIGN = """\
# Test Design: Story 06 — STORY-SEC-CERT-MANAGER-ISSUERS
- Total test scenarios: 3

### AC3: Certificate
| ID | Level | Priority | Test | Justification |
|---|---|---|---|---|
| 06-INT-017 | Integration | P1 | `yq` of our own | x |
| 06-INT-999 | Integration | P0 | `a | b` by hand | x |
"""


def plan(root: Path, text: str = DESIGN) -> None:
    folder = root / "docs" / "qa"
    folder.mkdir()
    (folder / "06.story-sec-cert-manager-issuers-test-design-20261129.md").write_text(text)


def test_show_gives_the_checks_and_what_is_declared_wrong(run: Run, demo: Path) -> None:
    plan(demo)
    text = run("show", "6", "-C", demo).out
    assert "  06-INT-999   P0 AC3   `a | b` by hand" in text
    assert "  declared total 3, but there are 2" in text
    [document] = json.loads(run("show", "6", "--format", "json", "-C", demo).out)["qa"]
    assert document["wrong"] == ["total"]
    assert [test["id"] for test in document["tests"]] == ["06-INT-017", "06-INT-999"]
    assert all(len(test["digest"]) == 12 for test in document["tests"])


def test_a_check_shows_them_as_manual_where_nothing_checks_the_same(
    run: Run, finished: Path
) -> None:
    plan(finished)
    ran = run("--check", "6", "--engine", "embedded", "-C", finished)
    assert ran.code == 0
    assert "QA test design: 0 of 2 checks proven, 2 manual" in ran.out
    assert "06-INT-999   manual    P0 `a | b` by hand" in ran.out
    assert "its words are not those that the runbook was written for" in ran.out


def test_lint_names_the_wrong_total(run: Run, demo: Path) -> None:
    plan(demo)
    assert (
        "warning qa-total declared: total 3; the tables hold total 2"
        in run("lint", "6", "-C", demo).out
    )


@pytest.mark.shared
def test_the_design_of_story_06_is_proven_check_by_check(
    run: Run, finished: Path, shared: Path
) -> None:
    plan(finished, (shared / "corpus" / "stories" / "06-test-design.md").read_text("utf-8"))
    ran = run("--check", "6", "--engine", "embedded", "--format", "json", "-C", finished)
    tests = json.loads(ran.out)["tests"]
    assert len(tests) == 20
    assert {test["status"] for test in tests} == {"passed"}
    file = finished / "kubernetes/infrastructure/security/cert-manager/wildcard-certificate.yaml"
    file.write_text(file.read_text().replace("letsencrypt-production", "other"))
    ran = run("--check", "6", "--engine", "embedded", "--format", "json", "-C", finished)
    failed = {t["test"] for t in json.loads(ran.out)["tests"] if t["status"] == "failed"}
    assert failed >= {"06-INT-007", "06-INT-009"}
    assert not failed & {"06-INT-001", "06-INT-004", "06-INT-014"}
