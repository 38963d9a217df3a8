"""A cluster's directory that one of its own Kustomizations applies: `flux bootstrap`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from flux_repo import EAST, config, flux, write

from storyrunner.errors import RefusedFeatureError, RenderError
from storyrunner.gitops.cluster_directory import rendered_directory
from storyrunner.gitops.embedded import EmbeddedEngine
from storyrunner.gitops.explanation import explain
from storyrunner.gitops.flux_build import FluxBuild, FluxBuilder
from storyrunner.gitops.provenance import trace_cluster
from storyrunner.model.rung import Job, Rung

FROM = "  postBuild: {substituteFrom: [{kind: ConfigMap, name: settings}]}\n"
PATCH = """\
  patches:
    - target: {kind: Kustomization, name: apps}
      patch: |
        - {op: add, path: /spec/targetNamespace, value: web}
"""
LISTED = "namespace: flux-system\nresources: [settings.yaml]\n"
FILES = {
    "clusters/east/flux-system/kustomization.yaml": "resources: [sync.yaml]\n",
    "clusters/east/flux-system/sync.yaml": flux("flux-system", "./clusters/east", extra=PATCH),
    "clusters/east/apps.yaml": flux("apps", "./app", extra=FROM),
    "clusters/east/vars/kustomization.yaml": LISTED,
    "clusters/east/vars/settings.yaml": config("settings", REGION="north"),
    "app/c.yaml": config("c", where="'${REGION}'"),
}


def build(tree: Path, name: str) -> FluxBuild:
    builder = FluxBuilder(tree, EmbeddedEngine(), Rung(Job.RENDER, "embedded"))
    return asyncio.run(builder.build(EAST, name))


def value(found: FluxBuild) -> str:
    [one] = [one.object for one in found.objects if one.object.name == "c"]
    assert one.namespace == "web"
    return str(one.data["data"]["where"])


@pytest.mark.parametrize("name", ["flux-system", "apps"])
@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, "north"),
        (
            {
                "clusters/east/vars/kustomization.yaml": LISTED
                + "patches: [{patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: settings},"
                " data: {REGION: patched}}'}]\n"
            },
            "patched",
        ),
        (
            {
                "clusters/east/vars/kustomization.yaml": "namespace: flux-system\n"
                "generatorOptions: {disableNameSuffixHash: true}\n"
                "configMapGenerator: [{name: settings, literals: [REGION=made]}]\n"
            },
            "made",
        ),
        (
            {"clusters/east/.sourceignore": "x/\n", "clusters/east/x/x.yaml": "no: object\n"},
            "north",
        ),
    ],
)
def test_what_its_build_gives_is_what_others_are_built_with(
    tmp_path: Path, name: str, more: Mapping[str, str], expected: str
) -> None:
    assert value(build(write(tmp_path, {**FILES, **more}), name)) == expected


def test_settings_that_its_substitution_changes_count_as_changed(tmp_path: Path) -> None:
    inline = "  postBuild: {substitute: {ZONE: far}}\n"
    files = FILES | {
        "clusters/east/flux-system/sync.yaml": flux(
            "flux-system", "./clusters/east", extra=PATCH + inline
        ),
        "clusters/east/vars/settings.yaml": config("settings", REGION="'${ZONE}-north'"),
    }
    assert value(build(write(tmp_path, files), "flux-system")) == "far-north"


def test_where_nothing_applies_it_every_manifest_counts(tmp_path: Path) -> None:
    files = FILES | {"clusters/east/flux-system/sync.yaml": flux("flux-system", "./elsewhere")}
    assert rendered_directory(write(tmp_path, files), EAST) is None


def test_what_stops_its_scan_stops_every_build_and_has_its_place(tmp_path: Path) -> None:
    tree = write(tmp_path, FILES | {"clusters/east/values.yaml": "no: object\n"})
    with pytest.raises(RenderError, match="missing Resource metadata") as caught:
        build(tree, "apps")
    assert str(caught.value.place) == "clusters/east/values.yaml:1:1"


def test_a_trace_begins_with_what_applies_the_others(tmp_path: Path) -> None:
    found = asyncio.run(trace_cluster(write(tmp_path, FILES), EAST))
    assert found.failures == ()
    [one] = [one for one in found.objects if one.object.name == "c"]
    [field] = explain(tmp_path, one, ("data", "where"))
    assert (one.object.namespace, field.value) == ("web", "north")
    [use] = field.variables
    assert use.setting is not None
    assert use.setting.place.path == "clusters/east/vars/settings.yaml"


def test_what_is_refused_there_is_not_read_past_when_patches_would_be_missed(
    tmp_path: Path,
) -> None:
    refused = "resources: [settings.yaml]\nreplicas: [{name: x, count: 2}]\n"
    files = FILES | {"clusters/east/vars/kustomization.yaml": refused}
    with pytest.raises(RefusedFeatureError, match="replicas"):
        build(write(tmp_path / "patched", files), "apps")
    plain = files | {
        "clusters/east/flux-system/sync.yaml": flux("flux-system", "./clusters/east"),
    }
    [one] = build(write(tmp_path / "plain", plain), "apps").objects
    assert one.object.data["data"] == {"where": "north"}
