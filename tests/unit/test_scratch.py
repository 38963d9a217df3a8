"""Private copies are made in memory where they fit and nobody said otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storyrunner.gitops import scratch
from storyrunner.gitops.private_copy import PREFIX, PrivateCopy


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree/app").mkdir(parents=True)
    (tmp_path / "tree/app/a.yaml").write_text("kind: A\n")
    return tmp_path / "tree"


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the memory, and one for the disk, as on a Linux machine."""
    for name in ("memory", "disk"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(scratch, "MEMORY", tmp_path / "memory")
    monkeypatch.setattr(scratch, "_DEFAULT", tmp_path / "disk")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "disk"))
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "memory"


def test_a_small_repository_is_copied_into_memory_and_leaves_nothing(
    tree: Path, memory: Path
) -> None:
    with PrivateCopy(tree) as copy, copy.view("app") as view:
        assert view.is_relative_to(memory)
        assert (view / "app/a.yaml").read_text() == "kind: A\n"
        assert copy.home.stat().st_mode & 0o077 == 0
    assert list(memory.iterdir()) == []


def test_who_says_where_temporary_files_go_is_obeyed(
    tree: Path, memory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = scratch._DEFAULT
    monkeypatch.setenv("TMPDIR", str(disk))
    assert scratch.base_for(tree) == disk, "also who says what would be anyway"
    mine = tmp_path / "mine"
    mine.mkdir()
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr("tempfile.tempdir", str(mine))
    assert scratch.base_for(tree) == mine
    assert memory in scratch.bases()


def test_the_smallest_file_takes_a_page(
    tree: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "MOST_BYTES", 10 * 4096)
    for number in range(9):
        (tree / f"app/{number}.yaml").write_text("a: 1\n")
    assert scratch.base_for(tree) == memory
    (tree / "app/more.yaml").write_text("a: 1\n")
    assert scratch.base_for(tree) != memory


def test_a_repository_of_many_bytes_or_files_is_not(
    tree: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert scratch.base_for(tree) == memory
    (tree / ".git").mkdir()
    with (tree / ".git/pack").open("wb") as pack:
        pack.truncate(scratch.MOST_BYTES + 1)
    assert scratch.base_for(tree) == memory, "git's own files are not copied"
    with (tree / "app/large").open("wb") as large:
        large.truncate(scratch.MOST_BYTES + 1)
    assert scratch.base_for(tree) == memory.parent / "disk"
    (tree / "app/large").unlink()
    monkeypatch.setattr(scratch, "MOST_FILES", 3)
    assert scratch.base_for(tree) == memory
    for number in range(3):
        (tree / f"{number}").touch()
    assert scratch.base_for(tree) == memory.parent / "disk"


def test_little_room_makes_it_the_disk(
    tree: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "some").write_bytes(b"x" * 1000)
    state = os.statvfs(memory)
    few = os.statvfs_result((*state[:1], 1, *state[2:4], 8000, *state[5:]))
    monkeypatch.setattr(os, "statvfs", lambda _path: few)
    assert scratch.base_for(tree) == memory.parent / "disk"


def test_a_machine_without_such_memory_uses_the_disk(
    tree: Path, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "MEMORY", memory / "nothing")
    assert scratch.base_for(tree) == memory.parent / "disk"
    assert scratch.bases() == (memory.parent / "disk",)


@pytest.mark.parametrize("place", ["memory", "disk"])
def test_what_a_killed_process_left_in_either_is_swept(
    tree: Path, memory: Path, place: str
) -> None:
    left = memory.parent / place / f"{PREFIX}left"
    (left / "copy").mkdir(parents=True)
    (left / ".lock").touch()
    with PrivateCopy(tree):
        assert not left.exists()
