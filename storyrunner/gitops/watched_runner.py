"""A runner that counts the commands it has begun, for whoever waits until tools are at work."""

from __future__ import annotations

from pathlib import Path

from storyrunner.model.command import Command, Outcome
from storyrunner.model.ports import LineSink, Runner


class WatchedRunner:
    """The Runner port around another runner."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.begun = 0

    def which(self, name: str) -> Path | None:
        """As the runner."""
        return self._runner.which(name)

    async def run(self, command: Command, on_line: LineSink | None = None) -> Outcome:
        """As the runner, which starts the command before it first waits."""
        self.begun += 1
        return await self._runner.run(command, on_line)
