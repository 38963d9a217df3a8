"""Promises that hold for any text at all: nothing lost, nothing raised, one byte per tick."""

from __future__ import annotations

import os
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storyrunner.stories.bindings import bind_blocks
from storyrunner.stories.parser import parse_story, render
from storyrunner.stories.show import to_expected, to_findings
from storyrunner.stories.ticks import set_box

_PIECES = [
    "# 07 — STORY-A-B — Title",
    "## Acceptance Criteria",
    "## Tasks / Subtasks",
    "## 🛠️ Tasks / Subtasks",
    "## Definition of Done",
    "## Dependencies / Inputs",
    "## Change Log",
    "## Dev Agent Record",
    "### File List",
    "## QA Results",
    "## Status",
    "### T1: First",
    "### T2 — Second (AC1–AC3)",
    "**T3 — Third** (AC: 1, 2)",
    "- [x] T4: Fourth (AC: 4)",
    "- T5 — Fifth",
    "### Phase 0: Zero",
    "#### 0.1. Step",
    "- [ ] open",
    " - [x] one blank",
    "  - [ ] nested `kubectl get x`",
    "1. [ ] numbered",
    "1. **Title:**",
    "1) text",
    "**AC1** (Task T2): text",
    "### AC-1: Title",
    "```bash",
    "  ```yaml",
    "```",
    "  ```",
    "```markdown",
    "\\`\\`\\`",
    "\\`\\`\\`bash",
    "~~~",
    "````md",
    "**Deferred to Story 45:**",
    "- ❌ later",
    "| a | b |",
    "|---|---|",
    "Sequence: 07/50 | Prev: — | Next: TBD",
    "**Status:** Draft | **Date:** 2025-01-01",
    "- Story 43 (STORY-X-Y), Stories 1-9",
    "AC\u20111 → T1, T2",
    "mkdir -p kubernetes/a/{b,c}",
    "- Create `x.yaml`:",
    "\ufeff",
    "\x0b\x0c\x1c\u2028",
    "",
]
_LINE = st.one_of(st.sampled_from(_PIECES), st.text(max_size=40))
_END = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\n\n"])
_TEXT = st.one_of(
    st.text(max_size=400),
    st.lists(st.tuples(_LINE, _END), max_size=60).map(
        lambda rows: "".join(line + end for line, end in rows)
    ),
)
_EXAMPLES = int(os.environ.get("STORYRUNNER_FUZZ_EXAMPLES", "120"))
_SOME = settings(
    max_examples=_EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@_SOME
@given(_TEXT)
def test_any_text_is_read_without_loss_and_without_an_exception(text: str) -> None:
    story = parse_story(text, "docs/stories/any.md")
    assert render(story) == text
    assert story.lines == sum(1 for _ in _lines(text))
    to_expected(story)
    to_findings(story)


@_SOME
@given(_TEXT)
def test_every_element_stands_where_it_says_and_keeps_its_raw_text(text: str) -> None:
    story = parse_story(text, "any.md")
    lines = list(_lines(text))
    spans = [part.span for part in (*story.sections, *story.boxes, *story.blocks)]
    spans += [part.span for part in (*story.criteria, *story.subtasks, *story.deferred)]
    spans += [part.span for part in (*story.done, *story.dependencies, *story.qa)]
    spans += [d.span for task in story.tasks for d in task.declarations]
    spans += [part.span for task in story.tasks for part in (*task.items, *task.inline_commands)]
    spans += [part.span for part in (*story.header.fields, *story.change_log.entries)]
    if story.agent_record is not None:
        spans += [story.agent_record.span, *(entry.span for entry in story.agent_record.files)]
    for span in spans:
        assert 1 <= span.first <= span.last <= len(lines)
        assert span.raw == "".join(lines[span.first - 1 : span.last])
        assert span.path == "any.md"


@_SOME
@given(_TEXT, st.data())
def test_a_tick_changes_exactly_the_mark_and_can_be_taken_back(
    text: str, data: st.DataObject
) -> None:
    story = parse_story(text, "any.md")
    if not story.boxes:
        return
    box = data.draw(st.sampled_from(story.boxes))
    ticked = set_box(text, box, not box.checked)
    assert len(ticked) == len(text)
    assert [i for i, (a, b) in enumerate(zip(text, ticked, strict=True)) if a != b] == [box.offset]
    again = {other.offset: other for other in parse_story(ticked, "any.md").boxes}
    assert again[box.offset].checked is not box.checked
    assert len(again) == len(story.boxes)
    back = set_box(ticked, again[box.offset], box.checked)
    assert back.replace("X", "x") == text.replace("X", "x")


@_SOME
@given(_TEXT, st.data())
def test_any_set_of_boxes_ticked_and_opened_again_gives_the_same_bytes(
    text: str, data: st.DataObject
) -> None:
    boxes = [box for box in parse_story(text, "any.md").boxes if not box.checked]
    if not boxes:
        return
    chosen = data.draw(st.lists(st.sampled_from(boxes), unique_by=lambda box: box.offset))
    ticked = text
    for box in chosen:
        ticked = set_box(ticked, box, True)
    differing = [i for i, (a, b) in enumerate(zip(text, ticked, strict=True)) if a != b]
    assert differing == sorted(box.offset for box in chosen)
    assert len(_bytes(ticked)) == len(_bytes(text))
    opened = ticked
    for box in parse_story(ticked, "any.md").boxes:
        if box.offset in differing:
            opened = set_box(opened, box, False)
    assert _bytes(opened) == _bytes(text)


@_SOME
@given(_TEXT)
def test_no_block_of_a_quoted_document_is_ever_in_an_executable_zone(text: str) -> None:
    story = parse_story(text, "any.md")
    for block in story.blocks:
        assert (block.zone.value == "nested") == bool(block.document)
    for binding in bind_blocks(story):
        assert binding.line not in {block.line for block in story.blocks if block.document}


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _lines(text: str) -> list[str]:
    """An independent reading of what a line is."""
    out, start, at = [], 0, 0
    while at < len(text):
        if text[at] == "\r" and text[at + 1 : at + 2] == "\n":
            at += 1
        if text[at] in "\r\n":
            out.append(text[start : at + 1])
            start = at + 1
        at += 1
    return [*out, text[start:]] if start < len(text) else out


_BOMBS = {
    "open fences": "```bash\n## Definition of Done\n",
    "open documents": "```markdown\n## Definition of Done\n",
    "bare fences": "```\n",
    "two kinds of fences": "```a\n## X\n~~~\n",
    "escaped fences": "\\`\\`\\`bash\n",
    "twin tasks": "## Tasks\n### T1: x\n- [ ] y\n",
    "subtasks": "## Tasks\n### T1: x\n- [ ] **T1.1**: y\n",
    "arrows": "- AC1 → T1, T2, T1-T60\n",
    "twin criteria": "## Acceptance Criteria\n1. **x:**\n",
    "deep items": "  - [ ] x\n    - y\n",
    "rows": "## Change Log\n| a | `b | c |\n",
    "labels": "**Deferred to Story 45:**\n- x\n",
    "headings": "### a\n#### b\n",
    "dependencies": "## Dependencies\n- Story 1-60, 1-60 (STORY-A)\n",
}


@pytest.mark.parametrize("name", list(_BOMBS))
def test_time_grows_with_the_text_and_not_with_its_square(name: str) -> None:
    head = "# 07 — STORY-A — T\n"
    small = _seconds(head + _BOMBS[name] * 400)
    large = _seconds(head + _BOMBS[name] * 3200)
    assert large < 8 * small * 3 + 0.05


@pytest.mark.parametrize(
    "line",
    [
        "# " + "a" + " " * 20_000 + "b",
        "#" * 20_000 + "x",
        "-" * 20_000 + "x",
        "* " * 10_000 + "x",
        "`" * 20_000 + "x",
        "| " + "`|" * 10_000,
        "**" * 10_000 + "x",
        "Sequence: " + "| x " * 5_000,
        "- [ ] " + "`kubectl x` (" * 2_000,
        "### T1: " + "(AC: 1 " * 3_000,
        "- AC1 → " + "T1-" * 8_000,
        "- " + "Story 1, " * 3_000,
        "\\`" * 10_000,
        "1" * 20_000 + ". x",
    ],
)
def test_one_long_line_is_no_bomb(line: str) -> None:
    for head in (
        "",
        "## Tasks\n",
        "## Acceptance Criteria\n",
        "## Change Log\n",
        "## Dependencies\n",
    ):
        assert _seconds(head + line) < 1.0


def _seconds(text: str) -> float:
    best = 9.0
    for _ in range(2):
        start = time.thread_time()
        parse_story(text, "bomb.md")
        best = min(best, time.thread_time() - start)
    return best
