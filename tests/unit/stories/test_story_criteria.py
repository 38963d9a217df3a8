"""Acceptance criteria in eight schemes, and what maps tasks to them."""

from __future__ import annotations

import pytest

from storyrunner.model.story import Story
from storyrunner.stories.parser import parse_story

LATER = "\n**Deferred to Story 45 (Deployment & Validation):**\n1. not this one\n- ❌ nor this\n"


def read(body: str, number: int = 7) -> Story:
    return parse_story(f"# {number:02} — STORY-X — T\n\n{body}", "STORY-X.md")


SCHEMES = {
    'ol "1. **Title:**"': "1. **First:**\n   - a\n   - b\n\n2. **Second:**\n   1. inner\n",
    'bold "**AC1**"': "**AC1**: First\n- a\n\n**AC2**: Second:\n- b\n",
    'ol "1) text"': "1) First\n2) Second\n   - a\n",
    'ol "1. **AC1-Title**"': "1. **AC1-First**: a\n2. **AC2-Second**: b\n",
    'heading "### AC1—"': "### AC1 — First\n- [ ] a\n1. x\n### AC2 — Second\n- [ ] b\n",
    'ol "1) **Title:**"': "1) **First:**\n   - a\n2) **Second:**\n",
    'heading "### AC-1:"': "### AC-1: First\n- a\n### AC-2: Second\n",
    'heading "### AC1:"': (
        "### AC1: First\n**Validation Steps**:\n1. a\n2. b\n### AC2: Second\n1. c\n"
    ),
}


@pytest.mark.parametrize("scheme", list(SCHEMES))
def test_every_scheme_gives_the_criteria_of_this_story_only(scheme: str) -> None:
    body = (
        f"## ✅ Acceptance Criteria (Manifest Completeness)\n\n{SCHEMES[scheme]}{LATER}\n## Scope\n"
    )
    story = read(body)
    assert [criterion.id for criterion in story.criteria] == ["AC1", "AC2"]
    assert story.criteria[0].title.startswith(("First", "a"))
    assert story.criteria_scheme == scheme
    assert len([item for item in story.deferred if item.area == "ac"]) == 2


def test_a_hyphen_that_does_not_break_is_a_hyphen() -> None:
    story = read("## Acceptance Criteria\n### AC\u20111: First\n### AC\u20112: Second\n")
    assert [criterion.id for criterion in story.criteria] == ["AC1", "AC2"]


def test_a_checklist_of_files_beside_the_criteria_is_none() -> None:
    story = read(
        "## Acceptance Criteria\n1) **A:**\n2) **B:**\n### AC ↔ Files Checklist\n1. AC-1: `x`\n"
        "- AC-2: `y`\n"
    )
    assert len(story.criteria) == 2


def test_a_second_list_that_starts_again_keeps_its_criteria_and_is_reported() -> None:
    story = read("## Acceptance Criteria\n### A\n1. **a:**\n2. **b:**\n### B\n1. **c:**\n")
    assert [criterion.id for criterion in story.criteria] == ["AC1", "AC2", "AC3"]
    assert "story-criterion-twice" in {finding.rule for finding in story.findings}


def test_a_criterion_spans_its_bullets_and_not_the_next() -> None:
    story = read(
        "## Acceptance Criteria\n1. **a:**\n   - x\n\n2. **b:**\n   - y\n\n---\n## Scope\n"
    )
    assert (story.criteria[0].span.first, story.criteria[0].span.last) == (4, 5)


def test_a_group_of_criteria_is_none_and_a_remark_makes_no_scheme() -> None:
    story = read(
        "## Acceptance Criteria\n### Completeness (AC1-AC2)\n**AC1–AC2: group**\n**AC1**: a\n"
        "**AC2**: b\n"
    )
    assert [criterion.title for criterion in story.criteria] == ["a", "b"]
    story = read("## Acceptance Criteria\n1. **A:**\n2. **B:**\n\n**AC2 note**: x\n")
    assert [criterion.title for criterion in story.criteria] == ["A", "B"]


def test_no_criteria_is_reported() -> None:
    assert "story-criteria-none" in {finding.rule for finding in read("## Scope\n").findings}


