"""The record of proofs: written for others, shown as it stands, proven again by someone else."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from storyrunner import __version__
from storyrunner.model.decision import SignAnswer
from storyrunner.workspace import state_folder
from tests.cli.conftest import Ran, Run
from tests.engine.small import Script, make_small, opened
from tests.support.repositories import (
    CERTIFICATE,
    FOLDER,
    INFRA,
    STORY,
    copy_repository,
    fingerprint,
    git,
    init,
    replace,
)

NAME = "cert-manager-issuers"
DIR = ".storyrunner/evidence"
EMBEDDED = ("--engine", "embedded")


@pytest.fixture
def recorded(run: Run, finished: Path) -> Path:
    """A finished repository with a committed record of its proofs."""
    ran = run("--check", "-C", finished, *EMBEDDED, "--evidence-dir", DIR)
    assert ran.code == 0, ran.out
    git(finished, "add", "-A")
    git(finished, "commit", "-q", "-m", "evidence")
    return finished


def record_of(root: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((root / DIR / f"{NAME}.json").read_text())
    return document


def differences(ran: Ran) -> set[tuple[str, str]]:
    return {(one["what"], one["where"]) for one in json.loads(ran.out)["differences"]}


# --- the record -----------------------------------------------------------------------------------


def test_a_proof_says_what_was_checked_how_and_on_what(recorded: Path) -> None:
    document = record_of(recorded)
    assert document["schema"] == "storyrunner/evidence/v1"
    proofs = {proof["step"]: proof for proof in document["proofs"]}
    proof = proofs["T4.9"]
    first = proof["evidence"][0]
    assert first["what"] == "13 facts of infra, through cert-manager-issuers"
    assert first["matched"] == "4 objects, 13 facts"
    assert first["rung"] == {
        "job": "render",
        "engine": "embedded",
        "version": __version__,
        "stepped_over": [],
    }
    files = document["files"][proof["inputs"]["files"]]
    assert len(files[CERTIFICATE.replace("wildcard-certificate", "clusterissuers")]) == 64
    others = proof["inputs"]["others"]
    assert {"/story", "/runbook", "/names"} <= others.keys()
    assert "/settings/infra/cluster-infra-infrastructure" in others
    assert document["parameters"]["infra.email"] == "admin@infra.demo.example"
    assert len(proof["made"]["commit"]) == 40
    assert proof["made"]["storyrunner"] == __version__
    assert proof["made"]["dirty"] == []
    assert proofs["T2.1"]["inputs"]["files"] != proof["inputs"]["files"]


def test_records_fit_the_published_schema(recorded: Path, checkout: Path) -> None:
    schema = json.loads((checkout / "docs" / "reference" / "evidence.schema.json").read_text())
    own = json.loads((state_folder(recorded) / "evidence" / f"{NAME}.json").read_text())
    for document in (record_of(recorded), own):
        assert list(jsonschema_rs.validator_for(schema).iter_errors(document)) == []
        assert document["proofs"]
    document["proofs"][0]["status"] = "green"
    assert list(jsonschema_rs.validator_for(schema).iter_errors(document))


def test_every_path_of_a_record_is_relative_and_the_machine_is_not_in_it(recorded: Path) -> None:
    text = (recorded / DIR / f"{NAME}.json").read_text()
    assert str(recorded) not in text
    assert str(Path.home()) not in text
    assert all(proof["terms"] is None for proof in record_of(recorded)["proofs"])
    own = json.loads((state_folder(recorded) / "evidence" / f"{NAME}.json").read_text())
    assert any(proof["terms"] for proof in own["proofs"])
    assert str(recorded) not in json.dumps(own)


def test_what_was_started_stands_in_the_record_word_for_word_without_paths_of_the_machine(
    run: Run, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    built = tmp_path / "built.yaml"
    built.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: built}\n")
    (tools / "kustomize").write_text(
        f"#!/bin/sh\n[ $1 = build ] && exec cat {built}\necho v5.4.3\n"
    )
    (tools / "kustomize").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    run("--check", "-C", finished, "--evidence-dir", DIR, "--engine", "kustomize")
    proofs = {proof["step"]: proof for proof in record_of(finished)["proofs"]}
    wanted = "kustomize build --load-restrictor=LoadRestrictionsNone --reorder=none " + FOLDER
    assert proofs["T4.2"]["ran"] == [wanted]
    assert any(line.startswith("kustomize build") for line in proofs["T4.3"]["ran"])
    assert proofs["T2.1"]["ran"] == []
    everything = json.dumps(record_of(finished))
    assert str(tmp_path) not in everything
    assert tempfile.gettempdir() not in everything


def test_the_whole_output_of_a_step_stands_beside_the_record(recorded: Path) -> None:
    proof = next(one for one in record_of(recorded)["proofs"] if one["step"] == "T4.3")
    log = (recorded / DIR / proof["log"]).read_text()
    assert log.startswith("$ flux build kustomization cluster-infra-infrastructure")
    assert "ClusterIssuer/letsencrypt-production" in log


def test_the_output_of_proofs_that_still_hold_goes_along_into_the_repository(
    run: Run, finished: Path
) -> None:
    run("--check", "-C", finished, *EMBEDDED)
    run("--check", "-C", finished, *EMBEDDED, "--evidence-dir", DIR)
    named = {proof["log"] for proof in record_of(finished)["proofs"] if proof["log"]}
    assert f"{NAME}/T4.3.log" in named
    assert all((finished / DIR / name).is_file() for name in named)


def test_the_same_proofs_on_another_machine_make_the_same_files_but_for_times(
    recorded: Path, run: Run, tmp_path: Path
) -> None:
    other = copy_repository(recorded, tmp_path / "elsewhere" / "clone")
    assert run("--check", "-C", other, *EMBEDDED, "--evidence-dir", DIR).code == 0

    def timeless(root: Path) -> list[Any]:
        return [
            (one["step"], one["status"], one["inputs"], one["commands"])
            for one in record_of(root)["proofs"]
        ]

    assert timeless(recorded) == timeless(other)
    assert record_of(recorded)["files"] == record_of(other)["files"]


def test_only_the_evidence_folder_is_written_and_its_files_disturb_no_proof(
    run: Run, finished: Path
) -> None:
    args = ("--check", "-C", finished, *EMBEDDED, "--evidence-dir", DIR, "--format", "json")
    run(*args)
    changed = git(finished, "status", "--porcelain", "-uall").split("\n")
    assert all(line[3:].startswith(DIR) for line in changed if line)
    assert json.loads(run(*args).out)["reused"] == 33


@pytest.mark.parametrize("folder", ["/tmp", "..", ".", "../elsewhere", ".git/evidence", "out/x"])
def test_a_record_goes_nowhere_but_into_a_folder_of_the_repository(
    folder: str, run: Run, finished: Path, tmp_path: Path
) -> None:
    (tmp_path / "away").mkdir()
    (finished / "out").symlink_to(tmp_path / "away")
    ran = run("--check", "-C", finished, *EMBEDDED, "--evidence-dir", folder)
    assert ran.code == 2, ran.err
    assert not list((tmp_path / "away").iterdir())


def test_a_committed_record_proves_nothing_by_itself(
    recorded: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A stranger's record may say anything: a check neither reads nor believes it."""
    monkeypatch.setenv("STORYRUNNER_STATE_DIR", str(tmp_path / "new"))
    args = ("--check", "-C", recorded, *EMBEDDED, "--evidence-dir", DIR, "--format", "json")
    assert json.loads(run(*args).out)["reused"] == 0


