"""The clusters of a repository that no runbook names: found by where Flux Kustomizations stand.

A folder below one called `clusters` is a cluster; without such folders it is every folder that
holds Flux Kustomizations which no other one applies. It renders nothing.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from storyrunner import regular
from storyrunner.errors import ManifestError, WorkspaceError
from storyrunner.gitops.documents import YamlDocument, load_file
from storyrunner.gitops.flux_find import kustomizations_in
from storyrunner.gitops.flux_objects import FLUX_GROUP, YAML_SUFFIXES, FluxKustomization
from storyrunner.gitops.objects import text_at
from storyrunner.model.cluster import Cluster

_PARENT = "clusters"
_FLUX_FOLDERS = ("flux-system", "flux", "config")
_MARK = FLUX_GROUP.encode()

_Found = Mapping[str, Sequence[FluxKustomization]]


def find_clusters(tree: Path) -> tuple[Cluster, ...]:
    """The clusters of the repository at `tree`, by name; empty when there is no Flux Kustomization.

    Files that are not YAML are passed over here: a build of them says what is wrong.
    """
    by_file = _kustomization_files(tree)
    folders = _below_clusters(by_file) or _not_applied(by_file)
    found = [_cluster(tree, folder, by_file) for folder in folders]
    names = Counter(one.name for one in found)
    return tuple(
        one if names[one.name] == 1 else _renamed(one) for one in sorted(found, key=_by_name)
    )


def _kustomization_files(tree: Path) -> dict[str, list[FluxKustomization]]:
    found: dict[str, list[FluxKustomization]] = {}
    for where, folders, files in os.walk(tree):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(files):
            if not name.endswith(YAML_SUFFIXES):
                continue
            path = Path(where, name)
            shown = path.relative_to(tree).as_posix()
            known = _read(path, shown)
            if known:
                found[shown] = known
    return found


def _read(path: Path, shown: str) -> list[FluxKustomization]:
    try:
        return kustomizations_in(_documents(path, shown, _MARK))
    except ManifestError:
        return []


def _documents(path: Path, shown: str, mark: bytes) -> tuple[YamlDocument, ...]:
    """The documents of a file that holds `mark` at all."""
    try:
        if path.is_symlink() or mark not in regular.read_bytes(path):
            return ()
        return load_file(path, shown)
    except (ManifestError, WorkspaceError, OSError):
        return ()


def _below_clusters(by_file: _Found) -> list[str]:
    found = set()
    for shown in by_file:
        parts = PurePosixPath(shown).parts[:-1]
        if _PARENT in parts[:-1]:
            at = parts.index(_PARENT)
            found.add("/".join(parts[: at + 2]))
    return sorted(found)


def _not_applied(by_file: _Found) -> list[str]:
    """Folders of Kustomizations that stand in no path another one applies."""
    applied = [(one.path, shown) for shown, some in by_file.items() for one in some]
    found = set()
    for shown in by_file:
        covers = [path for path, by in applied if by != shown and _is_below(shown, path)]
        if not covers:
            found.add(PurePosixPath(shown).parent.as_posix())
    return sorted(found)


def _is_below(shown: str, folder: str) -> bool:
    return folder == "." or shown.startswith(f"{folder}/")


def _cluster(tree: Path, folder: str, by_file: _Found) -> Cluster:
    own = sorted(
        (shown for shown in by_file if _is_below(shown, folder)),
        key=lambda shown: (shown.count("/"), shown),
    )
    wanted = Counter(
        entry.name for shown in own for one in by_file[shown] for entry in one.substitute_from
    )
    settings_name = wanted.most_common(1)[0][0] if wanted else "cluster-settings"
    settings = _settings_file(tree, folder, settings_name)
    parts = PurePosixPath(folder).parts
    name = parts[-1] if parts else "."
    if name in _FLUX_FOLDERS and len(parts) > 1:
        name = parts[-2]
    return Cluster(name, folder, settings, own[0], settings_name)


def _settings_file(tree: Path, folder: str, name: str) -> str:
    for where, folders, files in os.walk(tree / folder):
        folders[:] = sorted(inner for inner in folders if inner != ".git")
        for file in sorted(files):
            path = Path(where, file)
            if not file.endswith(YAML_SUFFIXES):
                continue
            shown = path.relative_to(tree).as_posix()
            for document in _documents(path, shown, name.encode()):
                kind = text_at(document.value, "kind")
                named = text_at(document.value, "metadata", "name")
                if kind in ("ConfigMap", "Secret") and named == name:
                    return shown
    return f"{folder}/{name}.yaml"


def _renamed(one: Cluster) -> Cluster:
    return Cluster(
        one.directory, one.directory, one.settings, one.kustomizations, one.settings_name
    )


def _by_name(one: Cluster) -> str:
    return one.name
