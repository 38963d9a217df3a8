"""The shell commands of a story that somebody is meant to run, each with its place.

Only the executable zone counts: blocks of tasks and of validation sections, and commands in the
task's checkboxes; never deferred ones, never documents the story quotes. What the agent record says
was run is read apart: it is history, but it is what the next reader copies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from storyrunner.errors import Place
from storyrunner.model.story import CodeBlock, Story, Zone
from storyrunner.stories.shell_pipelines import Pipeline, read_pipelines

SHELLS = frozenset({"bash", "sh", "shell", "zsh"})
_ZONES = frozenset({Zone.TASK, Zone.VALIDATION})
_RECORDED = re.compile(r"[ \t]*[-*][ \t]+`([^`]+)`")
_PROGRAM = re.compile(r"(?:flux|kubectl|kustomize|yq|grep)[ \t]+\S")


@dataclass(frozen=True, slots=True)
class StoryCommand:
    """A pipeline of a story. `source` is `block`, `inline` or `record`; `before` are the commands
    of the same block up to it, `following` the next one, if any."""

    pipeline: Pipeline
    place: Place
    task: str
    source: str
    before: tuple[Pipeline, ...] = ()
    following: Pipeline | None = None


def commands_of(story: Story) -> Iterator[StoryCommand]:
    """All commands of the executable zone in the order of the text, then those of the record."""
    found = [*_of_blocks(story), *_inline(story)]
    yield from sorted(found, key=lambda command: command.place)
    yield from _recorded(story)


def is_executable(block: CodeBlock) -> bool:
    """A shell block somebody is meant to run when working on this story."""
    return (
        block.language in SHELLS
        and block.zone in _ZONES
        and not block.deferred
        and block.document == 0
    )


def _of_blocks(story: Story) -> Iterator[StoryCommand]:
    for block in story.blocks:
        if not is_executable(block):
            continue
        written = block.span.raw.splitlines()
        pipelines = read_pipelines(block.body)
        for index, pipeline in enumerate(pipelines):
            following = pipelines[index + 1] if index + 1 < len(pipelines) else None
            yield StoryCommand(
                pipeline,
                _place(block, written, pipeline.start),
                block.task,
                "block",
                tuple(pipelines[max(0, index - _MOST_BEFORE) : index]),
                following,
            )


_MOST_BEFORE = 64


def _place(block: CodeBlock, written: list[str], offset: int) -> Place:
    row = block.body.count("\n", 0, offset)
    start = block.body.rfind("\n", 0, offset) + 1
    stop = block.body.find("\n", offset)
    dedented = (stop if stop >= 0 else len(block.body)) - start
    line = written[row + 1] if row + 1 < len(written) else ""
    taken = max(0, len(line) - dedented)
    return Place(block.span.path, block.body_line + row, taken + offset - start + 1)


def _inline(story: Story) -> Iterator[StoryCommand]:
    for task in story.tasks:
        for command in task.inline_commands:
            if not command.boxed:
                continue
            at = command.span.raw.find(f"`{command.text}`") + 2
            place = Place(command.span.path, command.span.first, max(1, at))
            for pipeline in read_pipelines(command.text):
                yield StoryCommand(pipeline, place, task.id, "inline")


def _recorded(story: Story) -> Iterator[StoryCommand]:
    record = story.agent_record
    if record is None:
        return
    for number, line in enumerate(record.span.raw.splitlines()):
        match = _RECORDED.match(line)
        if match is None or _PROGRAM.match(match[1]) is None:
            continue
        place = Place(record.span.path, record.span.first + number, match.start(1) + 1)
        for pipeline in read_pipelines(match[1]):
            yield StoryCommand(pipeline, place, "", "record")
