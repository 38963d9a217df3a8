"""Records are written as the story writes them, and nothing that was there is lost."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyrunner.errors import StoryError
from storyrunner.stories.lines import Lines
from storyrunner.stories.parser import parse_story
from storyrunner.stories.recording import RecordedFile, StoryRecord, is_placeholder, write_record
from storyrunner.stories.text_edits import TextEdits

RECORD = StoryRecord(
    model="storyrunner (no model)",
    commands=("`kustomize build x` → T4.2 proven: 5 objects",),
    notes=("T1 Look: proven (1 of 1 step)",),
    files=(RecordedFile("kubernetes/a.yaml", "created"), RecordedFile("kubernetes/b.yaml")),
    summary="Recorded: 7 of 7 criteria proven",
    author="A. Dev",
    date="2026-01-02",
    status="Ready for Review",
)
HEAD = "# 07 — STORY-X — T\n\nStatus: Draft\n\n"
PLACEHOLDERS = """\
## Dev Agent Record

### Agent Model Used
<to be filled by dev>

### Debug Log References
<fill by Dev Agent>

### Completion Notes List

- <to be filled>

### File List
TBD

## QA Results

<populated by QA agent after review>
"""
SAMPLES = (
    "01-tick-before",
    "06-after-implementation",
    "06-before-implementation",
    "STORY-BOOT-CORE",
    "STORY-DB-CNPG-OPERATOR",
    "STORY-NET-CILIUM-CORE-GITOPS",
    "STORY-TENANCY-BASELINE",
    "STORY-VALIDATE-STORAGE-OBSERVABILITY",
)


def written(text: str, record: StoryRecord = RECORD) -> str:
    return write_record(parse_story(text, "story.md"), record)


def added(text: str, record: StoryRecord = RECORD) -> list[str]:
    """The lines that are new."""
    diff = difflib.ndiff(text.splitlines(), written(text, record).splitlines())
    return [line[2:] for line in diff if line.startswith("+ ") and line[2:]]


def test_placeholders_give_way_and_nothing_else_changes() -> None:
    after = written(HEAD + PLACEHOLDERS, replace(RECORD, summary=""))
    assert after == (
        HEAD.replace("Draft", "Ready for Review")
        + PLACEHOLDERS.replace("<to be filled by dev>", "storyrunner (no model)")
        .replace("<fill by Dev Agent>", "- `kustomize build x` → T4.2 proven: 5 objects")
        .replace("- <to be filled>", "- T1 Look: proven (1 of 1 step)")
        .replace("TBD", "- `kubernetes/a.yaml` (created)\n- `kubernetes/b.yaml`")
    )


def test_what_is_recorded_stays_and_is_not_recorded_twice() -> None:
    text = HEAD + (
        "## Dev Agent Record\n\n### Agent Model Used\n\nGPT\n\n### Debug Log References\n\n"
        "* `ls` → ok\n\n### Completion Notes\n\nA paragraph.\n\n### File List\n\n"
        "- kubernetes/a.yaml\n- kubernetes/z.yaml\n\n---\n\n## QA Results\n"
    )
    after = written(text)
    assert "GPT\n\n### Debug" in after
    assert "* `ls` → ok\n* `kustomize build x` → T4.2" in after
    assert "A paragraph.\n\n- T1 Look" in after
    assert "- kubernetes/z.yaml\n- kubernetes/b.yaml\n\n---\n" in after
    assert after.count("kubernetes/a.yaml") == 1
    assert written(after) == after


def test_a_story_without_a_record_gets_one_before_its_qa_results() -> None:
    after = written(HEAD + "## Tasks\n\n- [ ] a\n\n## QA Results\n\n<populated by QA agent>\n")
    story = parse_story(after, "story.md")
    assert [section.title for section in story.sections if section.level == 2] == [
        "Tasks",
        "Change Log",
        "Dev Agent Record",
        "QA Results",
    ]
    assert story.agent_record is not None
    assert [entry.path for entry in story.agent_record.files] == [
        "kubernetes/a.yaml",
        "kubernetes/b.yaml",
    ]


def test_a_missing_part_follows_the_others() -> None:
    text = HEAD + "## Dev Agent Record\n### File List\n- `a/b.yaml`\n\n---\n## QA Results\n- x\n"
    after = written(text, replace(RECORD, summary=""))
    assert "- `kubernetes/b.yaml`\n\n### Agent Model Used\n" in after
    assert after.endswith("- T1 Look: proven (1 of 1 step)\n\n---\n## QA Results\n- x\n")


@pytest.mark.parametrize(
    ("log", "row", "follows"),
    [
        (
            "| Date | Version | Description | Author |\n|---|---|---|---|\n"
            "| 2025-10-21 | 1.0 | a | X |\n| 2025-10-26 | 1.9 | b | X |\n",
            "| 2026-01-02 | 1.10 | Recorded: 7 of 7 criteria proven | A. Dev |",
            "| 2025-10-26 | 1.9 | b | X |",
        ),
        (
            "| Date       | Version | Change  |\n|------------|---------|---------|\n"
            "| 2025-10-26 | v3.1    | b       |\n| 2025-10-21 | v1.0    | a       |\n",
            "| 2026-01-02 | v3.2    | Recorded: 7 of 7 criteria proven |",
            "|------------|---------|---------|",
        ),
        (
            "| Version | By | Notes | Ticket |\n|---|---|---|---|\n",
            "| 1.0 | A. Dev | Recorded: 7 of 7 criteria proven |  |",
            "|---|---|---|---|",
        ),
    ],
)
def test_a_row_has_the_columns_order_and_version_of_the_table(
    log: str, row: str, follows: str
) -> None:
    lines = written(HEAD + "## Change Log\n\n" + log).splitlines()
    assert lines[lines.index(row) - 1] == follows


@pytest.mark.parametrize(
    ("log", "section"),
    [
        ("### v3.0 - 2025-10-26\n- a\n\n### v2.0 - 2025-10-20\n- b\n", "### v3.1 - 2026-01-02\n- "),
        ("### v3.0 (2025-10-26) - Split\n\n**x:**\n- a\n", "### v3.1 (2026-01-02)\n\n- "),
    ],
)
def test_a_log_of_sections_gets_a_section_like_them(log: str, section: str) -> None:
    after = written(HEAD + "## Change Log\n\n" + log)
    assert f"## Change Log\n\n{section}Recorded: 7 of 7 criteria proven\n\n### v3.0" in after


def test_a_log_with_the_newest_last_goes_on_at_its_end() -> None:
    log = "### v1.0 - 2025-10-20\n- a\n\n### v2.0 - 2025-10-26\n- b\n"
    after = written(HEAD + "## Change Log\n\n" + log + "\n---\n\n## Notes\n")
    assert "- b\n\n### v2.1 - 2026-01-02\n- Recorded: 7 of 7 criteria proven\n\n---\n" in after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Status: Draft (v3.0 Refinement)\n", "Status: Ready for Review\n"),
        ("**Status**: Draft\n", "**Status**: Ready for Review\n"),
        ("**Status:** A | **Date:** 2025-01-01\n", "**Status:** Ready for Review | **Date:** 2025"),
        ("## Status\n\nDone\n\nOwner: P\n", "## Status\n\nReady for Review\n\nOwner: P\n"),
        ("Status: ⛔ **DEFERRED** (later)\r\n", "Status: Ready for Review\r\n"),
    ],
)
def test_the_status_is_written_in_the_style_of_the_header(before: str, after: str) -> None:
    text = f"# 07 — STORY-X — T\n\n{before}"
    changed = written(text, StoryRecord(status="Ready for Review"))
    assert after in changed
    assert len(changed.splitlines()) == len(text.splitlines())


@pytest.mark.parametrize("text", ["<details>", "<https://example.org>", "<br>", "`<node>`", "TBDs"])
def test_markup_is_no_placeholder(text: str) -> None:
    assert not is_placeholder(text)


def test_endings_and_a_missing_newline_at_the_end_stay() -> None:
    text = (HEAD + PLACEHOLDERS).replace("\n", "\r\n").rstrip("\r\n")
    after = written(text)
    assert after.count("\n") == after.count("\r\n")
    assert not after.endswith("\n")


def test_lines_put_in_at_the_end_of_a_text_without_a_newline_leave_it_without() -> None:
    edits = TextEdits(Lines("a\r\nb", "x"))
    edits.insert(2, ["c", "d"])
    assert edits.text() == "a\r\nb\r\nc\r\nd"


def _kept(before: str, after: str) -> None:
    """Every line but placeholders and the status is still there, in its order."""
    rest = iter(after.splitlines())
    for line in before.splitlines():
        if not is_placeholder(line.strip()) and "tatus" not in line:
            assert line in rest, line


def _same_work(before: str, after: str) -> None:
    one, two = parse_story(before, "a.md"), parse_story(after, "a.md")
    assert [task.id for task in one.tasks] == [task.id for task in two.tasks]
    assert [item.id for item in one.criteria] == [item.id for item in two.criteria]
    assert [box.span.raw.rstrip() for box in one.boxes] == [
        box.span.raw.rstrip() for box in two.boxes
    ]
    assert [block.body.rstrip() for block in one.blocks] == [
        block.body.rstrip() for block in two.blocks
    ]
    assert len(one.dependencies) == len(two.dependencies)


_PARTS = st.sampled_from(
    [
        "## Change Log",
        "| Date | Version | Description |",
        "|---|---|---|",
        "| 2025-10-26 | 1.0 | a |",
        "### v3.0 - 2025-10-26",
        "## Dev Agent Record",
        "### Agent Model Used",
        "### Debug Log References",
        "### Completion Notes List",
        "#### Phase 2",
        "### File List",
        "<to be filled by dev>",
        "- `kubernetes/c.yaml` (modified)",
        "paragraph",
        "---",
        "",
        "## QA Results",
        "*** End of Story ***",
        "## Tasks",
        "- [ ] a box",
        "```bash",
        "```",
    ]
)


@settings(max_examples=200)
@given(st.lists(_PARTS, max_size=25), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_whatever_records_there_are_every_other_line_is_kept(
    parts: list[str], ending: str, ended: bool
) -> None:
    text = ending.join([*HEAD.splitlines(), *parts]) + (ending if ended else "")
    if any(not block.closed for block in parse_story(text, "a.md").blocks):
        with pytest.raises(StoryError, match="never closed"):
            written(text)
        return
    after = written(text)
    _kept(text, after)
    _same_work(text, after)
    if ending == "\r\n" and "\n" in text:
        assert after.count("\n") == after.count("\r\n")


@pytest.mark.shared
@pytest.mark.parametrize("name", SAMPLES)
def test_a_real_story_keeps_every_line_and_is_recorded_once(shared: Path, name: str) -> None:
    text = (shared / "corpus" / "stories" / f"{name}.md").read_bytes().decode()
    after = written(text)
    _kept(text, after)
    _same_work(text, after)
    assert written(after) == after
    assert len(added(text)) >= 5
