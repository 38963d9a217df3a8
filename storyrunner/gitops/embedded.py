"""The embedded renderer as an engine of the ladder: loaded when it is first asked, not before.

A run on the command-line rungs never pays for its import; `gitops.kustomize` does the work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from storyrunner.gitops.kustomize.engine import Rendered


class EmbeddedEngine:
    """A Kustomizer that also tells what it read."""

    name = "embedded"

    def render(
        self, tree: Path, directory: str, root: Mapping[str, object] | None = None
    ) -> Rendered:
        """See `gitops.kustomize.render`."""
        from storyrunner.gitops.kustomize.engine import render

        return render(tree, directory, root)

    async def build(
        self, tree: Path, directory: str, root: Mapping[str, object] | None = None
    ) -> Sequence[Mapping[str, Any]]:
        """See Kustomizer.build."""
        return [one.data for one in self.render(tree, directory, root).objects]
