"""Tasks in seven schemes and none, subtasks, phases, double declarations, zones, deferral."""

from __future__ import annotations

import pytest

from storyrunner.model.story import Story, Zone
from storyrunner.stories.parser import parse_story

H1 = "# 07 — STORY-X — T\n\n"


def read(body: str, number: int = 7) -> Story:
    return parse_story(f"# {number:02} — STORY-X — T\n\n{body}", "STORY-X.md")


def rules(story: Story) -> list[str]:
    return [finding.rule for finding in story.findings]


SCHEMES = {
    'heading "### T1:"': "### T0: Zero\n- [ ] a\n### T1: One\n- [x] b\n",
    'heading "### T1 —"': "### T0 — Zero\n- [ ] a\n### T1 — One\n- [x] b\n",
    'bold "**T1 — x**"': "**T0 — Zero**\n- [ ] a\n\n**T1 — One** (AC: 1)\n- [x] b\n",
    'bullet "- T1 — "': "- T0 — Zero\n  - [ ] a\n- T1 — One\n  - [x] b\n",
    'checkbox "- [ ] T1: "': "- [ ] T0: Zero\n- [x] T1: One\n\nNotes:\n- nothing\n",
    'heading "### Phase 0: "': "### Phase 0: Zero\n- [ ] a\n### Phase 1: One\n- [x] b\n",
}


@pytest.mark.parametrize("scheme", list(SCHEMES))
@pytest.mark.parametrize(
    "title",
    [
        "## Tasks / Subtasks",
        "## 🛠️ Tasks / Subtasks",
        "## Tasks / Subtasks — Implementation Plan (Story Only)",
        "## Tasks / Subtasks — Manifest Creation Plan",
        "## Implementation Tasks",
        "## Implementation Phases",
        "## Proposed Manifests",
    ],
)
def test_every_scheme_is_read_under_every_title(scheme: str, title: str) -> None:
    story = read(f"{title}\n\n{SCHEMES[scheme]}\n## Change Log\n")
    assert [task.title for task in story.tasks] == ["Zero", "One"]
    assert {d.scheme for task in story.tasks for d in task.declarations} == {scheme}
    ticks = [[box.checked for box in task.boxes] for task in story.tasks]
    assert ticks == [[False], [True]]


def test_tasks_without_ids_leave_their_boxes_in_the_task_zone() -> None:
    story = read("## Tasks / Subtasks\n- [ ] a\n- [x] b\n  - [ ] c\n")
    assert not story.tasks
    assert [box.zone for box in story.boxes] == [Zone.TASK] * 3
    assert "story-tasks-none" in rules(story)


def test_a_letter_belongs_to_the_id() -> None:
    story = read("## Tasks\n- T0 — a\n- T0b — b\n- T1 — c\n")
    assert [task.id for task in story.tasks] == ["T0", "T0b", "T1"]


def test_a_range_of_tasks_is_no_task() -> None:
    story = read(
        "## Tasks\n### T1: a\nNotes:\n- T1–T7 mirror the above\n- T2 — T4 as well\n"
        "### T2–T3 later\n**T4–T5 as well**\n### T9 — 3 nodes\n### T10: 1Password\n"
    )
    assert [task.id for task in story.tasks] == ["T1", "T9", "T10"]


def test_a_summary_of_boxes_and_bold_details_are_merged() -> None:
    story = read(
        "## Tasks / Subtasks\n- [ ] T1 — Look (AC: 1)\n  - [ ] a\n- [ ] T2 — Make\n\n"
        "**T1 — Look**\n- [x] b\n\n**T2 — Make**\n- [x] c\n#### Detail\n- [x] d\n"
        "### More\n- [ ] e\n"
    )
    assert [(task.id, len(task.declarations), len(task.boxes)) for task in story.tasks] == [
        ("T1", 2, 3),
        ("T2", 2, 3),
    ]
    assert [f.place.line for f in story.findings if f.rule == "story-ticks-disagree"] == [4, 6]


TWICE = """## Tasks / Subtasks
- [x] T1: Look (AC: 1)
  - [x] seen
- [x] T2: Commit (DoD only)
  - [x] pushed

Notes:
- [ ] stray

## Dependencies
- none

## Implementation Tasks

### T1: Look around
- [x] a
### T2: Commit
- [ ] b
### Runtime Validation (MOVED TO STORY 45)
- [ ] not mine
```bash
kubectl get x
```
"""


def test_a_task_declared_twice_is_one_task_and_its_conflicts_are_reported() -> None:
    story = read(TWICE)
    assert [(task.id, len(task.boxes)) for task in story.tasks] == [("T1", 3), ("T2", 3)]
    assert [task.title for task in story.tasks] == ["Look", "Commit"]
    assert [d.span.first for d in story.tasks[1].declarations] == [6, 19]
    assert "story-task-titles-differ" in rules(story)
    (finding,) = [f for f in story.findings if f.rule == "story-ticks-disagree"]
    assert finding.place.line == 20


