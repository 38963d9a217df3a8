"""What a YAML text says that a file does not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyrunner.gitops.documents import parse_documents
from storyrunner.gitops.holds import ABSENT, counterpart, holds, misses, shown

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "1", "true"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "a", "b"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_everything_says_what_it_says_itself(value: Any) -> None:
    assert holds(value, value)


@given(st.dictionaries(st.sampled_from(["a", "b"]), VALUES), VALUES)
def test_what_stands_beside_does_not_matter(value: dict[str, Any], other: Any) -> None:
    assert holds(value, {**value, "beside": other})


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("2", 2),
        (2, "2"),
        (True, 1),
        (1, 1.0),
        ("true", True),
        (None, ABSENT),
        ({"a": None}, {}),
        ({"a": {}}, {}),
        ([], ABSENT),
        (["a", "b"], ["b", "a"]),
        (["a", "a"], ["a"]),
        ([{"name": "x", "v": 1}], [{"name": "y", "v": 1}]),
        ([{"name": "x", "v": 1}], [{"name": "x", "v": 2}]),
    ],
)
def test_another_type_order_or_name_is_a_miss(wanted: Any, got: Any) -> None:
    assert not holds(wanted, got)


def test_named_items_are_found_wherever_they_stand_and_others_in_their_order() -> None:
    got = [{"name": "b", "v": 2, "more": 0}, {"name": "a", "v": 1}]
    assert holds([{"name": "a", "v": 1}, {"name": "b", "v": 2}], got)
    assert holds(["x", "z"], ["x", "y", "z"])


def test_a_miss_tells_the_field_what_is_wanted_and_what_is_there() -> None:
    wanted = {"releases": [{"name": "cnpg", "version": "2"}], "data": {"KEY": "x"}, "list": ["b"]}
    got = {"releases": [{"name": "z"}, {"name": "cnpg", "version": "1"}], "list": ["a"]}
    found = {shown(one.field): (one.wanted, one.got, one.is_item) for one in misses(wanted, got)}
    assert found == {
        "releases[1].version": ("2", "1", False),
        "data.KEY": ("x", ABSENT, False),
        "list": ("b", ABSENT, True),
    }


def test_the_counterpart_of_an_object_is_the_same_object_and_of_keys_the_document_with_them() -> (
    None
):
    file = parse_documents(
        "helmDefaults: {a: 1}\n---\nreleases: []\n---\nkind: A\nmetadata: {name: x}\n", "f"
    )
    (releases,) = parse_documents("releases: [{name: y}]\n", "w")
    (same,) = parse_documents("kind: A\nmetadata: {name: x}\nspec: {}\n", "w")
    (other,) = parse_documents("kind: A\nmetadata: {name: y}\n", "w")
    (unknown,) = parse_documents("nowhere: 1\n", "w")
    assert counterpart(releases, file) is file[1]
    assert counterpart(same, file) is file[2]
    assert counterpart(other, file) is None
    assert counterpart(unknown, file) is None
