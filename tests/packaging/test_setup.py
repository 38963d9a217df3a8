"""The set-up: a Python is chosen or its absence explained; every promised target exists."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

BASH = shutil.which("bash") or "bash"  # read on import: tests run with a bare PATH

PROMISED = {
    *("demo", "test", "check", "setup", "format", "format-check", "lint", "types", "contracts"),
    *("clean", "help", "build", "smoke", "tools", "test-tools", "snapshots", "reference", "lock"),
    *("tools-all", "bench", "picture", "faults-quick", "faults", "fuzz"),
}


def fake_python(folder: Path, name: str, version: str, code: int) -> None:
    """A program that says a version, and by its exit code whether it would do."""
    path = folder / name
    path.write_text(
        f'#!/bin/sh\ncase "$2" in *python_version*) echo {version}; exit 0 ;; esac\nexit {code}\n',
        encoding="utf-8",
    )
    path.chmod(0o755)


def find_python(checkout: Path, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BASH, str(checkout / ".ci/find-python")],
        env={"PATH": str(folder), **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_newest_python_with_wheels_is_chosen(checkout: Path, tmp_path: Path) -> None:
    fake_python(tmp_path, "python3", "3.9.2", 1)
    fake_python(tmp_path, "python3.12", "3.12.1", 0)
    fake_python(tmp_path, "python3.11", "3.11.7", 0)
    done = find_python(checkout, tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "python3.12"))


def test_a_python_that_cannot_make_environments_is_passed_over(
    checkout: Path, tmp_path: Path
) -> None:
    fake_python(tmp_path, "python3.13", "3.13.0", 1)
    fake_python(tmp_path, "python3", "3.11.2", 0)
    done = find_python(checkout, tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, str(tmp_path / "python3"))


@pytest.mark.parametrize("has_old", [True, False], ids=["old", "none"])
def test_without_a_fitting_python_it_says_what_it_needs_and_what_it_found(
    checkout: Path, tmp_path: Path, has_old: bool
) -> None:
    if has_old:
        fake_python(tmp_path, "python3", "3.9.2", 1)
    done = find_python(checkout, tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "3.11" in done.stderr
    assert ("(3.9.2)" if has_old else "Found: none") in done.stderr
    assert "hint:" in done.stderr


def test_a_named_python_is_the_only_one_looked_at(checkout: Path, tmp_path: Path) -> None:
    fake_python(tmp_path, "python3.13", "3.13.0", 0)
    fake_python(tmp_path, "mine", "3.11.0", 0)
    done = find_python(checkout, tmp_path, PYTHON=str(tmp_path / "mine"))
    assert done.stdout.strip() == str(tmp_path / "mine")
    assert find_python(checkout, tmp_path, PYTHON="absent").returncode == 1


def test_every_promised_target_exists_and_is_explained(checkout: Path) -> None:
    text = (checkout / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE))
    assert targets == PROMISED
    explained = set(re.findall(r"^([a-z][a-z-]*):.*## \S", text, re.MULTILINE))
    assert explained == targets
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert set(phony.split()) == targets


@pytest.mark.parametrize("script", ["run", "tools", "find-python", "smoke-wheel", "lock"])
def test_every_script_is_bash_that_parses(checkout: Path, script: str) -> None:
    path = checkout / ".ci" / script
    assert os.access(path, os.X_OK)
    assert path.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")
    done = subprocess.run([BASH, "-n", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
