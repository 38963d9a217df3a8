"""Lint: declared totals of QA documents and headings, and YAML that no reader takes."""

from __future__ import annotations

from storyrunner.model.finding import Severity
from storyrunner.stories.lint_totals import read_qa_document
from tests.support.lint_stories import findings, of_rule, text_of

DESIGN = "docs/qa/assessments/06.story-sec-alpha-test-design-20300101.md"
RISKS = "docs/qa/assessments/STORY-SEC-ALPHA-risk-20300101.md"
GATE = "docs/qa/gates/06.story-sec-alpha.yml"


def design(total: int = 3, integration: int = 2, p1: int = 2) -> str:
    return f"""# Test Design: Story 06 — STORY-SEC-ALPHA — Tests

- Total test scenarios: {total}
- Unit tests: 1 (33%)
- Integration tests: {integration} (67%)
- E2E tests: 0 (0%)
- Priority distribution: P0: 1, P1: {p1}, P2: 0

| ID | Level | Priority | Test |
| --- | --- | --- | --- |
| 06-UNIT-001 | Unit | P0 | it is YAML |
| 06-INT-001 | Integration | P1 | `flux build x | yq` gives y |

- 06-INT-002b (P1): from a list

```yaml
test_design:
  scenarios_total: {total}
  by_level:
    unit: 1
    integration: {integration}
  by_priority:
    p0: 1
    p1: {p1}
```
"""


def test_totals_that_are_right_are_not_mentioned() -> None:
    assert findings(text_of(), texts={DESIGN: design()}) == []


def test_wrong_totals_are_told_in_prose_and_in_the_block_line_by_line() -> None:
    text = design(total=2, integration=1, p1=1)
    found = of_rule(findings(text_of(), texts={DESIGN: text}), "qa-total")
    assert {item.severity for item in found} == {Severity.WARNING}
    assert {item.place.path for item in found} == {DESIGN}
    lines = [text.splitlines()[item.place.line - 1].strip() for item in found]
    assert lines == [
        "- Total test scenarios: 2",
        "- Integration tests: 1 (67%)",
        "- Priority distribution: P0: 1, P1: 1, P2: 0",
        "scenarios_total: 2",
        "integration: 1",
        "p1: 1",
    ]
    assert found[0].message == "declared: total 2; the tables hold total 3"
    assert found[2].message == "declared: P1 1; the tables hold P1 2"


def test_a_bar_inside_a_cell_moves_no_priority_and_an_id_counts_once() -> None:
    row = "| 06-INT-018 | Integration | P1 | `a | b` | P0 says the risk |\n"
    document = read_qa_document(f"# Test Design\n\n{row}{row}Also see 06-INT-018.\n", "x.md")
    assert document.counted == {"total": 1, "integration": 1, "p1": 1}
    assert document.ids == ("06-int-018",)


def test_numbers_in_prose_that_declare_nothing_are_left_alone() -> None:
    text = design() + "\nP0 integration checks run first; high risks: none.\n"
    assert findings(text_of(), texts={DESIGN: text}) == []


def test_a_gate_is_held_against_the_rows_of_the_design() -> None:
    gate = "schema: 1\nstory: '06'\ntest_design:\n  scenarios_total: 4\n"
    [found] = findings(text_of(), texts={DESIGN: design(), GATE: gate})
    assert (found.rule, found.place.path, found.place.line) == ("qa-total", GATE, 4)
    assert DESIGN in found.message


def test_a_risk_profile_is_held_against_its_own_matrix() -> None:
    text = """# Risk Profile: Story 06

```yaml
risk_summary:
  totals:
    high: 2
    low: 1
```

- Total Risks Identified: 2
- High Risks: 1

| Risk ID | Description | Prob | Impact | Score | Priority |
|---|---|---|---|---|---|
| SEC-001 | high and low words | 2 | 3 | 6 | High |
| OPS-001 | another | 1 | 2 | 2 | Low |
"""
    [found] = findings(text_of(), texts={RISKS: text})
    assert (found.rule, found.place.line) == ("qa-total", 6)
    assert found.message == "declared: high 2; the tables hold high 1"


def test_documents_of_another_story_are_not_this_ones() -> None:
    longer = text_of(7, "STORY-SEC-ALPHA-TWO")
    path = "docs/qa/assessments/07.story-sec-alpha-two-test-design-1.md"
    text = design(total=9).replace("06", "07").replace("SEC-ALPHA", "SEC-ALPHA-TWO")
    assert findings(text_of(), longer, texts={path: text}) == []
    assert findings(longer, text_of(), texts={path: text})


def test_a_heading_that_counts_its_phases_wrong_is_told() -> None:
    phases = "### Phase 0: A\n\n- [ ] a\n\n### Phase 1: B\n\n- [ ] b\n"
    body = f"## Implementation Tasks (3 Phases)\n\n{phases}"
    [found] = of_rule(findings(text_of(body=body)), "story-total")
    assert found.message == "the heading says 3 Phases, there are 2"


def block(body: str, section: str = "Tasks\n\n### T1: Work") -> str:
    return text_of(body=f"## {section}\n\n- [ ] Create it:\n  ```yaml\n{body}  ```\n")


def test_a_key_given_twice_in_a_manifest_is_an_error_on_its_own_line() -> None:
    text = block("  kind: A\n  spec:\n    one: 1\n  spec: {}\n")
    [found] = of_rule(findings(text), "story-duplicate-key")
    assert found.severity is Severity.ERROR
    assert text.splitlines()[found.place.line - 1] == "  spec: {}"
    assert found.place.column == 3
    first = text.splitlines().index("  spec:") + 1
    assert found.message.endswith(f"already defined at line {first}")


def test_a_key_given_twice_outside_the_tasks_is_a_warning() -> None:
    [found] = of_rule(findings(block("  a: 1\n  a: 2\n", "Dev Notes")), "story-duplicate-key")
    assert found.severity is Severity.WARNING


def test_blocks_that_are_no_yaml_are_a_note_unless_they_are_templates() -> None:
    [found] = of_rule(findings(block("  a: [1\n")), "story-yaml-invalid")
    assert found.severity is Severity.NOTE
    assert findings(block('  a: "{{ x | default "53" }}"\n')) == []


def test_a_gate_that_gives_a_key_twice_is_told() -> None:
    gate = "story: STORY-SEC-ALPHA\nevidence:\n  a: 1\nevidence:\n  b: 2\n"
    [found] = findings(text_of(), texts={GATE: gate})
    assert (found.rule, found.place.line) == ("qa-duplicate-key", 4)
