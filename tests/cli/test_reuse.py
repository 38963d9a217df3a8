"""Proofs of earlier runs: used again only while everything they rest on is what it was."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storyrunner.workspace import state_folder
from tests.cli.conftest import Ran, Run
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
    STORY,
    fingerprint,
    git,
    replace,
)

NAME = "cert-manager-issuers"
ALL = 33
"""Steps of story 06 whose proofs can be used again: all but the commit."""


def report_of(ran: Ran) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ran.out)
    return document


def verdicts(report: dict[str, Any]) -> dict[str, Any]:
    """All that a run decides, without what tells when and how it was decided."""
    return {
        "exit_code": report["exit_code"],
        "next": report["next_action"],
        "criteria": report["criteria"],
        "results": [
            {key: item[key] for key in ("step", "status", "reason", "findings")}
            | {"proofs": [(one["what"], one["rung"], one["matched"]) for one in item["evidence"]]}
            for item in report["results"]
        ],
    }


def assert_same(one: dict[str, Any], other: dict[str, Any], told: object = "") -> None:
    """Two reports decide the same; the first step that they do not agree on is shown."""
    left, right = verdicts(one), verdicts(other)
    for mine, theirs in zip(left.pop("results"), right.pop("results"), strict=True):
        assert mine == theirs, told
    assert left == right, told


def reused(report: dict[str, Any]) -> set[str]:
    return {item["step"] for item in report["results"] if item["reused"]}


@pytest.fixture
def check(run: Run, finished: Path) -> Callable[..., dict[str, Any]]:
    def _check(*args: str) -> dict[str, Any]:
        engine = () if "--engine" in args else ("--engine", "embedded")
        return report_of(run("--check", "-C", finished, "--format", "json", *engine, *args))

    return _check


Check = Callable[..., dict[str, Any]]


# --- using again ----------------------------------------------------------------------------------


def test_a_second_check_runs_only_what_cannot_be_known_and_counts_the_rest(check: Check) -> None:
    first, second = check(), check()
    assert first["reused"] == 0
    assert second["reused"] == ALL
    assert {item["step"] for item in second["results"]} - reused(second) == {"T7.1"}
    assert_same(first, second)


def test_how_many_proofs_were_used_again_is_said_on_stderr(run: Run, finished: Path) -> None:
    first = run("--check", "-C", finished, "--engine", "embedded")
    second = run("--check", "-C", finished, "--engine", "embedded")
    assert "proofs of earlier runs" not in first.err
    assert f"{ALL} proofs of earlier runs still hold; --fresh proves anew" in second.err
    assert first.out == second.out


def test_a_check_that_proves_nothing_new_leaves_the_record_as_it_is(
    check: Check, finished: Path
) -> None:
    check()
    record = record_of(finished)
    before = (record.stat().st_ino, record.read_bytes())
    check()
    assert (record.stat().st_ino, record.read_bytes()) == before
    git(finished, "commit", "-q", "--allow-empty", "-m", "more")
    check()
    assert (
        json.loads(record.read_text())["proofs"][-1]["made"]["commit"]
        == git(finished, "rev-parse", "HEAD").strip()
    )


def test_fresh_uses_no_proof_and_its_own_can_be_used_afterwards(check: Check) -> None:
    check()
    assert check("--fresh")["reused"] == 0
    assert check()["reused"] == ALL


def test_a_check_writes_nothing_into_the_repository(check: Check, finished: Path) -> None:
    before = fingerprint(finished)
    check()
    check()
    assert fingerprint(finished) == before


def test_a_part_of_a_run_leaves_the_other_proofs_as_they_are(check: Check) -> None:
    check()
    assert check("--only", "AC7")["reused"] == 8
    assert check()["reused"] == ALL


def test_only_what_rests_on_a_changed_file_is_proven_again(check: Check, finished: Path) -> None:
    check()
    replace(finished, INFRA, "data:\n", "data:\n  # a remark\n")
    again = check()
    assert "T1.5" not in reused(again)  # the keys of infra
    assert {"T1.6", "T2.1", "T6.2"} <= reused(again)
    assert again["exit_code"] == 0


def test_a_file_that_no_proof_rests_on_changes_nothing(check: Check, finished: Path) -> None:
    check()
    (finished / "README.md").write_text("other words\n")
    assert check()["reused"] == ALL


def test_ticking_a_box_and_writing_the_records_keep_the_proofs(
    check: Check, finished: Path
) -> None:
    check()
    story = (finished / STORY).read_text()
    assert "- [x]" in story
    changed = story.replace("- [x]", "- [ ]").replace("Status: ", "Status: Done, was ")
    (finished / STORY).write_text(f"{changed}\n## Change Log\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    assert check()["reused"] == ALL


def test_another_wording_of_the_story_is_proven_again(check: Check, finished: Path) -> None:
    check()
    text = (finished / STORY).read_text()
    (finished / STORY).write_text(text.replace("ClusterIssuer", "Issuer", 1))
    assert check()["reused"] == 0


# --- what makes a proof stale ---------------------------------------------------------------------

Change = Callable[[Path], None]


def _write(path: str, text: str) -> Change:
    def change(root: Path) -> None:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return change


def _link_rule(root: Path) -> None:
    (root / "elsewhere.yaml").write_bytes((root / RULE).read_bytes())
    (root / RULE).unlink()
    (root / RULE).symlink_to(os.path.relpath(root / "elsewhere.yaml", root / FOLDER))


STRAY = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stray, namespace: kube-system}\n"
CHANGES: dict[str, tuple[Change, str]] = {
    "a manifest": (lambda root: replace(root, ISSUERS, "letsencrypt", "letsencryqt"), "T4.9"),
    "a new file in a folder that is swept up": (
        _write("kubernetes/infrastructure/stray.yaml", STRAY),
        "T4.3",
    ),
    "a new ignore file": (_write(".sourceignore", "kubernetes/\n"), "T4.3"),
    "a folder that appears": (_write("bootstrap/new/.keep", ""), "T4.3"),
    "a definition far away": (
        _write("docs/crd.yaml", "kind: CustomResourceDefinition\nspec: {}\n"),
        "T4.1",
    ),
    "a mode": (lambda root: (root / GLUE).chmod(0o600), "T4.2"),
    "a link instead of a file": (_link_rule, "T4.2"),
    "a file that is gone": (lambda root: (root / SECRET).unlink(), "T2.2"),
    "the configuration": (
        _write("storyrunner.toml", '[parameters]\nemail = "a@b.example"\n'),
        "T4.5",
    ),
    "a template of one's own": (
        _write(".storyrunner/manifests/cert-manager/ks.yaml", "kind: Kustomization\n"),
        "T3.1",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_of_these_takes_proofs_back(name: str, check: Check, finished: Path) -> None:
    change, step = CHANGES[name]
    check()
    change(finished)
    cached = check()
    assert step not in reused(cached)
    assert_same(cached, check("--fresh"))


def test_another_engine_value_or_runbook_is_another_proof(
    run: Run, check: Check, finished: Path, checkout: Path, tmp_path: Path
) -> None:
    check()
    assert check("--set", "infra.email=other@demo.example")["reused"] < ALL
    check()
    rendered = {"T4.1", "T4.2", "T4.3", "T4.4"}
    assert rendered.isdisjoint(reused(check("--engine", "auto")))
    check()
    own = tmp_path / "own.yaml"
    text = (checkout / "runbooks" / f"{NAME}.yaml").read_text()
    own.write_text(text.replace("Settings of infra hold", "The settings of infra hold"))
    assert check("--runbook", str(own))["reused"] == 0


def test_schemas_from_elsewhere_are_asked_each_time(check: Check, tmp_path: Path) -> None:
    for _ in range(2):
        report = check("--schema-location", str(tmp_path))
    assert "T4.1" not in reused(report)
    assert report["reused"] == ALL - 1


def _tool(folder: Path, name: str, said: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{said}'\n")
    file.chmod(0o755)
    return file


def test_a_tool_that_appears_or_is_upgraded_takes_back_what_it_could_prove(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tools"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    check("--engine", "auto")
    assert check("--engine", "auto")["reused"] == ALL
    _tool(folder, "kubeconform", "v0.6.7")  # proves nothing here
    assert check("--engine", "auto")["reused"] == ALL
    _tool(folder, "flux", "flux version 2.0.0")  # too old, but another reason to step over it
    report = check("--engine", "auto")
    assert {"T1.1", "T4.1", "T4.2", "T4.3", "T4.9"}.isdisjoint(reused(report))
    assert check("--engine", "auto")["reused"] == ALL
    _tool(folder, "flux", "flux version 2.0.1")
    assert "T4.3" not in reused(check("--engine", "auto"))
    check("--engine", "auto")
    (folder / "flux").unlink()
    assert "T4.3" not in reused(check("--engine", "auto"))


def test_what_a_weaker_engine_proved_because_a_tool_broke_is_not_used_again(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tool may work the next time, and say no."""
    folder = tmp_path / "tools"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    flux = _tool(folder, "flux", "")
    flux.write_text(
        "#!/bin/sh\ncase $1 in *version) echo flux version 2.6.4;; *) kill -9 $$;; esac\n"
    )
    first, second = check("--engine", "auto"), check("--engine", "auto")
    assert first["exit_code"] == 0
    rendered = {f"T4.{number}" for number in (1, 3, 4, 5, 9, 15)}
    assert rendered.isdisjoint(reused(second))
    assert {"T1.1", "T2.1"} <= reused(second)
    assert_same(first, second)


