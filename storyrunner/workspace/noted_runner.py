"""A runner that notes what it starts, word for word, for the evidence of whatever is checked.

It knows nothing of who checks. Paths in the repository become relative, and of paths elsewhere
(private copies, the program's own folder) only the last name stays: they mean nothing later.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from storyrunner.model.command import Command, Outcome
from storyrunner.model.ports import LineSink, Runner
from storyrunner.workspace import reads

_ELSEWHERE = re.compile(r"(?<![\w./…])/(?:[^\s/=:,'\"]+/)+([^\s/=:,'\"]*)")


class NotedRunner:
    """The Runner port around another runner, for a repository at `root`."""

    def __init__(self, runner: Runner, root: Path) -> None:
        self._runner = runner
        self._root = str(root)

    def which(self, name: str) -> Path | None:
        """As the runner."""
        return self._runner.which(name)

    async def run(self, command: Command, on_line: LineSink | None = None) -> Outcome:
        """As the runner."""
        reads.note_command(shown_command(command, self._root))
        return await self._runner.run(command, on_line)


def shown_command(command: Command, root: str) -> str:
    """A command's exact words, without paths of this machine."""
    program, *words = command.argv
    inside = [word.replace(f"{root}/", "").replace(root, ".") for word in words]
    shown = [_ELSEWHERE.sub(r"…/\1", word) for word in inside]
    return shlex.join([Path(program).name, *shown])
