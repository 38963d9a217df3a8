"""The undo journal: append-only, fsynced lines of JSON with the contents before and after.

A group of writes is `begin`, then `end` or `rolled_back`; one without either was interrupted.
It knows how groups are stored, not how they are carried out (`writes`). It holds file contents,
so only its owner may read it.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storyrunner.errors import WorkspaceError
from storyrunner.model.frozen import dataclass
from storyrunner.workspace.disk import FOLDER_FLAGS, Disk, explained

VERSION = 1


@dataclass(frozen=True, slots=True)
class Change:
    """One file of a group: `path` as proposed, `target` its real path; both relative, posix."""

    path: str
    target: str
    before: bytes | None
    after: bytes | None
    mode: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """Writes that are done all or not at all.

    `made` are the folders it makes, `prune` those it deletes when they end up empty; `undoes` is
    the id of the group that it takes back.
    """

    id: str
    label: str
    changes: tuple[Change, ...]
    made: tuple[str, ...] = ()
    prune: tuple[str, ...] = ()
    undoes: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """What the journal says: groups that can be undone, oldest first, and an interrupted one."""

    done: tuple[Group, ...] = ()
    interrupted: Group | None = None


class Journal:
    """The journal in `folder`, which is made when the first group begins."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.path = folder / "journal.jsonl"
        self._disk = disk

    def begin(self, group: Group) -> None:
        """Promise a group; it is on the disk when this returns. Raises WorkspaceError."""
        self._append({"version": VERSION, "begin": _to_json(group)})

    def end(self, group: Group) -> None:
        """The group is carried out."""
        self._append({"end": group.id})

    def roll_back(self, group: Group) -> None:
        """The group is taken back."""
        self._append({"rolled_back": group.id})

    def clear(self) -> None:
        """Forget everything, for good."""
        if not self.path.exists():
            return
        try:
            descriptor = self._disk.open(self.path, os.O_WRONLY | os.O_NOFOLLOW)
            try:
                self._disk.truncate(descriptor, 0)
                self._disk.sync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise explained(error, str(self.path), "write") from error

    def history(self) -> History:
        """Read the journal. Raises WorkspaceError when it is damaged."""
        done: dict[str, Group] = {}
        begun: Group | None = None
        for record in self._records():
            if "begin" in record:
                begun = _from_json(record["begin"])
                continue
            if begun is not None and record.get("end") == begun.id:
                done.pop(begun.undoes, None)
                if not begun.undoes:
                    done[begun.id] = begun
            begun = None
        return History(tuple(done.values()), begun)

    def _records(self) -> list[Mapping[str, Any]]:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise explained(error, str(self.path), "read") from error
        lines = data.split(b"\n")[:-1]  # what follows the last newline is a torn line
        try:
            return [json.loads(line) for line in lines]
        except ValueError as error:
            raise WorkspaceError(
                f"the undo journal {self.path} is damaged",
                hint="move it away; what it could have undone stays in the files",
            ) from error

    def _append(self, record: Mapping[str, Any]) -> None:
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = not self.path.exists()
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
            descriptor = self._disk.open(self.path, flags, 0o600)
            try:
                self._append_line(descriptor, line)
            finally:
                os.close(descriptor)
            if fresh:
                self._sync_folder()
        except OSError as error:
            raise explained(error, str(self.path), "write") from error

    def _append_line(self, descriptor: int, line: bytes) -> None:
        size = _whole_lines(descriptor)
        self._disk.truncate(descriptor, size)
        os.lseek(descriptor, size, os.SEEK_SET)
        try:
            self._disk.write(descriptor, line)
            self._disk.sync(descriptor)
        except BaseException:
            self._disk.truncate(descriptor, size)
            raise

    def _sync_folder(self) -> None:
        folder = self._disk.open(self.path.parent, FOLDER_FLAGS & ~os.O_NOFOLLOW)
        try:
            self._disk.sync(folder)
        finally:
            os.close(folder)


def _whole_lines(descriptor: int) -> int:
    """Bytes up to and with the last newline."""
    size = os.fstat(descriptor).st_size
    while size:
        start = max(0, size - 65536)
        piece = os.pread(descriptor, size - start, start)
        newline = piece.rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        size = start
    return 0


def _to_json(group: Group) -> dict[str, Any]:
    return {
        "id": group.id,
        "label": group.label,
        "made": list(group.made),
        "prune": list(group.prune),
        "undoes": group.undoes,
        "changes": [
            {
                "path": change.path,
                "target": change.target,
                "before": _encode(change.before),
                "after": _encode(change.after),
                "mode": change.mode,
            }
            for change in group.changes
        ],
    }


def _from_json(record: Mapping[str, Any]) -> Group:
    return Group(
        id=record["id"],
        label=record["label"],
        made=tuple(record["made"]),
        prune=tuple(record["prune"]),
        undoes=record["undoes"],
        changes=tuple(
            Change(
                path=change["path"],
                target=change["target"],
                before=_decode(change["before"]),
                after=_decode(change["after"]),
                mode=change["mode"],
            )
            for change in record["changes"]
        ),
    )


def _encode(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode("ascii")


def _decode(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
