"""The commit: exactly this story's files, the work of others left as it was, every no survived."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from storyrunner.engine.loop import run_to_end
from storyrunner.engine.opening import Options, open_session
from storyrunner.engine.session import Mode
from storyrunner.errors import WorkspaceError
from storyrunner.model.decision import (
    CommitAnswer,
    CommitDraft,
    DefaultDecider,
    WriteAnswer,
    WriteQuestion,
)
from storyrunner.model.result import RunReport
from storyrunner.workspace import Held, Lock
from storyrunner.workspace.state import state_folder
from tests.cli.conftest import Ran, Run
from tests.support.repositories import FOLDER, STORY, copy_repository, fingerprint, git

CERTIFICATE = f"{FOLDER}/wildcard-certificate.yaml"
INFRA = "kubernetes/clusters/infra/cluster-settings.yaml"


def step_of(ran: Ran, name: str = "T7.1") -> dict[str, object]:
    """The last result of a step in a JSON report."""
    found = [item for item in json.loads(ran.out)["results"] if item["step"] == name]
    return found[-1]  # type: ignore[no-any-return]


def messages(ran: Ran, severity: str = "") -> str:
    """All messages of the findings."""
    return "\n".join(
        f"{item['place']['path']}: {item['message']} / {item['hint']}"
        for result in json.loads(ran.out)["results"]
        for item in result["findings"]
        if severity in ("", item["severity"])
    )


def walk(folder: Path, decider: DefaultDecider) -> RunReport:
    """A guided run in this process, with a decider of the test's own."""
    options = Options(root=folder)
    with open_session(options, mode=Mode.GUIDE, decider=decider) as session:
        return run_to_end(session.run())


def write_hook(folder: Path, name: str, script: str) -> None:
    """A git hook."""
    hook = folder / ".git" / "hooks" / name
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!{shutil.which('sh')}\n{script}\n")
    hook.chmod(0o755)


# --- what git may be in the middle of ------------------------------------------------------------


def test_a_repository_without_a_commit_gets_its_first_one(run: Run, demo: Path) -> None:
    shutil.rmtree(demo / ".git")
    git(demo, "init", "-q", "-b", "main")
    git(demo, "config", "user.name", "Test")
    git(demo, "config", "user.email", "test@example.com")
    assert run("--check", "-C", demo).code == 1
    ran = run("run", "--yes", "-C", demo, "--format", "json")
    assert ran.code == 0, ran.out
    assert git(demo, "rev-list", "--count", "HEAD").strip() == "1"
    names = git(demo, "ls-tree", "-r", "--name-only", "HEAD").split()
    assert CERTIFICATE in names
    assert "README.md" not in names, "only the story's files are committed"
    assert "is needed by the build but is not in git" in messages(ran, "warning")


def test_a_detached_head_is_told_and_committed_on(run: Run, demo: Path) -> None:
    git(demo, "checkout", "-q", "--detach")
    ran = run("run", "--yes", "--push", "-C", demo, "--format", "json")
    assert ran.code == 0, ran.out
    assert "HEAD is detached" in messages(ran, "warning")
    assert "git switch -c NAME" in messages(ran, "warning")
    assert git(demo, "rev-parse", "HEAD") != git(demo, "rev-parse", "main")


@pytest.mark.parametrize(
    ("mark", "operation"),
    [("rebase-merge", "rebase"), ("MERGE_HEAD", "merge"), ("CHERRY_PICK_HEAD", "cherry-pick")],
)
def test_an_operation_in_progress_blocks_the_commit_and_nothing_else(
    run: Run, demo: Path, mark: str, operation: str
) -> None:
    head = git(demo, "rev-parse", "HEAD")
    if mark == "rebase-merge":
        (demo / ".git" / mark).mkdir()
    else:
        (demo / ".git" / mark).write_text(head)
    story = (demo / STORY).read_bytes()
    ran = run("run", "--yes", "-C", demo, "--format", "json")
    assert ran.code == 1
    step = step_of(ran)
    assert step["status"] == "blocked"
    assert f"a {operation} is in progress" in str(step["reason"])
    assert git(demo, "rev-parse", "HEAD") == head
    assert (demo / STORY).read_bytes() == story
    assert (demo / CERTIFICATE).exists()


def test_an_index_lock_of_another_git_is_told(run: Run, demo: Path) -> None:
    (demo / ".git" / "index.lock").write_text("")
    story = (demo / STORY).read_bytes()
    ran = run("run", "--yes", "-C", demo, "--format", "json")
    assert ran.code == 1
    assert "index.lock exists" in str(step_of(ran)["reason"])
    assert (demo / STORY).read_bytes() == story


