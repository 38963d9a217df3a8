"""`storyrunner explain`: where a rendered object's fields come from, for people or as JSON."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storyrunner.cli.output import say
from storyrunner.cli.traced import describe, trace
from storyrunner.errors import UsageError
from storyrunner.gitops.explanation import (
    FieldOrigin,
    UseState,
    VariableUse,
    explain,
    find_field,
    ident_matches,
)
from storyrunner.gitops.kustomize.origins import leaves
from storyrunner.gitops.near import nearest, nearest_objects
from storyrunner.gitops.provenance import ClusterTrace, TracedObject
from storyrunner.gitops.query import Selection, show_field
from storyrunner.gitops.secrecy import MASK
from storyrunner.model.plain import plain

SCHEMA = "storyrunner/explain/v1"
Write = Callable[[str], None]
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class _Explained:
    one: TracedObject
    fields: tuple[FieldOrigin, ...]


def explain_object(root: Path, arguments: Namespace, write: Write) -> int:
    """Print what is known of `arguments.object`; 0 when it was found, else 1.

    Raises UsageError for what is no KIND/NAME, and for clusters that do not exist.
    """
    kind, namespace, name = _read_ident(arguments.object)
    traces = trace(root, arguments.clusters)
    _warn(traces)
    matches = [
        one
        for cluster in traces
        for one in cluster.objects
        if ident_matches(one.object, kind, namespace, name)
    ]
    found = [one for match in matches if (one := _explained(root, match, arguments.field))]
    missing = ""
    if not matches:
        objects = [one.object.data for cluster in traces for one in cluster.objects]
        missing = nearest_objects(Selection(kind, name, namespace or None), objects)
    elif not found:
        missing = _no_field(matches, arguments.field)
    if arguments.format == "json":
        write(json.dumps(_document(arguments, found, missing), indent=2, ensure_ascii=False))
    else:
        _show_text(found, write)
    if missing:
        say(f"storyrunner: {missing}")
    return 0 if found else 1


def _read_ident(text: str) -> tuple[str, str, str]:
    parts = text.split("/")
    if len(parts) not in (2, 3) or not all(parts):
        raise UsageError(
            f"{text} names no object", hint="KIND/NAME, or KIND/NAMESPACE/NAME for one namespace"
        )
    return (parts[0], parts[1] if len(parts) == 3 else "", parts[-1])


def _explained(root: Path, one: TracedObject, field: str) -> _Explained | None:
    at = find_field(one.object.data, field)
    if at is None:
        return None
    fields = explain(root, one, at)
    return _Explained(one, fields) if fields else None


def _no_field(matches: Sequence[TracedObject], field: str) -> str:
    one = matches[0]
    known = {f".{show_field(path)}" for path, _ in leaves(one.object.data)}
    known |= {
        f".{show_field(path[:depth])}"
        for path, _ in leaves(one.object.data)
        for depth in range(1, len(path))
    }
    near = nearest("." + field.removeprefix("."), known)
    text = f"{one.object.ident} has no field {field}"
    return f"{text}; near: {', '.join(near)}" if near else text


def _warn(traces: Iterable[ClusterTrace]) -> None:
    for one in traces:
        for failure in one.failures:
            say(f"storyrunner: not rendered in {one.cluster.name}: {describe(failure)}")


def _show_text(found: Sequence[_Explained], write: Write) -> None:
    for number, item in enumerate(found):
        if number:
            write("")
        one = item.one
        through = f"through {one.owner}" if one.owner else "from the cluster's own files"
        write(f"{one.object.ident}  {one.cluster}, {through}")
        for field in item.fields:
            for line in _field_lines(field):
                write(f"  {line}")


def _field_lines(field: FieldOrigin) -> list[str]:
    label = f".{show_field(field.field)}"
    lines = [f"{label}  {_shown(field, _WIDTH - len(label) - 4)}", f"  {_origin(field)}"]
    if field.copied_from is not None:
        lines.append(f"  its value is from {field.copied_from}")
    return [*lines, *(f"  {_variable(use)}" for use in field.variables)]


def _shown(field: FieldOrigin, room: int) -> str:
    if field.is_secret:
        return MASK
    value = field.value
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    first, *rest = text.split("\n") if isinstance(value, str) else [text]
    shown = first if len(first) <= max(room, 20) else first[: max(room, 20) - 1] + "…"
    more = len([line for line in rest if line])
    return f"{shown} (+{more} lines)" if more else shown


def _origin(field: FieldOrigin) -> str:
    if field.place is None:
        named = f": set by {' or '.join(field.suspects)}, or a file it names"
        return f"its place is not known{named if field.suspects else ''}"
    if field.is_exact:
        how = f"  ({field.how})" if field.how else ""
        return f"set in {field.place}{how}"
    if not field.suspects:
        return f"set in {field.place}, or on the way from there"
    return f"set in {field.place}, or by a transformer of {' or '.join(field.suspects)}"


def _variable(use: VariableUse) -> str:
    if use.setting is None:
        words = {
            UseState.DEFAULT: "its default: nothing defines it",
            UseState.UNDEFINED: "not defined: the build fails in Flux 2.9 and later",
        }
        return f"{use.expression}  {words.get(use.state, 'not substituted')}"
    empty = "empty, so its default; " if use.state is UseState.DEFAULT else ""
    return f"{use.expression}  {empty}{use.setting.place}  ({use.setting.source})"


def _document(arguments: Namespace, found: Sequence[_Explained], missing: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "object": arguments.object,
        "field": arguments.field,
        "found": [
            {
                "cluster": item.one.cluster,
                "owner": item.one.owner,
                "api_version": item.one.object.api_version,
                "kind": item.one.object.kind,
                "namespace": item.one.object.namespace,
                "name": item.one.object.name,
                "fields": [_plain_field(field) for field in item.fields],
            }
            for item in found
        ],
        "missing": missing,
    }


def _plain_field(field: FieldOrigin) -> dict[str, Any]:
    return {
        "field": f".{show_field(field.field)}",
        "path": list(field.field),
        "value": MASK if field.is_secret else field.value,
        "secret": field.is_secret,
        "place": plain(field.place),
        "set_by": field.how or "manifest",
        "exact": field.is_exact,
        "suspects": list(field.suspects),
        "copied_from": plain(field.copied_from),
        "variables": [
            {
                "name": use.name,
                "expression": use.expression,
                "state": use.state.value,
                "used": plain(use.place),
                "value": use.shown_value,
                "defined": plain(use.setting.place if use.setting else None),
                "source": use.setting.source if use.setting else "",
            }
            for use in field.variables
        ],
    }
