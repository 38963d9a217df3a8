"""Schemas of Kubernetes' own kinds, from the optional package `kubernetes-validate`.

We ship none of them: they are large and change with every release. The package is found without
being imported, and only the schema of a kind that is asked for is read. Its newest release counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from storyrunner.gitops.schema_sources import FoundSchema, Gvk
from storyrunner.model.frozen import dataclass

PACKAGE = "kubernetes_validate"
_RELEASE = re.compile(r"v(\d+)\.(\d+)\.(\d+)-local-strict")
_DEFINITION = re.compile(r".*#/\$defs/(.+)")
_DROPPED = ("description", "$id", "$schema", "x-kubernetes-group-version-kind")


@dataclass(frozen=True, slots=True)
class CoreSchemas:
    """The newest strict schemas below `folder`; without one, those of the installed package, or
    none when it is not installed."""

    folder: Path | None = None

    def find(self, gvk: Gvk) -> FoundSchema | None:
        """The schema, with all definitions put in place. None for kinds that are not Kubernetes'
        own: the name of a file says only the first word of a group, its content all of it."""
        release = _newest(self.folder or _installed())
        if release is None or not gvk.is_plain:
            return None
        label = gvk.group.partition(".")[0]
        name = "-".join(part for part in (gvk.kind, label, gvk.version) if part).lower()
        path = release / f"{name}.json"
        if not path.is_file():
            return None
        origin = f"{PACKAGE.replace('_', '-')} {release.name.partition('-')[0]}"
        try:
            schema = json.loads(path.read_text("utf-8"))
            definitions = _definitions(release)
        except (OSError, ValueError) as error:
            return FoundSchema(origin, broken=f"cannot be read: {error}")
        if not isinstance(schema, dict) or not _is_of(schema, gvk):
            return None
        return FoundSchema(origin, _expanded(schema, definitions, ()))


@lru_cache(maxsize=1)
def _installed() -> Path | None:
    spec = find_spec(PACKAGE)
    places = spec.submodule_search_locations if spec else None
    return Path(next(iter(places))) / "kubernetes-json-schema" if places else None


@lru_cache(maxsize=4)
def _newest(folder: Path | None) -> Path | None:
    if folder is None or not folder.is_dir():
        return None
    found = [
        (tuple(map(int, match.groups())), path)
        for path in folder.iterdir()
        if (match := _RELEASE.fullmatch(path.name))
    ]
    return max(found)[1] if found else None


@lru_cache(maxsize=2)
def _definitions(release: Path) -> Mapping[str, Any]:
    found = json.loads((release / "_definitions.json").read_text("utf-8"))["$defs"]
    return found if isinstance(found, dict) else {}


def _is_of(schema: Mapping[str, Any], gvk: Gvk) -> bool:
    wanted = {"group": gvk.group, "version": gvk.version, "kind": gvk.kind}
    return wanted in (schema.get("x-kubernetes-group-version-kind") or ())


def _expanded(schema: Any, definitions: Mapping[str, Any], trail: tuple[str, ...]) -> Any:
    """The schema without references, so that a violation's path leads to the known fields; what
    contains itself is open from there on."""
    if isinstance(schema, list):
        return [_expanded(item, definitions, trail) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reference = schema.get("$ref")
    if isinstance(reference, str) and (match := _DEFINITION.fullmatch(reference)):
        name = match[1]
        if name in trail or name not in definitions:
            return {}
        return _expanded(definitions[name], definitions, (*trail, name))
    branches = schema.get("oneOf")
    if branches and all(isinstance(one, dict) and set(one) == {"type"} for one in branches):
        # Each branch takes null, so that null would match two of them.
        types = [name for one in branches for name in _list(one["type"])]
        return {"type": list(dict.fromkeys(types))}
    found = {}
    for key, value in schema.items():
        if key == "properties":
            found[key] = {
                name: _expanded(inner, definitions, trail) for name, inner in value.items()
            }
        elif key not in _DROPPED:
            found[key] = _expanded(value, definitions, trail)
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
