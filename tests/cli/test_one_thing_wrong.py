"""Each single thing wrong in a finished repository turns the check red, named with its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.repositories import (
    APPS,
    CERTIFICATE,
    FOLDER,
    GLUE,
    INFRA,
    ISSUERS,
    KS,
    LIST,
    RULE,
    SECRET,
    SECURITY,
    replace,
)


@dataclass(frozen=True)
class Wrong:
    """A change, where it must be blamed (a text of that line), and which criteria it costs."""

    name: str
    path: str
    old: str
    new: str
    line: str
    criteria: tuple[str, ...]
    blamed: str = ""


WRONGS = [
    Wrong(
        "store name", SECRET, "name: onepassword", "name: one-password", "one-password", ("AC2",)
    ),
    Wrong(
        "secret property",
        SECRET,
        "property: credential",
        "property: password",
        "password",
        ("AC2",),
    ),
    Wrong(
        "secret key",
        SECRET,
        "secretKey: api-token",
        "secretKey: token",
        "secretKey: token",
        ("AC2",),
    ),
    Wrong(
        "issuer name",
        ISSUERS,
        "metadata:\n  name: letsencrypt-production",
        "metadata:\n  name: letsencrypt-prod",
        "path: ./",
        ("AC1",),
        KS,
    ),
    Wrong(
        "issuer reference",
        CERTIFICATE,
        "name: letsencrypt-production",
        "name: letsencrypt-staging",
        "letsencrypt-staging",
        ("AC3",),
    ),
    Wrong(
        "ACME server",
        ISSUERS,
        "https://acme-v02.api.letsencrypt.org/directory",
        "https://acme-staging-v02.api.letsencrypt.org/directory",
        "acme-staging-v02",
        ("AC1",),
    ),
    Wrong("dnsZones misspelt", ISSUERS, "dnsZones:", "dnsZone:", "dnsZone:", ("AC1", "AC7")),
    Wrong(
        "alert renamed",
        RULE,
        "alert: CertificateNotReady",
        "alert: CertNotReady",
        "- name: cert-manager",
        ("AC4",),
    ),
    Wrong(
        "expression that does not parse",
        RULE,
        'absent(up{job="cert-manager"})',
        'absent(up{job="cert-manager")',
        "absent(up",
        ("AC4",),
    ),
    Wrong(
        "dependsOn that names nothing",
        KS,
        "name: external-secrets",
        "name: external-secret",
        "external-secret",
        ("AC5",),
    ),
    Wrong(
        "ks path that does not exist", KS, f"./{FOLDER}", f"./{FOLDER}s", "path: ./", ("AC5", "AC7")
    ),
    Wrong(
        "resource file misspelt",
        GLUE,
        "- clusterissuers.yaml",
        "- clusterissuer.yaml",
        "clusterissuer.yaml",
        ("AC5", "AC7"),
    ),
    Wrong(
        "hard-coded e-mail",
        ISSUERS,
        "email: ${LETSENCRYPT_EMAIL}",
        "email: admin@infra.demo.example",
        "admin@infra",
        ("AC1",),
    ),
    Wrong(
        "undefined variable",
        CERTIFICATE,
        '"${SECRET_DOMAIN}"',
        '"${SECRET_DOMAN}"',
        "SECRET_DOMAN",
        ("AC3", "AC7"),
    ),
    Wrong(
        "key removed in one cluster",
        APPS,
        "  LETSENCRYPT_EMAIL:",
        "  LETSENCRYPT_MAIL:",
        "data:",
        ("AC6",),
    ),
    Wrong(
        "key empty in one cluster",
        INFRA,
        'SECRET_DOMAIN: "infra.demo.example"',
        'SECRET_DOMAIN: ""',
        "SECRET_DOMAIN",
        ("AC6",),
    ),
    Wrong("list entry removed", LIST, "  - cert-manager/ks.yaml\n", "", "resources", ("AC5",)),
    Wrong(
        "wrong apiVersion",
        SECRET,
        "external-secrets.io/v1\n",
        "external-secrets.io/v1beta1\n",
        "v1beta1",
        ("AC2", "AC7"),
    ),
    Wrong("not YAML", RULE, "spec:\n", "spec: [\n", "metadata", ("AC4", "AC7"), ""),
    Wrong(
        "issuers suspended",
        KS,
        "  prune: true",
        "  suspend: true\n  prune: true",
        "suspend",
        ("AC5",),
    ),
    Wrong(
        "cluster's Kustomization suspended",
        "kubernetes/clusters/apps/infrastructure.yaml",
        "  path: ./kubernetes/infrastructure\n",
        "  path: ./kubernetes/infrastructure\n  suspend: true\n",
        "suspend",
        ("AC5",),
    ),
    Wrong(
        "release commented out",
        "bootstrap/helmfile.d/01-core.yaml.gotmpl",
        "  - name: cert-manager\n    namespace: cert-manager\n",
        "  # - name: cert-manager\n  #   namespace: cert-manager\n",
        "# - name: cert-manager",
        (),
    ),
]


@pytest.mark.parametrize("wrong", WRONGS, ids=lambda wrong: wrong.name)
def test_it_turns_the_check_red_with_file_and_line(run: Run, finished: Path, wrong: Wrong) -> None:
    replace(finished, wrong.path, wrong.old, wrong.new)
    report = _check(run, finished)
    blamed = wrong.blamed or wrong.path
    lines = (finished / blamed).read_text(encoding="utf-8").splitlines()
    errors = _errors(report)
    hits = [place for place, _ in errors if place["path"] == blamed]
    assert hits, errors
    if wrong.name != "not YAML":
        assert any(wrong.line in lines[place["line"] - 1] for place in hits), errors
    red = {item["criterion"] for item in report["criteria"] if item["status"] != "passed"}
    assert red >= set(wrong.criteria), red


def test_the_whole_security_kustomization_removed_is_red(run: Run, finished: Path) -> None:
    (finished / LIST).unlink()
    report = _check(run, finished)
    errors = _errors(report)
    assert any(place["path"] == LIST for place, _ in errors)
    texts = " ".join(message for _, message in errors)
    assert "through Kustomization cert-manager-issuers" in texts
    assert "AC5" in {item["criterion"] for item in report["criteria"] if item["status"] != "passed"}


def test_only_one_task_or_criterion_can_be_checked(run: Run, finished: Path) -> None:
    replace(finished, SECRET, "property: credential", "property: password")
    assert run("--check", "-C", finished, "--only", "AC1").code == 0
    assert run("--check", "-C", finished, "--only", "AC2").code == 1
    assert run("--check", "-C", finished, "--only", "T6").code == 0
    unknown = run("--check", "-C", finished, "--only", "AC9")
    assert unknown.code == 2
    assert "AC9" in unknown.err


def test_a_broken_build_is_reported_by_the_first_step_that_needs_it(
    run: Run, finished: Path
) -> None:
    replace(finished, GLUE, "- clusterissuers.yaml", "- clusterissuer.yaml")
    whole = _check(run, finished)
    assert "see T4.3" in next(
        item["reason"]
        for item in whole["results"]  # type: ignore[attr-defined]
        if item["step"] == "T4.9"
    )
    ran = run("--check", "-C", finished, "--only", "AC1", "--format", "json")
    assert ran.code == 1
    assert [place["path"] for place, _ in _errors(json.loads(ran.out))] == [GLUE]


def test_a_foreign_manifest_that_is_wrong_changes_no_verdict(run: Run, finished: Path) -> None:
    store = f"{SECURITY}/external-secrets/clustersecretstore.yaml"
    replace(finished, store, "connectHost", "conectHost")
    ran = run("--check", "-C", finished, "--format", "json")
    assert ran.code == 0
    warnings = [
        item
        for result in json.loads(ran.out)["results"]
        for item in result["findings"]
        if item["severity"] == "warning" and item["place"]["path"] == store
    ]
    assert warnings
    assert "connectHost" in warnings[0]["hint"]


def _check(run: Callable[..., object], folder: Path) -> dict[str, object]:
    ran = run("--check", "-C", folder, "--format", "json")
    assert ran.code == 1, ran.out  # type: ignore[attr-defined]
    return json.loads(ran.out)  # type: ignore[attr-defined, no-any-return]


def _errors(report: dict[str, object]) -> list[tuple[dict[str, object], str]]:
    return [
        (item["place"], item["message"])
        for result in report["results"]  # type: ignore[attr-defined]
        for item in result["findings"]
        if item["severity"] == "error"
    ]
