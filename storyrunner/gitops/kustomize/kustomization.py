"""A kustomization: read from its directory or handed in, decoded, with the place of every entry.

It finds the file, checks it as kustomize does, and refuses what we cannot do by name. What the
fields do to resources is not its business. semantics.md §2.2, §5.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from storyrunner.errors import (
    ManifestError,
    Place,
    RefusedFeatureError,
    RenderError,
    SubstitutionError,
)
from storyrunner.gitops.documents import YamlDocument, parse_documents
from storyrunner.gitops.goyaml import load_yaml11
from storyrunner.gitops.kustomize.filetree import FileTree
from storyrunner.gitops.kustomize.schema import KUSTOMIZATION, REFUSED, Decoder, FieldPath

FILE_NAMES: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")
ABLE: Final = "kustomize"

_API_VERSIONS: Final = {
    "Kustomization": "kustomize.config.k8s.io/v1beta1",
    "Component": "kustomize.config.k8s.io/v1alpha1",
}


class Kustomization:
    """The decoded file of `directory`. `fields` has canonical names and no nulls."""

    __slots__ = ("_document", "_shown", "directory", "fields")

    def __init__(
        self, directory: Path, fields: dict[str, Any], shown: str, document: YamlDocument | None
    ) -> None:
        self.directory = directory
        self.fields = fields
        self._shown = shown
        self._document = document

    @property
    def is_component(self) -> bool:
        """True for `kind: Component`."""
        return bool(self.fields.get("kind") == "Component")

    @property
    def file_name(self) -> str:
        """The name of the kustomization file, without its folder."""
        return self._shown.rpartition("/")[2]

    def text(self, field: str) -> str:
        """A string field, "" when absent."""
        return str(self.fields.get(field, ""))

    def entries(self, field: str) -> list[Any]:
        """A list field, empty when absent."""
        found = self.fields.get(field) or []
        return list(found)

    def place(self, *path: str | int) -> Place:
        """Where a field stands in the file."""
        return _place_in(self._document, self._shown, path, False)


def find_file(tree: FileTree, directory: Path, place: Place) -> Path | None:
    """The one kustomization file of a directory, or None. Raises RenderError for several."""
    found = [directory / name for name in FILE_NAMES if (directory / name).is_file()]
    if len(found) > 1:
        shown = tree.shown(directory)
        names = ", ".join(path.name for path in found)
        raise RenderError(
            f"Found multiple kustomization files under: {shown} ({names})", place=place
        )
    return found[0] if found else None


def read_kustomization(
    tree: FileTree, directory: Path, place: Place, *, is_root: bool = False
) -> Kustomization:
    """The kustomization of a directory; `place` is the entry that named the directory.

    Raises RenderError (no file, several, unknown fields, wrong types), ManifestError,
    RefusedFeatureError.
    """
    path = find_file(tree, directory, place)
    if path is None:
        names = "', '".join(FILE_NAMES[:2])
        raise RenderError(
            f"unable to find one of '{names}' or 'Kustomization' in directory "
            f"'{tree.shown(directory)}'",
            place=place,
        )
    source = tree.read_bytes(path, place)
    shown = tree.shown(path)
    document = _read_places(source, shown)
    decoder = Decoder(lambda at, key: _place_in(document, shown, at, key))
    fields = decoder.decode(_read_values(source, shown), KUSTOMIZATION)
    return _checked(Kustomization(directory, fields, shown, document), is_root=is_root)


def given_kustomization(
    tree: FileTree, directory: Path, root: Mapping[str, object]
) -> Kustomization:
    """The kustomization a caller hands in for `directory`. Fields that do not exist are passed
    over, as Flux does with the root file (semantics.md §2.2); places are those of the file that
    is there, as far as it says the same."""
    path = next((p for n in FILE_NAMES if (p := directory / n).is_file()), None)
    shown = tree.shown(path or directory / FILE_NAMES[0])
    document = _read_places(tree.read_bytes(path, Place(shown)), shown) if path else None
    decoder = Decoder(lambda at, key: _place_in(document, shown, at, key), strict=False)
    fields = decoder.decode(root, KUSTOMIZATION)
    return _checked(Kustomization(directory, fields, shown, document), is_root=True)


def _read_values(source: bytes, shown: str) -> Any:
    """kustomize reads this one file by YAML 1.1 (`newTag: on` is no string), resources by 1.2."""
    try:
        value = load_yaml11(source.decode("utf-8-sig"), exact=True)
    except (SubstitutionError, UnicodeDecodeError) as error:
        # The stricter reader knows the place.
        parse_documents(source, shown)
        raise RenderError(f"invalid Kustomization: {error}", place=Place(shown)) from error
    if value is None:
        raise RenderError("kustomization.yaml is empty", place=Place(shown))
    return value


def _read_places(source: bytes, shown: str) -> YamlDocument | None:
    """The file with its places; None when it has what only the lenient reader accepts."""
    try:
        return next(iter(parse_documents(source, shown)), None)
    except ManifestError:
        return None


def _place_in(document: YamlDocument | None, shown: str, path: FieldPath, key: bool) -> Place:
    if document is None:
        return Place(shown)
    return document.place(*path, key=key)


def _checked(one: Kustomization, *, is_root: bool = False) -> Kustomization:
    fields = one.fields
    kind = fields.get("kind") or "Kustomization"
    if kind not in _API_VERSIONS:
        raise RenderError("kind should be Kustomization or Component", place=one.place("kind"))
    version = fields.get("apiVersion") or _API_VERSIONS[kind]
    if version != _API_VERSIONS[kind]:
        raise RenderError(
            f"apiVersion for {kind} should be {_API_VERSIONS[kind]}",
            place=one.place("apiVersion"),
        )
    if not set(fields) - {"apiVersion", "kind"}:
        raise RenderError("kustomization.yaml is empty", place=one.place())
    if fields.get("buildMetadata") and not is_root:
        raise RefusedFeatureError("buildMetadata below the root", able=ABLE, place=one.place())
    for name in REFUSED:
        if fields.get(name):
            raise RefusedFeatureError(name, able=ABLE, place=one.place(name))
    return one
