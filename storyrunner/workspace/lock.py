"""One writing session per repository.

The kernel's lock on the file decides, so the lock of a dead process is free at once; the text in
the file only tells who holds it. Where the file system has no locks, the text decides, and a
holder that is dead (or another process with its number) is taken over.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from storyrunner.errors import WorkspaceError
from storyrunner.model.frozen import dataclass
from storyrunner.workspace.disk import explained

_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EOPNOTSUPP}


@dataclass(frozen=True, slots=True)
class HeldBy:
    """Another session has the lock; `since` is ISO 8601, empty when it does not tell."""

    pid: int
    since: str
    host: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host or 'this machine'} since {self.since or '?'}"


class Held:
    """The lock is ours until `release`, the end of a `with` block, or the end of the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Let go; a second call does nothing."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        try:
            os.ftruncate(descriptor, 0)
        finally:
            os.close(descriptor)

    def __enter__(self) -> Held:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


class Lock:
    """The lock in a repository's state folder."""

    def __init__(self, state: Path) -> None:
        self.path = state / "lock"

    def acquire(self) -> Held | HeldBy:
        """Take the lock, or tell who has it; never waits. Raises WorkspaceError."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise explained(error, str(self.path), "write") from error
        try:
            holder = _take(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        if holder is not None:
            os.close(descriptor)
            return holder
        return Held(descriptor)


def _take(descriptor: int) -> HeldBy | None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(_record(descriptor))
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise WorkspaceError(f"cannot lock the repository's state: {error.strerror}") from error
        record = _record(descriptor)
        if is_alive(record):
            return _holder(record)
    mine = {
        "pid": os.getpid(),
        "started": start_of(os.getpid()),
        "host": socket.gethostname(),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(mine).encode(), 0)
    return None


def is_alive(record: dict[str, Any]) -> bool:
    """Whether the process of a lock's record still runs. One of another host counts as alive."""
    pid = record.get("pid")
    if not isinstance(pid, int) or pid <= 0:
        return False
    if record.get("host") != socket.gethostname():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is there, it only is not ours
    return start_of(pid) == record.get("started")


def start_of(pid: int) -> str:
    """When a process started, in the kernel's ticks; empty where /proc does not tell."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    return status.rpartition(")")[2].split()[19]


def _record(descriptor: int) -> dict[str, Any]:
    try:
        record = json.loads(os.pread(descriptor, 4096, 0))
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _holder(record: dict[str, Any]) -> HeldBy:
    pid = record.get("pid")
    return HeldBy(
        pid=pid if isinstance(pid, int) else 0,
        since=str(record.get("since", "")),
        host=str(record.get("host", "")),
    )
