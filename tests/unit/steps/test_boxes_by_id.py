"""Boxes that no runbook names are proven by their own id, and opened again when the proof fails."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storyrunner.model.result import StepResult
from storyrunner.model.runbook import Box, Criterion, Runbook, Task
from storyrunner.model.status import Status
from storyrunner.model.step import ConfirmStep
from storyrunner.steps.bindings import bound_boxes
from storyrunner.steps.boxes import box_changes, tick
from storyrunner.stories.parser import parse_story

STORY = (
    "# 46 — STORY-SMALL — Small\r\n\r\nStatus: Draft\r\n\r\n"
    "## Acceptance Criteria\r\n"
    "### AC1 — Storage\r\n- [ ] Pools are there\r\n- [x] Classes re\u2011used\r\n"
    "### AC2 — Logs\r\n- [ ] Logs flow\r\n"
    "## Tasks / Subtasks\r\n"
    "- [ ] T1 — Deploy\r\n- [x] T2 — Watch\r\n\r\n"
    "### T1: Deploy\r\n"
    " - [ ] **T1.1**: Apply the pools\r\n - [ ] **T1.2**: Apply the classes\r\n"
    "  - [ ] a detail without an id\r\n"
    "### T2: Watch\r\n- [x] T2.1 — Look\r\n- [ ] Ask a colleague\r\n"
    "### Runtime Validation (MOVED TO STORY 47)\r\n- [ ] T1.9 — Later\r\n"
    "## Definition of Done\r\n- [ ] AC2: logs\r\n- [ ] AC2 is met\r\n"
    "- [ ] AC2: logs, reviewed\r\n- [ ] AC1–AC2 hold\r\n- [ ] Reviewed\r\n"
    "**NOT Part of DoD (Story 47):**\r\n- [ ] AC1 again"
)


def confirm(id_: str, title: str) -> ConfirmStep:
    return ConfirmStep(kind="confirm", id=id_, title=title, question="?")


def runbook(**by_hand: tuple[Box, ...]) -> Runbook:
    steps = {
        "T1": (confirm("T1.1", "apply the *pools*".replace("*", "")), confirm("T1.2", "Other")),
        "T2": (confirm("T2.1", "Look"), confirm("T2.2", "Ask")),
    }
    return Runbook(
        name="small",
        story="STORY-SMALL",
        number=46,
        title="Small",
        clusters=(),
        criteria=(
            Criterion(id="AC1", text="Storage", proved_by=("T1.1", "T1.2")),
            Criterion(id="AC-2", text="Logs", proved_by=("T2.1",)),
        ),
        tasks=tuple(
            Task(id=id_, title=id_, steps=found, boxes=by_hand.get(id_, ()))
            for id_, found in steps.items()
        ),
        done=by_hand.get("done", ()),
    )


def changed(book: Runbook | None = None, **statuses: Status) -> list[str]:
    """The texts of the boxes whose marks the results turn."""
    results = {
        key.replace("_", "."): StepResult(key.replace("_", "."), status)
        for key, status in statuses.items()
    }
    story = parse_story(STORY, "story.md")
    return [box.text for box in box_changes(book or runbook(), story, results, pushed=False)]


PASSED, FAILED = Status.PASSED, Status.FAILED


def test_a_subtask_is_proven_by_the_step_of_its_id_and_words() -> None:
    assert changed(T1_1=PASSED) == ["**T1.1**: Apply the pools"]


def test_an_id_alone_may_be_a_coincidence_and_only_the_whole_task_proves_its_part() -> None:
    assert changed(T1_2=PASSED) == []
    assert changed(T1_1=PASSED, T1_2=PASSED) == [
        "Pools are there",
        "T1 — Deploy",
        "**T1.1**: Apply the pools",
        "**T1.2**: Apply the classes",
    ]


def test_a_neighbour_proves_nothing() -> None:
    every = changed(T1_1=PASSED, T1_2=PASSED, T2_1=PASSED, T2_2=PASSED)
    assert "a detail without an id" not in every
    assert "Ask a colleague" not in every
    assert "Reviewed" not in every
    assert "AC1–AC2 hold" not in every
    assert "AC2: logs, reviewed" not in every


def test_what_is_left_to_another_story_stays_open() -> None:
    every = changed(T1_1=PASSED, T1_2=PASSED, T2_1=PASSED, T2_2=PASSED)
    assert "T1.9 — Later" not in every
    assert "AC1 again" not in every


def test_the_boxes_of_a_criterion_turn_with_its_verdict() -> None:
    assert changed(T2_1=PASSED) == ["Logs flow", "AC2: logs", "AC2 is met"]
    assert "Classes re\u2011used" in changed(T1_1=PASSED, T1_2=FAILED)


def test_a_ticked_box_is_opened_again_when_its_proof_fails() -> None:
    assert changed(T2_1=FAILED) == ["T2 — Watch", "T2.1 — Look"]
    assert changed(T2_2=FAILED) == ["T2 — Watch"]


def test_what_was_not_judged_or_is_stale_opens_nothing() -> None:
    for status in Status:
        if status is not FAILED:
            assert "T2.1 — Look" not in changed(T2_1=status), status


def test_in_a_task_whose_boxes_the_runbook_names_only_those_and_the_tasks_own_are_bound() -> None:
    named = runbook(T1=(Box(text="a detail without an id", proved_by=("T1.2",)),))
    assert changed(named, T1_2=PASSED) == ["a detail without an id"]
    assert changed(named, T1_1=PASSED) == []
    assert "T1 — Deploy" in changed(named, T1_1=PASSED, T1_2=PASSED)


def test_a_box_named_twice_needs_both_proofs() -> None:
    twice = runbook(
        done=(Box(text="Reviewed", proved_by=("T1",)), Box(text="reviewed", proved_by=("AC-2",)))
    )
    assert "Reviewed" not in changed(twice, T1_1=PASSED, T1_2=PASSED)
    assert "Reviewed" not in changed(twice, T2_1=PASSED)
    assert "Reviewed" in changed(twice, T1_1=PASSED, T1_2=PASSED, T2_1=PASSED)


@given(st.dictionaries(st.sampled_from(["T1.1", "T1.2", "T2.1", "T2.2"]), st.sampled_from(Status)))
def test_results_turn_marks_of_bound_boxes_once_and_no_other_byte(
    statuses: dict[str, Status],
) -> None:
    results = {key: StepResult(key, status) for key, status in statuses.items()}
    story = parse_story(STORY, "story.md")
    boxes = box_changes(runbook(), story, results, pushed=False)
    after = tick(story, boxes)
    assert len(after.encode()) == len(STORY.encode())
    turned = {i for i, (a, b) in enumerate(zip(STORY, after, strict=True)) if a != b}
    assert turned == {box.offset for box in boxes}
    assert turned <= {bound.box.offset for bound in bound_boxes(runbook(), story)}
    assert box_changes(runbook(), parse_story(after, "story.md"), results, pushed=False) == []
