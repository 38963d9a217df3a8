"""Typed expectations of the answers of a query, and the one judge that never passes on nothing.

Every selected object must satisfy the expectation by itself: one good value among several objects
does not make the others pass. `null` and a missing field are the same, and both are missing.
It must not know how answers were obtained (`query`) nor what a step does with a judgement.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, assert_never

from storyrunner.errors import RunbookError
from storyrunner.gitops.query import Answer, ObjectIdent
from storyrunner.model.frozen import dataclass

MAX_PATTERN = 500
MAX_MATCHED_TEXT = 100_000
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Equals:
    """Every value equals `value`, as JSON does: no number is a text, no boolean is a number."""

    value: Any


@dataclass(frozen=True, slots=True)
class OneOf:
    """Every value is one of `values`."""

    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Contains:
    """Each object's values contain every one of `items`. A single list stands for its items; for
    a single text, the items are parts of that text."""

    items: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class SetEquals:
    """Each object's values are exactly `items`, in any order and each at least once. A single list
    stands for its items."""

    items: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Matches:
    """Every value is a text in which `pattern` is found (anchor it for the whole text). The engine
    is linear in time: look-around and back-references are errors."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Count:
    """How many values there are over all objects, missing ones not counted; a list is one value
    (ask for `[]` to count its items). `exactly`, or a range with both ends included."""

    exactly: int | None = None
    at_least: int | None = None
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """No object has a value there. The one expectation, with `Count(0)`, that nothing satisfies."""


@dataclass(frozen=True, slots=True)
class Exists:
    """Every object has a value there, and none is missing."""


@dataclass(frozen=True, slots=True)
class NotEmpty:
    """As Exists, and no value is an empty or blank text, an empty list or an empty map."""


Expectation = Equals | OneOf | Contains | SetEquals | Matches | Count | Absent | Exists | NotEmpty


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict with what a report shows. `matched_objects` are all that were asked,
    `matched_values` all values that were not missing, `failing` the objects that did not satisfy.
    """

    ok: bool
    expected_text: str
    got_text: str
    matched_objects: tuple[ObjectIdent, ...] = ()
    matched_values: tuple[Any, ...] = ()
    failing: tuple[ObjectIdent, ...] = ()


def judge(expectation: Expectation, answers: Sequence[Answer]) -> Judgement:
    """Whether every answer satisfies the expectation; no answer at all fails, except for Absent
    and for a Count that includes 0. Raises RunbookError for a pattern that cannot be used."""
    objects = tuple(answer.ident for answer in answers)
    values = tuple(value for answer in answers for value in answer.values if value is not None)
    expected = describe(expectation)
    if isinstance(expectation, Count):
        ok = _counts(expectation, len(values))
        return Judgement(ok, expected, _count_text(len(values), answers), objects, values)
    if not answers:
        ok = isinstance(expectation, Absent)
        return Judgement(ok, expected, "no object matched", objects, values)
    failing = tuple(a.ident for a in answers if not _satisfies(expectation, a))
    shown = [a for a in answers if a.ident in failing] if failing else list(answers)
    return Judgement(not failing, expected, _got_text(shown), objects, values, failing)


def describe(expectation: Expectation) -> str:
    """The expectation in words, as reports print it."""
    match expectation:
        case Equals(value):
            return show(value)
        case OneOf(values):
            return "one of " + ", ".join(show(value) for value in values)
        case Contains(items):
            return "containing " + ", ".join(show(item) for item in items)
        case SetEquals(items):
            return "exactly, in any order, " + ", ".join(show(item) for item in items)
        case Matches(pattern):
            return f"a text matching /{pattern}/"
        case Count():
            return _range_text(expectation)
        case Absent():
            return "nothing there"
        case Exists():
            return "a value"
        case NotEmpty():
            return "a value that is not empty"
    assert_never(expectation)


def show(value: Any) -> str:
    """A value as JSON on one line, shortened to SHOWN characters; missing is `nothing`."""
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _satisfies(expectation: Expectation, answer: Answer) -> bool:
    values = answer.values
    if isinstance(expectation, Absent):
        walked = not answer.problem or "iterate over null" in answer.problem
        return walked and all(value is None for value in values)
    if not values or any(value is None for value in values):
        return False
    match expectation:
        case Equals(wanted):
            return all(_same(value, wanted) for value in values)
        case OneOf(allowed):
            return all(any(_same(value, one) for one in allowed) for value in values)
        case Contains(items):
            return bool(items) and _contains(values, items)
        case SetEquals(items):
            have = _spread(values)
            return _within(have, items) and _within(items, have)
        case Matches(pattern):
            return all(_is_matched(pattern, value) for value in values)
        case Exists():
            return True
        case NotEmpty():
            return not any(_is_empty(value) for value in values)
        case Count():
            return True
    assert_never(expectation)


def _contains(values: Sequence[Any], items: Sequence[Any]) -> bool:
    if len(values) == 1 and isinstance(values[0], str):
        return all(isinstance(item, str) and item != "" and item in values[0] for item in items)
    return _within(items, _spread(values))


def _spread(values: Sequence[Any]) -> Sequence[Any]:
    """A single list stands for its items."""
    if len(values) == 1 and isinstance(values[0], list | tuple):
        return values[0]
    return values


def _within(some: Iterable[Any], others: Sequence[Any]) -> bool:
    return all(any(_same(one, other) for other in others) for one in some)


def _same(left: Any, right: Any) -> bool:
    """Equality of JSON: Python's own takes True for 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        pairs = zip(left, right, strict=False)
        return len(left) == len(right) and all(_same(a, b) for a, b in pairs)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[k], right[k]) for k in left)
    return bool(left == right)


