"""The root kustomization Flux builds: generated, or the folder's own merged with the spec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flux_repo import config, line, spec, write

from storyrunner.errors import ConfinementError, Place, RenderError
from storyrunner.gitops.flux_root import FluxRoot, build_root

HEAD = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}


def root(tree: Path, extra: str = "") -> FluxRoot:
    return build_root(tree, "app", spec(extra))


def data(tree: Path, extra: str = "") -> dict[str, Any]:
    return root(tree, extra).data


def test_without_a_kustomization_all_yaml_files_become_resources_in_go_order(
    tmp_path: Path,
) -> None:
    write(
        tmp_path,
        {
            "app/b.yaml": config("b"),
            "app/a.yml": config("a"),
            "app/.hidden/c.yaml": config("c"),
            "app/a/deep/d.yaml": config("d"),
            "app/notes.json": "{}",
            "app/UPPER.YAML": "not: taken",
            "app/sub/kustomization.yml": "resources: [x.yaml]\n",
            "app/sub/broken.yaml": ":::",
        },
    )
    found = root(tmp_path)
    assert found.generated
    assert found.data == HEAD | {
        "resources": ["./.hidden/c.yaml", "./a/deep/d.yaml", "./a.yml", "./b.yaml", "./sub"]
    }
    assert found.read == {"app/.hidden/c.yaml", "app/a/deep/d.yaml", "app/a.yml", "app/b.yaml"}


def test_a_folder_with_nothing_to_apply_gets_the_placeholder(tmp_path: Path) -> None:
    write(tmp_path, {"app/README.md": "nothing"})
    assert data(tmp_path) == HEAD | {"namespace": "_placeholder"}


@pytest.mark.parametrize(
    ("text", "problem", "at"),
    [
        ("a: 1\n", "missing Resource metadata", 1),
        ("- a\n", "missing Resource metadata", 1),
        ("text\n", "missing Resource metadata", 1),
        (
            "apiVersion: v1\nkind: ConfigMap\n",
            "missing metadata.name in object {{v1 ConfigMap} {{ } map[] map[]}}",
            1,
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels: {b: c, a: d}\n",
            "missing metadata.name in object {{v1 ConfigMap} {{ } map[a:d b:c] map[]}}",
            4,
        ),
        ("metadata:\n  name: a\n", "missing kind in object {{ } {{a } map[] map[]}}", 1),
        (
            "apiVersion: v1\nkind: List\nitems:\n  - kind: X\n",
            "missing metadata.name in object {{ X} {{ } map[] map[]}}",
            4,
        ),
    ],
)
def test_a_file_that_is_no_object_stops_the_scan_with_its_place(
    tmp_path: Path, text: str, problem: str, at: int
) -> None:
    write(tmp_path, {"app/values.yaml": text})
    with pytest.raises(RenderError) as caught:
        root(tmp_path)
    assert caught.value.message == (
        f"failed to decode Kubernetes YAML from app/values.yaml: {problem}"
    )
    assert line(caught.value.place) == f"app/values.yaml:{at}"
    assert ".sourceignore" in caught.value.hint


def test_a_file_that_is_no_yaml_stops_the_scan_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, {"app/a.yaml": "a: 1\nb: [\n"})
    with pytest.raises(RenderError, match=r"failed to decode Kubernetes YAML from app/a\.yaml"):
        root(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment\n---\n",
        "{}\n",
        "kind: ConfigMap\nmetadata: {name: a}\n",
        "apiVersion: v1\nkind: ConfigMapList\n",
        "kind: X\nmetadata: {name: 12}\n",
    ],
)
def test_what_kustomize_lets_pass_is_taken(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"app/a.yaml": text})
    assert data(tmp_path)["resources"] == ["./a.yaml"]


def test_ignored_files_and_folders_are_left_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "app/.sourceignore": "values.yaml\nold/\n",
            "app/values.yaml": "a: 1\n",
            "app/.sops.yaml": "creation_rules: []\n",
            "app/old/kustomization.yaml": "resources: []\n",
            "app/a.yaml": config("a"),
        },
    )
    assert data(tmp_path)["resources"] == ["./a.yaml"]


def test_without_any_pattern_even_flux_own_rules_do_not_save_the_scan(tmp_path: Path) -> None:
    write(tmp_path, {"app/.sops.yaml": "creation_rules: []\n"})
    with pytest.raises(RenderError, match=r"app/\.sops\.yaml: missing Resource metadata"):
        root(tmp_path)


def test_linked_files_are_read_and_linked_folders_not_entered(tmp_path: Path) -> None:
    write(tmp_path, {"app/a.yaml": config("a"), "other/b.yaml": config("b")})
    (tmp_path / "app/link.yaml").symlink_to("../other/b.yaml")
    (tmp_path / "app/folder").symlink_to("../other")
    assert data(tmp_path)["resources"] == ["./a.yaml", "./link.yaml"]


def test_a_link_that_leads_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", {"app/a.yaml": config("a")})
    write(tmp_path, {"outside.yaml": config("x")})
    (tree / "app/link.yaml").symlink_to(tmp_path / "outside.yaml")
    with pytest.raises(ConfinementError) as caught:
        root(tree)
    assert caught.value.place == Place("app/link.yaml")


def test_unknown_fields_of_the_root_vanish_and_are_named(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"app/kustomization.yaml": "resource: [x]\nresources: [a.yaml]\n", "app/a.yaml": ""},
    )
    found = root(tmp_path)
    assert found.data == HEAD | {"resources": ["a.yaml"]}
    [finding] = found.findings
    assert "'resource'" in finding.message
    assert line(finding.place) == "app/kustomization.yaml:1"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1", "1"), ("yes", "true"), ("1.10", "1.1"), ("1e3", "1000"), ("0644", "420"),
        ("12345678901234567890", "12345678901234567890"), ("1e21", "1e+21"), (".5", "0.5"),
        ("123456789.5", "1.2345679e+08"), ("1e6", "1e+06"), ("1000000", "1000000"), ("-0", "0"),
        ("1000000.0", "1e+06"), ("0x1E", "30"), ("08", "8"), ("12:34", "12:34"), ("'1'", "1"),
        ("123456789012345678901234567890", "1.2345679e+29"), ("1_000", "1000"), ("!!float 5", "5"),
    ],
)  # fmt: skip
def test_numbers_and_booleans_become_text_where_the_root_wants_it(
    tmp_path: Path, written: str, read: str
) -> None:
    text = f"resources: []\nnamespace: {written}\nimages: [{{name: a, newTag: {written}}}]\n"
    more = f"commonLabels: {{a: {written}}}\nlabels: [{{pairs: {{b: {written}}}}}]\n"
    write(tmp_path, {"app/kustomization.yaml": text + more})
    found = data(tmp_path)
    assert found["namespace"] == found["images"][0]["newTag"] == read
    assert found["commonLabels"] == {"a": read}
    assert found["labels"] == [{"pairs": {"b": read}}]


def test_a_generators_numbers_do_not_become_text(tmp_path: Path) -> None:
    write(tmp_path, {"app/kustomization.yaml": "configMapGenerator: [{name: 1, literals: [2]}]\n"})
    assert data(tmp_path)["configMapGenerator"] == [{"name": 1, "literals": [2]}]


def test_two_kustomization_files_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"app/kustomization.yaml": "", "app/Kustomization": ""})
    with pytest.raises(RenderError, match="Found multiple kustomization files under: app"):
        root(tmp_path)


def test_a_root_without_resources_asks_for_origin_annotations(tmp_path: Path) -> None:
    write(tmp_path, {"app/kustomization.yaml": "configMapGenerator: [{name: a}]\n"})
    assert data(tmp_path)["buildMetadata"] == ["originAnnotations"]


def test_an_entry_that_does_not_exist_is_refused_with_its_line_and_a_near_name(
    tmp_path: Path,
) -> None:
    write(
        tmp_path,
        {
            "app/kustomization.yaml": "resources:\n  - a.yaml\n  - isuers.yaml\n",
            "app/a.yaml": "",
            "app/issuers.yaml": "",
        },
    )
    with pytest.raises(RenderError, match=r"'isuers\.yaml', which does not exist") as caught:
        root(tmp_path)
    assert "lstat app/isuers.yaml: no such file or directory" in caught.value.message
    assert line(caught.value.place) == "app/kustomization.yaml:3"
    assert caught.value.hint == "did you mean issuers.yaml?"


def test_entries_are_filtered_by_ignore_rules_and_urls_are_left_alone(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "app/.sourceignore": "draft.yaml\n",
            "app/kustomization.yaml": "resources: [draft.yaml, ../base, https://x.example/y]\n",
            "app/draft.yaml": "",
            "base/kustomization.yaml": "",
        },
    )
    assert data(tmp_path)["resources"] == ["../base", "https://x.example/y"]


@pytest.mark.parametrize(
    ("text", "field", "at"),
    [
        ("resources: a.yaml\n", "resources must be a list of strings", 1),
        ("resources:\n  - [a]\n", "resources must be a list of strings", 2),
        ("namespace: [5]\n", "namespace must be a string", 1),
        ("labels: {a: b}\n", "labels must be a list of maps", 1),
        ("commonLabels: [a]\n", "commonLabels must be a map", 1),
    ],
)
def test_a_field_of_a_wrong_type_is_refused_with_its_line(
    tmp_path: Path, text: str, field: str, at: int
) -> None:
    write(tmp_path, {"app/kustomization.yaml": text})
    with pytest.raises(RenderError, match=field) as caught:
        root(tmp_path)
    assert line(caught.value.place) == f"app/kustomization.yaml:{at}"


MERGED = """\
  targetNamespace: web
  namePrefix: p-
  nameSuffix: -s
  patches:
    - patch: "added: true"
      target: {kind: ConfigMap}
      options: {allowNameChange: true}
  components: [../component]
  buildMetadata: [managedByLabel]
  images:
    - {name: a, newTag: "2"}
    - {name: b, newName: B}
    - {name: c, newTag: "1", digest: ""}
