"""The repository as the rest of the program sees it: confined reads, undoable writes.

The only door to the working tree. It knows nothing of YAML, stories or git; with
`writable=False` (CHECK mode) it refuses to write by itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath

from storyrunner.errors import Place, WorkspaceError
from storyrunner.workspace import folders, paths, planning, reads, writes
from storyrunner.workspace.disk import Disk, explained
from storyrunner.workspace.journal import Group, Journal
from storyrunner.workspace.proposals import Proposal, Receipt, Recovery
from storyrunner.workspace.signals import undisturbed


class Workspace:
    """Reads and writes below `root`; the journal lives in `state`, outside of the repository.

    All paths that come in are posix and relative to `root` (`./` in front is allowed). Raises
    WorkspaceError when `root` is no folder.
    """

    def __init__(
        self, root: Path, *, writable: bool, state: Path, disk: Disk | None = None
    ) -> None:
        if not root.is_dir():
            raise WorkspaceError(f"there is no folder {root}", hint="name the repository with -C")
        self.root = root.resolve()
        self.state = state
        self.writable = writable
        self._disk = disk or Disk()
        self._journal = Journal(state, self._disk)
        self._writing = threading.RLock()

    # --- reading ---------------------------------------------------------------------------

    def resolve(self, relative: str) -> Path:
        """The real path of `relative`, which need not exist. Raises ConfinementError."""
        path = paths.locate(self.root, relative)
        assert path is not None  # strict: it raises instead
        return path

    def read(self, relative: str) -> bytes | None:
        """The bytes of a file; None when it is absent (also when only a name exists that differs
        in case). Raises WorkspaceError (unreadable, a folder, over 16 MiB), ConfinementError."""
        path = paths.locate(self.root, relative, strict=False)
        name = _normal(relative)
        data = None
        if path is not None:
            target = path.relative_to(self.root).as_posix()
            data = folders.content(self._disk, self.root, target, name)
        reads.note(name, reads.file_fingerprint(data))
        return data

    def read_text(self, relative: str) -> str | None:
        """A file as text, line ends untouched; None when absent. Raises WorkspaceError with the
        line and column of the first byte that is not UTF-8."""
        data = self.read(relative)
        if data is None:
            return None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            column = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
            raise WorkspaceError(
                f"byte 0x{data[error.start]:02x} is not UTF-8",
                place=Place(_normal(relative), line, column),
                hint="save the file as UTF-8",
            ) from error

    def exists(self, relative: str) -> bool:
        """Whether a file or folder is there. Raises ConfinementError."""
        path = paths.locate(self.root, relative, strict=False)
        there = path is not None and path.exists()
        reads.note(f"?{_normal(relative)}", reads.PRESENT if there else reads.ABSENT)
        return there

    def is_folder(self, relative: str) -> bool:
        """Whether a folder is there. Raises ConfinementError."""
        path = paths.locate(self.root, relative, strict=False)
        there = path is not None and path.is_dir()
        reads.note(f"?{_normal(relative)}/", reads.PRESENT if there else reads.ABSENT)
        return there

    def list(self, folder: str = ".") -> tuple[str, ...]:
        """The names in a folder, sorted, without `.git`; empty when it is absent.
        Raises WorkspaceError when it is a file or unreadable, ConfinementError."""
        path = paths.locate(self.root, folder, strict=False)
        name = _normal(folder)
        entries = None if path is None or not path.exists() else self._entries(path, name)
        reads.note(f"{name}/", reads.folder_fingerprint(entries))
        return tuple(name for name, _ in entries or ())

    def walk(self, folder: str = ".", suffixes: tuple[str, ...] = ("",)) -> Iterator[str]:
        """Relative paths of the regular files below a folder whose names end in one of
        `suffixes`, sorted. Links are not followed; unsafe names are left out."""
        for name in self.list(folder):
            relative = (PurePosixPath(folder) / name).as_posix()
            path = self.root / relative
            if path.is_symlink() or not paths.is_safe(relative):
                continue
            if path.is_dir():
                yield from self.walk(relative, suffixes)
            elif path.is_file() and name.endswith(suffixes):
                yield relative

    def recording(self) -> AbstractContextManager[reads.Reads]:
        """Collect what is read inside the block, with its sha256, in this context and in the
        tasks and threads that start in it."""
        return reads.recording()

    def changed_since(self, known: Mapping[str, str]) -> tuple[str, ...]:
        """The paths of a recording that would read differently now, sorted."""
        files = {key: value for key, value in known.items() if not key.startswith("/")}
        return tuple(sorted(key for key, value in files.items() if self.again(key) != value))

    def again(self, key: str) -> str:
        """What a recording of `key` would say now; empty when it cannot be read any more."""
        with reads.recording() as now:
            self._read_again(key)
        return now.get(key, "")

    # --- writing ---------------------------------------------------------------------------

    def propose(self, relative: str, after: bytes | None, reason: str = "") -> Proposal:
        """A proposal from the file's present content to `after` (None: delete it)."""
        return Proposal(_normal(relative), self.read(relative), after, reason)

    def write(self, proposals: Sequence[Proposal], *, label: str) -> Receipt:
        """Carry out all proposals or none; can be undone until `forget`.

        Raises WorkspaceError (read-only mode, a file changed since its diff, no room, no right)
        or ConfinementError; then every file is as it was.
        """
        self._refuse_read_only(label)
        with self._writing, undisturbed():
            self._recover()
            group = planning.planned(self._disk, self.root, proposals, label)
            unchanged = tuple(item.path for item in proposals if not item.changes)
            return self._carry_out(group, unchanged)

    def undo(self) -> Receipt:
        """Take the last group back. Raises WorkspaceError when there is none or when one of its
        files was changed since; then nothing is changed."""
        self._refuse_read_only("undo")
        with self._writing, undisturbed():
            self._recover()
            done = self._journal.history().done
            if not done:
                raise WorkspaceError("there is nothing to undo")
            group = planning.reversed_group(self._disk, self.root, done[-1])
            return self._carry_out(group, ())

    def pending_undo(self) -> str:
        """The label of the group that `undo` would take back; empty when there is none."""
        done = self._journal.history().done
        return done[-1].label if done else ""

    def undoable(self) -> frozenset[str]:
        """The paths of everything that could be undone, one group after the other."""
        groups = self._journal.history().done
        return frozenset(change.target for group in groups for change in group.changes)

    def interrupted(self) -> str:
        """The label of a group that was cut off in the middle; empty when there is none."""
        group = self._journal.history().interrupted
        return group.label if group else ""

    def recover(self) -> Recovery | None:
        """At start: finish a group that was interrupted after its last file, else take it back.
        None when there is none. Raises WorkspaceError."""
        if not self._journal.history().interrupted:
            return None
        self._refuse_read_only("recovery")
        with self._writing, undisturbed():
            return self._recover()

    def forget(self) -> None:
        """After the commit: nothing before this can be undone any more."""
        self._refuse_read_only("forget")
        with self._writing, undisturbed():
            self._recover()
            self._journal.clear()

    # --- the inside ------------------------------------------------------------------------

    def _refuse_read_only(self, what: str) -> None:
        if not self.writable:
            raise WorkspaceError(
                f"{what}: nothing is written in this mode", hint="run without --check to write"
            )

    def _recover(self) -> Recovery | None:
        group = self._journal.history().interrupted
        if group is None:
            return None
        touched = tuple(change.path for change in group.changes)
        if writes.is_carried_out(self._disk, self.root, group):
            writes.tidy(self._disk, self.root, group)
            folders.remove_empty(self._disk, self.root, group.prune)
            self._journal.end(group)
            return Recovery(group.label, True, touched)
        conflicts = writes.take_back(self._disk, self.root, group)
        self._journal.roll_back(group)
        return Recovery(group.label, False, touched, conflicts)

    def _carry_out(self, group: Group, unchanged: tuple[str, ...]) -> Receipt:
        if group.changes:
            try:
                self._journal.begin(group)
                writes.carry_out(self._disk, self.root, group)
                self._journal.end(group)
            except BaseException as error:
                self._take_back(group, error)
                raise
        return Receipt(
            group.label,
            written=tuple(item.path for item in group.changes if item.after is not None),
            removed=tuple(item.path for item in group.changes if item.after is None),
            unchanged=unchanged,
        )

    def _take_back(self, group: Group, error: BaseException) -> None:
        try:
            writes.take_back(self._disk, self.root, group)
            self._journal.roll_back(group)
        except WorkspaceError as second:
            raise WorkspaceError(
                f"{error}; taking it back failed too: {second.message}",
                place=second.place,
                hint="the journal has the old contents; they are put back at the next start",
            ) from error

    def _entries(self, path: Path, shown: str) -> tuple[reads.Entry, ...]:
        try:
            return reads.entries_of(path)
        except OSError as error:
            raise explained(error, shown, "read") from error

    def _read_again(self, key: str) -> None:
        try:
            if key.startswith("?"):
                name = key[1:]
                self.is_folder(name) if name.endswith("/") else self.exists(name)
            elif key.endswith("/"):
                self.list(key)
            else:
                self.read(key)
        except WorkspaceError:
            return  # no longer readable: it is missing from the new recording, hence changed


def _normal(relative: str) -> str:
    return "/".join(paths.split(relative)) or "."
