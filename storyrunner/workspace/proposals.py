"""Shapes of a change: what is proposed, what was done. Plain data."""

from __future__ import annotations

from storyrunner.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Proposal:
    """One file before and after; None means that it is absent. `path` is posix and relative."""

    path: str
    before: bytes | None
    after: bytes | None
    reason: str = ""

    @property
    def changes(self) -> bool:
        """False when the file is to stay as it is."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a group of writes did. All paths are as they were proposed."""

    label: str
    written: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Recovery:
    """What became of an interrupted group: finished or taken back; `conflicts` were left alone
    because they are neither as before nor as after the write."""

    label: str
    finished: bool
    paths: tuple[str, ...]
    conflicts: tuple[str, ...] = ()
