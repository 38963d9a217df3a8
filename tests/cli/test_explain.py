"""`storyrunner explain` on the finished demo repository."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run

ISSUERS = "kubernetes/infrastructure/security/cert-manager/clusterissuers.yaml"


def line_of(root: Path, path: str, text: str, after: str = "") -> int:
    """The 1-based number of the first line that holds `text`, after the one that holds `after`."""
    lines = (root / path).read_text().splitlines()
    start = next((i for i, line in enumerate(lines) if after in line), 0)
    return next(i for i, line in enumerate(lines, 1) if i > start and text in line)


def test_a_field_is_explained_for_every_cluster(run: Run, finished: Path) -> None:
    ran = run("explain", "ClusterIssuer/letsencrypt-production", ".spec.acme.email", "-C", finished)
    assert ran.code == 0
    line = line_of(finished, ISSUERS, "email:", after="name: letsencrypt-production")
    for cluster in ("infra", "apps"):
        settings = f"kubernetes/clusters/{cluster}/cluster-settings.yaml"
        defined = line_of(finished, settings, "LETSENCRYPT_EMAIL")
        assert f"{cluster}, through flux-system/cert-manager-issuers" in ran.out
        assert f".spec.acme.email  admin@{cluster}.demo.example" in ran.out
        assert f"${{LETSENCRYPT_EMAIL}}  {settings}:{defined}:" in ran.out
    assert ran.out.count(f"set in {ISSUERS}:{line}:12") == 2


def test_without_a_field_all_leaves_are_listed(run: Run, finished: Path) -> None:
    ran = run("explain", "Certificate/wildcard-tls", "-C", finished, "--cluster", "apps")
    assert ran.code == 0
    assert "wildcard-tls  infra," not in ran.out
    for field in (".apiVersion", ".spec.dnsNames[0]", ".spec.dnsNames[1]", ".metadata.name"):
        assert f"\n  {field}  " in ran.out
    assert "(added by Flux)" in ran.out


def test_json_is_versioned_and_holds_places_and_variables(run: Run, finished: Path) -> None:
    ran = run(
        *("explain", "certificate/kube-system/wildcard-tls", "spec.dnsNames[1]"),
        *("-C", finished, "--cluster", "infra", "--format", "json"),
    )
    assert ran.code == 0
    document = json.loads(ran.out)
    assert document["schema"] == "storyrunner/explain/v1"
    [found] = document["found"]
    assert (found["cluster"], found["owner"]) == ("infra", "flux-system/cert-manager-issuers")
    [field] = found["fields"]
    assert field["path"] == ["spec", "dnsNames", 1]
    assert field["exact"] is True
    assert field["value"].endswith("infra.demo.example")
    [variable] = field["variables"]
    assert variable["name"] == "SECRET_DOMAIN"
    assert variable["defined"]["path"] == "kubernetes/clusters/infra/cluster-settings.yaml"


def test_an_unknown_object_ends_with_1_and_the_nearest_names(run: Run, finished: Path) -> None:
    ran = run("explain", "ClusterIssuer/letsencrypt-prod", "-C", finished)
    assert (ran.code, ran.out) == (1, "")
    assert "no ClusterIssuer/letsencrypt-prod" in ran.err
    assert "ClusterIssuer/letsencrypt-production" in ran.err


def test_an_unknown_field_ends_with_1_and_the_nearest_fields(run: Run, finished: Path) -> None:
    ran = run("explain", "ClusterIssuer/letsencrypt-staging", ".spec.acme.emial", "-C", finished)
    assert ran.code == 1
    assert ".spec.acme.email" in ran.err


def test_what_is_no_object_and_an_unknown_cluster_are_errors_of_usage(
    run: Run, finished: Path
) -> None:
    assert run("explain", "letsencrypt", "-C", finished).code == 2
    ran = run("explain", "ClusterIssuer/x", "-C", finished, "--cluster", "infro")
    assert ran.code == 2
    assert "infra" in ran.err


def test_a_flux_kustomization_of_the_clusters_own_files_is_explained_too(
    run: Run, finished: Path
) -> None:
    ran = run("explain", "Kustomization/cilium", ".spec.path", "-C", finished, "--cluster", "infra")
    assert ran.code == 0
    assert "from the cluster's own files" in ran.out
    assert "set in kubernetes/clusters/infra/infrastructure.yaml:" in ran.out


def test_explaining_changes_nothing(run: Run, finished: Path) -> None:
    def state() -> dict[str, tuple[int, int]]:
        files = (path for path in finished.rglob("*") if ".git" not in path.parts)
        return {str(p): (p.stat().st_mtime_ns, p.stat().st_ino) for p in files}

    before = state()
    assert run("explain", "ClusterIssuer/letsencrypt-staging", "-C", finished).code == 0
    assert run("vars", "-C", finished).code == 0
    assert state() == before
