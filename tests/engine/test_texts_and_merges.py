"""Files written from a text, YAML merged into files, Kustomizations built by their file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from storyrunner.cli import main
from tests.support.repositories import init

HEAD = """\
name: small
story: STORY-SMALL
number: 3
title: A small story
clusters:
  - {name: blue, directory: clusters/blue, settings: clusters/blue/settings.yaml,
     kustomizations: clusters/blue/apps.yaml}
criteria:
  - {id: AC1, text: It says so, proved_by: [T1.1]}
tasks:
  - id: T1
    title: Do
    steps:
"""
WRITE = """\
      - id: T1.1
        kind: write
        title: The map
        path: apps/map.yaml
        text: |
          # of the story
          kind: ConfigMap
          apiVersion: v1
          metadata:
            name: map
          data:
            DOMAIN: "${SECRET_DOMAIN}"
            RULE: "{{ $labels.x }} [[ not ours ]]"
"""
MERGE = """\
      - id: T1.1
        kind: edit
        title: The settings
        path: clusters/blue/settings.yaml
        merge:
          field: [data]
          text: |
            OLD: "2"
            NEW: "${X}"
"""
SETTINGS = """\
# settings of blue
apiVersion: v1
kind: ConfigMap
metadata: {name: cluster-settings}
data:
  OLD: "1"  # was one
  KEEP: "k"
"""
BUILD = """\
      - {id: T1.1, kind: build, title: Build, flux: late, file: apps/late/ks.yaml, cluster: blue}
      - id: T1.2
        kind: query
        title: What it depends on
        flux: late
        file: apps/late/ks.yaml
        declared: true
        cluster: blue
        asserts:
          - select: {kind: Kustomization, name: late}
            facts: [{ask: ".spec.dependsOn[].name", resolves: kustomization}]
"""
KS = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: NAME, namespace: flux-system}
spec:
  interval: 1m
  prune: true
  path: ./PATH
  sourceRef: {kind: GitRepository, name: flux-system}
  dependsOn: [{name: DEPENDS}]
  postBuild: {substituteFrom: [{kind: ConfigMap, name: cluster-settings}]}
"""
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: NAME, namespace: x}\ndata: {A: '${OLD}'}\n"


