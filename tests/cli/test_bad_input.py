"""Every bad input is a clear message with place, hint and exit code, and nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from storyrunner.workspace import Disk
from storyrunner.workspace.journal import Change, Group, Journal
from storyrunner.workspace.state import state_folder
from tests.cli.conftest import Run
from tests.support.repositories import FOLDER, SECURITY, STORY, fingerprint, git, replace

CERTIFICATE = f"{FOLDER}/wildcard-certificate.yaml"
RULE = f"{FOLDER}/prometheusrule.yaml"
LIST = f"{SECURITY}/kustomization.yaml"
INFRA = "kubernetes/clusters/infra/cluster-settings.yaml"
SHIPPED = Path(__file__).resolve().parents[2] / "runbooks" / "cert-manager-issuers.yaml"
MAIN = "import sys; from storyrunner.cli import main; sys.exit(main(sys.argv[1:]))"
KUBECTL_VERSION = '{"clientVersion": {"gitVersion": "v1.31.0"}, "kustomizeVersion": "v5.4.2"}'


@pytest.fixture
def tools(tmp_path: Path, bare_path: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of tools of our own, first on the PATH."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{bare_path}")
    return folder


def make_tool(folder: Path, name: str, script: str) -> None:
    """A shell script that calls itself a tool of the trade."""
    path = folder / name
    path.write_text(f"#!{shutil.which('sh')}\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def start(*args: object, program: str = MAIN, **options: object) -> subprocess.Popen[str]:
    """The program as a process of its own, in a group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, args)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=Path(__file__).resolve().parents[2],
        **options,  # type: ignore[call-overload]
    )


def is_running(pid: int) -> bool:
    """Whether a process is there and is more than a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def pids(file: Path, count: int, seconds: float = 60.0) -> list[int]:
    """The process numbers that a fake tool writes down, once all are there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = file.read_text().split() if file.exists() else []
        if len(found) >= count:
            return [int(item) for item in found]
        time.sleep(0.02)
    raise AssertionError(f"only {file.read_text() if file.exists() else 'nothing'} started")


def assert_gone(numbers: list[int]) -> None:
    """None of these processes is left, after a moment to be reaped in."""
    end = time.monotonic() + 60
    while any(map(is_running, numbers)) and time.monotonic() < end:
        time.sleep(0.02)
    assert [number for number in numbers if is_running(number)] == []


def leftovers(folder: Path) -> list[str]:
    """Temporary files of a write."""
    return [str(path) for path in folder.rglob(".storyrunner-*")]


# --- where and what ------------------------------------------------------------------------------


def test_a_folder_that_is_no_git_repository_is_refused(run: Run, tmp_path: Path) -> None:
    ran = run("--check", "-C", tmp_path)
    assert ran.code == 2
    assert "is not in a git repository" in ran.err
    assert "hint: run `git init` there" in ran.err
    assert ran.out == ""


def test_a_folder_that_does_not_exist_is_refused(run: Run, tmp_path: Path) -> None:
    ran = run("--check", "-C", tmp_path / "nowhere")
    assert ran.code == 2
    assert "there is no folder" in ran.err


@pytest.mark.parametrize("name", ["07", "STORY-SEC-CERT-MANAGER-ISSUER", "docs/none.md", "../x.md"])
def test_a_story_that_does_not_exist_is_named_with_what_is_near(
    run: Run, demo: Path, name: str
) -> None:
    ran = run("--check", name, "-C", demo)
    assert ran.code == 2, ran.err
    assert "hint: " in ran.err
    assert "STORY-SEC-CERT-MANAGER-ISSUERS" in ran.err


