"""The session's terminal is resized, closed, killed or dumb: it is left as it was found."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.faults.terminal import Terminal
from tests.support.repositories import copy_repository, fingerprint

ALTERNATE, NORMAL, CURSOR = b"\x1b[?1049h", b"\x1b[?1049l", b"\x1b[?25h"
READY = b"Verify"
"""Of the first task's title: the screens are drawn."""


@pytest.fixture
def demo(started: Path, tmp_path: Path) -> Path:
    """The demo repository before anyone worked on it."""
    return copy_repository(started, tmp_path / "gitops")


@pytest.fixture
def environment(surroundings: dict[str, str], checkout: Path) -> dict[str, str]:
    """The environment of a session."""
    return surroundings | {"TERM": "xterm-256color", "PYTHONPATH": str(checkout)}


def opened(environment: dict[str, str], demo: Path) -> Terminal:
    """A session on the demo, drawn."""
    terminal = Terminal(environment, demo, "--engine", "embedded", "-C", demo)
    terminal.until(READY)
    return terminal


def assert_restored(terminal: Terminal) -> None:
    """The screen is the one from before, with its cursor, and nothing looks like a crash."""
    assert terminal.shown.count(NORMAL) >= terminal.shown.count(ALTERNATE) > 0
    assert terminal.shown.rindex(NORMAL) > terminal.shown.rindex(ALTERNATE)
    assert CURSOR in terminal.shown[terminal.shown.rindex(ALTERNATE) :]
    assert b"Traceback" not in terminal.shown


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_polite_kill_ends_the_session_and_gives_the_terminal_back(
    environment: dict[str, str], demo: Path, number: signal.Signals
) -> None:
    before = fingerprint(demo)
    terminal = opened(environment, demo)
    terminal.send(number)
    assert terminal.ended() == 130
    assert_restored(terminal)
    assert b"interrupted; nothing is half written" in terminal.shown
    assert fingerprint(demo) == before


def test_a_terminal_that_is_closed_ends_the_session(
    environment: dict[str, str], demo: Path
) -> None:
    before = fingerprint(demo)
    terminal = opened(environment, demo)
    terminal.hang_up()
    assert terminal.ended() in (130, -signal.SIGHUP)
    assert fingerprint(demo) == before
    assert list(Path(environment["TMPDIR"]).glob("storyrunner-bug-*")) == []


def test_a_terminal_of_any_size_is_drawn_and_redrawn(
    environment: dict[str, str], demo: Path
) -> None:
    terminal = opened(environment, demo)
    for columns, rows in ((20, 5), (1, 1), (300, 100), (80, 24)):
        terminal.resize(columns, rows)
    terminal.press(b"q")
    assert terminal.ended() == 0
    assert_restored(terminal)


@pytest.mark.parametrize("kind", ["dumb", "", "unknown-terminal"])
def test_a_dumb_terminal_is_told_what_to_use_instead(
    environment: dict[str, str], demo: Path, kind: str
) -> None:
    terminal = Terminal(environment | {"TERM": kind}, demo, "-C", demo)
    if kind == "unknown-terminal":
        terminal.until(READY)
        terminal.press(b"q")
        assert terminal.ended() == 0
        return
    assert terminal.ended() == 2
    assert b"\x1b" not in terminal.shown
    assert b"this terminal cannot show the session" in terminal.shown
    assert b"storyrunner run" in terminal.shown


def test_control_c_during_the_plain_walk_ends_it(environment: dict[str, str], demo: Path) -> None:
    terminal = Terminal(environment, demo, "run", "--engine", "embedded", "-C", demo)
    terminal.until(b"[")
    terminal.press(b"\x03")
    assert terminal.ended() == 130
    assert b"interrupted; nothing is half written" in terminal.shown
