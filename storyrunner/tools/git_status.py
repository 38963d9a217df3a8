"""The reading of `git status --porcelain=v2 -z --branch`. It starts nothing."""

from __future__ import annotations

import os
import re

from storyrunner.errors import ToolError
from storyrunner.model.frozen import dataclass

_COUNTS = re.compile(r"\+([0-9]{1,9}) -([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Head:
    """Where HEAD is. `commit` "" when nothing was ever committed, `branch` "" when detached;
    `upstream` as `origin/main`, "" without one; `ahead` and `behind` in commits."""

    commit: str = ""
    branch: str = ""
    upstream: str = ""
    ahead: int = 0
    behind: int = 0

    @property
    def is_unborn(self) -> bool:
        """True before the first commit."""
        return not self.commit

    @property
    def is_detached(self) -> bool:
        """True when a commit would belong to no branch."""
        return not self.branch


@dataclass(frozen=True, slots=True)
class Entry:
    """One path. `staged` and `unstaged` are git's letters (M, A, D, R, C, T, U), "" for no change,
    `?` in `unstaged` for an untracked file; `old_path` of a rename or copy."""

    path: str
    staged: str = ""
    unstaged: str = ""
    old_path: str = ""
    is_conflict: bool = False

    @property
    def is_untracked(self) -> bool:
        """True for a file that git does not know."""
        return self.unstaged == "?"


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a working tree."""

    head: Head
    entries: tuple[Entry, ...] = ()

    @property
    def staged(self) -> tuple[Entry, ...]:
        """Entries with something in the index that HEAD has not."""
        return tuple(entry for entry in self.entries if entry.staged)

    @property
    def unstaged(self) -> tuple[Entry, ...]:
        """Tracked entries whose file differs from the index."""
        return tuple(e for e in self.entries if e.unstaged and not e.is_untracked)

    @property
    def untracked(self) -> tuple[Entry, ...]:
        """Files that git does not know and no ignore rule covers."""
        return tuple(entry for entry in self.entries if entry.is_untracked)

    @property
    def conflicts(self) -> tuple[Entry, ...]:
        """Entries with an unresolved merge."""
        return tuple(entry for entry in self.entries if entry.is_conflict)

    def of(self, path: str) -> Entry | None:
        """The entry of `path`, or None when it is unchanged or absent."""
        return next((entry for entry in self.entries if entry.path == path), None)


def parse_status(data: bytes) -> Status:
    """Raises ToolError for a record of no known form."""
    head: dict[str, str] = {}
    entries: list[Entry] = []
    records = iter(os.fsdecode(data).split("\0"))
    for record in records:
        match record[:2]:
            case "":
                continue
            case "# ":
                name, _, value = record[2:].partition(" ")
                head[name] = value
            case "1 ":
                fields = _fields(record, 9)
                entries.append(_entry(fields[1], fields[8]))
            case "2 ":
                fields = _fields(record, 10)
                entries.append(_entry(fields[1], fields[9], old_path=next(records, "")))
            case "u ":
                fields = _fields(record, 11)
                entries.append(_entry(fields[1], fields[10], is_conflict=True))
            case "? ":
                entries.append(Entry(record[2:], unstaged="?"))
            case "! ":
                continue
            case _:
                raise ToolError(f"git status: a record that cannot be read: {record[:40]!r}")
    return Status(_head(head), tuple(entries))


def _fields(record: str, count: int) -> list[str]:
    fields = record.split(" ", count - 1)
    if len(fields) != count:
        raise ToolError(f"git status: a record that cannot be read: {record[:40]!r}")
    return fields


def _entry(letters: str, path: str, old_path: str = "", is_conflict: bool = False) -> Entry:
    if len(letters) != 2:
        raise ToolError(f"git status: a record that cannot be read: {letters[:40]!r}")
    staged, unstaged = (letter.replace(".", "") for letter in letters)
    return Entry(path, staged, unstaged, old_path, is_conflict)


def _head(lines: dict[str, str]) -> Head:
    commit, branch = lines.get("branch.oid", ""), lines.get("branch.head", "")
    counts = _COUNTS.fullmatch(lines.get("branch.ab", "+0 -0"))
    if counts is None:
        raise ToolError(f"git status: a record that cannot be read: {lines['branch.ab'][:40]!r}")
    return Head(
        commit="" if commit == "(initial)" else commit,
        branch="" if branch == "(detached)" else branch,
        upstream=lines.get("branch.upstream", ""),
        ahead=int(counts[1]),
        behind=int(counts[2]),
    )
