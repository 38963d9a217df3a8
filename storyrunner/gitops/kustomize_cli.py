"""`kustomize build` and `kubectl kustomize` as a Kustomizer, on a private copy.

Both are asked for what Flux does: files from outside the folder, objects in the order they were
found (semantics.md §5.1). No plugin and no Helm is ever switched on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storyrunner.gitops.cli_failure import (
    check_ended,
    embedded_walk,
    message_of,
    place_in_message,
    render_error,
)
from storyrunner.gitops.objects import parse_objects
from storyrunner.gitops.private_copy import PrivateCopy
from storyrunner.gitops.reach import reach
from storyrunner.gitops.second_opinion import compare, refuse_other_no
from storyrunner.model.finding import Finding
from storyrunner.model.ports import Runner
from storyrunner.tools import kustomize
from storyrunner.tools.tool import Tool

TIMEOUT = 60.0


class KustomizeCli:
    """A Kustomizer. `tool` is kustomize or kubectl; `timeout` in seconds for one build."""

    def __init__(
        self, runner: Runner, tool: Tool, copy: PrivateCopy, *, timeout: float = TIMEOUT
    ) -> None:
        self._runner = runner
        self._tool = tool
        self._copy = copy
        self._timeout = timeout

    @property
    def name(self) -> str:
        """The program and its verb, as messages call it."""
        return "kustomize build" if self._tool.name == kustomize.NAME else "kubectl kustomize"

    async def build(
        self, tree: Path, directory: str, root: Mapping[str, object] | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """See Kustomizer.build. Raises ConfinementError for what leads out of the repository and
        RefusedFeatureError for what would be fetched."""
        reach(tree, directory, root)
        text = await self._run(tree, directory, root)
        return [found.data for found in parse_objects(text, self.name)]

    def doubts(
        self,
        tree: Path,
        directory: str,
        root: Mapping[str, Any],
        built: Sequence[Mapping[str, Any]],
    ) -> tuple[Finding, ...]:
        """What cannot be told of objects built here. Raises DisputedFeatureError when Flux's own
        kustomize would give others."""
        return compare(self._tool, tree, directory, root, built)

    async def _run(self, tree: Path, directory: str, root: Mapping[str, Any] | None) -> str:
        if root is not None and "sortOptions" not in root:
            root = {**root, "sortOptions": {"order": "fifo"}}
        with self._copy.view(directory, root) as view:
            command = kustomize.build(
                self._tool,
                directory,
                cwd=view,
                home=self._copy.home,
                fifo=root is None,
                timeout=self._timeout,
            )
            outcome = await self._runner.run(command)
            message = self._copy.shown(message_of(outcome.stderr_text))
        check_ended(outcome, self.name)
        if not outcome.ok:
            if root is not None:
                await asyncio.to_thread(refuse_other_no, self._tool, tree, directory, root, message)
            raise render_error(
                self.name,
                message,
                embedded_walk(tree, directory, root),
                lambda: place_in_message(tree, directory, message),
            )
        return outcome.stdout_text
