"""Commands of a story: nothing unapproved runs, and what runs proves what it seems to prove."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from storyrunner.engine.session import Mode
from storyrunner.gitops.private_copy import PREFIX
from storyrunner.model.command import Command, Ending, Outcome
from storyrunner.model.decision import Choice, WriteAnswer
from storyrunner.model.events import FileProposed
from storyrunner.model.ports import LineSink
from storyrunner.model.result import RunReport
from storyrunner.model.status import Status
from storyrunner.steps.commanding import all_requests
from storyrunner.tools import confined
from storyrunner.workspace import state_folder
from tests.engine.small import Recording, Script
from tests.support.command_repositories import (
    Answerer,
    Watched,
    approve_all,
    approve_none,
    make_repository,
    opened,
    programs_in,
    runbook_of,
)
from tests.support.repositories import fingerprint, git
from tui.around import recheck


@pytest.fixture(autouse=True)
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """bash and a few programs; no CI."""
    monkeypatch.setenv("PATH", programs_in(tmp_path / "bin"))
    monkeypatch.delenv("CI", raising=False)


def guide(
    folder: Path, answer: Answerer | None = approve_all, *, trust: bool = False, **more: object
) -> RunReport:
    """A guided run to its end."""
    with opened(folder, answer, trust=trust, **more) as session:
        return asyncio.run(session.run())


def check(folder: Path, *, trust: bool = False, **more: object) -> RunReport:
    """A `--check` to its end."""
    with opened(folder, mode=Mode.CHECK, trust=trust, **more) as session:
        return asyncio.run(session.run())


def first(report: RunReport) -> str:
    return report.results[0].status.value


READS = {"run": "grep -c kind apps/a.yaml", "expect": [{"equals": "1"}]}
WRITES = {"run": "echo done > apps/b.yaml"}


# --- nothing unapproved runs ---------------------------------------------------------------


def test_check_runs_no_unapproved_command_and_exits_4_naming_each(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", READS, WRITES, {"run": "git push"})
    watched = Watched()
    report = check(folder, runner=watched)
    assert report.exit_code == 4
    assert [item.status for item in report.results] == [Status.REFUSED] * 3
    for result, command in zip(report.results, ("grep -c", "echo done", "git push"), strict=True):
        assert command in result.reason
    assert watched.texts() == []


def test_without_an_answer_nothing_runs_in_a_guided_run(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", READS, WRITES)
    watched = Watched()
    report = guide(folder, approve_none, runner=watched)
    assert report.exit_code == 4
    assert watched.texts() == []
    assert not (folder / "apps/b.yaml").exists()


def test_all_commands_are_listed_before_the_first_one_runs(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", READS, WRITES, {"run": "git push"})
    watched = Watched()
    seen: list[tuple[int, list[str]]] = []

    def answer(question):  # type: ignore[no-untyped-def]
        seen.append((len(watched.texts()), [item.request.step for item in question.items]))
        return approve_all(question) if not question.now else None

    guide(folder, answer, runner=watched)
    assert seen[0] == (0, ["T1.1", "T1.2", "T1.3"])


def test_what_was_approved_is_not_asked_again_and_runs_in_check(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", READS)
    assert guide(folder).exit_code == 0
    script = Script(approvals=approve_none)
    assert guide(folder, script=script).exit_code == 0
    assert script.questions == []
    assert check(folder).exit_code == 0


def test_a_changed_command_asks_again_and_shows_what_it_was(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", READS)
    guide(folder)
    changed = {**READS, "run": "grep -c name apps/a.yaml"}
    (folder / "runbook.yaml").write_text(runbook_of(changed))
    refused = check(folder)
    assert refused.exit_code == 4
    assert "it changed since" in refused.results[0].reason
    script = Script(approvals=approve_all)
    guide(folder, script=script)
    assert [item.was for item in script.questions[0].items] == ["grep -c kind apps/a.yaml"]


@pytest.mark.parametrize(
    "change", [{"folder": "apps"}, {"env": ["EXTRA"]}, {"run": " grep -c kind apps/a.yaml"}]
)
def test_an_approval_is_for_text_folder_and_variables(tmp_path: Path, change: dict) -> None:
    folder = make_repository(tmp_path / "repo", READS)
    guide(folder)
    (folder / "runbook.yaml").write_text(runbook_of({**READS, **change}))
    assert check(folder).exit_code == 4


def test_an_approved_script_that_changed_asks_again(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", {"run": "./check.sh"})
    script = folder / "check.sh"
    script.write_text("#!/bin/bash\nls README.md\n")
    script.chmod(0o755)
    assert guide(folder).exit_code == 0
    script.write_text("#!/bin/bash\nrm README.md\n")
    assert check(folder).exit_code == 4
    assert guide(folder, approve_none).exit_code == 4
    assert (folder / "README.md").exists()


@pytest.mark.parametrize(
    "run", ["git push", "curl https://example.test", "kubectl get pods", "tail -f README.md"]
)
def test_push_network_cluster_and_endless_ask_each_time(tmp_path: Path, run: str) -> None:
    folder = make_repository(tmp_path / "repo", {"run": run})
    watched = Watched()
    questions: list[bool] = []

    def answer(question):  # type: ignore[no-untyped-def]
        questions.append(question.now)

    assert guide(folder, answer, runner=watched).exit_code == 4
    assert guide(folder, answer, trust=True, runner=watched).exit_code == 4
    assert questions == [True, True]
    assert check(folder, trust=True, runner=watched).exit_code == 4
    assert watched.texts() == []


def test_a_stored_approval_of_a_push_does_not_count(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", {"run": "git push"})
    with opened(folder, mode=Mode.CHECK) as session:
        session.context.approvals.store(list(all_requests(session.context)))
    watched = Watched()
    assert check(folder, runner=watched).exit_code == 4
    assert watched.texts() == []


@pytest.mark.parametrize(
    "run", ["kubectl drain <node>", "vim README.md", "echo 'open", "# nothing"]
)
def test_what_is_no_command_or_needs_a_keyboard_never_runs(tmp_path: Path, run: str) -> None:
    folder = make_repository(tmp_path / "repo", {"run": run})
    watched = Watched()
    assert guide(folder, trust=True, runner=watched).exit_code == 4
    assert check(folder, trust=True, runner=watched).exit_code == 4
    assert watched.texts() == []


def test_trust_runs_what_reads_and_writes_once_and_stores_nothing(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", READS, WRITES)
    assert guide(folder, None, trust=True).exit_code == 0
    assert (folder / "apps/b.yaml").read_text() == "done\n"
    assert not (state_folder(folder) / "approved.json").exists()
    assert check(folder).exit_code == 4


# --- the repository's approvals ------------------------------------------------------------


def shared_by_a_colleague(folder: Path) -> bytes:
    """The file that a colleague's approval makes; this user has approved nothing."""
    with opened(folder, approve_all) as session:
        asyncio.run(session.context.approvals.share(list(all_requests(session.context))))
    return (folder / ".storyrunner/approved.json").read_bytes()