def test_several_stories_without_a_name_are_listed(run: Run, demo: Path) -> None:
    runbook = SHIPPED.read_text(encoding="utf-8")
    runbook = runbook.replace("name: cert-manager-issuers\n", "name: second\n", 1)
    runbook = runbook.replace("STORY-SEC-CERT-MANAGER-ISSUERS", "STORY-SECOND", 1)
    own = demo / ".storyrunner" / "runbooks" / "second.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(runbook.replace("number: 6\n", "number: 7\n", 1), encoding="utf-8")
    second = (demo / STORY).read_text(encoding="utf-8").replace("# 06 ", "# 07 ", 1)
    second = second.replace("STORY-SEC-CERT-MANAGER-ISSUERS", "STORY-SECOND")
    (demo / "docs" / "stories" / "STORY-SECOND.md").write_text(second, encoding="utf-8")
    ran = run("--check", "-C", demo)
    assert ran.code == 2
    assert "which story? 06 STORY-SEC-CERT-MANAGER-ISSUERS; 07 STORY-SECOND" in ran.err
    assert run("--check", "7", "-C", demo).code == 1


def test_a_repository_without_any_story_lists_the_runbooks(run: Run, demo: Path) -> None:
    (demo / STORY).unlink()
    ran = run("--check", "-C", demo)
    assert ran.code == 2
    assert "there is no story in this repository" in ran.err
    assert "cert-manager-issuers" in ran.err


def test_without_a_story_file_the_runbook_itself_still_runs(run: Run, finished: Path) -> None:
    (finished / STORY).unlink()
    ran = run("--check", "cert-manager-issuers", "-C", finished, "--format", "json")
    assert ran.code == 0, ran.out


# --- runbooks ------------------------------------------------------------------------------------


def test_a_wrong_key_in_a_given_runbook_is_named_with_line_and_nearest_word(
    run: Run, demo: Path, tmp_path: Path
) -> None:
    file = tmp_path / "mine.yaml"
    text = SHIPPED.read_text(encoding="utf-8").replace("    title: Validate", "    titel: Validate")
    file.write_text(text, encoding="utf-8")
    line = 1 + text[: text.index("titel:")].count("\n")
    ran = run("--check", "-C", demo, "--runbook", file)
    assert ran.code == 2
    assert f"{file}:{line}:5: `tasks[" in ran.err
    assert "].titel` is not a key of a runbook" in ran.err
    assert "title" in ran.err.partition("hint:")[2]


def test_a_wrong_key_in_the_repositorys_own_runbook_is_named(run: Run, demo: Path) -> None:
    own = demo / ".storyrunner" / "runbooks" / "cert-manager-issuers.yaml"
    own.parent.mkdir(parents=True)
    text = SHIPPED.read_text(encoding="utf-8").replace("\nnumber: 6\n", "\nnumbr: 6\n")
    own.write_text(text, encoding="utf-8")
    before = fingerprint(demo)
    ran = run("--check", "-C", demo)
    assert ran.code == 2
    assert "cert-manager-issuers.yaml:" in ran.err
    assert "`numbr` is not a key of a runbook" in ran.err
    assert "number" in ran.err.partition("hint:")[2]
    assert fingerprint(demo) == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- 1\n", "a runbook is one YAML document with keys"),
        ("a: [\n", "mine.yaml:"),
        ("", "a runbook is one YAML document with keys"),
        ("\x00", "mine.yaml:"),
    ],
)
def test_what_is_no_runbook_at_all_is_refused(
    run: Run, demo: Path, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    ran = run("--check", "-C", demo, "--runbook", tmp_path / "mine.yaml")
    assert ran.code == 2
    assert said in ran.err


def test_a_runbook_that_is_not_there_is_refused(run: Run, demo: Path) -> None:
    ran = run("--check", "-C", demo, "--runbook", "none.yaml")
    assert ran.code == 2
    assert "none.yaml:1:1: cannot read the runbook" in ran.err


# --- files ---------------------------------------------------------------------------------------


def test_a_manifest_that_is_not_yaml_is_red_at_its_line_and_left_alone(
    run: Run, finished: Path
) -> None:
    replace(finished, RULE, "spec:\n", "spec: [\n")
    before = fingerprint(finished)
    ran = run("--check", "-C", finished)
    assert ran.code == 1
    assert f"{RULE}:" in ran.out
    assert ": error " in ran.out
    assert fingerprint(finished) == before


def test_settings_that_are_not_yaml_are_red_and_are_not_written(run: Run, demo: Path) -> None:
    file = demo / INFRA
    file.write_text(file.read_text() + "<<<<<<< mine\n")
    before = file.read_bytes()
    ran = run("run", "--yes", "-C", demo)
    assert ran.code == 1
    assert f"{INFRA}:" in ran.out
    assert file.read_bytes() == before
    assert git(demo, "log", "--oneline").count("\n") == 1


def test_a_file_that_is_not_utf8_is_red_with_its_place(run: Run, finished: Path) -> None:
    file = finished / CERTIFICATE
    file.write_bytes(file.read_bytes().replace(b"# 90 days", b"# 90 d\xe4ys"))
    ran = run("--check", "-C", finished)
    assert ran.code == 1, ran.out
    assert f"{CERTIFICATE}:1" in ran.out


def test_crlf_files_stay_crlf_through_edits_ticks_and_commit(run: Run, demo: Path) -> None:
    list_file = demo / LIST
    list_file.write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        "resources:\n  - external-secrets/ks.yaml # first\n"
    )
    touched = [INFRA, LIST, STORY, "kubernetes/clusters/infra/infrastructure.yaml"]
    for name in touched:
        file = demo / name
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    git(demo, "add", "-A")
    git(demo, "commit", "-qm", "crlf")
    ran = run("run", "--yes", "-C", demo)
    assert ran.code == 0, ran.out
    for name in touched:
        data = (demo / name).read_bytes()
        assert data.count(b"\n") == data.count(b"\r\n"), name
    assert b"- [x]" in (demo / STORY).read_bytes()
    assert b"LETSENCRYPT_EMAIL" in (demo / INFRA).read_bytes()
    diff = git(demo, "diff", "--numstat", "HEAD~1", "--", STORY).split()
    assert diff[0] == diff[1], "only the ticked lines change"


