"""Where private copies are put: in memory, where a copy of a small repository costs a tenth of what
it costs on a disk, or among the temporary files. Who sets TMPDIR is obeyed.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
_DEFAULT = Path("/tmp")

_SAYING = ("TMPDIR", "TEMP", "TMP")

MOST_BYTES = 32 * 1024 * 1024
MOST_FILES = 2000
_PAGE = 4096
"""What even the smallest file takes of the memory."""

_SHARE = 16
"""A repository may take this part of the room that is free, since it is copied several times."""


def base_for(tree: Path) -> Path:
    """The folder for private copies of the repository at `tree`."""
    disk = Path(tempfile.gettempdir())
    is_said = disk != _DEFAULT or any(map(os.environ.get, _SAYING))
    most = 0 if is_said else min(MOST_BYTES, _room() // _SHARE)
    return MEMORY if most and _is_small(tree, most) else disk


def bases() -> tuple[Path, ...]:
    """All folders in which copies may have been left behind."""
    disk = Path(tempfile.gettempdir())
    return (disk, MEMORY) if MEMORY.is_dir() else (disk,)


def _room() -> int:
    """Bytes that are free in memory; 0 where there is no such folder for us."""
    try:
        if not os.access(MEMORY, os.W_OK | os.X_OK):
            return 0
        state = os.statvfs(MEMORY)
    except OSError:
        return 0
    return state.f_bavail * state.f_frsize


def _is_small(tree: Path, most: int) -> bool:
    """Whether all files but git's are few and take no more than `most` bytes; ends when not."""
    size = files = 0
    waiting = [str(tree)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting += [entry.path] if entry.name != ".git" else []
                    elif entry.is_file(follow_symlinks=False):
                        size += -(-entry.stat(follow_symlinks=False).st_size // _PAGE) * _PAGE
                    files += 1
                    if size > most or files > MOST_FILES:
                        return False
        except OSError:
            return False
    return True
