"""Faults: every system call may fail, and the process may die at any moment."""

from __future__ import annotations

import errno
import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest

from storyrunner.errors import WorkspaceError
from storyrunner.workspace import Disk, Proposal, Workspace

CALLS = ("open", "write", "sync", "truncate", "rename", "unlink", "mkdir", "rmdir")


class FailingDisk(Disk):
    """Fails the call of the given number, and with `lasting` every one after it."""

    def __init__(self, at: int, error: BaseException, *, lasting: bool = False) -> None:
        self.left = at
        self.error = error
        self.lasting = lasting
        self.fired = False

    def __getattribute__(self, name: str) -> object:
        if name in CALLS:
            self._count()
        return super().__getattribute__(name)

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0 or (self.left < 0 and self.lasting):
            self.fired = True
            raise self.error


def tree(root: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(root.rglob("*"))
    }


def fresh(root: Path) -> dict[str, bytes | None]:
    (root / "apps").mkdir(parents=True)
    (root / "apps" / "ks.yaml").write_bytes(b"old\n" * 50)
    (root / "apps" / "gone.yaml").write_bytes(b"gone\n")
    return tree(root)


def proposals() -> list[Proposal]:
    return [
        Proposal("apps/ks.yaml", b"old\n" * 50, b"new\n" * 50),
        Proposal("apps/gone.yaml", b"gone\n", None),
        Proposal("new/folder/a.yaml", None, b"a\n"),
        Proposal("new/folder/b.yaml", None, b"b\n"),
    ]


def written(root: Path) -> bool:
    return (root / "new" / "folder" / "b.yaml").exists()


ERRORS = [
    (OSError(errno.ENOSPC, "x"), "the disk is full"),
    (OSError(errno.EIO, "x"), "input/output error"),
    (OSError(errno.EROFS, "x"), "the file system is read-only"),
    (OSError(errno.EACCES, "x"), "permission denied"),
]


@pytest.mark.parametrize(("error", "message"), ERRORS, ids=lambda item: str(item)[:20])
def test_a_failure_at_any_call_leaves_every_file_as_it_was(
    tmp_path: Path, error: OSError, message: str
) -> None:
    at = 0
    while True:
        at += 1
        root, state = tmp_path / f"r{at}", tmp_path / f"s{at}"
        before = fresh(root)
        disk = FailingDisk(at, error)
        try:
            Workspace(root, writable=True, state=state, disk=disk).write(proposals(), label="T2")
        except WorkspaceError as caught:
            told = (str(caught), bool(caught.hint))
        else:
            told = ("", False)
        if told[1]:
            assert message in told[0]
            assert tree(root) == before
            healthy = Workspace(root, writable=True, state=state)
            assert healthy.interrupted() == ""
            assert healthy.pending_undo() == ""
            continue
        assert not disk.fired, f"the failure of call {at} was swallowed"
        assert written(root)
        break
    assert at > 30


def test_a_disk_that_stays_broken_is_put_right_at_the_next_start(tmp_path: Path) -> None:
    at = 0
    while True:
        at += 1
        root, state = tmp_path / f"r{at}", tmp_path / f"s{at}"
        before = fresh(root)
        disk = FailingDisk(at, OSError(errno.EIO, "x"), lasting=True)
        try:
            Workspace(root, writable=True, state=state, disk=disk).write(proposals(), label="T2")
        except WorkspaceError:
            healthy = Workspace(root, writable=True, state=state)
            recovery = healthy.recover()
            assert healthy.recover() is None
            assert recovery is None or recovery.conflicts == ()
            if healthy.pending_undo():
                assert written(root)
                healthy.undo()
            assert tree(root) == before
            continue
        break
    assert at > 30


def test_control_c_at_any_call_leaves_no_debris(tmp_path: Path) -> None:
    at = 0
    while True:
        at += 1
        root, state = tmp_path / f"r{at}", tmp_path / f"s{at}"
        before = fresh(root)
        disk = FailingDisk(at, KeyboardInterrupt())
        try:
            Workspace(root, writable=True, state=state, disk=disk).write(proposals(), label="T2")
        except KeyboardInterrupt:
            assert tree(root) == before
            continue
        break
    assert at > 30


def test_a_failure_at_any_call_of_an_undo_leaves_the_group_undoable(tmp_path: Path) -> None:
    at = 0
    while True:
        at += 1
        root, state = tmp_path / f"r{at}", tmp_path / f"s{at}"
        before = fresh(root)
        Workspace(root, writable=True, state=state).write(proposals(), label="T2")
        after = tree(root)
        disk = FailingDisk(at, OSError(errno.ENOSPC, "x"))
        healthy = Workspace(root, writable=True, state=state)
        try:
            Workspace(root, writable=True, state=state, disk=disk).undo()
        except WorkspaceError:
            assert tree(root) == after
            assert healthy.pending_undo() == "T2"
            healthy.undo()
        assert tree(root) == before
        if not disk.fired:
            break
    assert at > 30


