"""Where JSON Schemas of Kubernetes kinds come from: folders, CRDs in the repository, our own.

A source answers with a schema ready to compile, or with the reason why the kind cannot be taken
from it; it must not know how an object is validated (`schemas`). Nothing is downloaded here:
`schema_urls` fetches, and only from an address that was given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from storyrunner import regular
from storyrunner.errors import UsageError
from storyrunner.gitops.crd_schema import strict_schema
from storyrunner.model.frozen import dataclass

CATALOGUE_LAYOUT = "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"
"""What a plain folder means: the layout of the public catalogues of CRD schemas."""

CORE_LAYOUT = "{{.NormalizedKubernetesVersion}}-standalone{{.StrictSuffix}}/"
_KIND_FILE = "{{.ResourceKind}}{{.KindSuffix}}.json"
_CRDS = Path(__file__).parent / "crds"
_SAFE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_VARIABLE = re.compile(r"\{\{\s*\.(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Gvk:
    """Group (empty for the core), version and kind."""

    group: str
    version: str
    kind: str

    def __str__(self) -> str:
        api = f"{self.group}/{self.version}".strip("/")
        return f"{api or '(no apiVersion)'} {self.kind or '(no kind)'}"

    @property
    def is_plain(self) -> bool:
        """True when no part could name anything but a file inside the folder asked."""
        parts = [self.version, self.kind, *([self.group] if self.group else [])]
        return all(_SAFE.fullmatch(part) and ".." not in part for part in parts)


def gvk_of(one: Mapping[str, Any]) -> Gvk:
    """The group, version and kind of an object; parts that are no text are empty."""
    api, kind = one.get("apiVersion"), one.get("kind")
    group, slash, version = (api if isinstance(api, str) else "").rpartition("/")
    return Gvk(group if slash else "", version, kind if isinstance(kind, str) else "")


@dataclass(frozen=True, slots=True)
class FoundSchema:
    """A source's answer. `served` is filled when the source knows the kind but not this version:
    the cluster would refuse the object. `broken` says why a schema that is there is no use."""

    origin: str
    schema: Mapping[str, Any] | None = None
    served: tuple[str, ...] = ()
    broken: str = ""


class SchemaSource(Protocol):
    """One place to look; None means that it knows nothing of the kind."""

    def find(self, gvk: Gvk) -> FoundSchema | None:
        """The schema of that version of the kind, or why there is none."""
        ...


@dataclass(frozen=True, slots=True)
class SchemaFolder:
    """A kubeconform-style location: a path or `file://` URL with `{{.Group}}`, `{{.ResourceKind}}`,
    `{{.ResourceAPIVersion}}`, `{{.KindSuffix}}`; a plain folder has CATALOGUE_LAYOUT, and the
    `master-standalone-strict` layout for core kinds. `base` is what relative paths start from."""

    location: str
    base: Path = Path()

    def __post_init__(self) -> None:
        scheme = urlsplit(self.location).scheme.lower()
        if scheme not in ("", "file") and len(scheme) > 1:
            raise UsageError(f"no schema location: {self.location}", hint="a folder or file://…")

    def find(self, gvk: Gvk) -> FoundSchema | None:
        """The first template that names an existing file decides."""
        if not gvk.is_plain:
            return None
        for template in self._templates():
            path = self.base / filled(template, gvk)
            if path.is_file():
                return _read(path)
        return None

    def _templates(self) -> tuple[str, ...]:
        text = self.location
        if text.lower().startswith("file:"):
            text = unquote(urlsplit(text).path)
        if "{{" in text or text.endswith(".json"):
            return (text,)
        folder = text.rstrip("/") or "/"
        return (f"{folder}/{CATALOGUE_LAYOUT}", f"{folder}/{CORE_LAYOUT}{_KIND_FILE}")


@dataclass(frozen=True, slots=True)
class CrdSchemas:
    """CustomResourceDefinition objects (v1 and v1beta1); objects of other kinds are passed over.
    Two definitions of the same kind complete each other, the later one winning."""

    objects: Iterable[Mapping[str, Any]]
    _kinds: dict[tuple[str, str], dict[str, Mapping[str, Any] | None]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _names: dict[tuple[str, str], str] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        for one in self.objects:
            if gvk_of(one).kind == "CustomResourceDefinition":
                self._take(one)

    def find(self, gvk: Gvk) -> FoundSchema | None:
        """The strict form of the version's openAPIV3Schema."""
        versions = self._kinds.get((gvk.group, gvk.kind))
        if versions is None:
            return None
        origin = f"CRD {self._names[gvk.group, gvk.kind]}"
        if gvk.version not in versions:
            return FoundSchema(origin, served=tuple(sorted(versions)) or ("none",))
        schema = versions[gvk.version]
        if schema is None:
            return FoundSchema(origin, broken="the CRD has no openAPIV3Schema")
        return FoundSchema(origin, strict_schema(schema))

    def _take(self, crd: Mapping[str, Any]) -> None:
        spec = _map(crd.get("spec"))
        group, kind = spec.get("group"), _map(spec.get("names")).get("kind")
        if not isinstance(group, str) or not isinstance(kind, str):
            return
        common = _map(spec.get("validation")).get("openAPIV3Schema")
        listed = spec.get("versions")
        versions = [_map(one) for one in listed] if isinstance(listed, list) else []
        if not versions and isinstance(spec.get("version"), str):
            versions = [{"name": spec["version"]}]
        known = self._kinds.setdefault((group, kind), {})
        name = _map(crd.get("metadata")).get("name")
        self._names[group, kind] = name if isinstance(name, str) else f"{kind}.{group}"
        for version in versions:
            label = version.get("name")
            if isinstance(label, str) and version.get("served", True) is not False:
                own = _map(version.get("schema")).get("openAPIV3Schema", common)
                known[label] = own if isinstance(own, Mapping) else None


