"""Selecting resources: anchored patterns for group, version, kind, name and namespace, and
Kubernetes' label selectors for labels and annotations. semantics.md §5.3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from storyrunner.errors import RefusedFeatureError, RenderError
from storyrunner.gitops.kustomize.resource import Resource, ResourceId
from storyrunner.model.frozen import dataclass

# What Python's `re` and Go's RE2 read alike; everything else is refused, not guessed at.
_COMMON: Final = re.compile(
    r"(?:[^\\\[\]{}?*+()|^$.]|\\[.\-_/*+?()|^$\[\]{}\\dDwWsS]|\\b|[.|^$()*+?]"
    r"|\[\^?(?:[^\\\[\]]|\\[.\-_/\]\[\\dws])+\]|\{\d+(?:,\d*)?\})*"
)
_UNLIKE: Final = re.compile(r"\(\?|[*+?}][+]|\n")


@lru_cache(maxsize=512)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """A Go pattern as Python's. Raises RenderError for a broken one, RefusedFeatureError for one
    that the two languages may read differently."""
    shared = pattern.replace("(?:", "(")
    if not _COMMON.fullmatch(shared) or _UNLIKE.search(shared):
        raise RefusedFeatureError(f"the pattern {pattern!r}", able="kustomize")
    try:
        return re.compile(pattern.replace("$", r"\Z") if "[" not in pattern else pattern, re.ASCII)
    except re.error as error:
        raise RenderError(f"error parsing regexp: {error}: `{pattern}`") from error


def matches_pattern(pattern: str, text: str) -> bool:
    """True when the whole text matches; an empty pattern matches anything."""
    return not pattern or compile_pattern(pattern).fullmatch(text) is not None


def selects_id(selector: Mapping[str, Any], identity: ResourceId) -> bool:
    """True when group, version, kind, name and namespace all match."""
    return (
        _matches_gvk(selector, identity)
        and matches_pattern(selector.get("name", ""), identity.name)
        and matches_pattern(selector.get("namespace", ""), identity.namespace)
    )


def select(resources: list[Resource], selector: Mapping[str, Any]) -> list[Resource]:
    """The resources a patch's target names: by their first or their present name and namespace."""
    return [item for item in resources if not item.is_gone and _selects(selector, item)]


def has_only_id(selector: Mapping[str, Any]) -> bool:
    """True when some identity field is set."""
    return any(selector.get(field) for field in ("group", "version", "kind", "name", "namespace"))


def matches_metadata(selector: Mapping[str, Any], item: Resource) -> bool:
    """True when the label and the annotation selector hold; absent ones do."""
    notes = selector.get("annotationSelector", "")
    labels = selector.get("labelSelector", "")
    return (not notes or _matches_labels(notes, item.annotations())) and (
        not labels or _matches_labels(labels, item.labels())
    )


def _selects(selector: Mapping[str, Any], item: Resource) -> bool:
    first, now = item.original_id, item.current_id
    namespace, name = selector.get("namespace", ""), selector.get("name", "")
    return (
        (
            matches_pattern(namespace, first.effective_namespace)
            or matches_pattern(namespace, now.effective_namespace)
        )
        and (matches_pattern(name, first.name) or matches_pattern(name, now.name))
        and _matches_gvk(selector, now)
        and matches_metadata(selector, item)
    )


def _matches_gvk(selector: Mapping[str, Any], identity: ResourceId) -> bool:
    return (
        matches_pattern(selector.get("group", ""), identity.group)
        and matches_pattern(selector.get("version", ""), identity.version)
        and matches_pattern(selector.get("kind", ""), identity.kind)
    )


@dataclass(frozen=True, slots=True)
class _Requirement:
    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        match self.operator:
            case "exists":
                return value is not None
            case "!":
                return value is None
            case "in" | "=" | "==":
                return value in self.values if value is not None else False
            case "notin" | "!=":
                return value not in self.values if value is not None else True
        if value is None or not re.fullmatch(r"[+-]?\d+", value):
            return False
        bound = int(self.values[0])
        return int(value) > bound if self.operator == ">" else int(value) < bound


_TOKEN: Final = re.compile(r"\s*(==|!=|[=!<>(),]|[^\s=!<>(),]+)")


def _matches_labels(selector: str, labels: Mapping[str, str]) -> bool:
    return all(one.holds(labels) for one in _parse_selector(selector))


@lru_cache(maxsize=128)
def _parse_selector(selector: str) -> tuple[_Requirement, ...]:
    tokens = _TOKEN.findall(selector)
    if "".join(tokens) != re.sub(r"\s+", "", selector):
        raise RenderError(f"unable to parse requirement: {selector!r}")
    requirements: list[_Requirement] = []
    position = 0
    while position < len(tokens):
        if requirements:
            if tokens[position] != "," or position + 1 == len(tokens):
                raise _broken(selector)
            position += 1
        requirement, position = _parse_requirement(selector, tokens, position)
        requirements.append(requirement)
    return tuple(requirements)


def _parse_requirement(selector: str, tokens: list[str], position: int) -> tuple[_Requirement, int]:
    def at(index: int) -> str:
        return tokens[index] if index < len(tokens) else ""

    if at(position) == "!":
        return _Requirement(_word(selector, at(position + 1)), "!"), position + 2
    key = _word(selector, at(position))
    operator = at(position + 1)
    if operator in {"", ","}:
        return _Requirement(key, "exists"), position + 1
    if operator in {"in", "notin"}:
        values, position = _parse_values(selector, tokens, position + 2)
        return _Requirement(key, operator, values), position
    if operator in {"=", "==", "!="}:
        if at(position + 2) in {"", ","}:
            return _Requirement(key, operator, ("",)), position + 2
        return _Requirement(key, operator, (_word(selector, at(position + 2)),)), position + 3
    if operator in {"<", ">"}:
        bound = at(position + 2)
        if not re.fullmatch(r"[+-]?\d+", bound):
            raise _broken(selector)
        return _Requirement(key, operator, (bound,)), position + 3
    raise _broken(selector)


def _parse_values(selector: str, tokens: list[str], position: int) -> tuple[tuple[str, ...], int]:
    try:
        if tokens[position] != "(":
            raise _broken(selector)
        end = tokens.index(")", position)
    except (IndexError, ValueError):
        raise _broken(selector) from None
    values: list[str] = [""]
    for token in tokens[position + 1 : end]:
        if token == ",":
            values.append("")
        elif values[-1]:
            raise _broken(selector)
        else:
            values[-1] = _word(selector, token)
    return tuple(values), end + 1


def _word(selector: str, token: str) -> str:
    if not token or token in {"=", "==", "!=", "!", "<", ">", "(", ")", ","}:
        raise _broken(selector)
    return token


def _broken(selector: str) -> RenderError:
    return RenderError(f"unable to parse requirement in selector {selector!r}")
