"""The repository changes under us: each is a clear state with the next action, nothing is lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from storyrunner.engine.loop import run_to_end
from storyrunner.engine.opening import Options, open_session
from storyrunner.engine.session import Mode
from storyrunner.model.decision import DefaultDecider, WriteAnswer, WriteQuestion
from storyrunner.model.result import RunReport, StepResult
from tests.cli.conftest import Ran, Run
from tests.support.repositories import (
    CERTIFICATE,
    FOLDER,
    INFRA,
    KS,
    RULE,
    STORY,
    commit_all,
    git,
)


def step_of(ran: Ran, name: str = "T7.1") -> dict[str, object]:
    """The last result of a step in a JSON report."""
    found = [item for item in json.loads(ran.out)["results"] if item["step"] == name]
    return found[-1]  # type: ignore[no-any-return]


def hints(ran: Ran) -> str:
    """What each error says and advises."""
    return "\n".join(
        f"{item['message']} / {item['hint']}"
        for result in json.loads(ran.out)["results"]
        for item in result["findings"]
        if item["severity"] == "error"
    )


def try_git(folder: Path, *args: str) -> None:
    """Run git and let it fail."""
    with pytest.raises(AssertionError):
        git(folder, *args)


# --- an operation in progress, made by git itself ------------------------------------------------


def diverged(folder: Path) -> None:
    """Two branches that change the same line of the README: `theirs`, and `main`, which is out."""
    git(folder, "switch", "-q", "-c", "theirs")
    (folder / "README.md").write_text("theirs\n")
    commit_all(folder, "theirs")
    git(folder, "switch", "-q", "main")
    (folder / "README.md").write_text("ours\n")
    commit_all(folder, "ours")


def rebasing(folder: Path) -> None:
    """A rebase that stopped at a conflict."""
    diverged(folder)
    try_git(folder, "rebase", "theirs")


def merging(folder: Path) -> None:
    """A merge with a conflict."""
    diverged(folder)
    try_git(folder, "merge", "theirs")


def picking(folder: Path) -> None:
    """A cherry-pick with a conflict."""
    diverged(folder)
    try_git(folder, "cherry-pick", "theirs")


def reverting(folder: Path) -> None:
    """A revert with a conflict."""
    diverged(folder)
    (folder / "README.md").write_text("once more\n")
    commit_all(folder, "again")
    try_git(folder, "revert", "--no-edit", "HEAD~1")


def bisecting(folder: Path) -> None:
    """A bisection that goes on."""
    diverged(folder)
    git(folder, "bisect", "start")
    git(folder, "bisect", "bad", "HEAD")
    git(folder, "bisect", "good", "HEAD~1")


@pytest.mark.parametrize(
    ("begin", "operation", "end"),
    [
        (rebasing, "rebase", "git rebase --abort"),
        (merging, "merge", "git merge --abort"),
        (picking, "cherry-pick", "git cherry-pick --abort"),
        (reverting, "revert", "git revert --abort"),
        (bisecting, "bisect", "git bisect reset"),
    ],
)
def test_an_operation_of_git_in_progress_waits_for_its_end_and_is_left_alone(
    run: Run, demo: Path, begin: Callable[[Path], None], operation: str, end: str
) -> None:
    begin(demo)
    head, story = git(demo, "rev-parse", "HEAD"), (demo / STORY).read_bytes()
    readme, index = (demo / "README.md").read_bytes(), git(demo, "ls-files", "--stage")
    ran = run("run", "--yes", "-C", demo, "--format", "json")
    assert ran.code == 1
    step = step_of(ran)
    assert step["status"] == "blocked"
    assert f"a {operation} is in progress" in str(step["reason"])
    assert f"`{end}`" in str(step["reason"])
    assert git(demo, "rev-parse", "HEAD") == head
    assert git(demo, "ls-files", "--stage") == index
    assert (demo / "README.md").read_bytes() == readme
    assert (demo / STORY).read_bytes() == story
    git(demo, *end.split()[1:])
    assert run("run", "--yes", "-C", demo).code == 0
    assert git(demo, "status", "--porcelain") == ""


def test_a_conflict_that_no_operation_explains_is_named_with_what_ends_it(
    run: Run, demo: Path
) -> None:
    diverged(demo)
    (demo / "README.md").write_text("stashed\n")
    git(demo, "stash", "-q")
    (demo / "README.md").write_text("between\n")
    commit_all(demo, "between")
    try_git(demo, "stash", "pop")
    ran = run("run", "--yes", "-C", demo, "--format", "json")
    assert ran.code == 1
    assert "README.md has an unresolved conflict" in str(step_of(ran)["reason"])
    assert "git add README.md" in str(step_of(ran)["reason"])


# --- while the run goes on -----------------------------------------------------------------------


class Meddler(DefaultDecider):
    """Does something to the repository while the engineer looks at the diff of a file."""

    def __init__(self, path: str, meddle: Callable[[], object]) -> None:
        super().__init__()
        self._path = path
        self._meddle = meddle
        self._is_done = False

    async def decide_write(self, question: WriteQuestion) -> WriteAnswer:
        """Meddle once, then say yes."""
        if question.path == self._path and not self._is_done:
            self._is_done = True
            self._meddle()
        return await DefaultDecider.decide_write(self, question)


def walk(folder: Path, decider: DefaultDecider) -> RunReport:
    """A guided run in this process."""
    with open_session(Options(root=folder), mode=Mode.GUIDE, decider=decider) as session:
        return run_to_end(session.run())


def result_of(report: RunReport, step: str) -> StepResult:
    """The last result of a step."""
    return [item for item in report.results if item.step == step][-1]


def test_a_branch_switched_during_the_run_is_told_before_anything_is_committed(
    run: Run, demo: Path
) -> None:
    report = walk(demo, Meddler(KS, lambda: git(demo, "switch", "-q", "-c", "elsewhere")))
    reason = result_of(report, "T7.1").reason
    assert "HEAD was on main when this began and is on elsewhere now" in reason
    assert "run this again" in reason
    assert report.exit_code == 1
    assert git(demo, "rev-parse", "main") == git(demo, "rev-parse", "elsewhere")
    assert (demo / CERTIFICATE).exists()
    assert "- [x]" not in (demo / STORY).read_text("utf-8")
    assert run("run", "--yes", "-C", demo).code == 0
    assert git(demo, "rev-list", "--count", "main..elsewhere").strip() == "1"


def test_a_session_that_goes_on_after_a_switch_commits_when_it_is_told_to_again(
    demo: Path,
) -> None:
    decider = Meddler(KS, lambda: git(demo, "switch", "-q", "-c", "elsewhere"))
    with open_session(Options(root=demo), mode=Mode.GUIDE, decider=decider) as session:
        run_to_end(session.run())
        again = run_to_end(session.run_step("T7.1"))
    assert again.status == "passed"
    assert git(demo, "rev-list", "--count", "main..elsewhere").strip() == "1"


def test_a_head_detached_during_the_run_is_told_too(demo: Path) -> None:
    report = walk(demo, Meddler(KS, lambda: git(demo, "checkout", "-q", "--detach")))
    assert "HEAD was on main when this began and is on no branch now" in str(
        result_of(report, "T7.1").reason
    )


def test_a_commit_of_somebody_else_meanwhile_is_built_upon(demo: Path) -> None:
    def theirs() -> None:
        (demo / "theirs.txt").write_text("theirs\n")
        git(demo, "add", "theirs.txt")
        git(demo, "commit", "-q", "-m", "theirs")

    assert walk(demo, Meddler(KS, theirs)).exit_code == 0
    assert git(demo, "log", "--format=%s", "-2").splitlines()[1] == "theirs"
    assert git(demo, "status", "--porcelain") == ""


@pytest.mark.parametrize("kind", ["deleted", "a link", "a folder"])
def test_a_file_that_became_something_else_since_its_diff_is_not_written(
    run: Run, demo: Path, tmp_path: Path, kind: str
) -> None:
    file, outside = demo / INFRA, tmp_path / "outside.yaml"
    before = file.read_bytes()
    outside.write_bytes(before)

    def meddle() -> None:
        file.unlink()
        if kind == "a link":
            file.symlink_to(outside)
        if kind == "a folder":
            file.mkdir()

    report = walk(demo, Meddler(INFRA, meddle))
    assert report.exit_code != 0
    assert result_of(report, "T6.1").status in ("failed", "errored")
    assert result_of(report, "T6.1").reason
    assert outside.read_bytes() == before
    assert file.is_symlink() is (kind == "a link")
    assert file.is_dir() is (kind == "a folder")
    if file.is_dir():
        file.rmdir()
    file.unlink(missing_ok=True)
    file.write_bytes(before)
    assert run("run", "--yes", "-C", demo).code == 0


def test_a_repository_that_is_gone_in_the_middle_is_an_error_and_no_bug(demo: Path) -> None:
    report = walk(demo, Meddler(RULE, lambda: shutil.rmtree(demo / ".git")))
    assert report.exit_code in (1, 3)
    assert "not a git repository" in result_of(report, "T7.1").reason
    assert (demo / CERTIFICATE).exists()


def test_an_index_that_another_git_locks_meanwhile_leaves_the_story_as_it_was(
    run: Run, demo: Path
) -> None:
    lock = demo / ".git" / "index.lock"
    story = (demo / STORY).read_bytes()
    report = walk(demo, Meddler(KS, lambda: lock.write_text("")))
    assert "index.lock exists" in result_of(report, "T7.1").reason
    assert (demo / STORY).read_bytes() == story
    lock.unlink()
    assert run("run", "--yes", "-C", demo).code == 0


# --- the push ------------------------------------------------------------------------------------


@pytest.fixture
def remote(demo: Path, tmp_path: Path) -> Path:
    """A remote of the demo's own, level with it."""
    folder = tmp_path / "remote.git"
    git(demo, "init", "-q", "--bare", "-b", "main", str(folder))
    git(demo, "remote", "set-url", "origin", str(folder))
    git(demo, "push", "-q", "origin", "main")
    return folder