# --- evidence -------------------------------------------------------------------------------------


def test_nothing_recorded_is_said_and_is_2(run: Run, finished: Path) -> None:
    for command in ("evidence", "verify"):
        ran = run(command, "-C", finished)
        assert ran.code == 2
        assert "no proof of cert-manager-issuers is recorded here" in ran.err
        assert "--check" in ran.err


def test_evidence_for_a_pull_request_names_criteria_proofs_rungs_and_times(
    recorded: Path, run: Run
) -> None:
    ran = run("evidence", "-C", recorded, *EMBEDDED)
    assert ran.code == 0
    assert "7 of 7 criteria proven." in ran.out
    row = next(line for line in ran.out.splitlines() if line.startswith("| AC3 "))
    assert "✓ proven | T2.3, T4.11 | embedded" in row
    assert "| T4.11 |" in ran.out
    assert f"- storyrunner {__version__}" in ran.out
    assert "- commit " in ran.out
    widths = {line.count(" | ") for line in ran.out.splitlines() if line.startswith("| T4.")}
    assert widths == {6}


def test_evidence_shows_as_stale_what_has_changed_since(recorded: Path, run: Run) -> None:
    replace(recorded, INFRA, "data:\n", "data:\n  # a remark\n")
    out = run("evidence", "-C", recorded, *EMBEDDED).out
    assert "0 of 7 criteria proven, 7 stale." in out
    assert "◌ stale" in next(line for line in out.splitlines() if line.startswith("| AC3 "))
    assert f"stale: {INFRA} changed" in out.replace("\\", "")
    document = json.loads(run("evidence", "-C", recorded, *EMBEDDED, "--format", "json").out)
    assert document["standing"]["steps"]["T1.5"] == "stale"
    assert document["standing"]["steps"]["T1.6"] == "passed"
    assert document["record"]["schema"] == "storyrunner/evidence/v1"
    git(recorded, "checkout", "-q", ".")
    assert "7 of 7 criteria proven." in run("evidence", "-C", recorded, *EMBEDDED).out


def test_evidence_of_a_stranger_cannot_break_out_of_its_table(recorded: Path, run: Run) -> None:
    path = recorded / DIR / f"{NAME}.json"
    document = record_of(recorded)
    document["proofs"][0]["title"] = "a | b\n# <script>\x1b[31m"
    document.pop("seal")
    path.write_text(json.dumps(document))
    assert run("evidence", "-C", recorded, "--evidence-dir", DIR).code == 2  # the seal is broken
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    document["seal"] = hashlib.sha256(text.encode()).hexdigest()
    path.write_text(json.dumps(document))
    ran = run("evidence", "-C", recorded, "--evidence-dir", DIR)
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert "<script>" not in ran.out
    assert "\n# &lt;" not in ran.out