MAPPINGS = {
    "title list": ("### T1: One (AC: 1, 2)\n", "", {1, 2}),
    "title none": ("### T1: One (AC: — prerequisites only)\n", "", set()),
    "done only": ("### T1: One (DoD only)\n", "", set()),
    "title ids": ("### T1: One (AC5, AC6)\n", "", {5, 6}),
    "title range": ("### T1: One (AC1–AC4)\n", "", {1, 2, 3, 4}),
    "bold": ("**T1 — One (AC: 1, 2)**\n", "", {1, 2}),
    "bold outside": ("**T1 — One** (AC: 3)\n", "", {3}),
    "reverse arrow": ("### T1: One\n", "\n## Dev Notes\n- AC1 (x) → T0, T1\n", {1}),
    "reverse range": (
        "### T1: One\n",
        "\n## QA Results — Test Design\n- AC2 (x) → T1-T4 tests\n",
        {2},
    ),
    "success": ("### T1: One\n**Success Criteria** (AC1):\n- x\n", "", {1}),
    "hyphen": ("### T1: One (AC\u20112)\n", "", {2}),
    "line": ("### T1: One\n**Acceptance Criteria:** AC-1 (partial), AC-3\n", "", {1, 3}),
    "minutes": ("### T1 — One (30 min)\n", "", set()),
}


@pytest.mark.parametrize("name", list(MAPPINGS))
def test_tasks_map_to_criteria_in_all_notations(name: str) -> None:
    tasks, after, wanted = MAPPINGS[name]
    criteria = "".join(f"{n}) text\n" for n in range(1, 7))
    story = read(f"## Acceptance Criteria\n{criteria}\n## Tasks / Subtasks\n{tasks}{after}")
    task = story.task("t1")
    assert task is not None
    assert set(task.criteria) == wanted
    assert task.title == ("One (30 min)" if name == "minutes" else "One")


def test_a_criterion_may_name_its_task() -> None:
    story = read(
        "## Acceptance Criteria\n**AC1** (Task T2): x\n**AC2** (Tasks T1–T2): y\n"
        "## Tasks\n### T1: a\n### T2: b\n"
    )
    assert [task.criteria for task in story.tasks] == [(2,), (1, 2)]
    assert [criterion.tasks for criterion in story.criteria] == [("T2",), ("T1", "T2")]


def test_phases_map_too() -> None:
    story = read(
        "## Acceptance Criteria\n### AC-1: a\n### AC-2: b\n## Tasks / Subtasks — Plan (2 Phases)\n"
        "Phase ↔ AC Map\n- Phase 0 → AC-1 (partial), AC-2 (setup)\n- Phase 1 → AC-2\n\n"
        "### Phase 0: Zero\n#### 0.1. Step\n### Phase 1: One\n**Acceptance Criteria:** AC-1\n"
    )
    assert [(task.id, task.criteria) for task in story.tasks] == [
        ("Phase 0", (1, 2)),
        ("Phase 1", (1, 2)),
    ]


def test_a_sentence_about_arrows_maps_nothing() -> None:
    story = read(
        "## Acceptance Criteria\n1) a\n## Tasks\n### T1: a\n## Dev Notes\n"
        "- **Explicit mapping**: all have references (e.g., AC1 → T1)\n"
    )
    assert story.tasks[0].criteria == ()


def test_references_that_lead_nowhere_are_reported() -> None:
    story = read("## Acceptance Criteria\n**AC1** (Task T9): x\n## Tasks\n### T1: a (AC: 4)\n")
    assert {"story-task-unknown", "story-criterion-unknown"} <= {f.rule for f in story.findings}


def test_where_criteria_have_ids_other_numbered_lists_are_none() -> None:
    story = parse_story(
        "# 07 — STORY-X — T\n## Acceptance Criteria\n1. **AC1-Deny**: a\n2. **AC2 — Other**: b\n\n"
        "**Validation:**\n1. look\n2. look again\n",
        "x.md",
    )
    assert [criterion.id for criterion in story.criteria] == ["AC1", "AC2"]
    assert "story-criterion-twice" not in {finding.rule for finding in story.findings}
