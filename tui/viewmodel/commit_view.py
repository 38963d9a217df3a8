"""The commit before it is made: files with their tasks, strays, and the checks of its message."""

from __future__ import annotations

import re
from dataclasses import dataclass

from storyrunner.model.decision import CommitDraft

MOST_SUBJECT = 72
CONVENTIONAL = re.compile(r"[a-z]+(?:\([^()\s]+\))?!?: \S")
"""`type(scope): text`, as conventionalcommits.org has it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a message, in words."""

    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of the working tree; `mark` is its task, or says why it stays out."""

    name: str
    mark: str


@dataclass(frozen=True, slots=True)
class Folder:
    """Files under a heading: a folder's path with its slash, or what is wrong with them all."""

    title: str
    files: tuple[FileRow, ...]
    is_stray: bool = False


def message_checks(message: str) -> tuple[Check, ...]:
    """Length of the subject, Conventional Commit form, an empty second line."""
    lines = message.split("\n")
    subject = lines[0]
    body = [line for line in lines[1:] if line.strip()]
    length = f"{len(subject)}/{MOST_SUBJECT}"
    return (
        _check(0 < len(subject) <= MOST_SUBJECT, f"subject {length}", f"subject not {length}"),
        _check(bool(CONVENTIONAL.match(subject)), "conventional", "not type(scope): text"),
        _check(not body or not lines[1].strip(), "line 2 blank", "line 2 not blank"),
    )


def _check(ok: bool, text: str, otherwise: str) -> Check:
    return Check(ok, text if ok else otherwise)


def is_empty(message: str) -> bool:
    """True when git would refuse it: nothing but blanks and comments."""
    lines = (line.strip() for line in message.split("\n"))
    return not any(line and not line.startswith("#") for line in lines)


def folders(draft: CommitDraft) -> tuple[Folder, ...]:
    """What is missing first, then the files by folder with their tasks, then what stays out."""
    by_folder: dict[str, list[FileRow]] = {}
    for file in draft.files:
        folder, slash, name = file.path.rpartition("/")
        by_folder.setdefault(folder + slash, []).append(FileRow(name, f"{file.task} {file.state}"))
    inside = [Folder(title or "./", tuple(rows)) for title, rows in by_folder.items()]
    return (
        *_strays("missing from the commit", draft.omissions, "missing"),
        *inside,
        *_strays("not this story's, stay out", draft.strays, "stray"),
        *_strays("staged before, stay staged and out", draft.staged_elsewhere, "staged"),
    )


def _strays(title: str, paths: tuple[str, ...], mark: str) -> tuple[Folder, ...]:
    rows = tuple(FileRow(path, mark) for path in paths)
    return (Folder(title, rows, is_stray=True),) if rows else ()
