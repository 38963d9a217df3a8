"""Turns a CRD's openAPIV3Schema (a dialect of its own) into a strict JSON Schema.

It follows what the API server does with the same words: unknown fields are refused where the
structure is closed, `nullable` and `x-kubernetes-*` mean what they mean there, and a required
field that has a default is not missed, because the server fills it in first. It knows no files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WORDS = """type format enum pattern minimum maximum multipleOf minLength maxLength minItems
maxItems uniqueItems minProperties maxProperties required"""
_KEPT = frozenset(_WORDS.split())
_JUNCTIONS = ("allOf", "anyOf", "oneOf")
_STRING_MAP = {"type": ["object", "null"], "additionalProperties": {"type": "string"}}
_OBJECTS = {"type": ["array", "null"], "items": {"type": "object"}}
_TIME = {"type": ["string", "null"]}

OBJECT_META: Mapping[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 253},
        "generateName": {"type": "string"},
        "namespace": {"type": "string", "minLength": 1, "maxLength": 63},
        "labels": _STRING_MAP,
        "annotations": _STRING_MAP,
        "finalizers": {"type": ["array", "null"], "items": {"type": "string"}},
        "ownerReferences": _OBJECTS,
        "managedFields": _OBJECTS,
        "uid": {"type": "string"},
        "resourceVersion": {"type": "string"},
        "selfLink": {"type": "string"},
        "generation": {"type": "integer"},
        "creationTimestamp": _TIME,
        "deletionTimestamp": _TIME,
        "deletionGracePeriodSeconds": {"type": ["integer", "null"]},
    },
}
"""metadata of every object: a CRD says only `type: object`, the server knows these fields."""


def strict_schema(openapi: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of whole objects of the kind, closed where the CRD is closed."""
    schema = _convert(openapi, close=True)
    properties = dict(schema.get("properties", {}))
    properties["metadata"] = OBJECT_META
    properties.setdefault("apiVersion", {"type": "string"})
    properties.setdefault("kind", {"type": "string"})
    schema["properties"] = properties
    schema["type"] = "object"
    schema["required"] = sorted({*schema.get("required", []), "apiVersion", "kind", "metadata"})
    return schema


def _convert(node: Mapping[str, Any], *, close: bool) -> dict[str, Any]:
    schema = {key: value for key, value in node.items() if key in _KEPT}
    for key in _JUNCTIONS:
        if isinstance(node.get(key), list):
            # Inside a junction a CRD only adds conditions: what it lists there is not all there is.
            schema[key] = [_convert(_map(part), close=False) for part in node[key]]
    if isinstance(node.get("not"), Mapping):
        schema["not"] = _convert(node["not"], close=False)
    if isinstance(node.get("items"), Mapping):
        schema["items"] = _convert(node["items"], close=close)
    _convert_fields(node, schema, close=close)
    _convert_bounds(node, schema)
    if node.get("x-kubernetes-int-or-string") is True:
        schema.pop("type", None)
        if "anyOf" not in schema:
            schema["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    return _nullable(schema) if node.get("nullable") is True else schema


def _convert_fields(node: Mapping[str, Any], schema: dict[str, Any], *, close: bool) -> None:
    fields = _map(node.get("properties"))
    extra = node.get("additionalProperties")
    open_ended = node.get("x-kubernetes-preserve-unknown-fields") is True
    if fields:
        schema["properties"] = {
            name: _convert(_map(one), close=close) for name, one in fields.items()
        }
    if node.get("x-kubernetes-embedded-resource") is True and fields:
        known = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
        schema["properties"] = {**known, **schema["properties"], "metadata": OBJECT_META}
    if isinstance(extra, Mapping):
        schema["additionalProperties"] = _convert(extra, close=close)
    elif extra is False or (extra is None and fields and close and not open_ended):
        schema["additionalProperties"] = False
    if isinstance(schema.get("required"), list):
        filled = {name for name, one in fields.items() if "default" in _map(one)}
        schema["required"] = [name for name in schema["required"] if name not in filled]


def _convert_bounds(node: Mapping[str, Any], schema: dict[str, Any]) -> None:
    """OpenAPI 3.0 says `exclusiveMinimum: true` beside the bound; JSON Schema says the bound."""
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if node.get(exclusive) is True and bound in schema:
            schema[exclusive] = schema.pop(bound)


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in schema:
        schema["anyOf"] = [*schema["anyOf"], {"type": "null"}]
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    if isinstance(schema.get("enum"), list):
        schema["enum"] = [*schema["enum"], None]
    return schema


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
