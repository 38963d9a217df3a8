"""What there is to say about the fields of a rendered object: value, place, variables.

It reads what `provenance` kept; it builds nothing and prints nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from storyrunner import regular
from storyrunner.errors import Place
from storyrunner.gitops.expressions import DEFAULTS
from storyrunner.gitops.flux_metadata import OWNER_NAME, OWNER_NAMESPACE
from storyrunner.gitops.kustomize.origins import FieldPath, Origin, leaves
from storyrunner.gitops.objects import KubeObject, text_at, value_at
from storyrunner.gitops.provenance import TracedObject
from storyrunner.gitops.references import find_references
from storyrunner.gitops.secrecy import is_secret_like, masked
from storyrunner.gitops.settings import SettingValue

FLUX = "added by Flux"
COMMON_METADATA = "commonMetadata"


class UseState(StrEnum):
    """What became of a `${…}`."""

    VALUE = "value"
    DEFAULT = "default"
    UNDEFINED = "undefined"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class VariableUse:
    """One `${…}` in a field. `place` is the expression's; `setting` is None when nothing sets it.
    TEXT: the Flux Kustomization substitutes nothing, the expression stays."""

    name: str
    expression: str
    state: UseState
    place: Place | None
    setting: SettingValue | None = None

    @property
    def is_secret(self) -> bool:
        """Whether its value must not be shown."""
        return self.setting is not None and is_secret_like(self.name, self.setting)

    @property
    def shown_value(self) -> str:
        """The value, masked when secret-like; "" when nothing sets it."""
        return "" if self.setting is None else masked(self.name, self.setting)


@dataclass(frozen=True, slots=True)
class FieldOrigin:
    """One leaf of an object. `how` is empty for a manifest, else what set it (`patch`, `images`,
    `added by Flux`, …). `is_exact` False: it may be a transformer of one of `suspects` as well.
    `copied_from` is where a copied value was written."""

    field: FieldPath
    value: Any
    place: Place | None
    how: str = ""
    is_exact: bool = True
    suspects: tuple[str, ...] = ()
    copied_from: Place | None = None
    variables: tuple[VariableUse, ...] = ()
    is_secret: bool = False


def explain(tree: Path, one: TracedObject, at: FieldPath = ()) -> tuple[FieldOrigin, ...]:
    """Every leaf at or below `at`, in the object's order; empty when there is no such field."""
    start = value_at(one.object.data, *at)
    if start is None and not _is_there(one.object.data, at):
        return ()
    secret = one.object.kind == "Secret"
    found = []
    for below, value in leaves(start):
        path = (*at, *below)
        origin = _added(one, path)
        if origin is None:
            origin = _written(tree, one, path)
        hidden = (secret and path[0] in ("data", "stringData")) or any(
            use.is_secret for use in origin.variables
        )
        found.append(
            FieldOrigin(
                path,
                value,
                origin.place,
                origin.how,
                origin.is_exact,
                origin.suspects,
                origin.copied_from,
                origin.variables,
                hidden,
            )
        )
    return tuple(found)


def uses_of(tree: Path, one: TracedObject) -> Iterator[tuple[FieldPath, VariableUse]]:
    """Every variable an object uses before substitution, keys included, with its field."""
    for path, value in leaves(one.before):
        origin = one.trace.fields.get(path)
        texts = [str(name) for name in path if isinstance(name, str)]
        texts += [value] if isinstance(value, str) else []
        for text in texts:
            for use in _uses_in(tree, one, text, origin):
                yield path, use


def find_field(data: Any, text: str) -> FieldPath | None:
    """The path that `.spec.acme.email` or `spec.dnsNames[0]` means in `data`. Keys with dots may be
    written plainly or in quotes. None when there is no such field."""
    rest = text.removeprefix(".")
    if not rest:
        return ()
    if isinstance(data, list):
        match = re.match(r"\[?(\d+)\]?", rest)
        if match is None or int(match[1]) >= len(data):
            return None
        below = find_field(data[int(match[1])], rest[match.end() :])
        return None if below is None else (int(match[1]), *below)
    for key in sorted(data, key=len, reverse=True) if isinstance(data, Mapping) else ():
        for form in (key, f'"{key}"', f'["{key}"]'):
            tail = rest.removeprefix(form)
            if tail != rest and tail[:1] in ("", ".", "["):
                below = find_field(data[key], tail)
                if below is not None:
                    return (key, *below)
    return None


