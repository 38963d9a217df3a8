"""Where a cluster's Flux Kustomizations stand, and the one that a build begins with.

It looks in the cluster's own files only; children are found by rendering. When the cluster's
directory has a kustomization file, what that gives counts and no other file there.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from storyrunner.errors import Place, RenderError
from storyrunner.gitops.cluster_directory import (
    ClusterDirectory,
    is_in_directory,
    rendered_directory,
)
from storyrunner.gitops.documents import YamlDocument, content_of, load_file
from storyrunner.gitops.flux_objects import (
    FLUX_GROUP,
    YAML_SUFFIXES,
    FluxKustomization,
    is_flux_kustomization,
    read_kustomization,
)
from storyrunner.model.cluster import Cluster


def find_kustomizations(tree: Path, cluster: Cluster) -> tuple[FluxKustomization, ...]:
    """All Flux Kustomizations in the cluster's file and in the YAML files beside it, in order.

    The first of two with the same namespace and name counts for `cluster.kustomizations`, which is
    read first. Raises ManifestError for a file that is not YAML or a field of a wrong type, and
    what `rendered_directory` raises.
    """
    return _found(tree, cluster, rendered_directory(tree, cluster))


def _found(
    tree: Path, cluster: Cluster, directory: ClusterDirectory | None
) -> tuple[FluxKustomization, ...]:
    found: list[FluxKustomization] = []
    for shown in kustomization_files(tree, cluster):
        path = tree / shown
        if directory is not None and is_in_directory(cluster, shown):
            continue
        if FLUX_GROUP.encode() not in content_of(path, shown):
            continue
        found += kustomizations_in(load_file(path, shown))
    return (*found, *_rendered(directory)) if directory else tuple(found)


def _rendered(directory: ClusterDirectory) -> list[FluxKustomization]:
    found = []
    for one in directory.objects:
        if is_flux_kustomization(one.data):
            source = directory.index.source(one)
            place = source.place() if source else directory.place
            document = source.document if source and not source.at else None
            found.append(read_kustomization(one.data, document, place))
    return found


def kustomizations_in(documents: Sequence[YamlDocument]) -> list[FluxKustomization]:
    """The Flux Kustomizations among the documents of a file."""
    return [
        read_kustomization(document.value, document, document.place())
        for document in documents
        if is_flux_kustomization(document.value)
    ]


def kustomization_files(tree: Path, cluster: Cluster) -> tuple[str, ...]:
    """The files that may hold a cluster's Flux Kustomizations; its own file comes first."""
    folder = tree / cluster.directory
    beside: list[str] = []
    if folder.is_dir():
        names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
        beside = [f"{cluster.directory}/{name}" for name in names if name.endswith(YAML_SUFFIXES)]
    first = [cluster.kustomizations] if (tree / cluster.kustomizations).is_file() else []
    return tuple(dict.fromkeys(first + beside))


def find_kustomization(
    tree: Path, cluster: Cluster, name: str, namespace: str
) -> FluxKustomization:
    """The Kustomization a build begins with; one without a namespace answers to any, as in Flux.

    Raises RenderError at the last document of the cluster's file, naming those that exist.
    """
    directory = rendered_directory(tree, cluster)
    known = _found(tree, cluster, directory)
    for found in known:
        if found.name == name and found.namespace in ("", namespace):
            return found
    names = [found.name for found in known]
    near = get_close_matches(name, names, n=1)
    there = f"there are {', '.join(names)}" if names else "there is none"
    if directory is not None:
        raise RenderError(
            f"no Flux Kustomization {namespace}/{name} in what {directory.place.path} gives: "
            f"{there}",
            place=directory.place,
            hint=f"what it does not list is not applied; is {cluster.kustomizations} listed?",
        )
    raise RenderError(
        f"no Flux Kustomization {namespace}/{name} in {cluster.kustomizations}: {there}",
        place=_last_document(tree, cluster.kustomizations),
        hint=f"did you mean {near[0]}?" if near else f"append it to {cluster.kustomizations}",
    )


def _last_document(tree: Path, shown: str) -> Place:
    if not (tree / shown).is_file():
        return Place(shown)
    documents = load_file(tree / shown, shown)
    return Place(shown, documents[-1].line) if documents else Place(shown)
