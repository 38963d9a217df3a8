"""What of a build's files never reaches the cluster: files the Flux source leaves out.

The build tools read `.sourceignore` only at and below the path they build; the source controller
applies all of them, and its own rules, to the whole repository (semantics.md §1.8, §2.1).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from storyrunner import regular
from storyrunner.errors import Place
from storyrunner.gitops.sourceignore import IGNORE_FILE, Ignore, Pattern, parse_patterns
from storyrunner.model.finding import Finding, warning


def left_out(tree: Path, read: Iterable[str]) -> list[Finding]:
    """A warning for each file that a build read and that the Flux source would leave out."""
    files = sorted(read)
    patterns: list[Pattern] = []
    for folder in _folders_of(files):
        path = tree / folder / IGNORE_FILE
        if path.is_file():
            parts = tuple(folder.split("/")) if folder else ()
            patterns += parse_patterns(regular.read_text(path, "utf-8", "replace"), parts)
    decided = _decisions(tuple(patterns))
    ignore = Ignore(tuple(patterns))
    for shown in files:
        if shown not in decided:
            decided[shown] = ignore.excludes(shown, is_folder=False)
    return [
        warning(
            "flux.ignored-by-source",
            "the Flux source leaves this file out (.sourceignore or Flux's own rules), "
            "so it never reaches the cluster",
            Place(shown),
        )
        for shown in files
        if decided[shown]
    ]


def _folders_of(files: Iterable[str]) -> list[str]:
    """All folders above files (posix), the root ("") first, each before those below it."""
    found = {""}
    for shown in files:
        folder = shown.rpartition("/")[0]
        while folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return sorted(found, key=lambda folder: folder.split("/") if folder else [])


@lru_cache(maxsize=4)
def _decisions(_patterns: tuple[Pattern, ...]) -> dict[str, bool]:
    """What the same patterns said of paths before: most files of a build are those of the last."""
    return {}
