"""The state folder: outside of the repository, one for each checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from storyrunner.workspace import state_folder


def test_the_override_is_used_and_the_name_is_readable(tmp_path: Path) -> None:
    folder = state_folder(tmp_path / "my repo", {"STORYRUNNER_STATE_DIR": str(tmp_path / "s")})
    assert folder.parent == tmp_path / "s"
    assert folder.name.startswith("my-repo-")


def test_without_override_it_is_below_home(tmp_path: Path, empty_home: Path) -> None:
    folder = state_folder(tmp_path)
    assert folder.is_relative_to(empty_home)
    assert "storyrunner" in folder.parts


def test_two_checkouts_have_two_states_and_a_link_has_one(tmp_path: Path) -> None:
    (tmp_path / "a" / "repo").mkdir(parents=True)
    (tmp_path / "b" / "repo").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a" / "repo")
    assert state_folder(tmp_path / "a" / "repo") != state_folder(tmp_path / "b" / "repo")
    assert state_folder(tmp_path / "link") == state_folder(tmp_path / "a" / "repo")


def test_importing_the_workspace_does_not_import_platformdirs() -> None:
    code = "import sys, storyrunner.workspace; sys.exit('platformdirs' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
