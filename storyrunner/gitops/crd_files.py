"""CustomResourceDefinitions in files: those of a repository, and exports of `kubectl get crd`.

A file is parsed only when its bytes name the kind. It knows nothing of what a definition says.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from storyrunner import regular
from storyrunner.errors import ManifestError, WorkspaceError
from storyrunner.gitops.documents import MAX_BYTES, load_file
from storyrunner.gitops.objects import text_at

KIND = "CustomResourceDefinition"
_MARK = KIND.encode()
_SUFFIXES = (".yaml", ".yml")


def find_crds(root: Path) -> tuple[Mapping[str, Any], ...]:
    """Every definition in the YAML files below `root`, in lexical order of their paths; `.git` and
    links are not entered. Files that are no YAML (templates) hold none that could be read."""
    found: list[Mapping[str, Any]] = []
    for path in _yaml_files(root):
        if names_crds(path):
            try:
                found += read_crds(path, path.relative_to(root).as_posix())
            except (ManifestError, WorkspaceError):
                continue
    return tuple(found)


def crds_fingerprint(root: Path) -> str:
    """sha256 of the paths and bytes of all that `find_crds` would parse."""
    digest = hashlib.sha256()
    for path in _yaml_files(root):
        try:
            data = regular.read_bytes(path) if path.stat().st_size <= MAX_BYTES else b""
        except OSError:
            continue
        if _MARK in data:
            shown = os.fsencode(path.relative_to(root))
            digest.update(b"%s\0%s\n" % (shown, hashlib.sha256(data).digest()))
    return digest.hexdigest()


def names_crds(path: Path) -> bool:
    """True when a file names the kind at all."""
    try:
        return path.stat().st_size <= MAX_BYTES and _MARK in regular.read_bytes(path)
    except OSError:
        return False


def read_crds(path: Path, shown: str) -> tuple[Mapping[str, Any], ...]:
    """The definitions in a file, YAML or JSON, single or in a List.

    Raises ManifestError for what is neither, WorkspaceError for what cannot be read.
    """
    return tuple(one for document in load_file(path, shown) for one in _spread(document.value))


def _spread(value: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(value, Mapping):
        return
    if text_at(value, "kind") == KIND:
        yield value
    items = value.get("items")
    if text_at(value, "kind").endswith("List") and isinstance(items, list):
        # A list of one kind may leave the kind of its items out.
        is_plain = text_at(value, "kind") == f"{KIND}List"
        common = {"apiVersion": text_at(value, "apiVersion"), "kind": KIND} if is_plain else {}
        for item in items:
            yield from _spread({**common, **item} if isinstance(item, Mapping) else item)


def _yaml_files(root: Path) -> Iterator[Path]:
    for where, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(files):
            path = Path(where, name)
            if name.endswith(_SUFFIXES) and path.is_file() and not path.is_symlink():
                yield path
