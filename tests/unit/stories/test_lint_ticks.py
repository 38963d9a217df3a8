"""Lint: boxes, definition of done, status, tracker and claims against each other."""

from __future__ import annotations

import pytest

from storyrunner.model.finding import Severity
from tests.support.lint_stories import findings, of_repository, of_rule, text_of

DONE = "## Definition of Done\n\n"


def work(*lines: str, done: tuple[str, ...] = ()) -> str:
    body = "## Tasks\n\n### T1: Work\n\n" + "\n".join(lines) + "\n\n"
    return body + (DONE + "\n".join(done) + "\n" if done else "")


def test_a_ticked_summary_over_an_open_detail_is_an_error_at_the_open_box() -> None:
    text = text_of(
        body="## Tasks / Subtasks\n\n- [x] T1: Commit\n\n## Implementation Tasks\n\n"
        "### T1: Commit\n\n- [ ] Commit it\n"
    )
    [found] = of_rule(findings(text), "story-ticks-disagree")
    assert found.severity is Severity.ERROR
    assert text.splitlines()[found.place.line - 1] == "- [ ] Commit it"
    assert found.hint


def test_a_ticked_box_over_an_open_one_in_its_item_is_an_error() -> None:
    text = text_of(body=work("- [x] Validate:", "  - [x] build", "  - [ ] dry run"))
    [found] = of_rule(findings(text), "story-tick-children")
    assert found.severity is Severity.ERROR
    assert "1 of 2 boxes below it is open" in found.message
    assert text.splitlines()[found.place.line - 1] == "- [x] Validate:"


def test_code_and_other_items_between_boxes_do_not_make_one_the_child_of_another() -> None:
    text = text_of(body=work("- [x] First", "- Second, no box", "  - [ ] below the second"))
    assert of_rule(findings(text), "story-tick-children") == []
    text = text_of(body=work("- [x] First", "  ```bash", "ls", "  ```", "  - [ ] below the first"))
    assert len(of_rule(findings(text), "story-tick-children")) == 1


def test_an_open_box_over_ticked_ones_lags_behind() -> None:
    text = text_of(body=work("- [ ] Validate:", "  - [x] build", "  - [x] dry run"))
    [found] = of_rule(findings(text), "story-tick-parent")
    assert found.severity is Severity.WARNING


def test_a_finished_definition_of_done_over_open_tasks_is_an_error() -> None:
    text = text_of(body=work("- [ ] Write", "- [ ] Commit", done=("- [x] written",)))
    [found] = of_rule(findings(text), "story-done-ticks")
    assert found.severity is Severity.ERROR
    assert "2 of 2 boxes of the tasks and criteria are open" in found.message
    assert text.splitlines()[found.place.line - 1] == "- [ ] Write"


def test_what_is_left_to_another_story_is_not_held_against_this_one() -> None:
    deferred = (
        f"{DONE}- [x] written\n\n**NOT Part of DoD (Moved to Story 45):**\n\n- [ ] deployed\n"
    )
    text = text_of(status="Done", body=work("- [x] Write") + deferred)
    assert [item for item in findings(text) if item.severity is Severity.ERROR] == []


def test_optional_boxes_may_stay_open() -> None:
    text = text_of(
        status="Done",
        body=work("- [x] Write", "- [ ] Add keys if needed", done=("- [x] written",)),
    )
    assert findings(text) == []


def test_finished_tasks_over_an_open_definition_of_done_are_a_warning() -> None:
    text = text_of(body=work("- [x] Write", done=("- [ ] written",)))
    [found] = of_rule(findings(text), "story-done-open")
    assert found.severity is Severity.WARNING


@pytest.mark.parametrize("status", ["Done", "Complete (v5.0)", "Ready for Review"])
def test_a_status_ahead_of_open_tasks_is_an_error_at_the_status(status: str) -> None:
    text = text_of(status=status, body=work("- [x] Write", "- [ ] Commit"))
    [found] = of_rule(findings(text), "story-status-ahead")
    assert found.severity is Severity.ERROR
    assert text.splitlines()[found.place.line - 1] == f"Status: {status}"


