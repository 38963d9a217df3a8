"""The commit that HEAD means, read from git's own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyrunner.tools.git_head import head_commit
from tests.support.repositories import commit_all, git, init


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "a").write_text("a")
    init(folder)
    return folder


def head(folder: Path) -> str:
    return git(folder, "rev-parse", "HEAD").strip()


def test_it_is_what_git_says_on_a_branch_detached_packed_and_in_a_linked_tree(
    repository: Path, tmp_path: Path
) -> None:
    assert head_commit(repository) == head(repository)
    git(repository, "pack-refs", "--all")
    assert head_commit(repository) == head(repository)
    (repository / "b").write_text("b")
    commit_all(repository, "more")
    assert head_commit(repository) == head(repository)
    linked = tmp_path / "linked"
    git(repository, "worktree", "add", "-q", "-b", "side", str(linked), "HEAD~1")
    assert head_commit(linked) == head(linked) != head(repository)
    git(repository, "checkout", "-q", "--detach", "HEAD~1")
    assert head_commit(repository) == head(repository)


@pytest.mark.parametrize(
    "text", ["", "x", "ref: ", "ref: ../../etc/passwd", "ref: refs/heads/none", "\xff" * 50]
)
def test_what_cannot_be_read_is_no_commit(repository: Path, text: str) -> None:
    (repository / ".git" / "HEAD").write_text(text)
    assert head_commit(repository) == ""


def test_without_a_commit_or_git_there_is_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert head_commit(tmp_path) == ""
    assert head_commit(tmp_path / "nowhere") == ""


def test_references_that_go_in_a_circle_end(repository: Path) -> None:
    (repository / ".git" / "refs" / "heads" / "main").write_text("ref: refs/heads/main\n")
    assert head_commit(repository) == ""
