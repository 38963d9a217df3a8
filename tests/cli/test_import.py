"""`storyrunner import`, and stories that are opened without a runbook."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from storyrunner.runbook.loader import load_runbook
from tests.cli.conftest import Run
from tests.support.repositories import commit_all, fingerprint, from_corpus, git, replace
from tests.support.stories import WEB as STORY
from tests.support.stories import WEB_STORY

SETTINGS = "kubernetes/clusters/infra/cluster-settings.yaml"


@pytest.fixture
def tree(demo: Path) -> Path:
    """The demo with a second story, which has no runbook."""
    (demo / STORY).write_text(WEB_STORY, encoding="utf-8")
    commit_all(demo, "a second story")
    return demo


def test_the_runbook_is_printed_and_loads(run: Run, tree: Path, tmp_path: Path) -> None:
    before = fingerprint(tree)
    ran = run("import", "APP-WEB", "-C", tree)
    assert ran.code == 0
    assert fingerprint(tree) == before
    file = tmp_path / "web.yaml"
    file.write_text(ran.out, encoding="utf-8")
    runbook = load_runbook(file)
    assert (runbook.story, runbook.number) == ("STORY-APP-WEB", 31)
    assert "# story line" in ran.out
    assert "from docs/stories/STORY-APP-WEB.md" in ran.out


def test_a_file_is_written_once_and_never_overwritten_in_silence(run: Run, tree: Path) -> None:
    file = tree / ".storyrunner/runbooks/web.yaml"
    assert "written:" in run("import", "31", "-o", file, "-C", tree).err
    text = file.read_text(encoding="utf-8")
    assert "says this already" in run("import", "31", "-o", file, "-C", tree).err
    file.write_text(text + "# mine\n", encoding="utf-8")
    refused = run("import", "31", "-o", file, "-C", tree)
    assert refused.code == 2
    assert "left as it is" in refused.err
    assert file.read_text(encoding="utf-8") == text + "# mine\n"
    replaced = run("import", "31", "-o", file, "--replace", "-C", tree)
    assert (replaced.code, "replaced:" in replaced.err) == (0, True)
    assert file.read_text(encoding="utf-8") == text


def test_a_place_that_cannot_be_written_is_an_error_with_its_name(run: Run, tree: Path) -> None:
    ran = run("import", "31", "-o", tree / STORY / "x.yaml", "-C", tree)
    assert ran.code == 2
    assert "cannot write" in ran.err


def test_a_story_without_a_runbook_is_checked_from_its_text(run: Run, tree: Path) -> None:
    before = fingerprint(tree)
    ran = run("--check", "APP-WEB", "--engine", "embedded", "-C", tree)
    assert ran.code == 1
    assert fingerprint(tree) == before
    assert "kubernetes/apps/web/map.yaml does not exist" in ran.out
    assert "T1.1   proven" in ran.out
    assert "grep" in ran.out
    assert "any of the alternatives" in ran.out or "corrected-command" in ran.out


def test_it_is_run_from_its_text_to_the_commit(run: Run, tree: Path) -> None:
    ran = run("run", "APP-WEB", "--yes", "--engine", "embedded", "-C", tree)
    assert ran.code == 0, ran.out
    assert git(tree, "log", "-1", "--format=%s") == "feat(apps): add web for ${SECRET_DOMAIN}\n"
    written = (tree / "kubernetes/apps/web/map.yaml").read_text(encoding="utf-8")
    assert written == (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: web\ndata:\n"
        '  HOST: "web.${SECRET_DOMAIN}"\n'
    )
    story = (tree / STORY).read_text(encoding="utf-8")
    assert "- [x] Settings are there:" in story
    assert "- [x] Create `kubernetes/apps/web/map.yaml`:" in story
    assert "- [ ] Commit and push:" in story, "it was not pushed"
    again = run("--check", "APP-WEB", "--engine", "embedded", "-C", tree)
    assert again.code == 0, again.out


def test_a_story_with_a_runbook_keeps_it(run: Run, tree: Path) -> None:
    file = tree / ".storyrunner/runbooks/web.yaml"
    run("import", "31", "-o", file, "-C", tree)
    replace(tree, ".storyrunner/runbooks/web.yaml", "title: Create Map", "title: Mine")
    assert "T2  Mine" in run("--check", "APP-WEB", "-C", tree).out
    assert "has a runbook already" in run("import", "31", "-C", tree).err
    assert run("--check", "06", "-C", tree).out.count("T4.14") > 0, "the shipped one runs story 06"


def test_without_a_name_the_story_with_a_runbook_is_meant(run: Run, tree: Path) -> None:
    assert "06 " in run("--check", "-C", tree).out.splitlines()[0]


def test_the_doctor_offers_the_steps_that_the_text_gives(run: Run, tree: Path) -> None:
    replace(tree, STORY, "grep -E 'SECRET_DOMAIN|CLUSTER'", "kubectl --dry-run=client -f")
    ran = run("doctor", "APP-WEB", "-C", tree)
    assert ran.code == 1
    assert "kubectl" in ran.out


def test_a_story_that_is_not_there_is_a_usage_error(run: Run, tree: Path) -> None:
    assert run("import", "NONE", "-C", tree).code == 2


# --- the reference stories -----------------------------------------------------------------------

CNPG = "docs/stories/STORY-DB-CNPG-OPERATOR.md"
FOLDER = "kubernetes/infrastructure/databases/cloudnative-pg/operator"


def _with(shared: Path, tree: Path, name: str) -> Path:
    root = from_corpus(shared / "corpus" / "repo-after", tree)
    (root / "docs/stories").mkdir(parents=True)
    shutil.copyfile(shared / "corpus/stories" / f"{name}.md", root / f"docs/stories/{name}.md")
    commit_all(root, "the story")
    return root


def _report(run: Run, *args: object) -> dict[str, Any]:
    ran = run(*args, "--engine", "embedded", "--format", "json")
    report: dict[str, Any] = json.loads(ran.out)
    return {**report, "code": ran.code}


@pytest.mark.shared
@pytest.mark.parametrize(
    "name",
    [
        "STORY-BOOT-CORE",
        "STORY-DB-CNPG-OPERATOR",
        "STORY-NET-CILIUM-CORE-GITOPS",
        "STORY-SEC-CERT-MANAGER-ISSUERS",
        "STORY-TENANCY-BASELINE",
        "STORY-VALIDATE-STORAGE-OBSERVABILITY",
    ],
)
def test_every_reference_story_opens_and_gives_a_report(
    run: Run, shared: Path, tmp_path: Path, name: str
) -> None:
    root = _with(shared, tmp_path / "repo", name)
    made = run("import", name, "-C", root)
    assert made.code == 0, made.err
    before = fingerprint(root)
    report = _report(run, "--check", name, "-C", root)
    assert report["code"] in (0, 1, 4), "the shipped runbook runs story 06, and it is finished here"
    assert len(report["criteria"]) >= 6
    assert fingerprint(root) == before


@pytest.mark.shared
def test_the_second_story_runs_from_its_text_to_its_commit_draft(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    root = _with(shared, tmp_path / "repo", "STORY-DB-CNPG-OPERATOR")
    report = _report(run, "run", "DB-CNPG-OPERATOR", "--yes", "-C", root)
    results = {one["step"]: one for one in report["results"]}
    titles = {one["step"]: one for one in report["results"] if one["status"] == "failed"}
    # Everything it creates is written and merged; the commit is drafted, and left to a person.
    written = [f"T{number}.1" for number in range(2, 9)] + ["T10.1", "T11.1"]
    assert {name: results[name]["status"] for name in written} == dict.fromkeys(written, "passed")
    commit = results["T12.1"]
    assert (commit["status"], git(root, "rev-list", "--count", "HEAD")) == ("pending", "2\n")
    assert commit["reason"].startswith("drafted, not committed: ")
    assert {*titles, "T9.8"} <= set(commit["reason"].partition(" not proven: ")[2].split(", "))
    settings = (root / SETTINGS).read_text(encoding="utf-8")
    assert 'CNPG_OPERATOR_VERSION: "0.26.1"' in settings
    assert 'CNPG_OPERATOR_REPLICAS: "2"' in settings
    crds = (root / "bootstrap/helmfile.d/00-crds.yaml").read_text(encoding="utf-8")
    assert crds.count('version: "0.26.1"  # Aligned') + crds.count('version: "0.26.1"\n') == 1
    # What it depends on exists nowhere, and what it writes breaks the other cluster.
    said = {one["step"]: [f["message"] for f in one["findings"]] for one in titles.values()}
    depends = [
        step for step, lines in said.items() if "infrastructure-repositories-oci" in lines[0]
    ]
    assert len(depends) == 1
    assert "names infrastructure-repositories-oci, which does not exist" in said[depends[0]][0]
    other = [step for step, lines in said.items() if "not defined for cluster apps" in lines[0]]
    assert len(other) == 1
    assert set(titles) == {*depends, *other}
    verdicts = {one["criterion"]: one["status"] for one in report["criteria"]}
    assert verdicts.pop("AC6") == "failed"
    assert set(verdicts.values()) == {"needs_human"}
    # What is manual says why, where it is shown.
    manual = [one for one in results.values() if one["status"] == "needs_human"]
    assert len(manual) == 8
    assert all("Not automatic: " in one["reason"] for one in manual)
    # Nothing was approved, so nothing was run.
    refused = [name for name, one in results.items() if one["status"] == "refused"]
    assert refused == ["T9.8"]
    assert report["code"] == 4


@pytest.mark.shared
def test_what_is_manual_of_the_second_story_says_why(
    run: Run, shared: Path, tmp_path: Path
) -> None:
    root = _with(shared, tmp_path / "repo", "STORY-DB-CNPG-OPERATOR")
    file = tmp_path / "cnpg.yaml"
    run("import", "DB-CNPG-OPERATOR", "-o", file, "-C", root)
    runbook = load_runbook(file)
    signed = [step for step in runbook.steps() if step.kind == "confirm"]
    assert len(signed) == 8
    assert all(step.why.startswith("Not automatic: ") for step in signed)
    assert len(runbook.deferred) == 48
    assert not any("kubectl" in getattr(step, "run", "") for step in runbook.steps())