def test_evidence_says_who_signed_what_when_why_and_at_which_commit(
    tmp_path: Path, run: Run
) -> None:
    small = make_small(tmp_path / "small")
    shutil.rmtree(small / ".git")
    init(small)
    with opened(small, Script(signs=SignAnswer("Ada | Eve", "I looked"))) as session:
        asyncio.run(session.run())
    args = ("evidence", "-C", small, "--runbook", small / "runbook.yaml")
    out = run(*args).out
    commit = git(small, "rev-parse", "HEAD").strip()
    row = next(line for line in out.splitlines() if line.startswith("| T5.1 | Is it good?"))
    assert "Ada \\| Eve" in row
    assert f"I looked | `{commit[:12]}` | ✓ proven |" in row
    (small / "apps" / "small.yaml").write_text("kind: Other\n")
    out = run(*args).out
    row = next(line for line in out.splitlines() if line.startswith("| T5.1 | Is it good?"))
    assert row.endswith("| ◌ stale |")
    document = json.loads(run(*args, "--format", "json").out)
    assert document["signoffs"]["T5.1"]["commit"] == commit


def test_a_record_that_cannot_be_written_where_it_is_wanted_is_said_after_the_report(
    run: Run, finished: Path
) -> None:
    (finished / ".storyrunner").mkdir()
    (finished / DIR).write_text("in the way")
    ran = run("--check", "-C", finished, *EMBEDDED, "--evidence-dir", DIR)
    assert ran.code == 3
    assert "7/7 proven" in ran.out
    assert "the evidence cannot be written to" in ran.err
    assert (finished / DIR).read_text() == "in the way"


def test_list_shows_what_was_proven_and_what_is_stale_without_a_check(
    run: Run, finished: Path
) -> None:
    assert "PROVEN" not in run("list", "-C", finished).out
    run("--check", "-C", finished, "--engine", "auto")
    assert "7/7" in run("list", "-C", finished).out
    replace(finished, INFRA, "data:\n", "data:\n  # a remark\n")
    out = run("list", "-C", finished).out
    assert "stale" in out
    rows = json.loads(run("list", "-C", finished, "--format", "json").out)["stories"]
    proven = next(row["proven"] for row in rows if row["path"] == STORY)
    assert proven["stale"] > 0
    assert proven["exit_code"] is None


# --- verify ---------------------------------------------------------------------------------------


def test_a_record_verified_elsewhere_is_all_the_same(
    recorded: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(recorded), str(clone))
    monkeypatch.setenv("STORYRUNNER_STATE_DIR", str(tmp_path / "other"))
    before = fingerprint(clone)
    ran = run("verify", "-C", clone, "--evidence-dir", DIR, *EMBEDDED)
    assert (ran.code, ran.out) == (0, f"34 proofs of {NAME}: all the same\n"), ran.out
    assert fingerprint(clone) == before
    assert not (state_folder(clone) / "evidence").exists()


Change = Callable[[Path], None]
CHANGES: dict[str, tuple[Change, set[tuple[str, str]]]] = {
    "a file": (
        lambda root: replace(root, INFRA, "data:\n", "data:\n  # a remark\n"),
        {("input", INFRA), ("verdict", "T7.1")},
    ),
    "a verdict": (
        lambda root: replace(root, CERTIFICATE, "letsencrypt-production", "letsencrypt-staging"),
        {("input", CERTIFICATE), ("verdict", "T4.11"), ("criterion", "AC3"), ("verdict", "T7.1")},
    ),
    "a file that appears": (
        lambda root: (root / "more.txt").write_text("x") and None,
        {("input", "/names")},
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_verify_lists_every_difference(name: str, recorded: Path, run: Run) -> None:
    change, wanted = CHANGES[name]
    change(recorded)
    ran = run("verify", "-C", recorded, "--evidence-dir", DIR, *EMBEDDED, "--format", "json")
    assert ran.code == 1
    assert wanted <= differences(ran)
    inputs = {where for what, where in differences(ran) if what == "input"}
    assert inputs == {where for what, where in wanted if what == "input"}


def test_another_engine_is_a_difference_of_rungs_and_tools(
    recorded: Path, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "flux").write_text("#!/bin/sh\necho 'flux version 2.0.0'\n")
    (tools / "flux").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    ran = run("verify", "-C", recorded, "--evidence-dir", DIR, *EMBEDDED, "--format", "json")
    assert ("tool", "flux") in differences(ran)


def test_verify_believes_no_verdict_of_the_record(recorded: Path, run: Run) -> None:
    """A record that claims a broken repository to be proven, hashes and seal and all."""
    replace(recorded, CERTIFICATE, "letsencrypt-production", "letsencrypt-staging")
    ran = run("verify", "-C", recorded, "--evidence-dir", DIR, *EMBEDDED)
    assert ran.code == 1
    assert "verdict T4.11: recorded passed, now failed" in ran.out
