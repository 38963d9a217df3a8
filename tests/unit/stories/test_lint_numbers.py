"""Lint: names and numbers that disagree, prerequisites that come later, cycles, twins."""

from __future__ import annotations

from storyrunner.model.finding import Severity
from tests.support.lint_stories import findings, of_repository, of_rule, text_of


def needs(*lines: str) -> str:
    return "## Dependencies\n\n**Prerequisites:**\n" + "\n".join(f"- {one}" for one in lines)


ALPHA = text_of(6, "STORY-SEC-ALPHA")
BETA = text_of(8, "STORY-NET-BETA")


def said(body: str, *others: str) -> list[str]:
    found = findings(text_of(9, "STORY-MINE", body), *others)
    return [item.message for item in of_rule(found, "story-number-name")]


def test_a_number_that_is_not_the_names_is_told_and_the_name_wins() -> None:
    text = text_of(9, "STORY-MINE", "## Notes\n\nAs in STORY-SEC-ALPHA (Story 8), see there.\n")
    [found] = of_rule(findings(text, ALPHA, BETA), "story-number-name")
    assert found.severity is Severity.WARNING
    assert found.message == "STORY-SEC-ALPHA is called story 08, but its number is 06"
    assert "the name wins; story 08 is STORY-NET-BETA" in found.hint
    assert text.splitlines()[found.place.line - 1][found.place.column - 1 :].startswith("STORY-SEC")


def test_all_ways_to_put_a_number_beside_a_name_are_read() -> None:
    for line in (
        "Story 8 (STORY-SEC-ALPHA)",
        "**Story 8 (SEC-ALPHA)**: needed",
        "**Story 8: SEC-ALPHA**",
        "- **STORY-SEC-ALPHA** (Story 08): needed",
        "Story 8 (SEC\u2011ALPHA)",
    ):
        assert said(f"## Notes\n\n{line}\n", ALPHA, BETA), line


def test_right_pairs_ranges_code_and_words_in_capitals_are_no_conflicts() -> None:
    for line in (
        "Story 6 (STORY-SEC-ALPHA)",
        "STORY-SEC-ALPHA (Story 6)",
        "STORY-SEC-ALPHA, Story 8",
        "Story 8 (GITOPS-FIRST)",
        "STORY-SEC-ALPHA (stories 6-9)",
        "```\nSTORY-SEC-ALPHA (Story 8)\n```",
        "1. STORY-SEC-ALPHA\n2. STORY-NET-BETA",
    ):
        assert said(f"## Notes\n\n{line}\n", ALPHA, BETA) == [], line


def test_a_list_of_stories_in_an_old_numbering_is_told_by_its_heading() -> None:
    items = "7. STORY-SEC-ALPHA — keys\n8. STORY-NET-BETA\n"
    body = f"## Coverage\n\n### Security (Stories 7-8)\n\n{items}"
    assert said(body, ALPHA, BETA) == ["STORY-SEC-ALPHA is called story 07, but its number is 06"]


def test_a_shortened_name_means_the_only_story_that_goes_on_after_it() -> None:
    long = text_of(6, "STORY-SEC-ALPHA-IMPLEMENT")
    [message] = said("## Notes\n\nSTORY-SEC-ALPHA (Story 7)\n", long)
    assert message.endswith("(the only story of that name is STORY-SEC-ALPHA-IMPLEMENT)")


def test_a_name_that_none_has_with_a_number_that_another_has_is_told() -> None:
    [message] = said("## Notes\n\nStory 8 (STORY-GONE)\n", BETA)
    assert message == "STORY-GONE is called story 08, but that is STORY-NET-BETA"


def test_neighbours_give_a_number_to_a_story_without_a_file() -> None:
    neighbour = text_of(6, "STORY-SEC-ALPHA", next_="STORY-SEVEN.md")
    [message] = said("## Notes\n\nSTORY-SEVEN (Story 12)\n", neighbour)
    assert message == "STORY-SEVEN is called story 12, but its number is 07"


