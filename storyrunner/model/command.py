"""Commands and how they ended. Shapes only: `storyrunner.tools.process` is the one spawner."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from pathlib import Path

from storyrunner.model.frozen import dataclass


class Ending(StrEnum):
    """How a process ended; only `exited` has an exit code worth reading."""

    EXITED = "exited"
    TIMED_OUT = "timed out"
    NOT_FOUND = "not found"
    CANCELLED = "cancelled"
    KILLED = "killed"


@dataclass(frozen=True, slots=True)
class Command:
    """An argv list with all that decides its run. `timeout` in seconds. `env` is the whole
    environment (nothing is inherited); None means the runner's minimal default."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str] | None = None
    stdin: bytes | None = None
    timeout: float = 60.0
    ok_codes: frozenset[int] = field(default_factory=lambda: frozenset({0}))

    @property
    def shown(self) -> str:
        """The command as a person would type it."""
        return shlex.join(self.argv)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command returned: raw bytes, exit code (None unless it exited), seconds taken."""

    command: Command
    ending: Ending
    code: int | None
    stdout: bytes = b""
    stderr: bytes = b""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """True when it exited with one of the command's ok codes."""
        return self.ending is Ending.EXITED and self.code in self.command.ok_codes

    @property
    def stdout_text(self) -> str:
        """Standard output as text; bytes that are no UTF-8 become U+FFFD."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def stderr_text(self) -> str:
        """Standard error as text; bytes that are no UTF-8 become U+FFFD."""
        return self.stderr.decode("utf-8", "replace")
