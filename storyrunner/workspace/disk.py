"""The few system calls that change a disk, in one class, so that tests can make any of them fail.

It knows nothing of repositories or journals. Names are relative to an open folder (`folder`, a
file descriptor), never whole paths: a link put in the way after a check cannot redirect them.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from storyrunner.errors import Place, WorkspaceError

FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Disk:
    """The real disk. Every method raises OSError as the system call does."""

    def open(
        self, name: str | Path, flags: int, mode: int = 0o666, folder: int | None = None
    ) -> int:
        """A file descriptor, closed on exec."""
        return os.open(name, flags | os.O_CLOEXEC, mode, dir_fd=folder)

    def write(self, descriptor: int, data: bytes) -> None:
        """Write all of `data`."""
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    def sync(self, descriptor: int) -> None:
        """Wait until a file, or the names of a folder, are on the disk."""
        os.fsync(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cut a file to `size` bytes."""
        os.ftruncate(descriptor, size)

    def rename(self, folder: int, source: str, target: str) -> None:
        """Put `source` in the place of `target`, at once."""
        os.rename(source, target, src_dir_fd=folder, dst_dir_fd=folder)

    def unlink(self, folder: int, name: str) -> None:
        """Delete a file."""
        os.unlink(name, dir_fd=folder)

    def mkdir(self, folder: int, name: str) -> None:
        """Make a folder."""
        os.mkdir(name, dir_fd=folder)

    def rmdir(self, folder: int, name: str) -> None:
        """Delete an empty folder."""
        os.rmdir(name, dir_fd=folder)


_REASONS = {
    errno.ENOSPC: ("the disk is full", "free some space and try again"),
    errno.EDQUOT: ("the disk quota is used up", "free some space and try again"),
    errno.EROFS: ("the file system is read-only", "mount it for writing, or work on a copy"),
    errno.EACCES: ("permission denied", "give yourself the right to write there (chmod, chown)"),
    errno.EPERM: ("permission denied", "give yourself the right to write there (chmod, chown)"),
    errno.EIO: ("the disk reported an input/output error", "check the disk"),
    errno.ENOTDIR: ("a file stands where a folder is needed", "move that file away"),
    errno.EISDIR: ("a folder stands where a file is needed", "move that folder away"),
    errno.ELOOP: ("a link stands where none was", "look at what changes the repository meanwhile"),
    errno.ENAMETOOLONG: ("the name is too long", "use a shorter name"),
}


def explained(error: OSError, path: str, doing: str) -> WorkspaceError:
    """What an OSError means for a person; `doing` is the verb: `read`, `write`, `delete`."""
    reason, hint = _REASONS.get(error.errno or 0, ((error.strerror or str(error)).lower(), ""))
    return WorkspaceError(f"cannot {doing} {path}: {reason}", place=Place(path), hint=hint)
