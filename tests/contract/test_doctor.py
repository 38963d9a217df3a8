"""Every correction the doctor proposes for story 06 is run, and does what the story wanted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from storyrunner.cli import main
from tests.support.repositories import STORY, commit_all, from_corpus, git

pytestmark = pytest.mark.shared

EXPECTED = {
    ".spec.acme.email": "admin@monosense.io",
    ".spec.dnsNames": "- '*.monosense.io'\n- monosense.io",
    ".remoteRef.key": "kubernetes/infra/cert-manager/cloudflare",
    ".remoteRef.property": "credential",
}
Found = list[dict[str, Any]]


@pytest.fixture
def after(shared: Path, tmp_path: Path) -> Path:
    """The corpus repository with the story implemented, and the story in it."""
    tree = from_corpus(shared / "corpus" / "repo-after", tmp_path / "after")
    file = tree / STORY
    file.parent.mkdir(parents=True)
    shutil.copyfile(shared / "corpus" / "stories" / "06-after-implementation.md", file)
    commit_all(tree, "the story")
    return tree


@pytest.fixture
def before(shared: Path, tmp_path: Path) -> Path:
    """The corpus repository before the story, with the story as it was then."""
    return from_corpus(shared / "corpus" / "repo-before", tmp_path / "before")


@pytest.fixture
def with_tools(
    tools_bin: Path, real_flux: Path, real_yq: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pinned tools go before everything else on the PATH."""
    assert real_flux.parent == real_yq.parent == tools_bin
    monkeypatch.setenv("PATH", f"{tools_bin}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def doctor(capfd: pytest.CaptureFixture[str]) -> Callable[[Path], Found]:
    """What `storyrunner doctor` says of story 06."""

    def run(tree: Path) -> Found:
        capfd.readouterr()
        assert main(["doctor", "06", "--format", "json", "-C", str(tree)]) == 1
        return list(json.loads(capfd.readouterr().out)["commands"])

    return run


def _bash(command: str, tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command], cwd=tree, capture_output=True, text=True, timeout=120
    )


def _own(command: str, tree: Path, capfd: pytest.CaptureFixture[str]) -> tuple[int, str]:
    words = _words(command)
    assert words[0] == "storyrunner"
    capfd.readouterr()
    code = main([*words[1:], "-C", str(tree)])
    return code, capfd.readouterr().out


def _words(command: str) -> list[str]:
    import shlex

    return shlex.split(command)


def _rules(found: Found) -> dict[int, set[str]]:
    return {
        one["place"]["line"]: {complaint["rule"] for complaint in one["complaints"]}
        for one in found
    }


def test_every_row_that_cannot_work_is_found_on_the_finished_tree(
    after: Path, doctor: Callable[[Path], Found]
) -> None:
    build = {"flux-build-offline", "flux-build-recursive", "flux-substitute-from", "yq-no-guard"}
    verb = {"kubectl-no-verb", "kubectl-needs-server"}
    assert _rules(doctor(after)) == {
        123: verb,
        210: {"path-missing"},
        225: {"grep-any"},
        226: {"grep-any"},
        426: verb | {"kubectl-kustomization-as-object"},
        437: build,
        442: build,
        449: build,
        452: build,
        495: {"git-add-misses"},
        496: {"message-expands"},
        507: {"git-push"},
        624: {"grep-any"},
        625: {"kubectl-needs-server", "kubectl-validate-false"},
        627: {"flux-substitute-from", "flux-local-sources", "envsubst-gnu", "yq-no-guard"},
    }


def test_on_the_tree_before_the_absent_folder_and_object_are_found_too(
    before: Path, doctor: Callable[[Path], Found]
) -> None:
    rules = _rules(doctor(before))
    assert rules[130] == {"path-missing"}
    assert rules[140] == {"path-missing"}
    assert rules[145] == rules[146] == {"grep-any"}
    assert rules[346] == {"kubectl-no-verb", "kubectl-needs-server"}
    undeclared = {"flux-build-offline", "flux-build-undeclared", "yq-no-guard"}
    assert rules[357] == rules[362] == rules[369] == undeclared
    assert rules[413] == {"git-add-misses"}
    assert rules[414] == {"message-expands"}
    assert rules[425] == {"git-push"}


def test_what_is_written_fails_or_proves_nothing(
    after: Path, before: Path, with_tools: None
) -> None:
    folder = "kubernetes/infrastructure/security/cert-manager"
    assert _bash("grep -i x bootstrap/helmfile.d/00-crds.yaml.gotmpl", after).returncode == 2
    kubectl = _bash(f"kubectl --dry-run=client -f {folder}/", after)
    assert kubectl.returncode != 0
    assert "unknown flag" in kubectl.stderr
    flux = (
        "flux build kustomization cluster-infra-infrastructure --path ./kubernetes/infrastructure"
    )
    assert _bash(flux, after).returncode != 0
    empty = _bash(f"kubectl kustomize {folder} | yq 'select(.kind == \"Nothing\")'", after)
    assert (empty.returncode, empty.stdout.strip()) == (0, "")
    keys = "'(LETSENCRYPT_EMAIL|SECRET_DOMAIN)'"
    settings = "kubernetes/clusters/infra/cluster-settings.yaml"
    assert _bash(f"grep -E {keys} {settings}", before).returncode == 0


