"""What a render tool's failure means: whose fault it is, and which line it is about.

The tools name no line. The embedded engine reads the same files with places, so it is asked where
it would have stopped; the tool's own message is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from storyrunner.errors import HungToolError, Place, RenderError, StoryrunnerError, ToolError
from storyrunner.gitops.embedded import EmbeddedEngine
from storyrunner.gitops.flux_scan import KUSTOMIZATION_FILES, join
from storyrunner.model.command import Ending, Outcome

_QUOTED = re.compile(r"'([^'\n]+)'|\"([^\"\n]+)\"|(\S+\.ya?ml)")
_LINE = re.compile(r"\bline (\d+)")
_GLOG = re.compile(r'^E\d{4} .*?"command failed" err="(.*)"$')
_LONGEST = 2000


def check_ended(outcome: Outcome, tool: str) -> None:
    """Raise ToolError for a tool that did not end by itself: absent, timed out (HungToolError)
    or killed."""
    if outcome.ending is Ending.EXITED:
        return
    reason = {
        Ending.TIMED_OUT: f"did not end within {outcome.command.timeout:g} s",
        Ending.NOT_FOUND: "could not be started",
    }.get(outcome.ending, f"was {outcome.ending}")
    detail = first_line(outcome.stderr_text)
    kind = HungToolError if outcome.ending is Ending.TIMED_OUT else ToolError
    raise kind(f"{tool} {reason}" + (f": {detail}" if detail else ""))


def message_of(stderr: str) -> str:
    """A tool's own error message, without the decoration of its logger, at most 2000 characters."""
    lines = [line.rstrip() for line in stderr.splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith(("#", "Flag --", "►", "Warning:"))]
    text = "\n".join(lines).removeprefix("✗ ").removeprefix("Error: ").removeprefix("error: ")
    if match := _GLOG.match(text):
        text = match.group(1).replace('\\"', '"').replace("\\n", "\n")
    return text[:_LONGEST]


def first_line(text: str) -> str:
    """The first line that says anything."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def render_error(
    tool: str, message: str, walk: Callable[[], object], fallback: Callable[[], Place]
) -> RenderError:
    """The tool's refusal with the place where `walk`, the embedded way, stops as well."""
    place, hint = None, ""
    try:
        walk()
    except StoryrunnerError as error:
        place, hint = error.place, error.hint
    return RenderError(f"{tool}: {message}", place=place or fallback(), hint=hint)


def embedded_walk(
    tree: Path, directory: str, root: Mapping[str, Any] | None
) -> Callable[[], object]:
    """A walk for `render_error` over what a kustomize build of `directory` does."""
    return lambda: EmbeddedEngine().render(tree, directory, root)


def place_in_message(tree: Path, directory: str, message: str) -> Place:
    """The file a message names, with its line when that is named too; else the kustomization."""
    for match in _QUOTED.finditer(message):
        named = next(group for group in match.groups() if group)
        for shown in (named, join(directory, named)):
            if not shown.startswith(("/", "..")) and (tree / shown).is_file():
                line = _LINE.search(message)
                return Place(shown, int(line.group(1)) if line else 1)
    for name in KUSTOMIZATION_FILES:
        if (tree / directory / name).is_file():
            return Place(join(directory, name))
    return Place(directory)
