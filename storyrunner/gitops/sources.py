"""Where a rendered object's fields were written: from an object back to a file and a line.

It looks only at the files a build read, never at how they were rendered, so that it serves every
rung. An object is matched by kind and name; names that hold `${…}` are matched as patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any

from storyrunner import regular
from storyrunner.errors import ManifestError, Place, WorkspaceError
from storyrunner.gitops.documents import YamlDocument, load_file
from storyrunner.gitops.flux_scan import KUSTOMIZATION_FILES
from storyrunner.gitops.objects import KubeObject, group_of, text_at, value_at
from storyrunner.model.frozen import dataclass

_EXPRESSION = re.compile(r"\$\{[^}]*\}")
_GENERATORS = {"ConfigMap": "configMapGenerator", "Secret": "secretGenerator"}
_HASH = re.compile(r"-[0-9a-z]{10}$")
_YAML_SUFFIXES = (".yaml", ".yml")

FieldPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A document, and below which field of it the object stands (an item of a List)."""

    document: YamlDocument
    at: FieldPath = ()

    @property
    def value(self) -> Any:
        """The object as written."""
        return value_at(self.document.value, *self.at)

    def place(self, *field: str | int, key: bool = False) -> Place:
        """Where a field of the object stands."""
        return self.document.place(*self.at, *field, key=key)


class SourceIndex:
    """The objects written in `files` (posix, relative to `tree`), read when first asked for."""

    def __init__(self, tree: Path, files: Iterable[str]) -> None:
        self._tree = tree
        self._files = sorted(files)
        self._texts: dict[str, str] = {}
        self._documents: dict[str, tuple[YamlDocument, ...]] = {}
        self._kinds: dict[str, dict[str, list[Source]]] = {}

    def sources(self, wanted: KubeObject) -> tuple[Source, ...]:
        """The documents that may have set `wanted`, the likeliest first: the manifest itself and
        patches for it. Empty when no file names it."""
        named = self._of_kind(wanted.kind)
        ranked = _ranked(named.get(wanted.name, ()), wanted)
        # No other name can rank better than its own.
        ranked = ranked or _ranked(chain.from_iterable(named.values()), wanted)
        best = ranked[0][0] if ranked else 0
        return tuple(source for rank, source in ranked if rank == best)

    def source(self, wanted: KubeObject) -> Source | None:
        """The likeliest document of an object, None when no file names it."""
        found = self.sources(wanted)
        return found[0] if found else None

    def place(self, wanted: KubeObject, *field: str | int) -> Place | None:
        """Where `field` of a rendered object was set, or its nearest parent that exists; None when
        no file names the object. Of several documents the one that holds the rendered value, or
        else the deepest part of the path, is taken."""
        found = self.sources(wanted)
        if not found:
            return self._generated(wanted)
        rendered = wanted.value(*field)
        return max(found, key=lambda one: _fit(one.value, field, rendered)).place(*field)

    def expression(self, wanted: KubeObject, variable: str) -> Place | None:
        """The line of the object's source that holds `${variable…}`; when it stands elsewhere (a
        patch, a generator's file) the first line of any file read that holds it, else None."""
        holds = re.compile(r"\$\{#?" + re.escape(variable) + r"(?![A-Za-z0-9_])")
        for source in self.sources(wanted):
            for field, text, is_key in _leaves(source.value):
                if holds.search(text):
                    return self._refine(source.place(*field, key=is_key), holds)
        for shown in self._files:
            if holds.search(self._text(shown)):
                return self._refine(Place(shown), holds)
        return None

    def _refine(self, place: Place, holds: re.Pattern[str]) -> Place:
        """From where a scalar starts to the line of it that matches."""
        lines = self._text(place.path).splitlines()
        for number in range(place.line, len(lines) + 1):
            if match := holds.search(lines[number - 1]):
                return Place(place.path, number, match.start() + 1)
        return place

    def _generated(self, wanted: KubeObject) -> Place | None:
        """The generator entry behind a ConfigMap or Secret that no file holds."""
        plain = _HASH.sub("", wanted.name)
        generator = _GENERATORS.get(wanted.kind, "")
        for shown in self._files if generator else ():
            if PurePosixPath(shown).name not in KUSTOMIZATION_FILES:
                continue
            for document in self._load(shown):
                entries = value_at(document.value, generator)
                for index, entry in enumerate(entries if isinstance(entries, list) else ()):
                    if text_at(entry, "name") in (wanted.name, plain):
                        return document.place(generator, index, "name")
        return None

    def _of_kind(self, kind: str) -> dict[str, list[Source]]:
        """The objects of a kind by the name they were written with, in order of files."""
        if kind not in self._kinds:
            found: dict[str, list[Source]] = {}
            for shown in self._files:
                if not shown.endswith(_YAML_SUFFIXES) or kind not in self._text(shown):
                    continue
                for source in chain.from_iterable(map(_spread, self._load(shown))):
                    if text_at(source.value, "kind") == kind:
                        name = text_at(source.value, "metadata", "name")
                        found.setdefault(name, []).append(source)
            self._kinds[kind] = found
        return self._kinds[kind]

    def _text(self, shown: str) -> str:
        if shown not in self._texts:
            try:
                self._texts[shown] = regular.read_text(self._tree / shown, "utf-8", "replace")
            except OSError:
                self._texts[shown] = ""
        return self._texts[shown]

    def _load(self, shown: str) -> tuple[YamlDocument, ...]:
        if shown not in self._documents:
            try:
                self._documents[shown] = load_file(self._tree / shown, shown)
            except (ManifestError, WorkspaceError):
                self._documents[shown] = ()
        return self._documents[shown]


