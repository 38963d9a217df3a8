"""What programs said of their versions, so that a start need not ask each of them again.

An answer is taken only for the very file that gave it: same path, device, inode, size and times, to
the nanosecond. It is kept only for a compiled program that goes by its own name and holds the text
of its version: scripts and the shims of version managers, whose answer depends on more than their
own file, are always asked. It must not know any tool.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from storyrunner.tools.tool import Tool

FORMAT = 1
MOST = 64
"""Entries that are kept, the newest."""

_COMPILED = (
    b"\x7fELF",
    b"\xcf\xfa\xed\xfe",
    b"\xce\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"\xca\xfe\xba\xbf",
)


class Remembered:
    """A file with answers. One that cannot be read holds none; one that cannot be written is let
    be. Safe in several processes: the last one to write wins, and what is lost is asked again."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._answers: dict[str, dict[str, str]] | None = None

    def recall(self, name: str, path: Path) -> Tool | None:
        """What the program at `path` said when it was asked before; None when it has to be."""
        key = _key(name, path)
        answer = self._read().get(key) if key else None
        if answer is None:
            return None
        return Tool(name, path, answer["version"], answer["flavour"], answer["kustomize"])

    def keep(self, tool: Tool, asked: str) -> None:
        """Remember an answer; `asked` is the `mark` of the file from before it was asked."""
        if not asked or asked != _key(tool.name, tool.path) or not _holds(tool.path, tool.version):
            return
        answers = self._read()
        answers.pop(asked, None)
        answers[asked] = {
            "version": tool.version,
            "flavour": tool.flavour,
            "kustomize": tool.kustomize,
        }
        for old in list(answers)[:-MOST]:
            del answers[old]
        self._write(answers)

    @staticmethod
    def mark(name: str, path: Path) -> str:
        """What tells the file at `path` from every other; "" for one that is not remembered."""
        return _key(name, path)

    def _read(self) -> dict[str, dict[str, str]]:
        if self._answers is None:
            self._answers = _load(self._file)
        return self._answers

    def _write(self, answers: Mapping[str, Mapping[str, str]]) -> None:
        document = {"format": FORMAT, "answers": answers}
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, made = tempfile.mkstemp(dir=self._file.parent, prefix=".tools-")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(document, file)
            Path(made).replace(self._file)


def _load(file: Path) -> dict[str, dict[str, str]]:
    fields = ("version", "flavour", "kustomize")
    try:
        document = json.loads(file.read_bytes())
        if document["format"] != FORMAT:
            return {}
        answers = document["answers"].items()
        return {str(key): {one: str(answer[one]) for one in fields} for key, answer in answers}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _holds(path: Path, version: str) -> bool:
    if not version:
        return False
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return data.find(version.encode()) >= 0
    except (OSError, ValueError):  # gone by now, or empty
        return False


def _key(name: str, path: Path) -> str:
    try:
        real = path.resolve(strict=True)
        if not real.name.startswith(name):
            return ""
        state = real.stat()
        with real.open("rb") as file:
            if not file.read(4).startswith(_COMPILED):
                return ""
    except OSError:
        return ""
    told = (state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns)
    return json.dumps([name, str(path), str(real), *told])
