"""Settings that another of a cluster's Kustomizations renders, where nothing above applies both."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from flux_repo import EAST, FROM_SETTINGS, config, flux, write

from storyrunner.errors import RenderError
from storyrunner.gitops.embedded import EmbeddedEngine
from storyrunner.gitops.flux_build import FluxBuild, FluxBuilder
from storyrunner.gitops.provenance import trace_cluster
from storyrunner.gitops.settings import ENCRYPTED_PLACEHOLDER
from storyrunner.model.rung import Job, Rung

FROM = """\
  postBuild:
    substituteFrom:
      - {kind: ConfigMap, name: made, optional: true}
      - {kind: Secret, name: keys}
"""
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {name: keys}
FIELD: {PASS: "VALUE"}
sops: {mac: "ENC[AES256_GCM,data:x,type:str]", version: 3.9.0}
"""
FILES = {
    "clusters/east/flux.yaml": flux("app", "./app", extra=FROM)
    + flux("vars", "./vars", extra="  targetNamespace: flux-system\n"),
    "app/c.yaml": config("c", region="'${REGION:=none}'", password="'${PASS}'"),
    "vars/map.yaml": config("made", REGION="north"),
    "vars/keys.sops.yaml": SECRET.replace("FIELD", "stringData").replace("VALUE", "ENC[x]"),
}


def build(tree: Path) -> FluxBuild:
    builder = FluxBuilder(tree, EmbeddedEngine(), Rung(Job.RENDER, "embedded"))
    return asyncio.run(builder.build(EAST, "app"))


@pytest.mark.parametrize(
    "more",
    [
        {},
        {
            "vars/keys.sops.yaml": SECRET.replace("FIELD", "data").replace(
                "VALUE",
                "RU5DW3hd",  # ENC[x]
            )
        },
    ],
)
def test_they_are_found_and_encrypted_ones_are_placeholders(
    tmp_path: Path, more: Mapping[str, str]
) -> None:
    found = build(write(tmp_path, {**FILES, **more}))
    [one] = [one.object for one in found.objects]
    assert one.data["data"] == {"region": "north", "password": ENCRYPTED_PLACEHOLDER}
    [finding] = found.findings
    assert (finding.rule, finding.place.path) == ("flux.encrypted-setting", "vars/keys.sops.yaml")
    assert {"vars/map.yaml", "vars/keys.sops.yaml", "clusters/east/flux.yaml"} <= found.read


def test_what_nothing_renders_is_missing_and_the_nearest_is_named(tmp_path: Path) -> None:
    files = FILES | {
        "clusters/east/flux.yaml": FILES["clusters/east/flux.yaml"].replace("keys", "keyz")
    }
    with pytest.raises(RenderError, match="no such Secret") as caught:
        build(write(tmp_path, files))
    assert "Secret/keys" in caught.value.hint


def test_what_is_wrong_beside_it_is_said_once_and_by_its_own_build(tmp_path: Path) -> None:
    files = FILES | {"vars/bad.yaml": "no: object\n"}
    with pytest.raises(RenderError, match="no such Secret"):
        build(write(tmp_path, files))
    failures = asyncio.run(trace_cluster(tmp_path, EAST)).failures
    assert ["no such Secret" in failures[0].message, len(failures)] == [True, 2]
    assert "missing Resource metadata" in failures[1].message


PATCHED = {
    "clusters/east/flux.yaml": flux("app", "./app", extra=FROM_SETTINGS)
    + flux("vars", "./clusters/east/vars"),
    "app/c.yaml": config("c", region="'${REGION}'"),
    "clusters/east/vars/kustomization.yaml": (
        "namespace: flux-system\nresources: [settings.yaml]\n"
        "patches:\n  - target: {kind: ConfigMap}\n"
        "    patch: |\n      - {op: replace, path: /data/REGION, value: patched}\n"
    ),
    "clusters/east/vars/settings.yaml": config("settings", REGION="plain"),
}


def test_a_plain_file_that_another_one_builds_is_taken_as_it_builds_it(tmp_path: Path) -> None:
    [one] = [one.object for one in build(write(tmp_path, PATCHED)).objects]
    assert one.data["data"] == {"region": "patched"}


def test_so_it_is_when_one_above_applies_both(tmp_path: Path) -> None:
    both = PATCHED["clusters/east/flux.yaml"]
    files = PATCHED | {
        "clusters/east/flux.yaml": flux("app", "./top", extra=FROM_SETTINGS),
        "top/both.yaml": both.replace("name: app", "name: inner"),
    }
    found = build(write(tmp_path, files)).objects
    assert [one.object.data["data"] for one in found if one.object.name == "c"] == [
        {"region": "patched"}
    ]


def test_one_that_builds_its_own_settings_takes_them_as_they_stand(tmp_path: Path) -> None:
    own = flux("app", "./clusters/east/vars", extra=FROM_SETTINGS)
    [one] = build(write(tmp_path, PATCHED | {"clusters/east/flux.yaml": own})).objects
    assert one.object.data["data"] == {"REGION": "patched"}


def test_when_it_cannot_be_built_the_plain_file_is_not_taken_in_its_place(tmp_path: Path) -> None:
    broken = "resources: [settings.yaml, gone.yaml]\n"
    files = PATCHED | {"clusters/east/vars/kustomization.yaml": broken}
    with pytest.raises(RenderError, match=r"gone\.yaml"):
        build(write(tmp_path, files))


def test_what_it_does_not_list_is_taken_as_it_stands(tmp_path: Path) -> None:
    files = PATCHED | {
        "clusters/east/vars/kustomization.yaml": "resources: [other.yaml]\n",
        "clusters/east/vars/other.yaml": config("other"),
    }
    [one] = [one.object for one in build(write(tmp_path, files)).objects]
    assert one.data["data"] == {"region": "plain"}
