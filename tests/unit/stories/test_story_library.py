"""Finding the stories of a repository and the one a person means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storyrunner.errors import StoryError
from storyrunner.stories.library import (
    StoryRef,
    find_stories,
    ids_by_number,
    read_story,
    resolve,
)


def write(root: Path, path: str, number: int, id_: str, prev: str = "—", next_: str = "—") -> Path:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f"# {number:02} — {id_} — Title of {number}\n\n"
        f"Sequence: {number:02}/50 | Prev: {prev}.md | Next: {next_}.md\n\n## Story\n"
        + "x\n"
        * 9000
    )
    return file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    top = tmp_path / "repo"
    write(top, "docs/stories/STORY-A.md", 19, "STORY-A", next_="STORY-B")
    write(top, "docs/stories/STORY-B.md", 20, "STORY-B", prev="STORY-A")
    write(top, "docs/stories/deep/STORY-DASH.md", 20, "STORY-DASH", prev="STORY-A")
    write(top, "stories/STORY-SEC-CERT.md", 6, "STORY-SEC-CERT")
    (top / "docs/stories/STORY-PROGRESS.md").write_text("# Progress\n\nNothing here\n")
    (top / "docs/stories/README.md").write_text("# Stories\n")
    write(top, "docs/other/STORY-NO.md", 1, "STORY-NO")
    return top


def ids(refs: list[StoryRef]) -> list[str]:
    return [ref.id for ref in refs]


def test_stories_are_found_by_number_and_what_is_none_is_left_out(root: Path) -> None:
    refs = find_stories(root)
    assert ids(refs) == ["STORY-SEC-CERT", "STORY-A", "STORY-B", "STORY-DASH"]
    assert refs[0] == StoryRef("stories/STORY-SEC-CERT.md", "STORY-SEC-CERT", 6, "Title of 6")


def test_no_folder_of_stories_is_no_error(tmp_path: Path) -> None:
    assert find_stories(tmp_path) == []


@pytest.mark.parametrize(
    "reference",
    [
        "6",
        "06",
        "Story 6",
        "STORY-SEC-CERT",
        "story-sec-cert",
        "sec\u2011cert",
        "STORY-SEC-CERT.md",
        "stories/STORY-SEC-CERT.md",
        "./stories/STORY-SEC-CERT.md",
    ],
)
def test_a_story_is_meant_by_number_id_or_path(root: Path, reference: str) -> None:
    assert resolve(root, find_stories(root), reference).id == "STORY-SEC-CERT"


def test_an_absolute_path_and_one_outside_the_globs_are_fine(root: Path) -> None:
    refs = find_stories(root)
    assert resolve(root, refs, str(root / "stories/STORY-SEC-CERT.md")).number == 6
    assert resolve(root, refs, "docs/other/STORY-NO.md").id == "STORY-NO"


def test_a_number_that_two_stories_share_names_both(root: Path) -> None:
    with pytest.raises(StoryError, match=r"STORY-B .*STORY-DASH"):
        resolve(root, find_stories(root), "20")


def test_a_number_is_settled_for_references_by_who_points_to_whom(root: Path) -> None:
    refs = find_stories(root)
    assert ids_by_number(refs) == {6: "STORY-SEC-CERT", 19: "STORY-A", 20: "STORY-B"}
    twins = [ref for ref in refs if ref.id != "STORY-A"]
    assert 20 not in ids_by_number(twins)


def test_what_does_not_exist_is_said_with_the_nearest(root: Path) -> None:
    with pytest.raises(StoryError) as caught:
        resolve(root, find_stories(root), "SEC-CRET")
    assert "STORY-SEC-CERT" in caught.value.hint


def test_a_path_out_of_the_repository_is_refused(root: Path) -> None:
    write(root.parent, "outside.md", 3, "STORY-OUT")
    with pytest.raises(StoryError, match="outside"):
        resolve(root, find_stories(root), "../outside.md")


def test_links_out_of_the_repository_are_not_followed(root: Path) -> None:
    outside = write(root.parent, "elsewhere/STORY-OUT.md", 3, "STORY-OUT")
    (root / "docs/stories/STORY-OUT.md").symlink_to(outside)
    (root / "docs/stories/folder").symlink_to(outside.parent, target_is_directory=True)
    (root / "docs/stories/STORY-GONE.md").symlink_to(root / "nowhere.md")
    assert "STORY-OUT" not in ids(find_stories(root))
    linked = root.parent / "linked"
    linked.mkdir()
    (linked / "stories").symlink_to(outside.parent, target_is_directory=True)
    assert find_stories(linked) == []


def test_a_file_that_is_no_text_is_an_error_with_its_place(root: Path) -> None:
    (root / "stories/STORY-BAD.md").write_bytes(b"# 01 \n\nab\xff\n")
    with pytest.raises(StoryError) as caught:
        find_stories(root)
    assert str(caught.value.place) == "stories/STORY-BAD.md:3:3"
    told: list[StoryError] = []
    assert len(find_stories(root, unreadable=told.append)) == 4
    assert [str(problem.place) for problem in told] == ["stories/STORY-BAD.md:3:3"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every file")
def test_a_file_that_may_not_be_read_is_an_error(root: Path) -> None:
    (root / "stories/STORY-SEC-CERT.md").chmod(0)
    with pytest.raises(StoryError, match="cannot be read"):
        find_stories(root)


def test_a_character_cut_by_the_end_of_the_head_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "stories" / "STORY-A.md"
    file.parent.mkdir()
    head = "# 01 — STORY-A — T\n"
    file.write_text(head + "a" * (8191 - len(head.encode())) + "—" * 10, encoding="utf-8")
    assert ids(find_stories(tmp_path)) == ["STORY-A"]


def test_reading_keeps_line_endings_and_refuses_what_is_no_utf8(tmp_path: Path) -> None:
    file = tmp_path / "s.md"
    file.write_bytes(b"# 01 \xe2\x80\x94 STORY-A \xe2\x80\x94 T\r\nlast")
    assert read_story(file, "s.md").text == "# 01 — STORY-A — T\r\nlast"
    file.write_bytes(b"ok\n\xff")
    with pytest.raises(StoryError, match="UTF-8"):
        read_story(file, "s.md")
    with pytest.raises(StoryError, match="cannot be read"):
        read_story(tmp_path / "absent.md", "absent.md")
