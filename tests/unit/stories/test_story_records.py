"""Dependencies, change log, agent record, QA results."""

from __future__ import annotations

from storyrunner.model.story import Story
from storyrunner.stories.parser import parse_story


def read(body: str, number: int = 7) -> Story:
    return parse_story(f"# {number:02} — STORY-X — T\n\n{body}", "STORY-X.md")


def needs(story: Story, role: str) -> list[tuple[str, int]]:
    return [(d.id, d.number) for d in story.dependencies if d.role == role]


def test_prerequisites_are_told_from_what_is_not_required() -> None:
    story = read(
        "## Dependencies / Inputs\n\n**Prerequisites (v3.0):**\n"
        "- Story 43 (STORY-BOOT-CRDS) complete (deployed in Story 45)\n"
        "- STORY-BOOT\u2011CORE (Story 44)\n- **STORY-SEC-BASE** — the base\n"
        "- Story 45 (VALIDATE-NETWORKING) for later use\n- Stories 1-3 and 5 complete\n"
        "- Tools: kubectl\n\n"
        "**NOT Required (v3.0):**\n- ❌ Running clusters (Story 45 handles them)\n- ❌ Secrets\n\n"
        "**Downstream (blocked until this story completes):**\n- **STORY-NEXT** (Story 08)\n\n"
        "### Upstream Stories (Deployment Prerequisites - Story 45)\n- **STORY-NP** — policies\n"
    )
    assert needs(story, "build") == [
        ("STORY-BOOT-CRDS", 43),
        ("STORY-BOOT-CORE", 44),
        ("STORY-SEC-BASE", 0),
        ("STORY-VALIDATE-NETWORKING", 45),
        ("", 1),
        ("", 2),
        ("", 3),
        ("", 5),
    ]
    assert needs(story, "downstream") == [("STORY-NEXT", 8)]
    assert needs(story, "deploy") == [("STORY-NP", 0)]
    assert len([item for item in story.deferred if item.area == "not_required_deps"]) == 2


def test_the_story_itself_is_no_dependency_and_prose_names_none() -> None:
    story = read(
        "## Dependencies\n**Upstream (must complete before this story):**\n"
        "- **NONE** - This is Story 07, the first\n\n"
        "**Note**: In this approach, Stories 1-41 create manifests.\n"
    )
    assert story.dependencies == ()


def test_a_table_change_log_counts_rows_even_after_a_blank_line() -> None:
    story = read(
        "## Change Log\n\n| Date | Version | Description | Author |\n|---|:--|---|---|\n"
        "| 2025-01-01 | 1.0 | a `x | y` b \\| c | PO |\n\n| 2025-01-02 | 1.1 | b | Dev |\n"
    )
    log = story.change_log
    assert (log.form, len(log.entries)) == ("table", 2)
    first = log.entries[0]
    assert (first.date, first.version, first.author) == ("2025-01-01", "1.0", "PO")
    assert first.text == "a `x | y` b | c"


def test_a_change_log_may_be_of_sections_or_absent() -> None:
    story = read("## 📝 Change Log\n### v3.0 - 2025-10-26\n- a\n### v2.0 (2025-10-22) - Old\n- b\n")
    assert story.change_log.form == "sections"
    assert [(e.version, e.date) for e in story.change_log.entries] == [
        ("3.0", "2025-10-26"),
        ("2.0", "2025-10-22"),
    ]
    assert read("## Scope\n").change_log.form == "none"


def test_the_file_list_keeps_paths_notes_and_groups() -> None:
    story = read(
        "## Dev Agent Record\n### Agent Model Used\nX\n### File List\n**Created:**\n- `a/b.yaml`\n"
        "- c/d.yaml (created)\n**Modified:**\n- `e.yaml` (modified - key)\n### Debug Log\n- no\n"
    )
    record = story.agent_record
    assert record is not None
    assert [section.title for section in record.sections][:2] == ["Agent Model Used", "File List"]
    assert [(f.path, f.note, f.group) for f in record.files] == [
        ("a/b.yaml", "", "Created:"),
        ("c/d.yaml", "(created)", "Created:"),
        ("e.yaml", "(modified - key)", "Modified:"),
    ]


def test_a_placeholder_is_no_entry_and_no_result() -> None:
    story = read(
        "## Dev Agent Record\n### File List\n<to be filled by dev>\n- <x>\n\n---\n"
        "## QA Results\n\n<populated by QA agent after review>\n\n---\n## QA Results — Risk\n- R1\n"
    )
    assert story.agent_record is not None
    assert story.agent_record.files == ()
    assert [(qa.title, qa.filled) for qa in story.qa] == [
        ("QA Results", False),
        ("QA Results — Risk", True),
    ]


def test_what_follows_the_end_of_the_story_is_read_too() -> None:
    story = read("## QA Results\nok\n## *** End of Story ***\n\n## PO Validation (x)\n- [ ] a\n")
    assert [section.level for section in story.sections if section.level == 2] == [2, 2, 2]
    assert story.boxes[0].zone.value == "other"
