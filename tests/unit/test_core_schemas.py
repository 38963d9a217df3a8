"""Schemas of Kubernetes' own kinds: found beside us, never imported, never taken for another's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from storyrunner.gitops.core_schemas import CoreSchemas
from storyrunner.gitops.schema_sources import Gvk
from storyrunner.gitops.schemas import SchemaStore, SchemaVerdict

REF = "/api/_definitions.json#/$defs/"


def folder(tmp_path: Path, release: str = "v1.30.0") -> Path:
    """A small package folder: a Deployment with definitions, one of which contains itself."""
    inside = tmp_path / f"{release}-local-strict"
    inside.mkdir(parents=True)
    (inside / "deployment-apps-v1.json").write_text(
        json.dumps(
            {
                "$id": "https://example.org/deployment",
                "description": release,
                "type": "object",
                "required": ["spec"],
                "additionalProperties": False,
                "properties": {
                    "apiVersion": {"type": "string"},
                    "kind": {"type": "string"},
                    "metadata": {"type": "object"},
                    "spec": {"$ref": f"{REF}Spec", "description": "the spec"},
                },
                "x-kubernetes-group-version-kind": [
                    {"group": "apps", "version": "v1", "kind": "Deployment"}
                ],
            }
        )
    )
    definitions: dict[str, Any] = {
        "Spec": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {
                "replicas": {"type": ["integer", "null"]},
                "port": {"$ref": "#/$defs/IntOrString"},
                "description": {"type": "string"},
                "inner": {"$ref": "#/$defs/Spec"},
            },
        },
        "IntOrString": {"oneOf": [{"type": ["string", "null"]}, {"type": ["integer", "null"]}]},
    }
    (inside / "_definitions.json").write_text(json.dumps({"$defs": definitions}))
    return tmp_path


def judge(tmp_path: Path, spec: Any, api_version: str = "apps/v1") -> SchemaVerdict:
    store = SchemaStore(CoreSchemas(folder(tmp_path)))
    return store.validate(
        {"apiVersion": api_version, "kind": "Deployment", "metadata": {}, "spec": spec}
    )


def test_an_unknown_field_is_refused_with_the_nearest_known_name(tmp_path: Path) -> None:
    verdict = judge(tmp_path, {"replicaz": 1})
    assert verdict.source == "kubernetes-validate v1.30.0"
    [violation] = verdict.violations
    assert violation.field == ("spec", "replicaz")
    assert "replicas" in violation.hint


def test_a_field_called_description_is_still_a_field(tmp_path: Path) -> None:
    assert judge(tmp_path, {"description": "x"}).ok


@pytest.mark.parametrize(("port", "ok"), [(80, True), ("http", True), (None, True), ([], False)])
def test_a_number_or_a_text_may_be_either_or_null(tmp_path: Path, port: Any, ok: bool) -> None:
    assert judge(tmp_path, {"port": port}).ok is ok


def test_a_definition_that_contains_itself_is_open_from_there_on(tmp_path: Path) -> None:
    assert judge(tmp_path, {"inner": {"inner": {"anything": 1}}}).ok


def test_another_group_with_the_same_first_word_is_not_judged(tmp_path: Path) -> None:
    assert not judge(tmp_path, {}, "apps.example.org/v1").judged


def test_the_newest_release_counts(tmp_path: Path) -> None:
    folder(tmp_path, "v1.9.0")
    found = CoreSchemas(folder(tmp_path, "v1.31.0")).find(Gvk("apps", "v1", "Deployment"))
    assert found is not None
    assert found.origin == "kubernetes-validate v1.31.0"


def test_without_the_package_nothing_is_known(tmp_path: Path) -> None:
    assert CoreSchemas(tmp_path / "nothing").find(Gvk("apps", "v1", "Deployment")) is None


def test_a_broken_file_is_named_and_judges_nothing(tmp_path: Path) -> None:
    broken = folder(tmp_path) / "v1.30.0-local-strict" / "deployment-apps-v1.json"
    broken.write_text("{")
    verdict = SchemaStore(CoreSchemas(tmp_path)).validate(
        {"apiVersion": "apps/v1", "kind": "Deployment"}
    )
    assert not verdict.judged
    assert "cannot be read" in verdict.reason