def guard(remote: Path, *lines: str) -> None:
    """A remote whose hook says no in these words."""
    hook = remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    said = "\n".join(f"echo '{line}' >&2" for line in lines)
    hook.write_text(f"#!{shutil.which('sh')}\n{said}\nexit 1\n")
    hook.chmod(0o755)


def test_a_protected_branch_is_told_in_the_remotes_words_with_the_way_around(
    run: Run, demo: Path, remote: Path
) -> None:
    guard(
        remote,
        "error: GH006: Protected branch update failed for refs/heads/main.",
        "error: Changes must be made through a pull request.",
    )
    before = git(remote, "rev-parse", "main")
    ran = run("run", "--yes", "--push", "-C", demo, "--format", "json")
    assert ran.code == 1
    assert "Protected branch update failed" in str(step_of(ran)["reason"])
    assert "git push -u REMOTE HEAD:NAME" in hints(ran)
    assert "pull request" in hints(ran)
    assert git(remote, "rev-parse", "main") == before
    assert git(demo, "rev-list", "--count", "origin/main..main").strip() == "1"
    assert "- [ ] Commit and push:" in (demo / STORY).read_text(encoding="utf-8")


def test_a_hook_of_the_remote_that_says_no_is_quoted(run: Run, demo: Path, remote: Path) -> None:
    guard(remote, "the subject has no ticket")
    ran = run("run", "--yes", "--push", "-C", demo, "--format", "json")
    assert ran.code == 1
    assert "hook declined: the subject has no ticket" in str(step_of(ran)["reason"])