def test_a_read_only_folder_stops_the_write_with_a_hint_and_loses_nothing(
    run: Run, demo: Path
) -> None:
    folder = demo / SECURITY
    before = fingerprint(demo / "kubernetes")
    folder.chmod(0o555)
    try:
        ran = run("run", "--yes", "-C", demo)
    finally:
        folder.chmod(0o755)
    assert ran.code in (1, 3)
    assert "is read-only" in ran.out
    assert f"hint: allow it with: chmod u+w {SECURITY}" in ran.out
    assert leftovers(demo) == []
    assert not (demo / FOLDER).exists()
    settings = demo / INFRA
    git(demo, "checkout", "-q", "--", "kubernetes")
    assert settings.exists()
    assert fingerprint(demo / "kubernetes") == before


def test_a_read_only_file_is_not_written(run: Run, demo: Path) -> None:
    file = demo / INFRA
    before = file.read_bytes()
    file.chmod(0o444)
    ran = run("run", "--yes", "-C", demo)
    assert ran.code in (1, 3)
    assert f"cannot write {INFRA}: {INFRA} is read-only" in ran.out
    assert file.read_bytes() == before


# --- links and paths that lead out ---------------------------------------------------------------


def test_a_link_out_of_the_repository_as_target_folder_is_refused(
    run: Run, demo: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (demo / FOLDER).symlink_to(outside)
    ran = run("run", "--yes", "-C", demo)
    assert ran.code in (1, 2)
    assert "leads out of the repository through the link" in ran.out + ran.err
    assert list(outside.iterdir()) == []


def test_a_link_out_of_the_repository_as_settings_is_neither_read_nor_written(
    run: Run, demo: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "settings.yaml"
    (demo / INFRA).rename(outside)
    (demo / INFRA).symlink_to(outside)
    before = outside.read_bytes()
    ran = run("run", "--yes", "-C", demo)
    assert ran.code in (1, 2)
    assert "leads out of the repository" in ran.out + ran.err
    assert outside.read_bytes() == before


def test_a_link_out_of_the_repository_as_resource_is_red(
    run: Run, finished: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "rule.yaml"
    (finished / RULE).rename(outside)
    (finished / RULE).symlink_to(outside)
    ran = run("--check", "-C", finished, "--format", "json")
    assert ran.code == 1
    assert "leads out of the repository" in ran.out
    red = {
        item["criterion"] for item in json.loads(ran.out)["criteria"] if item["status"] != "passed"
    }
    assert {"AC4", "AC7"} <= red


def test_a_link_to_a_folder_without_end_is_refused(run: Run, finished: Path) -> None:
    (finished / RULE).unlink()
    (finished / RULE).symlink_to("prometheusrule.yaml")
    ran = run("--check", "-C", finished)
    assert ran.code == 1, ran.err
    assert RULE in ran.out


@pytest.mark.parametrize(
    "value", ["../x", "/etc", "a/../../x", "a\nb", "~/x/*", "C:\\x", "", "a b"]
)
def test_a_folder_parameter_that_leads_out_is_refused_before_anything_is_read(
    run: Run, demo: Path, value: str
) -> None:
    before = fingerprint(demo)
    ran = run("run", "--yes", "-C", demo, "--set", f"folder={value}")
    assert ran.code == 2, ran.out
    assert "folder" in ran.err
    assert fingerprint(demo) == before


def test_the_same_in_storyrunner_toml_is_refused(run: Run, demo: Path) -> None:
    (demo / "storyrunner.toml").write_text('[parameters]\nfolder = "../x"\n')
    ran = run("run", "--yes", "-C", demo)
    assert ran.code == 2
    assert "storyrunner.toml folder: '../x' is not a path inside the repository" in ran.err


@pytest.mark.parametrize("folder", [".git/hooks", "kubernetes/.GIT/x", ".git"])
def test_a_folder_parameter_inside_git_is_never_written(run: Run, demo: Path, folder: str) -> None:
    before = fingerprint(demo / ".git" / "hooks")
    ran = run("run", "--yes", "-C", demo, "--set", f"folder={folder}")
    assert ran.code in (1, 2)
    assert "git's own folder" in ran.out + ran.err
    assert fingerprint(demo / ".git" / "hooks") == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[parameters\n", "storyrunner.toml:1:1: not valid TOML"),
        ("parameters = 3\n", "must be a table"),
        ('[parameters.foo]\nemail = "a@b.cc"\n', "no cluster foo"),
        ('[parameters]\nfolder = ["x"]\n', "a text is needed"),
        ("[parameters]\nfolder = true\n", "a text is needed"),
        ('[parameters.infra]\nemail = "nobody"\n', "'nobody' is not an email"),
    ],
)
def test_a_bad_storyrunner_toml_is_refused(run: Run, demo: Path, text: str, said: str) -> None:
    (demo / "storyrunner.toml").write_text(text)
    ran = run("--check", "-C", demo)
    assert ran.code == 2
    assert said in ran.err


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("email", "expected [cluster.]NAME=VALUE"),
        ("emial=a@b.cc", "did you mean"),
        ("infa.email=a@b.cc", "no cluster infa"),
        ("email=nobody", "is not an email"),
        ("infra.domain=*.example.org", "is not a domain"),
    ],
)
def test_a_bad_set_is_refused(run: Run, demo: Path, setting: str, said: str) -> None:
    ran = run("--check", "-C", demo, "--set", setting)
    assert ran.code == 2
    assert said in ran.err


