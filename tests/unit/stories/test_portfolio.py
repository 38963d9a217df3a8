"""The portfolio: what stories claim, what they wait for, and which is next."""

from __future__ import annotations

from storyrunner.model.story import Story
from storyrunner.stories.portfolio import Portfolio, StoryRow, portfolio
from storyrunner.stories.portfolio_numbers import numbering
from tests.support.lint_stories import parsed, refs_of, text_of

DONE = "## Tasks\n\n### T1: A\n\n- [x] a\n"
OPEN = "## Tasks\n\n### T1: A\n\n- [x] a\n- [ ] b\n"


def needs(*lines: str) -> str:
    return "\n## Dependencies\n\n**Prerequisites:**\n" + "\n".join(f"- {one}" for one in lines)


def of(*texts: str, runbooks: tuple[str, ...] = ()) -> Portfolio:
    stories: list[Story] = [parsed(text) for text in texts]
    by_path = {story.path: story for story in stories}
    return portfolio(refs_of(stories), by_path, {id_: f"run-{id_}" for id_ in runbooks})


def row(found: Portfolio, id_: str) -> StoryRow:
    return next(row for row in found.rows if row.id == id_)


def test_a_row_counts_what_the_story_itself_claims_without_what_it_leaves_to_others() -> None:
    body = OPEN + (
        "\n## Scope\n\n**Deferred to Story 45:**\n- deploy\n- look\n"
        "\n## Definition of Done\n\n- [x] c\n\n"
        "**NOT Part of DoD (Moved to Story 45):**\n\n- [ ] d\n"
    )
    one = row(of(text_of(6, "STORY-A", body, status="Approved (v2)")), "STORY-A")
    assert (one.ticked, one.boxes, one.deferred, one.criteria) == (2, 3, 3, 1)
    assert (one.state, one.status) == ("approved", "Approved (v2)")
    assert (one.lane, one.sprint, one.number) == ("Security", "2", 6)
    assert (one.runbook, one.finished) == ("", False)


def test_finished_is_a_status_that_says_so_or_every_box_ticked() -> None:
    found = of(
        text_of(1, "STORY-A", DONE),
        text_of(2, "STORY-B", OPEN, status="Done"),
        text_of(3, "STORY-C", OPEN),
        text_of(4, "STORY-D", ""),
    )
    assert [row.finished for row in found.rows] == [True, True, False, False]


def test_next_is_the_first_story_whose_prerequisites_are_finished() -> None:
    found = of(
        text_of(1, "STORY-A", DONE),
        text_of(2, "STORY-B", OPEN + needs("Story 3")),
        text_of(3, "STORY-C", OPEN + needs("STORY-A")),
        text_of(4, "STORY-D", OPEN),
    )
    assert found.ready == ("STORY-C", "STORY-D")
    assert found.next == "STORY-C"
    assert row(found, "STORY-B").waits_for == ("STORY-C",)


def test_a_story_that_a_runbook_runs_goes_before_one_that_none_runs() -> None:
    found = of(text_of(1, "STORY-A", OPEN), text_of(2, "STORY-B", OPEN), runbooks=("STORY-B",))
    assert found.ready == ("STORY-B", "STORY-A")
    assert row(found, "STORY-B").runbook == "run-STORY-B"


def test_a_name_goes_before_the_number_beside_it() -> None:
    found = of(
        text_of(1, "STORY-A", DONE),
        text_of(2, "STORY-B", OPEN),
        text_of(3, "STORY-C", OPEN + needs("STORY-A (Story 2)")),
    )
    assert row(found, "STORY-C").needs == ("STORY-A",)
    assert row(found, "STORY-C").waits_for == ()


def test_prerequisites_that_come_later_or_are_not_here_are_shown_and_block_nothing_unknown() -> (
    None
):
    found = of(
        text_of(6, "STORY-A", OPEN + needs("Story 43 (STORY-GONE)", "Story 44", "Story 7")),
        text_of(7, "STORY-B", OPEN, next_="STORY-EIGHT.md"),
    )
    one = row(found, "STORY-A")
    assert one.forward == ("STORY-GONE", "story 44", "STORY-B")
    assert one.unknown == ("STORY-GONE", "story 44")
    assert one.waits_for == ("STORY-B",)
    assert found.next == "STORY-B"


def test_stories_that_need_each_other_are_a_cycle_and_none_of_them_is_next() -> None:
    found = of(
        text_of(1, "STORY-A", OPEN + needs("STORY-B")),
        text_of(2, "STORY-B", OPEN + needs("STORY-A")),
        text_of(3, "STORY-C", OPEN + needs("STORY-A", "STORY-C")),
    )
    assert found.cycles == (("STORY-A", "STORY-B"),)
    assert found.next == ""


def test_no_story_at_all_is_an_empty_portfolio() -> None:
    assert of() == Portfolio((), (), ())


def test_a_number_that_two_stories_share_is_that_of_the_one_in_the_chain() -> None:
    stories = [
        parsed(text_of(19, "STORY-A", next_="STORY-B.md")),
        parsed(text_of(20, "STORY-B", prev="STORY-A.md")),
        parsed(text_of(20, "STORY-DASH", prev="STORY-A.md")),
    ]
    known = numbering(refs_of(stories), stories)
    assert known.resolve("", 20) == "STORY-B"
    assert known.number_of("STORY-DASH") == 20
    assert not known.is_whole


def test_names_are_compared_without_their_prefix_case_and_kind_of_dash() -> None:
    known = numbering(refs_of([parsed(text_of(6, "STORY-SEC-ALPHA"))]))
    for name in ("SEC-ALPHA", "story-sec-alpha", "STORY\u2011SEC\u2011ALPHA"):
        assert (known.number_of(name), known.meant_by(name)) == (6, "STORY-SEC-ALPHA")
    assert known.meant_by("STORY-SEC") == "STORY-SEC-ALPHA"
    assert known.meant_by("STORY-ALPHA") == ""