def _added(one: TracedObject, path: FieldPath) -> FieldOrigin | None:
    """What Flux puts on last: its owner labels, and over them the common metadata."""
    above = one.kustomization
    if above is None or len(path) != 3 or path[0] != "metadata":
        return None
    field, key = path[1], path[2]
    common = {"labels": above.common_labels, "annotations": above.common_annotations}
    if key in common.get(str(field), {}):
        place = above.place("spec", COMMON_METADATA, field, key)
        return FieldOrigin(path, None, place, COMMON_METADATA)
    if field == "labels" and key in (OWNER_NAME, OWNER_NAMESPACE):
        which = "name" if key == OWNER_NAME else "namespace"
        return FieldOrigin(path, None, above.place("metadata", which), FLUX)
    return None


def _written(tree: Path, one: TracedObject, path: FieldPath) -> FieldOrigin:
    before = _before(one, path)
    if before is None:
        return FieldOrigin(path, None, None, is_exact=False)
    origin = one.trace.fields.get(before)
    text = value_at(one.before, *before)
    uses: list[VariableUse] = []
    if one.is_substituted:
        keys = [str(name) for name in before if isinstance(name, str) and "${" in name]
        for piece in [*keys, *([text] if isinstance(text, str) else [])]:
            uses += _uses_in(tree, one, piece, origin)
    if origin is None:
        return FieldOrigin(path, None, None, is_exact=False, variables=tuple(uses))
    how = origin.how
    if one.object.kind == "Secret" and "**SOPS**" in str(value_at(one.object.data, *path)):
        how = "masked by Flux (SOPS)"
    return FieldOrigin(
        path,
        None,
        origin.place if origin.is_known else None,
        how,
        origin.is_exact,
        tuple(name for name in origin.suspects if (tree / name).is_file()),
        origin.source.place if origin.source else None,
        tuple(uses),
    )


def _before(one: TracedObject, path: FieldPath) -> FieldPath | None:
    """The leaf before substitution that became the leaf at `path`: names may have held `${…}`, and
    a text may have become a list or a map."""
    data: Any = one.before
    found: list[str | int] = []
    for name in path:
        if isinstance(data, Mapping):
            key = name if name in data else _expanded(data, name)
            if key is None:
                return None
            data = data[key]
            found.append(key)
        elif isinstance(data, list) and isinstance(name, int) and name < len(data):
            data = data[name]
            found.append(name)
        else:
            break
    return tuple(found) if not (isinstance(data, Mapping | list) and data) else None


def _expanded(data: Mapping[str, Any], name: str | int) -> str | None:
    """The only key with a `${…}` that can have become `name`."""
    found = []
    for key in data:
        if "${" not in key:
            continue
        pattern = ".*".join(re.escape(part) for part in re.split(r"\$\{[^}]*\}", key))
        if re.fullmatch(pattern, str(name), re.DOTALL):
            found.append(key)
    return found[0] if len(found) == 1 else None


def _uses_in(
    tree: Path, one: TracedObject, text: str, origin: Origin | None
) -> Iterator[VariableUse]:
    if "${" not in text:
        return
    for found in find_references(text):
        if found.broken:
            continue
        setting = one.settings.values.get(found.name)
        if not one.is_substituted:
            state = UseState.TEXT
        elif found.operator in DEFAULTS and not (setting and setting.value):
            state = UseState.DEFAULT
        else:
            state = UseState.VALUE if setting is not None else UseState.UNDEFINED
        known = origin is not None and origin.is_known
        place = _expression(tree, origin, found.name, text) if origin and known else None
        yield VariableUse(found.name, text[found.offset : found.end], state, place, setting)


def _expression(tree: Path, origin: Origin, name: str, text: str) -> Place:
    """From where a scalar starts to the line of it that holds the expression."""
    place = origin.place
    holds = re.compile(r"\$\{#?" + re.escape(name) + r"(?![A-Za-z0-9_])")
    try:
        lines = regular.read_text(tree / place.path, "utf-8", "replace").splitlines()
    except OSError:
        return place
    last = min(len(lines), place.line + text.count("\n") + 3)
    for number in range(place.line, last + 1):
        match = holds.search(lines[number - 1], place.column - 1 if number == place.line else 0)
        if match:
            return Place(place.path, number, match.start() + 1)
    return place


def _is_there(data: Any, at: FieldPath) -> bool:
    if not at:
        return True
    above = value_at(data, *at[:-1])
    return isinstance(above, Mapping) and at[-1] in above


def ident_matches(one: KubeObject, kind: str, namespace: str, name: str) -> bool:
    """Whether an object is `kind/namespace/name`; the kind in any case, an empty namespace any."""
    return (
        one.kind.casefold() == kind.casefold()
        and one.name == name
        and namespace in ("", one.namespace)
        and bool(text_at(one.data, "kind"))
    )