def test_review_does_not_ask_for_the_definition_of_done() -> None:
    text = text_of(status="Ready for Review", body=work("- [x] Write", done=("- [ ] reviewed",)))
    assert of_rule(findings(text), "story-status-ahead") == []


@pytest.mark.parametrize("status", ["Draft (v3.0)", "Approved", "⛔ **DEFERRED** (later)"])
def test_a_status_behind_a_finished_definition_of_done_is_a_warning(status: str) -> None:
    text = text_of(status=status, body=work("- [x] Write", done=("- [x] written",)))
    [found] = of_rule(findings(text), "story-status-behind")
    assert found.severity is Severity.WARNING
    assert status in found.message


def test_words_that_are_no_state_are_not_held_against_anything() -> None:
    text = text_of(status="v3.0 (Manifests-first)", body=work("- [ ] a", done=("- [ ] b",)))
    assert findings(text) == []


TRACKER = "docs/stories/STORY-PROGRESS.md"


@pytest.mark.parametrize(
    "tracker",
    [
        "- [x] 06 STORY-SEC-ALPHA",
        "| 06 | STORY-SEC-ALPHA | ✅ COMPLETE |",
        "### Story 06: SEC-ALPHA\n\n**Status**: ✅ Complete\n",
        "## Completed stories\n\n6. STORY-SEC-ALPHA — issuers",
        "- ✅ Story 06",
    ],
)
def test_a_tracker_that_calls_it_finished_is_held_against_status_and_boxes(tracker: str) -> None:
    text = text_of(body=work("- [ ] Write"))
    found = findings(text, texts={TRACKER: tracker})
    [status] = of_rule(found, "story-tracker-status")
    assert (status.severity, status.hint) == (Severity.WARNING, status.hint)
    assert status.hint.startswith(f"{TRACKER}:")
    [ticks] = of_rule(found, "story-tracker-ticks")
    assert ticks.severity is Severity.ERROR


@pytest.mark.parametrize(
    "tracker",
    [
        "- [ ] 06 STORY-SEC-ALPHA",
        "| 06 | SEC-ALPHA | in progress |",
        "| 06 | SEC-ALPHA | not yet complete |",
    ],
)
def test_a_tracker_that_calls_a_finished_story_unfinished_is_a_warning(tracker: str) -> None:
    text = text_of(status="Done", body=work("- [x] Write"))
    found = findings(text, texts={TRACKER: tracker})
    assert [item.rule for item in found] == ["story-tracker-status"]


def test_a_tracker_that_names_no_state_or_another_story_says_nothing() -> None:
    text = text_of(body=work("- [ ] Write"))
    for tracker in ("- STORY-SEC-ALPHA, see there", "- [x] STORY-SEC-ALPHA-TWO", "33/50 done"):
        assert findings(text, texts={TRACKER: tracker}) == []


def test_tracker_entries_of_no_story_of_another_number_and_twice_are_told() -> None:
    tracker = "| 06 | STORY-SEC-ALPHA | done |\n| 06 | STORY-GONE | done |\n| 7 | SEC-ALPHA | x |\n"
    found = of_repository(text_of(), texts={TRACKER: tracker})
    assert [(item.rule, item.place.line) for item in found] == [
        ("tracker-story-unknown", 2),
        ("tracker-number-twice", 2),
        ("tracker-number-name", 3),
    ]


def test_a_ticked_claim_that_another_story_is_complete_is_held_against_it() -> None:
    text = text_of(body=work("- [x] Story 05 complete", "- [ ] rest"))
    other = text_of(5, "STORY-BETA", work("- [x] one", "- [ ] two"))
    [found] = of_rule(findings(text, other), "story-claim-open")
    assert "STORY-BETA is “Draft” with 1 of 2 boxes ticked" in found.message
    finished = text_of(5, "STORY-BETA", work("- [x] one"))
    assert of_rule(findings(text, finished), "story-claim-open") == []
