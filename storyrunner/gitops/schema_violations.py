"""The words for what a schema refuses: one violation for each field, with its rule and a hint.

It translates the errors of the validator; it must not know sources, files or how to compile.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from storyrunner.gitops.near import did_you_mean
from storyrunner.gitops.query import show_field
from storyrunner.gitops.query_paths import FieldPath
from storyrunner.model.frozen import dataclass

SHOWN = 80
SHOWN_NAMES = 8


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One field that the schema refuses. Rules: unknown-field, wrong-type, missing-field,
    not-allowed, wrong-format, out-of-range, wrong-count, not-served, not-valid. For a missing
    field, `field` is where it should stand."""

    field: FieldPath
    rule: str
    message: str
    hint: str = ""
    expected: str = ""
    got: str = ""

    @property
    def field_text(self) -> str:
        """`spec.acme.solvers[0].selector.dnsZone`."""
        return show_field(self.field)


def explain(error: Any, schema: Mapping[str, Any]) -> Iterator[Violation]:
    """One error of the validator as violations: one for each unknown field."""
    path: FieldPath = tuple(error.instance_path)
    if error.kind.name == "additionalProperties":
        parent = _at(schema, error.schema_path[:-1])
        for name in error.kind.unexpected:
            yield _unknown_field(path, name, parent, error.instance)
        return
    yield _EXPLAINERS.get(error.kind.name, _not_valid)(path, error)


def _unknown_field(path: FieldPath, name: str, parent: Any, instance: Any) -> Violation:
    known = list(parent.get("properties", {})) if isinstance(parent, Mapping) else []
    free = [one for one in known if one not in instance]
    hint = did_you_mean(name, free) or did_you_mean(name, known)
    if not hint and known:
        more = " …" if len(free) > SHOWN_NAMES else ""
        hint = "known here: " + ", ".join(free[:SHOWN_NAMES] or known[:SHOWN_NAMES]) + more
    message = f'unknown field "{name}"'
    return Violation((*path, name), "unknown-field", message, hint, "a known field", name)


def _missing_field(path: FieldPath, error: Any) -> Violation:
    name = error.kind.property
    message = f'missing field "{name}"'
    return Violation((*path, name), "missing-field", message, "", name, "nothing")


def _wrong_type(path: FieldPath, error: Any) -> Violation:
    expected = _words(one for one in error.kind.types if one != "null")
    got = f"{_type_of(error.instance)} {_shown(error.instance)}".strip()
    hint = ""
    if expected == "string" and isinstance(error.instance, int | float):
        hint = "quote it"
    message = f"expected {expected}, got {got}"
    return Violation(path, "wrong-type", message, hint, expected, got)


def _not_allowed(path: FieldPath, error: Any) -> Violation:
    options = error.kind.options if error.kind.name == "enum" else [error.kind.expected_value]
    expected = ", ".join(_shown(option) for option in options)
    got = _shown(error.instance)
    hint = ""
    if isinstance(error.instance, str):
        hint = did_you_mean(error.instance, [one for one in options if isinstance(one, str)])
    message = f"{got} is not allowed; allowed: {expected}"
    return Violation(path, "not-allowed", message, hint, expected, got)


def _wrong_format(path: FieldPath, error: Any) -> Violation:
    by_pattern = error.kind.name == "pattern"
    expected = f"a text matching /{error.kind.pattern}/" if by_pattern else _limit(error.kind)
    got = _shown(error.instance)
    return Violation(path, "wrong-format", f"{got} is not {expected}", "", expected, got)


def _out_of_range(path: FieldPath, error: Any) -> Violation:
    got, limit = _shown(error.instance), _limit(error.kind)
    return Violation(path, "out-of-range", f"{got} is not {limit}", "", limit, got)


def _wrong_count(path: FieldPath, error: Any) -> Violation:
    got = str(len(error.instance))
    names = (
        ", ".join(list(error.instance)[:SHOWN_NAMES]) if isinstance(error.instance, dict) else ""
    )
    message = f"{_limit(error.kind)} expected, got {got}" + (f" ({names})" if names else "")
    return Violation(path, "wrong-count", message, "", _limit(error.kind), got)


def _no_branch(path: FieldPath, error: Any) -> Violation:
    """`anyOf` and `oneOf`: groups of types and of required fields have words of their own."""
    if type(error.kind).__name__ == "OneOfMultipleValid":
        return _too_many_branches(path, error)
    branches = [list(branch) for branch in getattr(error.kind, "context", [])]
    firsts = [branch[0].kind for branch in branches if len(branch) == 1]
    got = f"{_type_of(error.instance)} {_shown(error.instance)}"
    if branches and len(firsts) == len(branches):
        if all(first.name == "type" for first in firsts):
            expected = _words(one for first in firsts for one in first.types)
            message = f"expected {expected}, got {got}"
            return Violation(path, "wrong-type", message, "", expected, got)
        if all(first.name == "required" for first in firsts):
            expected = "one of " + ", ".join(first.property for first in firsts)
            return Violation(path, "missing-field", f"missing {expected}", "", expected, "nothing")
    return _not_valid(path, error)


def _too_many_branches(path: FieldPath, error: Any) -> Violation:
    message = "fields that exclude each other are given together"
    got = ", ".join(error.instance) if isinstance(error.instance, dict) else _shown(error.instance)
    return Violation(path, "not-allowed", message, "", "only one of them", got)


def _not_valid(path: FieldPath, error: Any) -> Violation:
    message = f"{_shown(error.instance)} does not satisfy `{error.kind.name}`"
    return Violation(path, "not-valid", message, "", str(error.kind.name), _shown(error.instance))


def not_served(kind: str, version: str, served: tuple[str, ...]) -> Violation:
    """The violation of an object whose version the definition of its kind does not serve."""
    names = ", ".join(served)
    message = f"{version} of {kind} is not served by its CRD; served: {names}"
    return Violation(("apiVersion",), "not-served", message, "", names, version)


_Explain = Callable[[FieldPath, Any], Violation]
_EXPLAINERS: dict[str, _Explain] = {
    "required": _missing_field,
    "type": _wrong_type,
    "enum": _not_allowed,
    "const": _not_allowed,
    **dict.fromkeys(("pattern", "minLength", "maxLength", "format"), _wrong_format),
    **dict.fromkeys(
        ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _out_of_range
    ),
    **dict.fromkeys(("minItems", "maxItems", "minProperties", "maxProperties"), _wrong_count),
    "anyOf": _no_branch,
    "oneOf": _no_branch,
}


def _limit(kind: Any) -> str:
    """A bound in words: the keyword and its figure."""
    words = {
        "minLength": "a text of at least {} characters",
        "maxLength": "a text of at most {} characters",
        "minProperties": "at least {} field(s)",
        "maxProperties": "at most {} field(s)",
        "minItems": "at least {} item(s)",
        "maxItems": "at most {} item(s)",
        "minimum": "at least {}",
        "maximum": "at most {}",
    }
    return words.get(str(kind.name), f"{kind.name} {{}}").format(kind.value)


def _at(schema: Any, path: Iterable[str | int]) -> Any:
    for step in path:
        try:
            schema = schema[step]
        except (KeyError, IndexError, TypeError):
            return {}
    return schema


def _words(names: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(names))


def _type_of(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "integer", float: "number", dict: "object", list: "array"}
    return names.get(type(value), type(value).__name__)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def in_field_order(violation: Violation) -> tuple[list[str], str]:
    """Sort key: by field, list positions as numbers."""
    return [f"{s:06d}" if isinstance(s, int) else s for s in violation.field], violation.rule