@dataclass(frozen=True, slots=True)
class ShippedSchemas:
    """The schemas in this package: the kinds the built-in stories write (CATALOGUE_LAYOUT)."""

    def find(self, gvk: Gvk) -> FoundSchema | None:
        """Our own strict schema of the kind, when we ship one."""
        if not gvk.is_plain:
            return None
        path = _CRDS.joinpath(filled(CATALOGUE_LAYOUT, gvk))
        if not path.is_file():
            return None
        return FoundSchema("shipped", _shipped(filled(CATALOGUE_LAYOUT, gvk)))


def shipped_kinds() -> tuple[Gvk, ...]:
    """Every kind a schema is shipped for, sorted by group, kind, version."""
    found = []
    for folder in _CRDS.iterdir():
        for file in folder.iterdir() if folder.is_dir() else ():
            schema = _shipped(f"{folder.name}/{file.name}")
            kind = schema["properties"]["kind"]["const"]
            found.append(Gvk(folder.name, file.name[:-5].rpartition("_")[2], kind))
    return tuple(sorted(found, key=lambda g: (g.group, g.kind, g.version)))


@lru_cache(maxsize=64)
def _shipped(name: str) -> Mapping[str, Any]:
    text = _CRDS.joinpath(name).read_text("utf-8")
    schema: Mapping[str, Any] = json.loads(text)
    return schema


def filled(template: str, gvk: Gvk) -> str:
    """A location with kubeconform's variables filled; an unknown one is a usage error."""
    label = gvk.group.partition(".")[0]
    values = {
        "Group": gvk.group,
        "ResourceKind": gvk.kind.lower(),
        "ResourceAPIVersion": gvk.version.lower(),
        "KindSuffix": f"-{label}-{gvk.version}".lower() if gvk.group else f"-{gvk.version}".lower(),
        "NormalizedKubernetesVersion": "master",
        "StrictSuffix": "-strict",
    }

    def fill(match: re.Match[str]) -> str:
        if match[1] not in values:
            known = ", ".join(sorted(values))
            raise UsageError(f"no variable {match[1]} in a schema location", hint=f"known: {known}")
        return values[match[1]]

    return _VARIABLE.sub(fill, template)


def _read(path: Path) -> FoundSchema:
    try:
        return schema_of(str(path), regular.read_bytes(path))
    except OSError as error:
        return FoundSchema(str(path), broken=f"cannot be read: {error.strerror or error}")


def schema_of(origin: str, data: bytes) -> FoundSchema:
    """A schema out of the bytes of its file; `broken` when they are none."""
    try:
        schema = json.loads(data)
    except ValueError as error:
        return FoundSchema(origin, broken=f"is not JSON: {error}")
    if not isinstance(schema, dict):
        return FoundSchema(origin, broken="is no JSON object")
    return FoundSchema(origin, schema)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
