"""Test designs are read as checks by id, risk profiles as risks, both with what they declare."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyrunner.errors import StoryError
from storyrunner.stories.library import StoryRef
from storyrunner.stories.qa import digest, is_qa_path, qa_of_story, read_qa_text

DESIGN = """\
# Test Design: Story 07 — STORY-X-Y — Things

- Total test scenarios: 4
- Priority distribution: P0: 2, P1: 1

## By criterion

### AC1: First
| ID | Level | Priority | Test | Justification |
|---|---|---|---|---|
| 07-UNIT-001 | Unit | P0 | Lint `a.yaml` | Static |
| 07-INT-001 | Integration | P1 | `flux build x | yq` has a | b | Values |

### AC\u20112: Second
| ID | Level | Priority | Test | Justification | Mitigates |
|---|---|---|---|---|---|
| 07.x-INT-015b | Integration | **P0** | Escaped a \\| b | Why | SEC-001 |

## Elsewhere
- **07-E2E-001** (E2E, P2): dig the name
- 07-E2E-001: said again
| other | row |
"""
RISKS = """\
# Risk Profile: Story 07
- Total Risks Identified: 3
- High Risks: 1

| Risk ID | Category | Description | Prob | Impact | Score | Priority |
|---|---|---|---|---|---|---|
| SEC-001 | Security | Token is too strong | 2 | 3 | 6 | High |
| OPS-002 | Ops | Noise of alerts | 1 | 2 | 2 | Low |
"""


def test_a_row_is_a_check_under_its_criterion() -> None:
    found = read_qa_text(DESIGN, "docs/qa/x-test-design.md")
    assert [(t.id, t.level, t.priority, t.criterion, t.text, t.why) for t in found.tests] == [
        ("07-UNIT-001", "unit", "P0", 1, "Lint `a.yaml`", "Static"),
        ("07-INT-001", "integration", "P1", 1, "`flux build x | yq` has a | b", "Values"),
        ("07.x-INT-015b", "integration", "P0", 2, "Escaped a | b", "Why"),
        ("07-E2E-001", "e2e", "P2", 0, "dig the name", ""),
    ]
    assert [test.span.first for test in found.tests] == [11, 12, 17, 20]


def test_the_rows_count_and_not_what_is_declared() -> None:
    found = read_qa_text(DESIGN, "docs/qa/x-test-design.md")
    assert found.declared == {"total": 4, "p0": 2, "p1": 1}
    assert found.wrong == ()
    more = DESIGN.replace("scenarios: 4", "scenarios: 3").replace("P1: 1", "P1: 5")
    assert read_qa_text(more, "docs/x-test-design.md").wrong == ("total", "p1")


def test_a_risk_profile_is_reading_with_its_totals_checked() -> None:
    found = read_qa_text(RISKS, "docs/qa/x-risk-profile.md")
    assert [(risk.id, risk.level, risk.text) for risk in found.risks] == [
        ("SEC-001", "high", "Token is too strong"),
        ("OPS-002", "low", "Noise of alerts"),
    ]
    assert found.tests == ()
    assert found.wrong == ("total",)


def test_a_digest_holds_a_check_to_its_words() -> None:
    assert digest("`yq` select:  a\u20111") == digest("YQ select: a-1")
    assert digest("kind `Issuer`") != digest("kind `ClusterIssuer`")


def test_documents_are_found_by_name_or_head_and_belong_to_one_story(tmp_path: Path) -> None:
    folder = tmp_path / "docs" / "qa" / "assessments"
    folder.mkdir(parents=True)
    (folder / "07.story-x-y-test-design-20251028.md").write_text(DESIGN)
    (folder / "b-risk-profile.md").write_text(RISKS)
    (folder / "08-test-design.md").write_text("# Test Design: STORY-Z, after STORY-X-Y\n")
    (folder / "bad-test-design.md").write_bytes(b"STORY-X-Y \xff")
    (tmp_path / "07-test-design.md").write_text(DESIGN)
    refs = [
        StoryRef("docs/stories/x.md", "STORY-X-Y", 7, "X"),
        StoryRef("docs/stories/z.md", "STORY-Z", 8, "Z"),
    ]
    bad: list[StoryError] = []
    found = qa_of_story(tmp_path, "STORY-X-Y", refs, bad.append)
    assert [document.path.rpartition("/")[2] for document in found] == [
        "07.story-x-y-test-design-20251028.md",
        "b-risk-profile.md",
    ]
    assert [str(problem) for problem in bad] == [
        "docs/qa/assessments/bad-test-design.md:1:1: cannot be read: it is not UTF-8 text"
    ]


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("docs/qa/assessments/06.story-a-test-design-20251028.md", True),
        ("docs/qa/06-risk-profile.md", True),
        ("docs/qa/gates/06.yml", False),
        ("test-design.md", False),
        ("docs/test-design.txt", False),
    ],
)
def test_names_of_qa_documents(path: str, is_one: bool) -> None:
    assert is_qa_path(path) is is_one


_ROWS = st.sampled_from([*DESIGN.splitlines(), *RISKS.splitlines(), "| 07-INT-9 |", "|", "- 07-"])


@settings(max_examples=100)
@given(st.lists(st.one_of(_ROWS, st.text(max_size=30)), max_size=30))
def test_any_text_is_read_and_every_check_keeps_its_line(rows: list[str]) -> None:
    text = "\n".join(rows)
    found = read_qa_text(text, "docs/any-test-design.md")
    lines = text.split("\n")
    for test in found.tests:
        assert test.id in test.span.raw.replace("\u2011", "-")
        assert 1 <= test.span.first <= len(lines) + text.count("\r")
    assert found.counted.get("total", 0) == len(found.tests or found.risks)


@pytest.mark.shared
def test_the_design_of_story_06_has_twenty_checks_where_it_declares_fourteen(
    shared: Path,
) -> None:
    folder = shared / "corpus" / "stories"
    found = read_qa_text((folder / "06-test-design.md").read_text("utf-8"), "docs/test-design.md")
    assert (found.declared["total"], len(found.tests)) == (14, 20)
    assert (found.declared["p1"], found.counted["p1"]) == (10, 16)
    assert found.wrong == ("total", "integration", "p1")
    assert [test.criterion for test in found.tests] == sorted(
        test.criterion for test in found.tests
    )
    assert all(test.why for test in found.tests)
    risks = read_qa_text((folder / "06-risk-profile.md").read_text("utf-8"), "docs/risk-profile.md")
    assert (len(risks.risks), risks.wrong) == (10, ())
