"""Flux's variable substitution: `${…}` in a text, and the whole of postBuild for one object.

A rewrite of the semantics of fluxcd's envsubst from semantics.md §3, with Go's error texts. It
knows neither where variables come from nor which files objects stood in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from storyrunner.errors import RenderError, SubstitutionError
from storyrunner.gitops.expressions import (
    DEFAULTS,
    Call,
    GrammarError,
    Instruction,
    compile_text,
)
from storyrunner.gitops.goyaml import dump_resource, load_yaml11
from storyrunner.gitops.operators import (
    OperatorError,
    change_case,
    cut_slice,
    decode,
    encode,
    replace,
    trim,
)
from storyrunner.gitops.references import find_references

Strategy = Literal["WithVariables", "Always"]

SUBSTITUTE_KEY: Final = "kustomize.toolkit.fluxcd.io/substitute"
_NAME_SHAPE: Final = "^[_[:alpha:]][_[:alpha:][:digit:]]*$"
_NAME = re.compile(r"[_A-Za-z][_A-Za-z0-9]*")

MAX_WORK: Final = 256 * 2**20
"""Bytes that all expressions of one text together may come to, so that none can fill a machine."""

_Rope = bytes | list["_Rope"]
"""Bytes not joined yet, so that deeply nested defaults are not copied once per level."""


def substitute(text: str, variables: Mapping[str, str], *, strict: bool) -> str:
    """`text` with every expression replaced; bytes that a slice broke become U+FFFD.

    Raises SubstitutionError with Go's text: a parse error anywhere, or with `strict` a name that
    is not in `variables` and has no default (semantics.md §3.2, §3.3).
    """
    return decode(_substitute_bytes(text, variables, strict=strict))


def substitute_object(
    obj: Mapping[str, Any],
    variables: Mapping[str, str],
    *,
    strict: bool,
    strategy: Strategy = "WithVariables",
) -> dict[str, Any]:
    """One object through postBuild (semantics.md §3.1): its YAML is substituted in and read back
    as YAML 1.1. It stays as it is when labelled `substitute: disabled`, and without variables
    unless `strategy` is Always. Newlines are removed from the values.

    Raises SubstitutionError with the controller's text (`envsubst error: …`), which callers put
    behind their `var substitution failed for 'NAME'`.
    """
    if is_disabled(obj) or (not variables and strategy != "Always"):
        return dict(obj)
    try:
        check_names(variables)
        result = load_yaml11(_substitute_resource(obj, clean(variables), strict=strict))
    except SubstitutionError as error:
        message = f"envsubst error: {error.message}"
        raise SubstitutionError(message, variable=error.variable, hint=error.hint) from error
    if result is None or result == {}:
        return dict(obj)
    if not isinstance(result, dict):
        kind = {list: "array", str: "string", bool: "bool"}.get(type(result), "number")
        raise SubstitutionError(
            f"UnmarshalJSON: json: cannot unmarshal {kind} into Go value of type "
            "map[string]interface {}"
        )
    return result


def is_disabled(obj: Mapping[str, Any]) -> bool:
    """True when a label or annotation of the object switches substitution off."""
    metadata = obj.get("metadata")
    if not isinstance(metadata, Mapping):
        return False
    places = (metadata.get("labels"), metadata.get("annotations"))
    return any(isinstance(p, Mapping) and p.get(SUBSTITUTE_KEY) == "disabled" for p in places)


def check_names(names: Iterable[str]) -> None:
    """Raises SubstitutionError for the first name, in alphabetical order, that Flux refuses."""
    for name in sorted(names):
        if not _NAME.fullmatch(name):
            message = f"'{name}' var name is invalid, must match '{_NAME_SHAPE}'"
            raise SubstitutionError(
                message, variable=name, hint="one bad key fails the whole Kustomization"
            )


def clean(values: Mapping[str, str]) -> dict[str, str]:
    """Values as Flux takes them: without any newline."""
    return {name: value.replace("\n", "") for name, value in values.items()}


def referenced(text: str) -> list[tuple[str, int, bool]]:
    """Every variable the text names: its name, the offset of its `${` in characters, and whether
    it has a default there. Escaped and broken expressions are left out; never raises."""
    found = find_references(text)
    return [(ref.name, ref.offset, ref.operator in DEFAULTS) for ref in found if not ref.broken]


def unresolved(text: str) -> list[str]:
    """The expressions left in a text as they stand there, outermost ones only, broken ones up to
    where they break. `$${X}` is an escape, not an expression."""
    outer = [ref for ref in find_references(text) if not ref.nested]
    return [text[ref.offset : _end_of(text, ref.offset, ref.end, ref.broken)] for ref in outer]


def _end_of(text: str, start: int, end: int, broken: bool) -> int:
    if not broken:
        return end
    match = re.compile(r"[^}\n]{0,60}\}?").match(text, start + 2)
    return match.end() if match else end


def _substitute_resource(
    obj: Mapping[str, Any], variables: Mapping[str, str], *, strict: bool
) -> str:
    try:
        text = dump_resource(obj)
    except RenderError as error:
        raise SubstitutionError(f"variable substitution failed: {error.message}") from error
    try:
        data = _substitute_bytes(text, variables, strict=strict)
    except SubstitutionError as error:
        message = f"variable substitution failed: {error.message}"
        raise SubstitutionError(message, variable=error.variable, hint=error.hint) from error
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = "YAMLToJSON: yaml: invalid leading UTF-8 octet"
        hint = "a slice or a glob cut a character in two"
        raise SubstitutionError(message, hint=hint) from error


def _substitute_bytes(text: str, variables: Mapping[str, str], *, strict: bool) -> bytes:
    try:
        program = compile_text(text)
    except GrammarError as error:
        line = text.count("\n", 0, error.offset) + 1
        shown = text[error.offset : error.offset + 40].partition("\n")[0]
        hint = f"`{shown}` in line {line} of the built object; `$${{` keeps it as text"
        raise SubstitutionError(error.problem, variable=error.name, hint=hint) from error
    return _evaluate(program, variables, strict=strict)


def _evaluate(program: list[Instruction], variables: Mapping[str, str], *, strict: bool) -> bytes:
    stack: list[_Rope] = []
    work = 0
    for part in program:
        if isinstance(part, str):
            stack.append(encode(part))
            continue
        arguments = stack[len(stack) - part.arguments :]
        del stack[len(stack) - part.arguments :]
        value = variables.get(part.name)
        if value is None and strict and part.operator not in DEFAULTS:
            shown = json.dumps(part.name, ensure_ascii=False)
            raise SubstitutionError(f"variable not set (strict mode): {shown}", variable=part.name)
        result = _apply(part, encode(value or ""), arguments)
        stack.append(result)
        work += len(result) if isinstance(result, bytes) else 0
        if work > MAX_WORK:
            message = f"the expressions amount to more than {MAX_WORK >> 20} MiB"
            raise SubstitutionError(message, variable=part.name)
    return _flatten(stack)


def _apply(call: Call, value: bytes, arguments: list[_Rope]) -> _Rope:
    operator = call.operator
    if operator in DEFAULTS:
        return value or arguments
    if not operator:
        return value
    if operator == "len":
        return b"%d" % len(value)
    if operator[0] in "^,":
        return change_case(value, operator)
    flat = [_flatten([argument]) for argument in arguments]
    try:
        if operator == ":":
            return cut_slice(value, flat)
        if operator[0] == "/":
            return replace(value, operator, flat)
        return trim(value, operator, flat[0])
    except OperatorError as error:
        raise SubstitutionError(str(error), variable=call.name) from error


def _flatten(rope: list[_Rope]) -> bytes:
    out: list[bytes] = []
    waiting = [iter(rope)]
    while waiting:
        part = next(waiting[-1], None)
        if part is None:
            waiting.pop()
        elif isinstance(part, bytes):
            out.append(part)
        else:
            waiting.append(iter(part))
    return b"".join(out)
