"""The wheel and the source archive, built from this checkout: all that the program reads is in."""

from __future__ import annotations

import email
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from storyrunner import __version__

DATA = "storyrunner/data"


@pytest.fixture(scope="module")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive. Offline: the build tools are installed."""
    out = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(checkout)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> zipfile.ZipFile:
    (path,) = built.glob("*.whl")
    return zipfile.ZipFile(path)


def files(folder: Path) -> set[str]:
    """Every file below a folder, relative to it."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("name", ["runbooks", "manifests"])
def test_the_wheel_holds_the_data_byte_for_byte(
    checkout: Path, wheel: zipfile.ZipFile, name: str
) -> None:
    here = files(checkout / name)
    there = {
        item.removeprefix(f"{DATA}/{name}/")
        for item in wheel.namelist()
        if item.startswith(f"{DATA}/{name}/")
    }
    assert here
    assert there == here
    for item in here:
        assert wheel.read(f"{DATA}/{name}/{item}") == (checkout / name / item).read_bytes()


def test_the_wheel_holds_the_demo_repository(wheel: zipfile.ZipFile) -> None:
    demo = [item for item in wheel.namelist() if item.startswith(f"{DATA}/manifests/demo/")]
    assert any(item.endswith(".md") and "/stories/" in item for item in demo)
    assert any(item.endswith("cluster-settings.yaml") for item in demo)


@pytest.mark.parametrize("package", ["storyrunner", "tui"])
def test_the_wheel_holds_every_file_of_the_packages(
    checkout: Path, wheel: zipfile.ZipFile, package: str
) -> None:
    here = {f"{package}/{item}" for item in files(checkout / package)}
    there = {item for item in wheel.namelist() if not item.startswith(DATA)}
    assert here <= there
    assert {Path(item).suffix for item in here} >= (
        {".py", ".json"} if package == "storyrunner" else {".py", ".tcss"}
    )


def test_the_wheel_holds_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {item.partition("/")[0] for item in wheel.namelist()}
    assert tops == {"storyrunner", "tui", f"storyrunner-{__version__}.dist-info"}
    assert [item for item in wheel.namelist() if item.endswith(".pyc")] == []


def test_versions_agree(checkout: Path, wheel: zipfile.ZipFile) -> None:
    (metadata,) = [item for item in wheel.namelist() if item.endswith(".dist-info/METADATA")]
    found = email.message_from_bytes(wheel.read(metadata))
    assert found["Version"] == __version__
    changelog = (checkout / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(__version__)}\]", changelog, re.MULTILINE)
    assert found["License-Expression"] == "Apache-2.0"
    assert found["Requires-Python"] == ">=3.11"


def test_the_oldest_python_is_named_the_same_everywhere(checkout: Path) -> None:
    project = tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["requires-python"] == ">=3.11"
    assert project["tool"]["ruff"]["target-version"] == "py311"
    assert project["tool"]["mypy"]["python_version"] == "3.11"
    assert "3.11" in (checkout / ".ci/find-python").read_text(encoding="utf-8")


def test_the_licence_is_whole(checkout: Path, wheel: zipfile.ZipFile) -> None:
    text = (checkout / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    (copy,) = [item for item in wheel.namelist() if item.endswith("/LICENSE")]
    assert wheel.read(copy).decode("utf-8") == text


def test_the_source_archive_builds_the_same_wheel(built: Path, checkout: Path) -> None:
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for folder in ("storyrunner", "tui", "runbooks", "manifests"):
        assert {f"{folder}/{item}" for item in files(checkout / folder)} <= names
