"""A private copy of a tree holds what is in the tree, and no way out of itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from storyrunner.errors import WorkspaceError
from storyrunner.workspace.replica import (
    Replica,
    changed_between,
    differing,
    files_among,
    listing,
    replicate,
)
from tests.support.repositories import git, init

BASH = shutil.which("bash") or "bash"  # read on import: tests run with a bare PATH
SECRET = "https://user:planted@example.test/x"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with folders, links and a configuration that nobody else should see."""
    root = tmp_path / "repo"
    (root / "apps/deep").mkdir(parents=True)
    (root / "empty").mkdir()
    (root / "apps/deep/a.yaml").write_text("a: 1\n")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "inside").symlink_to("apps/deep")
    (root / "outside").symlink_to(tmp_path)
    (root / "into-git").symlink_to(".git")
    init(root)
    git(root, "remote", "add", "origin", SECRET)
    hook = root / ".git/hooks/post-checkout"
    hook.write_text("#!/bin/sh\n")
    os.mkfifo(root / "pipe")
    return root


def test_files_folders_modes_and_inner_links_are_there(tree: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    replicate(tree, copy)
    assert (copy / "apps/deep/a.yaml").read_text() == "a: 1\n"
    assert (copy / "inside/a.yaml").read_text() == "a: 1\n"
    assert (copy / "inside").resolve().is_relative_to(copy)
    assert (copy / "empty").is_dir()
    assert os.access(copy / "run.sh", os.X_OK)


def test_no_link_leads_out_and_nothing_special_is_copied(tree: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    replicate(tree, copy)
    for name in ("outside", "into-git", "pipe"):
        assert not os.path.lexists(copy / name)


def test_an_absolute_link_to_the_inside_stays_inside_the_copy(tree: Path, tmp_path: Path) -> None:
    (tree / "absolute").symlink_to(tree / "apps")
    copy = tmp_path / "copy"
    replicate(tree, copy)
    (copy / "absolute/deep/a.yaml").write_text("changed\n")
    assert (tree / "apps/deep/a.yaml").read_text() == "a: 1\n"


def test_git_reads_history_there_and_cannot_change_the_original(tree: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    replicate(tree, copy)
    assert "start" in git(copy, "log", "--oneline")
    head = git(tree, "rev-parse", "HEAD")
    git(copy, "config", "user.email", "x@example.test")
    (copy / "new").write_text("x")
    git(copy, "add", "new")
    git(copy, "commit", "-q", "-m", "in the copy")
    assert git(tree, "rev-parse", "HEAD") == head
    assert git(tree, "fsck", "--full", "--strict") == ""


def test_remotes_credentials_and_hooks_stay_behind(tree: Path, tmp_path: Path) -> None:
    git(tree, "config", "http.extraheader", "AUTHORIZATION: planted")
    git(tree, "config", "core.fsmonitor", "./planted.sh")
    copy = tmp_path / "copy"
    replicate(tree, copy)
    assert "planted" not in (copy / ".git/config").read_text()
    assert git(copy, "remote") == ""
    assert not (copy / ".git/hooks").exists()


def test_a_linked_working_tree_can_be_copied(tree: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(tree, "worktree", "add", "-q", str(linked))
    copy = tmp_path / "copy"
    replicate(linked, copy)
    assert "start" in git(copy, "log", "--oneline")
    left_out = [" D into-git", " D outside"]
    assert git(copy, "status", "--short").splitlines() == left_out


def test_no_room_is_told(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="cannot make a private copy"):
        replicate(tree, tmp_path / "missing" / "copy")


def test_what_changed_is_found_and_told_apart(tree: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    replicate(tree, copy)
    before = listing(copy)
    (copy / "apps/deep/a.yaml").write_text("a: 2\n")
    (copy / "new").mkdir()
    (copy / "new/b.yaml").write_text("b\n")
    after = listing(copy)
    changed = changed_between(before, after)
    assert changed == ("apps/deep/a.yaml", "new", "new/b.yaml")
    assert files_among(changed, before, after) == ("apps/deep/a.yaml", "new/b.yaml")
    assert differing(changed, tree, copy) == changed


def test_the_same_content_written_anew_is_no_difference(tree: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    replicate(tree, copy)
    before = listing(copy)
    os.utime(copy / "run.sh", ns=(1, 1))
    changed = changed_between(before, listing(copy))
    assert changed == ("run.sh",)
    assert differing(changed, tree, copy) == ()


@pytest.mark.parametrize("what", ["folder", "link", "mode", "executable", "kind"])
def test_what_no_file_content_can_say_is_not_taken_for_files(
    tree: Path, tmp_path: Path, what: str
) -> None:
    copy = tmp_path / "copy"
    replicate(tree, copy)
    before = listing(copy)
    match what:
        case "folder":
            (copy / "only-a-folder").mkdir()
        case "link":
            (copy / "link").symlink_to("run.sh")
        case "mode":
            (copy / "run.sh").chmod(0o644)
        case "executable":
            (copy / "tool").write_text("x")
            (copy / "tool").chmod(0o755)
        case _:
            (copy / "empty").rmdir()
            (copy / "empty").write_text("x")
    after = listing(copy)
    assert files_among(changed_between(before, after), before, after) is None


LIES = (
    "echo hacked > README.md",
    "echo hacked > apps/deep/a.yaml; touch -d @1 apps/deep/a.yaml",
    "rm -rf apps",
    "rm -rf apps; ln -s /etc apps",
    "mkdir README.d; echo x > README.d/x",
    "mv apps moved",
    "chmod 000 apps/deep/a.yaml",
    "chmod 700 apps",
    "rm run.sh; mkdir run.sh; echo x > run.sh/x",
    "rm inside; ln -s / inside",
    "ln apps/deep/a.yaml hard; echo hacked > hard",
    "rm -rf .git; ln -s /etc .git",
    "echo hacked > .git/HEAD",
    "rm -rf empty; echo x > empty",
    "cp -p run.sh kept; echo hacked >> run.sh; touch -r kept run.sh; rm kept",
)


@pytest.mark.parametrize("lie", LIES)
def test_what_a_command_does_to_the_copy_is_gone_for_the_next_one(
    tree: Path, tmp_path: Path, lie: str
) -> None:
    (tree / "README.md").write_text("# Tree\n")
    places = tmp_path / "places"
    places.mkdir()
    replica = Replica(tree, places)
    first = contents(replica.renew())
    done = subprocess.run([BASH, "-c", lie], cwd=replica.renew(), env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0
    assert contents(replica.renew()) == first
    assert git(replica.renew(), "log", "--oneline") == git(tree, "log", "--oneline")


def test_what_changes_in_the_tree_is_in_the_copy_at_its_next_use(
    tree: Path, tmp_path: Path
) -> None:
    places = tmp_path / "places"
    places.mkdir()
    replica = Replica(tree, places)
    replica.renew()
    (tree / "apps/deep/a.yaml").write_text("a: 2\n")
    (tree / "apps/new").mkdir()
    (tree / "apps/new/b.yaml").write_text("b\n")
    (tree / "run.sh").unlink()
    (tree / "empty").rmdir()
    (tree / "inside").unlink()
    (tree / "inside").symlink_to("apps/new")
    copy = replica.renew()
    other = tmp_path / "other"
    replicate(tree, other)
    assert contents(copy) == contents(other)
    assert not (copy / "run.sh").exists()


def contents(folder: Path) -> dict[str, object]:
    """Every path but git's own with its mode and what it holds."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name == ".git" or name.startswith(".git/"):
            continue
        mode = path.lstat().st_mode
        held = str(path.readlink()) if path.is_symlink() else ""
        found[name] = (mode, held or (path.read_bytes() if path.is_file() else b""))
    return found
