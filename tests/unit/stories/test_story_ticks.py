"""Ticks: the right box or none, and no other byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyrunner.errors import StoryError
from storyrunner.stories.parser import parse_story
from storyrunner.stories.ticks import find_box, find_boxes, set_box

TEXT = (
    "# 07 — STORY-X — T\r\n\r\n## 🛠️ Tasks / Subtasks — Plan\r\n### T1: One\r\n"
    "- [ ] Create `a.yaml` — re\u2011try  twice:\r\n - [x] Done\r\n### T2: Two\r\n- [ ] Done\r\n"
    "## Definition of Done\r\n- [ ] Done\r\n- [X] Big"
)
STORY = parse_story(TEXT, "docs/stories/x.md")


def test_only_the_mark_changes_and_endings_hyphens_and_the_missing_newline_stay() -> None:
    box = find_box(STORY, text="create a.yaml - re-try twice").box
    assert box is not None
    assert set_box(TEXT, box, True) == TEXT.replace("- [ ] Create", "- [x] Create")


def test_setting_what_is_set_changes_nothing() -> None:
    big = find_boxes(STORY, text="Big")[0]
    assert set_box(TEXT, big, True) == TEXT
    assert set_box(TEXT, big, False).endswith("- [ ] Big")


def test_dashes_backticks_blanks_and_case_do_not_matter() -> None:
    for text in ("Create `a.yaml` – re-try twice:", "create a.yaml -  re\u2010try twice"):
        assert len(find_boxes(STORY, text=text)) == 1


def test_task_and_section_narrow_the_search() -> None:
    assert [box.line for box in find_boxes(STORY, text="Done")] == [6, 8, 10]
    assert [box.line for box in find_boxes(STORY, text="Done", task="t2")] == [8]
    assert [box.line for box in find_boxes(STORY, text="Done", section="Tasks / Subtasks")] == [
        6,
        8,
    ]
    assert [box.line for box in find_boxes(STORY, section="definition of done")] == [10, 11]


def test_an_ambiguous_box_is_reported_with_all_its_lines_and_not_guessed() -> None:
    match = find_box(STORY, text="Done")
    assert match.box is None
    assert match.finding is not None
    assert match.finding.rule == "story-box-ambiguous"
    assert "lines 6, 8, 10" in match.finding.message


def test_an_absent_box_is_reported() -> None:
    match = find_box(STORY, text="Creat", task="T1")
    assert match.box is None
    assert match.finding is not None
    assert match.finding.rule == "story-box-absent"
    assert match.finding.place.path == "docs/stories/x.md"


@pytest.mark.parametrize("changed", ["", TEXT[:40], "x" + TEXT, TEXT.replace("Create", "Make")])
def test_a_text_that_is_another_by_now_is_refused(changed: str) -> None:
    box = find_boxes(STORY, task="T1")[0]
    with pytest.raises(StoryError, match="has changed"):
        set_box(changed, box, True)


def test_other_ticks_on_the_way_do_not_matter() -> None:
    text = TEXT
    for box in STORY.boxes:
        text = set_box(text, box, True)
    assert text.count("[x]") + text.count("[X]") == 5


@pytest.mark.shared
def test_the_recorded_tick_is_reproduced_byte_for_byte(shared: Path) -> None:
    stories = shared / "corpus" / "stories"
    before = (stories / "01-tick-before.md").read_bytes().decode()
    after = (stories / "01-tick-after.md").read_bytes().decode()
    ticked = before
    wanted = {box.line: box.checked for box in parse_story(after, "after.md").boxes}
    changed = 0
    for box in parse_story(before, "before.md").boxes:
        ticked = set_box(ticked, box, wanted[box.line])
        changed += box.checked != wanted[box.line]
    ours, theirs = ticked.split("\n"), after.split("\n")
    differing = [n for n, (a, b) in enumerate(zip(ours, theirs, strict=True), 1) if a != b]
    assert differing == [247]
    assert theirs[246].startswith(ours[246])
    assert changed == 15
