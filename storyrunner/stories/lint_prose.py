"""The lines of a story that say something themselves: neither code nor the records of the past."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from storyrunner.model.story import SectionKind, Story
from storyrunner.stories.lines import Lines


def prose(story: Story, without: Collection[SectionKind]) -> Iterator[tuple[int, str]]:
    """The lines outside code and outside top sections of these kinds: 1-based number and text
    without its ending, blank ones left out."""
    skipped: set[int] = set()
    for block in story.blocks:
        skipped.update(range(block.span.first, block.span.last + 1))
    for section in story.sections:
        if section.kind in without and section.level <= 2:
            skipped.update(range(section.span.first, section.span.last + 1))
    for line, text in enumerate(Lines(story.text, story.path).raw, 1):
        if line not in skipped and not text.isspace():
            yield line, text.rstrip("\r\n")
