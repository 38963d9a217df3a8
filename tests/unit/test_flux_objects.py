"""Flux Kustomizations as typed views, and where a cluster keeps them."""

from __future__ import annotations

from pathlib import Path

import pytest
from flux_repo import EAST, FROM_SETTINGS, flux, kustomization, line, repository, spec

from storyrunner.errors import ManifestError, RenderError
from storyrunner.gitops.flux_find import find_kustomization, find_kustomizations
from storyrunner.gitops.flux_objects import Reference

FULL = """\
  dependsOn:
    - name: first
    - {name: second, namespace: other}
  targetNamespace: web
  commonMetadata:
    labels: {a: b}
  healthChecks:
    - {kind: Deployment, name: d}
  postBuild:
    substituteStrategy: Always
    substitute:
      A: "1"
    substituteFrom:
      - {kind: Secret, name: s, optional: true}
"""


def test_the_view_reads_every_field_and_fills_in_namespaces() -> None:
    found = spec(FULL, path="./app/./deep//")
    assert (found.key, found.path) == ("flux-system/app", "app/deep")
    assert found.source_ref == Reference("GitRepository", "flux-system", "flux-system")
    assert [str(one) for one in found.depends_on] == [
        "Kustomization/flux-system/first",
        "Kustomization/other/second",
    ]
    assert found.target_namespace == "web"
    assert found.common_labels == {"a": "b"}
    assert found.strategy == "Always"
    assert found.substitute == {"A": "1"}
    [reference] = found.substitute_from
    assert (str(reference), reference.optional) == ("Secret/s", True)
    assert found.health_checks == ({"kind": "Deployment", "name": "d"},)
    assert line(found.place("spec", "targetNamespace")) == "ks.yaml:15"


def test_an_absent_post_build_is_not_an_empty_one() -> None:
    assert not spec().has_post_build
    assert spec("  postBuild: {}\n").has_post_build
    assert spec("", path='""').path == "."


@pytest.mark.parametrize(
    ("extra", "problem", "at"),
    [
        ("  postBuild:\n    substitute:\n      A: 1\n", "A must be a string, it is a number", 14),
        ("  postBuild:\n    substitute: [a]\n", "substitute must be a map, it is a list", 13),
        ("  targetNamespace: 5\n", "targetNamespace must be a string", 12),
        ("  patches: {a: b}\n", "patches must be a list, it is a map", 12),
        ("  components:\n    - 5\n", r"components\.0 must be a string", 13),
        ("  postBuild:\n    substituteFrom:\n      - {kind: Pod, name: a}\n", "not 'Pod'", 14),
        ("  postBuild:\n    substituteFrom:\n      - kind: Secret\n", "needs a name", 14),
        ("  postBuild:\n    substituteStrategy: Never\n", "not 'Never'", 13),
        ("  commonMetadata:\n    labels: {a: true}\n", "labels.a must be a string", 13),
    ],
)
def test_a_wrong_type_is_refused_with_its_line(extra: str, problem: str, at: int) -> None:
    with pytest.raises(ManifestError, match=problem) as caught:
        spec(extra)
    assert line(caught.value.place) == f"ks.yaml:{at}"


def test_a_kustomization_without_a_spec_is_refused() -> None:
    with pytest.raises(ManifestError, match="spec must be a map, it is empty"):
        kustomization(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n"
        )


def test_all_documents_of_all_files_of_the_cluster_are_found(tmp_path: Path) -> None:
    tree = repository(
        tmp_path,
        {
            "clusters/east/flux.yaml": flux("top", "./base") + flux("next", "./web"),
            "clusters/east/another.yaml": flux("third", "./web"),
        },
    )
    found = find_kustomizations(tree, EAST)
    assert [(one.name, line(one.origin)) for one in found] == [
        ("top", "clusters/east/flux.yaml:2"),
        ("next", "clusters/east/flux.yaml:13"),
        ("third", "clusters/east/another.yaml:2"),
    ]


def test_what_the_kustomization_of_the_cluster_does_not_list_is_not_found(tmp_path: Path) -> None:
    tree = repository(
        tmp_path,
        {
            "clusters/east/flux.yaml": flux("top", "./base") + flux("next", "./web"),
            "clusters/east/another.yaml": flux("third", "./web"),
            "clusters/east/kustomization.yaml": (
                "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
                "resources: [flux.yaml]\n"
                "patches:\n  - target: {kind: Kustomization, name: next}\n    patch: |-\n"
                "      - {op: replace, path: /spec/path, value: ./other}\n"
            ),
        },
    )
    found = find_kustomizations(tree, EAST)
    assert [(one.name, one.path, line(one.origin)) for one in found] == [
        ("top", "base", "clusters/east/flux.yaml:2"),
        ("next", "other", "clusters/east/flux.yaml:13"),
    ]
    with pytest.raises(RenderError, match="gives: there are top, next") as caught:
        find_kustomization(tree, EAST, "third", "flux-system")
    assert line(caught.value.place) == "clusters/east/kustomization.yaml:1"


def test_a_missing_one_is_told_with_those_that_exist_and_the_last_document(tmp_path: Path) -> None:
    tree = repository(
        tmp_path,
        {"clusters/east/flux.yaml": flux("top", "./base", extra=FROM_SETTINGS) + flux("x", "./y")},
    )
    with pytest.raises(RenderError, match="there are top, x") as caught:
        find_kustomization(tree, EAST, "topp", "flux-system")
    assert line(caught.value.place) == "clusters/east/flux.yaml:17"
    assert caught.value.hint == "did you mean top?"


def test_a_cluster_without_its_file_is_told_so(tmp_path: Path) -> None:
    tree = repository(tmp_path)
    (tree / "clusters/east/flux.yaml").unlink()
    with pytest.raises(RenderError, match="there is none") as caught:
        find_kustomization(tree, EAST, "top", "flux-system")
    assert line(caught.value.place) == "clusters/east/flux.yaml:1"
