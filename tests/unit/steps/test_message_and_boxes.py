"""The message is drafted from what was done; a box is ticked only when its proof stands."""

from __future__ import annotations

from storyrunner.model.result import StepResult
from storyrunner.model.runbook import Box, CommitPlan, Criterion, Runbook, Task
from storyrunner.model.status import Status
from storyrunner.model.step import EditStep, MapKeys, WriteStep
from storyrunner.runbook.parameters import Values
from storyrunner.steps.boxes import box_changes, tick
from storyrunner.steps.message import draft_message
from storyrunner.stories.parser import parse_story

STORY = """\
# 03 — STORY-SMALL — Small

Status: Draft

## Acceptance Criteria

1. **Written**

## Tasks / Subtasks

- [ ] T1: Write it all

## Implementation Tasks

### T1: Write

- [ ] Write the file
- [ ] Write the file twice
- [ ] Write the file twice
- [x] Write the list
- [ ] Commit and push

## Definition of Done

- [ ] Written
- [ ] Pushed

**NOT Part of DoD (Moved to Story 45):**
- [ ] Running
"""
RUNBOOK = Runbook(
    name="small",
    story="STORY-SMALL",
    number=3,
    title="Small things",
    clusters=(),
    criteria=(Criterion(id="AC1", text="Written", proved_by=("T1.1",)),),
    tasks=(
        Task(
            id="T1",
            title="Write",
            steps=(
                WriteStep(kind="write", id="T1.1", title="File", path="a.yaml", template="a.yaml"),
                EditStep(
                    kind="edit",
                    id="T1.2",
                    title="List",
                    path="b.yaml",
                    keys=MapKeys(field=("data",), values={"A": "1"}),
                ),
            ),
            boxes=(
                Box(text="Write the file", proved_by=("T1.1",)),
                Box(text="Write the file twice", proved_by=("T1.1",)),
                Box(text="Write the list", proved_by=("T1.2",)),
                Box(text="Commit and push", proved_by=("T1.1", "pushed")),
            ),
        ),
    ),
    done=(
        Box(text="Written", proved_by=("AC1",)),
        Box(text="Pushed", proved_by=("T1", "pushed")),
        Box(text="Running", proved_by=("AC1",)),
    ),
    commit=CommitPlan(
        type="feat",
        scope="small",
        subject="add ${THINGS}",
        body=("T1.1: Create a for *.${DOMAIN}", "T1.2: Change b: twice", "T9.9: Never"),
        footer="Story: 03",
    ),
)


def results(**statuses: Status) -> dict[str, StepResult]:
    """Results by step id (`T1_1` for T1.1)."""
    return {
        name.replace("_", "."): StepResult(name.replace("_", "."), status)
        for name, status in statuses.items()
    }


def message(changed: set[str], **statuses: Status) -> str:
    """The drafted message."""
    values = Values(RUNBOOK, lambda _found, _cluster: None)
    return draft_message(RUNBOOK, values, results(**statuses), changed)


def boxes(*, pushed: bool = False, **statuses: Status) -> list[str]:
    """The texts of the boxes that would be ticked."""
    story = parse_story(STORY, "story.md")
    found = box_changes(RUNBOOK, story, results(**statuses), pushed=pushed)
    return [box.text for box in found]


def test_the_body_tells_what_changed_a_file_of_the_commit() -> None:
    text = message({"a.yaml"}, T1_1=Status.PASSED, T1_2=Status.PASSED)
    assert text == "feat(small): add ${THINGS}\n\n- Create a for *.${DOMAIN}\n\nStory: 03\n"
    both = message({"a.yaml", "b.yaml"}, T1_1=Status.PASSED, T1_2=Status.PASSED)
    assert "- Change b: twice" in both


def test_what_did_not_pass_is_not_told() -> None:
    text = message({"a.yaml", "b.yaml"}, T1_1=Status.FAILED)
    assert text == "feat(small): add ${THINGS}\n\nStory: 03\n"


def test_a_box_needs_its_own_proof_and_must_be_found_once() -> None:
    assert boxes(T1_1=Status.PASSED) == ["Write the file", "Written"]
    assert boxes(T1_1=Status.FAILED, T1_2=Status.PASSED) == []
    assert boxes(T1_1=Status.ERRORED, T1_2=Status.PASSED) == []
    assert boxes() == []
    assert boxes(T1_1=Status.STALE, T1_2=Status.PASSED) == []


def test_the_box_of_a_task_waits_for_all_its_steps_and_the_push() -> None:
    both = {"T1_1": Status.PASSED, "T1_2": Status.PASSED}
    assert "T1: Write it all" not in boxes(**both)
    pushed = boxes(pushed=True, **both)
    assert {"T1: Write it all", "Commit and push", "Pushed"} <= set(pushed)
    assert "T1: Write it all" not in boxes(pushed=True, T1_1=Status.PASSED)


def test_a_deferred_box_is_never_ticked() -> None:
    assert "Running" not in boxes(pushed=True, T1_1=Status.PASSED, T1_2=Status.PASSED)


def test_skipped_alone_proves_nothing() -> None:
    assert boxes(pushed=True, T1_1=Status.SKIPPED, T1_2=Status.SKIPPED) == []


def test_ticking_changes_the_marks_and_nothing_else() -> None:
    text = STORY.replace("\n", "\r\n")
    story = parse_story(text, "story.md")
    found = box_changes(RUNBOOK, story, results(T1_1=Status.PASSED), pushed=False)
    ticked = tick(story, found)
    changed = [pair for pair in zip(text, ticked, strict=True) if pair[0] != pair[1]]
    assert changed == [(" ", "x")] * len(found)
