"""Writing: all or nothing, undoable, and never over somebody else's change."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from storyrunner.errors import ConfinementError, WorkspaceError
from storyrunner.workspace import Proposal, Workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    (root / "apps").mkdir(parents=True)
    (root / "apps" / "ks.yaml").write_bytes(b"old\n")
    return root


@pytest.fixture
def workspace(root: Path, tmp_path: Path) -> Workspace:
    return Workspace(root, writable=True, state=tmp_path / "state")


def tree(root: Path) -> dict[str, bytes | None]:
    """Every name below the root with its bytes; folders are None."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(root.rglob("*"))
    }


def test_a_group_is_written_and_its_receipt_says_what_happened(
    workspace: Workspace, root: Path
) -> None:
    (root / "gone").write_text("x")
    (root / "same").write_text("same")
    receipt = workspace.write(
        [
            workspace.propose("apps/ks.yaml", b"new\n"),
            workspace.propose("deep/er/x.yaml", b"x\n"),
            workspace.propose("gone", None),
            workspace.propose("same", b"same"),
        ],
        label="T2",
    )
    assert receipt.written == ("apps/ks.yaml", "deep/er/x.yaml")
    assert receipt.removed == ("gone",)
    assert receipt.unchanged == ("same",)
    assert tree(root) == {
        "apps": None,
        "apps/ks.yaml": b"new\n",
        "deep": None,
        "deep/er": None,
        "deep/er/x.yaml": b"x\n",
        "same": b"same",
    }


def test_undo_takes_groups_back_one_by_one(workspace: Workspace, root: Path) -> None:
    before = tree(root)
    workspace.write([workspace.propose("apps/ks.yaml", b"new\n")], label="one")
    middle = tree(root)
    workspace.write(
        [workspace.propose("deep/er/x.yaml", b"x"), workspace.propose("apps/ks.yaml", None)],
        label="two",
    )
    assert workspace.pending_undo() == "two"
    assert workspace.undo().label == "undo two"
    assert tree(root) == middle
    assert workspace.pending_undo() == "one"
    workspace.undo()
    assert tree(root) == before
    assert workspace.pending_undo() == ""
    with pytest.raises(WorkspaceError, match="nothing to undo"):
        workspace.undo()


def test_undo_works_in_another_session(workspace: Workspace, root: Path, tmp_path: Path) -> None:
    before = tree(root)
    workspace.write([workspace.propose("apps/ks.yaml", b"new\n")], label="one")
    again = Workspace(root, writable=True, state=tmp_path / "state")
    assert again.pending_undo() == "one"
    again.undo()
    assert tree(root) == before


def test_undo_refuses_a_file_that_was_changed_since_and_names_it(
    workspace: Workspace, root: Path
) -> None:
    workspace.write(
        [workspace.propose("a", b"a"), workspace.propose("apps/ks.yaml", b"new\n")], label="one"
    )
    (root / "apps" / "ks.yaml").write_bytes(b"edited by hand\n")
    before = tree(root)
    with pytest.raises(WorkspaceError, match=r"apps/ks\.yaml was changed elsewhere"):
        workspace.undo()
    assert tree(root) == before


def test_after_the_commit_nothing_can_be_undone(workspace: Workspace, tmp_path: Path) -> None:
    workspace.write([workspace.propose("apps/ks.yaml", b"secret\n")], label="one")
    workspace.forget()
    assert workspace.pending_undo() == ""
    assert (tmp_path / "state" / "journal.jsonl").read_bytes() == b""
    workspace.forget()


def test_deleting_the_last_file_of_a_folder_deletes_the_folder(
    workspace: Workspace, root: Path
) -> None:
    workspace.write([workspace.propose("apps/ks.yaml", None)], label="rollback")
    assert tree(root) == {}
    workspace.undo()
    assert tree(root) == {"apps": None, "apps/ks.yaml": b"old\n"}


def test_undo_keeps_a_folder_that_somebody_used_meanwhile(workspace: Workspace, root: Path) -> None:
    workspace.write([workspace.propose("new/x", b"x")], label="one")
    (root / "new" / "theirs").write_text("theirs")
    workspace.undo()
    assert tree(root)["new/theirs"] == b"theirs"


def test_check_mode_writes_nothing_anywhere(root: Path, tmp_path: Path) -> None:
    workspace = Workspace(root, writable=False, state=tmp_path / "state")
    with pytest.raises(WorkspaceError, match="nothing is written in this mode"):
        workspace.write([Proposal("apps/ks.yaml", b"old\n", b"new\n")], label="T2")
    for call in (workspace.undo, workspace.forget):
        with pytest.raises(WorkspaceError, match="nothing is written in this mode"):
            call()
    assert workspace.recover() is None
    assert not (tmp_path / "state").exists()
    assert tree(root)["apps/ks.yaml"] == b"old\n"


@pytest.mark.parametrize("before", [b"something else\n", None])
def test_a_file_changed_between_diff_and_write_is_refused(
    workspace: Workspace, root: Path, before: bytes | None
) -> None:
    unchanged = tree(root)
    with pytest.raises(WorkspaceError, match=r"apps/ks.yaml was changed elsewhere") as caught:
        workspace.write(
            [Proposal("new.yaml", None, b"x"), Proposal("apps/ks.yaml", before, b"new\n")],
            label="T2",
        )
    assert caught.value.hint
    assert tree(root) == unchanged


def test_a_file_deleted_between_diff_and_write_is_refused(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="changed elsewhere"):
        workspace.write([Proposal("gone.yaml", b"x", b"y")], label="T2")