# --- tools that misbehave ------------------------------------------------------------------------


def impatient(tmp_path: Path, step: str = "T4.1") -> Path:
    """The shipped runbook with three seconds of patience for one step."""
    text = SHIPPED.read_text(encoding="utf-8")
    file = tmp_path / "impatient.yaml"
    file.write_text(text.replace(f"- id: {step}\n", f"- id: {step}\n        timeout: 3.0\n", 1))
    return file


def test_a_tool_that_hangs_is_ended_with_all_its_children(
    run: Run, finished: Path, tools: Path, tmp_path: Path
) -> None:
    make_tool(
        tools,
        "kubectl",
        f"""case "$1" in version) echo '{KUBECTL_VERSION}'; exit;; kustomize) exit 1;; esac
(trap '' INT TERM HUP; echo $$ >>{tmp_path}/pids; sh -c 'echo $$ >>{tmp_path}/pids; sleep 60') &
trap '' INT TERM
echo $$ >>{tmp_path}/pids
sleep 60
sleep 60""",
    )
    began = time.monotonic()
    options = ("--runbook", impatient(tmp_path), "--only", "T4.1", "--format", "json")
    ran = run("--check", "-C", finished, *options)
    assert time.monotonic() - began < 55, "it was not ended, it ended"
    assert_gone(pids(tmp_path / "pids", 3))
    result = next(item for item in json.loads(ran.out)["results"] if item["step"] == "T4.1")
    assert (ran.code, result["status"]) == (3, "errored")
    assert "timed out" in result["reason"]


