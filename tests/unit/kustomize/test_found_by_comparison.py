"""What random comparison with the real kustomize brought to light, each as the tool does it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from storyrunner.errors import RefusedFeatureError, RenderError
from storyrunner.gitops.kustomize.engine import render

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec: {selector: {matchLabels: {app: web}}, template: {spec: {}}}
"""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {a: x}\n"


def build(folder: Path, fields: str, manifest: str = DEPLOYMENT) -> list[dict[str, Any]]:
    (folder / "all.yaml").write_text(manifest, "utf-8")
    (folder / "kustomization.yaml").write_text(f"resources: [all.yaml]\n{fields}\n", "utf-8")
    return [one.data for one in render(folder, ".").objects]


def labels(one: dict[str, Any]) -> list[str]:
    spec = one["spec"]
    return [
        holder["team"]
        for holder in (
            one["metadata"]["labels"],
            spec["selector"]["matchLabels"],
            spec["template"]["metadata"]["labels"],
        )
    ]


@pytest.mark.parametrize(
    "change",
    [
        "labels: [{pairs: {team: one}, includeSelectors: true}, {pairs: {team: two}}]",
        "commonLabels: {team: one}\nreplacements: [{sourceValue: two, targets: [{select: {kind: "
        "Deployment}, fieldPaths: [metadata.labels.team]}]}]",
    ],
)
def test_a_label_set_in_many_places_changes_in_all_of_them(tmp_path: Path, change: str) -> None:
    assert labels(build(tmp_path, change)[0]) == ["two", "two", "two"]


def test_a_json_patch_parts_such_labels(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    build(tmp_path / "base", "commonLabels: {team: one}")
    (tmp_path / "kustomization.yaml").write_text(
        "resources: [base]\npatches:\n  - target: {kind: Deployment}\n    patch: |\n"
        "      - {op: replace, path: /metadata/labels/team, value: two}\n"
    )
    assert labels(render(tmp_path, ".").objects[0].data) == ["two", "one", "one"]


def test_a_source_that_is_a_target_too_is_read_again(tmp_path: Path) -> None:
    copy = (
        "replacements: [{source: {kind: ConfigMap}, targets: [{select: {kind: ConfigMap}, "
        "fieldPaths: [metadata.name, metadata.name], options: {delimiter: '-', index: 9}}]}]"
    )
    assert build(tmp_path, copy, CONFIG)[0]["metadata"]["name"] == "-".join(["conf"] * 4)


def test_a_delimiter_is_for_texts_only(tmp_path: Path) -> None:
    copy = (
        "replacements: [{sourceValue: x, targets: [{select: {kind: ConfigMap}, "
        "fieldPaths: [data], options: {delimiter: '-'}}]}]"
    )
    with pytest.raises(RenderError, match="only be used with scalar nodes"):
        build(tmp_path, copy, CONFIG)


def test_two_that_become_one_by_a_replacement_are_an_error(tmp_path: Path) -> None:
    copy = (
        "replacements: [{sourceValue: same, targets: [{select: {kind: ConfigMap}, "
        "fieldPaths: [metadata.name]}]}]"
    )
    two = f"{CONFIG}---\n{CONFIG.replace('conf', 'other')}"
    with pytest.raises(RenderError, match="already registered id"):
        build(tmp_path, copy, two)


def test_an_option_turns_the_nulls_among_a_patchs_annotations_into_text(tmp_path: Path) -> None:
    patch = (
        "patches: [{patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: conf, annotations: "
        "{gone: null}}}', options: {allowKindChange: true}}]"
    )
    assert build(tmp_path, patch, CONFIG)[0]["metadata"]["annotations"] == {"gone": "null"}


@pytest.mark.parametrize(
    ("fields", "manifest", "named"),
    [
        (
            "replacements: [{source: {kind: ConfigMap, fieldPath: data.a}, targets: [{select: "
            "{kind: ConfigMap}, fieldPaths: [data.b], options: {create: true}}]}]",
            CONFIG.replace("x", "0644"),
            "a replacement with 0644",
        ),
        (
            "replacements: [{sourceValue: '12', targets: [{select: {kind: ConfigMap}, "
            "fieldPaths: [metadata.name]}]}]",
            CONFIG,
            "the name '12'",
        ),
        (
            "replacements: [{sourceValue: '', targets: [{select: {kind: ConfigMap}, "
            "fieldPaths: [data.b], options: {create: true}}]}]",
            CONFIG,
            "creates an empty field",
        ),
        (
            "configMapGenerator: [{name: conf, behavior: merge, literals: [b=c]}]",
            CONFIG.replace("x", "null"),
            "merging into data",
        ),
    ],
)
def test_what_only_the_written_form_could_tell_is_refused(
    tmp_path: Path, fields: str, manifest: str, named: str
) -> None:
    with pytest.raises(RefusedFeatureError, match=named):
        build(tmp_path, fields, manifest)
