"""One fact about rendered objects: judged, and when it does not hold, said with its place.

A fact holds for every selected object or it does not hold. What the source must say
(`${SECRET_DOMAIN}`, not a value typed in) is looked up in the file the object came from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from storyrunner.errors import Place, RunbookError
from storyrunner.gitops import promql
from storyrunner.gitops.expectations import (
    Absent,
    Contains,
    Count,
    Equals,
    Expectation,
    Matches,
    NotEmpty,
    OneOf,
    SetEquals,
    judge,
)
from storyrunner.gitops.objects import KubeObject, value_at
from storyrunner.gitops.query import Answer, show_field
from storyrunner.gitops.query_paths import FieldPath, field_path_of
from storyrunner.gitops.sources import SourceIndex
from storyrunner.model.finding import Finding, Severity
from storyrunner.model.frozen import dataclass
from storyrunner.model.step import Fact


@dataclass(frozen=True, slots=True)
class Asked:
    """The objects a fact is about, in the order of their answers, and where they come from."""

    objects: Sequence[KubeObject]
    answers: Sequence[Answer]
    sources: SourceIndex
    cluster: str
    known: Mapping[str, frozenset[str]]
    """What a `resolves` may name: `kustomization` -> `ns/name`, `folder` -> folders that exist."""


def expectation_of(fact: Fact) -> Expectation | None:
    """The typed expectation of a fact; None for `promql` and `resolves`, which have their own
    judges. Raises RunbookError when it sets none."""
    if fact.absent:
        return Absent()
    if fact.count is not None:
        return Count(fact.count)
    if fact.present:
        return NotEmpty()
    if fact.one_of is not None:
        return OneOf(fact.one_of)
    if fact.contains is not None:
        return Contains(fact.contains)
    if fact.set_equals is not None:
        return SetEquals(fact.set_equals)
    if fact.matches is not None:
        return Matches(fact.matches)
    if fact.promql or fact.resolves:
        return None
    if fact.equals is None:
        raise RunbookError(f"`ask: {fact.ask}` expects nothing, so it could not fail")
    return Equals(fact.equals)


def judge_fact(fact: Fact, asked: Asked) -> Iterator[Finding]:
    """What is wrong; nothing when the fact holds for every object."""
    expectation = expectation_of(fact)
    if fact.optional:
        asked = _where_present(asked)
    if not asked.objects:
        return
    if expectation is not None:
        yield from _misses(fact, expectation, asked)
    elif fact.promql:
        yield from _unparsed(fact, asked)
    else:
        yield from _unresolved(fact, asked)
    if fact.source_holds:
        yield from _typed_in(fact, asked)


def _where_present(asked: Asked) -> Asked:
    """Without the objects in which the field is absent."""
    pairs = zip(asked.objects, asked.answers, strict=True)
    kept = [(one, answer) for one, answer in pairs if not judge(Absent(), [answer]).ok]
    return replace(asked, objects=[one for one, _ in kept], answers=[answer for _, answer in kept])


def _misses(fact: Fact, expectation: Expectation, asked: Asked) -> Iterator[Finding]:
    judgement = judge(expectation, asked.answers)
    if judgement.ok:
        return
    failing = judgement.failing or tuple(answer.ident for answer in asked.answers)
    for one, answer in zip(asked.objects, asked.answers, strict=True):
        if answer.ident in failing:
            alone = judge(expectation, [answer])
            text = f"{answer.ident}: {_field(fact)} is {alone.got_text}"
            yield _finding(fact, asked, one, text, expected=alone.expected_text, got=alone.got_text)


def _unparsed(fact: Fact, asked: Asked) -> Iterator[Finding]:
    for one, answer in zip(asked.objects, asked.answers, strict=True):
        if not answer.values:
            yield _finding(fact, asked, one, f"{answer.ident}: {_field(fact)} has no expression")
        for path, value in expand(one.data, fact.ask):
            for problem in promql.check(value):
                text = f"{answer.ident}: {show_field(path)}: {problem}"
                yield _finding(fact, asked, one, text, path=path, got=str(value))


def _unresolved(fact: Fact, asked: Asked) -> Iterator[Finding]:
    known = asked.known[fact.resolves]
    for one, answer in zip(asked.objects, asked.answers, strict=True):
        names = [value for value in answer.values if value is not None]
        if not names:
            yield _finding(fact, asked, one, f"{answer.ident}: {_field(fact)} names nothing")
        for path, value in expand(one.data, fact.ask):
            if _target(fact, one, path, value) not in known:
                text = f"{answer.ident}: {show_field(path)} names {value}, which does not exist"
                there = ", ".join(sorted(known)) if fact.resolves == "kustomization" else ""
                yield _finding(fact, asked, one, text, path=path, expected=there, got=str(value))


def _target(fact: Fact, one: KubeObject, path: FieldPath, value: object) -> str:
    """What a value refers to: a folder, or `ns/name` of a Kustomization (its own ns by default)."""
    if fact.resolves != "kustomization":
        return _plain(value)
    return f"{value_at(one.data, *path[:-1], 'namespace') or one.namespace}/{value}"


def _typed_in(fact: Fact, asked: Asked) -> Iterator[Finding]:
    """The rendered value is right, but the source does not say it through the variable."""
    path = field_path_of(fact.ask) or ()
    for one in asked.objects:
        source = asked.sources.source(one)
        if source is None:
            yield _finding(fact, asked, one, f"{one.ident}: no file of the repository holds it")
            continue
        written = value_at(source.value, *path)
        if not _holds(written, fact.source_holds):
            text = f"{one.ident}: {show_field(path)} is not set through {fact.source_holds}"
            yield _finding(
                fact, asked, one, text, expected=fact.source_holds, got=str(written)[:200]
            )


def expand(data: Any, expression: str) -> Iterator[tuple[FieldPath, Any]]:
    """Every value of a plain path with `[]` in it, each with its own field path.

    Raises RunbookError for an expression that is more than such a path.
    """
    whole = field_path_of(expression.replace("[]", "[987654321]"))
    if whole is None:
        raise RunbookError(f"`ask: {expression}` must be a plain path here")
    yield from _expand(data, whole, ())


def _expand(data: Any, rest: FieldPath, done: FieldPath) -> Iterator[tuple[FieldPath, Any]]:
    if not rest:
        if data is not None:
            yield done, data
    elif rest[0] == 987654321:
        items = data if isinstance(data, list | tuple) else ()
        for index, item in enumerate(items):
            yield from _expand(item, rest[1:], (*done, index))
    else:
        yield from _expand(value_at(data, rest[0]), rest[1:], (*done, rest[0]))


def _holds(value: Any, text: str) -> bool:
    if isinstance(value, str):
        return text in value
    if isinstance(value, Mapping):
        return any(_holds(item, text) for item in value.values())
    return isinstance(value, list | tuple) and any(_holds(item, text) for item in value)


def _plain(value: object) -> str:
    return str(value).removeprefix("./").rstrip("/") or "."


def _field(fact: Fact) -> str:
    path = field_path_of(fact.ask)
    return show_field(path) if path else f"`{fact.ask}`"


def _finding(
    fact: Fact,
    asked: Asked,
    one: KubeObject,
    text: str,
    *,
    path: FieldPath | None = None,
    expected: str = "",
    got: str = "",
) -> Finding:
    field = path if path is not None else field_path_of(fact.ask) or _deepest(fact.ask)
    place = asked.sources.place(one, *field) or Place(".")
    wanted = f", expected {expected}" if expected else ""
    severity = Severity.NOTE if fact.note else Severity.ERROR
    rule = "other-choice" if fact.note else "wrong-value"
    return Finding(rule, severity, f"{text}{wanted}", place, fact.why, asked.cluster, expected, got)


def _deepest(expression: str) -> FieldPath:
    """The static start of an expression such as `[.spec.groups[].rules[].alert]`."""
    text = expression.strip().removeprefix("[").partition(" ")[0]
    return field_path_of(text.split("[]", maxsplit=1)[0].rstrip("]")) or ()
