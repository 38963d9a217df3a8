"""Reading never waits for a pipe, never swallows a device, never fills the memory."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from storyrunner import regular


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"one\r\ntwo\rthree\n\xff")
    assert regular.read_bytes(file) == b"one\r\ntwo\rthree\n\xff"
    assert regular.read_head(file, 3) == b"one"
    assert regular.read_text(file, "utf-8", "replace") == "one\ntwo\nthree\n\ufffd"
    (tmp_path / "link").symlink_to(file)
    assert regular.read_head(tmp_path / "link", 3) == b"one"


def test_text_is_read_as_python_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"\xef\xbb\xbfa\r\n\r\nb\r")
    assert regular.read_text(file, "utf-8-sig") == file.read_text("utf-8-sig")


def test_a_pipe_without_a_writer_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="a pipe, a socket or a device"):
        regular.read_bytes(tmp_path / "pipe")


def test_devices_sockets_and_folders_are_refused(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(tmp_path / "s"))
        for path in (Path("/dev/zero"), tmp_path / "s", tmp_path):
            with pytest.raises(OSError):
                regular.read_bytes(path)
    (tmp_path / "zero").symlink_to("/dev/zero")
    with pytest.raises(OSError, match="a pipe, a socket or a device"):
        regular.read_head(tmp_path / "zero", 10)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "huge"
    file.touch()
    os.truncate(file, 1 << 40)
    with pytest.raises(OSError, match="larger than 64 MiB"):
        regular.read_bytes(file)
    assert regular.read_head(file, 4) == b"\0\0\0\0"


def test_a_file_of_exactly_the_limit_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert regular.read_bytes(tmp_path / "a", most=5) == b"12345"
    with pytest.raises(OSError, match="larger"):
        regular.read_bytes(tmp_path / "a", most=4)
