"""The commit holds exactly what it was given; nothing else of the repository moves."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storyrunner.errors import ToolError, WorkspaceError
from storyrunner.model.command import Command, Ending, Outcome
from storyrunner.tools import git as reading
from storyrunner.tools.git import Git
from storyrunner.tools.git_commit import (
    CommitRefused,
    Committed,
    PushTarget,
    commit,
    push,
    push_target,
    redact_url,
)
from storyrunner.tools.git_status import parse_status
from storyrunner.tools.process import OsRunner
from tests.support.scripted_runner import ScriptedRunner


class Repository:
    """A real repository in a temporary folder, with an identity of its own."""

    def __init__(self, folder: Path, runner: OsRunner) -> None:
        self.folder = folder
        self.git = Git(runner, folder)

    async def do(self, *args: str) -> str:
        outcome = await reading.run(self.git, *args, writes=True)
        assert outcome.ok, outcome.stderr_text
        return outcome.stdout_text

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def hook(self, name: str, script: str) -> None:
        file = self.folder / ".git" / "hooks" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    async def state(self) -> tuple[str, str]:
        """HEAD and the whole index."""
        index = await self.do("ls-files", "--stage", "--debug")
        kept = [line for line in index.splitlines() if not line.startswith("  ")]
        return (await self.do("rev-parse", "HEAD")), "\n".join(kept)


@pytest.fixture
async def empty(tmp_path: Path) -> Repository:
    folder = tmp_path / "repo"
    folder.mkdir()
    repository = Repository(folder, OsRunner())
    await repository.do("init", "--quiet", "--initial-branch=main")
    await repository.do("config", "user.name", "Ada")
    await repository.do("config", "user.email", "ada@example.com")
    return repository


@pytest.fixture
async def repo(empty: Repository) -> Repository:
    for name in ("a.yaml", "b.yaml", "c.yaml"):
        empty.write(name, f"{name}\n")
    await empty.do("add", ".")
    await empty.do("commit", "--quiet", "-m", "start")
    return empty


async def test_the_top_is_found_from_a_folder_within(repo: Repository) -> None:
    (repo.folder / "deep" / "er").mkdir(parents=True)
    within = Git(repo.git.runner, repo.folder / "deep" / "er")
    assert await reading.toplevel(within) == repo.folder.resolve()


async def test_a_plain_folder_has_no_top(tmp_path: Path) -> None:
    assert await reading.toplevel(Git(OsRunner(), tmp_path)) is None


async def test_a_damaged_repository_is_not_taken_for_none(repo: Repository) -> None:
    (repo.folder / ".git" / "config").write_text("[core\nbroken")
    with pytest.raises(WorkspaceError, match="bad config"):
        await reading.toplevel(repo.git)


async def test_a_missing_git_is_a_tool_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="not found"):
        await reading.toplevel(Git(OsRunner(), tmp_path, "no-such-git"))


async def test_status_tells_staged_unstaged_untracked_and_renamed(repo: Repository) -> None:
    repo.write("a.yaml", "changed\n")
    repo.write("new file ü.yaml", "new\n")
    await repo.do("mv", "b.yaml", "renamed.yaml")
    repo.write("d.yaml", "staged\n")
    await repo.do("add", "d.yaml")
    repo.write("d.yaml", "and changed again\n")
    status = await reading.status(repo.git)
    assert [(e.path, e.staged) for e in status.staged] == [("d.yaml", "A"), ("renamed.yaml", "R")]
    assert [e.path for e in status.unstaged] == ["a.yaml", "d.yaml"]
    assert [e.path for e in status.untracked] == ["new file ü.yaml"]
    renamed = status.of("renamed.yaml")
    assert renamed is not None
    assert renamed.old_path == "b.yaml"
    assert status.head.branch == "main"
    assert not status.head.is_unborn


async def test_a_conflict_is_told(repo: Repository) -> None:
    await repo.do("checkout", "--quiet", "-b", "other")
    repo.write("a.yaml", "theirs\n")
    await repo.do("commit", "--quiet", "-am", "theirs")
    await repo.do("checkout", "--quiet", "main")
    repo.write("a.yaml", "ours\n")
    await repo.do("commit", "--quiet", "-am", "ours")
    assert not (await reading.run(repo.git, "merge", "other", writes=True)).ok
    status = await reading.status(repo.git)
    assert [entry.path for entry in status.conflicts] == ["a.yaml"]
    assert await reading.operation(repo.git) == "merge"
    refused = await commit(repo.git, ["a.yaml"], "no")
    assert isinstance(refused, CommitRefused)
    assert refused.reason == "a merge is in progress"


async def test_a_rebase_in_progress_is_told(repo: Repository) -> None:
    (repo.folder / ".git" / "rebase-merge").mkdir()
    assert await reading.operation(repo.git) == "rebase"


async def test_no_operation_is_the_empty_word(repo: Repository) -> None:
    assert await reading.operation(repo.git) == ""


async def test_a_detached_head_is_told(repo: Repository) -> None:
    await repo.do("checkout", "--quiet", "--detach")
    head = (await reading.status(repo.git)).head
    assert head.is_detached
    assert len(head.commit) == 40


async def test_who_commits_is_told_only_when_the_user_told_git(repo: Repository) -> None:
    assert await reading.identity(repo.git) == "Ada <ada@example.com>"
    await repo.do("config", "--unset", "user.email")
    assert await reading.identity(repo.git) == ""


async def test_a_commit_holds_exactly_the_given_files(repo: Repository) -> None:
    repo.write("a.yaml", "changed\n")
    repo.write("sub/new.yaml", "new\n")
    repo.write("b.yaml", "staged by the user\n")
    repo.write("staged-new.yaml", "staged by the user\n")
    await repo.do("add", "b.yaml", "staged-new.yaml")
    repo.write("c.yaml", "not staged\n")
    (repo.folder / "gone").touch()
    made = await commit(repo.git, ["a.yaml", "sub/new.yaml"], "feat: two files\n")
    assert isinstance(made, Committed)
    assert made.files == ("a.yaml", "sub/new.yaml")
    assert made.warning == ""
    status = await reading.status(repo.git)
    assert status.head.commit == made.commit
    assert [e.path for e in status.staged] == ["b.yaml", "staged-new.yaml"]
    assert [e.path for e in status.unstaged] == ["c.yaml"]
    assert [e.path for e in status.untracked] == ["gone"]


async def test_a_file_that_is_partly_staged_is_committed_as_it_stands(repo: Repository) -> None:
    repo.write("a.yaml", "first\n")
    await repo.do("add", "a.yaml")
    repo.write("a.yaml", "second\n")
    made = await commit(repo.git, ["a.yaml"], "feat: a\n")
    assert isinstance(made, Committed)
    assert await reading.content_at_head(repo.git, "a.yaml") == b"second\n"
    assert (await reading.status(repo.git)).entries == ()


async def test_a_deleted_file_is_committed_as_deleted(repo: Repository) -> None:
    (repo.folder / "a.yaml").unlink()
    made = await commit(repo.git, ["a.yaml"], "feat!: without a\n")
    assert isinstance(made, Committed)
    assert made.files == ("a.yaml",)
    assert await reading.content_at_head(repo.git, "a.yaml") is None
    assert (await reading.status(repo.git)).entries == ()


async def test_the_first_commit_of_a_repository_holds_only_what_was_given(
    empty: Repository,
) -> None:
    empty.write("a.yaml", "a\n")
    empty.write("b.yaml", "b\n")
    await empty.do("add", "b.yaml")
    assert (await reading.status(empty.git)).head.is_unborn
    made = await commit(empty.git, ["a.yaml"], "feat: first\n")
    assert isinstance(made, Committed)
    assert made.files == ("a.yaml",)
    assert [e.path for e in (await reading.status(empty.git)).staged] == ["b.yaml"]


async def test_the_message_is_taken_as_it_is(repo: Repository) -> None:
    message = "feat(cert): use ${SECRET_DOMAIN}\n\n# not a comment\n$(echo no) `no` 'ü'\n"
    await repo.do("config", "commit.cleanup", "strip")
    repo.write("a.yaml", "x\n")
    assert isinstance(await commit(repo.git, ["a.yaml"], message), Committed)
    assert (await repo.do("log", "-1", "--format=%B")).rstrip() == message.rstrip()


async def test_a_name_with_magic_in_it_is_only_a_name(repo: Repository) -> None:
    for name in (":(top)x.yaml", "*.yaml", "-dash.yaml", "two words.yaml"):
        repo.write(name, "x\n")
    repo.write("a.yaml", "changed\n")
    names = ["*.yaml", "-dash.yaml", ":(top)x.yaml", "two words.yaml"]
    made = await commit(repo.git, names, "feat: names\n")
    assert isinstance(made, Committed)
    assert made.files == tuple(names)


@pytest.mark.parametrize("hook", ["pre-commit", "commit-msg"])
async def test_a_hook_that_says_no_leaves_everything_as_it_was(repo: Repository, hook: str) -> None:
    repo.write("a.yaml", "changed\n")
    repo.write("new.yaml", "new\n")
    repo.write("b.yaml", "staged\n")
    await repo.do("add", "b.yaml")
    repo.hook(hook, "echo the hook objects >&2; exit 1")
    before = await repo.state()
    refused = await commit(repo.git, ["a.yaml", "new.yaml"], "feat: no\n")
    assert isinstance(refused, CommitRefused)
    assert "the hook objects" in refused.output
    assert await repo.state() == before
    assert not list((repo.folder / ".git").glob("*.lock"))


async def test_a_hook_sees_exactly_what_will_be_committed(repo: Repository) -> None:
    repo.write("a.yaml", "changed\n")
    repo.write("b.yaml", "staged\n")
    await repo.do("add", "b.yaml")
    repo.hook("pre-commit", "git diff --cached --name-only > seen; git diff --name-only >> seen")
    assert isinstance(await commit(repo.git, ["a.yaml"], "feat: a\n"), Committed)
    assert (repo.folder / "seen").read_text().split() == ["a.yaml", "b.yaml"]


async def test_what_a_hook_adds_is_named_among_the_files(repo: Repository) -> None:
    repo.write("a.yaml", "changed\n")
    repo.hook("pre-commit", "echo formatted > a.yaml; echo log > log; git add a.yaml log")
    made = await commit(repo.git, ["a.yaml"], "feat: a\n")
    assert isinstance(made, Committed)
    assert made.files == ("a.yaml", "log")
    assert (await reading.status(repo.git)).of("a.yaml") is None


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        (["absent.yaml"], "did not match any files"),
        (["secret.key"], "ignored"),
        (["folder"], "is a folder"),
    ],
)
async def test_what_cannot_be_committed_is_refused_and_changes_nothing(
    repo: Repository, paths: list[str], reason: str
) -> None:
    repo.write(".gitignore", "*.key\n")
    repo.write("secret.key", "x\n")
    repo.write("folder/x.yaml", "x\n")
    before = await repo.state()
    refused = await commit(repo.git, paths, "feat: no\n")
    assert isinstance(refused, CommitRefused)
    assert reason in refused.reason + refused.output
    assert await repo.state() == before


async def test_what_head_has_already_is_committed_without_a_commit(repo: Repository) -> None:
    before = await repo.state()
    made = await commit(repo.git, ["a.yaml"], "feat: again\n")
    assert made == Committed((await reading.status(repo.git)).head.commit, (), "")
    assert await repo.state() == before


async def test_an_index_left_behind_by_a_kill_after_the_commit_is_brought_up_to_date(
    repo: Repository,
) -> None:
    old = (repo.folder / ".git" / "index").read_bytes()
    repo.write("a.yaml", "changed\n")
    repo.write("new.yaml", "new\n")
    paths = ["a.yaml", "new.yaml"]
    first = await commit(repo.git, paths, "feat: both\n")
    (repo.folder / ".git" / "index").write_bytes(old)
    assert (await reading.status(repo.git)).staged
    again = await commit(repo.git, paths, "feat: both\n")
    assert isinstance(first, Committed)
    assert again == Committed(first.commit, (), "")
    assert (await reading.status(repo.git)).entries == ()


async def test_what_somebody_staged_since_the_commit_stays_staged(repo: Repository) -> None:
    repo.write("a.yaml", "changed\n")
    first = await commit(repo.git, ["a.yaml"], "feat: a\n")
    repo.write("a.yaml", "theirs\n")
    await repo.do("add", "a.yaml")
    repo.write("a.yaml", "changed\n")
    before = await repo.state()
    assert isinstance(first, Committed)
    again = await commit(repo.git, ["a.yaml"], "feat: a\n")
    assert again == Committed(first.commit, (), "")
    assert await repo.state() == before


async def test_a_commit_without_an_identity_is_refused(repo: Repository) -> None:
    await repo.do("config", "--unset", "user.email")
    await repo.do("config", "user.useConfigOnly", "true")
    repo.write("a.yaml", "changed\n")
    before = await repo.state()
    refused = await commit(repo.git, ["a.yaml"], "feat: a\n")
    assert isinstance(refused, CommitRefused)
    assert await repo.state() == before


async def test_a_locked_index_refuses_the_commit(repo: Repository) -> None:
    repo.write("a.yaml", "changed\n")
    (repo.folder / ".git" / "index.lock").touch()
    refused = await commit(repo.git, ["a.yaml"], "feat: a\n")
    assert isinstance(refused, CommitRefused)
    assert "index.lock" in refused.reason


async def test_an_index_locked_too_late_is_a_warning_beside_the_commit(repo: Repository) -> None:
    repo.write("a.yaml", "changed\n")
    repo.hook("post-commit", ": > .git/index.lock")
    made = await commit(repo.git, ["a.yaml"], "feat: a\n")
    assert isinstance(made, Committed)
    assert "index.lock" in made.warning


async def test_tracked_ignored_and_all_files_are_told_apart(repo: Repository) -> None:
    repo.write(".gitignore", "*.key\nout/\n")
    repo.write("x.key", "x\n")
    repo.write("out/y", "x\n")
    repo.write("new.yaml", "x\n")
    asked = ["a.yaml", "x.key", "out/y", "new.yaml", "absent", ":(top)x.key"]
    assert await reading.tracked(repo.git, asked) == {"a.yaml"}
    assert await reading.ignored(repo.git, asked) == {"x.key", "out/y", ":(top)x.key"}
    listed = await reading.files(repo.git)
    assert listed == (".gitignore", "a.yaml", "b.yaml", "c.yaml", "new.yaml")
    assert await reading.tracked(repo.git, []) == frozenset()
    assert await reading.ignored(repo.git, []) == frozenset()


async def test_reading_takes_no_lock_and_starts_nothing_of_the_repository(
    repo: Repository,
) -> None:
    await repo.do("config", "core.fsmonitor", str(repo.folder / "spy"))
    repo.write("spy", "#!/bin/sh\ntouch called\n")
    (repo.folder / "spy").chmod(0o755)
    index = repo.folder / ".git" / "index"
    os.utime(repo.folder / "a.yaml", (1, 1))
    before = index.read_bytes()
    await reading.status(repo.git)
    await reading.files(repo.git)
    assert index.read_bytes() == before
    assert not (repo.folder / "called").exists()


async def test_the_first_push_names_remote_and_branch_and_sets_the_upstream(
    repo: Repository, tmp_path: Path
) -> None:
    assert await push_target(repo.git) is None
    bare = tmp_path / "bare.git"
    await repo.do("init", "--quiet", "--bare", str(bare))
    await repo.do("remote", "add", "origin", str(bare))
    target = await push_target(repo.git)
    assert target == PushTarget("origin", "main", "main", str(bare), sets_upstream=True)
    assert (await push(repo.git, target)).ok
    head = (await reading.status(repo.git)).head
    assert (head.upstream, head.ahead, head.behind) == ("origin/main", 0, 0)
    again = await push_target(repo.git)
    assert again == PushTarget("origin", "main", "main", str(bare), sets_upstream=False)


async def test_a_branch_with_another_name_upstream_is_pushed_there(
    repo: Repository, tmp_path: Path
) -> None:
    bare = tmp_path / "bare.git"
    await repo.do("init", "--quiet", "--bare", str(bare))
    await repo.do("remote", "add", "far", str(bare))
    await repo.do("push", "--quiet", "--set-upstream", "far", "main:trunk")
    repo.write("a.yaml", "x\n")
    assert isinstance(await commit(repo.git, ["a.yaml"], "feat: a\n"), Committed)
    target = await push_target(repo.git)
    assert target is not None
    assert (target.remote, target.remote_branch) == ("far", "trunk")
    assert (await push(repo.git, target)).ok
    assert (await reading.status(repo.git)).head.ahead == 0


async def test_a_detached_head_has_no_push_target(repo: Repository) -> None:
    await repo.do("remote", "add", "origin", "/nowhere")
    await repo.do("checkout", "--quiet", "--detach")
    assert await push_target(repo.git) is None


async def test_a_push_that_needs_a_password_fails_and_does_not_hang(repo: Repository) -> None:
    await repo.do("remote", "add", "origin", "http://127.0.0.1:9/x.git")
    target = await push_target(repo.git)
    assert target is not None
    outcome = await push(repo.git, target, seconds=30)
    assert outcome.ending is Ending.EXITED
    assert not outcome.ok


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ada:s3cret@example.com/x.git", "https://***@example.com/x.git"),
        ("https://t0ken@example.com/x.git?t=1", "https://***@example.com/x.git"),
        ("https://example.com/x.git", "https://example.com/x.git"),
        ("ssh://git:pw@example.com:22/x.git", "ssh://git@example.com:22/x.git"),
        ("git@example.com:team/x.git", "git@example.com:team/x.git"),
        ("/srv/git/x.git", "/srv/git/x.git"),
        ("https://[broken", "(an address that cannot be read)"),
    ],
)
def test_no_credential_of_a_remote_is_shown(url: str, shown: str) -> None:
    assert redact_url(url) == shown


def test_a_status_that_cannot_be_read_is_a_tool_error() -> None:
    with pytest.raises(ToolError):
        parse_status(b"x what is this\0")
    with pytest.raises(ToolError):
        parse_status(b"1 .M too few\0")


async def test_a_git_that_hangs_is_a_tool_error(tmp_path: Path) -> None:
    runner = ScriptedRunner()

    def hang(command: Command) -> Outcome:
        return Outcome(command, Ending.TIMED_OUT, None, stderr=b"timed out after 30 s\n")

    runner.computed("git", ..., outcome=hang)
    with pytest.raises(ToolError, match="timed out"):
        await reading.status(Git(runner, tmp_path))
    runner.assert_used()


async def test_git_gets_no_variable_that_is_not_meant_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "hunter2")
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/agent")
    runner = ScriptedRunner()
    runner.answer("git", ..., times=2)
    await reading.run(Git(runner, tmp_path), "status")
    await reading.run(Git(runner, tmp_path), "push", writes=True)
    read, write = (command.env or {} for command in runner.calls)
    assert not {"GITHUB_TOKEN", "GIT_DIR", "SSH_AUTH_SOCK"} & set(read)
    assert read["GIT_OPTIONAL_LOCKS"] == read["GIT_TERMINAL_PROMPT"] == "0"
    assert "SSH_AUTH_SOCK" in write
    assert "GIT_OPTIONAL_LOCKS" not in write
