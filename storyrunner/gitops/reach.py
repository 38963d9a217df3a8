"""Which files a kustomize build reads, found by following the paths its files name.

The command-line engines do not say what they read; evidence and places need to know. It follows
every path a kustomization can name and so may list a file too many, never one too few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from storyrunner.errors import ConfinementError, ManifestError, Place, WorkspaceError
from storyrunner.gitops.documents import load_file
from storyrunner.gitops.flux_scan import KUSTOMIZATION_FILES, join
from storyrunner.gitops.kustomize.filetree import refuse_remote

_PATH_FIELDS = [
    "resources",
    "components",
    "bases",
    "crds",
    "configurations",
    "generators",
    "transformers",
    "validators",
    "patchesStrategicMerge",
    "patchesJson6902",
    "patches",
    "replacements",
    "configMapGenerator",
    "secretGenerator",
    "openapi",
    "helmCharts",
]
_LONGEST = 1024


def reach(tree: Path, directory: str, root: Mapping[str, Any] | None = None) -> frozenset[str]:
    """The files (posix, relative to `tree`) that a build of `directory` reads.

    `root` stands in for the directory's own kustomization. Files that cannot be parsed are listed
    all the same. Raises ConfinementError for a path or a link that leads out of the tree, and
    RefusedFeatureError for what would be fetched: no engine here goes to the network.
    """
    walk = _Walk(tree)
    walk.enter(directory, root)
    return frozenset(walk.read)


class _Walk:
    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self.boundary = tree.resolve()
        self.read: set[str] = set()
        self.entered: set[str] = set()

    def enter(self, directory: str, root: Mapping[str, Any] | None = None) -> None:
        if directory in self.entered:
            return
        self.entered.add(directory)
        for name in KUSTOMIZATION_FILES:
            shown = join(directory, name)
            if (self.tree / shown).is_file():
                self.read.add(shown)
                if root is None:
                    self._follow_file(directory, shown)
        if root is not None:
            self._follow(directory, root, Place(directory))

    def _follow_file(self, directory: str, shown: str) -> None:
        try:
            documents = load_file(self.tree / shown, shown)
        except (ManifestError, WorkspaceError):
            return
        for document in documents:
            if isinstance(document.value, Mapping):
                self._follow(directory, document.value, document.place())

    def _follow(self, directory: str, data: Mapping[str, Any], place: Place) -> None:
        for field in _PATH_FIELDS:
            listed = data.get(field)
            for entry in listed if isinstance(listed, list) else ():
                if isinstance(entry, str) and not (self.tree / join(directory, entry)).exists():
                    refuse_remote(entry, place)
            for text in _texts(listed):
                self._take(directory, text, place)

    def _take(self, directory: str, text: str, place: Place) -> None:
        """A path, a `key=path` of a generator, or a text that is neither."""
        if len(text) > _LONGEST or "\n" in text:
            return
        for candidate in (text, text.partition("=")[2]):
            if not candidate or candidate.startswith("/"):
                continue
            shown = join(directory, candidate)
            path = self.tree / shown
            if not path.exists():
                continue
            real = path.resolve()
            if not real.is_relative_to(self.boundary):
                raise ConfinementError(f"{candidate!r} leads out of the repository", place=place)
            # A link is not what is read, but what it leads to.
            shown = real.relative_to(self.boundary).as_posix()
            if real.is_dir():
                self.enter(shown)
            else:
                self.read.add(shown)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
