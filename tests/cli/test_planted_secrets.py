"""Secrets of every kind are planted wherever a run can come across one, and everything that was
written is searched for them: reports, the screen, crash files, and all of the state folder.

The one file left out is the undo journal: it holds the contents of the story's own files, for its
owner alone, until the commit, because without them no write could be taken back.
"""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storyrunner.diagnostics import guarded
from storyrunner.engine.loop import run_to_end
from storyrunner.engine.opening import Options, open_session
from storyrunner.engine.session import Mode
from storyrunner.errors import UsageError
from storyrunner.model.decision import DefaultDecider
from tests.cli.conftest import Run
from tests.support.command_repositories import make_repository, programs_in
from tests.support.planted import Planted, all_planted, made
from tests.support.repositories import CERTIFICATE, GLUE, ISSUERS, STORY, replace

PLANTED = all_planted()
WORD = made("a value that only its variable's name makes a secret", 20)
"""Neither its form nor anything in front of it tells: only the environment knows."""


def leaks(text: str) -> list[str]:
    """The kinds of the planted secrets that a text holds, as they are or in base64."""
    found = [item.kind for item in PLANTED if item.secret in text or _coded(item.secret) in text]
    found += [f"{item.kind}, all of it in base64" for item in PLANTED if item.encoded in text]
    return found + (["environment"] if WORD in text or _coded(WORD) in text else [])


def _coded(secret: str) -> str:
    return base64.b64encode(secret.encode()).decode().rstrip("=")


def lines() -> Iterator[str]:
    """Every secret as output shows it: in clear, in base64, and the one of the environment."""
    for item in PLANTED:
        yield item.text
        yield f"again {item.encoded} end"
    yield f"it is {WORD}"
    yield f"coded {_coded(WORD)}="


def written(home: Path) -> str:
    """All that the program keeps for the user, the undo journal apart."""
    files = [path for path in home.rglob("*") if path.is_file() and path.name != "journal.jsonl"]
    assert files, "nothing was written: there is nothing to search"
    names = "\n".join(str(path) for path in files)
    return names + "\n".join(path.read_text(errors="replace") for path in files)