def test_a_megabyte_of_broken_utf8_is_an_error_of_the_tool_and_shown_safely(
    run: Run, finished: Path, tools: Path, tmp_path: Path
) -> None:
    noise = tmp_path / "noise"
    noise.write_bytes(b"\xff\xfe\x1b[31m\x00\xc3" * 200_000)
    make_tool(
        tools,
        "kubectl",
        f"""case "$1" in version) echo '{KUBECTL_VERSION}'; exit;; esac
cat {noise}; cat {noise} >&2; exit 1""",
    )
    ran = run("--check", "-C", finished, "--verbose")
    assert ran.code in (1, 3)
    assert "\x1b" not in ran.out
    assert "\x00" not in ran.out
    assert "AC1" in ran.out


@pytest.mark.parametrize(
    "script",
    [
        "exit 0",
        "kill -9 $$",
        "echo '{'",
        "echo '{\"clientVersion\": 5}'",
        "printf '\\377\\376'; exit 3",
        "echo v0.0.0-master+$Format:%H$",
    ],
)
def test_tools_that_crash_or_tell_garbage_are_stepped_over(
    run: Run, finished: Path, tools: Path, script: str
) -> None:
    from_source = script.startswith("echo v0.0.0")
    for name in ("kubectl", "flux", "yq", "kubeconform") + (() if from_source else ("kustomize",)):
        make_tool(tools, name, script)
    ran = run("--check", "-C", finished, "--format", "json")
    assert ran.code == 0, ran.out
    rungs = {rung for item in json.loads(ran.out)["criteria"] for rung in item["rungs"]}
    assert any("embedded" in rung for rung in rungs), rungs


def test_a_folder_called_like_a_tool_is_no_tool(run: Run, finished: Path, tools: Path) -> None:
    (tools / "kubectl").mkdir()
    assert run("--check", "-C", finished, "--only", "AC1").code == 0


def test_a_kubectl_that_says_nothing_proves_nothing(run: Run, finished: Path, tools: Path) -> None:
    make_tool(
        tools, "kubectl", f"case \"$1\" in version) echo '{KUBECTL_VERSION}'; exit;; esac; exit 0"
    )
    ran = run("--check", "-C", finished, "--format", "json")
    step = next(item for item in json.loads(ran.out)["results"] if item["step"] == "T4.1")
    assert step["status"] == "failed"
    assert "kubectl said nothing about" in step["reason"]


