"""`storyrunner record`: what is proven, written into the story; what fails, opened again."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyrunner.stories.parser import parse_story
from tests.cli.conftest import Run
from tests.support.repositories import FOLDER, STORY, commit_all, fingerprint, git, replace

ENGINE = ("--engine", "embedded")


def story_of(root: Path) -> str:
    return (root / STORY).read_bytes().decode()


def break_certificate(root: Path) -> None:
    replace(root, f"{FOLDER}/wildcard-certificate.yaml", "letsencrypt-production", "other")


def test_check_shows_the_change_writes_nothing_and_ends_with_1(run: Run, finished: Path) -> None:
    before = fingerprint(finished)
    ran = run("record", "6", "--check", "-C", finished, *ENGINE)
    assert ran.code == 1
    assert ran.out.startswith(f"--- a/{STORY}\n+++ b/{STORY}\n")
    assert "+## Dev Agent Record" in ran.out
    assert "+- Proven: AC1, AC2, AC3, AC4, AC5, AC6, AC7" in ran.out
    assert f"+- `{FOLDER}/ks.yaml`" in ran.out
    assert "checked T4.9: proven" in ran.err
    assert fingerprint(finished) == before


def test_yes_writes_it_once_and_undo_takes_it_back(run: Run, finished: Path) -> None:
    before = story_of(finished)
    ran = run("record", "6", "--yes", "--status", "Ready for Review", "-C", finished, *ENGINE)
    assert ran.code == 0
    assert ran.out.endswith(f"written: {STORY}\n")
    after = story_of(finished)
    story = parse_story(after, STORY)
    assert story.header.status == "Ready for Review"
    assert story.agent_record is not None
    assert len(story.agent_record.files) == 11
    assert len(story.change_log.entries) == len(parse_story(before, STORY).change_log.entries) + 1
    assert run("record", "6", "--check", "-C", finished, *ENGINE).code == 0
    assert git(finished, "status", "--porcelain").split() == ["M", STORY]
    assert run("undo", "6", "-C", finished).code == 0
    assert story_of(finished) == before


def test_boxes_alone_are_turned_byte_for_byte(run: Run, finished: Path) -> None:
    before = story_of(finished).replace("\n", "\r\n").rstrip("\r\n")
    opened = before.replace("- [x] Create `ks.yaml`", "- [ ] Create `ks.yaml`", 1)
    assert opened.count("[ ]") == before.count("[ ]") + 1
    (finished / STORY).write_bytes(opened.encode())
    assert run("record", "6", "--boxes", "--yes", "-C", finished, *ENGINE).code == 0
    assert story_of(finished) == before


def test_a_tick_whose_proof_fails_is_opened_again(run: Run, finished: Path) -> None:
    break_certificate(finished)
    before = story_of(finished)
    ran = run("record", "6", "--boxes", "--yes", "-C", finished, *ENGINE)
    assert ran.code == 0
    assert "-- [x] Wildcard Certificate manifest created" in ran.out
    assert "+- [ ] Wildcard Certificate manifest created" in ran.out
    after = story_of(finished)
    assert len(after) == len(before)
    assert before.replace("- [x] Wildcard", "- [ ] Wildcard") != before
    turned = [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert {(before[i], after[i]) for i in turned} == {("x", " ")}
    assert "- [x] ClusterIssuer manifests created" in after


def test_a_run_proposes_to_open_what_fails_and_ticks_nothing(run: Run, finished: Path) -> None:
    break_certificate(finished)
    commit_all(finished, "broken")
    ran = run("run", "6", "--yes", "-C", finished, *ENGINE)
    assert ran.code == 1
    assert "+- [ ] Wildcard Certificate manifest created" in ran.out
    assert "- [ ] Wildcard Certificate manifest created" in story_of(finished)


@pytest.mark.parametrize("status", ["Done", "Ready for Review", "Complete (v5.0)"])
def test_a_status_that_claims_more_than_is_proven_is_refused(
    run: Run, finished: Path, status: str
) -> None:
    break_certificate(finished)
    before = story_of(finished)
    ran = run("record", "6", "--yes", "--status", status, "-C", finished, *ENGINE)
    assert ran.code == 2
    assert "would say more than is proven: AC3 (failed)" in ran.err
    assert story_of(finished) == before


def test_what_is_not_proven_is_recorded_as_that(run: Run, finished: Path) -> None:
    break_certificate(finished)
    ran = run("record", "6", "--check", "--status", "Draft", "-C", finished, *ENGINE)
    assert "6 of 7 criteria proven; not proven: AC3" in ran.out
    assert "+- Not proven: AC3 (failed)" in ran.out
    assert "Proven: AC1, AC2, AC4, AC5, AC6, AC7" in ran.out


def test_a_repository_without_the_story_has_nothing_to_write_into(run: Run, finished: Path) -> None:
    (finished / STORY).unlink()
    ran = run("record", "cert-manager-issuers", "--yes", "-C", finished, *ENGINE)
    assert ran.code == 2
    assert "does not hold the Markdown" in ran.err


def test_nobody_to_ask_is_said_before_anything_is_checked(run: Run, finished: Path) -> None:
    ran = run("record", "6", "-C", finished, *ENGINE)
    assert ran.code == 2
    assert "nobody to ask" in ran.err
    assert "checked" not in ran.err
