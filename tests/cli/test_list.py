"""`storyrunner list` and `storyrunner --check --all`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support.lint_stories import text_of
from tests.support.repositories import FOLDER, STORY, fingerprint, replace
from tests.support.stories import WEB, WEB_STORY

CERT = "STORY-SEC-CERT-MANAGER-ISSUERS"
SHIPPED = Path(__file__).resolve().parents[2] / "runbooks" / "cert-manager-issuers.yaml"
HEADS = ["NO", "STORY", "LANE", "SP", "STATE", "STATUS", "BOXES", "LEFT", "AC", "RUN"]
OPEN = "## Tasks\n\n### T1: A\n\n- [ ] a\n\n## Dependencies\n\n- Story 06 complete\n"


def add_story(root: Path, number: int, id_: str, body: str = OPEN, **more: str) -> None:
    path = root / "docs" / "stories" / f"{id_}.md"
    path.write_text(text_of(number, id_, body, **more), encoding="utf-8")  # type: ignore[arg-type]


def add_bad_runbook(root: Path, story: str) -> None:
    folder = root / ".storyrunner" / "runbooks"
    folder.mkdir(parents=True)
    (folder / "own.yaml").write_text(f"name: own\nstory: {story}\nsteps: nonsense\n")


def test_every_story_is_a_row_within_100_columns(run: Run, demo: Path) -> None:
    add_story(demo, 7, "STORY-" + "-".join(["LONG"] * 12), status="⛔ **DEFERRED** " + "x" * 90)
    ran = run("list", "-C", demo)
    assert ran.code == 0
    table = ran.out.split("\n\n")[0].splitlines()
    assert table[0].split() == HEADS
    assert [line.split()[0] for line in table[1:]] == ["06", "07"]
    assert "SEC-CERT-MANAGER-ISSUERS" in table[1]
    assert table[1].endswith("yes")
    assert "deferred" in table[2]
    assert "…" in table[2]
    assert max(map(len, ran.out.splitlines())) <= 100
    assert "PROVEN" not in ran.out


def test_what_is_next_and_what_waits_is_said_below(run: Run, demo: Path) -> None:
    add_story(demo, 7, "STORY-B")
    ran = run("list", "-C", demo)
    [first] = [line for line in ran.out.splitlines() if line.startswith("next")]
    assert first.split()[:3] == ["next", "06", CERT]
    assert "runbook cert-manager-issuers" in first
    assert f"waits    07 STORY-B for {CERT}" in ran.out


def test_cycles_and_prerequisites_that_come_later_are_shown(run: Run, demo: Path) -> None:
    add_story(demo, 7, "STORY-B", OPEN + "- Story 8 complete\n")
    add_story(demo, 8, "STORY-C", OPEN + "- STORY-B complete\n")
    ran = run("list", "-C", demo)
    assert "forward  07 STORY-B needs what comes later: STORY-C" in ran.out
    assert "cycle    STORY-B, STORY-C need each other first" in ran.out


def test_json_is_versioned_and_has_the_whole_row(run: Run, demo: Path) -> None:
    ran = run("list", "-C", demo, "--format", "json")
    document = json.loads(ran.out)
    assert document["schema"] == "storyrunner/list/v1"
    assert document["next"] == CERT
    [row] = document["stories"]
    assert (row["number"], row["path"], row["runbook"]) == (6, STORY, "cert-manager-issuers")
    assert (row["state"], row["criteria"], row["proven"]) == ("approved", 7, None)
    assert row["ticked"] == 0 < row["boxes"]


def test_proven_is_what_a_check_proved_and_claims_stay_claims(run: Run, finished: Path) -> None:
    ran = run("list", "--check", "-C", finished)
    assert ran.code == 0
    assert "checking 1/1: 06" in ran.err
    assert ran.out.splitlines()[0].endswith("PROVEN")
    assert ran.out.splitlines()[1].endswith("7/7")
    (finished / FOLDER / "prometheusrule.yaml").write_text("kind: Nothing\n")
    document = json.loads(run("list", "--check", "-C", finished, "--format", "json").out)
    [row] = document["stories"]
    assert row["proven"]["proven"] < row["proven"]["criteria"] == 7
    assert row["proven"]["exit_code"] == 1
    assert row["ticked"] > 0


def test_a_story_that_cannot_be_read_or_checked_is_told_and_hides_no_other(
    run: Run, finished: Path
) -> None:
    (finished / "docs/stories/STORY-BAD.md").write_bytes(b"# 01 \xff\n")
    ran = run("list", "-C", finished)
    assert ran.code == 2
    assert "docs/stories/STORY-BAD.md:1:6" in ran.err
    assert "SEC-CERT-MANAGER-ISSUERS" in ran.out
    (finished / "docs/stories/STORY-BAD.md").unlink()
    add_story(finished, 9, "STORY-B")
    add_bad_runbook(finished, "STORY-B")
    ran = run("list", "--check", "-C", finished)
    assert ran.code == 2
    assert [line.split()[-1] for line in ran.out.splitlines()[1:3]] == ["7/7", "error"]


def test_a_repository_without_stories_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    ran = run("list", "-C", tmp_path)
    assert (ran.code, ran.out.startswith("no stories")) == (0, True)
    assert json.loads(run("list", "-C", tmp_path, "--format", "json").out)["stories"] == []


def test_listing_and_checking_all_write_nothing(run: Run, finished: Path) -> None:
    before = fingerprint(finished)
    assert run("list", "--check", "-C", finished).code == 0
    assert run("--check", "--all", "-C", finished).code == 0
    assert fingerprint(finished) == before


@pytest.fixture
def two(finished: Path) -> Path:
    """The finished demo with a second story that the same work proves."""
    own = finished / ".storyrunner" / "runbooks"
    own.mkdir(parents=True)
    text = SHIPPED.read_text(encoding="utf-8")
    text = text.replace("name: cert-manager-issuers", "name: second", 1)
    text = text.replace(CERT, "STORY-SECOND").replace("number: 6", "number: 9", 1)
    (own / "second.yaml").write_text(text, encoding="utf-8")
    shutil.copytree(SHIPPED.parent.parent / "manifests", own / "manifests", dirs_exist_ok=True)
    story = (finished / STORY).read_text(encoding="utf-8").replace(CERT, "STORY-SECOND")
    (finished / "docs/stories/STORY-SECOND.md").write_text(
        story.replace("# 06 ", "# 09 ", 1), encoding="utf-8"
    )
    return finished


def test_all_stories_are_checked_with_one_report_each(run: Run, two: Path) -> None:
    ran = run("--check", "--all", "-C", two)
    assert "checking 1/2: 06" in ran.err
    assert "checking 2/2: 09" in ran.err
    assert ran.out.count("storyrunner check  ") == 2
    assert ran.out.rstrip().splitlines()[-3] == "All stories"


def test_a_story_without_a_runbook_is_checked_by_its_own_text(run: Run, finished: Path) -> None:
    (finished / WEB).write_text(WEB_STORY, encoding="utf-8")
    ran = run("--check", "--all", "-C", finished)
    assert "checking 2/2: 31" in ran.err
    assert (ran.code, ran.out.splitlines()[-2].count("7/7 proven")) == (1, 1)
    assert ran.out.splitlines()[-1].lstrip().startswith("31 ")
    assert "0/" in ran.out.splitlines()[-1]


def test_the_exit_code_is_the_worst_of_all_by_precedence(run: Run, finished: Path) -> None:
    add_story(finished, 9, "STORY-B")
    add_bad_runbook(finished, "STORY-B")
    ran = run("--check", "--all", "-C", finished)
    assert ran.code == 2
    assert "7/7 proven" in ran.out
    assert "09 A story of tests: not checked:" in ran.out
    replace(finished, f"{FOLDER}/wildcard-certificate.yaml", "wildcard-tls", "other-tls")
    assert run("--check", "--all", "-C", finished).code == 2
    shutil.rmtree(finished / ".storyrunner" / "runbooks")
    assert run("--check", "--all", "-C", finished).code == 1


def test_all_reports_are_one_json_document(run: Run, finished: Path) -> None:
    add_story(finished, 9, "STORY-B")
    add_bad_runbook(finished, "STORY-B")
    ran = run("--check", "--all", "-C", finished, "--format", "json")
    document = json.loads(ran.out)
    assert (document["schema"], document["exit_code"]) == ("storyrunner/check-all/v1", 2)
    [report] = document["reports"]
    assert (report["schema"], report["story"]) == ("storyrunner/report/v1", CERT)
    [problem] = document["problems"]
    assert (problem["story"], problem["exit_code"]) == ("docs/stories/STORY-B.md", 2)
    lines = run("--check", "--all", "-C", finished, "--format", "jsonl").out.splitlines()
    assert json.loads(lines[-1])["event"] == "RunFinished"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--all",),
        ("--check", "--all", "6"),
        ("--check", "--all", "--only", "T1"),
        ("--check", "--all", "--set", "a=b"),
        ("--check", "--all", "--runbook", "x.yaml"),
    ],
)
def test_what_does_not_go_with_all_is_refused(
    run: Run, demo: Path, arguments: tuple[str, ...]
) -> None:
    ran = run(*arguments, "-C", demo)
    assert (ran.code, ran.out) == (2, "")
    assert "--all" in ran.err


def test_a_repository_that_nothing_can_be_run_in_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    ran = run("--check", "--all", "-C", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "there is no story in this repository" in ran.err


def test_an_unreadable_story_does_not_hide_the_one_that_is_checked(
    run: Run, finished: Path
) -> None:
    (finished / "docs/stories/STORY-BAD.md").write_bytes(b"# 01 \xff\n")
    for arguments in (("--check",), ("--check", "6"), ("--check", "cert-manager-issuers")):
        ran = run(*arguments, "-C", finished)
        assert ran.code == 0, ran.err
        assert "a story is left out: docs/stories/STORY-BAD.md:1:6" in ran.err
    for arguments in (("--check", "STORY-BAD"), ("--check", "docs/stories/STORY-BAD.md")):
        ran = run(*arguments, "-C", finished)
        assert (ran.code, ran.out) == (2, "")
        assert "not UTF-8" in ran.err


def test_an_unreadable_story_is_an_error_when_its_runbook_is_meant(
    run: Run, finished: Path
) -> None:
    (finished / STORY).write_bytes(b"# 06 \xff\n")
    for arguments in (("--check",), ("--check", "cert-manager-issuers"), ("--check", CERT)):
        ran = run(*arguments, "-C", finished)
        assert (ran.code, ran.out) == (2, "")
        assert f"{STORY}:1:6: the story is not UTF-8 text" in ran.err


def test_show_resolves_dependencies_that_are_named_by_number_only(run: Run, demo: Path) -> None:
    add_story(demo, 7, "STORY-B", OPEN)
    document = json.loads(run("show", "STORY-B", "-C", demo, "--format", "json").out)
    assert document["dependencies"]["build"] == [CERT]
    (demo / "docs/stories/STORY-BAD.md").write_bytes(b"# 01 \xff\n")
    ran = run("show", "STORY-B", "-C", demo)
    assert ran.code == 0
    assert "a story is left out" in ran.err
