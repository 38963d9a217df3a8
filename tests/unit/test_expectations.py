"""Promises of expectations: every object must satisfy, and nothing never passes."""

from __future__ import annotations

import time
from typing import Any

import pytest

from storyrunner.errors import RunbookError
from storyrunner.gitops.expectations import (
    Absent,
    Contains,
    Count,
    Equals,
    Exists,
    Expectation,
    Matches,
    NotEmpty,
    OneOf,
    SetEquals,
    describe,
    judge,
)
from storyrunner.gitops.query import Answer, ObjectIdent

ALL: list[Expectation] = [
    Equals("a"),
    OneOf(("a", "b")),
    Contains(("a",)),
    SetEquals(("a",)),
    Matches("^a$"),
    Count(exactly=1),
    Count(at_least=1),
    Count(),
    Exists(),
    NotEmpty(),
]


def answers(*values: tuple[Any, ...]) -> tuple[Answer, ...]:
    names = [ObjectIdent("v1", "Thing", "", f"t{number}") for number in range(len(values))]
    return tuple(Answer(name, value) for name, value in zip(names, values, strict=True))


@pytest.mark.parametrize("expectation", ALL, ids=str)
def test_a_selector_that_matches_nothing_fails(expectation: Expectation) -> None:
    verdict = judge(expectation, ())
    assert not verdict.ok
    assert "no object matched" in verdict.got_text


@pytest.mark.parametrize("expectation", ALL, ids=str)
@pytest.mark.parametrize("values", [(), (None,)])
def test_null_and_no_value_count_as_missing(
    expectation: Expectation, values: tuple[Any, ...]
) -> None:
    assert not judge(expectation, answers(values)).ok


@pytest.mark.parametrize("expectation", [e for e in ALL if not isinstance(e, Count)], ids=str)
@pytest.mark.parametrize("bad", [(), (None,), ("a", None)])
def test_one_good_object_does_not_make_the_others_pass(
    expectation: Expectation, bad: tuple[Any, ...]
) -> None:
    assert judge(expectation, answers(("a",), ("a",))).ok
    verdict = judge(expectation, answers(("a",), bad))
    assert not verdict.ok
    assert [one.name for one in verdict.failing] == ["t1"]
    assert len(verdict.matched_objects) == 2


@pytest.mark.parametrize(
    ("expectation", "values", "ok"),
    [
        (Equals("1"), (1,), False),
        (Equals(1), (True,), False),
        (Equals(1), (1.0,), True),
        (Equals({"a": [1]}), ({"a": [1]},), True),
        (Equals({"a": [1]}), ({"a": [True]},), False),
        (Equals(["a", "b"]), (["a", "b"],), True),
        (Equals("a"), ("a", "b"), False),
        (OneOf(("x", "y")), ("y", "x"), True),
        (OneOf(("x", "y")), ("z",), False),
        (OneOf(()), ("z",), False),
        (Contains(("a",)), (["b", "a"],), True),
        (Contains(("a", "c")), (["b", "a"],), False),
        (Contains(("a", "b")), ("b", "a"), True),
        (Contains(("rod",)), ("production",), True),
        (Contains(("",)), ("production",), False),
        (Contains(()), (["a"],), False),
        (SetEquals(("a", "b")), (["b", "a"],), True),
        (SetEquals(("a", "b")), ("b", "a"), True),
        (SetEquals(("a", "b")), (["a", "b", "c"],), False),
        (SetEquals(("a", "b")), (["a"],), False),
        (SetEquals(("*.x", "x")), (["*.x", "y"],), False),
        (Matches("^a+$"), ("aaa",), True),
        (Matches("^a+$"), ("aab",), False),
        (Matches("b"), ("abc",), True),
        (Matches("1"), (1,), False),
        (Exists(), ("",), True),
        (NotEmpty(), ("",), False),
        (NotEmpty(), (" \n",), False),
        (NotEmpty(), ([],), False),
        (NotEmpty(), ({},), False),
        (NotEmpty(), (0,), True),
        (NotEmpty(), (False,), True),
        (Absent(), (None,), True),
        (Absent(), (), True),
        (Absent(), ("a",), False),
        (Absent(), (False,), False),
    ],
)
def test_values_are_compared_as_json_does(
    expectation: Expectation, values: tuple[Any, ...], ok: bool
) -> None:
    assert judge(expectation, answers(values)).ok is ok


@pytest.mark.parametrize(
    ("count", "number", "ok"),
    [
        (Count(exactly=2), 2, True),
        (Count(exactly=2), 3, False),
        (Count(exactly=0), 0, True),
        (Count(at_least=2), 1, False),
        (Count(at_most=2), 3, False),
        (Count(at_least=1, at_most=2), 2, True),
        (Count(), 0, False),
    ],
)
def test_counts_are_over_all_objects_and_leave_missing_ones_out(
    count: Count, number: int, ok: bool
) -> None:
    assert judge(count, answers(*[("a",)] * number, (None,))).ok is ok


def test_only_absent_and_a_count_of_zero_pass_on_nothing() -> None:
    assert judge(Absent(), ()).ok
    assert judge(Count(exactly=0), ()).ok
    assert judge(Count(at_most=1), ()).ok


def test_absent_does_not_pass_when_the_query_broke_on_the_object() -> None:
    ident = ObjectIdent("v1", "Thing", "", "t")
    broken = Answer(ident, (), 'cannot take field "x" of a string')
    assert not judge(Absent(), (broken,)).ok
    assert judge(Absent(), (Answer(ident, (), "cannot iterate over null"),)).ok


def test_the_texts_say_what_was_expected_and_what_each_failing_object_gave() -> None:
    verdict = judge(Equals("x"), answers(("x",), ("y",), (None,)))
    assert verdict.expected_text == '"x"'
    assert verdict.got_text == 'Thing/t1: "y"; Thing/t2: nothing'
    assert verdict.matched_values == ("x", "y")
    assert judge(Equals("x"), answers(("y" * 999,))).got_text.endswith("…")


@pytest.mark.parametrize("expectation", [*ALL, Absent(), Count(at_most=3)], ids=str)
def test_every_expectation_has_words(expectation: Expectation) -> None:
    assert describe(expectation)


@pytest.mark.parametrize("pattern", ["(", "(?=a)", r"(a)\1", "a" * 501])
def test_a_pattern_that_cannot_be_bounded_is_refused(pattern: str) -> None:
    with pytest.raises(RunbookError):
        judge(Matches(pattern), answers(("a",)))


def test_a_catastrophic_pattern_ends_at_once() -> None:
    start = time.thread_time()
    assert not judge(Matches("^(a+)+$"), answers(("a" * 50_000 + "b",))).ok
    assert time.thread_time() - start < 5
    assert not judge(Matches("a"), answers(("a" * 200_000,))).ok