def test_what_is_moved_to_another_story_is_of_no_task() -> None:
    story = read(TWICE)
    assert story.boxes[-1].zone is Zone.RUNTIME
    assert story.boxes[-1].task == ""
    assert story.blocks[0].zone is Zone.RUNTIME


def test_a_bold_label_among_tasks_defers_until_the_next_label_or_task() -> None:
    story = read(
        "## Tasks\n**T1 — One**\n- [ ] a\n\n**Runtime Validation (MOVED TO STORY 45):**\n- [ ] b\n"
        "```bash\nx\n```\n- [ ] c\n\n**Local:**\n- [ ] d\n\n**T2 — Two**\n- [ ] e\n"
    )
    assert [box.zone for box in story.boxes] == [
        Zone.TASK,
        Zone.RUNTIME,
        Zone.RUNTIME,
        Zone.TASK,
        Zone.TASK,
    ]
    assert [box.text for box in story.tasks[0].boxes] == ["a", "d"]


def test_a_task_that_only_names_an_earlier_or_later_story_is_not_deferred() -> None:
    story = read("## Tasks\n### T1: Verify CRDs (Story 43)\n**CRDs (Story 43)**:\n- [ ] a\n")
    assert story.boxes[0].zone is Zone.TASK


def test_a_task_in_the_wrong_section_is_a_task_and_reported() -> None:
    story = read(
        "## Tasks\n### T5: a\n- [ ] x\n## QA Results\n### T6: Commit\n- [ ] y\n### Gate\n- [ ] z\n"
    )
    assert [task.id for task in story.tasks] == ["T5", "T6"]
    assert [box.zone for box in story.boxes] == [Zone.TASK, Zone.TASK, Zone.OTHER]
    assert "story-task-misplaced" in rules(story)


def test_a_heading_about_a_task_elsewhere_declares_nothing() -> None:
    story = read("## Tasks\n### T1: a\n## Dev Notes\n### T1 — Findings\n- [ ] note\n")
    assert len(story.tasks[0].declarations) == 1
    assert story.boxes[0].zone is Zone.OTHER


def test_subtasks_are_items_paragraphs_or_headings() -> None:
    story = read(
        "## Tasks\n### T1: a\n- [ ] **T1.1**: Create\n- [ ] T1.2 — Fill\n**T1.3**: Create `p`\n"
        "#### T1.4: Head\n- [ ] T1.2 — again\n## Dev Notes\n- T1.9: not one\n"
    )
    assert [subtask.id for subtask in story.subtasks] == ["T1.1", "T1.2", "T1.3", "T1.4"]
    assert story.tasks[0].subtasks == ("T1.1", "T1.2", "T1.3", "T1.4")


def test_steps_of_phases_are_subtasks_of_their_own_section_only() -> None:
    story = read(
        "## Tasks\n### Phase 0: a\n#### 0.1. One\n- [x] x\n#### 0.2. Two\n## Local Validation\n"
        "#### 2.3.a. Elsewhere\n- [x] y\n"
    )
    assert [subtask.id for subtask in story.subtasks] == ["0.1", "0.2"]
    assert [box.zone for box in story.boxes] == [Zone.TASK, Zone.VALIDATION]


def test_phases_are_groups_where_tasks_have_ids() -> None:
    story = read("## Tasks\n### Phase 1: a\n#### T1: One\n- [ ] x\n### Phase 2: b\n#### T2: Two\n")
    assert [task.id for task in story.tasks] == ["T1", "T2"]


def test_inline_commands_are_found_in_items_of_a_task() -> None:
    story = read(
        "## Tasks\n### T1: a\n- [x] Check: `flux version --client` (should show v2.x.x)\n"
        "  - `yq eval .a b.yaml`\n- [ ] Create `a/b.yaml` with `kustomize`\n"
        "- [ ] `kubectl apply -k x`, `flux build | yq`\n"
    )
    commands = story.tasks[0].inline_commands
    assert [(c.text, c.hint, c.boxed) for c in commands] == [
        ("flux version --client", "should show v2.x.x", True),
        ("yq eval .a b.yaml", "", False),
        ("kubectl apply -k x", "", True),
        ("flux build | yq", "", True),
    ]


def test_the_acceptance_line_closes_a_task() -> None:
    story = read("## Tasks\n### T1: a\n**Steps:**\n1. x\n\n**Acceptance:** all done\n")
    assert story.tasks[0].acceptance == "all done"
    assert [(item.text, item.ordered, item.label) for item in story.tasks[0].items] == [
        ("x", True, "Steps:")
    ]


def test_boxes_know_their_exact_place() -> None:
    text = "## Tasks\n- [ ] a\n - [x] b\n   1. [ ] c\n\t* [X] d\n- [~] e\n- [](x) f\n- [ ]g\n- [ ]"
    story = parse_story(text, "x.md")
    assert [(b.line, b.column, b.checked, b.text) for b in story.boxes] == [
        (2, 4, False, "a"),
        (3, 5, True, "b"),
        (4, 8, False, "c"),
        (5, 5, True, "d"),
        (9, 4, False, ""),
    ]
    assert all(text[box.offset] in " xX" for box in story.boxes)
    assert [box.depth for box in story.boxes][:3] == [0, 0, 1]
    assert [f.place.line for f in story.findings if f.rule == "story-box-unknown"] == [6]


