"""The lock: one writing session, and never a dead one."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from storyrunner.errors import WorkspaceError
from storyrunner.workspace import Held, HeldBy, Lock
from storyrunner.workspace.lock import is_alive, start_of


def test_a_second_session_is_told_who_has_the_lock(tmp_path: Path) -> None:
    held = Lock(tmp_path / "state").acquire()
    assert isinstance(held, Held)
    second = Lock(tmp_path / "state").acquire()
    assert isinstance(second, HeldBy)
    assert second.pid == os.getpid()
    assert second.host == socket.gethostname()
    assert second.since
    held.release()
    held.release()
    with Lock(tmp_path / "state").acquire() as third:  # type: ignore[union-attr]
        assert isinstance(third, Held)


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        held = Lock(tmp_path).acquire()
        (tmp_path / "ready").write_text("x" if isinstance(held, Held) else "")
        time.sleep(60)
        os._exit(0)
    deadline = time.monotonic() + 60
    while not (tmp_path / "ready").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    taken = Lock(tmp_path).acquire()
    assert isinstance(taken, HeldBy)
    assert taken.pid == child
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert isinstance(Lock(tmp_path).acquire(), Held)


def test_a_record_of_a_process_that_is_gone_or_another_one_is_stale() -> None:
    mine = {"pid": os.getpid(), "started": start_of(os.getpid()), "host": socket.gethostname()}
    assert is_alive(mine)
    assert not is_alive(mine | {"started": "1"})
    assert not is_alive(mine | {"pid": 2**22 + 1})
    assert not is_alive({})
    assert is_alive(mine | {"host": "elsewhere", "pid": 2**22 + 1})


def test_a_leftover_lock_file_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(json.dumps({"pid": 1, "host": "elsewhere"}))
    assert isinstance(Lock(tmp_path).acquire(), Held)


def test_a_state_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(WorkspaceError, match="a file stands where a folder is needed"):
        Lock(tmp_path / "file" / "state").acquire()
