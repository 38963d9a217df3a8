"""Carries a group of writes out: each file at once, and all of them or none.

New contents, and the old ones to go back to, are staged as temporary files in the target folders
before the first file changes, so that neither the write nor its taking back can run out of space
half way. It knows nothing of modes, locks or who asked; the caller writes the journal first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePosixPath

from storyrunner.errors import Place, WorkspaceError
from storyrunner.workspace import folders, planning
from storyrunner.workspace.disk import Disk, explained
from storyrunner.workspace.journal import Change, Group

TEMPORARY = ".storyrunner-"
"""Prefix of temporary files; they exist for the moment of a write."""

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def carry_out(disk: Disk, root: Path, group: Group) -> None:
    """Write the whole group. Raises WorkspaceError; the caller then calls `take_back`."""
    with ExitStack() as stack:
        opened: dict[str, int] = {}
        for index, change in enumerate(group.changes):
            with _explaining(change):
                folder = _folder(change)
                if folder not in opened:
                    opened[folder] = stack.enter_context(
                        folders.opened(disk, root, folder, make=change.after is not None)
                    )
                _stage(disk, opened[folder], _names(group, index), change)
        for index, change in enumerate(group.changes):
            with _explaining(change):
                planning.refuse_changed(disk, root, change)
                _swap(disk, opened[_folder(change)], _names(group, index)[0], change)
        for folder, descriptor in opened.items():
            with _explaining_folder(folder):
                disk.sync(descriptor)
        for change in group.changes:
            with _explaining(change):
                _refuse_displaced(disk, root, change)
    tidy(disk, root, group)
    with _explaining_folder(group.label):
        folders.remove_empty(disk, root, group.prune)


def take_back(disk: Disk, root: Path, group: Group) -> tuple[str, ...]:
    """Put every file of the group back as it was; the paths left alone because they are neither
    as before nor as after. Idempotent. Raises WorkspaceError when the disk refuses."""
    conflicts: list[str] = []
    for index, change in enumerate(group.changes):
        with _explaining(change):
            if (root / change.target).is_dir():
                conflicts.append(change.path)
                continue
            current = folders.content(disk, root, change.target, change.path)
            if current == change.before:
                continue
            if current != change.after:
                conflicts.append(change.path)
                continue
            _revert(disk, root, _names(group, index)[1], change)
    tidy(disk, root, group)
    with _explaining_folder(group.label):
        folders.remove_empty(disk, root, group.made)
    return tuple(conflicts)


def tidy(disk: Disk, root: Path, group: Group) -> None:
    """Delete the group's temporary files, whatever became of it."""
    for index, change in enumerate(group.changes):
        for name in _names(group, index):
            if not os.path.lexists(root / _folder(change) / name):
                continue
            with (
                _explaining(change),
                suppress(FileNotFoundError),
                folders.opened(disk, root, _folder(change)) as folder,
            ):
                disk.unlink(folder, name)


def is_carried_out(disk: Disk, root: Path, group: Group) -> bool:
    """True when every file is as the group wanted it."""
    return all(
        folders.content(disk, root, change.target, change.path) == change.after
        for change in group.changes
    )


def _refuse_displaced(disk: Disk, root: Path, change: Change) -> None:
    if folders.content(disk, root, change.target, change.path) != change.after:
        raise WorkspaceError(
            f"{change.path} was changed elsewhere while it was written",
            place=Place(change.path),
            hint="look at what changes the repository meanwhile",
        )


def _stage(disk: Disk, folder: int, names: tuple[str, str], change: Change) -> None:
    new, old = names
    if change.after is not None:
        _create(disk, folder, new, change.after, change.mode, sync=True)
    if change.before is not None:
        _create(disk, folder, old, change.before, change.mode, sync=False)


def _create(
    disk: Disk, folder: int, name: str, data: bytes, mode: int | None, *, sync: bool
) -> None:
    with suppress(FileNotFoundError):
        disk.unlink(folder, name)
    descriptor = disk.open(name, _CREATE, 0o666, folder)
    try:
        if mode is not None:
            os.fchmod(descriptor, mode)
        disk.write(descriptor, data)
        if sync:
            disk.sync(descriptor)
    finally:
        os.close(descriptor)


def _swap(disk: Disk, folder: int, new: str, change: Change) -> None:
    name = PurePosixPath(change.target).name
    if change.after is None:
        disk.unlink(folder, name)
    else:
        disk.rename(folder, new, name)


def _revert(disk: Disk, root: Path, old: str, change: Change) -> None:
    """Old content from its staged copy, or from the journal when that is gone or torn."""
    name = PurePosixPath(change.target).name
    folder_name = _folder(change)
    with folders.opened(disk, root, folder_name, make=change.before is not None) as folder:
        if change.before is None:
            disk.unlink(folder, name)
        else:
            staged = folders.content(disk, root, f"{folder_name}/{old}")
            if staged != change.before:
                _create(disk, folder, old, change.before, change.mode, sync=True)
            disk.rename(folder, old, name)
        disk.sync(folder)


def _folder(change: Change) -> str:
    return str(PurePosixPath(change.target).parent)


def _names(group: Group, index: int) -> tuple[str, str]:
    return f"{TEMPORARY}{group.id}-{index}.new", f"{TEMPORARY}{group.id}-{index}.old"


@contextmanager
def _explaining(change: Change) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        doing = "delete" if change.after is None else "write"
        raise explained(error, change.path, doing) from error


@contextmanager
def _explaining_folder(folder: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise explained(error, folder, "write") from error