LABELS = [
    "**Deferred to Story 45 (Deployment & Validation):**",
    "### Deferred to Story 45 (VALIDATE-NETWORKING)",
    "### Story 45: Deployment and Validation",
    "**Story 45 (Deployment)**:",
    "**Out of Scope (Deferred to Story 45)**",
    "### NOT Part of DoD (Moved to Story 45)",
    "**NOT Part of DoD (Moved to Story 45):**",
    "### Deployment and Validation (Story 45)",
    "**Runtime Validation (Story 45)**:",
    "**NOT Required in This Story (Deferred to Story 45):**",
    "### ❌ Story 45: Deployment",
    "Deferred to Story 45:",
]


@pytest.mark.parametrize("label", LABELS)
def test_deferral_is_read_in_every_form_of_label(label: str) -> None:
    story = read(
        f"## Definition of Done\n\n### Manifest Creation (This Story)\n- [ ] mine\n  - [x] deep\n\n"
        f"{label}\n\n- [ ] later\n- ❌ later\n- ~~later~~\n\n## Scope\n- mine\n\n{label}\n- ❌ x\n"
    )
    assert [item.deferred for item in story.done] == [False, False, True, True, True]
    assert [box.zone for box in story.boxes] == [Zone.DONE, Zone.DONE, Zone.DONE_DEFERRED]
    assert [(item.area, item.text, item.target) for item in story.deferred] == [
        ("dod", "later", 45),
        ("dod", "later", 45),
        ("dod", "later", 45),
        ("scope", "x", 45),
    ]


@pytest.mark.parametrize(
    "label",
    [
        "**This Story (Manifest Creation):**",
        "### This Story (7): Manifest Creation",
        "**Non-Goals:**",
        "**Handoff to Story 47**:",
        "### Storage Coverage (Stories 16-21)",
        "**All done**:",
        "**Prerequisites** (completed in Story 45):",
    ],
)
def test_what_is_no_deferral_is_this_storys(label: str) -> None:
    story = read(f"## Definition of Done\n**Deferred to Story 45:**\n- a\n\n{label}\n- [ ] mine\n")
    assert [item.deferred for item in story.done] == [True, False]


def test_a_heading_that_defers_holds_below_its_labels_and_a_label_only_to_the_next() -> None:
    story = read(
        "## Definition of Done\n### NOT Part of DoD (Moved to Story 45)\n**CRDs:**\n- a\n**PSA:**\n"
        "- b\n### Mine\n- c\n**Deferred to Story 45:**\n- d\n**Mine too:**\n- e\n"
    )
    assert [item.deferred for item in story.done] == [True, True, False, True, False]


def test_a_single_box_may_defer_itself() -> None:
    story = read(
        "## Definition of Done\n- [ ] **Runtime validation**: Deferred to Story 45\n- [ ] b\n"
    )
    assert [box.zone for box in story.boxes] == [Zone.DONE_DEFERRED, Zone.DONE]


def test_a_story_does_not_defer_to_itself() -> None:
    story = read("## Definition of Done\n### Deployment (Story 45)\n- [ ] a\n", number=45)
    assert story.boxes[0].zone is Zone.DONE


def test_a_marked_item_without_a_label_is_reported_not_moved() -> None:
    story = read("## Definition of Done\n- ❌ later\n")
    assert [item.deferred for item in story.done] == [False]
    assert "story-deferred-unlabelled" in rules(story)


def test_numbered_items_are_done_items_without_a_tick() -> None:
    story = read("## Definition of Done\n1. a\n   - b\n     - c\n2. d\n")
    assert [(item.depth, item.checked) for item in story.done] == [
        (0, None),
        (1, None),
        (2, None),
        (0, None),
    ]


def test_sections_of_no_known_kind_are_reported_and_kept() -> None:
    story = read(
        "## Blorp\nwords\n## Dev Notes\n- x\n## *** End of Story ***\n## PO Validation (v2)\n"
    )
    assert [f.place.line for f in story.findings if f.rule == "story-section-unknown"] == [3]
    assert "words" in story.sections[1].span.raw


def test_a_heading_that_only_looks_like_a_task_is_reported_and_kept() -> None:
    story = parse_story(
        "# 07 — STORY-X — T\n## Tasks\n### T1: a\n- [ ] x\n### T2. dot\n- [ ] y\n### Task 3: word\n"
        "#### T1.1 sub\n### T4–T6: later\n### Runtime Validation (MOVED TO STORY 45)\n",
        "x.md",
    )
    assert [task.id for task in story.tasks] == ["T1"]
    assert [(f.rule, f.place.line) for f in story.findings if f.rule == "story-task-unread"] == [
        ("story-task-unread", 5),
        ("story-task-unread", 7),
        ("story-task-unread", 9),
    ]
    assert story.boxes[1].zone is Zone.TASK
