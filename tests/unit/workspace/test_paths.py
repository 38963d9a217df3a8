"""Confinement: what a path may not say, and where it may not lead."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from storyrunner.errors import ConfinementError
from storyrunner.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "repo"
    (root / "apps").mkdir(parents=True)
    (root / "apps" / "ks.yaml").write_text("a: 1\n")
    (root / ".git").mkdir()
    return Workspace(root, writable=True, state=tmp_path / "state")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "is empty"),
        ("/etc/passwd", "absolute"),
        ("~/x", "absolute"),
        ("apps/../../x", "upwards"),
        ("..", "upwards"),
        (".git/config", "git's own folder"),
        ("apps/.GIT/hooks/pre-commit", "git's own folder"),
        ("apps/.g\u200cit/config", "git's own folder"),
        (".git./config", "git's own folder"),
        ("GIT~1/config", "git's own folder"),
        ("apps\\ks.yaml", "backslash"),
        ("apps/a\0b", "control character"),
        ("apps/a\nb", "control character"),
        ("apps/\x1b[31mred", "control character"),
        ("apps/\u202eyml.exe", "control character"),
        ("apps/\udc80", "control character"),
        ("apps/" + "x" * 300, "over 255 bytes"),
    ],
)
def test_a_path_that_must_not_be_touched_is_refused_with_its_reason(
    workspace: Workspace, path: str, reason: str
) -> None:
    with pytest.raises(ConfinementError, match=reason) as caught:
        workspace.resolve(path)
    assert caught.value.hint
    assert caught.value.exit_code == 2
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "path", ["apps/ks.yaml", "./apps/ks.yaml", "apps//ks.yaml", "apps/./ks.yaml"]
)
def test_a_path_inside_is_resolved(workspace: Workspace, path: str) -> None:
    assert workspace.resolve(path) == workspace.root / "apps" / "ks.yaml"


def test_a_path_that_does_not_exist_yet_is_resolved(workspace: Workspace) -> None:
    assert workspace.resolve("new/folder/x.yaml") == workspace.root / "new/folder/x.yaml"


def test_names_that_only_look_like_git_are_allowed(workspace: Workspace) -> None:
    for name in (".gitignore", ".github/workflows/a.yaml", "git", "a.git"):
        assert workspace.resolve(name) == workspace.root / name


def test_a_link_out_of_the_repository_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (workspace.root / "out").symlink_to(tmp_path / "outside")
    (workspace.root / "file").symlink_to("/etc/hostname")
    for path in ("out", "out/x.yaml", "file"):
        with pytest.raises(ConfinementError, match="out of the repository"):
            workspace.resolve(path)
        with pytest.raises(ConfinementError, match="out of the repository"):
            workspace.read(path)


def test_a_dangling_link_out_of_the_repository_is_refused(
    workspace: Workspace, tmp_path: Path
) -> None:
    (workspace.root / "later").symlink_to(tmp_path / "not-there-yet")
    with pytest.raises(ConfinementError, match="out of the repository"):
        workspace.resolve("later")


def test_a_chain_of_links_is_followed_to_its_end(workspace: Workspace, tmp_path: Path) -> None:
    (workspace.root / "one").symlink_to("two")
    (workspace.root / "two").symlink_to(tmp_path)
    with pytest.raises(ConfinementError, match="out of the repository"):
        workspace.resolve("one/x")


def test_a_link_into_git_is_refused(workspace: Workspace) -> None:
    (workspace.root / "hooks").symlink_to(".git")
    with pytest.raises(ConfinementError, match="into git's own folder"):
        workspace.resolve("hooks/pre-commit")


def test_a_link_without_end_is_refused(workspace: Workspace) -> None:
    (workspace.root / "loop").symlink_to("loop")
    with pytest.raises(ConfinementError, match="without end"):
        workspace.resolve("loop/x")


def test_a_link_that_stays_inside_is_followed(workspace: Workspace) -> None:
    (workspace.root / "current").symlink_to("apps")
    assert workspace.resolve("current/ks.yaml") == workspace.root / "apps/ks.yaml"
    assert workspace.read("current/ks.yaml") == b"a: 1\n"


def test_pipes_and_sockets_are_refused_and_never_hang(workspace: Workspace) -> None:
    os.mkfifo(workspace.root / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(workspace.root / "socket"))
        for name in ("pipe", "socket"):
            with pytest.raises(ConfinementError, match="a device, a pipe or a socket"):
                workspace.resolve(name)
            with pytest.raises(ConfinementError, match="a device, a pipe or a socket"):
                workspace.read(name)


@pytest.mark.parametrize(
    ("there", "asked"),
    [("KS.yaml", "ks.yaml"), ("stra\u00dfe", "strasse"), ("caf\u00e9", "cafe\u0301")],
)
def test_a_name_that_differs_only_in_case_or_unicode_form_is_refused(
    workspace: Workspace, there: str, asked: str
) -> None:
    (workspace.root / "twins").mkdir()
    (workspace.root / "twins" / there).write_text("x")
    with pytest.raises(ConfinementError, match="only in case or Unicode form"):
        workspace.resolve(f"twins/{asked}")
    assert workspace.read(f"twins/{asked}") is None
    assert not workspace.exists(f"twins/{asked}")


def test_a_folder_that_differs_only_in_case_is_refused(workspace: Workspace) -> None:
    with pytest.raises(ConfinementError, match="`apps`, which exists"):
        workspace.resolve("Apps/new.yaml")
