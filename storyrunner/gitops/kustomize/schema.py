"""What a kustomization file may contain: its fields, their types, and those we refuse by name.

Hand-written tables and one strict decoder that follows Go's JSON: unknown fields fail, names match
in any case, null means absent. It knows nothing of what the fields do. semantics.md §2.2, §5.3.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any, Final

from storyrunner.errors import Place, RenderError
from storyrunner.model.frozen import dataclass

FieldPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one type."""

    item: Type


@dataclass(frozen=True, slots=True)
class Struct:
    """A map with known fields."""

    name: str
    fields: Mapping[str, Type]


Type = str | ListOf | Struct
"""`str`, `bool`, `int`, `labels` (a map of strings), `any`, or one of the two above."""

_STRINGS: Final = ListOf("str")
_GVK: Final[dict[str, Type]] = {"group": "str", "version": "str", "kind": "str"}
_RESOURCE_ID: Final[dict[str, Type]] = {**_GVK, "name": "str", "namespace": "str"}
_SELECTOR: Final = Struct(
    "Selector", {**_RESOURCE_ID, "annotationSelector": "str", "labelSelector": "str"}
)
_PATCH: Final = Struct(
    "Patch",
    {
        "path": "str",
        "patch": "str",
        "target": _SELECTOR,
        "options": Struct("PatchArgs", {"allowNameChange": "bool", "allowKindChange": "bool"}),
    },
)
_GENERATOR_OPTIONS: Final = Struct(
    "GeneratorOptions",
    {
        "labels": "labels",
        "annotations": "labels",
        "disableNameSuffixHash": "bool",
        "immutable": "bool",
    },
)
_GENERATOR: Final[dict[str, Type]] = {
    "namespace": "str",
    "name": "str",
    "behavior": "str",
    "literals": _STRINGS,
    "files": _STRINGS,
    "envs": _STRINGS,
    "env": "str",
    "options": _GENERATOR_OPTIONS,
}
_FIELD_OPTIONS: Final = Struct(
    "FieldOptions", {"delimiter": "str", "index": "int", "encoding": "str", "create": "bool"}
)
_TARGET: Final = Struct(
    "TargetSelector",
    {
        "select": _SELECTOR,
        "reject": ListOf(_SELECTOR),
        "fieldPaths": _STRINGS,
        "options": _FIELD_OPTIONS,
    },
)
_REPLACEMENT: Final[dict[str, Type]] = {
    "source": Struct(
        "SourceSelector", {**_RESOURCE_ID, "fieldPath": "str", "options": _FIELD_OPTIONS}
    ),
    "sourceValue": "str",
    "targets": ListOf(_TARGET),
}
REPLACEMENT: Final = Struct("Replacement", _REPLACEMENT)
"""One replacement, as a file named by `replacements[].path` holds it."""

_LABEL: Final = Struct(
    "Label",
    {
        "pairs": "labels",
        "includeSelectors": "bool",
        "includeTemplates": "bool",
        "includeVolumeClaimTemplates": "bool",
        "fields": ListOf(Struct("FieldSpec", {**_GVK, "path": "str", "create": "bool"})),
    },
)
_IMAGE: Final = Struct(
    "Image", dict.fromkeys(("name", "newName", "tagSuffix", "newTag", "digest"), "str")
)

REFUSED: Final = (
    "openapi",
    "imageTags",
    "replicas",
    "vars",
    "crds",
    "bases",
    "helmGlobals",
    "helmCharts",
    "helmChartInflationGenerator",
    "configurations",
    "generators",
    "transformers",
    "validators",
)
"""Fields of the top level that the embedded renderer refuses by name when they hold anything."""

