"""Reads what the doctor looks at besides the story: the repository's Flux Kustomizations."""

from __future__ import annotations

from pathlib import Path

from storyrunner import regular
from storyrunner.errors import ManifestError
from storyrunner.gitops.clusters import find_clusters
from storyrunner.gitops.documents import load_file
from storyrunner.gitops.flux_find import kustomizations_in
from storyrunner.gitops.flux_objects import FLUX_GROUP, YAML_SUFFIXES, FluxKustomization
from storyrunner.model.cluster import Cluster
from storyrunner.stories.doctor_model import Declared, normal
from storyrunner.stories.repository_lint import RepositoryFiles

_MOST_BYTES = 2**20


def read_declared(root: Path, files: RepositoryFiles) -> tuple[Declared, ...]:
    """All Flux Kustomizations of the repository by file; files that are not YAML are passed over.

    Links are not followed. Never raises for what a file holds.
    """
    clusters = find_clusters(root)
    found: list[Declared] = []
    for path in sorted(path for path in files.paths if path.endswith(YAML_SUFFIXES)):
        cluster = next((c for c in clusters if path.startswith(f"{c.directory}/")), None)
        found += (_declared(one, path, cluster) for one in _kustomizations(root / path, path))
    return tuple(found)


def _kustomizations(file: Path, path: str) -> list[FluxKustomization]:
    try:
        if file.is_symlink() or file.stat().st_size > _MOST_BYTES:
            return []
        if FLUX_GROUP.encode() not in regular.read_bytes(file):
            return []
        return kustomizations_in(load_file(file, path))
    except (ManifestError, OSError):
        return []  # a build of the file says what is wrong with it


def _declared(one: FluxKustomization, path: str, cluster: Cluster | None) -> Declared:
    return Declared(
        name=one.name,
        namespace=one.namespace,
        file=path,
        path=normal(one.path),
        source=str(one.source_ref),
        inline=bool(one.substitute),
        substitute_from=tuple(str(source) for source in one.substitute_from),
        cluster=cluster.name if cluster else "",
        settings=cluster.settings if cluster else "",
        settings_name=cluster.settings_name if cluster else "",
    )
