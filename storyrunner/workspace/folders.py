"""Files of the repository by their real, link-free path, opened one folder at a time.

No step of the walk follows a link, so what `paths.locate` found to be inside is inside when it is
opened, too. It knows nothing of proposals or journals.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from storyrunner.errors import Place, WorkspaceError
from storyrunner.workspace.disk import FOLDER_FLAGS, Disk, explained

MAX_FILE_BYTES = 16 * 1024 * 1024
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


@contextmanager
def opened(disk: Disk, root: Path, folder: str, *, make: bool = False) -> Iterator[int]:
    """The descriptor of `folder` (posix, relative to `root`, no links), made when asked."""
    descriptor = disk.open(root, FOLDER_FLAGS)
    try:
        for part in PurePosixPath(folder).parts:
            inner = _enter(disk, descriptor, part, make=make)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _enter(disk: Disk, folder: int, name: str, *, make: bool) -> int:
    try:
        return disk.open(name, FOLDER_FLAGS, folder=folder)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):
        disk.mkdir(folder, name)
        disk.sync(folder)
    return disk.open(name, FOLDER_FLAGS, folder=folder)


def missing_folders(root: Path, folder: str) -> tuple[str, ...]:
    """The folders down to `folder` that do not exist yet, outermost first."""
    steps = [*reversed(PurePosixPath(folder).parents), PurePosixPath(folder)]
    return tuple(str(step) for step in steps if not os.path.lexists(root / step))


def content(disk: Disk, root: Path, target: str, shown: str = "") -> bytes | None:
    """The bytes of a regular file, or None when there is none.

    Raises WorkspaceError (unreadable, a folder, too large); `shown` is the name in the message.
    """
    shown = shown or target
    path = PurePosixPath(target)
    try:
        with opened(disk, root, str(path.parent)) as folder:
            descriptor = disk.open(path.name, _READ_FLAGS, folder=folder)
            try:
                return _bytes_of(descriptor, shown)
            finally:
                os.close(descriptor)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ENOTDIR:
            return None
        raise explained(error, shown, "read") from error


def _bytes_of(descriptor: int, shown: str) -> bytes:
    status = os.fstat(descriptor)
    if stat.S_ISDIR(status.st_mode):
        raise WorkspaceError(f"{shown} is a folder, not a file", place=Place(shown))
    if not stat.S_ISREG(status.st_mode):
        raise WorkspaceError(f"{shown} is not a regular file", place=Place(shown))
    pieces: list[bytes] = []
    size = 0
    while size <= MAX_FILE_BYTES and (piece := os.read(descriptor, 1 << 20)):
        pieces.append(piece)
        size += len(piece)
    if size > MAX_FILE_BYTES:
        raise WorkspaceError(
            f"{shown} is larger than {MAX_FILE_BYTES >> 20} MiB", place=Place(shown)
        )
    return b"".join(pieces)


def mode_of(root: Path, target: str) -> int | None:
    """The permission bits of a file; None when there is none."""
    try:
        return stat.S_IMODE((root / target).lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None


def remove_empty(disk: Disk, root: Path, folders: tuple[str, ...]) -> None:
    """Delete those of `folders` that are empty, innermost first; the others stay."""
    for name in sorted(folders, key=lambda folder: folder.count("/"), reverse=True):
        path = PurePosixPath(name)
        try:
            with opened(disk, root, str(path.parent)) as folder:
                disk.rmdir(folder, path.name)
                disk.sync(folder)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT, errno.ENOTDIR}:
                raise
