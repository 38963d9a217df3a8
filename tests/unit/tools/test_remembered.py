"""A program is not asked for its version twice, and never believed of another file."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from storyrunner.model.command import Command, Ending, Outcome
from storyrunner.tools.detection import detect
from storyrunner.tools.remembered import MOST, Remembered
from storyrunner.tools.tool import Missing, Tool, Unusable
from storyrunner.tools.toolbox import Toolbox

ELF = b"\x7fELF of flux 2.9.5 and 2.9.6"


class Asking:
    """A runner whose programs are files in one folder; counts how often one is asked."""

    def __init__(self, folder: Path, says: str = "flux version 2.9.5") -> None:
        self.folder = folder
        self.says = says
        self.asked = 0

    def which(self, name: str) -> Path | None:
        path = self.folder / name
        return path if path.exists() else None

    async def run(self, command: Command, on_line: object = None) -> Outcome:
        self.asked += 1
        return Outcome(command, Ending.EXITED, 0, stdout=f"{self.says}\n".encode())


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "flux").write_bytes(ELF)
    return Asking(folder)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "tools.json"


def find(asking: Asking, file: Path) -> object:
    """As a start of the program finds it: with nothing in memory."""
    return asyncio.run(detect(asking, "flux", Remembered(file)))


def test_the_same_file_is_asked_once(asking: Asking, file: Path) -> None:
    first, second = find(asking, file), find(asking, file)
    assert first == second == Tool("flux", asking.folder / "flux", "2.9.5")
    assert asking.asked == 1


def test_a_toolbox_that_remembers_everything_asks_nobody(asking: Asking, file: Path) -> None:
    async def look() -> object:
        toolbox = Toolbox(asking, ("flux", "yq"), Remembered(file))
        toolbox.begin()
        return await toolbox.all_usable()

    first = asyncio.run(look())
    assert asyncio.run(look()) == first
    assert asking.asked == 1


def test_a_program_that_was_replaced_is_asked_again(asking: Asking, file: Path) -> None:
    find(asking, file)
    new = asking.folder / "new"
    new.write_bytes(ELF)
    state = (asking.folder / "flux").stat()
    os.utime(new, ns=(state.st_atime_ns, state.st_mtime_ns))  # same size, same time
    new.replace(asking.folder / "flux")
    asking.says = "flux version 2.9.6"
    found = find(asking, file)
    assert isinstance(found, Tool)
    assert found.version == "2.9.6"
    assert asking.asked == 2


def test_one_that_is_rewritten_in_place_is_asked_again(asking: Asking, file: Path) -> None:
    find(asking, file)
    (asking.folder / "flux").write_bytes(ELF + b"!")
    find(asking, file)
    assert asking.asked == 2


def test_one_that_is_gone_is_missing_although_remembered(asking: Asking, file: Path) -> None:
    find(asking, file)
    (asking.folder / "flux").unlink()
    assert find(asking, file) == Missing("flux")


@pytest.mark.parametrize("content", [b"#!/bin/sh\necho flux version 2.9.5\n", b"\x7fELF", b""])
def test_a_script_and_one_without_its_version_inside_are_always_asked(
    asking: Asking, file: Path, content: bytes
) -> None:
    (asking.folder / "flux").write_bytes(content)
    find(asking, file)
    find(asking, file)
    assert asking.asked == 2


def test_a_shim_of_a_version_manager_is_always_asked(asking: Asking, file: Path) -> None:
    (asking.folder / "flux").rename(asking.folder / "mise")
    (asking.folder / "flux").symlink_to("mise")
    find(asking, file)
    find(asking, file)
    assert asking.asked == 2


def test_one_that_cannot_be_told_is_not_remembered(asking: Asking, file: Path) -> None:
    asking.says = "something else"
    assert isinstance(find(asking, file), Unusable)
    assert not file.exists()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"format": 0, "answers": {}}', '{"format": 1, "answers": {"a": 1}}']
)
def test_a_damaged_memory_is_no_memory(asking: Asking, file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text, "utf-8")
    assert isinstance(find(asking, file), Tool)
    find(asking, file)
    assert asking.asked == 1


def test_a_memory_that_cannot_be_written_stops_nobody(asking: Asking, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", "utf-8")
    assert isinstance(find(asking, tmp_path / "taken" / "tools.json"), Tool)


def test_the_memory_does_not_grow_without_end(asking: Asking, file: Path) -> None:
    remembered = Remembered(file)
    flux = Tool("flux", asking.folder / "flux", "2.9.5")
    for number in range(MOST + 5):
        path = asking.folder / f"flux-{number}"
        path.write_bytes(ELF)
        remembered.keep(replace(flux, path=path), remembered.mark("flux", path))
    kept = [Remembered(file).recall("flux", asking.folder / f"flux-{n}") for n in range(MOST + 5)]
    assert [one is None for one in kept] == [True] * 5 + [False] * MOST
