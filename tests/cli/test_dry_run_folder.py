"""A dry-run of a folder in which the story writes nothing: its manifests are what is judged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import Run

RUNBOOK = """\
name: folder
story: STORY-FOLDER
number: 91
title: A folder that is there
clusters:
  - name: one
    directory: clusters/one
    settings: clusters/one/vars.yaml
    kustomizations: clusters/one/ks.yaml
tasks:
  - id: T1
    title: Look
    steps:
      - {id: T1.1, kind: dry_run, title: It fits, folder: app, flux: app, through: app}
criteria:
  - {id: AC1, text: It fits, proved_by: [T1.1]}
"""
KUSTOMIZATION = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: flux-system}
spec: {path: ./app, sourceRef: {kind: GitRepository, name: flux-system}}
"""
ISSUER = """\
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: issuer}
spec: {acme: {EMAIL: a@example.org, server: https://example.org, privateKeySecretRef: {name: k}}}
"""
WIDGET = "---\napiVersion: acme.example.org/v1\nkind: Widget\nmetadata: {name: widget}\n"


def dry_run(run: Run, root: Path, manifest: str) -> dict[str, Any]:
    files = {
        ".git/HEAD": "ref: refs/heads/main\n",
        ".storyrunner/runbooks/folder.yaml": RUNBOOK,
        "clusters/one/ks.yaml": KUSTOMIZATION,
        "app/all.yaml": manifest,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    ran = run("--check", "folder", "--format", "json", "--engine", "embedded", "-C", root)
    [step] = json.loads(ran.out)["results"]
    return dict(step)


def test_its_manifests_fit(run: Run, tmp_path: Path) -> None:
    assert dry_run(run, tmp_path, ISSUER.replace("EMAIL", "email"))["status"] == "passed"


def test_an_unknown_field_in_it_fails_and_the_nearest_name_is_said(
    run: Run, tmp_path: Path
) -> None:
    step = dry_run(run, tmp_path, ISSUER.replace("EMAIL", "emial"))
    assert step["status"] == "failed"
    [finding] = step["findings"]
    assert (finding["severity"], finding["rule"]) == ("error", "unknown-field")
    assert finding["hint"] == 'did you mean "email"?'


def test_a_kind_without_a_schema_is_named(run: Run, tmp_path: Path) -> None:
    step = dry_run(run, tmp_path, ISSUER.replace("EMAIL", "email") + WIDGET)
    named = {(one["rule"], one["severity"]) for one in step["findings"]}
    assert named == {("unknown-kind", "warning"), ("not-judged", "warning")}
    assert all("Widget/widget" in one["message"] for one in step["findings"])
