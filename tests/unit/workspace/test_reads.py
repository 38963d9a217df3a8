"""Reading, and the record of what was read."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from storyrunner.errors import WorkspaceError
from storyrunner.workspace import ABSENT, Workspace, folders


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "repo"
    (root / "apps").mkdir(parents=True)
    (root / "apps" / "ks.yaml").write_bytes(b"a: 1\r\n")
    return Workspace(root, writable=False, state=tmp_path / "state")


def test_an_absent_file_reads_as_none(workspace: Workspace) -> None:
    assert workspace.read("apps/nothing.yaml") is None
    assert workspace.read("nothing/at/all") is None
    assert workspace.read("apps/ks.yaml/below-a-file") is None


def test_a_folder_is_no_file(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="apps is a folder") as caught:
        workspace.read("apps")
    assert caught.value.place is not None


def test_a_file_over_the_bound_is_refused(workspace: Workspace) -> None:
    with (workspace.root / "huge").open("wb") as huge:
        huge.truncate(folders.MAX_FILE_BYTES + 1)
    with pytest.raises(WorkspaceError, match="larger than 16 MiB"):
        workspace.read("huge")


def test_text_keeps_its_line_ends(workspace: Workspace) -> None:
    assert workspace.read_text("apps/ks.yaml") == "a: 1\r\n"
    assert workspace.read_text("apps/absent.yaml") is None


def test_bytes_that_are_no_utf8_are_told_with_line_and_column(workspace: Workspace) -> None:
    (workspace.root / "latin.yaml").write_bytes(b"a: 1\nb: \xe9\n")
    with pytest.raises(WorkspaceError, match="byte 0xe9") as caught:
        workspace.read_text("latin.yaml")
    assert str(caught.value.place) == "latin.yaml:2:4"


def test_a_folder_lists_its_names_without_git(workspace: Workspace) -> None:
    (workspace.root / ".git").mkdir()
    (workspace.root / "b").mkdir()
    assert workspace.list() == ("apps", "b")
    assert workspace.list("apps") == ("ks.yaml",)
    assert workspace.list("absent") == ()


def test_a_walk_follows_no_link_and_leaves_unsafe_names_out(workspace: Workspace) -> None:
    (workspace.root / "apps" / "up").symlink_to("..")
    (workspace.root / "apps" / "bad\nname.yaml").write_text("x")
    (workspace.root / "apps" / "deep").mkdir()
    (workspace.root / "apps" / "deep" / "x.yml").write_text("x")
    (workspace.root / "apps" / "deep" / "x.txt").write_text("x")
    found = list(workspace.walk(suffixes=(".yaml", ".yml")))
    assert found == ["apps/deep/x.yml", "apps/ks.yaml"]


def test_a_recording_has_the_hash_of_every_file_read(workspace: Workspace) -> None:
    with workspace.recording() as reads:
        workspace.read("./apps/ks.yaml")
        workspace.read("apps/none.yaml")
    workspace.read("apps/later.yaml")
    assert reads == {
        "apps/ks.yaml": hashlib.sha256(b"a: 1\r\n").hexdigest(),
        "apps/none.yaml": ABSENT,
    }


async def test_recordings_of_concurrent_tasks_do_not_mix(workspace: Workspace) -> None:
    for name in "abcdef":
        (workspace.root / name).write_text(name)

    async def check(name: str) -> set[str]:
        with workspace.recording() as reads:
            await asyncio.sleep(0)
            await asyncio.to_thread(workspace.read, name)
            await asyncio.create_task(asyncio.to_thread(workspace.read, name + "-absent"))
        return set(reads)

    with workspace.recording() as everything:
        found = await asyncio.gather(*(check(name) for name in "abcdef"))
    assert found == [{name, name + "-absent"} for name in "abcdef"]
    assert len(everything) == 12


def test_what_changed_since_a_recording_is_named(workspace: Workspace) -> None:
    with workspace.recording() as reads:
        workspace.read("apps/ks.yaml")
        workspace.read("apps/none.yaml")
        workspace.list("apps")
        workspace.exists("apps/other")
        workspace.is_folder("apps")
    assert workspace.changed_since(reads) == ()
    (workspace.root / "apps" / "none.yaml").write_text("now")
    assert workspace.changed_since(reads) == ("apps/", "apps/none.yaml")
    (workspace.root / "apps" / "other").mkdir()
    assert "?apps/other" in workspace.changed_since(reads)
    (workspace.root / "apps" / "ks.yaml").unlink()
    (workspace.root / "apps" / "ks.yaml").mkdir()
    assert "apps/ks.yaml" in workspace.changed_since(reads)


def test_a_root_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="there is no folder"):
        Workspace(tmp_path / "absent", writable=False, state=tmp_path / "state")
