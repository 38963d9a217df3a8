"""Promises of the schemas: strict, with the field and the nearest word, and as the real ones are.

Tests with the `shared` fixture take the published schemas beside the checkout as the judge.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from storyrunner.errors import UsageError
from storyrunner.gitops.schema_sources import (
    CrdSchemas,
    Gvk,
    SchemaFolder,
    ShippedSchemas,
    gvk_of,
    shipped_kinds,
)
from storyrunner.gitops.schemas import SchemaStore, SchemaVerdict, Violation, schema_store

Steps = tuple[str | int, ...]
SAMPLES = Path(__file__).resolve().parents[1] / "data" / "schema_samples.yaml"
SHIPPED = SchemaStore(ShippedSchemas())


def samples() -> list[dict[str, Any]]:
    """Good objects; those of external-secrets twice, as their older version had the same fields."""
    found = list(yaml.safe_load_all(SAMPLES.read_text("utf-8")))
    older = [
        {**one, "apiVersion": "external-secrets.io/v1beta1"}
        for one in found
        if one["apiVersion"] == "external-secrets.io/v1"
    ]
    return [*found, *older]


def sample_id(one: dict[str, Any]) -> str:
    return f"{one['kind']}-{one['apiVersion'].replace('/', '-')}"


def issuer(**acme: Any) -> dict[str, Any]:
    spec = {"server": "https://acme.example.org", "privateKeySecretRef": {"name": "k"}, **acme}
    return {
        "apiVersion": "cert-manager.io/v1",
        "kind": "ClusterIssuer",
        "metadata": {"name": "x"},
        "spec": {"acme": spec},
    }


def the_one(verdict: SchemaVerdict) -> Violation:
    (violation,) = verdict.violations
    return violation


@pytest.mark.parametrize("one", samples(), ids=sample_id)
def test_every_good_sample_passes_the_shipped_schemas(one: dict[str, Any]) -> None:
    verdict = SHIPPED.validate(one)
    assert verdict.violations == ()
    assert verdict.ok
    assert verdict.source == "shipped"


def test_a_good_sample_stands_for_every_shipped_kind() -> None:
    assert {gvk_of(one) for one in samples()} == set(shipped_kinds())


def test_a_misspelt_field_is_unknown_with_the_nearest_known_name() -> None:
    one = issuer(solvers=[{"selector": {"dnsZone": ["example.org"]}}])
    violation = the_one(SHIPPED.validate(one))
    assert violation.rule == "unknown-field"
    assert violation.field == ("spec", "acme", "solvers", 0, "selector", "dnsZone")
    assert violation.field_text == "spec.acme.solvers[0].selector.dnsZone"
    assert violation.hint == 'did you mean "dnsZones"?'


def test_a_field_far_from_all_names_what_is_known_there() -> None:
    violation = the_one(SHIPPED.validate(issuer(zzz=1)))
    assert violation.hint.startswith("known here: email")


def test_each_unknown_field_is_a_violation_of_its_own() -> None:
    verdict = SHIPPED.validate({**issuer(), "sepc": 1, "staus": 2})
    assert [v.field for v in verdict.violations] == [("sepc",), ("staus",)]


@pytest.mark.parametrize(
    ("acme", "rule", "field", "expected", "hint"),
    [
        ({"email": 3}, "wrong-type", "spec.acme.email", "string", "quote it"),
        ({"email": None}, "wrong-type", "spec.acme.email", "string", ""),
        ({"solvers": {}}, "wrong-type", "spec.acme.solvers", "array", ""),
        ({"skipTLSVerify": "no"}, "wrong-type", "spec.acme.skipTLSVerify", "boolean", ""),
        (
            {"privateKeySecretRef": {}},
            "missing-field",
            "spec.acme.privateKeySecretRef.name",
            "name",
            "",
        ),
        (
            {"solvers": [{"dns01": {"cnameStrategy": "follow"}}]},
            "not-allowed",
            "spec.acme.solvers[0].dns01.cnameStrategy",
            '"None", "Follow"',
            'did you mean "Follow"?',
        ),
        (
            {"preferredChain": "x" * 65},
            "wrong-format",
            "spec.acme.preferredChain",
            "a text of at most 64 characters",
            "",
        ),
    ],
)
def test_a_violation_says_its_rule_field_and_what_was_expected(
    acme: dict[str, Any], rule: str, field: str, expected: str, hint: str
) -> None:
    violation = the_one(SHIPPED.validate(issuer(**acme)))
    assert (violation.rule, violation.field_text) == (rule, field)
    assert (violation.expected, violation.hint) == (expected, hint)
    assert violation.message


def test_fields_that_exclude_each_other_are_told() -> None:
    issuer_twice = {**issuer(), "spec": {**issuer()["spec"], "selfSigned": {}}}
    assert the_one(SHIPPED.validate(issuer_twice)).rule == "wrong-count"
    release = {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "x"},
        "spec": {"interval": "1m"},
    }
    missing = the_one(SHIPPED.validate(release))
    assert (missing.rule, missing.expected) == ("missing-field", "one of chart, chartRef")
    ref = {"kind": "OCIRepository", "name": "x"}
    chart = {"spec": {"chart": "x", "sourceRef": {"kind": "HelmRepository", "name": "x"}}}
    both = {**release, "spec": {"interval": "1m", "chartRef": ref, "chart": chart}}
    assert the_one(SHIPPED.validate(both)).rule == "not-allowed"


def test_a_label_that_yaml_reads_as_a_number_is_a_violation() -> None:
    one = {**issuer(), "metadata": {"name": "x", "labels": {"version": 1.1}, "annotations": None}}
    assert the_one(SHIPPED.validate(one)).field_text == "metadata.labels.version"


def test_the_helm_release_with_an_oci_source_reference_is_refused() -> None:
    one = next(s for s in samples() if s["kind"] == "HelmRelease")
    one["spec"]["chart"]["spec"]["sourceRef"]["kind"] = "OCIRepository"
    violation = the_one(SHIPPED.validate(one))
    assert violation.field_text == "spec.chart.spec.sourceRef.kind"
    assert violation.got == '"OCIRepository"'


def test_values_that_json_does_not_have_are_judged_and_never_raise() -> None:
    one = issuer(email=date(2026, 1, 2), solvers=({"selector": {"matchLabels": {1: "x"}}},))
    assert SHIPPED.validate(one).ok


@pytest.mark.parametrize(
    "one",
    [{}, {"kind": "Pod", "apiVersion": "v1"}, {"kind": 3}, {"apiVersion": "a/../b", "kind": "x"}],
)
def test_a_kind_with_no_schema_anywhere_is_not_judged_by_name(one: dict[str, Any]) -> None:
    verdict = schema_store().validate(one)
    assert not verdict.judged
    assert not verdict.ok
    assert "no schema for" in verdict.reason


# Sources


CRD: dict[str, Any] = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "things.example.org"},
    "spec": {
        "group": "example.org",
        "names": {"kind": "Thing", "plural": "things"},
        "versions": [
            {
                "name": "v1alpha1",
                "served": False,
                "schema": {"openAPIV3Schema": {"type": "object"}},
            },
            {
                "name": "v1",
                "served": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "required": ["spec"],
                        "properties": {
                            "spec": {
                                "type": "object",
                                "required": ["port", "mode", "size"],
                                "properties": {
                                    "port": {"x-kubernetes-int-or-string": True},
                                    "mode": {"type": "string", "default": "a", "enum": ["a"]},
                                    "size": {
                                        "type": "integer",
                                        "minimum": 0,
                                        "exclusiveMinimum": True,
                                    },
                                    "note": {"type": "string", "nullable": True},
                                    "free": {
                                        "type": "object",
                                        "x-kubernetes-preserve-unknown-fields": True,
                                        "properties": {"known": {"type": "string"}},
                                    },
                                    "labels": {
                                        "type": "object",
                                        "additionalProperties": {"type": "string"},
                                    },
                                    "items": {
                                        "type": "array",
                                        "items": {
                                            "type": "object",
                                            "properties": {"a": {}, "b": {}},
                                            "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
                                        },
                                    },
                                    "template": {
                                        "type": "object",
                                        "x-kubernetes-embedded-resource": True,
                                        "properties": {"spec": {"type": "object"}},
                                    },
                                },
                            }
                        },
                    }
                },
            },
        ],
    },
}


def thing(version: str = "v1", **spec: Any) -> dict[str, Any]:
    filled = {"port": "http", "size": 1, **spec}
    meta = {"name": "x"}
    return {
        "apiVersion": f"example.org/{version}",
        "kind": "Thing",
        "metadata": meta,
        "spec": filled,
    }


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"port": 80},
        {"note": None},
        {"free": {"anything": [1]}},
        {"labels": {"a": "b"}},
        {"items": [{"a": 1}, {"b": 2}]},
        {"template": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {}}},
    ],
    ids=str,
)
def test_a_crd_of_the_repository_accepts_what_the_api_server_accepts(spec: dict[str, Any]) -> None:
    verdict = schema_store(crds=[CRD]).validate(thing(**spec))
    assert verdict.violations == ()
    assert verdict.ok
    assert verdict.source == "CRD things.example.org"


@pytest.mark.parametrize(
    ("spec", "rule", "field"),
    [
        ({"prot": 1}, "unknown-field", "spec.prot"),
        ({"port": 1.5}, "wrong-type", "spec.port"),
        ({"mode": "b"}, "not-allowed", "spec.mode"),
        ({"size": 0}, "out-of-range", "spec.size"),
        ({"mode": None}, "wrong-type", "spec.mode"),
        ({"labels": {"a": 1}}, "wrong-type", "spec.labels.a"),
        ({"items": [{"c": 1, "a": 1}]}, "unknown-field", "spec.items[0].c"),
        ({"items": [{}]}, "missing-field", "spec.items[0]"),
        ({"template": {"zzz": 1}}, "unknown-field", "spec.template.zzz"),
    ],
)
def test_a_crd_of_the_repository_is_made_strict(
    spec: dict[str, Any], rule: str, field: str
) -> None:
    verdict = schema_store(crds=[CRD]).validate(thing(**spec))
    assert (rule, field) in [(v.rule, v.field_text) for v in verdict.violations]


def test_a_version_the_crd_does_not_serve_is_a_violation() -> None:
    for version in ("v1alpha1", "v2"):
        violation = the_one(schema_store(crds=[CRD]).validate(thing(version)))
        assert (violation.rule, violation.field, violation.expected) == (
            "not-served",
            ("apiVersion",),
            "v1",
        )


def test_a_crd_of_the_old_form_is_read() -> None:
    old = {
        "apiVersion": "apiextensions.k8s.io/v1beta1",
        "kind": "CustomResourceDefinition",
        "spec": {
            "group": "example.org",
            "version": "v1",
            "names": {"kind": "Thing"},
            "validation": {"openAPIV3Schema": {"properties": {"spec": {"type": "object"}}}},
        },
    }
    verdict = SchemaStore(CrdSchemas((old,))).validate({**thing(), "sepc": 1})
    assert the_one(verdict).rule == "unknown-field"


@pytest.mark.parametrize(
    "crd",
    [
        {"kind": "CustomResourceDefinition"},
        {"kind": "CustomResourceDefinition", "spec": {"group": 3, "names": []}},
        {"kind": "CustomResourceDefinition", "spec": {"versions": "x", "names": {"kind": "A"}}},
    ],
)
def test_a_malformed_crd_is_passed_over(crd: dict[str, Any]) -> None:
    assert not SchemaStore(CrdSchemas((crd,))).validate(thing()).judged


def test_a_crd_whose_schema_is_no_schema_leaves_its_kind_unjudged_with_the_reason() -> None:
    broken = json.loads(json.dumps(CRD))
    broken["spec"]["versions"][1]["schema"]["openAPIV3Schema"]["properties"]["spec"] = {
        "type": "tex"
    }
    verdict = schema_store(crds=[broken]).validate(thing())
    assert not verdict.judged
    assert "is not valid" in verdict.reason


def write_schema(path: Path, **properties: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"type": "object", "properties": properties}), "utf-8")


def test_a_schema_location_comes_before_crds_and_shipped_schemas(tmp_path: Path) -> None:
    write_schema(tmp_path / "example.org/thing_v1.json", spec={"type": "string"})
    write_schema(tmp_path / "cert-manager.io/clusterissuer_v1.json", spec={"type": "string"})
    store = schema_store([str(tmp_path)], [CRD])
    assert the_one(store.validate(thing())).rule == "wrong-type"
    assert store.validate(issuer()).source.endswith("clusterissuer_v1.json")
    assert store.validate(samples()[2]).source == "shipped"


@pytest.mark.parametrize(
    "location",
    [
        "{0}/own/{{{{ .Group }}}}-{{{{.ResourceKind}}}}.json",
        "file://{0}/own/example.org-{{{{.ResourceKind}}}}.json",
        "own/example.org-thing.json",
        "{0}/own/thing{{{{ .KindSuffix }}}}.json",
    ],
)
def test_a_location_is_a_kubeconform_template_a_file_url_or_a_path(
    location: str, tmp_path: Path
) -> None:
    write_schema(tmp_path / "own/example.org-thing.json", spec={"type": "string"})
    write_schema(tmp_path / "own/thing-example-v1.json", spec={"type": "string"})
    store = schema_store([location.format(tmp_path)], base=tmp_path)
    assert the_one(store.validate(thing())).field == ("spec",)


def test_a_plain_folder_also_has_the_layout_of_core_kinds(tmp_path: Path) -> None:
    write_schema(tmp_path / "master-standalone-strict/deployment-apps-v1.json", spec=False)
    one = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {}, "spec": {}}
    verdict = schema_store([tmp_path.as_uri()]).validate(one)
    assert the_one(verdict).field == ("spec",)


def test_a_kind_that_names_a_path_never_leaves_the_folder(tmp_path: Path) -> None:
    write_schema(tmp_path / "secret_v1.json")
    folder = SchemaFolder(str(tmp_path / "inner"))
    (tmp_path / "inner").mkdir()
    for gvk in (
        Gvk("..", "v1", "Secret"),
        Gvk("x", "v1", "../secret"),
        Gvk("a..b", "v1", "Secret"),
    ):
        assert folder.find(gvk) is None


def test_locations_that_mean_nothing_are_refused() -> None:
    with pytest.raises(UsageError):
        schema_store(["ftp://example.org"])
    with pytest.raises(UsageError, match="Grupp"):
        schema_store(["x/{{.Grupp}}.json"]).validate(thing())


@pytest.mark.parametrize("text", ["{", "[]", '{"type": "tex"}', '{"$ref": "http://example.org/x"}'])
def test_a_schema_file_that_is_no_use_leaves_its_kind_unjudged(text: str, tmp_path: Path) -> None:
    path = tmp_path / "example.org/thing_v1.json"
    path.parent.mkdir()
    path.write_text(text, "utf-8")
    verdict = schema_store([str(tmp_path)]).validate(thing())
    assert not verdict.judged
    assert str(path) in verdict.reason


def test_nothing_is_imported_until_the_first_schema_is_compiled() -> None:
    code = (
        "import sys; from storyrunner.gitops.schemas import schema_store; s = schema_store();"
        "s.validate({}); sys.exit('jsonschema_rs' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_shipped_schemas_hold_no_descriptions_and_close_every_object() -> None:
    for gvk in shipped_kinds():
        found = ShippedSchemas().find(gvk)
        assert found is not None
        assert found.schema is not None
        for path, node in nodes_of(found.schema):
            assert "description" not in node or isinstance(node["description"], dict), path
            if "properties" in node and isinstance(node.get("type"), str | list):
                assert node.get("additionalProperties") is False, (gvk, path)


def nodes_of(value: Any, path: Steps = ()) -> Iterator[tuple[Steps, dict[str, Any]]]:
    if isinstance(value, dict):
        yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for step, one in inner:
        if isinstance(one, dict | list):
            yield from nodes_of(one, (*path, step))


# The published schemas as the judge

LOOSER: dict[tuple[str, str], str] = {
    ("spec.provider.onboardbase", "apiHost"): "has a default",
    ("spec.provider.onboardbase", "environment"): "has a default",
    ("spec.provider.onboardbase", "project"): "has a default",
    ("spec.provider.vault.auth.appRole", "path"): "has a default",
    ("spec.provider.vault.auth.jwt", "path"): "has a default",
    ("spec.provider.vault.auth.kubernetes", "mountPath"): "has a default",
    ("spec.provider.vault.auth.ldap", "path"): "has a default",
    ("spec.provider.vault.auth.userPass", "path"): "has a default",
    ("spec.chart.spec.verify", "provider"): "has a default",
    ("spec.verify", "provider"): "has a default",
}
"""Fields the published schema requires and ours does not: the API server fills in the default
before it asks for them, so a manifest without them is accepted by the cluster."""

FREE_IN_OURS = ("status", "metadata")
"""`status` is written by controllers and free in ours; `metadata` is free in theirs."""


def known_fields(schema: dict[str, Any]) -> dict[Steps, dict[str, Any]]:
    """Every field path of a schema, `[]` for items and `*` for free keys, with its node."""
    found: dict[Steps, dict[str, Any]] = {}

    def visit(node: dict[str, Any], path: Steps) -> None:
        while "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
        found[path] = node
        for name, inner in node.get("properties", {}).items():
            visit(inner, (*path, name))
        for word, step in (("items", "[]"), ("additionalProperties", "*")):
            if isinstance(node.get(word), dict):
                visit(node[word], (*path, step))

    visit(schema, ())
    return {
        path: node for path, node in found.items() if path[:1] not in [(f,) for f in FREE_IN_OURS]
    }


def published(shared: Path) -> list[tuple[Gvk, dict[str, Any], dict[str, Any]]]:
    """Kind, our schema and the published one, for every kind that has both."""
    pairs = []
    for gvk in shipped_kinds():
        path = shared / "schemas" / gvk.group / f"{gvk.kind.lower()}_{gvk.version}.json"
        ours = ShippedSchemas().find(gvk)
        assert ours is not None
        if path.is_file():
            pairs.append((gvk, dict(ours.schema or {}), json.loads(path.read_text("utf-8"))))
    assert len(pairs) == len(shipped_kinds()) - 2, "only the two kustomize kinds have none"
    return pairs


def test_every_field_of_the_published_schemas_is_known_with_its_type(shared: Path) -> None:
    for gvk, ours, theirs in published(shared):
        mine, real = known_fields(ours), known_fields(theirs)
        assert set(mine) == set(real), gvk
        for path, node in real.items():
            own = mine[path]
            assert is_string_like(own, node) or own.get("type") == node.get("type"), (gvk, path)
            assert sorted(own.get("enum", [])) == sorted(node.get("enum", [])) or not path, (
                gvk,
                path,
            )
            for word in ("minLength", "maxLength", "minimum", "maximum"):
                assert own.get(word) == node.get(word), (gvk, path, word)


def is_string_like(own: dict[str, Any], node: dict[str, Any]) -> bool:
    return ("enum" in own or "const" in own) and node.get("type") == "string"


def test_required_fields_differ_only_as_listed(shared: Path) -> None:
    for gvk, ours, theirs in published(shared):
        mine, real = known_fields(ours), known_fields(theirs)
        for path, node in real.items():
            lacking = set(node.get("required", [])) - set(mine[path].get("required", []))
            text = ".".join(str(step) for step in path)
            assert all((text, name) in LOOSER for name in lacking), (gvk, path, lacking)
            for name in lacking:
                assert "default" in real[(*path, name)], (gvk, path, name)
            more = set(mine[path].get("required", [])) - set(node.get("required", []))
            assert more <= ({"apiVersion", "kind", "metadata"} if not path else set()), (gvk, path)


def objects_of(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob("*.yaml")):
        text = re.sub(r"\$\{[^}]*\}", "example", path.read_text("utf-8"))
        for one in yaml.safe_load_all(text):
            if isinstance(one, dict) and "kind" in one:
                yield one


def test_every_object_of_the_real_repository_gets_the_same_verdict(shared: Path) -> None:
    judge = SchemaStore(SchemaFolder(str(shared / "schemas")))
    seen, refused = 0, []
    for one in objects_of(shared / "corpus/repo-after/kubernetes"):
        if gvk_of(one) not in shipped_kinds():
            continue
        ours, theirs = SHIPPED.validate(one), judge.validate(one)
        if not theirs.judged:
            assert one["apiVersion"].startswith("kustomize.config.k8s.io/")
            assert ours.violations == ()
            continue
        seen += 1
        assert [v.field for v in ours.violations] == [v.field for v in theirs.violations]
        refused += [(one["kind"], v.field_text, v.rule) for v in ours.violations]
    assert seen >= 19
    assert refused == [("HelmRelease", "spec.chart.spec.sourceRef.kind", "not-allowed")] * 2


def test_what_the_published_schemas_refuse_ours_refuse_too(shared: Path) -> None:
    judge = SchemaStore(SchemaFolder(str(shared / "schemas")))
    count = 0
    for one in samples():
        if not judge.validate(one).judged:
            continue
        assert judge.validate(one).ok, judge.validate(one).violations
        for kind, path, spoilt in mutations(one):
            if judge.validate(spoilt).ok:
                continue
            count += 1
            ours = SHIPPED.validate(spoilt)
            parent = ".".join(str(step) for step in path[:-1])
            if kind == "drop" and (parent, path[-1]) in LOOSER:
                assert ours.ok
                continue
            assert ours.judged, (one["kind"], kind, path)
            assert ours.violations, (one["kind"], kind, path)
    assert count > 1000


def test_what_ours_refuse_beyond_the_published_is_listed(shared: Path) -> None:
    judge = SchemaStore(SchemaFolder(str(shared / "schemas")))
    beyond = set()
    for one in samples():
        for kind, path, spoilt in mutations(one):
            ours, theirs = SHIPPED.validate(spoilt), judge.validate(spoilt)
            if theirs.ok and not ours.ok:
                beyond.add((one["kind"], kind, path if path[0] != "metadata" else ("metadata",)))
    roots = {path[0] for _, kind, path in beyond if kind in ("drop", "unknown")}
    assert roots == {"metadata", "zzUnknown", "spec"}
    deeper = {(k, kind, path) for k, kind, path in beyond if path[0] == "spec" and kind != "type"}
    assert deeper == {
        ("HelmRelease", "drop", ("spec", "chart")),
        ("HelmRelease", "drop", ("spec", "chartRef")),
        ("ClusterIssuer", "drop", ("spec", "acme")),
        ("ClusterIssuer", "drop", ("spec", "vault")),
        ("Kustomization", "drop", ("spec", "kubeConfig", "secretRef")),
    }


@pytest.mark.parametrize("one", samples(), ids=sample_id)
def test_no_mutation_makes_a_verdict_raise_or_lose_its_words(one: dict[str, Any]) -> None:
    refused = 0
    for kind, path, spoilt in mutations(one):
        verdict = SHIPPED.validate(spoilt)
        for violation in verdict.violations:
            assert violation.message
            assert violation.rule != "not-valid", (kind, path, violation)
        refused += bool(verdict.violations)
    assert refused > 3


def mutations(one: dict[str, Any]) -> Iterator[tuple[str, Steps, dict[str, Any]]]:
    """Every spoiling of one object: its kind, the field, and the spoilt copy. Kinds: `drop` a
    field, `unknown` field added, `type` changed, `word` replaced by one nothing allows."""
    for path in list(paths_of(one)):
        value = value_at(one, path)
        if path in (("apiVersion",), ("kind",)):
            continue  # they choose the schema: spoilt, nothing is judged
        if path:
            other = {"a": "map"} if isinstance(value, str | int | list) else "a text"
            yield "drop", path, changed(one, path, drop=True)
            yield "type", path, changed(one, path, other)
        if isinstance(value, dict):
            yield "unknown", (*path, "zzUnknown"), changed(one, (*path, "zzUnknown"), "x")
        if isinstance(value, str):
            yield "word", path, changed(one, path, "No Such Wörd/")


def paths_of(value: Any, path: Steps = ()) -> Iterator[Steps]:
    yield path
    if isinstance(value, dict | list):
        for step, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths_of(inner, (*path, step))


def value_at(value: Any, path: Steps) -> Any:
    for step in path:
        value = value[step]
    return value


def changed(one: dict[str, Any], path: Steps, value: Any = None, *, drop: bool = False) -> Any:
    copied = json.loads(json.dumps(one))
    parent = value_at(copied, path[:-1])
    if drop:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return copied
