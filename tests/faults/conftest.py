"""What the fault suites share: the effort, the table of figures, the warm program, the demo."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.effort import VARIABLE, Effort
from tests.faults.figures import PAGE, Figure, keep, table
from tests.faults.program import Program
from tests.faults.reference import Reference, undisturbed
from tests.support.repositories import copy_repository, start_demo

FIGURES: pytest.StashKey[list[Figure]] = pytest.StashKey()
Reached = Callable[..., None]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """The table; `STORYRUNNER_FAULTS_KEEP` puts it into the docs."""
    figures = config.stash.get(FIGURES, [])
    if not figures:
        return
    terminalreporter.section("faults")
    for line in table(figures):
        terminalreporter.write_line(line)
    if os.environ.get("STORYRUNNER_FAULTS_KEEP"):
        keep(config.rootpath / PAGE, figures)


@pytest.fixture
def effort() -> Effort:
    """How much this run does."""
    return Effort(os.environ.get(VARIABLE, ""))


@pytest.fixture
def reached(pytestconfig: pytest.Config) -> Reached:
    """Adds a row to the table."""
    figures = pytestconfig.stash.setdefault(FIGURES, [])
    return lambda *cells: figures.append(Figure(*cells))


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo repository before anyone worked on it; not to be changed."""
    return start_demo(tmp_path_factory.mktemp("demo") / "gitops")


@pytest.fixture(scope="module")
def program(
    started: Path, checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Program]:
    """The warm program."""
    folder = copy_repository(started, tmp_path_factory.mktemp("warm") / "gitops")
    before = os.environ.get("STORYRUNNER_STATE_DIR")
    os.environ["STORYRUNNER_STATE_DIR"] = str(folder.parent / "state")
    try:
        made = Program(checkout, folder)
    finally:
        if before is None:
            del os.environ["STORYRUNNER_STATE_DIR"]
    yield made
    made.close()


@pytest.fixture
def surroundings(tmp_path: Path, empty_home: Path, bare_path: str) -> dict[str, str]:
    """The whole environment of a run: a home and a state of its own, git and no other tool."""
    return {
        "HOME": str(empty_home),
        "PATH": bare_path,
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "STORYRUNNER_STATE_DIR": str(tmp_path / "state"),
        "TMPDIR": str(_made(tmp_path / "tmp")),
    }


@pytest.fixture
def reference(
    program: Program, started: Path, surroundings: dict[str, str], tmp_path: Path
) -> Reference:
    """An undisturbed run."""
    return undisturbed(program, started, surroundings, tmp_path)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
