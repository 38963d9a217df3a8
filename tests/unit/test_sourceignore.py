"""`.sourceignore`: what Flux leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyrunner.gitops.sourceignore import Ignore, load_ignore, parse_patterns


@pytest.mark.parametrize(
    ("pattern", "path", "is_folder", "left_out"),
    [
        ("draft.yaml", "draft.yaml", False, True),
        ("draft.yaml", "a/b/draft.yaml", False, True),
        ("/draft.yaml", "draft.yaml", False, True),
        ("/draft.yaml", "a/draft.yaml", False, False),
        ("a/b.yaml", "a/b.yaml", False, True),
        ("a/b.yaml", "x/a/b.yaml", False, False),
        ("**/b.yaml", "x/y/b.yaml", False, True),
        ("**/b.yaml", "b.yaml", False, True),
        ("a/**", "a/b/c.yaml", False, True),
        ("a/**", "b/a/c.yaml", False, False),
        ("a/**/c.yaml", "a/x/y/c.yaml", False, True),
        ("/**", "a.yaml", False, False),
        ("old/", "old/a.yaml", False, True),
        ("old/", "old", True, True),
        ("old/", "old", False, False),
        ("x/old/", "x/old", False, False),
        ("*.tmp.yaml", "a.tmp.yaml", False, True),
        ("?.yaml", "ab.yaml", False, False),
        ("[ab].yaml", "b.yaml", False, True),
        ("[^ab].yaml", "b.yaml", False, False),
        ("\\*.yaml", "a.yaml", False, False),
        ("\\*.yaml", "*.yaml", False, True),
        ("[a.yaml", "[a.yaml", False, False),
        ("a**/b", "ax/b", False, False),
        ("a.yaml   ", "a.yaml", False, True),
    ],
)
def test_a_pattern_matches_as_in_flux(
    pattern: str, path: str, is_folder: bool, left_out: bool
) -> None:
    assert Ignore(parse_patterns(pattern)).excludes(path, is_folder) is left_out


def test_the_last_pattern_that_says_anything_wins() -> None:
    ignore = Ignore(parse_patterns("# notes\n\n*.yaml\n!keep.yaml\n"))
    assert ignore.excludes("a.yaml", is_folder=False)
    assert not ignore.excludes("keep.yaml", is_folder=False)


def test_the_rules_of_flux_hold_without_any_file_and_can_be_taken_back() -> None:
    assert Ignore().excludes("a/.sops.yaml", is_folder=False)
    assert Ignore().excludes(".github/workflows/ci.yaml", is_folder=False)
    assert not Ignore(parse_patterns("!.sops.yaml")).excludes(".sops.yaml", is_folder=False)


def test_a_file_speaks_for_its_own_folder_and_below_only(tmp_path: Path) -> None:
    (tmp_path / "a/deep").mkdir(parents=True)
    (tmp_path / "b").mkdir()
    (tmp_path / "a/.sourceignore").write_text("/x.yaml\ny.yaml\r\n")
    ignore = load_ignore(tmp_path)
    assert ignore.excludes("a/x.yaml", is_folder=False)
    assert ignore.excludes("a/deep/y.yaml", is_folder=False)
    assert not ignore.excludes("a/deep/x.yaml", is_folder=False)
    assert not ignore.excludes("b/y.yaml", is_folder=False)


def test_ignore_files_of_parents_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / ".sourceignore").write_text("*.yaml\n")
    assert not load_ignore(tmp_path / "app").excludes("a.yaml", is_folder=False)
