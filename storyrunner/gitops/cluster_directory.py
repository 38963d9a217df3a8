"""What a cluster's own directory gives when something builds it: that, and nothing else.

It does when it has a kustomization file, or when a Flux Kustomization in it applies the directory
itself, as `flux bootstrap` lays it out: Flux then applies what it lists or what its scan finds, as
that Kustomization patches it. Otherwise every manifest counts, and this module has nothing to say.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from storyrunner.errors import (
    ManifestError,
    Place,
    RefusedFeatureError,
    RenderError,
    WorkspaceError,
)
from storyrunner.gitops.documents import content_of, load_file
from storyrunner.gitops.embedded import EmbeddedEngine
from storyrunner.gitops.flux_objects import (
    FLUX_GROUP,
    YAML_SUFFIXES,
    FluxKustomization,
    is_flux_kustomization,
    read_kustomization,
)
from storyrunner.gitops.flux_root import build_root
from storyrunner.gitops.flux_scan import KUSTOMIZATION_FILES
from storyrunner.gitops.objects import KubeObject
from storyrunner.gitops.sources import SourceIndex
from storyrunner.model.cluster import Cluster
from storyrunner.model.frozen import dataclass

_CHANGING = frozenset(
    {"patches", "components", "images", "targetNamespace", "namePrefix", "nameSuffix"}
)
"""Fields by which a Flux Kustomization changes what the files in its folder say."""


@dataclass(frozen=True, slots=True)
class ClusterDirectory:
    """The rendered objects of a cluster's directory, the files read, and where it was said."""

    objects: tuple[KubeObject, ...]
    read: frozenset[str]
    index: SourceIndex
    place: Place


def rendered_directory(tree: Path, cluster: Cluster) -> ClusterDirectory | None:
    """What a build of the directory gives; None when nothing builds it.

    Variables are not substituted. Raises RenderError, ManifestError or RefusedFeatureError when it
    cannot be rendered.
    """
    names = [f"{cluster.directory}/{name}" for name in KUSTOMIZATION_FILES]
    present = [name for name in names if (tree / name).is_file()]
    if not present:
        return _generated(tree, cluster)
    found = _render(tree, cluster, Place(present[0]), None)
    own = [one.data for one in found.objects if is_flux_kustomization(one.data)]
    by = _that_applies(cluster, (read_kustomization(one, None, found.place) for one in own))
    if by is None:
        return found
    root = build_root(tree, cluster.directory, by)
    return _render(tree, cluster, found.place, root.data)


def _generated(tree: Path, cluster: Cluster) -> ClusterDirectory | None:
    by = _that_applies(cluster, _written(tree, cluster))
    if by is None:
        return None
    place = by.place("spec", "path")
    try:
        root = build_root(tree, cluster.directory, by)
        return _render(tree, cluster, place, root.data, root.read)
    except RefusedFeatureError:
        if by.spec.keys() & _CHANGING:
            raise  # what the files say is not what the cluster gets
        return None  # a tool builds it; the files tell what they can


def _that_applies(cluster: Cluster, found: Iterable[FluxKustomization]) -> FluxKustomization | None:
    return next((one for one in found if one.path == cluster.directory), None)


def _written(tree: Path, cluster: Cluster) -> Iterable[FluxKustomization]:
    """The Flux Kustomizations in the directory's files; a build says what is wrong with others."""
    for where, folders, files in os.walk(tree / cluster.directory):
        folders[:] = sorted(name for name in folders if name != ".git")
        for path in (Path(where, name) for name in sorted(files) if name.endswith(YAML_SUFFIXES)):
            shown = path.relative_to(tree).as_posix()
            try:
                if FLUX_GROUP.encode() not in content_of(path, shown):
                    continue
                for document in load_file(path, shown):
                    if is_flux_kustomization(document.value):
                        yield read_kustomization(document.value, document, document.place())
            except (ManifestError, WorkspaceError):
                continue


def _render(
    tree: Path,
    cluster: Cluster,
    place: Place,
    root: Mapping[str, Any] | None,
    read: frozenset[str] = frozenset(),
) -> ClusterDirectory:
    try:
        rendered = EmbeddedEngine().render(tree, cluster.directory, root)
    except (RenderError, RefusedFeatureError) as error:
        if error.place is None or not (tree / error.place.path).is_file():
            error.place = place
        raise
    objects = tuple(KubeObject(one.data) for one in rendered.objects)
    read = read | rendered.read | {place.path}
    return ClusterDirectory(objects, read, SourceIndex(tree, read), place)


def is_in_directory(cluster: Cluster, shown: str) -> bool:
    """Whether a file stands below the cluster's directory."""
    return shown.startswith(f"{cluster.directory}/")


def settings_files(tree: Path, cluster: Cluster) -> list[str]:
    """The settings file, then all YAML files of the cluster's directory, in lexical order."""
    found = [cluster.settings] if (tree / cluster.settings).is_file() else []
    for where, folders, files in os.walk(tree / cluster.directory):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(files):
            path = Path(where, name)
            if name.endswith(YAML_SUFFIXES) and path.is_file():
                found.append(path.relative_to(tree).as_posix())
    return list(dict.fromkeys(found))
