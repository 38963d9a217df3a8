"""What a story says that was not understood, or that points nowhere: kept verbatim, reported here.

Contradictions with the repository are not for this room; it sees one story's text only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from storyrunner.errors import Place
from storyrunner.model.finding import Finding, note, warning
from storyrunner.model.story import (
    Header,
    Section,
    SectionKind,
    StoryCriterion,
    StoryTask,
)
from storyrunner.stories.header import Title
from storyrunner.stories.lines import Lines
from storyrunner.stories.mapping import tasks_named
from storyrunner.stories.tokens import Kind
from storyrunner.stories.walk import Walk

_SEQUENCE = re.compile(r"(\d{1,4})[ ]*/")
_FILE_ID = re.compile(r"STORY-[\w-]+", re.IGNORECASE)
_READING = (
    "executive summary|overview|design|dev notes|architect|rollback|risk|po validation|testing"
    "|success|greenfield|notes|references|end of story|technical|security|monitoring|background"
    "|context|assumptions|architecture|summary|appendix|related|handoff|non-goals|reevaluation"
)
_KNOWN_READING = re.compile(_READING, re.IGNORECASE)
_MARKED = frozenset("❌⛔")


def id_of_path(path: str) -> str:
    """The `STORY-…` of a file name, empty when it has none."""
    match = _FILE_ID.search(path.rsplit("/", 1)[-1].rsplit(".", 1)[0])
    return match[0] if match else ""


def sequences(header: Header) -> list[int]:
    """The numbers before the `/` of the header's sequences."""
    values = (header.sequence, header.global_sequence)
    return [int(match[1]) for value in values if (match := _SEQUENCE.match(value))]


def diagnose_title(path: str, title: Title, header: Header) -> Iterator[Finding]:
    """The first heading against the file name and the header's sequences."""
    place = Place(path, max(title.line, 0) + 1)
    if not title.id:
        message = "the first heading is not “NN — STORY-ID — Title”"
        yield warning("story-title", message, place)
    name = id_of_path(path)
    if title.id and name and name.casefold() != title.id.casefold():
        message = f"the file is {name}, its title says {title.id}"
        yield warning("story-id-differs", message, place)
    numbers = [title.number] if title.number >= 0 else []
    for first, second in pairwise([*numbers, *sequences(header)]):
        if first != second:
            message = f"the story is number {first} and {second} in its own header"
            yield warning("story-number-differs", message, place)
            break


def diagnose_parts(
    path: str,
    sections: Sequence[Section],
    criteria: Sequence[StoryCriterion],
    tasks: Sequence[StoryTask],
) -> Iterator[Finding]:
    """Sections of no known kind, absent criteria and tasks, references that lead nowhere."""
    kinds = {section.kind for section in sections}
    for section in sections:
        if section.level == 2 and section.kind is SectionKind.OTHER:
            yield from _unknown(section)
    if not criteria:
        has_section = SectionKind.CRITERIA in kinds
        absent = "there is no section of acceptance criteria"
        text = "no acceptance criteria were found" if has_section else absent
        yield warning("story-criteria-none", text, Place(path))
    if not tasks:
        first = next((s.span.place for s in sections if s.kind is SectionKind.TASKS), Place(path))
        where = (
            "the tasks have no ids" if SectionKind.TASKS in kinds else "there is no task section"
        )
        yield note("story-tasks-none", where, first)
    yield from _dangling(criteria, tasks)


def _unknown(section: Section) -> Iterator[Finding]:
    if not _KNOWN_READING.search(section.title):
        message = f"the section “{section.title}” is of no known kind; it is kept for reading"
        yield note("story-section-unknown", message, section.span.place)


def _dangling(criteria: Sequence[StoryCriterion], tasks: Sequence[StoryTask]) -> Iterator[Finding]:
    numbers = {criterion.number for criterion in criteria}
    for task in tasks:
        absent = [f"AC{number}" for number in task.criteria if number not in numbers]
        if absent and numbers:
            message = f"{task.id} serves {', '.join(absent)}, which the story does not have"
            yield warning("story-criterion-unknown", message, task.declarations[0].span.place)
    ids = {task.id for task in tasks}
    for criterion in criteria:
        head = criterion.span.raw.partition("\n")[0]
        lost = [name for name in tasks_named(head) if name not in ids]
        if lost and ids:
            message = f"{criterion.id} names {', '.join(lost)}, which the story does not have"
            yield warning("story-task-unknown", message, criterion.span.place)


def diagnose_items(lines: Lines, found: Walk, unread: Iterable[int]) -> Iterator[Finding]:
    """Header lines that are no field, and items marked `❌` that no label leaves to others."""
    for line in unread:
        message = "this line of the header is no field; it is kept as it is"
        yield note("story-header-line", message, Place(lines.path, line + 1))
    places = (SectionKind.SCOPE, SectionKind.CRITERIA, SectionKind.DONE)
    for token, context in zip(found.tokens, found.contexts, strict=True):
        if (
            token.kind is Kind.ITEM
            and token.text[:1] in _MARKED
            and context.kind in places
            and not context.deferred
            and not context.runtime
        ):
            message = "marked ❌, but no heading or label leaves it to another story"
            yield note("story-deferred-unlabelled", message, Place(lines.path, token.line + 1))