def test_without_a_name_the_commit_asks_for_one(run: Run, demo: Path) -> None:
    git(demo, "config", "--unset", "user.name")
    git(demo, "config", "--unset", "user.email")
    ran = run("run", "--yes", "-C", demo, "--format", "json")
    assert ran.code == 1
    assert "git does not know who commits" in messages(ran, "error")
    assert 'git config user.name "Your Name"' in messages(ran, "error")
    assert git(demo, "rev-list", "--count", "HEAD").strip() == "1"


# --- hooks ---------------------------------------------------------------------------------------


def test_a_hook_that_says_no_puts_boxes_and_index_back(run: Run, demo: Path) -> None:
    write_hook(demo, "pre-commit", "echo 'line one' >&2; echo 'secrets found' >&2; exit 1")
    (demo / "README.md").write_text("mine\n")
    git(demo, "add", "README.md")
    story, staged = (demo / STORY).read_bytes(), git(demo, "diff", "--cached")
    ran = run("run", "--yes", "-C", demo, "--format", "json")
    assert ran.code == 1
    step = step_of(ran)
    assert step["status"] == "failed"
    assert "git did not commit" in str(step["reason"])
    assert "secrets found" in str(step["reason"])
    assert "the boxes are as before" in messages(ran, "error")
    assert (demo / STORY).read_bytes() == story
    assert git(demo, "diff", "--cached") == staged
    assert git(demo, "rev-list", "--count", "HEAD").strip() == "1"
    (demo / ".git" / "hooks" / "pre-commit").unlink()
    assert run("run", "--yes", "-C", demo).code == 0
    assert git(demo, "diff", "--cached") == staged


def test_a_hook_that_refuses_the_message_is_survived(run: Run, demo: Path) -> None:
    write_hook(demo, "commit-msg", 'echo "bad subject" >&2; exit 3')
    story = (demo / STORY).read_bytes()
    ran = run("run", "--yes", "-C", demo, "--format", "json")
    assert ran.code == 1
    assert "bad subject" in str(step_of(ran)["reason"])
    assert (demo / STORY).read_bytes() == story


def test_a_hook_that_changes_the_tree_is_told_by_the_state_after(run: Run, demo: Path) -> None:
    write_hook(demo, "pre-commit", f"echo '# more' >>{CERTIFICATE}")
    ran = run("run", "--yes", "-C", demo, "--format", "json")
    assert git(demo, "status", "--porcelain").split() == ["M", CERTIFICATE]
    assert step_of(run("--check", "-C", demo, "--format", "json"))["status"] == "pending"
    assert ran.code == 0


# --- the files of others -------------------------------------------------------------------------


def test_what_others_staged_stays_staged_and_out_of_the_commit(run: Run, demo: Path) -> None:
    (demo / "README.md").write_text("mine\n")
    (demo / "added.txt").write_text("mine\n")
    git(demo, "add", "README.md", "added.txt")
    git(demo, "mv", "bootstrap/helmfile.d/00-crds.yaml", "bootstrap/helmfile.d/00-crds.yaml.gotmpl")
    staged = git(demo, "diff", "--cached", "--name-status", "-M")
    assert run("run", "--yes", "-C", demo).code == 0
    assert git(demo, "diff", "--cached", "--name-status", "-M") == staged
    names = git(demo, "show", "--name-only", "--format=", "HEAD").split()
    assert "README.md" not in names
    assert "added.txt" not in names
    assert len(names) == 12


def test_a_file_of_ours_that_was_staged_half_is_committed_as_it_is(run: Run, demo: Path) -> None:
    (demo / INFRA).write_text((demo / INFRA).read_text() + "  # staged\n")
    git(demo, "add", INFRA)
    (demo / INFRA).write_text((demo / INFRA).read_text() + "  # and more\n")
    assert run("run", "--yes", "-C", demo).code == 0
    committed = git(demo, "show", f"HEAD:{INFRA}")
    assert committed == (demo / INFRA).read_text()
    assert git(demo, "status", "--porcelain") == ""


class Watcher(DefaultDecider):
    """Takes defaults, remembers the draft, and may leave the commit."""

    draft: CommitDraft | None = None
    commits = True

    async def decide_commit(self, draft: CommitDraft) -> CommitAnswer | None:
        """Remember."""
        Watcher.draft = draft
        return CommitAnswer(draft.message) if self.commits else None


