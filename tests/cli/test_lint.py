"""`storyrunner lint`: exit codes, the forms of its output, and that it never writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.lint_stories import text_of
from tests.support.repositories import fingerprint

OPEN = "## Tasks\n\n### T1: A\n\n- [ ] a\n"
WRONG = "## Tasks\n\n### T1: A\n\n- [x] Create `docs/absent.md`\n"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two stories, the second of which contradicts the files."""
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "docs" / "stories"
    folder.mkdir(parents=True)
    for number, id_, body in ((1, "STORY-A", OPEN), (2, "STORY-B", WRONG)):
        (folder / f"{id_}.md").write_text(text_of(number, id_, body), encoding="utf-8")
    return tmp_path


def test_all_stories_are_linted_when_none_is_named(run: Run, repository: Path) -> None:
    ran = run("lint", "-C", repository)
    assert ran.code == 1
    first, hint, last = ran.out.splitlines()
    assert first == (
        "docs/stories/STORY-B.md:16:15: error story-ticked-absent "
        "ticked, but docs/absent.md does not exist"
    )
    assert hint.startswith("    hint: ")
    assert last == "2 stories: 1 error, 0 warnings, 0 notes"


def test_only_the_stories_that_are_named_are_told_about(run: Run, repository: Path) -> None:
    ran = run("lint", "1", "-C", repository)
    assert (ran.code, ran.out) == (0, "1 story: 0 errors, 0 warnings, 0 notes\n")
    assert run("lint", "STORY-A", "docs/stories/STORY-B.md", "-C", repository).code == 1


def test_warnings_alone_end_with_0(run: Run, repository: Path) -> None:
    (repository / "docs/stories/STORY-B.md").write_text(text_of(1, "STORY-B", OPEN))
    ran = run("lint", "-C", repository)
    assert ran.code == 0
    assert "warning story-number-twice story 01 is STORY-A too" in ran.out


def test_json_is_versioned_and_holds_places_and_counts(run: Run, repository: Path) -> None:
    ran = run("lint", "-C", repository, "--format", "json")
    assert ran.code == 1
    document = json.loads(ran.out)
    assert document["schema"] == "storyrunner/lint/v1"
    assert document["stories"] == ["docs/stories/STORY-A.md", "docs/stories/STORY-B.md"]
    assert document["counts"] == {"error": 1, "warning": 0, "note": 0}
    [found] = document["findings"]
    assert (found["rule"], found["severity"]) == ("story-ticked-absent", "error")
    assert found["place"] == {"path": "docs/stories/STORY-B.md", "line": 16, "column": 15}


def test_an_unreadable_story_hides_no_other_and_ends_with_2(run: Run, repository: Path) -> None:
    (repository / "docs/stories/STORY-C.md").write_bytes(b"# 03 \xff\n")
    ran = run("lint", "-C", repository)
    assert ran.code == 2
    assert "docs/stories/STORY-C.md:1:6: the story is not UTF-8 text" in ran.err
    assert "2 stories: 1 error" in ran.out
    assert run("lint", "STORY-A", "-C", repository).code == 0
    assert run("lint", "docs/stories/STORY-C.md", "-C", repository).code == 2


def test_a_story_that_is_unreadable_far_below_its_head_is_told_too(
    run: Run, repository: Path
) -> None:
    file = repository / "docs/stories/STORY-A.md"
    file.write_bytes(file.read_bytes() + b"x\n" * 9000 + b"\xff")
    assert run("lint", "-C", repository).code == 2
    assert run("lint", "STORY-A", "-C", repository).code == 2
    assert run("lint", "STORY-B", "-C", repository).code == 1


def test_a_name_that_no_story_has_ends_with_2(run: Run, repository: Path) -> None:
    ran = run("lint", "STORY-AA", "-C", repository)
    assert (ran.code, ran.out) == (2, "")
    assert "did you mean STORY-A?" in ran.err


def test_a_repository_without_stories_ends_with_2(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    ran = run("lint", "-C", tmp_path)
    assert ran.code == 2
    assert "docs/stories" in ran.err


def test_qa_documents_and_the_tracker_beside_the_stories_are_read(
    run: Run, repository: Path
) -> None:
    gates = repository / "docs" / "qa" / "gates"
    gates.mkdir(parents=True)
    (gates / "01.story-a.yml").write_text("evidence: 1\nevidence: 2\n")
    (repository / "docs/STORY-PROGRESS.md").write_text("- [x] Story 01\n- [x] STORY-GONE\n")
    ran = run("lint", "-C", repository)
    assert "docs/qa/gates/01.story-a.yml:2:1: warning qa-duplicate-key" in ran.out
    assert "STORY-A.md:6:1: warning story-tracker-status" in ran.out
    assert "docs/STORY-PROGRESS.md:2:1: warning tracker-story-unknown" in ran.out


def test_the_demo_has_no_contradiction_and_nothing_is_written(run: Run, demo: Path) -> None:
    before = fingerprint(demo)
    ran = run("lint", "-C", demo)
    assert ran.code == 0, ran.out
    assert fingerprint(demo) == before
