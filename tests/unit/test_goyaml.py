"""The YAML text that Flux substitutes in, and what it reads back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyrunner.errors import RenderError, SubstitutionError
from storyrunner.gitops.documents import parse_documents
from storyrunner.gitops.emitter import format_float
from storyrunner.gitops.goyaml import dump_resource, load_yaml11
from storyrunner.gitops.keyorder import sort_keys


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("word", "word"),
        ("", '""'),
        ("yes", '"yes"'),
        ("0644", '"0644"'),
        ("2020-01-01", '"2020-01-01"'),
        ("12:34:56", '"12:34:56"'),
        ("<<", "<<"),
        ("{{ x }}", "'{{ x }}'"),
        ("*.example", "'*.example'"),
        ("a: b", "'a: b'"),
        ("it's: x", "'it''s: x'"),
        ("a #b", "'a #b'"),
        ("x ", "'x '"),
        ("a\tb", '"a\\tb"'),
        ("a \nb\n", '"a \\nb\\n"'),
        ("😀", '"\\U0001F600"'),
        ("héllo ☃", "héllo ☃"),
        ("a\nb\n", "|\n  a\n  b"),
        ("a\nb", "|-\n  a\n  b"),
        ("a\n\n", "|+\n  a\n"),
        ("  a\nb\n", "|2\n    a\n  b"),
        ("---", "'---'"),
        ("-x", "-x"),
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        (1234567.5, "1.2345675e+06"),
        (1e21, "1e+21"),
        (2**64, "1.8446744073709552e+19"),
        ({}, "{}"),
        ([], "[]"),
    ],
)
def test_scalars_are_written_as_go_writes_them(value: object, text: str) -> None:
    assert dump_resource({"k": value}) == f"k: {text}\n"


def test_structure_is_written_as_go_writes_it() -> None:
    value = {"b": [1, [2, 3], {"x": 1, "y": [4]}], "a": {"c": {"d": "e"}}, "2": "k", "no": 1}
    assert dump_resource(value) == (
        '"2": k\na:\n  c:\n    d: e\nb:\n- 1\n- - 2\n  - 3\n- x: 1\n  "y":\n  - 4\n"no": 1\n'
    )


def test_keys_sort_in_natural_order() -> None:
    keys = ["ab", "a10", "a2", "A1", "a1", "_z", "1a", "aB", "a_b", "a/b", "a.b", "a-b"]
    want = ["_z", "1a", "A1", "a-b", "a.b", "a/b", "a_b", "a1", "a2", "a10", "aB", "ab"]
    assert sort_keys(keys) == want


def test_long_scalars_fold_at_single_spaces_beyond_column_80() -> None:
    plain, quoted = "word " * 20 + "end", "it: " + "word " * 20 + "end"
    assert dump_resource({"k": plain}) == f"k: {'word ' * 15}word\n  {'word ' * 4}end\n"
    assert dump_resource({"k": quoted}) == f"k: 'it: {'word ' * 14}word\n  {'word ' * 5}end'\n"
    tabbed = dump_resource({"k": "\t" + "word  " * 16})
    assert "\n  \\ word" in tabbed
    assert load_yaml11(tabbed) == {"k": "\t" + "word  " * 16}


def test_a_key_longer_than_128_bytes_is_written_with_a_question_mark() -> None:
    key = "k" * 129
    assert dump_resource({key: {"a": [1]}}) == f"? {key}\n: a:\n  - 1\n"


def test_what_go_cannot_write_is_refused() -> None:
    bad: list[Any] = [float("nan"), float("inf"), "a\x7f", {1: "x"}, object()]
    for value in bad:
        with pytest.raises(RenderError):
            dump_resource({"k": value})
    deep: Any = []
    for _ in range(1000):
        deep = [deep]
    with pytest.raises(RenderError, match="nested deeper"):
        dump_resource({"k": deep})


def test_floats_have_gos_shortest_form() -> None:
    assert [format_float(f) for f in (0.1, 1e-5, 123456.7, -2.5e-10, 100.0)] == [
        "0.1", "1e-05", "123456.7", "-2.5e-10", "100",
    ]  # fmt: skip


def test_yaml_1_1_rules_apply_when_reading_back() -> None:
    text = "a: yes\nb: 0644\nc: 12:34\nd: 2020-01-01\ne: 1.0\nf: !x\ng: &x\nh: 1e3\ni: |\n"
    assert load_yaml11(text) == {
        "a": True, "b": 420, "c": "12:34", "d": "2020-01-01", "e": 1, "f": "", "g": None,
        "h": 1000, "i": "",
    }  # fmt: skip


def test_whole_numbers_beyond_two_to_the_53_lose_precision() -> None:
    assert load_yaml11("a: 9007199254740993") == {"a": 9007199254740992}
    assert load_yaml11("a: 9007199254740993", exact=True) == {"a": 9007199254740993}
    assert load_yaml11("a: 12345678901234567890") == {"a": 12345678901234567000}


def test_keys_become_strings_and_duplicates_win_in_order() -> None:
    text = "1: a\ntrue: b\n1.50: c\nx: 1\nx: 2\nm: {q: 1, <<: {q: 2}}\n"
    assert load_yaml11(text) == {"1": "a", "true": "b", "1.5": "c", "x": 2, "m": {"q": 2}}


def test_only_the_first_document_counts() -> None:
    assert load_yaml11("a: 1\n---\nb: [\n") == {"a": 1}
    assert load_yaml11("") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x: 1\na: b: c\n", "yaml: line 2: mapping values are not allowed in this context"),
        ("x: 1\na: @x\n", "yaml: line 2: found character that cannot start any token"),
        ("x: 1\na: 'b'c\n", "yaml: line 1: did not find expected key"),
        ("a: *x\n", "yaml: unknown anchor 'x' referenced"),
        ("a: .inf\n", "json: unsupported value: +Inf"),
        ("a: !!int x\n", "yaml: cannot decode !!str `x` as a !!int"),
        (
            "a: {{ x }}\n",
            'yaml: invalid map key: map[interface {}]interface {}{"x":interface {}(nil)}',
        ),
        ("~: 1\n", "unsupported map key of type: %!s(<nil>), key: <nil>"),
        ('a: 1\nb: "\\/"\n', "yaml: line 2: found unknown escape character"),
    ],
)
def test_errors_are_told_in_fluxs_words(text: str, message: str) -> None:
    with pytest.raises(SubstitutionError) as caught:
        load_yaml11(text)
    assert caught.value.message == f"YAMLToJSON: {message}"


WORDS = st.text(alphabet=" \n\tab1:#-?,[]{}&*!|>'\"%@`.~yné€😀\u2028$", max_size=120)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), VALUES, min_size=1, max_size=4))
def test_what_is_written_is_read_back_the_same_by_both_readers(value: dict[str, Any]) -> None:
    text = dump_resource(value)
    assert load_yaml11(text) == value
    assert parse_documents(text, "x")[0].value == value


def test_kustomizes_output_is_met_byte_for_byte(shared: Path) -> None:
    vectors = shared / "vectors"
    given_text = (vectors / "kustomize_scalar_format_input.yaml").read_text(encoding="utf-8")
    output = (vectors / "kustomize_scalar_format_output.yaml").read_text(encoding="utf-8")
    assert dump_resource(parse_documents(given_text, "x")[0].value) == output