def _spread(document: YamlDocument) -> list[Source]:
    """A document, and the items of a List one by one."""
    found = [Source(document)]
    items = value_at(document.value, "items")
    if text_at(document.value, "kind").endswith("List") and isinstance(items, list):
        found += [Source(document, ("items", index)) for index in range(len(items))]
    return found


def _ranked(sources: Iterable[Source], wanted: KubeObject) -> list[tuple[int, Source]]:
    """Those that fit, the best first."""
    pairs = [(_rank(source.value, wanted), source) for source in sources]
    return sorted(
        ((rank, source) for rank, source in pairs if rank is not None), key=lambda pair: pair[0]
    )


def _rank(value: Any, wanted: KubeObject) -> int | None:
    """How well a document fits an object, 0 best; None when it does not."""
    if group_of(text_at(value, "apiVersion")) != wanted.group:
        return None
    name, namespace = text_at(value, "metadata", "name"), text_at(value, "metadata", "namespace")
    if not name:
        return None
    other_namespace = 1 if namespace not in ("", wanted.namespace) else 0
    if name == wanted.name:
        return other_namespace
    if "${" in name and _as_pattern(name).fullmatch(wanted.name):
        return 2 + other_namespace
    # A prefix, a suffix or both were added on the way.
    return 4 + other_namespace if name in wanted.name else None


def _as_pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in _EXPRESSION.split(text)), re.DOTALL)


def _fit(value: Any, field: FieldPath, rendered: Any) -> tuple[bool, int]:
    """Whether a document holds the rendered value at `field`, and how much of the path."""
    depth = 0
    for name in field:
        below = value_at(value, name)
        if below is None:
            break
        value, depth = below, depth + 1
    same = value == rendered or (
        isinstance(value, str) and "${" in value and _as_pattern(value).fullmatch(str(rendered))
    )
    return bool(depth == len(field) and same), depth


def _leaves(value: Any, at: FieldPath = ()) -> Iterable[tuple[FieldPath, str, bool]]:
    """Every string in a value with its path, and every key (then the last part is True)."""
    if isinstance(value, str):
        yield at, value, False
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield (*at, name), str(name), True
            yield from _leaves(inner, (*at, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*at, index))