def test_words_before_a_number_that_is_another_storys_are_a_note() -> None:
    text = text_of(9, "STORY-MINE", "## Notes\n\nIt depends on CRDs (Story 08) first.\n")
    crds = text_of(43, "STORY-BOOT-CRDS")
    [found] = of_rule(findings(text, BETA, crds), "story-number-words")
    assert found.severity is Severity.NOTE
    assert found.hint == "STORY-BOOT-CRDS is 43"
    text = text_of(9, "STORY-MINE", "## Notes\n\nIt needs beta keys (Story 08) first.\n")
    assert of_rule(findings(text, BETA, crds), "story-number-words") == []


def test_a_prerequisite_that_comes_later_is_told_once_by_name_first() -> None:
    text = text_of(7, "STORY-MINE", needs("Story 8 (STORY-NET-BETA)", "Story 8", "Story 44"))
    found = of_rule(findings(text, BETA), "story-forward-dependency")
    assert [item.severity for item in found] == [Severity.WARNING] * 2
    assert "story 08 (STORY-NET-BETA) is a prerequisite" in found[0].message
    assert "story 44 is a prerequisite" in found[1].message


def test_a_wrong_number_beside_an_earlier_name_is_no_prerequisite_that_comes_later() -> None:
    text = text_of(7, "STORY-MINE", needs("STORY-SEC-ALPHA (Story 8)"))
    assert of_rule(findings(text, ALPHA, BETA), "story-forward-dependency") == []


def test_what_is_not_required_or_needed_downstream_is_no_prerequisite() -> None:
    body = "## Dependencies\n\n**NOT Required:**\n- Story 8\n\n**Downstream:**\n- Story 9\n"
    assert of_rule(findings(text_of(7, "STORY-MINE", body)), "story-forward-dependency") == []


def test_names_that_no_story_has_are_told_only_where_all_stories_are_here() -> None:
    body = "## Notes\n\nSee STORY-SEC-ALPH and STORY-SEC-ALPHA.\n"
    mine = text_of(2, "STORY-MINE", body, total=2)
    [found] = of_rule(findings(mine, text_of(1, "STORY-SEC-ALPHA", total=2)), "story-name-unknown")
    assert found.message == "STORY-SEC-ALPH is no story here"
    assert "STORY-SEC-ALPHA" in found.hint
    mine = text_of(2, "STORY-MINE", body, total=3)
    assert (
        of_rule(findings(mine, text_of(1, "STORY-SEC-ALPHA", total=3)), "story-name-unknown") == []
    )


def test_neighbours_that_do_not_point_back_are_a_note() -> None:
    text = text_of(9, "STORY-MINE", prev="STORY-NET-BETA.md")
    other = text_of(8, "STORY-NET-BETA", next_="STORY-ELSE.md")
    [found] = of_rule(findings(text, other), "story-chain")
    assert found.message == "Prev is STORY-NET-BETA, whose own Next is STORY-ELSE"


def test_a_cycle_of_prerequisites_is_an_error_with_its_members() -> None:
    found = of_repository(
        text_of(1, "STORY-A", needs("STORY-B")),
        text_of(2, "STORY-B", needs("STORY-C")),
        text_of(3, "STORY-C", needs("STORY-A")),
        text_of(4, "STORY-D", needs("STORY-A")),
    )
    [cycle] = of_rule(found, "story-dependency-cycle")
    assert cycle.severity is Severity.ERROR
    assert cycle.message.endswith("STORY-A, STORY-B, STORY-C")
    assert cycle.place.path == "docs/stories/STORY-A.md"


def test_two_stories_of_one_number_are_told() -> None:
    found = of_repository(text_of(20, "STORY-A"), text_of(20, "STORY-B"))
    [twin] = of_rule(found, "story-number-twice")
    assert twin.message == "story 20 is STORY-A too"
