"""The locks: exact versions with hashes, no address, and all that pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
LOCKS = ("requirements.lock", "requirements-dev.lock")


def entries(path: Path) -> dict[str, str]:
    """Requirement -> its hashes, of a lock whose long lines are broken with a backslash."""
    text = re.sub(r"^#.*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return {line.partition("--hash")[0].strip(): line for line in lines if line.strip()}


def pins(path: Path) -> dict[str, str]:
    """Canonical name -> exact version."""
    found: dict[str, str] = {}
    for text in entries(path):
        requirement = Requirement(text)
        (version,) = requirement.specifier
        assert version.operator == "==", text
        found[canonicalize_name(requirement.name)] = version.version
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_has_hashes(checkout: Path, name: str) -> None:
    found = entries(checkout / name)
    assert len(found) > 20
    assert [text for text, line in found.items() if not HASH.search(line)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_index_and_no_place(checkout: Path, name: str) -> None:
    text = (checkout / name).read_text(encoding="utf-8")
    assert not re.search(r"://|index-url|find-links|trusted-host|file:|@ ", text)


def test_both_locks_agree(checkout: Path) -> None:
    runtime, development = (pins(checkout / name) for name in LOCKS)
    assert runtime.items() <= development.items()


def test_the_locks_hold_what_the_project_asks_for(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {
        LOCKS[0]: project["dependencies"],
        LOCKS[1]: [*project["dependencies"], *project["optional-dependencies"]["dev"]],
    }
    for name, texts in wanted.items():
        locked = pins(checkout / name)
        for text in texts:
            requirement = Requirement(text)
            version = locked[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), f"{name}: {text} but {version}"


def test_the_screens_library_is_pinned_because_pictures_move_with_it(checkout: Path) -> None:
    assert '"textual[syntax]==' in (checkout / "pyproject.toml").read_text(encoding="utf-8")