def test_a_failed_check_is_made_again_each_time(check: Check, finished: Path) -> None:
    replace(finished, CERTIFICATE, "letsencrypt-production", "letsencrypt-staging")
    first, second = check(), check()
    failed = {item["step"] for item in first["results"] if item["status"] != "passed"}
    assert failed
    assert failed.isdisjoint(reused(second))
    assert_same(first, second)


def test_a_repository_that_changed_during_the_check_gives_nothing_to_use_again(
    run: Run, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git, asked at the end for the commit, is where something can be changed in this test."""
    real = shutil.which("git")
    folder = tmp_path / "tools"
    wrapper = _tool(folder, "git", "")
    readme = finished / "README.md"
    wrapper.write_text(f'#!/bin/sh\necho x >> "{readme}"\nexec {real} "$@"\n')
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    args = ("--check", "-C", finished, "--engine", "embedded", "--format", "json")
    assert report_of(run(*args))["reused"] == 0
    assert report_of(run(*args))["reused"] == 0


CHILD = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: another, namespace: flux-system}
spec:
  interval: 10m
  prune: true
  path: ./another
  sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}
"""
ISSUER = """\
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: letsencrypt-production}
spec: {}
"""
DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: clusterissuers.cert-manager.io}
spec:
  group: cert-manager.io
  scope: Cluster
  names: {kind: ClusterIssuer, plural: clusterissuers}
  versions: [{name: v2, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
"""
RIVAL = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: cluster-settings, namespace: flux-system}
data: {SECRET_DOMAIN: rival.example}
"""
LATER: dict[str, tuple[dict[str, str], str, str]] = {
    "a file that was looked into becomes rival settings": (
        {"kubernetes/clusters/infra/more.yaml": STRAY},
        "kubernetes/clusters/infra/more.yaml",
        RIVAL,
    ),
    "a file far away becomes a definition": (
        {"docs/more.yaml": STRAY},
        "docs/more.yaml",
        DEFINITION,
    ),
    "a build that failed does not fail any more": (
        {"another/one.yaml": "not: [valid", "kubernetes/infrastructure/another.yaml": CHILD},
        "another/one.yaml",
        ISSUER,
    ),
}


@pytest.mark.parametrize("name", LATER)
def test_what_a_green_check_only_looked_into_can_turn_it_red(
    name: str, check: Check, finished: Path
) -> None:
    """The same names, another content, in a file that gave the first check nothing."""
    files, path, text = LATER[name]
    for file, before in files.items():
        _write(file, before)(finished)
    assert check()["exit_code"] == 0
    assert check()["reused"] == ALL
    (finished / path).write_text(text)
    cached, fresh = check(), check("--fresh")
    assert fresh["exit_code"] == 1
    assert_same(cached, fresh)


# --- the record itself ----------------------------------------------------------------------------


def record_of(root: Path) -> Path:
    return state_folder(root) / "evidence" / f"{NAME}.json"


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: "null",
        lambda text: text.replace('"passed"', '"failed"', 1),
        lambda text: text.replace("evidence/v1", "evidence/v9", 1),
        lambda text: "[" * 100_000,
        lambda text: text.replace("a", "b", 1),
    ],
)
def test_a_damaged_record_is_said_and_proves_nothing(
    damage: Callable[[str], str], run: Run, finished: Path
) -> None:
    args = ("--check", "-C", finished, "--engine", "embedded", "--format", "json")
    first = report_of(run(*args))
    path = record_of(finished)
    path.write_text(damage(path.read_text()))
    ran = run(*args)
    assert "the evidence of earlier runs is not used" in ran.err
    assert report_of(ran)["reused"] == 0
    assert verdicts(report_of(ran)) == verdicts(first)
    assert report_of(run(*args))["reused"] == ALL


