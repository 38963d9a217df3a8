"""Fingerprints of a repository's files, each made once, told to whoever records what it rests on.

It knows which files a cluster's builds look into, and what of the whole tree they depend on; it
builds nothing and knows no engine.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path

from storyrunner import regular
from storyrunner.gitops.cluster_directory import settings_files
from storyrunner.gitops.crd_files import crds_fingerprint
from storyrunner.gitops.flux_find import kustomization_files
from storyrunner.gitops.tree_state import (
    ASIDE,
    TreeState,
    content_fingerprint,
    look,
    names_fingerprint,
)
from storyrunner.model.cluster import Cluster
from storyrunner.workspace import ABSENT, file_fingerprint, reads
from storyrunner.workspace.reads import entries_of, folder_fingerprint


class TreeNotes:
    """What is known of the repository at `tree`, until it is forgotten."""

    def __init__(self, tree: Path) -> None:
        self._tree = tree
        self._hashes: dict[str, str] = {}
        self._looked: dict[tuple[str, str], frozenset[str]] = {}
        self._state: TreeState | None = None
        self.aside: tuple[str, ...] = ASIDE
        """What this program writes into the repository, which no build rests on."""

    def forget(self) -> None:
        """Files may have changed."""
        self._hashes.clear()
        self._looked.clear()
        self._state = None

    def look(self) -> TreeState | None:
        """The repository as it is, looked at once until something is forgotten."""
        if self._state is None:
            self._state = look(self._tree)
        return self._state

    def note_files(self, paths: Iterable[str]) -> None:
        """Tell the open recordings these files, and the names of all: what a build finds absent."""
        if not reads.is_recorded():
            return
        for path in paths:
            reads.note(path, self.fingerprint(path))
        reads.note(reads.NAMES, self.whole(reads.NAMES))

    def note_failure(self, cluster: Cluster | None = None) -> None:
        """What a build that failed has read is not known, so that it rests on everything."""
        if not reads.is_recorded():
            return
        self.note_files(self.looked_through(cluster) if cluster else ())
        reads.note(reads.CONTENT, self.whole(reads.CONTENT))

    def note_crds(self) -> None:
        """Tell the open recordings the files that hold definitions."""
        reads.note(reads.CRDS, self.whole(reads.CRDS))
        self.note_files(())

    def whole(self, key: str) -> str:
        """The fingerprint of the repository as a whole that `workspace.reads` calls `key`; empty
        for one that cannot be made."""
        if key not in self._hashes:
            self._hashes[key] = self._look_at_all(key)
        return self._hashes[key]

    def plain_file(self, path: str) -> str:
        """The fingerprint of a file that is reached through no link; empty when it is none."""
        state = self.look()
        stamp = state.stamps.get(path) if state else None
        return self.fingerprint(path) if stamp and stat.S_ISREG(stamp[0]) else ""

    def looked_through(self, cluster: Cluster) -> frozenset[str]:
        """The files that may hold a cluster's settings and Kustomizations: each is looked into."""
        key = (cluster.name, cluster.kustomizations)
        if key not in self._looked:
            found = settings_files(self._tree, cluster)
            self._looked[key] = frozenset((*found, *kustomization_files(self._tree, cluster)))
        return self._looked[key]

    def fingerprint(self, path: str) -> str:
        """sha256 of a file, or of what a folder lists (`folder/`); ABSENT when it is not there."""
        if path not in self._hashes:
            self._hashes[path] = self._read(path)
        return self._hashes[path]

    def _look_at_all(self, key: str) -> str:
        match key:
            case reads.NAMES:
                return names_fingerprint(self._tree, self.look(), self.aside)
            case reads.CONTENT:
                return content_fingerprint(self._tree, self.look(), self.aside)
            case reads.CRDS:
                return crds_fingerprint(self._tree)
            case _:
                return ""

    def _read(self, path: str) -> str:
        try:
            if path.endswith("/"):
                return folder_fingerprint(entries_of(self._tree / path))
            return file_fingerprint(regular.read_bytes(self._tree / path))
        except OSError:
            return ABSENT
