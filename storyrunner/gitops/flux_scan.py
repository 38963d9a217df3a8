"""Flux's scan of a folder that has no kustomization file: which files become resources.

The rules are semantics.md §2.1: every YAML file at any depth, a folder with a kustomization file of
its own as a whole, and everything must be a Kubernetes object before anything is substituted.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from storyrunner.errors import ConfinementError, ManifestError, Place, RenderError
from storyrunner.gitops.documents import YamlDocument, load_file
from storyrunner.gitops.objects import text_at, value_at
from storyrunner.gitops.sourceignore import Ignore

KUSTOMIZATION_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_SUFFIXES = (".yaml", ".yml")


def kustomization_file(folder: Path, shown: str) -> str | None:
    """The name of the folder's kustomization file, None when it has none.

    Raises RenderError when it has several, as every engine does.
    """
    found = [name for name in KUSTOMIZATION_FILES if (folder / name).is_file()]
    if len(found) > 1:
        raise RenderError(
            f"Found multiple kustomization files under: {shown}",
            place=Place(join(shown, found[1])),
            hint=f"keep one of {', '.join(found)}",
        )
    return found[0] if found else None


def scan_manifests(tree: Path, directory: str, ignore: Ignore) -> tuple[list[str], frozenset[str]]:
    """The resources of a generated root (`./a.yaml`, `./sub`), and the files read to find them.

    Raises RenderError with the place of a document that is no Kubernetes object.
    """
    resources: list[str] = []
    read: set[str] = set()
    base = tree / directory
    for path, is_folder in _walk(base, base):
        inside = path.relative_to(base).as_posix()
        if not is_folder:
            # Flux asks its ignore rules here only when some pattern was loaded at all.
            if ignore.patterns and ignore.excludes(inside, is_folder=False):
                continue
            shown = join(directory, inside)
            read.add(shown)
            _check_file(tree, path, shown)
        resources.append(f"./{inside}")
    return resources, frozenset(read)


def join(directory: str, inside: str) -> str:
    """A path inside a directory of the repository, relative to the repository."""
    joined = os.path.normpath(f"{directory}/{inside}")
    return joined.replace(os.sep, "/")


def _walk(base: Path, folder: Path) -> Iterator[tuple[Path, bool]]:
    """Files to take and folders to add, in Go's lexical order; links to folders are not entered."""
    for path in sorted(folder.iterdir(), key=os.fsencode):
        if stat.S_ISDIR(path.lstat().st_mode):
            if any((path / known).is_file() for known in KUSTOMIZATION_FILES):
                yield path, True
            else:
                yield from _walk(base, path)
        elif path.name.endswith(_SUFFIXES):
            yield path, False


def _check_file(tree: Path, path: Path, shown: str) -> None:
    if not path.exists():
        raise RenderError("the link leads nowhere", place=Place(shown))
    if not path.resolve().is_relative_to(tree.resolve()):
        raise ConfinementError("the link leads out of the repository", place=Place(shown))
    if path.is_dir():
        raise RenderError(f"read {shown}: is a directory", place=Place(shown))
    try:
        documents = load_file(path, shown)
    except ManifestError as error:
        raise RenderError(
            f"failed to decode Kubernetes YAML from {shown}: {error.message}",
            place=error.place,
            hint=error.hint or _HINT,
        ) from error
    for document in documents:
        _check_document(document, shown)


_HINT = (
    "a folder without kustomization.yaml is applied whole: add one that lists the manifests, "
    "or name the file in .sourceignore"
)


def _check_document(document: YamlDocument, shown: str) -> None:
    problem, field = _problem(document.value)
    if problem:
        raise RenderError(
            f"failed to decode Kubernetes YAML from {shown}: {problem}",
            place=document.place(*field),
            hint=_HINT,
        )


def _problem(value: Any) -> tuple[str, tuple[str | int, ...]]:
    """What kustomize says of a document it takes for no object, and the field it is about."""
    if value is None or (not value and isinstance(value, Mapping | list)):
        return "", ()
    if not isinstance(value, Mapping) or not value.keys() & {"apiVersion", "kind", "metadata"}:
        return "missing Resource metadata", ()
    kind = text_at(value, "kind")
    if not kind:
        return f"missing kind in object {_shown_meta(value)}", ()
    if kind.endswith("List"):
        return _problem_of_items(value)
    name = value_at(value, "metadata", "name")
    if name in (None, "") or isinstance(name, Mapping | list):
        return f"missing metadata.name in object {_shown_meta(value)}", ("metadata",)
    return "", ()


def _problem_of_items(value: Mapping[str, Any]) -> tuple[str, tuple[str | int, ...]]:
    items = value.get("items")
    for index, item in enumerate(items if isinstance(items, list) else ()):
        problem, field = _problem(item) if item is not None else ("", ())
        if problem:
            return problem, ("items", index, *field)
    return "", ()


def _shown_meta(value: Mapping[str, Any]) -> str:
    """An object's identity the way Go prints kustomize's struct of it."""
    metadata = value.get("metadata")

    def pairs(field: str) -> str:
        found = value_at(metadata, field)
        entries = found.items() if isinstance(found, Mapping) else ()
        return " ".join(f"{key}:{item}" for key, item in sorted(entries))

    api_version, kind = text_at(value, "apiVersion"), text_at(value, "kind")
    name, namespace = text_at(metadata, "name"), text_at(metadata, "namespace")
    return (
        f"{{{{{api_version} {kind}}} {{{{{name} {namespace}}} "
        f"map[{pairs('labels')}] map[{pairs('annotations')}]}}}}"
    )
