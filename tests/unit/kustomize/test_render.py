"""What callers get beside the objects: places, provenance, what was read, and confinement."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path

import pytest

from storyrunner.errors import (
    ConfinementError,
    ManifestError,
    Place,
    RefusedFeatureError,
    RenderError,
    StoryrunnerError,
)
from storyrunner.gitops.kustomize.engine import EmbeddedKustomizer, Rendered, render
from storyrunner.model.ports import Kustomizer

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n"


def _write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def _fail(folder: Path, directory: str = ".") -> StoryrunnerError:
    with pytest.raises(StoryrunnerError) as caught:
        render(folder, directory)
    return caught.value


def _names(rendered: Rendered) -> list[str]:
    return [one.data["metadata"]["name"] for one in rendered.objects]


def test_a_missing_resource_is_an_error_at_its_line(tmp_path: Path) -> None:
    tree = {"app/kustomization.yaml": "namespace: x\nresources:\n  - a.yaml\n  - none.yaml\n"}
    _write(tmp_path, {**tree, "app/a.yaml": CONFIG_MAP.format(name="a")})

    error = _fail(tmp_path, "app")

    assert isinstance(error, RenderError)
    assert error.place == Place("app/kustomization.yaml", 4, 5)
    assert "'none.yaml'" in error.message


def test_an_unknown_field_is_an_error_at_its_line_with_the_nearest_name(tmp_path: Path) -> None:
    _write(tmp_path, {"kustomization.yaml": "# x\nresourcs: []\n"})

    error = _fail(tmp_path)

    assert error.place == Place("kustomization.yaml", 2, 1)
    assert error.hint == "did you mean resources?"


def test_an_error_in_a_nested_kustomization_is_placed_in_that_file(tmp_path: Path) -> None:
    _write(tmp_path, {"kustomization.yaml": "resources: [sub]\n"})
    _write(tmp_path, {"sub/kustomization.yaml": "helmCharts: [a]\n"})

    error = _fail(tmp_path)

    assert isinstance(error, RefusedFeatureError)
    assert error.feature == "helmCharts"
    assert error.place == Place("sub/kustomization.yaml", 1, 13)


def test_a_manifest_that_is_not_yaml_is_an_error_in_that_manifest(tmp_path: Path) -> None:
    _write(tmp_path, {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": "a: b\nc: d: e\n"})

    error = _fail(tmp_path)

    assert isinstance(error, ManifestError)
    assert error.place is not None
    assert (error.place.path, error.place.line) == ("a.yaml", 2)


def test_a_patch_that_hits_nothing_is_an_error_at_its_entry(tmp_path: Path) -> None:
    text = "resources: [a.yaml]\npatches:\n  - path: p.yaml\n"
    patch = CONFIG_MAP.format(name="other")
    _write(
        tmp_path,
        {"kustomization.yaml": text, "a.yaml": CONFIG_MAP.format(name="a"), "p.yaml": patch},
    )

    error = _fail(tmp_path)

    assert error.place == Place("kustomization.yaml", 3, 11)
    assert "ConfigMap.v1.[noGrp]/other.[noNs]" in error.message


def test_a_resource_without_a_name_is_an_error_in_its_document(tmp_path: Path) -> None:
    text = CONFIG_MAP.format(name="a") + "---\nkind: ConfigMap\nmetadata:\n  labels: {a: b}\n"
    _write(tmp_path, {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": text})

    error = _fail(tmp_path)

    assert error.place == Place("a.yaml", 8, 3)


def test_every_object_knows_the_document_it_was_read_from(tmp_path: Path) -> None:
    listed = "kind: List\nitems:\n  - kind: X\n    metadata:\n      name: in-list\n"
    text = "resources: [a.yaml, l.yaml]\nnamePrefix: p-\nconfigMapGenerator: [{name: g}]\n"
    two = CONFIG_MAP.format(name="a") + "---\n" + CONFIG_MAP.format(name="b")
    _write(tmp_path, {"kustomization.yaml": text, "a.yaml": two, "l.yaml": listed})

    first, second, third, generated = render(tmp_path, ".").objects

    assert first.document is not None
    assert second.document is not None
    assert third.document is not None
    assert first.document.place("metadata", "name") == Place("a.yaml", 4, 9)
    assert second.document.place("metadata", "name") == Place("a.yaml", 9, 9)
    assert third.document.place(*third.base, "metadata", "name") == Place("l.yaml", 5, 13)
    assert generated.document is None


def test_rendering_does_not_change_the_documents(tmp_path: Path) -> None:
    text = "resources: [a.yaml]\nnamespace: x\ncommonLabels: {a: b}\n"
    _write(tmp_path, {"kustomization.yaml": text, "a.yaml": CONFIG_MAP.format(name="a")})

    (one,) = render(tmp_path, ".").objects

    assert one.document is not None
    assert one.document.value["metadata"] == {"name": "a"}
    assert one.data["metadata"] == {"name": "a", "namespace": "x", "labels": {"a": "b"}}


def test_every_file_that_was_read_is_listed(tmp_path: Path) -> None:
    files = {
        "app/kustomization.yaml": (
            "resources: [../base]\npatches: [{path: p.yaml}]\n"
            "configMapGenerator: [{name: g, files: [k=../f.txt], envs: [e.env]}]\n"
        ),
        "app/p.yaml": CONFIG_MAP.format(name="a"),
        "app/e.env": "A=1\n",
        "f.txt": "x",
        "base/kustomization.yml": "resources: [a.yaml]\n",
        "base/a.yaml": CONFIG_MAP.format(name="a"),
        "base/unused.yaml": "x",
    }
    rendered = render(_write(tmp_path, files), "app")

    assert rendered.read == set(files) - {"base/unused.yaml"}


def test_a_given_root_stands_in_for_the_file(tmp_path: Path) -> None:
    files = {
        "kustomization.yaml": "resources: [none.yaml]\n",
        "a.yaml": CONFIG_MAP.format(name="a"),
    }
    root = {"resources": ["a.yaml"], "namePrefix": "p-", "unknown": {"x": 1}}
    before = copy.deepcopy(root)

    rendered = render(_write(tmp_path, files), ".", root)

    assert _names(rendered) == ["p-a"]
    assert root == before


def test_a_given_root_needs_no_file(tmp_path: Path) -> None:
    _write(tmp_path, {"app/a.yaml": CONFIG_MAP.format(name="a")})

    assert _names(render(tmp_path, "app", {"resources": ["a.yaml"]})) == ["a"]


def test_a_given_root_is_refused_by_name_too(tmp_path: Path) -> None:
    with pytest.raises(RefusedFeatureError, match="buildMetadata"):
        render(tmp_path, ".", {"buildMetadata": ["managedByLabel"]})


def test_errors_of_a_given_root_are_placed_where_the_file_says_the_same(tmp_path: Path) -> None:
    _write(tmp_path, {"kustomization.yaml": "resources:\n  - none.yaml\n"})

    with pytest.raises(RenderError) as caught:
        render(tmp_path, ".", {"resources": ["none.yaml"], "namespace": "x"})

    assert caught.value.place == Place("kustomization.yaml", 2, 5)


def test_nested_kustomizations_are_strict_even_below_a_given_root(tmp_path: Path) -> None:
    _write(tmp_path, {"sub/kustomization.yaml": "unknown: 1\n"})

    with pytest.raises(RenderError, match="unknown field"):
        render(tmp_path, ".", {"resources": ["sub"]})


@pytest.mark.parametrize(
    "text",
    [
        "resources: [../outside.yaml]\n",
        "resources: [../outside]\n",
        "components: [../outside]\n",
        "resources: [link.yaml]\n",
        "resources: [linked]\n",
        "configMapGenerator: [{name: a, files: [../outside.yaml]}]\n",
        "configMapGenerator: [{name: a, envs: [/etc/hostname]}]\n",
        "resources: [/etc/hostname]\n",
        "patches: [{path: ../outside.yaml}]\n",
        "replacements: [{path: ../outside.yaml}]\n",
    ],
)
def test_nothing_outside_the_tree_is_read(text: str, tmp_path: Path) -> None:
    _write(tmp_path, {"outside.yaml": CONFIG_MAP.format(name="x"), "tree/kustomization.yaml": text})
    _write(tmp_path, {"outside/kustomization.yaml": "resources: []\n"})
    (tmp_path / "tree/link.yaml").symlink_to(tmp_path / "outside.yaml")
    (tmp_path / "tree/linked").symlink_to(tmp_path / "outside")

    error = _fail(tmp_path / "tree")

    assert isinstance(error, ConfinementError)
    assert error.place is not None
    assert error.place.path == "kustomization.yaml"


def test_a_directory_outside_the_tree_is_not_built(tmp_path: Path) -> None:
    _write(tmp_path, {"kustomization.yaml": "resources: []\n", "tree/x": ""})

    assert isinstance(_fail(tmp_path / "tree", ".."), ConfinementError)


def test_links_inside_the_tree_are_followed(tmp_path: Path) -> None:
    _write(tmp_path, {"app/kustomization.yaml": "resources: [link.yaml]\n"})
    _write(tmp_path, {"real.yaml": CONFIG_MAP.format(name="a")})
    (tmp_path / "app/link.yaml").symlink_to("../real.yaml")

    rendered = render(tmp_path, "app")

    assert _names(rendered) == ["a"]
    assert "real.yaml" in rendered.read


def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    assert "no such directory" in _fail(tmp_path, "none").message


def test_rendering_writes_nothing(tmp_path: Path) -> None:
    text = "resources: [a.yaml]\nnamespace: x\n"
    _write(tmp_path, {"kustomization.yaml": text, "a.yaml": CONFIG_MAP.format(name="a")})
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}

    render(tmp_path, ".")

    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


async def test_the_port_gives_the_objects_alone(tmp_path: Path) -> None:
    _write(tmp_path, {"kustomization.yaml": "resources: [a.yaml]\n"})
    _write(tmp_path, {"a.yaml": CONFIG_MAP.format(name="a")})
    kustomizer: Kustomizer = EmbeddedKustomizer()

    objects = await kustomizer.build(tmp_path, ".")

    assert objects == [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}]


def test_origins_are_noted_where_the_root_asks_for_them(tmp_path: Path) -> None:
    _write(
        tmp_path,
        {
            "app/kustomization.yaml": "resources: [a.yaml]\n",
            "app/a.yaml": CONFIG_MAP.format(name="a"),
        },
    )
    root = {
        "resources": ["../app"],
        "secretGenerator": [{"name": "s", "literals": ["a=b"]}],
        "buildMetadata": ["originAnnotations"],
    }
    (tmp_path / "top").mkdir()
    found = render(tmp_path, "top", root).objects
    key = "config.kubernetes.io/origin"
    assert [one.data["metadata"]["annotations"][key] for one in found] == [
        "path: ../app/a.yaml\n",
        "configuredIn: kustomization.yaml\nconfiguredBy:\n"
        "  apiVersion: builtin\n  kind: SecretGenerator\n",
    ]
    del root["buildMetadata"]
    plain = render(tmp_path, "top", root).objects
    assert all("annotations" not in one.data["metadata"] for one in plain)