def test_without_git_the_check_still_judges_the_files(
    run: Run, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = run("--check", "-C", finished)
    assert ran.code == 0, ran.out
    assert "git is not installed" in ran.out


def test_without_git_a_run_says_that_nothing_can_be_committed(
    run: Run, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = run("run", "--yes", "-C", demo)
    assert ran.code == 3
    assert "git is not installed, so nothing can be committed" in ran.out
    assert (demo / CERTIFICATE).exists()


def test_without_git_there_is_no_demo(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ran = run("demo", tmp_path / "demo")
    assert ran.code == 3
    assert "the demo needs git" in ran.err


# --- signals -------------------------------------------------------------------------------------

SLOW_WRITE = """
import os, signal, sys
from storyrunner.workspace.disk import Disk
from storyrunner.cli import main
rename, seen = Disk.rename, []
def slow(self, *args):
    seen.append(1)
    if len(seen) == int(sys.argv[1]):
        os.kill(os.getpid(), int(sys.argv[2]))
    return rename(self, *args)
Disk.rename = slow
sys.exit(main(sys.argv[3:]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_the_middle_of_a_write_leaves_no_half_file(
    run: Run, demo: Path, number: signal.Signals
) -> None:
    arguments = (3, int(number), "run", "--yes", "-C", demo)
    with start(*arguments, program=SLOW_WRITE) as child:
        _, err = child.communicate(timeout=120)
    assert child.returncode == 130, err
    assert "interrupted; nothing is half written" in err
    assert leftovers(demo) == []
    written = sorted(path.name for path in (demo / FOLDER).iterdir())
    assert len(written) == 3
    assert all((demo / FOLDER / name).read_bytes().endswith(b"\n") for name in written)
    again = run("run", "--yes", "-C", demo)
    assert again.code == 0, again.out
    assert git(demo, "status", "--porcelain") == ""


def test_a_kill_in_the_middle_of_a_write_is_taken_back_at_the_next_start(
    run: Run, demo: Path
) -> None:
    arguments = (3, int(signal.SIGKILL), "run", "--yes", "-C", demo)
    with start(*arguments, program=SLOW_WRITE) as child:
        child.communicate(timeout=120)
    assert child.returncode == -signal.SIGKILL
    assert leftovers(demo)
    again = run("run", "--yes", "-C", demo)
    assert again.code == 0, again.out
    assert "an interrupted write was taken back: T2.3" in again.err
    assert leftovers(demo) == []
    assert git(demo, "status", "--porcelain") == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_the_middle_of_a_tool_leaves_nothing_running(
    finished: Path, tools: Path, tmp_path: Path, number: signal.Signals
) -> None:
    make_tool(
        tools,
        "kubectl",
        f"""case "$1" in version) echo '{KUBECTL_VERSION}'; exit;; kustomize) exit 1;; esac
sh -c 'trap "" INT TERM HUP; echo $$ >>{tmp_path}/pids; sleep 60; sleep 60' &
echo $$ >>{tmp_path}/pids
wait""",
    )
    before = fingerprint(finished)
    options = ("--format", "jsonl", "--only", "T4.1")
    with start(
        "--check", "-C", finished, *options, env=os.environ | {"TMPDIR": str(tmp_path)}
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        told = [child.stdout.readline()]
        while "StepStarted" not in told[-1]:  # tools start ahead of the first step
            told.append(child.stdout.readline())
        numbers = pids(tmp_path / "pids", 2)
        child.send_signal(number)
        told += child.stdout.readlines()
        err = child.stderr.read()
    assert child.returncode == 130, err
    assert "Traceback" not in err
    assert_gone(numbers)
    results = [json.loads(line) for line in told]
    assert results[-1]["event"] == "StepFinished"
    assert results[-1]["result"]["status"] == "cancelled"
    assert fingerprint(finished) == before
    assert [path.name for path in tmp_path.glob("storyrunner-*")] == []


def test_two_ctrl_c_in_a_row_leave_nothing_running_either(
    finished: Path, tools: Path, tmp_path: Path
) -> None:
    make_tool(
        tools,
        "kubectl",
        f"""case "$1" in version) echo '{KUBECTL_VERSION}'; exit;; kustomize) exit 1;; esac
