"""Story 06 with the real tools: every engine finishes it, and says that it did."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from storyrunner.cli import main
from storyrunner.gitops.documents import parse_documents
from storyrunner.gitops.embedded import EmbeddedEngine
from storyrunner.gitops.flux_build import FluxBuilder
from storyrunner.gitops.substitution import substitute_object
from storyrunner.model.cluster import Cluster
from storyrunner.model.command import Command
from storyrunner.model.rung import Job, Rung
from storyrunner.tools.process import OsRunner
from tests.support.repositories import FOLDER, from_corpus, git, start_demo

OWNER = "kustomize.toolkit.fluxcd.io/"
INFRA = Cluster(
    name="infra",
    directory="kubernetes/clusters/infra",
    settings="kubernetes/clusters/infra/cluster-settings.yaml",
    kustomizations="kubernetes/clusters/infra/infrastructure.yaml",
)


@pytest.fixture
def with_tools(tools_bin: Path, real_flux: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pinned tools go before everything else on the PATH."""
    assert real_flux.parent == tools_bin
    monkeypatch.setenv("PATH", f"{tools_bin}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("engine", "renders"),
    [("flux", "flux"), ("kustomize", "kustomize"), ("embedded", "embedded"), ("auto", "flux")],
)
def test_every_engine_finishes_the_story_and_is_named(
    engine: str,
    renders: str,
    with_tools: None,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = start_demo(tmp_path / "demo")
    assert main(["run", "--yes", "--engine", engine, "-C", str(folder)]) == 0
    capfd.readouterr()
    assert main(["--check", "--engine", engine, "--format", "json", "-C", str(folder)]) == 0
    report = json.loads(capfd.readouterr().out)
    assert [item["status"] for item in report["criteria"]] == ["passed"] * 7
    builds = [item for item in report["results"] if item["step"] in ("T4.3", "T4.4")]
    assert {item["evidence"][0]["rung"]["engine"] for item in builds} == {renders}
    dry_run = next(item for item in report["results"] if item["step"] == "T4.1")
    used_kubectl = any(item["exit_code"] == 0 for item in dry_run["evidence"])
    assert used_kubectl is (engine != "embedded")
    assert git(folder, "status", "--porcelain") == ""


@pytest.mark.parametrize("flavour", ["mikefarah", "kislyuk"])
def test_both_programs_called_yq_answer_the_queries(
    flavour: str,
    real_yq: Path,
    real_kislyuk_yq: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    folder = start_demo(tmp_path / "demo")
    first = tmp_path / "first"
    first.mkdir()
    (first / "yq").symlink_to(real_yq if flavour == "mikefarah" else real_kislyuk_yq)
    monkeypatch.setenv("PATH", f"{first}{os.pathsep}{os.environ['PATH']}")
    assert main(["run", "--yes", "-C", str(folder)]) == 0
    capfd.readouterr()
    assert main(["--check", "--only", "T4.6", "--format", "json", "-C", str(folder)]) == 0
    report = json.loads(capfd.readouterr().out)
    engines = {item["rung"]["engine"] for item in report["results"][0]["evidence"]}
    assert f"yq ({flavour})" in engines


@pytest.mark.shared
def test_kubectl_kustomize_substituted_by_hand_is_our_build(
    shared: Path, real_kubectl: Path, tmp_path: Path
) -> None:
    tree = from_corpus(shared / "corpus" / "repo-after", tmp_path / "after")
    build = asyncio.run(
        FluxBuilder(tree, EmbeddedEngine(), Rung(Job.RENDER, "embedded")).build(
            INFRA, "cluster-infra-infrastructure"
        )
    )
    ours = [_without_owner(one.data) for one in build.through("flux-system/cert-manager-issuers")]
    command = Command((str(real_kubectl), "kustomize", FOLDER), tree)
    outcome = asyncio.run(OsRunner().run(command))
    assert outcome.ok, outcome.stderr_text
    settings = parse_documents((tree / INFRA.settings).read_bytes(), INFRA.settings)[0].value
    theirs = [
        substitute_object(document.value, settings["data"], strict=True)
        for document in parse_documents(outcome.stdout, "kubectl")
    ]
    assert len(ours) == 5
    assert sorted(ours, key=_ident) == sorted(theirs, key=_ident)


def _ident(one: dict[str, object]) -> str:
    metadata = one["metadata"]
    assert isinstance(metadata, dict)
    return f"{one['kind']}/{metadata['name']}"


def _without_owner(data: object) -> dict[str, object]:
    copied = json.loads(json.dumps(data))
    labels = copied["metadata"].get("labels", {})
    kept = {key: value for key, value in labels.items() if not key.startswith(OWNER)}
    assert len(labels) - len(kept) == 2, "the two owner labels of Flux"
    if kept:
        copied["metadata"]["labels"] = kept
    else:
        del copied["metadata"]["labels"]
    return dict(copied)