def test_a_real_control_c_during_a_write_comes_after_it(tmp_path: Path) -> None:
    """Another thread is alive and receives it, as in any process with a thread or two."""
    root, state = tmp_path / "repo", tmp_path / "state"
    fresh(root)
    over = threading.Event()
    other = threading.Thread(target=over.wait)
    other.start()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    class Pressed(Disk):
        def rename(self, folder: int, source: str, target: str) -> None:
            assert other.ident is not None
            signal.pthread_kill(other.ident, signal.SIGINT)
            assert os.read(reading, 1)  # it has arrived
            super().rename(folder, source, target)

    workspace = Workspace(root, writable=True, state=state, disk=Pressed())
    before = signal.set_wakeup_fd(writing)
    # A job in the background is started with Ctrl-C ignored.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            workspace.write(proposals(), label="T2")
    finally:
        signal.signal(signal.SIGINT, handler)
        signal.set_wakeup_fd(before)
        over.set()
        other.join()
        os.close(reading)
        os.close(writing)
    assert written(root)
    assert workspace.interrupted() == ""
    assert workspace.pending_undo() == "T2"


def test_a_file_edited_elsewhere_during_the_write_is_not_lost(tmp_path: Path) -> None:
    root, state = tmp_path / "repo", tmp_path / "state"
    before = fresh(root)

    class Meddled(Disk):
        def rename(self, folder: int, source: str, target: str) -> None:
            if source.endswith(".new"):
                (root / "new" / "folder" / "b.yaml").write_text("theirs")
            super().rename(folder, source, target)

    with pytest.raises(WorkspaceError, match=r"b\.yaml was changed elsewhere"):
        Workspace(root, writable=True, state=state, disk=Meddled()).write(proposals(), label="T2")
    theirs = {"new": None, "new/folder": None, "new/folder/b.yaml": b"theirs"}
    assert tree(root) == before | theirs


def test_a_folder_swapped_for_a_link_during_the_write_redirects_nothing(tmp_path: Path) -> None:
    root, state, outside = tmp_path / "repo", tmp_path / "state", tmp_path / "outside"
    fresh(root)
    outside.mkdir()
    (root / "new").mkdir()

    class Racing(Disk):
        def mkdir(self, folder: int, name: str) -> None:
            (root / "new").rename(root / "was-new")
            (root / "new").symlink_to(outside)
            super().mkdir(folder, name)

    workspace = Workspace(root, writable=True, state=state, disk=Racing())
    with pytest.raises(WorkspaceError):
        workspace.write(proposals(), label="T2")
    assert list(outside.iterdir()) == []
    assert (root / "apps" / "ks.yaml").read_bytes() == b"old\n" * 50


def killed_after(root: Path, state: Path, seconds: float) -> bool:
    """Write groups in a child for ever; kill it some time after it began. True when it died by
    the kill."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            workspace = Workspace(root, writable=True, state=state)
            os.write(writing, b"!")
            while True:
                workspace.write(proposals(), label="T2")
                workspace.undo()
        finally:
            os._exit(9)
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_after_a_kill_at_any_moment_the_group_is_whole_again(tmp_path: Path) -> None:
    chance = random.Random(6)
    root, state = tmp_path / "repo", tmp_path / "state"
    before = fresh(root)
    whole = before | dict.fromkeys(("new", "new/folder"))
    for item in proposals():
        whole[item.path] = item.after
    del whole["apps/gone.yaml"]
    recovered = count = 0
    while count < 30 or (not recovered and count < 300):
        count += 1
        assert killed_after(root, state, chance.uniform(0.002, 0.03))
        for path, data in tree(root).items():
            if data is not None and not Path(path).name.startswith(".storyrunner-"):
                assert data in (before.get(path, b"?"), whole.get(path, b"?")), f"{path} is torn"
        workspace = Workspace(root, writable=True, state=state)
        recovery = workspace.recover()
        recovered += recovery is not None
        assert recovery is None or recovery.conflicts == ()
        assert tree(root) == (whole if workspace.pending_undo() else before)
        if workspace.pending_undo():
            workspace.undo()
        assert tree(root) == before
        workspace.forget()
    assert recovered > 0


@pytest.mark.parametrize("at", range(1, 70, 3))
def test_a_death_at_this_call_is_recovered(tmp_path: Path, at: int) -> None:
    root, state = tmp_path / "repo", tmp_path / "state"
    before = fresh(root)
    child = os.fork()
    if child == 0:

        class Dying(FailingDisk):
            def _count(self) -> None:
                self.left -= 1
                if self.left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            disk = Dying(at, OSError())
            Workspace(root, writable=True, state=state, disk=disk).write(proposals(), label="T2")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    workspace = Workspace(root, writable=True, state=state)
    workspace.recover()
    assert workspace.interrupted() == ""
    if workspace.pending_undo():
        assert written(root)
        workspace.undo()
    assert tree(root) == before
