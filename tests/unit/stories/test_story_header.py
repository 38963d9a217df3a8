"""Headers in four styles, and titles."""

from __future__ import annotations

import pytest

from storyrunner.model.story import Story, StoryState
from storyrunner.stories.parser import parse_story

H1 = "# 07 — STORY-NET-EDGE — Build the Edge\n\n"


def read(text: str, path: str = "docs/stories/STORY-NET-EDGE.md") -> Story:
    return parse_story(text, path)


def rules(story: Story) -> set[str]:
    return {finding.rule for finding in story.findings}


PLAIN = (
    H1
    + """Sequence: 07/50 | Prev: STORY-A.md | Next: TBD
Sprint: 3 | Lane: Bootstrap & Platform
Global Sequence: 07/50

Status: Draft (v3.0 Refinement)
Owner: Platform Engineering
Date: 2025-10-22 (Original) | 2025-10-26 (Deferred)
Links: docs/a.md §6, §7; kubernetes/x; Stories 1-3

ID: STORY-NET-EDGE

## Story
text
"""
)


def test_the_plain_style_keeps_every_value_as_written() -> None:
    header = read(PLAIN).header
    assert (header.sequence, header.global_sequence) == ("07/50", "07/50")
    assert (header.prev, header.next) == ("STORY-A.md", "TBD")
    assert (header.sprint, header.lane) == ("3", "Bootstrap & Platform")
    assert header.status == "Draft (v3.0 Refinement)"
    assert header.state is StoryState.DRAFT
    assert header.owner == "Platform Engineering"
    assert header.links == ("docs/a.md §6, §7", "kubernetes/x", "Stories 1-3")
    assert header.style == "plain"


def test_a_bar_between_two_dates_of_one_field_separates_nothing() -> None:
    assert read(PLAIN).header.date == "2025-10-22 (Original) | 2025-10-26 (Deferred)"


def test_a_field_knows_where_its_value_stands() -> None:
    story = read(PLAIN)
    for field in story.header.fields:
        assert story.text[field.offset :].startswith(field.value)
        assert field.value in field.span.raw


def test_the_bold_style_has_its_own_order_and_grouping() -> None:
    header = read(
        H1
        + "**Status:** v3.0 (Manifests-first) | **Date:** 2025-10-26\n"
        + "**Sequence:** 07/50 | **Prev:** STORY-A.md | **Next:** —\n"
        + "**Sprint:** 7 | **Lane:** Platform | **Global Sequence:** 07/50\n\n"
        + "**Owner:** Team\n**Links:** a; b\n\n---\n\n## 📖 Story\n"
    ).header
    assert header.style == "bold-inline"
    assert (header.status, header.date) == ("v3.0 (Manifests-first)", "2025-10-26")
    assert (header.sequence, header.next, header.global_sequence) == ("07/50", "—", "07/50")
    assert (header.lane, header.owner, header.links) == ("Platform", "Team", ("a", "b"))


def test_a_bold_status_among_plain_fields_is_a_style_of_its_own() -> None:
    header = read(
        H1 + "Sequence: 07/50 | Prev: a | Next: b\n\n**Status**: Approved\n**Owner**: T\n## Story\n"
    ).header
    assert (header.status, header.owner, header.style) == ("Approved", "T", "plain+bold-status")
    assert header.state is StoryState.APPROVED


def test_a_status_section_is_header_and_fields_may_follow_it() -> None:
    story = read(
        H1
        + "Sequence: 07/50 | Prev: a | Next: b\n\n---\n\n## Status\n\nDone\n\nOwner: T\n"
        + "Date: 2025-01-01\nLinks: x; y\n\n## Story\nOwner: not a field\n"
    )
    header = story.header
    assert (header.status, header.owner, header.date) == ("Done", "T", "2025-01-01")
    assert header.style == "plain+h2-status"
    assert header.links == ("x", "y")
    assert header.state is StoryState.DONE


def test_links_may_be_a_list() -> None:
    header = read(H1 + "Status: Draft\nLinks:\n- docs/a.md\n- docs/b.md\n\n## Story\n- x\n").header
    assert header.links == ("docs/a.md", "docs/b.md")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("⛔ **DEFERRED** (reevaluate in 2026)", StoryState.DEFERRED),
        ("Ready for Review", StoryState.REVIEW),
        ("Complete (v5.0 - all)", StoryState.DONE),
        ("v3.0-Manifests-Only", StoryState.UNKNOWN),
    ],
)
def test_a_free_status_is_mapped_and_kept_raw(status: str, state: StoryState) -> None:
    header = read(H1 + f"Status: {status}\n## Story\n").header
    assert (header.status, header.state) == (status, state)


def test_windows_line_endings_and_a_byte_order_mark_change_nothing() -> None:
    plain = read(PLAIN)
    windows = read("\ufeff" + PLAIN.replace("\n", "\r\n"))
    assert windows.header.links == plain.header.links
    assert (windows.id, windows.number, windows.title) == (plain.id, plain.number, plain.title)
    assert windows.lines == plain.lines


def test_a_title_without_the_form_is_reported_and_the_file_name_gives_the_id() -> None:
    story = read("# My story\n\nSequence: 07/50 | Prev: a | Next: b\n")
    assert (story.id, story.number, story.title) == ("STORY-NET-EDGE", 7, "My story")
    assert "story-title" in rules(story)


def test_a_title_that_disagrees_with_the_file_or_the_sequence_is_reported() -> None:
    story = read("# 08 — STORY-OTHER — T\nSequence: 07/50 | Prev: a | Next: b\n")
    assert {"story-id-differs", "story-number-differs"} <= rules(story)
    assert story.number == 8


def test_a_header_line_that_is_no_field_is_reported_and_kept() -> None:
    story = read(H1 + "Status: Draft\nSome words\n\n## Story\n")
    found = [f for f in story.findings if f.rule == "story-header-line"]
    assert [f.place.line for f in found] == [4]
    assert "Some words" in story.sections[0].span.raw


def test_an_unknown_field_neither_hides_the_next_nor_joins_the_one_before() -> None:
    header = read(H1 + "Lane: Security | Epic: 5 | Sprint: 2\n## Story\n").header
    assert (header.lane, header.sprint) == ("Security", "2")


@pytest.mark.parametrize(
    "text", ["", "\n", "\r", "\ufeff", "no heading at all", "\ud800 # x\n## y"]
)
def test_a_text_that_is_no_story_is_a_story_with_findings(text: str) -> None:
    story = read(text)
    assert story.text == text
    assert "story-title" in rules(story)