def test_a_hand_edited_green_is_no_green(check: Check, finished: Path) -> None:
    """The record of a good run, put beside a broken repository with the hashes it now has."""
    check()
    path = record_of(finished)
    document = json.loads(path.read_text())
    replace(finished, CERTIFICATE, "letsencrypt-production", "letsencrypt-staging")
    now = hashlib.sha256((finished / CERTIFICATE).read_bytes()).hexdigest()
    for table in document["files"].values():
        if CERTIFICATE in table:
            table[CERTIFICATE] = now
    path.write_text(json.dumps(document))
    report = check()
    assert report["exit_code"] == 1
    assert report["reused"] == 0


def test_a_state_folder_that_cannot_be_written_changes_no_verdict(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STORYRUNNER_STATE_DIR", str(tmp_path / "file" / "state"))
    assert check()["exit_code"] == 0
    assert check()["reused"] == 0


# --- never a false green --------------------------------------------------------------------------

FILES = (ISSUERS, SECRET, CERTIFICATE, RULE, GLUE, KS, LIST, INFRA, APPS)
OTHERS = (
    "kubernetes/clusters/infra/infrastructure.yaml",
    "kubernetes/clusters/apps/infrastructure.yaml",
    "bootstrap/helmfile.d/00-crds.yaml",
    "kubernetes/infrastructure/security/external-secrets/ks.yaml",
    STORY,
)


class Edits:
    """Random edits of a repository, each of a kind that someone might make."""

    def __init__(self, root: Path, tools: Path, rng: random.Random) -> None:
        self.root = root
        self.tools = tools
        self.rng = rng
        self.taken: list[tuple[Path, bytes]] = []

    def one(self) -> str:
        kinds = [
            *[self.change_line] * 4,
            self.drop_line,
            self.delete,
            self.appear,
            self.rename,
            self.link,
            self.ignore,
            self.configure,
            self.tool,
            self.commit,
            self.stage,
            *[self.take_back] * 4,
        ]
        kind = self.rng.choice(kinds)
        return f"{kind.__name__} {kind()}"

    def _file(self) -> Path:
        names = [name for name in (*FILES, *OTHERS) if (self.root / name).is_file()]
        return self.root / self.rng.choice(names)

    def _put(self, path: Path, data: bytes) -> str:
        if path.is_file() and not path.is_symlink():
            self.taken.append((path, path.read_bytes()))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path.relative_to(self.root).as_posix()

    def change_line(self) -> str:
        path = self._file()
        lines = path.read_bytes().split(b"\n")
        at = self.rng.randrange(len(lines))
        text = lines[at]
        how = self.rng.randrange(4)
        if how == 0:
            lines[at] = b"# " + text
        elif how == 1:
            lines[at] = text + b"x"
        elif how == 2 and text:
            spot = self.rng.randrange(len(text))
            lines[at] = text[:spot] + text[spot + 1 :]
        else:
            lines[at] = text.replace(b"true", b"false").replace(b"e", b"3", 1)
        return self._put(path, b"\n".join(lines))

    def drop_line(self) -> str:
        path = self._file()
        lines = path.read_bytes().split(b"\n")
        del lines[self.rng.randrange(len(lines))]
        return self._put(path, b"\n".join(lines))

    def delete(self) -> str:
        path = self._file()
        self.taken.append((path, path.read_bytes()))
        path.unlink()
        return path.name

    def appear(self) -> str:
        folders = [
            "kubernetes/infrastructure",
            "kubernetes/clusters/infra",
            FOLDER,
            "docs/stories",
            ".storyrunner/manifests/cert-manager",
            "kubernetes/infrastructure/observability",
        ]
        name = self.rng.choice(["extra.yaml", "kustomization.yaml", "notes.md", "ks.yaml", "a.yml"])
        body = self.rng.choice(
            [
                STRAY,
                "not: [valid",
                "kind: CustomResourceDefinition\napiVersion: apiextensions.k8s.io/v1\n"
                "metadata: {name: clusterissuers.cert-manager.io}\nspec: {group: cert-manager.io, "
                "names: {kind: ClusterIssuer, plural: clusterissuers}, versions: []}\n",
                "",
            ]
        )
        return self._put(self.root / self.rng.choice(folders) / name, body.encode())

    def rename(self) -> str:
        path = self._file()
        self.taken.append((path, path.read_bytes()))
        path.rename(path.with_name(f"{path.name}.off"))
        return path.name

    def link(self) -> str:
        path = self._file()
        data = path.read_bytes()
        self.taken.append((path, data))
        elsewhere = self.root / "linked" / path.name
        elsewhere.parent.mkdir(exist_ok=True)
        elsewhere.write_bytes(data if self.rng.random() < 0.7 else b"")
        path.unlink()
        path.symlink_to(os.path.relpath(elsewhere, path.parent))
        return path.name

    def ignore(self) -> str:
        where = self.rng.choice([".sourceignore", f"{FOLDER}/.sourceignore", ".gitignore"])
        line = self.rng.choice(["*.md", "kubernetes/infrastructure/security/", "ks.yaml"])
        return self._put(self.root / where, f"{line}\n".encode())

    def configure(self) -> str:
        value = self.rng.choice(["a@b.example", "not an address", "admin@infra.demo.example"])
        text = f'[parameters]\nemail = "{value}"\n'
        return self._put(self.root / "storyrunner.toml", text.encode())

    def tool(self) -> str:
        name = self.rng.choice(["flux", "kustomize", "kubectl", "yq"])
        if (self.tools / name).exists() and self.rng.random() < 0.6:
            (self.tools / name).unlink()
            return f"no {name}"
        said = {
            "flux": self.rng.choice(["flux version 2.0.0", "flux version 2.6.4"]),
            "kustomize": "v5.4.3",
            "kubectl": "Client Version: v1.20.0",
            "yq": "yq 3.4.3",
        }[name]
        _tool(self.tools, name, said)
        return f"{name} {said}"

    def commit(self) -> str:
        git(self.root, "add", "-A")
        git(self.root, "commit", "-q", "--allow-empty", "-m", "something")
        return ""

    def stage(self) -> str:
        git(self.root, "add", "-A")
        return ""

    def take_back(self) -> str:
        if not self.taken:
            return "nothing"
        path, data = self.taken.pop()
        if path.is_symlink():
            path.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path.relative_to(self.root).as_posix()


ROUNDS = int(os.environ.get("STORYRUNNER_REUSE_ROUNDS", "12"))
SEED = int(os.environ.get("STORYRUNNER_REUSE_SEED", "6"))


def test_after_any_edits_a_check_with_proofs_says_what_a_fresh_one_says(
    run: Run, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was edited, taken back, added, linked, ignored, committed or installed in between:
    verdicts, findings and exit code are the same, and a red one is never shown green."""
    tools = tmp_path / "tools"
    tools.mkdir()
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    rng = random.Random(SEED)
    edits = Edits(finished, tools, rng)
    start = git(finished, "rev-parse", "HEAD").strip()
    args = ("--check", "-C", finished, "--format", "json", NAME)
    told: list[str] = []
    used, red = 0, 0
    for _ in range(ROUNDS):
        if rng.random() < 0.7:  # from a green repository, whose proofs are the ones to fear
            git(finished, "reset", "-q", "--hard", start)
            git(finished, "clean", "-qfdx")
            edits.taken.clear()
            told = []
            run(*args, "--engine", "embedded")
        told += [edits.one() for _ in range(rng.randrange(1, 3))]
        options = rng.choice([("--engine", "embedded")] * 3 + [("--engine", "auto")])
        cached = run(*args, *options)
        fresh = run(*args, *options, "--fresh")
        assert cached.code == fresh.code, told
        if not fresh.out:
            assert cached.err == fresh.err, told
            continue
        assert_same(report_of(cached), report_of(fresh), told)
        used += report_of(cached)["reused"]
        red += fresh.code != 0
    print(f"{ROUNDS} rounds: {used} proofs used again, {red} checks red")
    assert used > ROUNDS
    assert red > 0
