"""`storyrunner import`: a story as a runbook, printed or put into a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from storyrunner.cli.output import say
from storyrunner.engine.finding_stories import runbooks_by_story
from storyrunner.errors import StoryError, UsageError
from storyrunner.runbook.importing.assembling import import_story
from storyrunner.stories.library import find_stories, read_story, resolve


def import_runbook(
    root: Path,
    reference: str,
    output: Path | None,
    write: Callable[[str], None],
    *,
    replace: bool = False,
) -> int:
    """Print the runbook of a story, or put it into `output`.

    Returns 0. Raises StoryError when there is no such story or it gives no runbook, UsageError when
    `output` is there and says something else (unless `replace`) or cannot be written.
    """
    ref = resolve(root, find_stories(root, unreadable=_tell), reference)
    made = import_story(read_story(root / ref.path, ref.path), root)
    known = runbooks_by_story(root).get(ref.id)
    if known:
        say("storyrunner: " + f"{ref.id} has a runbook already, which runs it: {known}")
    if output is None:
        write(made.text.removesuffix("\n"))
        return 0
    say("storyrunner: " + _put(output, made.text.encode("utf-8"), replace=replace))
    return 0


def _put(output: Path, data: bytes, *, replace: bool) -> str:
    """Write the file whole or not at all; what was done, in words."""
    try:
        before = output.read_bytes() if output.exists() else None
        if before == data:
            return f"{output} says this already"
        if before is not None and not replace:
            raise UsageError(
                f"{output} is there and says something else: it was left as it is",
                hint="--replace overwrites it; without -o the runbook is printed",
            )
        output.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(output, data)
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise UsageError(f"cannot write {output}: {reason}") from problem
    return f"{'replaced' if before is not None else 'written'}: {output}"


def _write_whole(output: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)
        Path(name).replace(output)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _tell(problem: StoryError) -> None:
    """A file that cannot be read hides no other story; it is an error when it is meant."""
    say("storyrunner: " + f"a story is left out: {problem}")
