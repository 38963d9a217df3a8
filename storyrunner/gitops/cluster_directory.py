"""What a cluster's own directory gives when it has a kustomization file: that, and nothing else.

Flux then applies what the file lists, as it patches it; a manifest that stands beside it unlisted
is not applied. Without such a file every manifest counts, and this module has nothing to say.
"""

from __future__ import annotations

from pathlib import Path

from storyrunner.errors import Place, RefusedFeatureError, RenderError
from storyrunner.gitops.embedded import EmbeddedEngine
from storyrunner.gitops.flux_scan import KUSTOMIZATION_FILES
from storyrunner.gitops.objects import KubeObject
from storyrunner.gitops.sources import SourceIndex
from storyrunner.model.cluster import Cluster
from storyrunner.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class ClusterDirectory:
    """The rendered objects of a cluster's directory, the files read, and where it was said."""

    objects: tuple[KubeObject, ...]
    read: frozenset[str]
    index: SourceIndex
    place: Place


def rendered_directory(tree: Path, cluster: Cluster) -> ClusterDirectory | None:
    """What the directory's kustomization file gives; None when it has none.

    Raises RenderError, ManifestError or RefusedFeatureError when it cannot be rendered.
    """
    names = [f"{cluster.directory}/{name}" for name in KUSTOMIZATION_FILES]
    present = [name for name in names if (tree / name).is_file()]
    if not present:
        return None
    place = Place(present[0])
    try:
        rendered = EmbeddedEngine().render(tree, cluster.directory)
    except (RenderError, RefusedFeatureError) as error:
        error.place = error.place or place
        raise
    objects = tuple(KubeObject(one.data) for one in rendered.objects)
    read = frozenset(rendered.read) | {place.path}
    return ClusterDirectory(objects, read, SourceIndex(tree, read), place)


def is_in_directory(cluster: Cluster, shown: str) -> bool:
    """Whether a file stands below the cluster's directory."""
    return shown.startswith(f"{cluster.directory}/")