def test_on_a_persons_machine_a_strangers_approvals_do_not_count(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", READS)
    shared_by_a_colleague(folder)
    report = check(folder)
    assert report.exit_code == 4
    assert "approved in .storyrunner/approved.json, but not by you" in report.results[0].reason


def test_in_ci_the_repositorys_approvals_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_repository(tmp_path / "repo", READS)
    shared_by_a_colleague(folder)
    monkeypatch.setenv("CI", "true")
    assert check(folder).exit_code == 0
    monkeypatch.setenv("CI", "false")
    assert check(folder).exit_code == 4


def test_they_are_shown_once_with_who_gave_them_and_then_are_ones_own(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", READS)
    shared_by_a_colleague(folder)
    script = Script(approvals=approve_all)
    guide(folder, script=script)
    assert [bool(item.by) for item in script.questions[0].items] == [True]
    (folder / ".storyrunner/approved.json").unlink()
    assert check(folder).exit_code == 0


def test_sharing_goes_through_the_write_question_with_its_diff(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", READS)
    path = ".storyrunner/approved.json"

    def share(question):  # type: ignore[no-untyped-def]
        return replace(approve_all(question), share=True)

    no = Script(approvals=share, writes={path: WriteAnswer(Choice.SKIP)})
    guide(folder, script=no)
    assert no.asked == [path]
    assert not (folder / path).exists()
    (state_folder(folder) / "approved.json").unlink()
    recording = Recording()
    guide(folder, script=Script(approvals=share), recording=recording)
    table = json.loads((folder / path).read_text())
    assert [item["command"] for item in table["commands"].values()] == [READS["run"]]
    events = [one.event for one in recording.envelopes]
    diffs = [one.diff for one in events if isinstance(one, FileProposed) and one.path == path]
    assert READS["run"] in diffs[0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.replace(b"grep -c kind", b"rm -rf ./ ##"),
        lambda data: data[:-5],
        lambda data: b"[]",
        lambda data: b'{"version": 99, "commands": {}}',
        lambda data: b'{"version": 1, "commands": {"x": 1}}',
        lambda data: b"\xff\xfe",
        lambda data: b"[" * 100_000,
        lambda data: data.replace(b'"folder": ""', b'"folder": "apps"'),
        lambda data: data.replace(b'"env": []', b'"env": ["A"]'),
        lambda data: data.replace(b'"runs": {}', b'"runs": {"a": "b"}'),
    ],
)
def test_a_file_of_approvals_that_was_tampered_with_approves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil
) -> None:
    folder = make_repository(tmp_path / "repo", READS)
    data = shared_by_a_colleague(folder)
    (folder / ".storyrunner/approved.json").write_bytes(spoil(data))
    monkeypatch.setenv("CI", "true")
    report = check(folder)
    assert report.exit_code == 4
    assert ".storyrunner/approved.json" in report.results[0].reason


def test_a_link_in_the_place_of_the_file_approves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_repository(tmp_path / "repo", READS)
    outside = tmp_path / "outside.json"
    outside.write_bytes(shared_by_a_colleague(folder))
    file = folder / ".storyrunner/approved.json"
    file.unlink()
    file.symlink_to(outside)
    monkeypatch.setenv("CI", "true")
    report = check(folder)
    assert report.exit_code == 4
    assert "leads out of the repository" in report.results[0].reason


# --- where and how they run ----------------------------------------------------------------


@pytest.mark.parametrize(
    "run",
    [
        "echo x > README.md",
        "rm -rf apps",
        "touch new",
        "mkdir -p a/b",
        "cat README.md; ./lies.sh",
        "rm -rf .git",
        "ln -s /etc apps/link",
    ],
)
def test_check_changes_no_byte_of_the_tree_whatever_runs(tmp_path: Path, run: str) -> None:
    folder = make_repository(tmp_path / "repo", {"run": run})
    (folder / "lies.sh").write_text("#!/bin/bash\necho x > README.md\nrm -rf .git\n")
    (folder / "lies.sh").chmod(0o755)
    before = fingerprint(folder)
    check(folder, trust=True)
    assert fingerprint(folder) == before


@pytest.mark.skipif(confined.abi() < 1, reason="this kernel has no Landlock")
def test_a_lie_with_an_absolute_path_changes_nothing_either(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", {"run": "./lies.sh"})
    lies = f"echo x > {folder}/README.md\nrm -rf {folder}/.git\necho x > {tmp_path}/out\n"
    (folder / "lies.sh").write_text(f"#!/bin/bash\n{lies}")
    (folder / "lies.sh").chmod(0o755)
    before = fingerprint(folder)
    assert check(folder, trust=True).exit_code == 1
    assert fingerprint(folder) == before
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(confined.abi() < 4, reason="this kernel does not confine TCP")
def test_what_says_it_only_reads_files_opens_no_connection(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        folder = make_repository(tmp_path / "repo", {"run": "./calls.sh"})
        (folder / "calls.sh").write_text(f"#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/{port}\n")
        (folder / "calls.sh").chmod(0o755)
        report = check(folder, trust=True)
        assert report.exit_code == 1
        assert "Permission denied" in report.results[0].reason
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_write_that_is_still_to_be_done_is_no_proof_in_check(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", WRITES)
    report = check(folder, trust=True)
    assert report.exit_code == 1
    assert "not done yet: it would change apps/b.yaml" in report.results[0].reason
    guide(folder)
    assert check(folder).exit_code == 0


SEVERAL = "sed -i s/a/z/ README.md && rm apps/a.yaml"


def test_what_a_command_writes_is_proposed_with_its_diff_and_can_be_undone(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", {"run": SEVERAL})
    before = (folder / "README.md").read_text()
    script = Script(approvals=approve_all)
    with opened(folder, script=script) as session:
        report = asyncio.run(session.run())
        assert script.asked == ["README.md", "apps/a.yaml"]
        assert report.exit_code == 0
        assert not (folder / "apps/a.yaml").exists()
        session.context.workspace.undo()
        session.context.workspace.undo()
    assert (folder / "README.md").read_text() == before
    assert (folder / "apps/a.yaml").exists()


def test_changes_that_are_not_taken_are_not_made(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", WRITES)
    script = Script(approvals=approve_all, writes={"apps/b.yaml": WriteAnswer(Choice.SKIP)})
    report = guide(folder, script=script)
    assert report.exit_code != 0
    assert first(report) == "pending"
    assert not (folder / "apps/b.yaml").exists()


HALF = "echo x > README.md; grep nothing README.md"


def test_a_command_that_fails_halfway_changes_nothing(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", {"run": HALF})
    before = fingerprint(folder)
    assert guide(folder).exit_code == 1
    assert fingerprint(folder) == before


def test_folders_and_git_are_changed_in_the_tree_and_told(tmp_path: Path) -> None:
    folder = make_repository(
        tmp_path / "repo", {"run": "mkdir -p new/deep"}, {"run": "git add extra.yaml"}
    )
    (folder / "extra.yaml").write_text("x: 1\n")
    assert guide(folder).exit_code == 0
    assert (folder / "new/deep").is_dir()
    assert "A  extra.yaml" in git(folder, "status", "--short")


def test_git_is_changed_in_a_linked_working_tree_too(tmp_path: Path) -> None:
    main = make_repository(tmp_path / "main", {"run": "git add extra.yaml"})
    git(main, "worktree", "add", "-q", str(tmp_path / "linked"))
    linked = tmp_path / "linked"
    (linked / "extra.yaml").write_text("x: 1\n")
    assert guide(linked).exit_code == 0
    assert "A  extra.yaml" in git(linked, "status", "--short")


def test_git_history_can_be_read_in_check(tmp_path: Path) -> None:
    folder = make_repository(
        tmp_path / "repo",
        {"run": "git log --oneline", "expect": [{"contains": ["start"]}]},
        {"run": "git status --short", "expect": [{"contains": ["M README.md"]}]},
    )
    (folder / "README.md").write_text("# Other\n")
    before = fingerprint(folder)
    assert check(folder, trust=True).exit_code == 0
    assert fingerprint(folder) == before


def test_nothing_is_inherited_but_what_the_step_declares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted")
    monkeypatch.setenv("KUBECONFIG", "planted")
    monkeypatch.setenv("DECLARED", "given")
    folder = make_repository(tmp_path / "repo", {"run": "env", "env": ["DECLARED"]})
    watched = Watched()
    with opened(folder, mode=Mode.CHECK, trust=True, runner=watched) as session:
        asyncio.run(session.run())
    env = watched.of_the_story()[-1].env
    assert env is not None
    assert "planted" not in env.values()
    assert env["DECLARED"] == "given"
    assert env["HOME"] != str(Path.home())
    assert Path(env["HOME"]).parent == Path(env["TMPDIR"]).parent


def test_a_declared_variable_that_is_not_set_is_no_verdict(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", {"run": "env", "env": ["NOT_SET"]})
    report = check(folder, trust=True)
    assert report.exit_code == 3
    assert "NOT_SET is not set" in report.results[0].reason


def test_the_repository_cannot_bring_its_own_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_repository(tmp_path / "repo", {"run": "ls | wc -l; tool"})
    (folder / "bin").mkdir()
    (folder / "bin/tool").write_text("#!/bin/bash\necho mine\n")
    (folder / "bin/tool").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}/bin:.:{os.environ['PATH']}")
    report = check(folder, trust=True)
    assert report.exit_code == 3
    assert "cannot be started" in report.results[0].reason


def test_commands_find_each_others_temporary_files_and_nobody_else_does(tmp_path: Path) -> None:
    name = f"storyrunner-{tmp_path.name}.txt"
    folder = make_repository(
        tmp_path / "repo",
        {"run": f"echo handed over > /tmp/{name}"},
        {"run": f"cat /tmp/{name}", "expect": [{"equals": "handed over"}]},
    )
    assert check(folder, trust=True).exit_code == 0
    assert not Path("/tmp", name).exists()


def test_private_folders_have_no_names_in_reports(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", {"run": "pwd; echo $HOME; ls $TMPDIR/missing"})
    one, two = check(folder, trust=True), check(folder, trust=True)
    assert one.results[0].reason == two.results[0].reason
    assert "$TMPDIR/missing" in one.results[0].reason
    assert PREFIX not in str(one)


def test_private_folders_are_gone_after_the_session(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", READS)
    with opened(folder, mode=Mode.CHECK, trust=True) as session:
        asyncio.run(session.run())
        assert session.context.sandbox is not None
        home = session.context.sandbox.home
        assert home.is_dir()
    assert not home.exists()


class Stopped(Watched):
    """A runner on which the story's command printed something and never ended."""

    async def run(self, command: Command, on_line: LineSink | None = None) -> Outcome:
        """Stop the story's commands; run all others."""
        if PREFIX in (command.env or {}).get("HOME", ""):
            return Outcome(command, Ending.TIMED_OUT, None, b"Forwarding from 127.0.0.1\n")
        return await super().run(command, on_line)


@pytest.mark.parametrize(
    ("expect", "code"),
    [([{"contains": ["Forwarding"]}], 0), ([{"contains": ["Refused"]}], 1), ([], 3)],
)
def test_what_never_ends_is_judged_by_what_it_printed_alone(
    tmp_path: Path, expect: list[object], code: int
) -> None:
    step = {"run": "tail -f README.md", "expect": expect, "timeout": 1}
    folder = make_repository(tmp_path / "repo", step)
    assert guide(folder, runner=Stopped()).exit_code == code


def test_looking_again_runs_no_command_that_changes_something(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "repo", READS, WRITES, {"run": "git add apps"})
    watched = Watched()
    with opened(folder, approve_all, runner=watched) as session:
        asyncio.run(session.run())
        before = len(watched.of_the_story())
        asyncio.run(recheck(session))
        again = watched.of_the_story()[before:]
    assert [one.argv[-3:] for one in again] == [("-c", "kind", "apps/a.yaml")]


# --- what counts as proof ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ({"run": "ls README.md"}, 0),
        ({"run": "grep nothing README.md"}, 1),
        ({"run": "grep nothing README.md", "exit_codes": [1]}, 0),
        ({"run": "grep nothing README.md | wc -l", "expect": [{"equals": "0"}]}, 1),
        ({"run": "grep nothing README.md; ls"}, 1),
        ({"run": "echo $UNSET"}, 1),
        ({"run": "ls missing | sort"}, 1),
        ({"run": "not-a-program"}, 3),
        ({"run": "ls README.md", "folder": "nowhere"}, 3),
        ({"run": "sleep 30", "timeout": 0.2}, 3),
        ({"run": "cat a.yaml", "folder": "apps", "expect": [{"contains": ["kind"]}]}, 0),
        ({"run": "cat README.md", "expect": [{"equals": "# Other"}]}, 1),
        ({"run": "ls README.md", "expect": [{"contains": [""]}]}, 2),
        ({"run": "true", "expect": [{"matches": ".*"}]}, 1),
    ],
)
def test_exit_code_and_output_both_have_to_be_right(tmp_path: Path, step: dict, code: int) -> None:
    folder = make_repository(tmp_path / "repo", step)
    if code == 2:
        with pytest.raises(Exception, match="could not fail"):
            check(folder, trust=True)
        return
    assert check(folder, trust=True).exit_code == code
