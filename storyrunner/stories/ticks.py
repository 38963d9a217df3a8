"""Ticks: finding boxes by what they say and changing one mark, with no other byte touched.

It changes text, not files, and never guesses: no match and several matches are findings.
"""

from __future__ import annotations

from storyrunner.errors import Place, StoryError
from storyrunner.model.finding import Finding, error
from storyrunner.model.frozen import dataclass
from storyrunner.model.story import Checkbox, Story
from storyrunner.stories.titles import fold

_MARKS = frozenset(" xX")


@dataclass(frozen=True, slots=True)
class BoxMatch:
    """Exactly one box, or the finding that says why not; `boxes` are all candidates."""

    boxes: tuple[Checkbox, ...]
    finding: Finding | None = None

    @property
    def box(self) -> Checkbox | None:
        """The one box, None when there is a finding."""
        return self.boxes[0] if self.finding is None else None


def set_box(text: str, checkbox: Checkbox, checked: bool) -> str:
    """The text with that one mark set; the same text when it already is (`[X]` counts as set).

    Raises StoryError when the text is no longer the one the box was read from.
    """
    at = checkbox.offset
    if not (0 < at < len(text) - 1 and text[at - 1] == "[" and text[at + 1] == "]"):
        raise _changed(checkbox)
    if text[at] not in _MARKS or not _same_line(text, checkbox):
        raise _changed(checkbox)
    if (text[at] != " ") == checked:
        return text
    return f"{text[:at]}{'x' if checked else ' '}{text[at + 1 :]}"


def find_boxes(
    story: Story, *, text: str = "", task: str = "", section: str = ""
) -> tuple[Checkbox, ...]:
    """All boxes that fit every given condition; dashes, backticks, blanks and case are folded.

    `task` is an id, `section` the title of the box's section or of one around it, with or without
    emoji and suffix.
    """
    wanted_text, wanted_task = _fold_text(text), task.casefold()
    sections = _sections_named(story, section) if section else None
    return tuple(
        box
        for box in story.boxes
        if (not wanted_text or _fold_text(box.text) == wanted_text)
        and (not wanted_task or box.task.casefold() == wanted_task)
        and (sections is None or box.section in sections)
    )


def find_box(story: Story, *, text: str = "", task: str = "", section: str = "") -> BoxMatch:
    """The one box that fits, or a finding: absent boxes and ambiguous ones are never guessed."""
    boxes = find_boxes(story, text=text, task=task, section=section)
    if len(boxes) == 1:
        return BoxMatch(boxes)
    sought = _sought(text, task, section)
    if boxes:
        lines = ", ".join(str(box.line) for box in boxes)
        return BoxMatch(
            boxes,
            error(
                "story-box-ambiguous",
                f"{len(boxes)} boxes are {sought}: lines {lines}",
                boxes[0].place,
                hint="name the task or the section of the one that is meant",
            ),
        )
    place = Place(story.path)
    hint = "the words must be those of the story; dashes, backticks and blanks do not matter"
    return BoxMatch((), error("story-box-absent", f"no box is {sought}", place, hint=hint))


def _fold_text(text: str) -> str:
    return fold(text).rstrip(": ")


def _same_line(text: str, checkbox: Checkbox) -> bool:
    start = checkbox.offset - checkbox.column + 1
    raw = checkbox.span.raw
    now = text[start : start + len(raw)]
    at = checkbox.column - 1
    return now[:at] == raw[:at] and now[at + 1 :] == raw[at + 1 :]


def _changed(checkbox: Checkbox) -> StoryError:
    return StoryError(
        "the story has changed since it was read: the box is no longer here",
        place=checkbox.place,
        hint="read the story again and repeat",
    )


def _sections_named(story: Story, name: str) -> set[int]:
    wanted = fold(name)
    found: set[int] = set()
    for section in story.sections:
        own = wanted in (fold(section.title), fold(section.name))
        if own or section.parent in found:
            found.add(section.index)
    return found


def _sought(text: str, task: str, section: str) -> str:
    parts = [f"“{text}”"] if text else []
    parts += [f"of task {task}"] if task else []
    parts += [f"under “{section}”"] if section else []
    return " ".join(parts) or "asked for"
