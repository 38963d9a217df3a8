"""Typed queries over rendered objects: which objects, which expression, and what each answered.

Expressions are the subset that jq and both programs called yq read alike (semantics.md §6). Plain
paths (`.spec.data[0].key`, `.spec.solvers[].dns01`) are walked here, so that they cost no import
and keep every type; the rest goes to the jq library. That library cannot be interrupted, so loops,
assignments and repetition are refused before it sees them, and the number of values is bounded.
It must not know what is expected of an answer (`expectations`) nor where objects come from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any

from storyrunner.errors import RefusedFeatureError, RunbookError
from storyrunner.gitops.query_paths import (
    MAX_EXPRESSION,
    Program,
    UnusualError,
    WrongShapeError,
    program_of,
)
from storyrunner.model.frozen import dataclass

_WORDS = """
select map map_values has in keys keys_unsorted length contains inside test startswith endswith
ascii_downcase ascii_upcase any all not and or type tostring tonumber to_entries from_entries
with_entries unique unique_by sort sort_by group_by min max min_by max_by first last join split add
empty null true false if then elif else end as index rindex indices flatten reverse values strings
numbers arrays objects booleans scalars ltrimstr rtrimstr tojson paths getpath path floor abs
@text @json @base64 @base64d
"""
ALLOWED_WORDS = frozenset(_WORDS.split())
"""Words an expression may use: none loops by itself, none reads input or the environment."""

MAX_VALUES = 10_000
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_WORD = re.compile(r"(?<![\w.$@])[$@]?[A-Za-z_]\w*+(?!\s*:)", re.ASCII)
_CHANGE = re.compile(r"(?<![=!<>])=(?!=)|\*|\?//=|\.\.")


@dataclass(frozen=True, slots=True, order=True)
class ObjectIdent:
    """What an object is called. Text: `Kind/name`, or `Kind/namespace/name` when namespaced."""

    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects are asked. `None` (for `kind`: empty) asks for any. `api_version` is exact, or
    a group alone (`cert-manager.io`). `labels` given as a mapping must all be there."""

    kind: str
    name: str | None = None
    namespace: str | None = None
    api_version: str | None = None
    labels: Mapping[str, str] | tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", tuple(sorted(dict(self.labels).items())))

    def __str__(self) -> str:
        parts = [self.kind or "object", self.namespace or "", self.name or ""]
        text = "/".join(part for part in parts if part)
        wanted = [f"{key}={value}" for key, value in dict(self.labels).items()]
        if self.api_version:
            wanted.insert(0, f"apiVersion {self.api_version}")
        return f"{text} ({', '.join(wanted)})" if wanted else text

    def matches(self, one: Mapping[str, Any]) -> bool:
        """True when the object is one of those asked for."""
        ident = ident_of(one)
        metadata = one.get("metadata")
        labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
        present = labels if isinstance(labels, Mapping) else {}
        return (
            self.kind in ("", ident.kind)
            and self.name in (None, ident.name)
            and self.namespace in (None, ident.namespace)
            and self._fits_api(ident.api_version)
            and all(present.get(key) == value for key, value in dict(self.labels).items())
        )

    def _fits_api(self, api_version: str) -> bool:
        if self.api_version is None or self.api_version == api_version:
            return True
        group, slash, _ = api_version.partition("/")
        return bool(slash) and self.api_version == group


@dataclass(frozen=True, slots=True)
class Answer:
    """What one object answered: the values in order (`null` and missing are None). `problem` is
    why the expression could not be evaluated on this object; then `values` is empty."""

    ident: ObjectIdent
    values: tuple[Any, ...]
    problem: str = ""


def ident_of(one: Mapping[str, Any]) -> ObjectIdent:
    """The identity of an object; parts that are absent or no text are empty."""
    metadata = one.get("metadata")
    inner: Mapping[str, Any] = metadata if isinstance(metadata, Mapping) else {}
    parts = (one.get("apiVersion"), one.get("kind"), inner.get("namespace"), inner.get("name"))
    return ObjectIdent(*(part if isinstance(part, str) else "" for part in parts))


def ask(
    objects: Iterable[Mapping[str, Any]], selection: Selection, expression: str
) -> tuple[Answer, ...]:
    """One answer for each selected object, in order; empty when nothing is selected.

    Raises RunbookError for an expression that does not parse, RefusedFeatureError for one outside
    the common subset. Both are raised even when nothing is selected.
    """
    evaluate = _compiled(expression)
    return tuple(evaluate(one) for one in objects if selection.matches(one))


def show_field(path: Iterable[str | int]) -> str:
    """A field path as people write it: `spec.acme.solvers[0]."a/b"`; the object itself is `.`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            shown = step if re.fullmatch(r"[A-Za-z_][\w-]*", step) else json.dumps(step)
            text += f".{shown}" if text else shown
    return text or "."


class _PathProgram:
    """Walks a path by itself; jq is asked for the rare value that only it can judge."""

    __slots__ = ("expression", "program")

    def __init__(self, program: Program, expression: str) -> None:
        self.program = program
        self.expression = expression

    def __call__(self, one: Mapping[str, Any]) -> Answer:
        try:
            return Answer(ident_of(one), self.program(one))
        except WrongShapeError as wrong:
            return Answer(ident_of(one), (), str(wrong))
        except UnusualError:
            return _by_jq(self.expression)(one)


class _JqProgram:
    """Runs a compiled jq program on one object at a time, so that answers keep their object."""

    __slots__ = ("program",)

    def __init__(self, program: Any) -> None:
        self.program = program

    def __call__(self, one: Mapping[str, Any]) -> Answer:
        results = self.program.input_text(json.dumps(one, default=str))
        try:
            values = tuple(islice(iter(results), MAX_VALUES + 1))
            if len(values) > MAX_VALUES:
                return Answer(ident_of(one), (), f"more than {MAX_VALUES} values")
            return Answer(ident_of(one), values)
        except ValueError as wrong:
            return Answer(ident_of(one), (), str(wrong).partition("\n")[0])


@lru_cache(maxsize=512)
def _compiled(expression: str) -> _PathProgram | _JqProgram:
    program = program_of(expression)
    return _by_jq(expression) if program is None else _PathProgram(program, expression)


@lru_cache(maxsize=512)
def _by_jq(expression: str) -> _JqProgram:
    _refuse_what_is_not_common(expression)
    import jq

    try:
        return _JqProgram(jq.compile(expression))
    except ValueError as wrong:
        detail = str(wrong).partition("\n")[0].removeprefix("jq: error: ")
        raise RunbookError(
            f"the query `{expression}` does not parse: {detail}",
            hint="the common subset of jq and yq, for example `.spec.dnsNames[0]`",
        ) from wrong


def _refuse_what_is_not_common(expression: str) -> None:
    if len(expression) > MAX_EXPRESSION:
        raise RefusedFeatureError(f"a query of more than {MAX_EXPRESSION} characters")
    bare = _TEXT.sub('""', expression)
    if any("\\(" in text for text in _TEXT.findall(expression)):
        raise RefusedFeatureError("text interpolation in a query", able="jq")
    sign = _CHANGE.search(bare)
    if sign:
        raise RefusedFeatureError(f"`{sign[0].strip()}` in a query", able="jq or yq")
    variables = set(re.findall(r"\bas\s+(\$[A-Za-z_]\w*)", bare)) - {"$ENV"}
    for word in _WORD.findall(bare):
        if word not in ALLOWED_WORDS and word not in variables:
            raise RefusedFeatureError(f"`{word}` in a query", able="jq or yq")
