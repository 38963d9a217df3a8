"""What a check has read, for its evidence: a later change of any of it makes the proof stale.

It knows nothing of checks. Recordings follow the context: tasks and threads started inside one
(`asyncio.create_task`, `asyncio.to_thread`) record into it, others do not.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Reads = dict[str, str]
"""Relative path -> sha256 of the bytes read, or ABSENT; a path that ends in `/` is a folder whose
names were listed, with the sha256 of those and their kinds; one that starts with `?` was only
asked for. What is no single file starts with `/`, as no relative path does: see below."""

NAMES = "/names"
"""The names, kinds, modes and links of everything in the repository, and its ignore files: what a
build finds, and finds absent, wherever it looks."""
CONTENT = "/content"
"""Everything in the repository, byte for byte: for what cannot say what it read."""
CRDS = "/crds"
"""The files that name a CustomResourceDefinition, wherever they stand."""
STORY = "/story"
"""The story's text with its boxes and records blanked."""
RUNBOOK = "/runbook"
"""All that the runbook says."""
PARAMETERS = "/parameters/"
"""Followed by `[cluster.]name`: the value of a parameter of the runbook."""
TOOLS = "/tools/"
"""Followed by a name: which program that is here, and its version."""
SETTINGS = "/settings/"
"""Followed by `cluster/Kustomization`: the variables a build was given. Follows from files."""
RAN = "/ran/"
"""Followed by a command that was started, word for word: told with a proof, and no input of it."""
UNREPEATABLE = "/unrepeatable"
"""Something played a part that the next run may find otherwise, such as a tool that hung."""

ABSENT = "absent"
PRESENT = "present"

_recordings: ContextVar[tuple[Reads, ...]] = ContextVar("storyrunner_reads", default=())


@contextmanager
def recording() -> Iterator[Reads]:
    """Collect everything that is read until the end of the block; outer recordings get it too."""
    reads: Reads = {}
    token = _recordings.set((*_recordings.get(), reads))
    try:
        yield reads
    finally:
        _recordings.reset(token)


@contextmanager
def unrecorded() -> Iterator[None]:
    """What is read inside the block is told to nobody: what comes of it is noted instead."""
    token = _recordings.set(())
    try:
        yield
    finally:
        _recordings.reset(token)


def is_recorded() -> bool:
    """Whether anybody here wants to know what is read: a fingerprint may be dear."""
    return bool(_recordings.get())


def note(key: str, fingerprint: str) -> None:
    """Write one read into the recordings that are open here."""
    for reads in _recordings.get():
        reads[key] = fingerprint


def note_command(command: str) -> None:
    """Write a command that is started into the recordings that are open here."""
    note(f"{RAN}{command}", PRESENT)


def commands_in(noted: Reads) -> tuple[str, ...]:
    """The commands of a recording, in the order of their start, each once."""
    return tuple(key.removeprefix(RAN) for key in noted if key.startswith(RAN))


def file_fingerprint(data: bytes | None) -> str:
    """sha256 of a file's bytes, or ABSENT."""
    return ABSENT if data is None else hashlib.sha256(data).hexdigest()


Entry = tuple[str, str]
"""A name in a folder and a sign of its kind: empty, `/` folder, `@` link, `!` what is none."""


def folder_fingerprint(entries: Iterable[Entry] | None) -> str:
    """sha256 of what a folder lists, or ABSENT: a file that becomes a link is another thing."""
    if entries is None:
        return ABSENT
    return text_fingerprint("\0".join(f"{name}{kind}" for name, kind in entries))


def text_fingerprint(text: str) -> str:
    """sha256 of a text, names of files with any bytes included."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def entries_of(folder: str | os.PathLike[str]) -> tuple[Entry, ...]:
    """What a folder lists, by name, without `.git`. Raises OSError."""
    with os.scandir(folder) as found:
        return tuple(sorted((one.name, _kind(one)) for one in found if one.name != ".git"))


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "@"
    if entry.is_dir():
        return "/"
    return "" if entry.is_file() else "!"
