"""The small parts: JSON patches, selectors, images, hashes, field paths."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyrunner.errors import RefusedFeatureError, RenderError
from storyrunner.gitops.kustomize.fieldpaths import New, find_slots, look_up, split_field_path
from storyrunner.gitops.kustomize.fieldspecs import split_path
from storyrunner.gitops.kustomize.generators import encode_base64
from storyrunner.gitops.kustomize.hashing import hash_of
from storyrunner.gitops.kustomize.images import split_image
from storyrunner.gitops.kustomize.jsonpatch import (
    JsonPatchError,
    Operation,
    apply_patch,
    read_operations,
)
from storyrunner.gitops.kustomize.kinds import is_cluster_scoped, shape_of_kind
from storyrunner.gitops.kustomize.resource import NEEDS_HASH, PREFIXES, Resource, ResourceList
from storyrunner.gitops.kustomize.selectors import compile_pattern, matches_pattern, select


def _patched(document: dict[str, Any], **operation: Any) -> dict[str, Any]:
    if "source" in operation:
        operation["from"] = operation.pop("source")
    return apply_patch(document, [operation])


def test_replacing_an_absent_key_sets_it() -> None:
    assert _patched({}, op="replace", path="/a", value=1) == {"a": 1}


def test_copying_an_absent_key_copies_null() -> None:
    assert _patched({}, op="copy", source="/a", path="/b") == {"b": None}


def test_a_copy_is_independent_of_its_source() -> None:
    operations: list[Operation] = [
        {"op": "copy", "from": "/a", "path": "/b"},
        {"op": "add", "path": "/b/x", "value": 2},
    ]

    assert apply_patch({"a": {"x": 1}}, operations) == {"a": {"x": 1}, "b": {"x": 2}}


def test_whole_numbers_beyond_a_float_lose_their_last_digits() -> None:
    patched = _patched({"a": 12345678901234567}, op="add", path="/b", value=1)

    assert patched["a"] == 12345678901234568


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/none"},
        {"op": "add", "path": "/none/x", "value": 1},
        {"op": "add", "path": "/l/4", "value": 1},
        {"op": "add", "path": "/l/x", "value": 1},
        {"op": "replace", "path": "/l/3", "value": 1},
        {"op": "move", "from": "/none", "path": "/x"},
        {"op": "test", "path": "/a", "value": 2},
        {"op": "test", "path": "/a", "value": True},
        {"op": "add", "path": "a", "value": 1},
        {"op": "add", "value": 1},
        {"path": "/a"},
    ],
)
def test_an_operation_that_does_not_apply_is_an_error(operation: dict[str, Any]) -> None:
    with pytest.raises(JsonPatchError):
        apply_patch({"a": 1, "l": [1, 2, 3]}, [operation])


def test_only_a_list_of_maps_is_a_json_patch() -> None:
    assert read_operations({"op": "add"}) is None
    assert read_operations(["x"]) is None
    assert read_operations([{"op": "add"}]) == [{"op": "add"}]


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("a=x", ["one"]),
        ("a==x", ["one"]),
        ("a!=x", ["two", "three"]),
        ("a", ["one", "two"]),
        ("!a", ["three"]),
        ("a in (x, y)", ["one", "two"]),
        ("a notin (x)", ["two", "three"]),
        ("a,b", ["two"]),
        ("n>5", ["three"]),
        ("n < 11", ["three"]),
        ("a=", []),
    ],
)
def test_label_selectors_select(selector: str, names: list[str]) -> None:
    labels = {"one": {"a": "x"}, "two": {"a": "y", "b": "z"}, "three": {"n": "10"}}
    items = [
        Resource({"kind": "X", "metadata": {"name": name, "labels": own}})
        for name, own in labels.items()
    ]

    assert [item.name for item in select(items, {"labelSelector": selector})] == names


@pytest.mark.parametrize("selector", ["a in x", "a in (x", "=x", "a b", "a=x,", "n>x", "(a)"])
def test_a_broken_label_selector_is_an_error(selector: str) -> None:
    with pytest.raises(RenderError):
        select([Resource({"kind": "X", "metadata": {"name": "a"}})], {"labelSelector": selector})


def test_patterns_match_the_whole_text() -> None:
    assert matches_pattern("a|b", "a")
    assert not matches_pattern("a|b", "ab")
    assert matches_pattern("", "anything")
    assert matches_pattern("web-[0-9]+", "web-12")


@pytest.mark.parametrize("pattern", ["(?i)a", "a++", r"\pL", "(?P<x>a)", "[[:alpha:]]", r"\z"])
def test_patterns_that_two_languages_may_read_differently_are_refused(pattern: str) -> None:
    with pytest.raises(RefusedFeatureError):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("nginx", ("nginx", "", "")),
        ("nginx:1", ("nginx", "1", "")),
        ("nginx@sha256:a", ("nginx", "", "sha256:a")),
        ("nginx:1@sha256:a", ("nginx", "1", "sha256:a")),
        ("host:5000/a/b:1", ("host:5000/a/b", "1", "")),
        ("host:5000/a", ("host:5000/a", "", "")),
    ],
)
def test_images_split_into_name_tag_and_digest(image: str, parts: tuple[str, str, str]) -> None:
    assert split_image(image) == parts


@given(st.binary(max_size=400))
def test_base64_breaks_into_lines_of_seventy(data: bytes) -> None:
    lines = encode_base64(data).split("\n")

    assert all(len(line) == 70 for line in lines[:-2])
    assert "".join(lines) == base64.b64encode(data).decode()


def test_the_hash_does_not_depend_on_the_name_or_the_order_of_keys() -> None:
    def hashed(name: str, data: dict[str, str]) -> str:
        return hash_of(Resource({"kind": "ConfigMap", "metadata": {"name": name}, "data": data}))

    assert hashed("a", {"x": "1", "y": "2"}) == hashed("b", {"y": "2", "x": "1"})
    assert hashed("a", {"x": "1"}) != hashed("a", {"x": "2"})
    assert len(hashed("a", {})) == 10


def test_only_config_maps_and_secrets_are_hashed() -> None:
    with pytest.raises(RefusedFeatureError):
        hash_of(Resource({"kind": "Widget", "metadata": {"name": "a"}}))


def test_field_paths_keep_bracketed_parts_together() -> None:
    assert split_field_path("a.[b.c].[d=e.f].0") == ["a", "b.c", "[d=e.f]", "0"]
    assert split_field_path(r"a\.b.c") == ["a.b", "c"]
    assert split_path(r"a/b\/c") == ["a", "b/c"]


def test_field_paths_lead_to_every_match() -> None:
    tree = {"l": [{"name": "a", "v": 1}, {"name": "b", "v": 2}, {"name": "ab", "v": 3}]}

    assert [slot.value for slot in find_slots(tree, "l.*.v", New.NOTHING)] == [1, 2, 3]
    assert [slot.value for slot in find_slots(tree, "l.[name=a].v", New.NOTHING)] == [1, 3]
    assert look_up(tree, "l.[name=b].v") == 2
    assert find_slots(tree, "none.x", New.NOTHING) == []


def test_an_id_is_unique_whether_default_is_written_or_not() -> None:
    def named(namespace: str) -> Resource:
        meta = {"name": "a"} | ({"namespace": namespace} if namespace else {})
        return Resource({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta})

    resources = ResourceList([named(""), named("other")])

    with pytest.raises(KeyError):
        resources.append(named("default"))


def test_what_the_build_remembers_is_gone_in_the_end() -> None:
    resource = Resource({"apiVersion": "v1", "kind": "X", "metadata": {"name": "a"}})
    resource.remember_id()
    resource.note_prefix("p-")
    resource.annotate(NEEDS_HASH, "enabled")
    resource.set_name("p-a")

    assert [one.name for one in resource.all_ids] == ["a", "p-a"]
    assert resource.affixes(PREFIXES) == ["p-"]
    resource.finish()
    assert resource.data == {"apiVersion": "v1", "kind": "X", "metadata": {"name": "p-a"}}


def test_scopes_and_shapes_hold_for_exact_versions_only() -> None:
    assert is_cluster_scoped("v1", "Namespace")
    assert not is_cluster_scoped("example.org/v1", "Namespace")
    assert shape_of_kind("apps/v1", "Deployment") is not None
    assert shape_of_kind("apps/v1beta1", "Deployment") is None