def test_the_corrected_grep_fails_while_a_key_is_missing_and_then_succeeds(
    after: Path, before: Path, with_tools: None, doctor: Callable[[Path], Found]
) -> None:
    greps = [
        one["works"][0]["command"]
        for one in doctor(after)
        if {"grep-any", "path-missing"} & {complaint["rule"] for complaint in one["complaints"]}
    ]
    assert len(greps) == 4
    assert [_bash(command, after).returncode for command in greps] == [0, 0, 0, 0]
    assert [_bash(command, before).returncode for command in greps] == [0, 1, 1, 1]


def test_the_corrected_builds_give_the_values_the_story_expects(
    after: Path, with_tools: None, doctor: Callable[[Path], Found]
) -> None:
    builds = [one for one in doctor(after) if one["written"].startswith("flux build")]
    assert len(builds) == 5
    for one in builds:
        command = one["works"][0]["command"]
        done = _bash(command, after)
        assert done.returncode == 0, (command, done.stderr)
        expected = next(value for field, value in EXPECTED.items() if f"{field}'" in command)
        assert done.stdout.strip() == expected
        absent = command.replace('.kind == "', '.kind == "No')
        assert _bash(absent, after).returncode != 0, "a selection that matches nothing fails"
    assert git(after, "status", "--porcelain") == ""


def test_the_corrected_substitution_keeps_what_prometheus_fills_in(
    after: Path, with_tools: None, doctor: Callable[[Path], Found]
) -> None:
    command = next(
        one["works"][0]["command"] for one in doctor(after) if "| envsubst" in one["written"]
    )
    rendered = _bash(command.rpartition(" | yq")[0], after)
    assert rendered.returncode == 0, rendered.stderr
    assert "{{ $labels." in rendered.stdout
    assert "${" not in rendered.stdout
    gnu = _bash("echo '{{ $labels.name }}' | envsubst", after)
    assert gnu.returncode == 127 or gnu.stdout == "{{ .name }}\n"


def test_our_own_commands_succeed_and_show_the_values(
    after: Path,
    with_tools: None,
    doctor: Callable[[Path], Found],
    capfd: pytest.CaptureFixture[str],
) -> None:
    own = {
        remedy["command"]: one for one in doctor(after) for remedy in one["works"] if remedy["own"]
    }
    checks = [command for command in own if " --check " in command]
    shown = [command for command in own if " explain " in command]
    assert (len(checks), len(shown)) == (1, 3)
    for command in own:
        code, out = _own(command, after, capfd)
        assert code == 0, (command, out)
        if command in shown:
            assert next(value for field, value in EXPECTED.items() if field in command) in out


def test_before_the_story_every_complaint_has_a_correction_and_ours_fail_until_the_work_is_done(
    before: Path,
    after: Path,
    with_tools: None,
    doctor: Callable[[Path], Found],
    capfd: pytest.CaptureFixture[str],
) -> None:
    found = doctor(before)
    assert all(one["works"] for one in found)
    own = {remedy["command"] for one in found for remedy in one["works"] if remedy["own"]}
    assert {command.rpartition(" ")[2] for command in own} == {"T1", "T4.1", "T4"}
    for command in sorted(own):
        assert _own(command, before, capfd)[0] == 1, command
        code, out = _own(command, after, capfd)
        assert code == 0, (command, out)


def test_the_corrected_commit_takes_every_file_and_keeps_the_message(
    after: Path, with_tools: None, doctor: Callable[[Path], Found], tmp_path: Path
) -> None:
    add, commit, push = (
        one["works"][0]["command"] for one in doctor(after) if one["written"].startswith("git ")
    )
    changed = [word for word in _words(add)[2:] if not word.endswith("/")]
    assert len(changed) == 5
    for path in [*changed, "kubernetes/infrastructure/security/cert-manager/ks.yaml"]:
        with (after / path).open("a", encoding="utf-8") as file:
            file.write("# changed\n")
    assert _bash(add, after).returncode == 0
    assert _bash(commit, after).returncode == 0
    assert git(after, "status", "--porcelain") == ""
    assert "wildcard Certificate for *.${SECRET_DOMAIN}\n" in git(after, "log", "-1", "--format=%B")
    remote = tmp_path / "remote.git"
    git(after, "init", "-q", "--bare", str(remote))
    git(after, "remote", "add", "origin", str(remote))
    assert _bash(push, after).returncode == 0
    assert git(remote, "branch", "--list") == "", "nothing was published"
