"""What a build tells someone who watches it: what was read, made and about to change what.

A watcher learns; it changes no value, though it may put equal ones in their place, which is how
`tracing` follows them. The base class watches nothing, and that is what every build gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storyrunner.gitops.kustomize.kustomization import Kustomization
    from storyrunner.gitops.kustomize.patches import OldPatches, Patch
    from storyrunner.gitops.kustomize.resource import Resource

FieldPath = tuple[str | int, ...]


class Watch:
    """Told of each thing as it happens; every method does nothing here."""

    def entered(self, one: Kustomization) -> None:
        """A kustomization's work begins; the first is the root."""

    def read(self, found: Sequence[Resource]) -> None:
        """Resources were read from a file."""

    def generated(self, one: Kustomization, at: FieldPath, made: Resource) -> None:
        """A generator entry made a resource, which is not yet among the others."""

    def loaded(self, one: Kustomization, at: FieldPath, patch: Patch) -> Patch:
        """A patch was loaded from an entry; gives the one to use."""
        return patch

    def loaded_old(self, one: Kustomization, patches: OldPatches) -> None:
        """`patchesStrategicMerge` was loaded."""

    def begin(self, items: Sequence[Resource]) -> None:
        """A step is about to change resources."""

    def end(self, items: Sequence[Resource], one: Kustomization | None, at: FieldPath) -> None:
        """The step that the entry `at` of a kustomization asked for is done; without one it is
        `("hash",)` or `("references",)`."""

    def finished(self, items: Sequence[Resource]) -> None:
        """The build is over; these are its resources, in order."""
