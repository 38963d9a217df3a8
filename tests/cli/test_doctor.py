"""`storyrunner doctor`: exit codes, the two forms, and that nothing is written or run."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run
from tests.support.repositories import STORY, fingerprint, replace

GOOD = """# 09 — STORY-GOOD — Nothing wrong

## Tasks / Subtasks

### T1: Look

- [ ] Look:
  ```bash
  ls bootstrap
  ```
"""


def _story(repository: Path, command: str) -> None:
    text = GOOD.replace("ls bootstrap", command)
    (repository / "docs" / "stories" / "STORY-GOOD.md").write_text(text, encoding="utf-8")


def test_a_story_with_nothing_wrong_exits_0_and_says_so(finished: Path, run: Run) -> None:
    _story(finished, "ls bootstrap")
    done = run("doctor", "STORY-GOOD", "-C", finished)
    assert (done.code, done.err) == (0, "")
    assert done.out == "nothing is known to be wrong with the story's commands\n"


def test_what_is_written_stands_beside_what_works(finished: Path, run: Run) -> None:
    _story(finished, 'git commit -m "for ${A}"')
    done = run("doctor", "09", "-C", finished)
    assert done.code == 1
    assert done.out.splitlines() == [
        "docs/stories/STORY-GOOD.md:9:3: error message-expands"
        " the shell fills in ${A} before git sees the message",
        '    written: git commit -m "for ${A}"',
        '    works:   git commit -m "for \\${A}"',
        "1 command should not be run as written",
    ]


def test_the_json_form_is_versioned_and_whole(finished: Path, run: Run) -> None:
    _story(finished, "git push")
    done = run("doctor", "STORY-GOOD", "--format", "json", "-C", finished)
    assert done.code == 1
    assert json.loads(done.out) == {
        "schema": "storyrunner/doctor/v1",
        "story": "docs/stories/STORY-GOOD.md",
        "counts": {"commands": 1, "complaints": 1},
        "commands": [
            {
                "place": {"path": "docs/stories/STORY-GOOD.md", "line": 9, "column": 3},
                "task": "T1",
                "source": "block",
                "written": "git push",
                "complaints": [
                    {
                        "rule": "git-push",
                        "severity": "warning",
                        "message": "publishes at once; `storyrunner run --push` asks first",
                    }
                ],
                "works": [
                    {
                        "command": "git push --dry-run",
                        "own": False,
                        "note": "shows what would be published",
                    }
                ],
            }
        ],
    }


def test_our_own_commands_name_the_steps_of_the_runbook(finished: Path, run: Run) -> None:
    file = finished / STORY
    text = file.read_text(encoding="utf-8")
    file.write_text(
        f"{text}\n## Validation Steps\n\n```bash\nkubectl --dry-run=client -f a.yaml\n```\n",
        encoding="utf-8",
    )
    done = run("doctor", "06", "--format", "json", "-C", finished)
    commands = {one["written"]: one for one in json.loads(done.out)["commands"]}
    works = commands["kubectl --dry-run=client -f a.yaml"]["works"]
    assert [one["command"] for one in works] == [
        "storyrunner --check STORY-SEC-CERT-MANAGER-ISSUERS --only T4.1"
    ]


def test_a_story_that_is_not_there_is_a_usage_error(finished: Path, run: Run) -> None:
    done = run("doctor", "STORY-NOWHERE", "-C", finished)
    assert (done.code, done.out) == (2, "")


def test_a_story_that_cannot_be_read_is_an_error(finished: Path, run: Run) -> None:
    (finished / "docs" / "stories" / "STORY-GOOD.md").write_bytes(b"# 09 \xff\xfe")
    assert run("doctor", "docs/stories/STORY-GOOD.md", "-C", finished).code == 2


def test_the_doctor_runs_and_changes_nothing(finished: Path, run: Run) -> None:
    _story(finished, "touch made-by-the-story\n  git add docs\n  git push")
    before = fingerprint(finished)
    assert run("doctor", "STORY-GOOD", "-C", finished).code == 1
    assert fingerprint(finished) == before


def test_who_walks_the_story_is_told_at_the_task(demo: Path, run: Run) -> None:
    command = "kubectl --dry-run=client -f kubernetes/infrastructure/security/cert-manager/"
    box = "- [ ] Validate manifest syntax:\n"
    replace(demo, STORY, box, f"{box}  ```bash\n  {command}\n  ```\n")
    ran = run("run", "--yes", "--engine", "embedded", "-C", demo)
    notes = [line for line in ran.out.splitlines() if "should not be run as written" in line]
    assert len(notes) == 1
    assert "kubectl has no verb" in notes[0]
    assert "works: " in notes[0]
    assert "should not be run" not in run("--check", "--engine", "embedded", "-C", demo).out
