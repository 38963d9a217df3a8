"""A story without its boxes and records: work on it changes nothing, other words do."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyrunner.stories.blanking import blanked
from storyrunner.stories.parser import parse_story

STORY = """# 03 — STORY-SMALL — A small story

Status: Draft
Sprint: 1

## Acceptance Criteria

1. **AC1 Listed**: the entry is there

## Tasks

### T1 — List

- [ ] Write the entry
- [ ] Look at it

## Definition of Done

- [ ] All done
"""


def plain(text: str) -> str:
    return blanked(parse_story(text, "story.md"))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("- [ ]", "- [x]"),
        lambda text: text.replace("- [ ]", "- [X]", 1),
        lambda text: text.replace("Status: Draft", "Status: Ready for Review (v2)"),
        lambda text: text + "\n## Change Log\n\n| Date | Version |\n|---|---|\n| 2026 | 2 |\n",
        lambda text: text + "\n## Dev Agent Record\n\n### File List\n\n- `a.yaml`\n",
        lambda text: text + "\n## QA Results\n\nPassed.\n",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("## Tasks", "\n\n## Tasks"),
    ],
)
def test_working_on_a_story_leaves_it_the_same(change: object) -> None:
    assert callable(change)
    changed = change(STORY)
    assert changed != STORY
    assert plain(changed) == plain(STORY)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("the entry is there", "the entry is gone"),
        ("- [ ] Look at it\n", ""),
        ("Sprint: 1", "Sprint: 2"),
        ("A small story", "Another story"),
        ("- [ ] Look at it\n", "- [ ] Look at it\n- [ ] And again\n"),
    ],
)
def test_other_words_are_another_story(old: str, new: str) -> None:
    assert plain(STORY.replace(old, new)) != plain(STORY)


@pytest.mark.shared
def test_every_story_of_the_corpus_can_be_blanked(shared: Path) -> None:
    for path in sorted((shared / "corpus" / "stories").glob("*.md")):
        text = path.read_text("utf-8")
        ticked = text.replace("- [ ] ", "- [x] ")
        boxes = len(parse_story(text, path.name).boxes)
        assert plain(text), path.name
        if boxes and parse_story(ticked, path.name).boxes:
            assert "- [x] " not in plain(ticked) or boxes < ticked.count("- [x] "), path.name
