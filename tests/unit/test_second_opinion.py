"""A kustomize that is not Flux's is believed only as far as Flux's would say the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from storyrunner.errors import DisputedFeatureError
from storyrunner.gitops.kustomize.engine import render
from storyrunner.gitops.second_opinion import (
    FLUX_KUSTOMIZE,
    RULE,
    compare,
    is_of_flux,
    refuse_other_no,
)
from storyrunner.tools.tool import Tool

NEWER = Tool("kustomize", Path("/bin/kustomize"), "5.8.2")
SAME = Tool("kustomize", Path("/bin/kustomize"), FLUX_KUSTOMIZE)
ROOT = {"resources": ["c.yaml"]}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "c.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n"
    )
    return tmp_path


def built(tree: Path) -> list[dict[str, Any]]:
    return [one.data for one in render(tree, "app", ROOT).objects]


@pytest.mark.parametrize(
    ("tool", "is_same"),
    [
        (SAME, True),
        (NEWER, False),
        (Tool("kustomize", Path("/bin/kustomize")), False),
        (Tool("kubectl", Path("/bin/kubectl"), "1.36.0", kustomize="5.8.1"), True),
        (Tool("kubectl", Path("/bin/kubectl"), "1.27.3", kustomize="5.0.1"), False),
    ],
)
def test_the_release_inside_a_tool_counts(tool: Tool, is_same: bool) -> None:
    assert is_of_flux(tool) is is_same


def test_the_same_objects_raise_no_doubt(tree: Path) -> None:
    assert compare(NEWER, tree, "app", ROOT, built(tree)) == ()


@pytest.mark.parametrize("change", ["value", "missing", "more"])
def test_other_objects_are_refused_by_their_name(tree: Path, change: str) -> None:
    objects = built(tree)
    match change:
        case "value":
            objects[0]["data"]["a"] = "c"
        case "missing":
            objects.clear()
        case _:
            objects += built(tree)
    with pytest.raises(DisputedFeatureError, match=r"ConfigMap/.*c, in which kustomize 5.8.2"):
        compare(NEWER, tree, "app", ROOT, objects)
    assert compare(SAME, tree, "app", ROOT, objects) == ()


def test_what_cannot_be_compared_is_said(tree: Path) -> None:
    root = {**ROOT, "replicas": [{"name": "c", "count": 2}]}
    [finding] = compare(NEWER, tree, "app", root, built(tree))
    assert (finding.rule, finding.severity.value) == (RULE, "warning")
    assert "replicas" in finding.message


def test_what_fluxs_would_not_build_is_refused(tree: Path) -> None:
    with pytest.raises(DisputedFeatureError, match="no such file"):
        compare(NEWER, tree, "app", {"resources": ["none.yaml"]}, built(tree))


def test_a_no_that_fluxs_would_not_say_is_refused(tree: Path) -> None:
    with pytest.raises(DisputedFeatureError, match="too odd"):
        refuse_other_no(NEWER, tree, "app", ROOT, "too odd")
    refuse_other_no(SAME, tree, "app", ROOT, "too odd")
    refuse_other_no(NEWER, tree, "app", {"resources": ["none.yaml"]}, "no such file")
