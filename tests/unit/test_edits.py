"""Edits of YAML text: the wanted change, where a person would make it, and no other byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from storyrunner.errors import ManifestError, Place
from storyrunner.gitops.documents import parse_documents
from storyrunner.gitops.edits import (
    Edited,
    add_list_entry,
    append_document,
    remove_document,
    remove_list_entry,
    set_map_key,
)

P = "security/kustomization.yaml"
ENTRY = "cert-manager/ks.yaml"


def added(text: str, entry: str = ENTRY) -> str:
    return add_list_entry(text, P, ("resources",), entry).text


LISTS = {
    "indented": ("resources:\n  - a.yaml\n", "resources:\n  - a.yaml\n  - cert-manager/ks.yaml\n"),
    "not indented": (
        "resources:\n- a.yaml\nkind: K\n",
        "resources:\n- a.yaml\n- cert-manager/ks.yaml\nkind: K\n",
    ),
    "far indented, wide dash": (
        "resources:\n    -   a.yaml\n",
        "resources:\n    -   a.yaml\n    -   cert-manager/ks.yaml\n",
    ),
    "comment on the item": (
        "resources:\n  - a.yaml # why\n",
        "resources:\n  - a.yaml # why\n  - cert-manager/ks.yaml\n",
    ),
    "item commented out at the end": (
        "resources:\n  - a.yaml\n  # - b.yaml\n\nkind: K\n",
        "resources:\n  - a.yaml\n  # - b.yaml\n  - cert-manager/ks.yaml\n\nkind: K\n",
    ),
    "comment of the next key": (
        "resources:\n- a.yaml\n# the kind\nkind: K\n",
        "resources:\n- a.yaml\n- cert-manager/ks.yaml\n# the kind\nkind: K\n",
    ),
    "quoted siblings": (
        'resources:\n  - "a.yaml"\n',
        'resources:\n  - "a.yaml"\n  - "cert-manager/ks.yaml"\n',
    ),
    "single quoted siblings": (
        "resources:\n  - 'a.yaml'\n",
        "resources:\n  - 'a.yaml'\n  - 'cert-manager/ks.yaml'\n",
    ),
    "empty brackets": (
        "resources: [] # none yet\nkind: K\n",
        "resources: # none yet\n  - cert-manager/ks.yaml\nkind: K\n",
    ),
    "brackets": ("resources: [a.yaml]\n", "resources: [a.yaml, cert-manager/ks.yaml]\n"),
    "brackets over lines": (
        "resources: [\n  a.yaml, # a\n  b.yaml # b\n]\n",
        "resources: [\n  a.yaml, # a\n  b.yaml, # b\n  cert-manager/ks.yaml\n]\n",
    ),
    "brackets over lines with a last comma": (
        "resources: [\n  a.yaml,\n]\n",
        "resources: [\n  a.yaml,\n  cert-manager/ks.yaml,\n]\n",
    ),
    "absent": ("kind: K\n", "kind: K\nresources:\n  - cert-manager/ks.yaml\n"),
    "absent, the file's lists are not indented": (
        "patches:\n- a\n",
        "patches:\n- a\nresources:\n- cert-manager/ks.yaml\n",
    ),
    "null": (
        "resources:\nkind: K\n",
        "resources:\n  - cert-manager/ks.yaml\nkind: K\n",
    ),
    "null with an item commented out": (
        "resources: # here\n  # - a.yaml\nkind: K\n",
        "resources: # here\n  # - a.yaml\n  - cert-manager/ks.yaml\nkind: K\n",
    ),
    "tilde": ("resources: ~\n", "resources:\n  - cert-manager/ks.yaml\n"),
    "map in brackets": ("{resources: []}\n", "{resources: [cert-manager/ks.yaml]}\n"),
    "map in brackets, absent": (
        "{kind: K}\n",
        "{kind: K, resources: [cert-manager/ks.yaml]}\n",
    ),
    "empty file": ("", "resources:\n  - cert-manager/ks.yaml\n"),
    "only comments": ("# mine\n", "# mine\nresources:\n  - cert-manager/ks.yaml\n"),
    "only a separator": ("---\n", "---\nresources:\n  - cert-manager/ks.yaml\n"),
    "CRLF": (
        "resources:\r\n  - a.yaml\r\nkind: K\r\n",
        "resources:\r\n  - a.yaml\r\n  - cert-manager/ks.yaml\r\nkind: K\r\n",
    ),
    "no final newline": (
        "resources:\n  - a.yaml",
        "resources:\n  - a.yaml\n  - cert-manager/ks.yaml",
    ),
    "CRLF without final newline": (
        "resources:\r\n- a.yaml",
        "resources:\r\n- a.yaml\r\n- cert-manager/ks.yaml",
    ),
    "byte order mark": (
        "\ufeffresources:\n- a.yaml\n",
        "\ufeffresources:\n- a.yaml\n- cert-manager/ks.yaml\n",
    ),
    "end marker": (
        "---\nresources:\n- a.yaml\n...\n",
        "---\nresources:\n- a.yaml\n- cert-manager/ks.yaml\n...\n",
    ),
    "maps as items": (
        "resources:\n  - a: 1\n    b: |\n      x\n\nkind: K\n",
        "resources:\n  - a: 1\n    b: |\n      x\n  - cert-manager/ks.yaml\n\nkind: K\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), LISTS.values(), ids=LISTS)
def test_an_entry_goes_where_a_person_would_put_it(before: str, after: str) -> None:
    assert added(before) == after


@pytest.mark.parametrize("entry", [ENTRY, f"./{ENTRY}"])
def test_an_entry_that_is_there_changes_nothing(entry: str) -> None:
    text = f"resources:\n  - a.yaml\n  - {entry} # here\n"
    assert add_list_entry(text, P, ("resources",), ENTRY) == Edited(text, 3, False)


def test_the_line_of_the_change_is_told() -> None:
    assert add_list_entry("a: 1\nresources:\n- a\n", P, ("resources",), "b").line == 4
    assert add_list_entry("resources: []\n", P, ("resources",), "b").line == 2
    assert add_list_entry("resources:\n- a", P, ("resources",), "b").line == 3
    assert set_map_key("data:\n  A:\n  B: x\n", P, ("data",), "A", "1").line == 2
    assert remove_list_entry("r:\n- a\n- b\n", P, ("r",), "b").line == 3


def test_a_deep_field_is_made_below_what_exists() -> None:
    text = add_list_entry("spec:\n    a:\n        b: 1\n", P, ("spec", "x", "z"), "e").text
    assert text == "spec:\n    a:\n        b: 1\n    x:\n        z:\n          - e\n"


def test_items_of_lists_can_be_on_the_way() -> None:
    text = "a:\n  - r:\n      - x\n  - r:\n      - y\n"
    assert add_list_entry(text, P, ("a", 0, "r"), "z").text == (
        "a:\n  - r:\n      - x\n      - z\n  - r:\n      - y\n"
    )


def test_only_the_chosen_document_changes() -> None:
    text = "---\n---\nr: [a]\n---\n# two\nr:\n- b\n"
    assert add_list_entry(text, P, ("r",), "c", document=2).text == text + "- c\n"
    assert add_list_entry(text, P, ("r",), "c").text == text.replace("[a]", "[a, c]")
    assert parse_documents(text, P)[1].index == 2
    for document, message in ((0, "document 0 is empty"), (3, "no document 3")):
        with pytest.raises(ManifestError, match=message):
            add_list_entry(text, P, ("r",), "c", document=document)


REFUSED = {
    "no YAML": ("a: [\n", "not YAML"),
    "a tab": ("a:\n\t- b\n", "not YAML"),
    "a control character": ("a: \x07\n", "not YAML"),
    "undefined alias": ("a: *x\n", "not defined"),
    "an alias": ("x: &x\n- a\nresources: *x\n", "shared with another place"),
    "an anchor that is used": ("resources: &x\n- a\ny: *x\n", "shared with another place"),
    "a merge that may bring it": ("x: &x {a: b}\n<<: *x\n", "may come from this merge"),
    "a duplicate key": ("resources: [a]\nresources: [b]\n", "stands here twice"),
    "a text": ("resources: abc\n", "is no list"),
    "a map": ("resources:\n  a: b\n", "is no list"),
    "an empty map": ("resources: {}\n", "is no list"),
    "a list at the root": ("- a\n", "needs a map"),
    "a key with a question mark": ("? resources\n:\n", "not written as"),
    "an anchored empty list": ("resources: &x []\n", "a tag or an anchor"),
    "a comment before an empty value": ("resources:\n# why\n ~\n", "stands before this empty"),
    "a second byte order mark": ("\ufeff\ufeffa: 1\n", "byte order mark inside"),
    "too deep": ("[" * 200 + "]" * 200, "nested deeper"),
    "much too deep": ("[" * 50_000, "nested deeper|not YAML"),
    "a literal that ends the file": ("a: |\n  x", "cannot be edited safely"),
    "a surrogate": ("a: \udc80\n", "not Unicode"),
    "too large": ("#" * (2**20 + 1), "too large"),
    "too many nodes": ("[" + "a," * 50_000 + "]", "too large"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_edited_safely_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ManifestError, match=message) as caught:
        added(text)
    assert caught.value.place is not None
    assert caught.value.place.path == P


def test_the_place_of_a_syntax_error_is_exact() -> None:
    with pytest.raises(ManifestError) as caught:
        added("a: 1\nb: 'x\n")
    assert caught.value.place is not None
    assert caught.value.place.line >= 2


def test_an_alias_bomb_is_edited_beside_without_expanding_it() -> None:
    lines = ["a0: &a0 [x]"] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)
    ]
    text = "\n".join(lines) + "\n"
    assert added(text) == text + "resources:\n  - cert-manager/ks.yaml\n"


REMOVED = {
    "block": ("r:\n  - a\n  - b # why\n  - c\n", "r:\n  - a\n  - c\n"),
    "first": ("r:\n# x\n- b\n- c\n", "r:\n# x\n- c\n"),
    "twice": ("r:\n- b\n- a\n- b\n", "r:\n- a\n"),
    "the only one": ("r: # x\n  - b\nz: 1\n", "r: [] # x\nz: 1\n"),
    "last without final newline": ("r:\n- a\n- b", "r:\n- a"),
    "CRLF": ("r:\r\n- a\r\n- b\r\nz: 1\r\n", "r:\r\n- a\r\nz: 1\r\n"),
    "brackets": ("r: [a, b, c]\n", "r: [a, c]\n"),
    "brackets, first": ("r: [b, c]\n", "r: [c]\n"),
    "brackets, only": ("r: [b]\n", "r: []\n"),
    "brackets over lines": ("r: [\n  a, # a\n  b # b\n]\n", "r: [\n  a, # a\n]\n"),
    "absent": ("r: [a]\n", "r: [a]\n"),
    "no list": ("r:\n", "r:\n"),
    "no field": ("x: 1\n", "x: 1\n"),
    "empty file": ("", ""),
}


@pytest.mark.parametrize(("before", "after"), REMOVED.values(), ids=REMOVED)
def test_an_entry_is_taken_out_with_its_line(before: str, after: str) -> None:
    edited = remove_list_entry(before, P, ("r",), "b")
    assert edited.text == after
    assert edited.changed == (before != after)


def test_an_entry_that_stands_there_without_end_is_refused() -> None:
    with pytest.raises(ManifestError, match="more than 20 times"):
        remove_list_entry("r:\n" + "- b\n" * 30, P, ("r",), "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- - b\n  - c\n", "shares its line"),
        ("- - b\n", "shares its line|last entry"),
        ("- [a, # x\n b]\n", "a comment stands beside"),
        ("- - &x b\n  - c\n  - *x\n", "shares its line|cannot be edited"),
    ],
)
def test_an_entry_that_cannot_be_taken_out_alone_is_refused(text: str, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        remove_list_entry(text, P, (0,), "b")


SETTINGS = """\
# settings of one cluster
apiVersion: v1
kind: ConfigMap
data:
  # Identity
  CLUSTER: infra
  CLUSTER_ID: "1"

  # Domain
  SECRET_DOMAIN: "example.org"  # the domain

  # Storage
  SIZE: "30Gi"           # tune
  # OLD_SIZE: "10Gi"