def _is_empty(value: Any) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return isinstance(value, list | tuple | dict) and not value


def _is_matched(pattern: str, value: Any) -> bool:
    if not isinstance(value, str) or len(value) > MAX_MATCHED_TEXT:
        return False
    return bool(_matcher(pattern).is_valid(value))


@lru_cache(maxsize=128)
def _matcher(pattern: str) -> Any:
    """A validator of one pattern: the linear engine that schemas use, so no pattern can hang."""
    import jsonschema_rs

    if len(pattern) > MAX_PATTERN:
        raise RunbookError(f"a pattern of more than {MAX_PATTERN} characters: {pattern[:40]}…")
    try:
        options = jsonschema_rs.RegexOptions()
        return jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=options)
    except ValueError as wrong:
        raise RunbookError(
            f"the pattern /{pattern}/ cannot be used",
            hint="look-around and back-references are not supported",
        ) from wrong


def _counts(expectation: Count, number: int) -> bool:
    return (
        expectation.exactly in (None, number)
        and (expectation.at_least is None or number >= expectation.at_least)
        and (expectation.at_most is None or number <= expectation.at_most)
        and (expectation != Count() or number > 0)
    )


def _range_text(count: Count) -> str:
    if count.exactly is not None:
        return f"{count.exactly} values"
    if count.at_least is not None and count.at_most is not None:
        return f"{count.at_least} to {count.at_most} values"
    if count.at_most is not None:
        return f"at most {count.at_most} values"
    return f"at least {1 if count.at_least is None else count.at_least} values"


def _count_text(number: int, answers: Sequence[Answer]) -> str:
    of = "no object matched" if not answers else f"{len(answers)} objects"
    return f"{number} values ({of})"


def _got_text(answers: Sequence[Answer]) -> str:
    """One object: its values alone; several: each with its name."""
    texts = []
    for answer in answers:
        value = ", ".join(show(one) for one in answer.values) or "nothing"
        if answer.problem:
            value = f"nothing ({answer.problem})"
        texts.append(value if len(answers) == 1 else f"{answer.ident}: {value}")
    return "; ".join(texts)