def test_the_draft_names_strays_staged_files_omissions_and_boxes(demo: Path) -> None:
    (demo / "stray.txt").write_text("x")
    (demo / "README.md").write_text("changed\n")
    (demo / "staged.txt").write_text("x")
    git(demo, "add", "staged.txt")
    store = demo / "kubernetes/infrastructure/security/external-secrets/more.yaml"
    store.write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more, namespace: x}\n")
    listed = store.with_name("kustomization.yaml")
    listed.write_text(listed.read_text() + "  - more.yaml\n")
    report = walk(demo, Watcher())
    assert report.exit_code == 0
    draft = Watcher.draft
    assert draft is not None
    assert set(draft.strays) >= {"stray.txt", "README.md"}
    assert draft.staged_elsewhere == ("staged.txt",)
    assert draft.omissions == (str(store.relative_to(demo)),)
    assert [item.state for item in draft.files].count("new") == 7
    assert any("Manifests committed to git" in box for box in draft.boxes)
    assert not any("Commit and push" in box for box in draft.boxes)
    assert (demo / "stray.txt").exists()


def test_a_commit_that_is_left_ticks_nothing_and_can_be_made_later(run: Run, demo: Path) -> None:
    decider = Watcher()
    decider.commits = False
    story = (demo / STORY).read_bytes()
    report = walk(demo, decider)
    assert report.proven == 7
    assert (demo / STORY).read_bytes() == story
    assert git(demo, "rev-list", "--count", "HEAD").strip() == "1"
    assert run("run", "--yes", "-C", demo).code == 0
    assert git(demo, "rev-list", "--count", "HEAD").strip() == "2"


def test_a_story_that_is_finished_is_not_committed_twice(run: Run, finished: Path) -> None:
    before = fingerprint(finished / "kubernetes"), git(finished, "rev-parse", "HEAD")
    assert run("run", "--yes", "-C", finished).code == 0
    assert (fingerprint(finished / "kubernetes"), git(finished, "rev-parse", "HEAD")) == before


def test_a_manifest_that_git_ignores_is_named_and_never_called_committed(
    run: Run, demo: Path
) -> None:
    (demo / ".gitignore").write_text("*-certificate.yaml\n")
    git(demo, "add", ".gitignore")
    git(demo, "commit", "-qm", "ignore")
    ran = run("run", "--yes", "-C", demo, "--format", "json")
    assert ran.code == 1, messages(ran)
    assert f"{CERTIFICATE} is ignored by git" in messages(ran, "error")
    assert "- [x]" not in (demo / STORY).read_text(encoding="utf-8")
    assert git(demo, "log", "-1", "--format=%s") == "ignore\n"


# --- between the diff and the write --------------------------------------------------------------


class Meddler(DefaultDecider):
    """Changes a file while the engineer looks at its diff."""

    target: Path
    done = False

    async def decide_write(self, question: WriteQuestion) -> WriteAnswer:
        """Meddle once, then say yes."""
        if question.path == INFRA and not self.done:
            self.done = True
            self.target.write_text(self.target.read_text() + "  THEIRS: kept\n")
        return await DefaultDecider.decide_write(self, question)


def test_a_file_changed_elsewhere_between_diff_and_write_is_not_overwritten(
    run: Run, demo: Path
) -> None:
    decider = Meddler()
    decider.target = demo / INFRA
    report = walk(demo, decider)
    step = next(item for item in report.results if item.step == "T6.1")
    assert "was changed elsewhere since its diff was made" in step.reason
    assert report.exit_code != 0
    assert "THEIRS: kept" in (demo / INFRA).read_text()
    assert "LETSENCRYPT_EMAIL" not in (demo / INFRA).read_text()
    assert run("run", "--yes", "-C", demo).code == 0
    text = (demo / INFRA).read_text()
    assert "THEIRS: kept" in text
    assert "LETSENCRYPT_EMAIL" in text


def test_another_session_that_holds_the_lock_keeps_run_out_and_lets_check_in(
    run: Run, demo: Path
) -> None:
    before = fingerprint(demo)
    held = Lock(state_folder(demo)).acquire()
    assert isinstance(held, Held)
    with held:
        ran = run("run", "--yes", "-C", demo)
        assert ran.code == 3
        assert "another session writes here: process " in ran.err
        assert "--check" in ran.err
        assert run("--check", "-C", demo).code == 1
        assert run("rollback", "--yes", "-C", demo).code == 3
    assert fingerprint(demo) == before
    assert run("run", "--yes", "-C", demo).code == 0


def test_two_copies_of_a_repository_do_not_share_a_lock(
    run: Run, demo: Path, tmp_path: Path
) -> None:
    other = copy_repository(demo, tmp_path / "other")
    held = Lock(state_folder(demo)).acquire()
    assert isinstance(held, Held)
    with held:
        assert run("run", "--yes", "-C", other).code == 0


