"""The story's commands that a step stands for because they cannot work as written, as notes on it.

So that whoever follows the story sees the original beside what is run or checked in its place.
"""

from __future__ import annotations

from collections.abc import Iterator

from storyrunner.errors import Place
from storyrunner.model.finding import Finding, note
from storyrunner.model.step import Corrected, Step
from storyrunner.model.story import Story
from storyrunner.steps.base import HERE

RULE = "corrected-command"


def corrections(step: Step, story: Story | None) -> Iterator[Finding]:
    """A note for every command that the step stands for, at its line of the story."""
    for one in getattr(step, "corrects", ()):
        yield note(RULE, _text(one), _place(one, story), got=one.written, expected=one.instead)


def _text(one: Corrected) -> str:
    instead = f"instead: {_line(one.instead)}" if one.instead else "this step checks it instead"
    return f"{_line(one.written)}  cannot be run as written: {'; '.join(one.because)}; {instead}"


def _line(command: str) -> str:
    return " ".join(command.replace("\\\n", " ").split())


def _place(one: Corrected, story: Story | None) -> Place:
    return Place(story.path, one.line) if story is not None and one.line else HERE
