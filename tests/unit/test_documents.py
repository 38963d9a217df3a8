"""The one YAML reader: values by kustomize's rules, places, and no way to exhaust it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from storyrunner.errors import ManifestError, Place, WorkspaceError
from storyrunner.gitops import nodes
from storyrunner.gitops.documents import load_file, parse_documents

PATH = "apps/web.yaml"


def read_one(text: str | bytes) -> Any:
    (document,) = parse_documents(text, PATH)
    return document.value


def refuse(text: str | bytes) -> ManifestError:
    with pytest.raises(ManifestError) as caught:
        parse_documents(text, PATH)
    return caught.value


def parses_or_is_refused(text: str | bytes) -> bool:
    try:
        return isinstance(parse_documents(text, PATH), tuple)
    except ManifestError as error:
        return error.place is not None and error.place.line > 0


def test_documents_keep_their_number_when_empty_ones_are_dropped() -> None:
    found = parse_documents("# only a comment\n---\na: 1\n---\n# nothing\n---\n\nb: 2\n...\n", PATH)
    assert [(d.value, d.index, d.line) for d in found] == [({"a": 1}, 0, 3), ({"b": 2}, 2, 8)]
    assert parse_documents("", PATH) == ()


def test_every_field_has_a_place_and_an_absent_one_its_nearest_parent() -> None:
    text = "kind: X\nspec:\n  list:\n  - a\n  - name: b\n    port: 0080\n"
    (document,) = parse_documents(text, PATH)
    assert document.place() == Place(PATH, 1, 1)
    assert document.place("spec", "list", 1, "port") == Place(PATH, 6, 11)
    assert document.place("spec", "list", 1, "port", key=True) == Place(PATH, 6, 5)
    assert document.place("spec", "list", 7) == Place(PATH, 4, 3)
    assert document.place("spec", "absent", "deeper") == Place(PATH, 3, 3)
    assert document.place("kind", "under a scalar") == Place(PATH, 1, 7)


def test_raw_is_the_text_before_it_got_a_type() -> None:
    (document,) = parse_documents("a: 0644\nb: 'yes'\nc: [1]\n", PATH)
    assert (document.raw("a"), document.raw("b")) == ("0644", "yes")
    assert document.raw("c") is None
    assert document.raw("absent") is None


def test_aliases_and_merge_keys_are_resolved_and_copied() -> None:
    value = read_one(
        "base: &b {x: 1, y: 2}\nsecond: &c {y: 3, z: 4}\n"
        "merged: {<<: [*b, *c], x: 9}\nlater: {x: 9, <<: *b}\ncopy: *b\nquoted: {'<<': 1}\n"
    )
    assert value["merged"] == {"x": 9, "y": 2, "z": 4}
    assert value["later"] == {"x": 9, "y": 2}
    assert value["quoted"] == {"<<": 1}
    value["copy"]["x"] = "changed"
    assert value["base"]["x"] == 1


def test_a_merged_field_stands_where_it_was_written() -> None:
    (document,) = parse_documents("a: &a\n  x: 1\nb:\n  <<: *a\n  y: 2\n", PATH)
    assert document.place("b", "x") == Place(PATH, 2, 6)


def test_bom_and_carriage_returns_are_accepted() -> None:
    assert read_one(b"\xef\xbb\xbfa: 1\r\nb:\r\n- x\r\n") == {"a": 1, "b": ["x"]}


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 1, 'key "a" already defined at line 1'),
        ("a:\n\t- b\n", 2, 1, "cannot start any token"),
        ("a: {x: 1\n", 2, 1, "did not find expected"),
        ("a: b: c\n", 1, 5, "mapping values are not allowed"),
        ("a: *nobody\n", 1, 4, "unknown anchor 'nobody'"),
        ("a: &a\n  b: *a\n", 2, 6, "contains itself"),
        ("ok: 1\nspec:\n  1: x\n", 3, 3, "the key `1` is not a string"),
        ("spec: {true: x}\n", 1, 8, "the key `true` is not a string"),
        ("? [a]\n: b\n", 1, 3, "must be a string"),
        ("x: .nan\n", 1, 4, "no JSON form"),
        ("a: é\x01", 1, 5, "control characters"),
        ("a: 1\n<<: 5\n", 2, 5, "map merge requires map"),
        ('a: "\\/"\n', 1, 4, "unknown escape character"),
        (b"ok: 1\na: \xff\n", 2, 4, "not UTF-8: byte 0xFF"),
        ("a: \ud800", 1, 4, "surrogate"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    text: str | bytes, line: int, column: int, words: str
) -> None:
    error = refuse(text)
    assert words in error.message
    assert error.place == Place(PATH, line, column)


def test_a_tab_is_named_in_the_hint() -> None:
    assert "tabs" in refuse("a:\n\tb: 1\n").hint


def test_a_number_as_the_outermost_key_is_its_text() -> None:
    assert read_one("1: x\n") == {"1": "x"}


def test_deep_nesting_is_refused_not_crashed_on() -> None:
    for text in ("[" * 100_000, "- " * 5_000 + "a", "{a: " * 5_000):
        assert "nested deeper" in refuse(text).message


def test_alias_bombs_are_refused_within_a_second() -> None:
    wide = "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        wide += f"{name}: &{name} [{','.join([f'*{before}'] * 10)}]\n"
    chain = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 2000))
    many = "---\n".join([wide.split("f:")[0]] * 50)
    start = time.thread_time()
    for text in (wide, chain, many):
        assert "excessive aliasing" in refuse(text).message
    assert time.thread_time() - start < 5


def test_without_the_c_parser_values_and_places_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "a: [1, 'x']\nb: |\n  text é\nc: &c {d: 0644}\ne: *c\n"
    with_c = parse_documents(text, PATH)[0]
    monkeypatch.setattr(nodes, "_LOADER", yaml.SafeLoader)
    monkeypatch.setattr(nodes, "_IN_BYTES", False)
    without = parse_documents(text, PATH)[0]
    assert without.value == with_c.value
    assert without.place("c", "d") == with_c.place("c", "d")
    assert refuse("a: é\x01").place == Place(PATH, 1, 5)


def test_a_file_is_shown_by_the_name_it_was_given(tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text("a: 1\n", encoding="utf-8")
    assert load_file(file, "shown/x.yaml")[0].path == "shown/x.yaml"
    with pytest.raises(WorkspaceError, match=r"shown/gone\.yaml.*cannot read"):
        load_file(tmp_path / "gone.yaml", "shown/gone.yaml")


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet=" \n-:?[]{},#&*!|>'\"%@ab1.~<\t", max_size=60))
def test_no_text_does_anything_but_parse_or_be_refused(text: str) -> None:
    assert parses_or_is_refused(text)


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=40))
def test_no_bytes_do_anything_but_parse_or_be_refused(data: bytes) -> None:
    assert parses_or_is_refused(data)


def test_kustomizes_input_stage_is_met_scalar_by_scalar(shared: Path) -> None:
    vectors = shared / "vectors"
    given_text = (vectors / "kustomize_scalar_format_input.yaml").read_text(encoding="utf-8")
    output = (vectors / "kustomize_scalar_format_output.yaml").read_text(encoding="utf-8")
    assert read_one(given_text) == read_one(output)
