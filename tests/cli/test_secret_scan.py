"""A secret stops the commit, with its line; only a reason lets it through, and is on record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from storyrunner.cli.prompting import Prompter
from storyrunner.engine.loop import run_to_end
from storyrunner.engine.opening import Options, open_session
from storyrunner.engine.session import Mode
from storyrunner.model.decision import AllowedSecret, CommitAnswer, CommitDraft, DefaultDecider
from storyrunner.model.result import RunReport
from tests.cli.conftest import Run
from tests.support.planted import made
from tests.support.repositories import INFRA, STORY, git

TOKEN = "gh" + "p_" + made("scan", 36)
PLAIN = (
    "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: planted\nstringData:\n"
    f"  anything: {made('plain', 12)}\n"
)


def plant(folder: Path, text: str) -> int:
    """Put text at the end of a file of the story; the line it begins at."""
    file = folder / INFRA
    before = file.read_text()
    file.write_text(before + text)
    return before.count("\n") + 1


def head(folder: Path) -> str:
    """The commit the repository stands on."""
    return git(folder, "rev-parse", "HEAD").strip()


def commit_step(out: str) -> dict[str, object]:
    """The last result of the commit step in a JSON report."""
    return [item for item in json.loads(out)["results"] if item["step"] == "T7.1"][-1]


@pytest.mark.parametrize(
    ("text", "offset", "kind"),
    [
        (f"# token {TOKEN}\n", 0, "GitHub Token"),
        (PLAIN, 6, "a value of a plain Secret"),
        ("# " + "-----BEGIN RSA PRIVATE" + " KEY-----\n", 0, "a private key"),
        ("# db_password: hunter2\n", 0, "the value of `db_password`"),
    ],
    ids=["token", "Secret", "key", "password"],
)
def test_a_secret_stops_the_commit_with_its_line(
    run: Run, demo: Path, text: str, offset: int, kind: str
) -> None:
    line = plant(demo, text) + offset
    before = head(demo)
    ran = run("run", "--yes", "-C", demo, "--format", "json")
    assert ran.code == 1
    assert head(demo) == before
    result = commit_step(ran.out)
    found = [item for item in result["findings"] if item["rule"] == "secret-in-commit"]
    (finding,) = found
    written = (demo / INFRA).read_text().splitlines()
    assert finding["place"]["path"] == INFRA
    assert kind in finding["message"]
    assert written[finding["place"]["line"] - 1] == text.splitlines()[offset]
    assert finding["place"]["line"] >= line
    assert f"--allow-secret {INFRA}:{finding['place']['line']}=REASON" in finding["hint"]
    assert TOKEN not in ran.out + ran.err
    assert "- [x] " not in git(demo, "show", f"HEAD:{STORY}") or before == head(demo)


def test_a_reason_lets_a_secret_through_and_is_on_record(run: Run, demo: Path) -> None:
    plant(demo, f"# token {TOKEN}\n")
    first = run("run", "--yes", "-C", demo, "--format", "json")
    (finding,) = [
        item for item in commit_step(first.out)["findings"] if item["rule"] == "secret-in-commit"
    ]
    place = f"{INFRA}:{finding['place']['line']}"
    given = f"{place}=revoked last year, kept as an example"
    ran = run("run", "--yes", "-C", demo, "--format", "json", "--allow-secret", given)
    assert ran.code == 0, ran.out
    result = commit_step(ran.out)
    (told,) = [item for item in result["findings"] if item["rule"] == "secret-allowed"]
    assert "revoked last year, kept as an example" in told["message"]
    assert told["severity"] == "warning"
    proofs = {item["what"]: item["matched"] for item in result["evidence"]}
    assert "revoked last year" in proofs[f"secret allowed: {place}"]
    assert TOKEN in git(demo, "show", f"HEAD:{INFRA}")
    assert TOKEN not in ran.out + ran.err


def test_a_reason_for_another_line_lets_nothing_through(run: Run, demo: Path) -> None:
    plant(demo, f"# token {TOKEN}\n")
    ran = run("run", "--yes", "-C", demo, "--allow-secret", f"{INFRA}:1=a reason")
    assert ran.code == 1


@pytest.mark.parametrize(
    "given", ["", "a.yaml", "a.yaml:3", "a.yaml:3=", "a.yaml:3=  ", ":3=why", "a.yaml:x=why"]
)
def test_an_override_without_a_reason_is_a_mistake(run: Run, demo: Path, given: str) -> None:
    ran = run("run", "--yes", "-C", demo, "--allow-secret", given)
    assert ran.code == 2
    assert "--allow-secret" in ran.err
    assert "hint:" in ran.err


def test_without_secrets_the_scan_is_part_of_the_proof(run: Run, demo: Path) -> None:
    ran = run("run", "--yes", "-C", demo, "--format", "json")
    assert ran.code == 0, ran.out
    proofs = {item["what"]: item["matched"] for item in commit_step(ran.out)["evidence"]}
    (scan,) = [name for name in proofs if name.startswith("secret scan of ")]
    assert proofs[scan] == "no secret"


class Answering(DefaultDecider):
    """Gives the same reason for every secret, and does something meanwhile."""

    def __init__(self, reason: str, meanwhile: object = None) -> None:
        super().__init__()
        self.reason = reason
        self.meanwhile = meanwhile
        self.drafts: list[CommitDraft] = []

    async def decide_commit(self, draft: CommitDraft) -> CommitAnswer:
        """Allow what is in the draft."""
        self.drafts.append(draft)
        if callable(self.meanwhile):
            self.meanwhile()
        allowed = (AllowedSecret(item.path, item.line, self.reason) for item in draft.secrets)
        return CommitAnswer(draft.message, tuple(allowed))


def walk(folder: Path, decider: DefaultDecider) -> RunReport:
    """A guided run with a decider of the test's own."""
    with open_session(Options(root=folder), mode=Mode.GUIDE, decider=decider) as session:
        return run_to_end(session.run())


def test_the_draft_names_the_secrets_and_the_answer_may_allow_them(demo: Path) -> None:
    plant(demo, f"# token {TOKEN}\n")
    decider = Answering("an example")
    assert walk(demo, decider).exit_code == 0
    (secret,) = decider.drafts[0].secrets
    assert secret.path == INFRA
    assert TOKEN not in repr(decider.drafts)


def test_an_empty_reason_is_none(demo: Path) -> None:
    plant(demo, f"# token {TOKEN}\n")
    before = head(demo)
    assert walk(demo, Answering("  ")).exit_code == 1
    assert head(demo) == before


def test_a_secret_that_comes_while_the_commit_is_decided_stops_it(demo: Path) -> None:
    before = head(demo)
    decider = Answering("an example", meanwhile=lambda: plant(demo, f"# token {TOKEN}\n"))
    assert walk(demo, decider).exit_code == 1
    assert decider.drafts[0].secrets == ()
    assert head(demo) == before


@pytest.mark.parametrize(("lines", "commits"), [("an example\ny\n", True), ("\ny\n", False)])
def test_in_a_plain_terminal_a_reason_is_asked_for_each(
    demo: Path, monkeypatch: pytest.MonkeyPatch, lines: str, commits: bool
) -> None:
    import io
    import sys

    plant(demo, f"# token {TOKEN}\n")
    before = head(demo)
    prompter = Prompter()

    class Asking(DefaultDecider):
        async def decide_commit(self, draft: CommitDraft) -> CommitAnswer | None:
            return await prompter.decide_commit(draft)

    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    walk(demo, Asking())
    assert (head(demo) != before) is commits
