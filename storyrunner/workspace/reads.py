"""What a check has read, for its evidence: a later change of any of it makes the proof stale.

It knows nothing of checks. Recordings follow the context: tasks and threads started inside one
(`asyncio.create_task`, `asyncio.to_thread`) record into it, others do not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Reads = dict[str, str]
"""Relative path -> sha256 of the bytes read, or ABSENT; a path that ends in `/` is a folder whose
names were listed, with the sha256 of those; one that starts with `?` was only asked for."""

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


def note(key: str, fingerprint: str) -> None:
    """Write one read into the recordings that are open here."""
    for reads in _recordings.get():
        reads[key] = fingerprint


def file_fingerprint(data: bytes | None) -> str:
    """sha256 of a file's bytes, or ABSENT."""
    return ABSENT if data is None else hashlib.sha256(data).hexdigest()


def folder_fingerprint(names: Iterable[str] | None) -> str:
    """sha256 of a folder's names, or ABSENT."""
    if names is None:
        return ABSENT
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()
