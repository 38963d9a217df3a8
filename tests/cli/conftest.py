"""The command line in process: one function that runs it and returns what it printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from storyrunner.cli import main
from tests.support.repositories import copy_repository, start_demo


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Run `storyrunner` with arguments."""

    def _run(*args: object) -> Ran:
        capfd.readouterr()
        code = main([str(arg) for arg in args])
        out, err = capfd.readouterr()
        return Ran(code, out, err)

    return _run


@pytest.fixture(scope="session")
def _started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return start_demo(tmp_path_factory.mktemp("demo") / "gitops")


@pytest.fixture
def demo(_started: Path, tmp_path: Path) -> Path:
    """The demo repository before anyone worked on it."""
    return copy_repository(_started, tmp_path / "gitops")


@pytest.fixture(scope="session")
def _finished(_started: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_repository(_started, tmp_path_factory.mktemp("finished") / "gitops")
    assert main(["run", "--yes", "--engine", "embedded", "-C", str(folder)]) == 0
    return folder


@pytest.fixture
def finished(_finished: Path, tmp_path: Path) -> Path:
    """The demo repository with the story finished and committed."""
    return copy_repository(_finished, tmp_path / "gitops")