def test_a_rejected_push_says_fetch_rebase_and_push(
    run: Run, demo: Path, remote: Path, tmp_path: Path
) -> None:
    theirs = tmp_path / "theirs"
    git(tmp_path, "clone", "-q", str(remote), str(theirs))
    (theirs / "theirs.txt").write_text("x")
    git(theirs, "config", "user.name", "They")
    git(theirs, "config", "user.email", "they@example.com")
    commit_all(theirs, "theirs")
    git(theirs, "push", "-q")
    ran = run("run", "--yes", "--push", "-C", demo, "--format", "json")
    assert ran.code == 1
    assert "not pushed: fetch first" in str(step_of(ran)["reason"])
    assert "fetch, rebase and push again" in hints(ran)
    assert git(demo, "status", "--porcelain") == "", "the commit holds all, the story too"
    git(demo, "pull", "-q", "--rebase", "origin", "main")
    assert run("run", "--yes", "--push", "-C", demo).code == 0
    assert git(remote, "rev-parse", "main") == git(demo, "rev-parse", "main")


def test_a_remote_that_is_not_there_says_where_to_look(run: Run, demo: Path) -> None:
    git(demo, "remote", "set-url", "origin", str(demo.parent / "nowhere.git"))
    ran = run("run", "--yes", "--push", "-C", demo, "--format", "json")
    assert ran.code == 1
    assert "git remote -v" in hints(ran)


def test_the_folder_of_the_manifests_removed_before_the_commit_is_not_committed_as_deleted(
    run: Run, demo: Path
) -> None:
    report = walk(demo, Meddler(INFRA, lambda: shutil.rmtree(demo / FOLDER)))
    assert report.exit_code == 1
    assert git(demo, "rev-list", "--count", "HEAD").strip() == "1"
    assert run("run", "--yes", "-C", demo).code == 0