"""
EXISTING = """\
resources: [a.yaml]
namespace: old
patches:
  - path: p.yaml
components: [../first]
images:
  - {name: a, newName: A, digest: sha256:0}
  - {name: b, newTag: "1"}
"""


def test_the_spec_is_merged_into_the_root(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "app/kustomization.yaml": EXISTING,
            "app/a.yaml": "",
            "component/kustomization.yaml": "",
            "first/kustomization.yaml": "",
        },
    )
    merged = data(tmp_path, MERGED)
    assert (merged["namespace"], merged["namePrefix"], merged["nameSuffix"]) == ("web", "p-", "-s")
    assert merged["patches"] == [
        {"path": "p.yaml"},
        {"patch": "added: true", "target": {"kind": "ConfigMap"}},
    ]
    assert merged["components"] == ["../first", "../component"]
    assert merged["buildMetadata"] == ["managedByLabel"]
    assert merged["images"] == [
        {"name": "a", "newName": "A", "newTag": "2"},
        {"name": "b", "newName": "B", "newTag": "1"},
        {"name": "c", "newTag": "1"},
    ]


def test_patches_that_left_the_api_are_dropped_and_said_to_be(tmp_path: Path) -> None:
    write(tmp_path, {"app/kustomization.yaml": "resources: [a.yaml]\n", "app/a.yaml": ""})
    merged = root(
        tmp_path,
        "  patchesStrategicMerge:\n    - {kind: X}\n"
        "  patchesJson6902:\n    - {patch: [{op: remove}], target: {kind: Y}}\n",
    )
    assert not {"patchesStrategicMerge", "patchesJson6902"} & merged.data.keys()
    assert [(one.rule, line(one.place)) for one in merged.findings] == [
        ("flux.unknown-field", "ks.yaml:13"),
        ("flux.unknown-field", "ks.yaml:15"),
    ]


def test_missing_components_are_refused_unless_the_spec_says_otherwise(tmp_path: Path) -> None:
    write(tmp_path, {"app/a.yaml": config("a")})
    with pytest.raises(RenderError, match=r"component '\.\./gone' does not exist") as caught:
        root(tmp_path, "  components: [../gone]\n")
    assert line(caught.value.place) == "ks.yaml:12"
    kept = data(tmp_path, "  components: [../gone]\n  ignoreMissingComponents: true\n")
    assert "components" not in kept


@pytest.mark.parametrize("component", ["/abs", "https://x.example/c", "github.com/org/repo"])
def test_a_component_must_be_local_and_relative(tmp_path: Path, component: str) -> None:
    write(tmp_path, {"app/a.yaml": config("a")})
    with pytest.raises(RenderError, match="must be local and relative"):
        root(tmp_path, f"  components: [{component}]\n")


def test_nothing_is_written(tmp_path: Path) -> None:
    write(tmp_path, {"app/a.yaml": config("a")})
    before = [(path, path.stat().st_mtime_ns) for path in sorted(tmp_path.rglob("*"))]
    root(tmp_path, MERGED.replace("  components: [../component]\n", ""))
    assert before == [(path, path.stat().st_mtime_ns) for path in sorted(tmp_path.rglob("*"))]
