"""Nodes into plain values by go-yaml v3's rules: the types kustomize's input stage gives.

Depth and size were bounded by `nodes`, so plain recursion is safe here.
"""

from __future__ import annotations

import math
from typing import Any

from storyrunner.gitops.nodes import Map, Node, Sequence, Text, merge_sources
from storyrunner.gitops.scalars import ScalarError, resolve


def build_value(node: Node, *, top: bool = True) -> Any:
    """The value of a tree; aliased parts are copied. Raises YamlFault."""
    node = node.target
    if isinstance(node, Text):
        return _build_scalar(node)
    if isinstance(node, Map):
        return _build_map(node, top=top)
    assert isinstance(node, Sequence)
    return [build_value(item, top=False) for item in node.items]


def _build_scalar(node: Text) -> Any:
    try:
        value = resolve(node.tag, node.text, plain=node.plain, yaml11=False)
    except ScalarError as error:
        raise node.fault(str(error)) from error
    if isinstance(value, float) and not math.isfinite(value):
        hint = "put it in quotes to mean the text"
        raise node.fault(f"{node.text} has no JSON form", hint)
    return value


def _build_map(node: Map, *, top: bool) -> dict[str, Any]:
    result: dict[str, Any] = {}
    merges: list[Node] = []
    seen: dict[str, Text] = {}
    for key, value in node.pairs():
        target = key.target
        if not isinstance(target, Text):
            raise key.fault("a mapping key must be a string, not a list or a map")
        first = seen.setdefault(target.text, target)
        if first is not target or (key is not target and target.text in result):
            problem = f'mapping key "{target.text}" already defined at line {first.line + 1}'
            raise key.fault(problem)
        if target.is_merge:
            merges.append(value)
            continue
        _require_string(target, top=top)
        result[target.text] = build_value(value, top=False)
    for merge in merges:
        for source in merge_sources(merge):
            for name, merged in build_value(source, top=False).items():
                result.setdefault(name, merged)
    return result


def _require_string(key: Text, *, top: bool) -> None:
    """kustomize decodes the outermost map into string keys, all others by what each key is."""
    if not key.plain or (key.text and key.text[0] not in "+-0123456789.tTfFnN~" and not key.tag):
        return
    value = _build_scalar(key)
    if isinstance(value, str) and value == key.text:
        return
    if top and value is not None:
        return
    hint = f'write it as "{key.text}"' if key.text else "give the key a name"
    raise key.fault(f"the key `{key.text}` is not a string", hint)