---
kind: Other
"""


def keyed(text: str, key: str = "MAIL", value: str = "a@b.c", **more: Any) -> str:
    return set_map_key(text, "settings.yaml", ("data",), key, value, **more).text


def test_a_key_goes_to_the_end_of_the_map_in_the_quotes_of_its_siblings() -> None:
    old = '  # OLD_SIZE: "10Gi"\n'
    assert keyed(SETTINGS) == SETTINGS.replace(old, old + '  MAIL: "a@b.c"\n')


def test_a_key_goes_after_the_sibling_that_is_named() -> None:
    old = '  SECRET_DOMAIN: "example.org"  # the domain\n'
    assert keyed(SETTINGS, after="SECRET_DOMAIN") == SETTINGS.replace(
        old, old + '  MAIL: "a@b.c"\n'
    )
    assert keyed(SETTINGS, after="ABSENT") == keyed(SETTINGS)


def test_a_comment_stands_above_the_new_key() -> None:
    old = '  # OLD_SIZE: "10Gi"\n'
    assert keyed(SETTINGS, comment="Mail") == SETTINGS.replace(
        old, old + '\n  # Mail\n  MAIL: "a@b.c"\n'
    )


KEYS = {
    "null": ("data:\n  MAIL:\n  B: x\n", "data:\n  MAIL: a\n  B: x\n"),
    "null with a comment": (
        "data:\n  MAIL:  # fill\n  B: x\n",
        "data:\n  MAIL: a  # fill\n  B: x\n",
    ),
    "empty text": ('data:\n  MAIL: ""  # fill\n', 'data:\n  MAIL: "a"  # fill\n'),
    "tilde": ("data:\n  MAIL: ~\n  B: 'x'\n", "data:\n  MAIL: 'a'\n  B: 'x'\n"),
    "no siblings": ("data:\nkind: K\n", 'data:\n  MAIL: "a"\nkind: K\n'),
    "empty braces": ("data: {} # x\n", 'data: # x\n  MAIL: "a"\n'),
    "braces": ("data: {B: 'x'}\n", "data: {B: 'x', MAIL: 'a'}\n"),
    "braces over lines": (
        'data: {\n  B: "x", # b\n  C: "y"\n}\n',
        'data: {\n  B: "x", # b\n  C: "y",\n  MAIL: "a"\n}\n',
    ),
    "absent": ("kind: K\n", 'kind: K\ndata:\n  MAIL: "a"\n'),
    "four columns": ("data:\n    B: x\nkind: K\n", "data:\n    B: x\n    MAIL: a\nkind: K\n"),
    "literal before it": ("data:\n  B: |\n    x\n", 'data:\n  B: |\n    x\n  MAIL: "a"\n'),
    "CRLF": ('data:\r\n  B: "x"\r\n', 'data:\r\n  B: "x"\r\n  MAIL: "a"\r\n'),
    "no final newline": ('data:\n  B: "x"', 'data:\n  B: "x"\n  MAIL: "a"'),
    "empty file": ("", 'data:\n  MAIL: "a"\n'),
}


@pytest.mark.parametrize(("before", "after"), KEYS.values(), ids=KEYS)
def test_a_key_is_set_as_a_person_would_write_it(before: str, after: str) -> None:
    assert keyed(before, value="a") == after


def test_a_key_that_has_the_value_changes_nothing() -> None:
    edited = set_map_key(SETTINGS, "s.yaml", ("data",), "SECRET_DOMAIN", "example.org")
    assert edited == Edited(SETTINGS, 10, False)


def test_another_value_is_replaced_only_when_asked_and_never_told() -> None:
    with pytest.raises(ManifestError, match="`SECRET_DOMAIN` has another value") as caught:
        keyed(SETTINGS, "SECRET_DOMAIN", "x.org")
    assert str(caught.value.place) == "settings.yaml:10:18"
    assert "example.org" not in str(caught.value)
    assert keyed(SETTINGS, "SECRET_DOMAIN", "x.org", replace=True) == SETTINGS.replace(
        "example.org", "x.org"
    )
    literal = "data:\n  MAIL: |\n    x\n    y\n  B: 'z'\n"
    assert keyed(literal, replace=True) == "data:\n  MAIL: 'a@b.c'\n  B: 'z'\n"


@pytest.mark.parametrize(
    "value", ["10", "true", "yes", "n", "~", "1.5", "0o14", "2024-01-01", "", "1:30"]
)
def test_a_value_is_always_a_string(value: str) -> None:
    text = keyed("data:\n  A: x\n  B: y\n", value=value)
    assert text.endswith(f'  MAIL: "{value}"\n')


@pytest.mark.parametrize("key", ["on", "1", "a b", "x: y", "#", "-"])
def test_a_key_is_always_a_string(key: str) -> None:
    assert yaml.safe_load(keyed("data:\n  A: x\n", key))["data"] == {"A": "x", key: "a@b.c"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data: x\n", "is no map"),
        ("data: []\n", "is no map"),
        ("data:\n  MAIL: [a]\n", "is no text"),
        ("data:\n  MAIL: &x old\n  B: *x\n", "shared with another place"),
        ("data:\n  MAIL: | # why\n    x\n", "a comment stands beside"),
    ],
)
def test_a_key_that_cannot_be_set_is_refused(text: str, message: str) -> None:
    with pytest.raises(ManifestError, match=message):
        keyed(text, replace=True)


DOCUMENTS = {
    "one": ("a: 1\n", "a: 1\n---\nb: 2\n"),
    "no final newline": ("a: 1", "a: 1\n---\nb: 2\n"),
    "end marker": ("a: 1\n...\n", "a: 1\n...\n---\nb: 2\n"),
    "empty": ("", "b: 2\n"),
    "comments": ("# mine\n", "# mine\nb: 2\n"),
    "open end": ("a: 1\n---\n", "a: 1\n---\nb: 2\n"),
    "open end with a comment": ("a: 1\n---\n# next\n", "a: 1\n---\n# next\nb: 2\n"),
    "CRLF": ("a: 1\r\n", "a: 1\r\n---\r\nb: 2\r\n"),
    "literal": ("a: |+\n  x\n\n", "a: |+\n  x\n\n---\nb: 2\n"),
}


@pytest.mark.parametrize(("before", "after"), DOCUMENTS.values(), ids=DOCUMENTS)
@pytest.mark.parametrize("new", ["b: 2\n", "---\nb: 2\n", "b: 2"])
def test_a_document_is_appended_with_one_separator(before: str, after: str, new: str) -> None:
    edited = append_document(before, new, P)
    assert edited.text == after
    assert edited.text.splitlines()[edited.line - 1] == "b: 2"


def test_a_new_document_keeps_its_comments() -> None:
    assert append_document("a: 1\n", "# why\n--- # x\n# y\nb: 2\n", P).text.endswith("b: 2\n")
    assert append_document("a: 1\n", "# why\nb: 2 # x\n", P).text == "a: 1\n---\n# why\nb: 2 # x\n"


@pytest.mark.parametrize("new", ["", "# x\n", "a: 1\n---\nb: 2\n"])
def test_only_exactly_one_document_is_appended(new: str) -> None:
    with pytest.raises(ManifestError, match="where one is needed"):
        append_document("a: 1\n", new, P)


TAKEN = {
    "last": ("a: 1\n---\nb: 2\n", "a: 1\n"),
    "middle": ("---\na: 1\n---\n# b\nb: 2\n---\n# c\nc: 3\n", "---\na: 1\n---\n# c\nc: 3\n"),
    "first": ("# head\nb: 2\n---\na: 1\n", "# head\n---\na: 1\n"),
    "only": ("---\nb: 2\n", ""),
    "CRLF": ("a: 1\r\n---\r\nb: 2\r\n", "a: 1\r\n"),
    "none": ("a: 1\n", "a: 1\n"),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("before", "after"), TAKEN.values(), ids=TAKEN)
def test_a_document_is_taken_out_with_its_separator(before: str, after: str) -> None:
    edited = remove_document(before, P, lambda value: "b" in value)
    assert edited.text == after
    assert edited.changed == (before != after)


def test_a_document_is_taken_out_by_its_number() -> None:
    assert remove_document("a: 1\n---\n---\nb: 2\n", P, 2).text == "a: 1\n---\n"
    with pytest.raises(ManifestError, match="no document 1"):
        remove_document("a: 1\n", P, 1)


# --- properties --------------------------------------------------------------------------------

WORDS = st.sampled_from(["a", "b", "c-d", "x/y.yaml", "./z", "true", "1", "A_B"])
COMMENTS = st.sampled_from(["", " # why", "  #", " # - x: [y"])
GAPS = st.sampled_from(["", "", "", "\n", "# line\n", "  # deep\n", "\n# one\n\n"])
SCALARS = st.sampled_from(
    ["x", '"q"', "'s'", "10", "true", "~", "", '""', "${X}", "http://a/b", "[]", "{}", "[p, q]",
     "{k: v}", '"a # b"', "'it''s'", "|\n{0}  l1\n{0}\n{0}  l2", ">-\n{0}  f # no comment"]
)  # fmt: skip


@st.composite
def yaml_texts(draw: st.DrawFn) -> str:
    """A map with nested maps and lists, comments and gaps, in one style of line ends."""
    lines = [draw(GAPS)]
    dash = draw(st.sampled_from(["", "  "]))
    names = [*draw(st.lists(st.sampled_from("klmno"), unique=True, max_size=3)), "target"]
    for name in draw(st.permutations(names)):
        kind = draw(st.sampled_from(["scalar", "map", "list"]))
        if kind == "scalar":
            value = draw(SCALARS).replace("{0}", "")
            lines.append(f"{name}: {value}{draw(COMMENTS) if chr(10) not in value else ''}\n")
        elif kind == "map":
            lines.append(f"{name}:{draw(COMMENTS)}\n")
            for key in draw(st.lists(st.sampled_from("stuv"), unique=True, min_size=1, max_size=3)):
                value = draw(SCALARS).replace("{0}", "  ")
                lines.append(f"  {key}: {value}{draw(COMMENTS) if chr(10) not in value else ''}\n")
        else:
            lines.append(f"{name}:{draw(COMMENTS)}\n")
            for item in draw(st.lists(WORDS, min_size=1, max_size=3)):
                lines.append(f"{dash}- {item}{draw(COMMENTS)}\n")
        lines.append(draw(GAPS))
    text = "".join(lines)
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return text.rstrip() if draw(st.booleans()) else text


def is_scattered(inner: str, outer: str) -> bool:
    """Whether all lines of `inner` are in `outer` in their order."""
    rest = iter(outer.splitlines())
    return all(line in rest for line in inner.splitlines())


@settings(max_examples=400, deadline=None)
@given(yaml_texts(), st.sampled_from(["new/ks.yaml", "yes", "x: y", "é", "#"]))
def test_any_list_gets_its_entry_and_keeps_every_other_line(text: str, entry: str) -> None:
    before = yaml.safe_load(text)
    try:
        edited = add_list_entry(text, P, ("target",), entry)
    except ManifestError:
        return
    after = yaml.safe_load(edited.text)
    assert after.pop("target") == [*(before.pop("target") or []), entry]
    assert after == before
    assert list(after) == list(before)
    new = edited.text.splitlines()[edited.line - 1]
    assert entry in new
    if not new.lstrip().startswith("target"):
        assert is_scattered(
            "\n".join(line for line in text.splitlines() if not line.startswith("target")),
            edited.text,
        )
        assert edited.text.count("#") == text.count("#") + entry.count("#")
    back = remove_list_entry(edited.text, P, ("target",), entry)
    assert yaml.safe_load(back.text) | before == (yaml.safe_load(text) or {}) | {
        "target": yaml.safe_load(text)["target"] or []
    }
    if isinstance(yaml.safe_load(text)["target"], list) and yaml.safe_load(text)["target"]:
        assert back.text == text


@settings(max_examples=400, deadline=None)
@given(yaml_texts(), st.sampled_from(["s", "w"]), st.text(max_size=12), st.booleans())
def test_any_map_gets_its_key_and_keeps_everything_else(
    text: str, key: str, value: str, replace: bool
) -> None:
    before = yaml.safe_load(text)
    assume(not any("\ud800" <= char <= "\udfff" for char in value))
    try:
        edited = set_map_key(text, P, ("target",), key, value, replace=replace)
    except ManifestError:
        return
    after = yaml.safe_load(edited.text)
    assert after.pop("target") == (before.pop("target") or {}) | {key: value}
    assert after == before
    assert text.count("#") - edited.text.count("#") <= value.count("#") + (2 if replace else 0)


@settings(max_examples=200, deadline=None)
@given(yaml_texts(), yaml_texts())
def test_any_document_comes_and_goes(text: str, new: str) -> None:
    try:
        edited = append_document(text, new, P)
    except ManifestError:
        return
    assert list(yaml.safe_load_all(edited.text)) == [yaml.safe_load(text), yaml.safe_load(new)]
    assert edited.text.startswith(text)
    back = remove_document(edited.text, P, 1).text
    assert back == text or back == text + ("\r\n" if "\r\n" in text else "\n")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab:-[]{}#&*!|>'\"%@`,?~ \n\t\r\ufeff\x85", max_size=60))
def test_any_text_is_edited_or_refused_and_never_crashes(text: str) -> None:
    edits: list[Callable[[], Edited]] = [
        lambda: add_list_entry(text, P, ("a",), "b"),
        lambda: remove_list_entry(text, P, ("a",), "b"),
        lambda: set_map_key(text, P, ("a",), "b", "c"),
        lambda: append_document(text, "b: c\n", P),
        lambda: remove_document(text, P, lambda value: value == "a"),
    ]
    for edit in edits:
        try:
            assert edit().text is not None
        except ManifestError as error:
            place = error.place
        else:
            place = Place(P)
        assert place is not None


@pytest.mark.shared
def test_every_yaml_file_of_the_reference_repository_takes_an_entry(shared: Path) -> None:
    count = 0
    for path in sorted((shared / "corpus" / "repo-after").rglob("*.y*ml")):
        text = path.read_bytes().decode("utf-8")
        try:
            edited = add_list_entry(text, path.name, ("zz-new", "list"), "entry")
        except ManifestError:
            continue
        lines = edited.text.splitlines()
        assert lines[edited.line - 1].strip() in {"zz-new:", "zz-new: {list: [entry]}"}
        assert is_scattered(text, edited.text)
        assert len(lines) - len(text.splitlines()) in {1, 3}
        count += 1
    assert count > 20
