"""Turns proposals into a group of writes, or says why it must not be done. Changes nothing."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from storyrunner.errors import Place, WorkspaceError
from storyrunner.workspace import folders, paths
from storyrunner.workspace.disk import Disk, explained
from storyrunner.workspace.journal import Change, Group
from storyrunner.workspace.proposals import Proposal


def planned(disk: Disk, root: Path, proposals: Sequence[Proposal], label: str) -> Group:
    """The group for those proposals that change something.

    Raises ConfinementError, or WorkspaceError when a file is no longer as its diff was made of,
    is proposed twice, or is read-only.
    """
    changes: list[Change] = []
    seen: dict[str, str] = {}
    for proposal in proposals:
        path = paths.locate(root, proposal.path)
        assert path is not None  # strict: it raises instead
        target = path.relative_to(root).as_posix()
        _refuse_twice(seen, target, proposal.path)
        mode = folders.mode_of(root, target)
        change = Change(proposal.path, target, proposal.before, proposal.after, mode)
        refuse_changed(disk, root, change)
        if proposal.changes:
            _refuse_protected(root, change)
            changes.append(change)
    _refuse_nested(changes)
    return Group(
        id=secrets.token_hex(6),
        label=label,
        changes=tuple(changes),
        made=_unique(_missing(root, change) for change in changes),
        prune=_unique(_parents(change.target) for change in changes if change.after is None),
    )


def reversed_group(disk: Disk, root: Path, group: Group) -> Group:
    """The group that takes `group` back. Raises WorkspaceError when a file was changed since."""
    changes = []
    for item in group.changes:
        mode = folders.mode_of(root, item.target)
        change = Change(
            item.path, item.target, item.after, item.before, item.mode if mode is None else mode
        )
        refuse_changed(disk, root, change)
        _refuse_protected(root, change)
        changes.append(change)
    return Group(
        id=secrets.token_hex(6),
        label=f"undo {group.label}",
        changes=tuple(changes),
        made=_unique(_missing(root, change) for change in changes),
        prune=group.made,
        undoes=group.id,
    )


def refuse_changed(disk: Disk, root: Path, change: Change) -> None:
    """Raises WorkspaceError when the file on the disk is no longer the one the diff was made of."""
    if folders.content(disk, root, change.target, change.path) != change.before:
        raise WorkspaceError(
            f"{change.path} was changed elsewhere since its diff was made",
            place=Place(change.path),
            hint="nothing was written; look at the file, then at a new diff",
        )


def _refuse_twice(seen: dict[str, str], target: str, path: str) -> None:
    key = paths.fold(target)
    if key in seen:
        raise WorkspaceError(
            f"{path} and {seen[key]} are one file on some systems, and are proposed together",
            place=Place(path),
            hint="propose it once",
        )
    seen[key] = path


def _refuse_nested(changes: Sequence[Change]) -> None:
    files = {change.target for change in changes}
    for change in changes:
        inside = next((name for name in _parents(change.target) if name in files), "")
        if inside:
            raise WorkspaceError(
                f"{inside} is to be a file, and a folder for {change.path}",
                place=Place(change.path),
                hint="propose them one after the other",
            )


def _refuse_protected(root: Path, change: Change) -> None:
    """A file or folder without write permission is not written, not even by root."""
    target = root / change.target
    folder = next(item for item in target.parents if item.exists())
    protected = change.mode is not None and not change.mode & 0o222
    try:
        mode = folder.stat().st_mode
    except OSError as error:  # it was there a moment ago
        raise explained(error, change.path, "write") from error
    if protected or not mode & 0o222 or not os.access(folder, os.W_OK):
        what = change.path if protected else folder.relative_to(root).as_posix()
        raise WorkspaceError(
            f"cannot write {change.path}: {what} is read-only",
            place=Place(change.path),
            hint=f"allow it with: chmod u+w {what}",
        )


def _missing(root: Path, change: Change) -> tuple[str, ...]:
    if change.after is None:
        return ()
    return folders.missing_folders(root, str(PurePosixPath(change.target).parent))


def _parents(target: str) -> tuple[str, ...]:
    return tuple(str(parent) for parent in PurePosixPath(target).parents if str(parent) != ".")


def _unique(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for names in groups for name in names))