KUSTOMIZATION: Final = Struct(
    "Kustomization",
    {
        "apiVersion": "str",
        "kind": "str",
        "metadata": Struct(
            "ObjectMeta",
            {"name": "str", "namespace": "str", "labels": "labels", "annotations": "labels"},
        ),
        "namePrefix": "str",
        "nameSuffix": "str",
        "namespace": "str",
        "commonLabels": "labels",
        "labels": ListOf(_LABEL),
        "commonAnnotations": "labels",
        "patchesStrategicMerge": _STRINGS,
        "patchesJson6902": ListOf(_PATCH),
        "patches": ListOf(_PATCH),
        "images": ListOf(_IMAGE),
        "replacements": ListOf(Struct("ReplacementField", {"path": "str", **_REPLACEMENT})),
        "sortOptions": Struct("SortOptions", {"order": "str", "legacySortOptions": "any"}),
        "resources": _STRINGS,
        "components": _STRINGS,
        "buildMetadata": _STRINGS,
        "configMapGenerator": ListOf(Struct("ConfigMapArgs", _GENERATOR)),
        "secretGenerator": ListOf(Struct("SecretArgs", {**_GENERATOR, "type": "str"})),
        "generatorOptions": _GENERATOR_OPTIONS,
        **dict.fromkeys(REFUSED, "any"),
    },
)

_GO_NAMES: Final = {str: "string", bool: "bool", int: "number", float: "number"}


PlaceOf = Callable[[FieldPath, bool], Place]
"""Where the value at a field path stands, or its key."""


class Decoder:
    """Decodes one file's data. `place_of` tells where things stand; unless `strict`,
    unknown fields are passed over."""

    def __init__(self, place_of: PlaceOf, *, strict: bool = True) -> None:
        self._place_of = place_of
        self._strict = strict

    def decode(self, value: Any, kind: Type, path: FieldPath = ()) -> Any:
        """`value` with canonical field names and without nulls. Raises RenderError."""
        if isinstance(kind, Struct):
            return self._struct(value, kind, path)
        if isinstance(kind, ListOf):
            self._require(value, list, "list", path)
            return [
                self._default(kind.item)
                if item is None
                else self.decode(item, kind.item, (*path, i))
                for i, item in enumerate(value)
            ]
        if kind == "labels":
            self._require(value, Mapping, "map", path)
            return {
                str(key): "" if item is None else self._string(item, (*path, key))
                for key, item in value.items()
            }
        if kind == "str":
            return self._string(value, path)
        if kind == "bool":
            self._require(value, bool, "bool", path)
        elif kind == "int" and (isinstance(value, bool) or not isinstance(value, int)):
            raise self._mismatch(value, "int", path)
        return value

    def _struct(self, value: Any, struct: Struct, path: FieldPath) -> dict[str, Any]:
        self._require(value, Mapping, struct.name, path)
        result: dict[str, Any] = {}
        for key, item in value.items():
            name = self._canonical(str(key), struct)
            if name is None:
                if self._strict:
                    raise self._unknown(str(key), struct, path)
                continue
            if item is not None:
                result[name] = self.decode(item, struct.fields[name], (*path, key))
        return result

    def _canonical(self, key: str, struct: Struct) -> str | None:
        if key in struct.fields:
            return key
        return next((name for name in struct.fields if name.lower() == key.lower()), None)

    def _string(self, value: Any, path: FieldPath) -> str:
        if not isinstance(value, str):
            raise self._mismatch(value, "string", path)
        return value

    def _default(self, kind: Type) -> Any:
        return "" if kind == "str" else {}

    def _require(self, value: Any, kind: type, shown: str, path: FieldPath) -> None:
        if not isinstance(value, kind):
            raise self._mismatch(value, shown, path)

    def _mismatch(self, value: Any, wanted: str, path: FieldPath) -> RenderError:
        got = _GO_NAMES.get(type(value), "list" if isinstance(value, list) else "map")
        field = ".".join(str(part) for part in path) or "the file"
        hint = "put it in quotes" if wanted == "string" and got in {"number", "bool"} else ""
        return RenderError(
            f"invalid Kustomization: cannot read {got} into field {field} of type {wanted}",
            place=self._place_of(path, False),
            hint=hint,
        )

    def _unknown(self, key: str, struct: Struct, path: FieldPath) -> RenderError:
        near = difflib.get_close_matches(key, struct.fields, n=1)
        return RenderError(
            f'invalid Kustomization: unknown field "{key}"',
            place=self._place_of((*path, key), True),
            hint=f"did you mean {near[0]}?" if near else "",
        )
