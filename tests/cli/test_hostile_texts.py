"""Whatever a stranger writes into stories, values, names of files and git: no command prints a raw
escape, and JSON stays JSON that says the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from storyrunner.model.plain import json_text
from tests.cli.conftest import Run
from tests.support.repositories import INFRA, ISSUERS, STORY, git, replace

ESC = "\x1b"
HOSTILE = (
    f"{ESC}[31mred{ESC}]0;owned\x07{ESC}]52;c;ZWNobyBv\x07\x9b2J\u202eab\u202c\u2028\x08\U000e0041"
)
COMMANDS = (
    ("--check", "--engine", "embedded", "--fresh", "--verbose"),
    ("--check", "--engine", "embedded", "--format", "json"),
    ("--check", "--engine", "embedded", "--format", "jsonl"),
    ("list",),
    ("list", "--format", "json"),
    ("lint",),
    ("lint", "--format", "json"),
    ("vars",),
    ("vars", "--format", "json"),
    ("explain", "ClusterIssuer/letsencrypt-production"),
    ("doctor", STORY),
    ("show", STORY),
    ("show", STORY, "--format", "json"),
    ("evidence", STORY),
    ("evidence", STORY, "--format", "json"),
)


def check_all(run: Run, folder: Path) -> None:
    """Every command ends in order and prints plain text."""
    for words in COMMANDS:
        ran = run(*words, "-C", folder)
        assert ran.code in (0, 1, 2, 3, 8), (words, ran.err)
        raw = {char for char in ran.out + ran.err if not char.isprintable() and char not in "\n\t"}
        assert raw == set(), (words, raw)
        if words[-1] == "json" and ran.out:
            assert json.loads(ran.out)


def test_a_story_full_of_escapes_is_printed_as_plain_text(run: Run, finished: Path) -> None:
    file = finished / STORY
    marks = ("#", "- [", "|", "**", "-")
    lines = [
        line + HOSTILE if line.startswith(marks) else line for line in file.read_text().split("\n")
    ]
    file.write_text("\n".join(lines))
    check_all(run, finished)


def test_values_full_of_escapes_are_printed_as_plain_text(run: Run, finished: Path) -> None:
    spelled = "".join(f"\\U{ord(char):08x}" for char in HOSTILE)
    replace(finished, ISSUERS, "    email: ${LETSENCRYPT_EMAIL}", f'    email: "{spelled}"')
    replace(finished, INFRA, "data:\n", f'data:\n  HOSTILE: "{spelled}"\n')
    check_all(run, finished)


def test_names_of_files_and_branches_are_printed_as_plain_text(run: Run, finished: Path) -> None:
    name = HOSTILE.replace("/", "")
    for folder in ("kubernetes/clusters/infra", "docs/stories", "docs"):
        (finished / folder / f"{name}.yaml").write_text("kind: ConfigMap\n")
        (finished / folder / f"STORY-{name}.md").write_text(f"# STORY {HOSTILE}\n")
    git(finished, "checkout", "-q", "-b", "turned\u202eround")
    check_all(run, finished)


@pytest.mark.parametrize("option", ["--only", "--set", "--runbook", "--engine", "--cluster", ""])
def test_arguments_full_of_escapes_are_repeated_as_plain_text(
    run: Run, finished: Path, option: str
) -> None:
    ran = run("--check", *([option] if option else []), HOSTILE, "-C", finished)
    assert ran.code == 2
    assert all(char.isprintable() or char == "\n" for char in ran.out + ran.err)


def test_json_is_printable_and_says_the_same() -> None:
    data = {f"key {HOSTILE}": [f"text {HOSTILE} \udcff", {"a": "plain ✓ ä\n"}], "n": 1}
    for indent in (None, 2):
        text = json_text(data, indent)
        assert all(char.isprintable() or char == "\n" for char in text)
        assert json.loads(text) == data
    assert json_text({"a": "✓"}) == '{"a": "✓"}'