def test_a_lock_whose_folder_cannot_be_made_is_told(
    run: Run, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("STORYRUNNER_STATE_DIR", str(tmp_path / "file"))
    ran = run("run", "--yes", "-C", demo)
    assert ran.code == 3
    assert str(tmp_path / "file") in ran.err
    assert run("--check", "-C", demo).code == 1, "a check needs no state"


def test_a_damaged_journal_stops_the_run_with_its_path(run: Run, demo: Path) -> None:
    journal = state_folder(demo) / "journal.jsonl"
    journal.parent.mkdir(parents=True)
    journal.write_text("{\n")
    ran = run("run", "--yes", "-C", demo)
    assert ran.code == WorkspaceError.exit_code
    assert f"{journal} is damaged" in ran.err
    assert "hint: move it away" in ran.err


# --- the push ------------------------------------------------------------------------------------


def diverge(demo: Path, tmp_path: Path) -> Path:
    """A remote that is ahead of the demo by a commit of somebody else."""
    remote = tmp_path / "remote.git"
    git(demo, "init", "-q", "--bare", "-b", "main", str(remote))
    git(demo, "remote", "set-url", "origin", str(remote))
    git(demo, "push", "-q", "origin", "main")
    theirs = tmp_path / "theirs"
    git(tmp_path, "clone", "-q", str(remote), str(theirs))
    git(theirs, "config", "user.name", "They")
    git(theirs, "config", "user.email", "they@example.com")
    (theirs / "theirs.txt").write_text("x")
    git(theirs, "add", "-A")
    git(theirs, "commit", "-qm", "theirs")
    git(theirs, "push", "-q")
    return remote


def test_a_push_that_is_rejected_leaves_the_commit_and_the_box_open(
    run: Run, demo: Path, tmp_path: Path
) -> None:
    remote = diverge(demo, tmp_path)
    theirs = git(remote, "rev-parse", "main")
    ran = run("run", "--yes", "--push", "-C", demo, "--format", "json")
    assert ran.code == 1
    step = step_of(ran)
    assert step["status"] == "failed"
    assert "not pushed" in str(step["reason"])
    assert "the commit stands; fetch, rebase and push again" in messages(ran, "error")
    assert git(demo, "rev-list", "--count", "HEAD").strip() == "2"
    assert "- [ ] Commit and push:" in (demo / STORY).read_text(encoding="utf-8")
    assert git(remote, "rev-parse", "main") == theirs


def test_a_remote_that_is_gone_is_a_failed_push_and_no_hang(
    run: Run, demo: Path, tmp_path: Path
) -> None:
    git(demo, "remote", "set-url", "origin", str(tmp_path / "nowhere.git"))
    ran = run("run", "--yes", "--push", "-C", demo, "--format", "json")
    assert ran.code == 1
    assert "not pushed" in str(step_of(ran)["reason"])


def test_a_remote_that_wants_a_password_is_a_failed_push_and_no_prompt(
    run: Run, demo: Path
) -> None:
    git(demo, "remote", "set-url", "origin", "http://user:hunter2@127.0.0.1:9/x.git")
    ran = run("run", "--yes", "--push", "-C", demo, "--format", "json")
    assert ran.code == 1
    assert "not pushed" in str(step_of(ran)["reason"])
    assert "hunter2" not in ran.out + ran.err


def test_a_repository_without_a_remote_is_committed_and_not_pushed(run: Run, demo: Path) -> None:
    git(demo, "remote", "remove", "origin")
    ran = run("run", "--yes", "--push", "-C", demo)
    assert ran.code == 0, ran.out
    assert "- [ ] Commit and push:" in (demo / STORY).read_text(encoding="utf-8")


def test_a_commit_made_before_can_be_pushed_later(run: Run, demo: Path, tmp_path: Path) -> None:
    remote = tmp_path / "remote.git"
    git(demo, "init", "-q", "--bare", str(remote))
    git(demo, "remote", "set-url", "origin", str(remote))
    git(demo, "push", "-q", "origin", "main")
    assert run("run", "--yes", "-C", demo).code == 0
    assert git(remote, "rev-parse", "main") != git(demo, "rev-parse", "main")
    assert run("run", "--yes", "--push", "-C", demo).code == 0
    assert git(remote, "rev-parse", "main") == git(demo, "rev-parse", "main")


# --- taking it out again -------------------------------------------------------------------------


def test_rollback_takes_the_entry_then_the_files_and_leaves_the_rest(
    run: Run, finished: Path
) -> None:
    extra = finished / FOLDER / "mine.txt"
    extra.write_text("mine")
    ran = run("rollback", "--yes", "-C", finished)
    assert ran.code == 0, ran.err
    assert ran.out.index("cert-manager/ks.yaml") < ran.out.index("deleted")
    assert [path.name for path in (finished / FOLDER).iterdir()] == ["mine.txt"]
    listed = (finished / FOLDER).parent / "kustomization.yaml"
    assert "cert-manager" not in listed.read_text()
    assert "external-secrets/ks.yaml" in listed.read_text()
    again = run("rollback", "--yes", "-C", finished)
    assert again.code == 0
    assert "nothing to roll back" in again.out
