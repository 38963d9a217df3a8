"""The two resolvers of go-yaml: kustomize's input stage and Flux's reading back."""

from __future__ import annotations

import math

import pytest

from storyrunner.gitops.scalars import ScalarError, is_string, read_moment, resolve, shrink

TAG = "tag:yaml.org,2002:"


def plain(text: str, *, yaml11: bool = False) -> object:
    return resolve(None, text, plain=True, yaml11=yaml11)


@pytest.mark.parametrize(
    "text", ["yes", "No", "on", "OFF", "y", "N", "12:34", "=", "<<", "_1", "0x"]
)
def test_words_that_only_yaml_1_1_retypes_stay_strings_in_files(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0644", 420),
        ("0o644", 420),
        ("08", 8),
        ("1_000", 1000),
        ("0x1F", 31),
        ("0b11", 3),
        ("-0b11", -3),
        ("0b-1", -1),
        ("+1", 1),
        ("1e3", 1000),
        ("1.10", 1.1),
        ("1.0", 1),
        (".1_0", 0.1),
        ("1e400", "1e400"),
        ("18446744073709551615", 18446744073709551615),
        ("12345678901234567890123", 1.2345678901234568e22),
        ("~", None),
        ("", None),
        ("TRUE", True),
    ],
)
def test_numbers_read_as_go_reads_them_in_both_stages(text: str, value: object) -> None:
    for yaml11 in (False, True):
        got = plain(text, yaml11=yaml11)
        assert got == value
        assert type(got) is type(value)


@pytest.mark.parametrize(
    ("text", "value"), [("y", True), ("Yes", True), ("off", False), ("N", False)]
)
def test_yaml_1_1_words_are_booleans_after_substitution(text: str, value: bool) -> None:
    assert plain(text, yaml11=True) is value


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2020-01-01", "2020-01-01T00:00:00Z"),
        ("2020-1-2", "2020-01-02T00:00:00Z"),
        ("2020-01-01 10:00:00", "2020-01-01T10:00:00Z"),
        ("2020-01-01t01:02:03.120Z", "2020-01-01T01:02:03.12Z"),
        ("2020-01-01T01:02:03+02:00", "2020-01-01T01:02:03+02:00"),
        ("2020-02-30", None),
        ("2020-01-01T24:00:00Z", None),
        ("2020-01-01 10:00:00Z", None),
        ("20-01-01", None),
    ],
)
def test_bare_dates_become_moments_in_files_and_stay_text_after(
    text: str, moment: str | None
) -> None:
    assert read_moment(text) == moment
    assert plain(text) == (moment or text)
    assert plain(text, yaml11=True) == text


def test_quotes_keep_every_word_a_string() -> None:
    for text in ("yes", "0644", "null", "2020-01-01"):
        assert resolve(None, text, plain=False, yaml11=True) == text


def test_explicit_tags_decide_and_custom_ones_keep_the_text() -> None:
    assert resolve(f"{TAG}str", "5", plain=True, yaml11=False) == "5"
    assert resolve(f"{TAG}int", "5", plain=False, yaml11=False) == 5
    assert resolve(f"{TAG}binary", "aGk=", plain=True, yaml11=False) == "hi"
    assert resolve("!thing", "5", plain=True, yaml11=False) == "5"
    with pytest.raises(ScalarError, match="cannot decode !!str `x` as a !!int"):
        resolve(f"{TAG}int", "x", plain=True, yaml11=False)
    with pytest.raises(ScalarError, match="invalid base64"):
        resolve(f"{TAG}binary", "a", plain=True, yaml11=False)


def test_infinity_and_not_a_number_are_floats() -> None:
    assert plain("-.inf") == -math.inf
    assert math.isnan(plain(".NaN"))  # type: ignore[arg-type]


def test_floats_shrink_to_the_digits_go_prints() -> None:
    assert shrink(12345678901234567168.0) == 12345678901234567000
    assert shrink(1e21) == 1e21
    assert isinstance(shrink(1e21), float)
    assert shrink(1.5) == 1.5


def test_the_merge_key_needs_no_quotes_but_a_number_does() -> None:
    assert is_string("<<", yaml11=True)
    assert not is_string("0o17", yaml11=True)
    assert not is_string("y", yaml11=True)
    assert is_string("y", yaml11=False)
