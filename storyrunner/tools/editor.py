"""The engineer's own editor, in the terminal; screens leave it for so long.

The one child that the runner does not start: a person's editor needs the terminal, which the runner
takes from every process on purpose. Edited is a private copy; the workspace writes the file.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from storyrunner.errors import ToolError

FALLBACKS = ("nvim", "vim", "vi", "nano", "micro", "emacs")
PLUS_LINE = frozenset({"vi", "vim", "nvim", "nano", "emacs", "emacsclient", "micro", "kak", "joe"})
COLON = frozenset({"hx", "helix", "subl", "zed"})
GOTO = frozenset({"code", "codium", "cursor"})


class NoEditorError(ToolError):
    """There is no editor, or it could not be started, or it ended with an error."""


class Editor:
    """Opens files and texts. `suspend` gives the terminal away for the length of a block."""

    def __init__(
        self,
        suspend: Callable[[], AbstractContextManager[None]] = nullcontext,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._suspend = suspend
        self._environment = os.environ if environment is None else environment

    def open(self, path: Path, line: int = 1, column: int = 1) -> None:
        """Open a file at a place and wait. Raises NoEditorError."""
        self._run(arguments(self.command(), path, line, column))

    def edit(self, text: str, name: str) -> str | None:
        """Edit a text under the name of a file; None when it came back as it was.

        Raises NoEditorError.
        """
        with tempfile.TemporaryDirectory(prefix="storyrunner-") as folder:
            path = Path(folder) / Path(name).name
            path.write_bytes(text.encode("utf-8"))
            self.open(path)
            after = path.read_bytes().decode("utf-8", "replace")
        return None if after == text else after

    def command(self) -> list[str]:
        """$VISUAL, $EDITOR, or the first that is installed. Raises NoEditorError."""
        for name in ("VISUAL", "EDITOR"):
            words = shlex.split(self._environment.get(name, ""))
            if words:
                return words
        found = next((name for name in FALLBACKS if shutil.which(name)), None)
        if found is None:
            raise NoEditorError("no editor found: set EDITOR", hint="export EDITOR=vi")
        return [found]

    def _run(self, argv: list[str]) -> None:
        try:
            with self._suspend():
                code = subprocess.run(argv, check=False).returncode
        except OSError as error:
            raise NoEditorError(f"{argv[0]}: {error.strerror}") from error
        if code != 0:
            raise NoEditorError(f"{argv[0]} ended with {code}")


def arguments(command: list[str], path: Path, line: int, column: int) -> list[str]:
    """The command for a place in a file, the way each editor wants it."""
    name = Path(command[0]).name
    if name in PLUS_LINE:
        return [*command, f"+{line}", str(path)]
    if name in COLON:
        return [*command, f"{path}:{line}:{column}"]
    if name in GOTO:
        wait = [] if "--wait" in command or "-w" in command else ["--wait"]
        return [*command, *wait, "--goto", f"{path}:{line}:{column}"]
    return [*command, str(path)]