def _ks(name: str, path: str, depends: str) -> str:
    return KS.replace("NAME", name).replace("PATH", path).replace("DEPENDS", depends)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with one cluster, `blue`, which applies `base`."""
    files = {
        "clusters/blue/settings.yaml": SETTINGS,
        "clusters/blue/apps.yaml": _ks("base", "base", "base").replace(
            "  dependsOn: [{name: base}]\n", ""
        ),
        "base/kustomization.yaml": "resources: [map.yaml]\n",
        "base/map.yaml": MAP.replace("NAME", "base"),
        "apps/late/ks.yaml": _ks("late", "apps/late", "base"),
        "apps/late/kustomization.yaml": "resources: [map.yaml]\n",
        "apps/late/map.yaml": MAP.replace("NAME", "late"),
    }
    root = tmp_path / "repo"
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    init(root)
    return root


def _run(tree: Path, steps: str, capfd: pytest.CaptureFixture[str], *args: str) -> dict[str, Any]:
    runbook = tree.parent / "small.yaml"
    runbook.write_text(HEAD + steps, encoding="utf-8")
    capfd.readouterr()
    main([*args, "--runbook", str(runbook), "-C", str(tree), "--format", "json"])
    report: dict[str, Any] = json.loads(capfd.readouterr().out)
    return report


def _step(report: dict[str, Any], name: str = "T1.1") -> dict[str, Any]:
    return next(dict(one) for one in report["results"] if one["step"] == name)


def _said(step: dict[str, Any]) -> list[str]:
    return [one["message"] for one in step["findings"]]


def test_a_text_is_written_to_the_letter(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert _step(_run(tree, WRITE, capfd, "--check"))["status"] == "failed"
    assert _step(_run(tree, WRITE, capfd, "run", "--yes"))["status"] == "passed"
    written = (tree / "apps/map.yaml").read_text(encoding="utf-8")
    assert '  DOMAIN: "${SECRET_DOMAIN}"\n  RULE: "{{ $labels.x }} [[ not ours ]]"\n' in written
    assert written.startswith("# of the story\n")


def test_a_file_may_say_more_than_the_text_but_nothing_else(
    tree: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _run(tree, WRITE, capfd, "run", "--yes")
    file = tree / "apps/map.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("# of the story\n", "") + '  MORE: "1"\n', encoding="utf-8")
    assert _step(_run(tree, WRITE, capfd, "--check"))["status"] == "passed"
    file.write_text(text.replace("${SECRET_DOMAIN}", "example.com"), encoding="utf-8")
    step = _step(_run(tree, WRITE, capfd, "run", "--yes"))
    assert step["status"] == "failed"
    assert _said(step) == ["data.DOMAIN is example.com; it should be ${SECRET_DOMAIN}"]
    assert "example.com" in file.read_text(encoding="utf-8"), "a file that differs is kept"


def test_a_merge_sets_what_is_missing_or_differs_and_keeps_every_other_byte(
    tree: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = _step(_run(tree, MERGE, capfd, "--check"))
    assert before["status"] == "failed"
    assert _said(before) == [
        "data.OLD is 1; it should be 2",
        "data.NEW is not set; it should be ${X}",
    ]
    assert _step(_run(tree, MERGE, capfd, "run", "--yes"))["status"] == "passed"
    after = (tree / "clusters/blue/settings.yaml").read_text(encoding="utf-8")
    assert after == SETTINGS.replace('"1"', '"2"') + '  NEW: "${X}"\n'


def test_what_takes_a_person_is_not_edited_and_stays_a_failure(
    tree: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    steps = MERGE.replace('NEW: "${X}"', "NEW: 3")
    step = _step(_run(tree, steps, capfd, "run", "--yes"))
    assert step["status"] == "failed"
    assert _said(step) == ["data.NEW is not set; it should be 3"]
    text = (tree / "clusters/blue/settings.yaml").read_text(encoding="utf-8")
    assert text == SETTINGS.replace('"1"', '"2"')


def test_a_fragment_creates_no_file(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    steps = MERGE.replace("clusters/blue/settings.yaml", "clusters/blue/none.yaml")
    assert _step(_run(tree, steps, capfd, "run", "--yes"))["status"] == "failed"
    assert not (tree / "clusters/blue/none.yaml").exists()


def test_a_kustomization_is_built_by_the_file_that_declares_it_and_told_when_nothing_applies_it(
    tree: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    report = _run(tree, BUILD, capfd, "--check")
    assert [one["status"] for one in report["results"]] == ["passed", "passed"]
    (finding,) = _step(report)["findings"]
    assert (finding["rule"], finding["severity"]) == ("not-applied", "warning")
    assert finding["message"] == "no Kustomization of blue applies late"


def test_one_that_the_cluster_applies_is_told_of_nothing(
    tree: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tree / "base/kustomization.yaml").write_text(
        "resources: [map.yaml, ../apps/late/ks.yaml]\n", encoding="utf-8"
    )
    assert _step(_run(tree, BUILD, capfd, "--check"))["findings"] == []


def test_objects_that_something_else_applies_too_are_told(
    tree: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tree / "base/kustomization.yaml").write_text("resources: [../apps/late]\n", encoding="utf-8")
    said = _said(_step(_run(tree, BUILD, capfd, "--check")))
    assert "flux-system/base applies 1 object of it to blue by itself" in said


def test_a_dependency_that_nothing_declares_is_an_error(
    tree: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ks = tree / "apps/late/ks.yaml"
    ks.write_text(_ks("late", "apps/late", "nowhere"), encoding="utf-8")
    step = _step(_run(tree, BUILD, capfd, "--check"), "T1.2")
    assert step["status"] == "failed"
    assert "names nowhere, which does not exist" in _said(step)[0]


@pytest.mark.parametrize(
    ("steps", "mistake"),
    [
        (WRITE.replace("        text: |", "        template: a/b.yaml\n        text: |"), "T1.1"),
        ("      - {id: T1.1, kind: write, title: x, path: a.yaml}\n", "template, text"),
        (MERGE + "        entry: {field: [a], entry: b}\n", "entry, keys, document, merge"),
    ],
)
def test_a_step_that_says_two_things_or_none_is_refused(
    tree: Path, capfd: pytest.CaptureFixture[str], steps: str, mistake: str
) -> None:
    runbook = tree.parent / "small.yaml"
    runbook.write_text(HEAD + steps, encoding="utf-8")
    assert main(["--check", "--runbook", str(runbook), "-C", str(tree)]) == 2
    assert mistake in capfd.readouterr().err


SIGNED_FIRST = """\
      - {id: T1.1, kind: confirm, title: A word, question: Is it good?, gates: GATES}
  - id: T2
    title: After
    needs: [T1]
    steps:
      - {id: T2.1, kind: require, title: The file, needs: [{path: base/map.yaml}]}
"""


@pytest.mark.parametrize(("gates", "after"), [("true", "blocked"), ("false", "passed")])
def test_what_needs_a_task_waits_for_its_signature_unless_told_not_to(
    tree: Path, capfd: pytest.CaptureFixture[str], gates: str, after: str
) -> None:
    report = _run(tree, SIGNED_FIRST.replace("GATES", gates), capfd, "run", "--yes")
    assert _step(report)["status"] == "needs_human"
    assert _step(report, "T2.1")["status"] == after
    assert report["criteria"][0]["status"] == "needs_human"


def test_the_command_a_step_stands_for_is_told_with_its_reason(
    tree: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    steps = """\
      - id: T1.1
        kind: build
        title: Build
        folder: base
        corrects: [{line: 7, written: "kustomize build bse", because: [bse does not exist]}]
"""
    step = _step(_run(tree, steps, capfd, "--check"))
    assert step["status"] == "passed"
    (finding,) = step["findings"]
    assert (finding["rule"], finding["severity"]) == ("corrected-command", "note")
    assert "kustomize build bse" in finding["message"]
    assert "bse does not exist; this step checks it instead" in finding["message"]
