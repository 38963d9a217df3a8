"""The annotation that says where each object came from, which a root asks for with `buildMetadata`.

Flux asks for it when a root has no `resources` (semantics.md §1.7): so it is part of what a cluster
gets. Paths lead from the root as the entries on the way say them; links are not followed.
"""

from __future__ import annotations

import posixpath
from typing import Final

from storyrunner.errors import RefusedFeatureError
from storyrunner.gitops.emitter import dump_value
from storyrunner.gitops.kustomize.kustomization import Kustomization

ORIGIN: Final = "config.kubernetes.io/origin"
NOTED: Final = "originAnnotations"
"""The word of `buildMetadata`, and what `explain` calls the maker."""

_KINDS: Final = {
    "configMapGenerator": "ConfigMapGenerator",
    "secretGenerator": "SecretGenerator",
}


def asks_for_origins(root: Kustomization) -> bool:
    """Whether the root of a build asks for origins. Raises RefusedFeatureError for anything else
    it asks for."""
    wanted = root.fields.get("buildMetadata") or []
    other = [word for word in wanted if word != NOTED]
    if other:
        feature = f"buildMetadata {other[0]}"
        raise RefusedFeatureError(feature, able="kustomize", place=root.place("buildMetadata"))
    return bool(wanted)


def inner_path(at: str, path: str) -> str:
    """A path below another, both relative to the root of the build."""
    return posixpath.normpath(posixpath.join(at, path))


def of_file(path: str) -> str:
    """The note on an object that was read from a file."""
    return dump_value({"path": path})


def of_generator(file: str, field: str) -> str:
    """The note on an object that the kustomization `file` had made."""
    by = f"configuredBy:\n  apiVersion: builtin\n  kind: {_KINDS[field]}\n"
    return dump_value({"configuredIn": file}) + by
