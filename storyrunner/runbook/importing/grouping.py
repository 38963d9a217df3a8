"""Which commands of a block are one: those that `&&` and `||` join, and a check with its excuse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from storyrunner.runbook.importing.shell import joins
from storyrunner.stories.commands_in import StoryCommand
from storyrunner.stories.doctor_text import CHECKING
from storyrunner.stories.shell_pipelines import Pipeline


def groups_of(pipelines: Sequence[Pipeline]) -> list[list[int]]:
    """Indexes of the commands that `&&` and `||` join, in the order of the text."""
    groups: list[list[int]] = []
    for index, _ in enumerate(pipelines):
        if index and joins(pipelines[index - 1]):
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def without_true(commands: Sequence[StoryCommand]) -> list[StoryCommand]:
    """The commands without the `|| true` behind a check, which the doctor takes away."""
    kept: list[StoryCommand] = []
    for command in commands:
        if kept and _is_excused(kept[-1].pipeline) and _is_true(command.pipeline):
            continue
        kept.append(command)
    return kept


def ended(pipelines: Sequence[Pipeline], commands: Sequence[StoryCommand]) -> list[Pipeline]:
    """The pipelines, each excused check as one that stands for itself."""
    return [
        replace(one, after="\n") if _is_excused(one) and _excuse(command) else one
        for one, command in zip(pipelines, commands, strict=True)
    ]


def _excuse(command: StoryCommand) -> bool:
    return command.following is not None and _is_true(command.following)


def _is_excused(pipeline: Pipeline) -> bool:
    checks = any(part.program in CHECKING for part in pipeline.parts)
    return pipeline.after == "||" and checks


def _is_true(pipeline: Pipeline) -> bool:
    return [part.argv for part in pipeline.parts] in ([("true",)], [(":",)])
