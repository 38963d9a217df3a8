"""The embedded renderer against trees whose expected objects the real kustomize once gave.

`_expected.json` is written by `python -m tests.contract.test_kustomize_differential KUSTOMIZE`, and
the contract suite says when it no longer holds.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from storyrunner.errors import DisputedFeatureError, RefusedFeatureError, StoryrunnerError
from storyrunner.gitops.kustomize.engine import render
from tests.support.kustomizations import BUILDS, EXPECTED, FAILURES, REFUSALS, Tree

GIVEN = json.loads(EXPECTED.read_text(encoding="utf-8"))


def _named(tree: Tree) -> str:
    return tree.name


@pytest.mark.parametrize("tree", BUILDS, ids=_named)
def test_a_tree_renders_to_what_kustomize_gives(tree: Tree, tmp_path: Path) -> None:
    rendered = render(tree.write(tmp_path), tree.directory)

    assert [one.data for one in rendered.objects] == GIVEN[tree.name]


@pytest.mark.parametrize("tree", FAILURES, ids=_named)
def test_what_kustomize_fails_on_fails_at_a_place_of_the_tree(tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(StoryrunnerError) as caught:
        render(tree.write(tmp_path), tree.directory)

    assert not isinstance(caught.value, RefusedFeatureError)
    assert tree.expect in caught.value.message
    assert caught.value.place is not None
    assert caught.value.place.path in tree.files


@pytest.mark.parametrize("tree", REFUSALS, ids=_named)
def test_what_is_not_supported_is_refused_by_name(tree: Tree, tmp_path: Path) -> None:
    with pytest.raises(RefusedFeatureError) as caught:
        render(tree.write(tmp_path), tree.directory)

    assert tree.expect in caught.value.feature
    able = "flux" if isinstance(caught.value, DisputedFeatureError) else "kustomize"
    assert able in caught.value.hint
    assert caught.value.place is not None
    assert caught.value.place.path in tree.files


def test_every_tree_has_a_name_of_its_own() -> None:
    names = [tree.name for tree in (*BUILDS, *FAILURES, *REFUSALS)]

    assert len(names) == len(set(names))
    assert set(GIVEN) == {tree.name for tree in BUILDS}
