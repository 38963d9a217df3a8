"""Templates: only `[[ name ]]`, only values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyrunner.errors import RunbookError
from storyrunner.templates import names, render


def test_names_are_filled_and_everything_else_stays() -> None:
    text = (
        "email: ${LETSENCRYPT_EMAIL}\r\n"
        "name: [[ cluster ]]-[[cluster]]\r\n"
        'summary: "{{ $labels.name }} in {{ $value | humanizeDuration }}"\r\n'
        "plain: [a, [b]]\r\n"
        "test: '[[ -f x ]]'"
    )
    assert render(text, {"cluster": "infra"}, "x.yaml") == text.replace(
        "[[ cluster ]]-[[cluster]]", "infra-infra"
    )


def test_unused_values_are_fine() -> None:
    assert render("a", {"b": "c\n"}, "x.yaml") == "a"


def test_values_are_not_filled_again() -> None:
    assert render("[[ a ]]", {"a": "[[ b ]]\\1${X}", "b": "no"}, "x") == "[[ b ]]\\1${X}"


def test_names_come_once_in_the_order_of_the_text() -> None:
    assert names("[[ b ]] [[a]] [[ b ]] [[ ]] [[ 1 ]]") == ("b", "a")


def test_an_unknown_name_is_told_with_its_place_and_the_nearest_name() -> None:
    with pytest.raises(RunbookError, match=r"`\[\[ clutser \]\]` has no value") as caught:
        render("a: 1\nb: [[ clutser ]]\n", {"cluster": "infra"}, "cert-manager/ks.yaml")
    assert str(caught.value.place) == "cert-manager/ks.yaml:2:4"
    assert caught.value.hint == "did you mean `cluster`?"


def test_without_a_near_name_all_names_are_told() -> None:
    with pytest.raises(RunbookError) as caught:
        render("[[ zzz ]]", {"domain": "x", "cluster": "y"}, "x")
    assert caught.value.hint == "names with a value here: cluster, domain"


@pytest.mark.parametrize(
    "value", ["a\nb", "a\rb", "a\u2028b", "a\x1b[2J", "a\0", "a\tb", "\u202ea"]
)
def test_a_value_with_a_control_character_is_refused(value: str) -> None:
    with pytest.raises(RunbookError, match="the value of `a` holds") as caught:
        render("x: [[ a ]]", {"a": value}, "x.yaml")
    assert str(caught.value).isprintable()
    assert str(caught.value.place) == "x.yaml:1:4"


def test_a_declared_value_may_have_lines_but_no_escape() -> None:
    assert render("[[ a ]]", {"a": "1\n\t2"}, "x", multiline={"a"}) == "1\n\t2"
    with pytest.raises(RunbookError):
        render("[[ a ]]", {"a": "\x1b"}, "x", multiline={"a"})


@given(st.text(), st.dictionaries(st.sampled_from("abc"), st.text(alphabet="xyz ${}[]")))
def test_any_text_is_filled_or_refused_and_never_crashes(text: str, values: dict[str, str]) -> None:
    wanted = names(text)
    if set(wanted) <= set(values):
        assert isinstance(render(text, values, "x"), str)
    else:
        with pytest.raises(RunbookError):
            render(text, values, "x")
