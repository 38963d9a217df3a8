"""Reads what `lint` and `list` look at: names of files, stories, QA documents. Never writes."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from storyrunner import regular
from storyrunner.errors import Place, StoryError
from storyrunner.model.story import Story
from storyrunner.stories.library import StoryRef, read_story
from storyrunner.stories.lint import is_document
from storyrunner.stories.repository_lint import RepositoryFiles

SKIPPED = frozenset({".git", "node_modules", ".venv", "__pycache__"})
_MOST_BYTES = 4 * 2**20


def read_names(root: Path) -> RepositoryFiles:
    """The names of all files and folders below `root`; links are named, never followed."""
    top = root.resolve()
    paths: list[str] = []
    folders: list[str] = []
    for folder, inner, names in os.walk(top, followlinks=False):
        inner[:] = sorted(name for name in inner if name not in SKIPPED)
        prefix = Path(folder).relative_to(top).as_posix()
        prefix = "" if prefix == "." else f"{prefix}/"
        folders.extend(f"{prefix}{name}" for name in inner)
        paths.extend(f"{prefix}{name}" for name in names)
    return RepositoryFiles.of(paths, folders)


def read_stories(
    root: Path, refs: Sequence[StoryRef], unreadable: Callable[[StoryError], None]
) -> dict[str, Story]:
    """The stories by path; one that cannot be read is told to `unreadable` and left out."""
    stories: dict[str, Story] = {}
    for ref in refs:
        try:
            stories[ref.path] = read_story(root / ref.path, ref.path)
        except StoryError as problem:
            unreadable(problem)
    return stories


def read_documents(
    root: Path, files: RepositoryFiles, unreadable: Callable[[StoryError], None]
) -> dict[str, str]:
    """The texts of QA documents, gates and trackers by path."""
    texts: dict[str, str] = {}
    top = root.resolve()
    for path in sorted(filter(is_document, files.paths)):
        file = top / path
        try:
            if file.resolve().is_relative_to(top) and file.stat().st_size <= _MOST_BYTES:
                texts[path] = regular.read_text(file, encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            reason = getattr(problem, "strerror", None) or "it is not UTF-8 text"
            unreadable(StoryError(f"cannot be read: {reason}", place=Place(path)))
    return texts
