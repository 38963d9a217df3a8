"""The list to choose from names every story, whether a runbook runs it or not."""

from __future__ import annotations

from pathlib import Path

from storyrunner.engine.choosing import choices
from tests.support.lint_stories import text_of

OPEN = "## Tasks\n\n### T1: A\n\n- [ ] a\n- [x] b\n\n## Dependencies\n\n"


def test_all_stories_are_named_with_what_they_claim_and_wait_for(tmp_path: Path) -> None:
    folder = tmp_path / "docs" / "stories"
    folder.mkdir(parents=True)
    for number, id_, needs in (
        (3, "STORY-A", "- Story 9 complete\n"),
        (7, "STORY-B", "- STORY-A complete\n"),
        (9, "STORY-C", ""),
    ):
        (folder / f"{id_}.md").write_text(text_of(number, id_, OPEN + needs), encoding="utf-8")
    (folder / "bad.md").write_bytes(b"\xff")
    found = choices(tmp_path)
    assert [(one.number, one.claims, one.is_next) for one in found] == [
        (3, "1/2", False),
        (7, "1/2", False),
        (9, "1/2", True),
    ]
    assert found[0].waits_for == found[0].forward == ("STORY-C",)
    assert found[1].waits_for == ("STORY-A",)
    assert found[0].reference == "docs/stories/STORY-A.md"
