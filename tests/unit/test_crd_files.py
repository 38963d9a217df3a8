"""CRDs in files: a repository's, exports of kubectl, and what the store and the API learn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from storyrunner.errors import ManifestError
from storyrunner.gitops.crd_files import find_crds, read_crds
from storyrunner.gitops.offline_api import facts_of_crd
from storyrunner.gitops.schemas import schema_store
from tests.support.crds import CRD

GADGET = {
    "apiVersion": "acme.example.org/v1",
    "kind": "Gadget",
    "metadata": {"name": "g"},
    "spec": {"size": "big"},
}


def other(name: str) -> dict[str, Any]:
    return {**CRD, "metadata": {"name": name}}


def test_definitions_are_found_anywhere_below_the_repository(tmp_path: Path) -> None:
    (tmp_path / "b" / "deep").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    (tmp_path / "a.yaml").write_text("kind: ConfigMap\n---\n" + json.dumps(CRD))
    (tmp_path / "b" / "deep" / "many.yml").write_text(
        json.dumps({"apiVersion": "v1", "kind": "List", "items": [other("x"), other("y")]})
    )
    (tmp_path / ".git" / "c.yaml").write_text(json.dumps(other("hidden")))
    (tmp_path / "values.txt").write_text(json.dumps(other("text")))
    names = [one["metadata"]["name"] for one in find_crds(tmp_path)]
    assert names == ["gadgets.acme.example.org", "x", "y"]


def test_a_template_that_is_no_yaml_holds_none_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("{{- if .x }}\nkind: CustomResourceDefinition\n{{- end }}\n")
    (tmp_path / "b.yaml").write_text(json.dumps(CRD))
    assert len(find_crds(tmp_path)) == 1


@pytest.mark.parametrize("kind", ["List", "CustomResourceDefinitionList"])
@pytest.mark.parametrize("name", ["export.yaml", "export.json"])
def test_an_export_of_kubectl_is_a_source_of_schemas_and_of_kinds(
    tmp_path: Path, kind: str, name: str
) -> None:
    item = CRD if kind == "List" else {key: CRD[key] for key in ("metadata", "spec")}
    version = "v1" if kind == "List" else CRD["apiVersion"]
    export = {"apiVersion": version, "kind": kind, "items": [item]}
    (tmp_path / name).write_text(json.dumps(export, indent=2))
    store = schema_store([name], base=tmp_path)
    verdict = store.validate(GADGET)
    assert verdict.source == "CRD gadgets.acme.example.org"
    assert [one.field for one in verdict.violations] == [("spec", "size")]
    [fact] = [fact for crd in store.crds for fact in facts_of_crd(crd)]
    assert (fact.kind, fact.plural) == ("Gadget", "gadgets")


def test_an_export_that_is_not_yaml_is_an_error_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "export.yaml").write_text("kind: CustomResourceDefinition\n  a: [\n")
    with pytest.raises(ManifestError) as caught:
        schema_store(["export.yaml"], base=tmp_path)
    assert caught.value.place is not None
    assert caught.value.place.path == "export.yaml"


def test_later_found_definitions_come_after_given_ones_and_before_shipped_ones() -> None:
    store = schema_store()
    assert store.with_crds([]) is store
    assert not store.validate(GADGET).judged
    assert store.with_crds([CRD]).validate(GADGET).violations
    issuer: dict[str, Any] = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "ClusterIssuer",
        "metadata": {"name": "x"},
        "spec": {"selfSigned": {}},
    }
    assert store.with_crds([CRD]).validate(issuer).source == "shipped"
    names = {"kind": "ClusterIssuer", "plural": "clusterissuers"}
    spec = {**CRD["spec"], "group": "cert-manager.io", "names": names}
    own = {**CRD, "metadata": {"name": "own"}, "spec": spec}
    assert store.with_crds([own]).validate(issuer).source == "CRD own"
    assert schema_store(crds=[CRD]).with_crds([own]).crds == (CRD, own)


def test_what_is_no_definition_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("- CustomResourceDefinition\n---\nkind: Thing\nitems: [1]\n")
    assert read_crds(path, "a.yaml") == ()
