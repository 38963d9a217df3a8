"""The YAML that Flux substitutes in, and what it reads back: sigs.k8s.io/yaml in both directions.

Reading follows YAML 1.1 by go-yaml v2 (semantics.md §3.5), errors with its texts. Knows nothing
of variables.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

from storyrunner.errors import SubstitutionError
from storyrunner.gitops.emitter import dump_value, format_float, show_not_finite
from storyrunner.gitops.faults import YamlFault
from storyrunner.gitops.nodes import Map, Node, Sequence, Text, read_nodes
from storyrunner.gitops.nodes import merge_sources as find_sources
from storyrunner.gitops.scalars import Scalar, ScalarError, resolve, shrink


def dump_resource(resource: Mapping[str, Any]) -> str:
    """A resource as kustomize's AsYAML gives it to Flux (semantics.md §3.1, §5.4).

    Raises RenderError for values that have no such form.
    """
    return dump_value(resource)


def load_yaml11(text: str, *, exact: bool = False) -> Any:
    """The first document of `text` as Flux reads it after substitution; numbers as JSON's float64
    holds them, so whole numbers beyond 2**53 lose precision (`exact`: they do not, yet).

    Raises SubstitutionError with Flux's text (`YAMLToJSON: yaml: line 6: …`).
    """
    builder = _Builder(exact=exact)
    try:
        root = next(read_nodes(text), None)
        value = None if root is None else builder.build(root)
    except YamlFault as fault:
        where = f"line {fault.shown_line}: " if fault.shown_line else ""
        raise SubstitutionError(f"YAMLToJSON: yaml: {where}{fault.problem}") from fault
    if builder.problems:
        raise SubstitutionError(f"YAMLToJSON: {builder.problems[0]}")
    return value


class _Builder:
    """Nodes into JSON's values; what YAML can say and JSON cannot is kept in `problems`, for Go
    finds it only after it has read everything."""

    __slots__ = ("_exact", "problems")

    def __init__(self, *, exact: bool) -> None:
        self._exact = exact
        self.problems: list[str] = []

    def build(self, node: Node) -> Any:
        """The value of a tree. Raises YamlFault."""
        node = node.target
        if isinstance(node, Text):
            return self._as_json(_read_scalar(node))
        if isinstance(node, Map):
            return self._build_map(node)
        assert isinstance(node, Sequence)
        return [self.build(item) for item in node.items]

    def _as_json(self, value: Scalar) -> Any:
        if isinstance(value, float):
            if not math.isfinite(value):
                self.problems.append(f"json: unsupported value: {show_not_finite(value)}")
            return shrink(value)
        if isinstance(value, int) and not isinstance(value, bool) and not self._exact:
            return shrink(float(value))
        return value

    def _build_map(self, node: Map) -> dict[str, Any]:
        """Later keys win, merge keys included, in the order of the text."""
        result: dict[str, Any] = {}
        for key, value in node.pairs():
            if isinstance(key, Text) and key.is_merge:
                for source in reversed(find_sources(value)):
                    result.update(self._build_map(source))
                continue
            result[self._read_key(key)] = self.build(value)
        return result

    def _read_key(self, key: Node) -> str:
        target = key.target
        if not isinstance(target, Text):
            self.build(target)
            raise YamlFault(f"invalid map key: {_show_go(target)}", key.line, key.column)
        value = _read_scalar(target)
        match value:
            case str():
                return value
            case bool():
                return "true" if value else "false"
            case int() if -(2**63) <= value < 2**63:
                return str(value)
            case float():
                return show_float(value)
        kind = "%!s(<nil>)" if value is None else "uint64"
        shown = "<nil>" if value is None else str(value)
        # The conversion that refuses keys comes before the one that refuses values.
        self.problems.insert(0, f"unsupported map key of type: {kind}, key: {shown}")
        return target.text


def _read_scalar(node: Text) -> Scalar:
    try:
        return resolve(node.tag, node.text, plain=node.plain, yaml11=True, shrunk=False)
    except ScalarError as error:
        raise YamlFault(str(error), node.line, node.column) from error


def show_float(value: float) -> str:
    """Floats where text is wanted: sigs.k8s.io/yaml writes them with the precision of 32 bits."""
    if not math.isfinite(value):
        return {"NaN": ".nan", "+Inf": ".inf", "-Inf": "-.inf"}[show_not_finite(value)]
    try:
        narrow = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return ".inf" if value > 0 else "-.inf"
    for digits in range(1, 10):
        short = float(f"{narrow:.{digits}g}")
        if struct.unpack("f", struct.pack("f", short))[0] == narrow:
            return format_float(short)
    return format_float(narrow)


def _show_go(node: Node) -> str:
    """A value as Go's `%#v` shows it in the message about an invalid key."""
    node = node.target
    if isinstance(node, Map):
        pairs = (f"{_show_go(key)}:{_show_go(value)}" for key, value in node.pairs())
        return f"map[interface {{}}]interface {{}}{{{', '.join(pairs)}}}"
    if isinstance(node, Sequence):
        return f"[]interface {{}}{{{', '.join(map(_show_go, node.items))}}}"
    assert isinstance(node, Text)
    value = _read_scalar(node)
    match value:
        case None:
            return "interface {}(nil)"
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case int():
            return str(value)
    return format_float(value) if math.isfinite(value) else show_not_finite(value)
