"""A story without what working on it changes: so that ticking a box does not undo its own proof.

What is asked and how stays; marks of boxes, the status, the change log, the agent's record and the
QA results go. It must not know what any of it means.
"""

from __future__ import annotations

from collections.abc import Iterator

from storyrunner.model.story import SectionKind, Story

RECORDS = (SectionKind.CHANGE_LOG, SectionKind.AGENT_RECORD, SectionKind.QA)
_STATUS = "status"


def blanked(story: Story) -> str:
    """The text with every box open, no status, no record sections and no empty lines."""
    text = list(story.text)
    for box in story.boxes:
        text[box.offset] = " "
    for field in story.header.fields:
        if field.key == _STATUS:
            text[field.offset : field.offset + len(field.value)] = " " * len(field.value)
    left_out = {line for first, last in _records(story) for line in range(first, last + 1)}
    lines = "".join(text).split("\n")
    kept = (line for number, line in enumerate(lines, 1) if number not in left_out)
    return "\n".join(line.rstrip() for line in kept if line.strip())


def _records(story: Story) -> Iterator[tuple[int, int]]:
    for kind in RECORDS:
        for section in story.sections_of(kind):
            yield section.span.first, section.span.last
