"""The program as the fault suites use it: warm, in a process of its own (`server`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended: `code` is negative for a signal, `seconds` of wall clock."""

    code: int
    out: str
    err: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """A run: `kills` are pairs of seconds after the start and signal; `record` a file for the
    groups of writes; `fault` the arguments of `server.inject`."""

    argv: tuple[object, ...]
    env: dict[str, str]
    kills: tuple[tuple[float, int], ...] = ()
    record: str = ""
    fault: dict[str, Any] | None = None

    def plain(self) -> dict[str, Any]:
        """For the wire."""
        return {
            "argv": [str(word) for word in self.argv],
            "env": self.env,
            "kills": self.kills,
            "record": self.record,
            "fault": self.fault,
        }


class Program:
    """Talks to a server."""

    def __init__(self, checkout: Path, demo: Path) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.server", str(demo)],
            cwd=checkout,
            env=os.environ | {"PYTHONPATH": str(checkout)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def together(
        self, wanted: Sequence[Wanted], *, parallel: int = 1, settle: float = 30.0
    ) -> tuple[list[Ran], list[str]]:
        """Run them, `parallel` at a time; how they ended, and the processes they left behind."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        request = {"runs": [one.plain() for one in wanted], "parallel": parallel, "settle": settle}
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        answer = json.loads(self._server.stdout.readline())
        return [Ran(**one) for one in answer["runs"]], answer["left"]

    def run(self, wanted: Wanted) -> Ran:
        """Run one to its end; nothing may be left behind."""
        [ran], left = self.together([wanted])
        assert left == []
        return ran

    def close(self) -> None:
        """End the server."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.close()
        self._server.stdout.close()
        self._server.wait()
