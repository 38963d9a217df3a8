"""What a story expects of a command's output: nothing passes on nothing; spelling is no matter."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyrunner.errors import RunbookError
from storyrunner.model.step import OutputExpectation
from storyrunner.steps.outputs import describe, unmet

EQUALS = OutputExpectation(equals="64512")
EVERY = (
    EQUALS,
    OutputExpectation(one_of=("a", "b")),
    OutputExpectation(contains=("a",)),
    OutputExpectation(set_equals=("a", "b")),
    OutputExpectation(matches=".*"),
    OutputExpectation(lines=1),
)


def is_met(expected: OutputExpectation, output: str) -> bool:
    return unmet(expected, output) == ""


@pytest.mark.parametrize("expected", EVERY, ids=describe)
@pytest.mark.parametrize("nothing", ["", "\n", "  \n\t\n", "\x1b[0m\n", "\r\n"])
def test_no_output_is_never_right_where_something_is_expected(
    expected: OutputExpectation, nothing: str
) -> None:
    assert "got no output" in unmet(expected, nothing)


@pytest.mark.parametrize(
    ("expected", "output"),
    [
        ("64512", "64512\n"),
        ("64512", '"64512"\n'),
        ('"64512"', "64512\n"),
        ("a: b", "a: b\r\n"),
        ("green", "\x1b[32mgreen\x1b[0m\n"),
        ('["*.x", "x"]', "- '*.x'\n- x\n"),
        ('["*.x", "x"]', '- "*.x"\n- x\n'),
        ('["*.x", "x"]', '[\n  "*.x",\n  "x"\n]\n'),
        ('["*.x", "x"]', '"*.x"\n"x"\n'),
        ('["*.x", "x"]', "*.x\nx\n"),
        ("- a\n- b", '["a","b"]'),
        ('{"a": 1, "b": [2]}', "b:\n  - 2\na: 1\n"),
        ("one\ntwo", '"one"\n"two"\n'),
    ],
)
def test_the_same_data_in_another_spelling_is_equal(expected: str, output: str) -> None:
    assert is_met(OutputExpectation(equals=expected), output)


@pytest.mark.parametrize(
    ("expected", "output"),
    [
        ("64512", "64513"),
        ("64512", "64512\n64512"),
        ("64512", "x64512"),
        ('["a", "b"]', '["b", "a"]'),
        ('["a", "b"]', '["a"]'),
        ('["a"]', "a: 1"),
        ('["1"]', "- 1\n"),
        ('{"a": true}', "a: 1\n"),
        ('{"a": 1}', "a: 1\nb: 2\n"),
        ("null", "[]"),
        ("[]", "- a"),
        ("a: {", "a: {b"),
    ],
)
def test_other_data_is_not_equal(expected: str, output: str) -> None:
    assert not is_met(OutputExpectation(equals=expected), output)


@pytest.mark.parametrize(
    ("expected", "output", "met"),
    [
        (OutputExpectation(one_of=("1", "2")), "2\n", True),
        (OutputExpectation(one_of=('["a"]', "b")), "- a\n", True),
        (OutputExpectation(one_of=("1", "2")), "12\n", False),
        (OutputExpectation(contains=("a", "b")), "b a\n", True),
        (OutputExpectation(contains=("a", "b")), "a\n", False),
        (OutputExpectation(lacks=("error",)), "fine\n", True),
        (OutputExpectation(lacks=("error",)), "", True),
        (OutputExpectation(lacks=("error",)), "an error\n", False),
        (OutputExpectation(set_equals=("a", "b")), "b\na\n", True),
        (OutputExpectation(set_equals=("a", "b")), '["b", "a"]', True),
        (OutputExpectation(set_equals=("a", "b")), "a\n", False),
        (OutputExpectation(set_equals=("a", "b")), "a\nb\nc\n", False),
        (OutputExpectation(matches=r"^v\d+\.\d+"), "v2.9.1\n", True),
        (OutputExpectation(matches=r"^v\d+$"), "v2.9.1\n", False),
        (OutputExpectation(lines=2), "a\n\nb\n", True),
        (OutputExpectation(lines=2), "a\n", False),
        (OutputExpectation(lines=0), "\n", True),
        (OutputExpectation(lines=0), "a\n", False),
        (OutputExpectation(empty=True), " \n", True),
        (OutputExpectation(empty=True), "a\n", False),
    ],
)
def test_each_expectation_is_judged(expected: OutputExpectation, output: str, met: bool) -> None:
    assert is_met(expected, output) is met


def test_what_is_wrong_says_what_was_expected_and_what_came() -> None:
    assert unmet(EQUALS, "1\n") == 'expected "64512", got "1"'


def test_a_pattern_cannot_hang() -> None:
    assert is_met(OutputExpectation(matches="(a+)+$"), "a" * 5_000)
    assert not is_met(OutputExpectation(matches="^(a+)+$"), "a" * 5_000 + "b")


def test_a_pattern_that_the_engine_cannot_use_is_no_verdict() -> None:
    with pytest.raises(RunbookError):
        unmet(OutputExpectation(matches="(?=a)a"), "a")


@given(st.text(max_size=200), st.sampled_from(EVERY))
def test_any_output_is_judged(output: str, expected: OutputExpectation) -> None:
    assert isinstance(unmet(expected, output), str)


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=50))
def test_an_output_equals_itself(text: str) -> None:
    assert is_met(replace(EQUALS, equals=text), f"{text}\n")
    assert not is_met(replace(EQUALS, equals=text), f"{text}\n{text}\n")


@given(st.lists(st.text("abc*. ", min_size=1, max_size=5), min_size=1, max_size=5))
def test_a_list_equals_its_json_and_its_yaml(items: list[str]) -> None:
    wanted = OutputExpectation(equals=json.dumps(items))
    assert is_met(wanted, json.dumps(items, indent=2))
    assert is_met(wanted, "".join(f"- {json.dumps(item)}\n" for item in items))
    assert not is_met(wanted, json.dumps([*items, "more"]))
