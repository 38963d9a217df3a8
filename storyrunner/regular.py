"""Reads files of a repository that may be anything: a pipe that nobody writes to, a device without
an end, a file of many gigabytes. What is no regular file of a sane size is an OSError, at once.

It knows nothing of repositories; what may be read at all is decided elsewhere (`workspace.paths`).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOST_BYTES = 64 * 1024 * 1024
"""No file that this program reads as a whole is larger."""

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """The content of a regular file, links followed. Raises OSError, also for what is no file (a
    pipe, a device) and for one that is larger than `most`."""
    with _opened(path) as (descriptor, size):
        data = _read(descriptor, most + 1) if size <= most else b""
    if size > most or len(data) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MiB", str(path))
    return data


def read_head(path: Path, size: int) -> bytes:
    """At most `size` bytes from the start of a regular file. Raises OSError as `read_bytes`."""
    with _opened(path) as (descriptor, _):
        return _read(descriptor, size)


def read_text(path: Path, encoding: str = "utf-8", errors: str = "strict") -> str:
    """The text of a regular file, line ends as `\\n`. Raises OSError, UnicodeDecodeError."""
    text = read_bytes(path).decode(encoding, errors)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


@contextmanager
def _opened(path: Path) -> Iterator[tuple[int, int]]:
    """The descriptor and the size of a regular file."""
    descriptor = os.open(path, _FLAGS)
    try:
        state = os.fstat(descriptor)
        if stat.S_ISDIR(state.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(state.st_mode):
            text = "it is a pipe, a socket or a device, not a file"
            raise OSError(errno.EINVAL, text, str(path))
        yield descriptor, state.st_size
    finally:
        os.close(descriptor)


def _read(descriptor: int, size: int) -> bytes:
    pieces: list[bytes] = []
    while size > 0 and (piece := os.read(descriptor, min(size, 1 << 20))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
