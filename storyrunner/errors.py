"""The exception tree: programs that cannot go on. A failing check is data, never one of these.

Exceptions never print; `storyrunner.cli` turns them into one line, a hint and an exit code.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: a path relative to the repository, a 1-based line and column."""

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class StoryrunnerError(Exception):
    """Base of all expected errors: what happened, where, and one hint.

    `exit_code` is the process's exit code when nothing handles it (design.md §6).
    """

    exit_code = 2

    def __init__(self, message: str, *, place: Place | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class UsageError(StoryrunnerError):
    """The command line asks for something that does not exist or does not fit."""


class StoryError(StoryrunnerError):
    """A story that cannot be found or read."""


class RunbookError(StoryrunnerError):
    """A runbook that is not valid: the message names the key and the nearest valid word."""


class ManifestError(StoryrunnerError):
    """A YAML file of the repository that is not YAML, or not what its reader needs."""


class RenderError(StoryrunnerError):
    """A build that the real tools would refuse too: a missing resource, a clash, a bad patch."""


class SubstitutionError(RenderError):
    """A `${…}` that Flux would refuse: a parse error, a bad name, an undefined name (strict)."""

    def __init__(
        self, message: str, *, variable: str = "", place: Place | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, place=place, hint=hint)
        self.variable = variable


class RefusedFeatureError(StoryrunnerError):
    """A rung that cannot do the job says so by the feature's name; it never guesses."""

    exit_code = 3

    def __init__(self, feature: str, *, able: str = "", place: Place | None = None) -> None:
        hint = f"{able} can do it" if able else ""
        super().__init__(f"{feature} is not supported by this engine", place=place, hint=hint)
        self.feature = feature


class DisputedFeatureError(RefusedFeatureError):
    """Releases of kustomize differ in it: only Flux itself can tell what the cluster gets."""


class ToolError(StoryrunnerError):
    """A tool that is absent, crashed, timed out or printed what cannot be read."""

    exit_code = 3


class HungToolError(ToolError):
    """A tool that did not end in its time; asked again it would take that time again."""


class WorkspaceError(StoryrunnerError):
    """A file that cannot be read or written: no room, no right, outside the repository."""

    exit_code = 3


class ConfinementError(WorkspaceError):
    """A path that leads out of the repository, or into what must not be touched."""

    exit_code = 2