def test_one_file_proposed_twice_is_refused(workspace: Workspace, root: Path) -> None:
    (root / "link").symlink_to("apps")
    with pytest.raises(WorkspaceError, match="proposed together"):
        workspace.write(
            [
                workspace.propose("apps/ks.yaml", b"1"),
                workspace.propose("link/ks.yaml", b"2"),
            ],
            label="T2",
        )
    with pytest.raises(WorkspaceError, match="proposed together"):
        workspace.write(
            [workspace.propose("n.yaml", b"1"), workspace.propose("N.yaml", b"2")], label="T2"
        )
    assert tree(root)["apps/ks.yaml"] == b"old\n"


def test_modes_are_kept_and_come_back(workspace: Workspace, root: Path) -> None:
    target = root / "apps" / "ks.yaml"
    target.chmod(0o754)
    workspace.write([workspace.propose("apps/ks.yaml", b"new")], label="one")
    assert stat.S_IMODE(target.stat().st_mode) == 0o754
    workspace.write([workspace.propose("apps/ks.yaml", None)], label="two")
    workspace.undo()
    assert stat.S_IMODE(target.stat().st_mode) == 0o754


def test_new_files_follow_the_umask(workspace: Workspace, root: Path) -> None:
    mask = os.umask(0o027)
    try:
        workspace.write([workspace.propose("new", b"x")], label="one")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((root / "new").stat().st_mode) == 0o640


def test_only_the_owner_can_read_the_journal(workspace: Workspace, tmp_path: Path) -> None:
    workspace.write([workspace.propose("new", b"x")], label="one")
    state = tmp_path / "state"
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert stat.S_IMODE((state / "journal.jsonl").stat().st_mode) == 0o600


def test_a_link_inside_is_written_through(workspace: Workspace, root: Path) -> None:
    (root / "link.yaml").symlink_to("apps/ks.yaml")
    receipt = workspace.write([workspace.propose("link.yaml", b"new\n")], label="one")
    assert receipt.written == ("link.yaml",)
    assert (root / "link.yaml").is_symlink()
    assert (root / "apps" / "ks.yaml").read_bytes() == b"new\n"


def test_a_link_to_the_outside_is_never_written_through(
    workspace: Workspace, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "victim").write_text("mine")
    (root / "link.yaml").symlink_to(tmp_path / "victim")
    with pytest.raises(ConfinementError):
        workspace.write([Proposal("link.yaml", b"mine", b"yours")], label="one")
    assert (tmp_path / "victim").read_text() == "mine"
    assert not (tmp_path / "state").exists()


def test_a_read_only_folder_is_told_with_a_hint(workspace: Workspace, root: Path) -> None:
    (root / "apps").chmod(0o555)
    try:
        with pytest.raises(WorkspaceError, match="apps is read-only") as caught:
            workspace.write([workspace.propose("apps/new/x.yaml", b"x")], label="one")
    finally:
        (root / "apps").chmod(0o755)
    assert caught.value.hint == "allow it with: chmod u+w apps"
    assert caught.value.exit_code == 3
    assert tree(root) == {"apps": None, "apps/ks.yaml": b"old\n"}


def test_a_read_only_file_is_not_replaced(workspace: Workspace, root: Path) -> None:
    (root / "apps" / "ks.yaml").chmod(0o444)
    with pytest.raises(WorkspaceError, match=r"apps/ks\.yaml is read-only"):
        workspace.write([workspace.propose("apps/ks.yaml", b"new")], label="one")
    assert tree(root)["apps/ks.yaml"] == b"old\n"


def test_a_file_where_a_folder_is_needed_is_told(workspace: Workspace, root: Path) -> None:
    before = tree(root)
    with pytest.raises(WorkspaceError, match="a file stands where a folder is needed"):
        workspace.write(
            [workspace.propose("new", b"x"), workspace.propose("apps/ks.yaml/x", b"x")], label="one"
        )
    assert tree(root) == before


def test_a_group_that_contradicts_itself_changes_nothing(workspace: Workspace, root: Path) -> None:
    before = tree(root)
    with pytest.raises(WorkspaceError):
        workspace.write([workspace.propose("n", b"x"), workspace.propose("n/x", b"x")], label="one")
    assert tree(root) == before


def test_writes_of_several_threads_do_not_mix(workspace: Workspace, root: Path) -> None:
    def write(number: int) -> None:
        workspace.write([Proposal(f"n{number}", None, b"x")], label=str(number))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tree(root)) == 10
    for _ in range(8):
        workspace.undo()
    assert tree(root) == {"apps": None, "apps/ks.yaml": b"old\n"}


def test_a_damaged_journal_is_named_and_nothing_is_written(
    workspace: Workspace, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "journal.jsonl").write_text("{]\n")
    with pytest.raises(WorkspaceError, match=r"journal\.jsonl is damaged"):
        workspace.write([workspace.propose("new", b"x")], label="one")
    assert not (root / "new").exists()


def test_a_torn_last_line_of_the_journal_is_dropped(
    workspace: Workspace, root: Path, tmp_path: Path
) -> None:
    workspace.write([workspace.propose("one", b"1")], label="one")
    with (tmp_path / "state" / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"begin":{"id":"torn","ch')
    assert workspace.interrupted() == ""
    workspace.write([workspace.propose("two", b"2")], label="two")
    workspace.undo()
    workspace.undo()
    assert tree(root) == {"apps": None, "apps/ks.yaml": b"old\n"}
