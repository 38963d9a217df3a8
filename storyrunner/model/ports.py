"""The ports through which side effects come in, as Protocols; implementations live elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from storyrunner.model.command import Command, Outcome

LineSink = Callable[[str, str], None]
"""Called with a stream's name (`stdout`, `stderr`) and one line of it, without its newline."""


class Runner(Protocol):
    """The only way to start a process."""

    async def run(self, command: Command, on_line: LineSink | None = None) -> Outcome:
        """Run to the end; never raises for what the command does, only ToolError for misuse."""
        ...

    def which(self, name: str) -> Path | None:
        """The executable that `name` means, or None."""
        ...


class Kustomizer(Protocol):
    """`kustomize build` of one directory, on any rung."""

    async def build(
        self, tree: Path, directory: str, root: Mapping[str, object] | None = None
    ) -> Sequence[Mapping[str, object]]:
        """Objects of `directory` (posix, relative to `tree`) in accumulation (FIFO) order.

        `root`, when given, stands in for the kustomization file of `directory` itself.
        Raises RenderError, RefusedFeatureError, ManifestError or ToolError.
        """
        ...
