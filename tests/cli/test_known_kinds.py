"""The dry-run learns kinds and schemas from CRDs in the repository and from exports of kubectl."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import Run
from tests.support.crds import CRD
from tests.support.repositories import FOLDER

POOL = "kubernetes/infrastructure/networking/pools/pool.yaml"
SECURITY = "kubernetes/infrastructure/security/external-secrets/namespace.yaml"
GADGET = """\
---
apiVersion: acme.example.org/v1
kind: Gadget
metadata:
  name: gadget
  namespace: default
spec:
  size: big
"""


def dry_run(run: Run, root: Path, *more: str) -> dict[str, Any]:
    """The result of the dry-run step."""
    args = ["--check", "--format", "json", "--only", "T4.1", "--engine", "embedded", "-C", root]
    report = json.loads(run(*args, *more).out)
    [step] = [one for one in report["results"] if one["step"] == "T4.1"]
    return dict(step)


def about(step: dict[str, Any], rule: str) -> list[str]:
    return [one["message"] for one in step["findings"] if one["rule"] == rule]


def with_gadget(root: Path) -> Path:
    file = root / SECURITY
    file.write_text(file.read_text() + GADGET)
    return root


def test_a_kind_without_a_known_crd_is_named(run: Run, finished: Path) -> None:
    assert about(dry_run(run, finished), "unknown-kind") == []
    step = dry_run(run, with_gadget(finished))
    [text] = about(step, "unknown-kind")
    assert text.startswith("Gadget of acme.example.org/v1 has no known CRD: not judged: Gadget/")
    [finding] = [one for one in step["findings"] if one["rule"] == "unknown-kind"]
    assert (finding["severity"], finding["place"]["path"]) == ("note", SECURITY)
    assert "--schema-location" in finding["hint"]
    assert any("Gadget" in one["excerpt"] for one in step["evidence"])


def test_a_crd_anywhere_in_the_repository_makes_its_kind_known_and_judges(
    run: Run, finished: Path
) -> None:
    (finished / "crds").mkdir()
    (finished / "crds" / "gadgets.yaml").write_text(json.dumps(CRD))
    step = dry_run(run, with_gadget(finished))
    assert about(step, "unknown-kind") == []
    messages = about(step, "wrong-type")
    assert len(messages) >= 1
    assert all("Gadget/default/gadget" in text for text in messages)
    assert any("CRDs" in one["rung"]["engine"] for one in step["evidence"])


def test_an_export_of_kubectl_does_the_same(run: Run, finished: Path, tmp_path: Path) -> None:
    export = tmp_path / "crds.yaml"
    export.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [CRD]}))
    step = dry_run(run, with_gadget(finished), "--schema-location", str(export))
    assert about(step, "unknown-kind") == []
    assert about(step, "wrong-type")


def test_a_repository_crd_judges_the_storys_own_kinds_too(run: Run, finished: Path) -> None:
    names = {"kind": "ClusterIssuer", "plural": "clusterissuers"}
    spec = {**CRD["spec"], "group": "cert-manager.io", "names": names, "scope": "Cluster"}
    own = {**CRD, "metadata": {"name": "clusterissuers.cert-manager.io"}, "spec": spec}
    (finished / "crds.yaml").write_text(json.dumps(own))
    step = dry_run(run, finished)
    assert step["status"] == "failed"
    assert any("acme" in text for text in about(step, "unknown-field"))


def test_an_owned_kind_that_no_schema_judges_is_named(run: Run, finished: Path) -> None:
    file = finished / FOLDER / "prometheusrule.yaml"
    file.write_text(file.read_text() + GADGET)
    step = dry_run(run, finished)
    assert any("Gadget/default/gadget is not judged" in text for text in about(step, "not-judged"))
    [finding] = [one for one in step["findings"] if one["rule"] == "unknown-kind"]
    assert finding["severity"] == "warning"
