"""The kinds of step, by the word that stands for them in a runbook. Adding one is one line here."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from storyrunner.model.step import Step
from storyrunner.steps.base import StepKind
from storyrunner.steps.build import Build
from storyrunner.steps.commit import Commit
from storyrunner.steps.confirm import Confirm
from storyrunner.steps.dry_run import DryRun
from storyrunner.steps.edit import Edit
from storyrunner.steps.query import Query
from storyrunner.steps.require import Require
from storyrunner.steps.write import Write


def _command() -> StepKind:
    from storyrunner.steps.command import Command  # late: it reads shell, and few stories have one

    return Command()


KINDS: dict[str, Callable[[], StepKind]] = {
    "require": Require,
    "write": Write,
    "edit": Edit,
    "dry_run": DryRun,
    "build": Build,
    "query": Query,
    "command": _command,
    "confirm": Confirm,
    "commit": Commit,
}


@cache
def kind_called(word: str) -> StepKind:
    """The kind of step that a word stands for."""
    return KINDS[word]()


def kind_of(step: Step) -> StepKind:
    """What knows how to check a step and carry it out."""
    return kind_called(step.kind)
