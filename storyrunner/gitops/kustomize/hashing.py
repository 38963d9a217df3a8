"""The suffix that names of generated ConfigMaps and Secrets get: a hash of their content.

semantics.md §5.4, «Details to copy».
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from storyrunner.errors import RefusedFeatureError
from storyrunner.gitops.kustomize.resource import Resource
from storyrunner.gitops.kustomize.trees import adopt_plain, is_null, release, text_of

_LETTERS: Final = str.maketrans("013ae", "ghkmt")
_ESCAPES: Final = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def hash_of(resource: Resource) -> str:
    """Ten characters. Raises RefusedFeatureError for other kinds."""
    data = resource.data
    content: dict[str, Any] = {"kind": resource.kind, "name": "", "data": _field(data, "data")}
    match resource.kind:
        case "ConfigMap":
            extra = "binaryData"
        case "Secret":
            extra = "stringData"
            content["type"] = _field(data, "type")
        case kind:
            raise RefusedFeatureError(f"a hash suffix for kind {kind}", able="kustomize")
    if isinstance(data.get(extra), dict):
        content[extra] = _field(data, extra)
    digest = hashlib.sha256(_go_json(content).encode()).hexdigest()
    return digest[:10].translate(_LETTERS)


def _field(data: dict[str, Any], name: str) -> Any:
    value = data.get(name)
    if value is None or is_null(value):
        return "" if name not in data else text_of(value)
    if isinstance(value, dict):
        return release(adopt_plain(value))
    return text_of(value)


def _go_json(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    for character, escape in _ESCAPES.items():
        text = text.replace(character, escape)
    return text
