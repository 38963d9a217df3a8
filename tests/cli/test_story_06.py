"""The main job from end to end, on the demo repository and on the real one of the corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.repositories import (
    FOLDER,
    SECURITY,
    STORY,
    commit_all,
    fingerprint,
    from_corpus,
    git,
)

SIX = {
    f"{FOLDER}/{name}"
    for name in (
        "clusterissuers.yaml",
        "externalsecret-cloudflare.yaml",
        "wildcard-certificate.yaml",
        "prometheusrule.yaml",
        "kustomization.yaml",
        "ks.yaml",
    )
}
TWELVE = SIX | {
    f"{SECURITY}/kustomization.yaml",
    "kubernetes/clusters/infra/cluster-settings.yaml",
    "kubernetes/clusters/apps/cluster-settings.yaml",
    "kubernetes/clusters/infra/infrastructure.yaml",
    "kubernetes/clusters/apps/infrastructure.yaml",
    STORY,
}


def findings(out: str) -> dict[str, list[tuple[str, int, str, str]]]:
    """Step -> (path, line, severity, message) of a JSON report."""
    report = json.loads(out)
    return {
        result["step"]: [
            (item["place"]["path"], item["place"]["line"], item["severity"], item["message"])
            for item in result["findings"]
        ]
        for result in report["results"]
    }


def test_the_demo_without_a_terminal_finishes_the_story(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    ran = run("demo", folder)
    assert ran.code == 0, ran.out
    assert "7/7 proven" in ran.out
    names = git(folder, "show", "--name-only", "--format=", "HEAD").split()
    assert set(names) == TWELVE
    assert git(folder, "status", "--porcelain") == ""
    assert git(folder, "rev-list", "--count", "origin/main..main").strip() == "1"


def test_a_finished_story_checks_green_and_twice_the_same(run: Run, finished: Path) -> None:
    first = run("--check", "-C", finished, "--format", "json")
    second = run("--check", "-C", finished, "--format", "json")
    assert (first.code, second.code) == (0, 0)
    verdicts = [item["status"] for item in json.loads(first.out)["criteria"]]
    assert verdicts == ["passed"] * 7
    assert _without_times(first.out) == _without_times(second.out)


def _without_times(out: str) -> object:
    """A report without what tells when its proofs were made."""
    report = json.loads(out)
    report["reused"] = 0
    for result in report["results"]:
        result["seconds"] = 0
        result["reused"] = False
        for item in result["evidence"]:
            item["at"] = ""
    return report


def test_check_changes_not_one_byte(run: Run, demo: Path) -> None:
    before = fingerprint(demo)
    assert run("--check", "-C", demo).code == 1
    assert fingerprint(demo) == before


def test_the_message_keeps_the_variable_literal(finished: Path) -> None:
    message = git(finished, "log", "-1", "--format=%B")
    assert message.startswith("feat(security): ")
    assert "*.${SECRET_DOMAIN}" in message


def test_ticks_change_only_the_boxes(finished: Path) -> None:
    diff = git(finished, "diff", "-U0", "HEAD~1", "--", STORY)
    lines = [line for line in diff.splitlines() if not line.startswith(("--- ", "+++ "))]
    removed = [line[1:] for line in lines if line.startswith("-")]
    added = [line[1:] for line in lines if line.startswith("+")]
    assert len(removed) > 20
    assert [line.replace("[ ]", "[x]", 1) for line in removed] == added
    text = (finished / STORY).read_text(encoding="utf-8")
    assert "- [ ] Commit and push:" in text
    assert "- [x] Manifests committed to git" in text


def test_push_ticks_the_last_box(run: Run, demo: Path, tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    git(demo, "init", "-q", "--bare", str(remote))
    git(demo, "remote", "set-url", "origin", str(remote))
    ran = run("run", "--yes", "--push", "-C", demo)
    assert ran.code == 0, ran.out
    assert git(remote, "rev-parse", "main") == git(demo, "rev-parse", "main")
    assert "- [x] Commit and push:" in (demo / STORY).read_text(encoding="utf-8")


def test_without_push_nothing_is_pushed(run: Run, demo: Path) -> None:
    before = git(demo, "ls-remote", "origin")
    assert run("run", "--yes", "-C", demo).code == 0
    assert git(demo, "ls-remote", "origin") == before


def test_a_file_that_differs_is_kept_by_yes(run: Run, demo: Path) -> None:
    file = demo / FOLDER / "wildcard-certificate.yaml"
    file.parent.mkdir(parents=True)
    text = (
        "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata:\n  name: wildcard-tls\n"
        "  namespace: kube-system\nspec:\n  secretName: wildcard-tls\n  issuerRef:\n"
        "    name: letsencrypt-production\n    kind: ClusterIssuer\n  dnsNames:\n"
        '    - "${SECRET_DOMAIN}"\n    - "*.${SECRET_DOMAIN}" # mine\n'
    )
    file.write_text(text)
    ran = run("run", "--yes", "-C", demo)
    assert ran.code == 1, "T4.6 asks for the story's order of the names"
    assert file.read_text() == text


def test_settings_values_can_be_given_per_cluster(run: Run, demo: Path) -> None:
    given = (
        "--set",
        "infra.email=tls@infra.example.org",
        "--set",
        "apps.email=tls@apps.example.org",
    )
    assert run("run", "--yes", "-C", demo, *given).code == 0
    settings = (demo / "kubernetes/clusters/apps/cluster-settings.yaml").read_text()
    assert 'LETSENCRYPT_EMAIL: "tls@apps.example.org"' in settings


@pytest.mark.shared
def test_the_real_repository_before_names_everything_that_is_missing(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    repository = from_corpus(shared / "corpus" / "repo-before", tmp_path / "before")
    before = fingerprint(repository)
    ran = run("--check", "-C", repository, "--format", "json")
    assert ran.code == 1
    assert fingerprint(repository) == before
    found = findings(ran.out)
    for step, cluster in (("T1.5", "infra"), ("T1.6", "apps")):
        path, line, severity, message = found[step][0]
        assert (path, line) == (f"kubernetes/clusters/{cluster}/cluster-settings.yaml", 9)
        assert severity == "error"
        assert "LETSENCRYPT_EMAIL" in message
    assert found["T1.2"][0][0] == "bootstrap/helmfile.d/00-crds.yaml"
    assert found["T1.2"][0][2] == "warning"
    assert all("external-secrets" in item[0] for item in found["T1.4"])
    missing = {item[0] for step in found for item in found[step] if item[2] == "error"}
    assert missing >= SIX | {f"{SECURITY}/kustomization.yaml"}
    for step, cluster in (("T5.3", "infra"), ("T5.4", "apps")):
        assert found[step][0][0] == f"kubernetes/clusters/{cluster}/infrastructure.yaml"
        assert f"cluster-{cluster}-infrastructure" in found[step][0][3]


@pytest.mark.shared
def test_the_real_repository_is_walked_to_a_commit_of_twelve_files(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    repository = from_corpus(shared / "corpus" / "repo-before", tmp_path / "before")
    after = shared / "corpus" / "repo-after" / SECURITY / "external-secrets"
    from_corpus_folder(after, repository / SECURITY / "external-secrets")
    commit_all(repository, "External Secrets")
    ran = run("run", "--yes", "-C", repository)
    assert ran.code == 0, ran.out
    assert set(git(repository, "show", "--name-only", "--format=", "HEAD").split()) == TWELVE
    assert run("--check", "-C", repository).code == 0


def from_corpus_folder(source: Path, target: Path) -> None:
    """Copy a read-only folder of the corpus, writable."""
    target.mkdir(parents=True)
    for path in source.iterdir():
        (target / path.name).write_bytes(path.read_bytes())


@pytest.mark.shared
def test_the_real_implementation_is_accepted_with_notes(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    repository = from_corpus(shared / "corpus" / "repo-after", tmp_path / "after")
    ran = run("--check", "cert-manager-issuers", "-C", repository, "--format", "json")
    assert ran.code == 0, ran.out
    notes = [item for items in findings(ran.out).values() for item in items if item[2] == "note"]
    text = "\n".join(message for _, _, _, message in notes)
    assert "renewBefore" in text
    assert "360h" in text
    assert "spec.wait is false" in text
    assert "healthChecks" in text