@pytest.fixture
def planted(demo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The demo with secrets in the environment, in a hook's output, a tool's and manifests."""
    monkeypatch.setenv("DEPLOY_TOKEN", WORD)
    for number, item in enumerate(PLANTED):
        if "\n" not in item.text:
            monkeypatch.setenv(f"PLANTED_{number}_SECRET", item.text)
    said = tmp_path / "said"
    said.write_text("\n".join(lines()) + "\n")
    shell = f"#!{shutil.which('sh')}\n"
    hook = demo / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"{shell}cat '{said}'; cat '{said}' >&2; exit 1\n")
    hook.chmod(0o755)
    tools = tmp_path / "tools"
    tools.mkdir()
    tool = tools / "kustomize"
    tool.write_text(
        f'{shell}if [ "$1" = version ]; then echo v5.4.3; exit 0; fi\n'
        f"cat '{said}'; cat '{said}' >&2; exit 1\n"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    for number, item in enumerate(PLANTED):
        if item.kind.startswith("Secret "):
            file = demo / "planted" / f"{number}.yaml"
            file.parent.mkdir(exist_ok=True)
            file.write_text(item.text + "\n")
    return demo


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_no_secret_that_a_hook_prints_is_reported(
    run: Run, planted: Path, empty_home: Path, form: str
) -> None:
    ran = run("run", "--yes", "-C", planted, "--verbose", "--engine", "embedded", "--format", form)
    assert ran.code == 1
    if form != "json":
        assert "again ******** end" in ran.out, "the hook's output was not reported at all"
    assert "pre-commit" in ran.out or "did not commit" in ran.out
    assert leaks(ran.out + ran.err + written(empty_home)) == []


@pytest.mark.parametrize("form", ["text", "json", "jsonl"])
def test_no_secret_that_a_tool_prints_is_reported(run: Run, planted: Path, form: str) -> None:
    ran = run("--check", "-C", planted, "--engine", "kustomize", "--format", form, "--verbose")
    assert ran.code in (1, 3)
    assert "kustomize" in ran.out
    assert leaks(ran.out + ran.err) == []


ONE_LINE = [item for item in PLANTED if "\n" not in item.text][::6]
"""Some of every sort: a run is needed for each."""


@pytest.mark.parametrize("item", ONE_LINE, ids=lambda item: item.kind)
def test_no_secret_in_a_manifest_is_quoted_by_a_finding(
    run: Run, finished: Path, item: Planted
) -> None:
    text = item.text.replace("'", "''")
    replace(finished, CERTIFICATE, "  secretName: wildcard-tls", f"  secretName: '{text}'")
    replace(finished, ISSUERS, "    email: ${LETSENCRYPT_EMAIL}", f"    email: '{text}'")
    for form in ("text", "json"):
        ran = run("--check", "-C", finished, "--format", form, "--verbose")
        assert ran.code == 1
        assert "********" in ran.out, "the finding did not quote the value"
        assert leaks(ran.out + ran.err) == []


def test_no_value_of_a_secret_in_the_repository_is_quoted_by_a_finding(
    run: Run, finished: Path
) -> None:
    word = "orchid valley seven"
    secret = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\nstringData:\n  any: {word}\n"
    (finished / CERTIFICATE).with_name("plain.yaml").write_text(secret)
    replace(finished, GLUE, "resources:\n", "resources:\n  - plain.yaml\n")
    replace(finished, ISSUERS, "    email: ${LETSENCRYPT_EMAIL}", f"    email: {word}")
    for form in ("text", "json"):
        ran = run("--check", "-C", finished, "--format", form, "--verbose", "--engine", "embedded")
        assert ran.code == 1
        assert "********" in ran.out
        assert word not in ran.out + ran.err


def test_no_secret_given_as_an_argument_is_repeated(run: Run, planted: Path) -> None:
    for item in PLANTED:
        for words in (("--set", item.text), ("--only", item.text), ("--runbook", item.text)):
            ran = run("--check", "-C", planted, *words)
            assert ran.code == 2, words
            assert leaks(ran.out + ran.err) == [], words
        ran = run("lint", item.text, "-C", planted)
        assert leaks(ran.out + ran.err) == []


def test_no_secret_in_a_story_is_shown(run: Run, planted: Path) -> None:
    file = planted / STORY
    text = file.read_text()
    body = "\n".join(f"- [ ] It holds `{item.text}`" for item in PLANTED if "\n" not in item.text)
    blocks = "\n".join(f"```bash\n{line}\n```" for line in lines())
    file.write_text(f"{text}\n## Planted\n\n{body}\n\n{blocks}\n")
    for words in (
        ("show", STORY),
        ("show", STORY, "--format", "json"),
        ("lint",),
        ("lint", "--format", "json"),
        ("doctor", STORY),
        ("doctor", STORY, "--format", "json"),
        ("list",),
        ("list", "--format", "json"),
        ("vars",),
        ("explain", "Kustomization/flux-system/external-secrets"),
    ):
        ran = run(*words, "-C", planted)
        assert ran.code in (0, 1), ran.err
        assert leaks(ran.out + ran.err) == [], words


def test_no_secret_is_in_a_crash_report(capfd: pytest.CaptureFixture[str]) -> None:
    def crash() -> int:
        raise RuntimeError("\n".join([item.text for item in PLANTED]))

    assert guarded(crash) == 70
    err = capfd.readouterr().err
    path = Path(err.rpartition("please attach ")[2].strip())
    report = path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    path.unlink()
    assert "RuntimeError" in report
    assert leaks(err + report) == []


def test_no_secret_of_the_environment_is_in_an_error(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPLOY_TOKEN", WORD)

    def refuse() -> int:
        raise UsageError(f"no such {WORD}", hint=f"try {_coded(WORD)}")

    assert guarded(refuse) == 2
    err = capfd.readouterr().err
    assert "no such ********" in err
    assert leaks(err) == []


def test_no_secret_is_in_what_a_session_remembers(planted: Path, empty_home: Path) -> None:
    options = Options(root=planted)
    with open_session(options, mode=Mode.GUIDE, decider=DefaultDecider(), remember=True) as session:
        run_to_end(session.run())
        held = repr(list(session.results.values()))
    kept = written(empty_home)
    assert '"T4.1"' in kept
    assert leaks(held + kept) == []


def test_no_secret_that_a_storys_command_prints_is_kept(
    run: Run, tmp_path: Path, empty_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", programs_in(tmp_path / "bin"))
    monkeypatch.setenv("DEPLOY_TOKEN", WORD)
    steps: list[dict[str, object]] = [
        {"run": "cat said.txt"},
        {"run": "cat said.txt >&2", "exit_codes": [0, 1]},
        {"run": "sed -n 1,40p said.txt", "expect": [{"equals": "another"}]},
        {"run": "base64 -d < pin.txt", "expect": [{"equals": "another"}]},
        {"run": "echo $DEPLOY_TOKEN", "env": ["DEPLOY_TOKEN"], "expect": [{"equals": "another"}]},
    ]
    folder = make_repository(tmp_path / "repo", *steps)
    (folder / "said.txt").write_text("\n".join(lines()) + "\n")
    (folder / "pin.txt").write_text("OTEyNw==\n")
    words = ("--check", "--runbook", folder / "runbook.yaml", "-C", folder, "--trust")
    forms = ("text", "json", "jsonl")
    for form in forms:
        ran = run(*words, "--fresh", "--verbose", "--format", form, "--evidence-dir", "proofs")
        assert ran.code in (1, 3), ran.err
        kept = "".join(path.read_text() for path in (folder / "proofs").rglob("*.*"))
        assert "again ******** end" in kept, "the output was not kept at all"
        seen = ran.out + ran.err + kept + written(empty_home)
        assert leaks(seen) == [], form
        assert "9127" not in seen
    for form in ("md", "json"):
        ran = run("evidence", "--runbook", folder / "runbook.yaml", "-C", folder, "--format", form)
        assert ran.code in (0, 1), ran.err
        assert leaks(ran.out + ran.err) == []


def test_what_is_searched_for_would_be_found() -> None:
    for item in PLANTED:
        assert item.kind in leaks(f"a {item.secret} b")
        assert leaks(item.encoded) != []
    assert leaks(WORD) == ["environment"]