trap '' INT TERM
echo $$ >>{tmp_path}/pids
sleep 60; sleep 60; sleep 60""",
    )
    with start("--check", "-C", finished, "--only", "T4.1") as child:
        numbers = pids(tmp_path / "pids", 1)
        child.send_signal(signal.SIGINT)
        time.sleep(0.3)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=120)
    assert child.returncode == 130
    assert_gone(numbers)


def test_a_write_that_another_session_left_is_recovered_by_run_and_seen_by_no_check(
    run: Run, finished: Path
) -> None:
    file = finished / CERTIFICATE
    before = file.read_bytes()
    change = Change(CERTIFICATE, CERTIFICATE, before, b"half\n", 0o644)
    journal = Journal(state_folder(finished), Disk())
    journal.begin(Group("abcdef", "T2.3 half", (change,)))
    journal.begin(Group("abcdeg", "T2.3 half", (change, replace_target(change))))
    file.write_bytes(b"half\n")
    assert run("--check", "-C", finished).code == 1
    assert file.read_bytes() == b"half\n"
    ran = run("run", "--yes", "-C", finished)
    assert "an interrupted write was taken back: T2.3 half" in ran.err
    assert file.read_bytes() == before


def replace_target(change: Change) -> Change:
    """The same change of another file, which was not carried out."""
    return Change("docs/none.txt", "docs/none.txt", None, b"x", change.mode)


# --- streams and terminals -----------------------------------------------------------------------


def test_without_a_terminal_the_session_and_run_say_what_to_use(run: Run, demo: Path) -> None:
    session = run("-C", demo)
    assert session.code == 2
    assert "the session needs a terminal" in session.err
    assert "storyrunner --check" in session.err
    walk = run("run", "-C", demo)
    assert walk.code == 2
    assert "there is nobody to ask" in walk.err
    assert "--yes" in walk.err
    rollback = run("rollback", "-C", demo)
    assert rollback.code == 2


def test_a_closed_stdin_changes_nothing(finished: Path) -> None:
    with start("--check", "-C", finished, preexec_fn=lambda: os.close(0)) as child:
        out, err = child.communicate(timeout=120)
    assert child.returncode == 0, err
    assert "7/7 proven" in out
    with start("run", "-C", finished, preexec_fn=lambda: os.close(0)) as child:
        _, err = child.communicate(timeout=120)
    assert child.returncode == 2, err
    assert "there is nobody to ask" in err


def test_a_reader_that_goes_away_ends_the_report_without_a_trace(finished: Path) -> None:
    with start("--check", "-C", finished, "--format", "jsonl") as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr is not None
        err = child.stderr.read()
        child.wait(timeout=120)
    assert "Traceback" not in err
    assert "a bug" not in err
    assert "Exception ignored" not in err


@pytest.mark.parametrize("descriptor", [1, 2])
def test_a_closed_output_is_no_bug(finished: Path, descriptor: int) -> None:
    with start("--check", "-C", finished, preexec_fn=lambda: os.close(descriptor)) as child:
        _, err = child.communicate(timeout=120)
    assert child.returncode in (0, 1)
    assert "Traceback" not in err
    assert "a bug" not in err


def test_a_full_disk_under_the_report_is_said_and_is_not_green(finished: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with full.open("w") as sink:
        done = subprocess.run(
            [sys.executable, "-c", MAIN, "--check", "-C", str(finished)],
            stdout=sink,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            cwd=Path(__file__).resolve().parents[2],
        )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def test_a_terminal_without_utf8_gets_ascii_signs(demo: Path) -> None:
    plain = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    with start("--check", "-C", demo, env=os.environ | plain) as child:
        out, err = child.communicate(timeout=120)
    assert child.returncode == 1, err
    assert out.isascii()
    assert "  x T2.1   failed" in out


def test_the_same_bytes_with_and_without_colour_wishes(
    run: Run, demo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run("--check", "-C", demo).out
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("CI", "true")
    second = run("--check", "-C", demo).out
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("FORCE_COLOR", "1")
    third = run("--check", "-C", demo).out
    assert first == second == third
    assert "\x1b" not in first


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nonsense"],
        ["run", "--nonsense"],
        ["--check", "a", "b"],
        ["--engine", "x"],
        ["demo", "a", "b"],
    ],
)
def test_a_wrong_command_line_is_two_and_names_the_help(run: Run, arguments: list[str]) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert "--help" in ran.err


def test_a_demo_folder_that_is_taken_is_left_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    ran = run("demo", tmp_path)
    assert ran.code == 2
    assert "is not empty" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_bug_is_seventy_and_writes_a_report_without_values(tmp_path: Path, demo: Path) -> None:
    program = (
        "import sys, storyrunner.cli.commands as c\n"
        "def broken(arguments): secret = 'hunter2'; raise ValueError('odd')\n"
        "c.COMMANDS['schema'] = broken\n"
        "from storyrunner.cli import main\nsys.exit(main(['schema']))"
    )
    with start(program=program, env=os.environ | {"TMPDIR": str(tmp_path)}) as child:
        out, err = child.communicate(timeout=120)
    assert child.returncode == 70
    assert out == ""
    assert "a bug: ValueError: odd" in err
    report = next(tmp_path.glob("storyrunner-bug-*.txt"))
    assert str(report) in err
    assert os.environ["HOME"] not in report.read_text().replace(str(report), "")
