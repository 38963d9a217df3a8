"""Strategic merge patches on plain trees."""

from __future__ import annotations

from typing import Any

import pytest

from storyrunner.gitops.kustomize.merge import merge_patch
from storyrunner.gitops.kustomize.merge_items import MergeError
from storyrunner.gitops.kustomize.trees import BLANK


def _pod(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}


def _merged_spec(target: dict[str, Any], patch: dict[str, Any]) -> Any:
    merged = merge_patch(target, patch)
    assert merged is not None
    return merged["spec"]


def test_items_of_the_patch_come_first() -> None:
    target = _pod(containers=[{"name": "a", "x": 1}, {"name": "b"}])
    patch = _pod(containers=[{"name": "c"}, {"name": "a", "y": 2}])

    assert _merged_spec(target, patch) == {
        "containers": [{"name": "c"}, {"name": "a", "x": 1, "y": 2}, {"name": "b"}]
    }


def test_lists_of_unknown_kinds_are_replaced() -> None:
    target = {"apiVersion": "x/v1", "kind": "Y", "spec": {"l": [{"name": "a"}]}}

    merged = merge_patch(target, {"spec": {"l": [{"name": "b"}]}})

    assert merged == {"apiVersion": "x/v1", "kind": "Y", "spec": {"l": [{"name": "b"}]}}


def test_a_null_in_the_patch_removes_the_field() -> None:
    target = _pod(a=1, b={"c": 1, "d": 2})

    assert _merged_spec(target, _pod(a=None, b={"c": None})) == {"b": {"d": 2}}


def test_a_null_in_a_new_map_is_not_kept() -> None:
    assert _merged_spec(_pod(), _pod(new={"a": None, "b": 1})) == {"new": {"b": 1}}


def test_a_written_null_of_the_resource_is_kept_and_a_blank_one_is_not() -> None:
    assert _merged_spec(_pod(written=None, blank=BLANK), _pod()) == {"written": None}


@pytest.mark.parametrize("directive", ["replace", "delete"])
def test_a_directive_is_not_kept(directive: str) -> None:
    merged = _merged_spec(_pod(a={"x": 1}), _pod(a={"$patch": directive, "y": 2}))

    assert merged == ({"a": {"y": 2}} if directive == "replace" else {})


def test_a_patch_can_delete_the_whole_resource() -> None:
    assert merge_patch(_pod(a=1), {"$patch": "delete"}) is None


def test_an_item_can_be_deleted_by_its_key() -> None:
    target = _pod(volumes=[{"name": "a"}, {"name": "b"}])

    assert _merged_spec(target, _pod(volumes=[{"name": "a", "$patch": "delete"}])) == {
        "volumes": [{"name": "b"}]
    }


def test_a_list_can_be_replaced_whole() -> None:
    target = _pod(volumes=[{"name": "a"}])

    assert _merged_spec(target, _pod(volumes=[{"$patch": "replace"}, {"name": "b"}])) == {
        "volumes": [{"name": "b"}]
    }


def test_an_unknown_directive_is_an_error() -> None:
    with pytest.raises(MergeError, match="unknown patch strategy 'drop'"):
        merge_patch(_pod(a={}), _pod(a={"$patch": "drop"}))


def test_a_map_does_not_merge_into_a_scalar() -> None:
    with pytest.raises(MergeError, match="expected a scalar but got a map"):
        merge_patch(_pod(a=1), _pod(a={"b": 1}))


def test_finalizers_are_a_set() -> None:
    target = {"apiVersion": "v1", "kind": "Pod", "metadata": {"finalizers": ["a", "b"]}}

    merged = merge_patch(target, {"metadata": {"finalizers": ["c", "a"]}})

    assert merged is not None
    assert merged["metadata"]["finalizers"] == ["c", "a", "b"]
