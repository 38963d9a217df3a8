"""The one YAML reader: documents as plain values, with the place of every field.

It reads by the rules of kustomize's input stage (go-yaml v3, semantics.md §3.5), with the C
parser where PyYAML has it, and never recurses into what it reads: depth and alias expansion are
bounded before anything is built. It knows nothing of Kubernetes, and never writes.
"""

from __future__ import annotations

from dataclasses import field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from storyrunner import regular
from storyrunner.errors import ManifestError, Place, WorkspaceError
from storyrunner.gitops.faults import YamlFault
from storyrunner.gitops.nodes import Map, Node, Sequence, Text, read_nodes
from storyrunner.gitops.values import build_value
from storyrunner.model.frozen import dataclass

FieldPath = tuple[str | int, ...]

MAX_BYTES: Final = 64 * 2**20

KEPT_TEXTS: Final = 256
KEPT_LENGTH: Final = 64 * 2**10
"""Streams up to this many characters, and the last this many of them, are not parsed twice: one
run asks for the same few files over and over."""


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """One document: `path` is posix and as the caller gave it, `index` counts the file's documents
    from 0 (dropped ones included), `line` is the first line of content, from 1."""

    value: Any
    path: str
    index: int
    line: int
    _root: Node = field(repr=False, compare=False)

    def place(self, *fields: str | int, key: bool = False) -> Place:
        """Where the value at that field path starts (`key`: its key); when it is absent, the place
        of the nearest parent that exists."""
        node, key_node, complete = self._walk(fields)
        found = key_node if key and complete and key_node is not None else node
        return Place(self.path, found.line + 1, found.column + 1)

    def raw(self, *fields: str | int) -> str | None:
        """The text of the scalar there before it was given a type (`0644`, `yes`, `1.10`), without
        its quotes; None when nothing or no scalar is there."""
        node, _, complete = self._walk(fields)
        return node.text if complete and isinstance(node, Text) else None

    def style(self, *fields: str | int) -> str | None:
        """How the scalar there is written: `'`, `"`, `|`, `>`, or "" for plain; None as for raw."""
        node, _, complete = self._walk(fields)
        return node.style if complete and isinstance(node, Text) else None

    def _walk(self, fields: FieldPath) -> tuple[Node, Node | None, bool]:
        node, key_node = self._root, None
        for name in fields:
            step = _enter(node, name)
            if step is None:
                return node, key_node, False
            key_node, node = step
        return node, key_node, True


def parse_documents(text: str | bytes, path: str) -> tuple[YamlDocument, ...]:
    """All documents of a YAML stream; those that are empty or only comments are dropped.

    Their values are shared by all who ask for the same text: they are not to be changed.

    Raises ManifestError with the place of: a syntax error, bytes that are not UTF-8, a duplicate
    or non-string key, an undefined or excessive alias, nesting beyond 200 levels.
    """
    source = _decode(text, path)
    return _parse_kept(source, path) if len(source) <= KEPT_LENGTH else _parse(source, path)


def _parse(source: str, path: str) -> tuple[YamlDocument, ...]:
    try:
        documents = []
        for index, root in enumerate(read_nodes(source)):
            if isinstance(root, Text) and root.is_nothing:
                continue
            value = build_value(root)
            documents.append(YamlDocument(value, path, index, root.line + 1, root))
    except YamlFault as fault:
        place = Place(path, fault.line + 1, fault.column + 1)
        raise ManifestError(fault.problem, place=place, hint=fault.hint) from fault
    return tuple(documents)


_parse_kept = lru_cache(maxsize=KEPT_TEXTS)(_parse)


def load_file(path: Path, shown: str) -> tuple[YamlDocument, ...]:
    """The documents of a file, which errors and places call `shown`.

    Raises ManifestError for what is in it, WorkspaceError when it cannot be read.
    """
    return parse_documents(content_of(path, shown), shown)


def content_of(path: Path, shown: str) -> bytes:
    """The bytes of a file. Raises ManifestError for one that is too large for a manifest,
    WorkspaceError for one that cannot be read or is none (a pipe, a device)."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ManifestError("the file is larger than 64 MiB", place=Place(shown))
        return regular.read_bytes(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise WorkspaceError(f"cannot read the file: {reason}", place=Place(shown)) from error


def _enter(node: Node, name: str | int) -> tuple[Node | None, Node] | None:
    if isinstance(node, Map):
        return node.find(str(name))
    if isinstance(node, Sequence) and isinstance(name, int):
        items = node.items
        return (None, items[name].target) if -len(items) <= name < len(items) else None
    return None


def _decode(text: str | bytes, path: str) -> str:
    try:
        source = text.decode("utf-8") if isinstance(text, bytes) else text
        if isinstance(text, str):
            text.encode("utf-8")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8")
        place = _place_at_end(before, path)
        problem = f"not UTF-8: byte 0x{error.object[error.start]:02X}"
        raise ManifestError(problem, place=place, hint="save the file as UTF-8") from error
    except UnicodeEncodeError as error:
        place = _place_at_end(error.object[: error.start], path)
        raise ManifestError("not Unicode text: a lone surrogate", place=place) from error
    return source.removeprefix("\ufeff")


def _place_at_end(before: str, path: str) -> Place:
    lines = before.splitlines() or [""]
    if before.endswith(("\n", "\r")):
        lines.append("")
    return Place(path, len(lines), len(lines[-1]) + 1)
