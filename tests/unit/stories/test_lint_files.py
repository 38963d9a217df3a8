"""Lint: files that are ticked and absent, that moved, and words that only look like paths."""

from __future__ import annotations

import pytest

from storyrunner.model.finding import Finding, Severity
from storyrunner.stories.repository_lint import RepositoryFiles, repository_paths
from tests.support.lint_stories import findings, text_of

FILES = (
    "kubernetes/infrastructure/security/alpha/app/issuers.yaml",
    "kubernetes/infrastructure/security/alpha/ks.yaml",
    "kubernetes/infrastructure/security/beta/namespace.yaml",
    "kubernetes/clusters/infra/settings.yaml",
    "kubernetes/clusters/apps/settings.yaml",
    "bootstrap/prerequisites/resources.yaml",
)
ALPHA = "kubernetes/infrastructure/security/alpha"


def lint(*lines: str, files: tuple[str, ...] = FILES, after: str = "") -> list[Finding]:
    body = "## Tasks\n\n### T1: Work\n\n" + "\n".join(lines) + f"\n\n{after}"
    found = findings(text_of(body=body), files=files)
    return [
        item
        for item in found
        if item.rule in ("story-ticked-absent", "story-path-moved", "story-file-list-absent")
    ]


def test_a_ticked_file_that_is_absent_is_an_error_at_the_path() -> None:
    [found] = lint(f"- [x] Create `{ALPHA}/certificate.yaml`")
    assert (found.rule, found.severity) == ("story-ticked-absent", Severity.ERROR)
    assert f"{ALPHA}/certificate.yaml does not exist" in found.message
    assert found.place.column == 15
    assert found.hint


def test_open_boxes_and_deferred_ones_promise_no_file() -> None:
    assert lint(f"- [ ] Create `{ALPHA}/certificate.yaml`") == []
    deferred = (
        "**Runtime Validation (MOVED TO STORY 45):**\n\n- [x] `kubernetes/x/report.yaml` kept\n"
    )
    assert lint("- [ ] a", "", deferred) == []


def test_files_that_are_there_are_fine_whatever_way_they_are_written() -> None:
    assert (
        lint(
            f"- [x] Create `{ALPHA}/ks.yaml`, `./{ALPHA}/ks.yaml` and `{ALPHA}/`",
            "- [x] Update `kubernetes/clusters/{infra,apps}/settings.yaml`",
            "- [x] All of `kubernetes/clusters/*/settings.yaml` at `bootstrap/prerequisites`",
            f"- [x] See `{ALPHA}/ks.yaml:12`",
        )
        == []
    )


def test_each_of_several_paths_in_braces_is_looked_for() -> None:
    [found] = lint("- [x] Update `kubernetes/clusters/{infra,edge}/settings.yaml`")
    assert "kubernetes/clusters/edge/settings.yaml" in found.message


def test_a_path_is_told_once() -> None:
    line = f"- [x] Create `{ALPHA}/certificate.yaml`"
    assert len(lint(line, line)) == 1


def test_the_block_below_a_ticked_box_names_its_file() -> None:
    box = (
        "- [x] Create `certificate.yaml`:\n  ```yaml\n  apiVersion: v1\n  kind: X\n  ```",
        "",
        f"The files live at `{ALPHA}/certificate.yaml`.",
    )
    [found] = lint(*box)
    assert found.rule == "story-ticked-absent"
    assert lint(*box, files=(*FILES, f"{ALPHA}/certificate.yaml")) == []


@pytest.mark.parametrize(
    "word",
    [
        "kustomize build kubernetes/nowhere/x.yaml",
        "ghcr.io/org/image.yaml",
        "https://x.example/kubernetes/a.yaml",
        "kubernetes/infra/alpha/token",
        "kubernetes/<cluster>/settings.yaml",
        "kubernetes/${CLUSTER}/settings.yaml",
        "issuers.yaml",
        "application/json",
        "cert-manager.io/v1",
    ],
)
def test_words_that_only_look_like_paths_are_left_alone(word: str) -> None:
    assert lint(f"- [x] Use `{word}`") == []
    assert lint(f"- [x] Use {ALPHA}/absent.yaml without backticks") == []


def test_a_box_that_removes_a_file_is_right_when_it_is_gone() -> None:
    for verb in ("Remove", "Deleted", "Renamed", "Moved", "Drop"):
        assert lint(f"- [x] {verb} `{ALPHA}/old.yaml`") == [], verb
    assert lint(f"- [x] Create `{ALPHA}/moved-removed.yaml`"), "the words are in the path"


def test_a_ticked_file_that_moved_is_a_warning_with_where_it_is_now() -> None:
    [found] = lint(f"- [x] Create `{ALPHA}/issuers.yaml`")
    assert (found.rule, found.severity) == ("story-path-moved", Severity.WARNING)
    assert found.hint == f"it is now at {ALPHA}/app/issuers.yaml"


def test_a_name_that_every_folder_has_did_not_move_elsewhere() -> None:
    [found] = lint(f"- [x] Create `{ALPHA}/namespace.yaml`")
    assert found.rule == "story-ticked-absent"
    assert "beta/namespace.yaml" in found.hint


def test_a_path_that_is_only_mentioned_is_told_when_it_moved() -> None:
    [found] = lint("- [ ] a", after="## Notes\n\nApply `bootstrap/resources.yaml` first.\n")
    assert found.hint == "it is now at bootstrap/prerequisites/resources.yaml"
    assert lint("- [ ] a", after=f"## Notes\n\nIt will be `{ALPHA}/new.yaml`.\n") == []


def test_what_the_change_log_says_of_old_paths_is_history() -> None:
    assert lint("- [ ] a", after="## Change Log\n\nWas `bootstrap/resources.yaml`.\n") == []


def test_the_file_list_is_held_against_the_files() -> None:
    record = (
        "## Dev Agent Record\n\n### File List\n\n"
        f"- {ALPHA}/ks.yaml (created)\n- {ALPHA}/lost.yaml\n- {ALPHA}/old.yaml (deleted)\n"
        f"- {ALPHA}/issuers.yaml\n"
    )
    found = lint("- [x] a", after=record)
    assert [item.rule for item in found] == ["story-file-list-absent", "story-path-moved"]
    assert f"{ALPHA}/lost.yaml" in found[0].message


def test_a_file_is_no_folder_and_names_are_taken_literally() -> None:
    files = RepositoryFiles.of(["docs/a.md", "docs/b[1].md"], folders=["docs/empty"])
    assert files.holds("docs/a.md")
    assert not files.holds("docs/a.md/")
    assert files.holds("docs/empty/")
    assert files.holds("docs/*.md")
    assert not files.holds("docs/A.md")
    assert repository_paths("docs/none", files) == []
    assert repository_paths("docs/empty", files) == ["docs/empty"]
