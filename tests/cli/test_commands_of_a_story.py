"""Commands of a story from the command line: exit 4 names them, approvals are given and shared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from storyrunner.cli import main
from storyrunner.workspace import state_folder
from tests.support.command_repositories import make_repository, programs_in, runbook_of
from tests.support.repositories import fingerprint

COUNT = {"run": "grep -c kind apps/a.yaml", "expect": [{"equals": "1"}]}
WRITE = {"run": "echo done > apps/b.yaml"}
PUSH = {"run": "git push origin main"}


@pytest.fixture(autouse=True)
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """bash and a few programs; no CI."""
    monkeypatch.setenv("PATH", programs_in(tmp_path / "bin"))
    monkeypatch.delenv("CI", raising=False)


def story(folder: Path, *words: str) -> list[str]:
    return [*words, "-C", str(folder), "--runbook", str(folder / "runbook.yaml")]


def test_check_exits_4_and_names_each_command_with_its_class(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_repository(tmp_path / "repo", COUNT, WRITE, PUSH)
    before = fingerprint(folder)
    assert main(story(folder, "--check")) == 4
    told = capsys.readouterr().out
    assert "refused: grep -c kind apps/a.yaml (read: not approved)" in told
    assert "refused: echo done > apps/b.yaml (write: not approved)" in told
    assert "refused: git push origin main (push: push always asks" in told
    assert fingerprint(folder) == before
    assert not (state_folder(folder) / "approved.json").exists()


def test_yes_approves_no_command(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", WRITE)
    assert main(story(folder, "run", "--yes")) == 4
    assert not (folder / "apps/b.yaml").exists()


def test_trust_is_for_one_run(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", COUNT)
    assert main(story(folder, "--check", "--trust")) == 0
    assert main(story(folder, "--check", "--fresh")) == 4


def test_trust_does_not_cover_a_push(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", PUSH)
    assert main(story(folder, "--check", "--trust")) == 4
    assert main(story(folder, "run", "--yes", "--trust")) == 4


def test_approve_lists_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_repository(tmp_path / "repo", COUNT, WRITE, PUSH)
    before = fingerprint(folder)
    assert main(story(folder, "approve")) == 4
    told = capsys.readouterr().out
    for part in ("[not approved]", "[always asks]", "$ grep -c kind", "touches apps/b.yaml"):
        assert part in told
    assert fingerprint(folder) == before
    assert main(story(folder, "approve")) == 4


def test_approve_yes_is_the_headless_way(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", COUNT)
    assert main(story(folder, "approve", "--yes")) == 0
    assert main(story(folder, "--check")) == 0
    (folder / "runbook.yaml").write_text(runbook_of({**COUNT, "run": "grep -c name apps/a.yaml"}))
    assert main(story(folder, "--check")) == 4


def test_only_approves_one_step(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", COUNT, WRITE)
    assert main(story(folder, "approve", "--yes", "--only", "T1.1")) == 0
    assert main(story(folder, "--check", "--only", "T1.1")) == 0
    assert main(story(folder, "--check")) == 4


def test_the_list_as_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_repository(tmp_path / "repo", COUNT, WRITE)
    main(story(folder, "approve", "--yes", "--only", "T1.1"))
    (folder / "runbook.yaml").write_text(runbook_of({**COUNT, "run": "grep -c name apps/a.yaml"}))
    capsys.readouterr()
    assert main(story(folder, "approve", "--format", "json")) == 4
    (row,) = json.loads(capsys.readouterr().out)["commands"]
    assert row["state"] == "changed"
    assert row["before"] == "grep -c kind apps/a.yaml"
    assert row["class"] == "read"
    assert len(row["digest"]) == 64


def test_shared_approvals_count_in_ci_and_are_adopted_on_a_persons_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_repository(tmp_path / "repo", COUNT)
    assert main(story(folder, "approve", "--yes", "--share")) == 0
    shown = capsys.readouterr().out
    assert '+      "command": "grep -c kind apps/a.yaml",' in shown
    assert (folder / ".storyrunner/approved.json").exists()
    monkeypatch.setenv("STORYRUNNER_STATE_DIR", str(tmp_path / "a-colleague"))
    assert main(story(folder, "--check")) == 4
    monkeypatch.setenv("CI", "true")
    assert main(story(folder, "--check")) == 0
    monkeypatch.delenv("CI")
    assert main(story(folder, "approve", "--adopt")) == 0
    assert main(story(folder, "--check", "--fresh")) == 0


def test_a_push_in_the_shared_file_still_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_repository(tmp_path / "repo", PUSH)
    main(story(folder, "approve", "--yes", "--share"))
    monkeypatch.setenv("CI", "true")
    assert main(story(folder, "--check", "--trust")) == 4


def test_a_story_without_commands_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_repository(tmp_path / "repo", COUNT)
    asked = {"kind": "confirm", "question": "Is it so?"}
    (folder / "runbook.yaml").write_text(runbook_of(asked))
    assert main(story(folder, "approve")) == 0
    assert "no step is a command" in capsys.readouterr().out
