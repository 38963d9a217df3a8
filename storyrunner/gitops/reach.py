"""Which files a kustomize build reads, found by following the paths its files name.

The command-line engines do not say what they read; evidence and places need to know. It follows
every path a kustomization can name and so may list a file too many, never one too few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from storyrunner.errors import ConfinementError, ManifestError, Place, WorkspaceError
from storyrunner.gitops.documents import YamlDocument, load_file, parse_documents
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
_FOLDED = frozenset(field.lower() for field in _PATH_FIELDS)
_OF_CONFIGS = ("generators", "transformers", "validators")
_LONGEST = 1024

Written = Callable[..., str | None]
"""The text of a field before it was given a type, as `YamlDocument.raw`."""


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
        for document in _documents(partial(load_file, self.tree / shown, shown)):
            if isinstance(document.value, Mapping):
                self._follow(directory, document.value, document.place(), document.raw)

    def _follow(
        self,
        directory: str,
        data: Mapping[str, Any],
        place: Place,
        written: Written = lambda *_fields: None,
    ) -> None:
        for field, listed in data.items():
            if str(field).lower() not in _FOLDED:  # Go takes a key in any case
                continue
            for entry in listed if isinstance(listed, list) else ():
                if isinstance(entry, str) and not (self.tree / join(directory, entry)).exists():
                    refuse_remote(entry, place)
            for text in _texts(listed, written, field):
                self._take(directory, text, place)
            if str(field).lower() in _OF_CONFIGS:
                self._follow_configs(directory, listed, place)

    def _follow_configs(self, directory: str, listed: Any, place: Place) -> None:
        """What the configurations of plugins name in turn, from the folder that lists them."""
        inner = _Walk(self.tree)
        documents: list[YamlDocument] = []
        for text in _texts(listed):
            inner._take(directory, text, place)
            documents += _documents(partial(parse_documents, text, directory))
        for shown in inner.read:
            if PurePosixPath(shown).name not in KUSTOMIZATION_FILES:
                documents += _documents(partial(load_file, self.tree / shown, shown))
        for document in documents:
            for text in _texts(document.value, document.raw):
                self._take(directory, text, place)

    def _take(self, directory: str, text: str, place: Place) -> None:
        """A path, a `key=path` of a generator, or a text that is neither."""
        if "\n" in text:
            return
        for candidate in (text, text.partition("=")[2]):
            if not candidate or candidate.startswith("/"):
                continue
            shown = join(directory, candidate)
            if len(shown) > _LONGEST:  # without the `./` that a path may have any number of
                continue
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


def _documents(read: Callable[[], Sequence[YamlDocument]]) -> Sequence[YamlDocument]:
    """What can be read; nothing of what cannot."""
    try:
        return read()
    except (ManifestError, WorkspaceError):
        return ()


def _texts(
    value: Any, written: Written = lambda *_fields: None, *fields: str | int
) -> Iterator[str]:
    """All texts below a field, also as they were written: `2020-01-01` may be the name of a file
    as well as a date."""
    if isinstance(value, str):
        yield value
        raw = written(*fields)
        if raw is not None and raw != value:
            yield raw
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, written, *fields, key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, written, *fields, index)
