"""Reports: one line per finding, the same for every terminal, readable without colour."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from storyrunner.engine.merging import LONGEST, merged, showable
from storyrunner.errors import Place
from storyrunner.model.events import (
    CommandStarted,
    Envelope,
    Event,
    FileProposed,
    FileWritten,
    OutputLine,
    RunFinished,
    RunStarted,
    StepFinished,
    StepStarted,
    TaskStarted,
)
from storyrunner.model.finding import error, note, warning
from storyrunner.model.result import CriterionVerdict, Evidence, RunReport, StepResult
from storyrunner.model.rung import Job, Rung
from storyrunner.model.status import FACES, Status
from storyrunner.reporters.json import SCHEMA, JsonLinesReporter, JsonReporter
from storyrunner.reporters.text import TextReporter
from storyrunner.reporters.wording import glyph, tally, word

WRONG = error("wrong-value", "it is 5", Place("a/b.yaml", 3, 7), hint="make it 6", cluster="infra")
ODD = warning("other-path", "it is elsewhere", Place("c.yaml"), hint="look there")
TOLD = note("differs", "in 1 line", Place("d.yaml", 2), hint="never mind")
RESULT = StepResult(
    "T1.1",
    Status.FAILED,
    "it is 5",
    (WRONG, ODD, TOLD),
    (Evidence("asked", Rung(Job.RENDER, "kustomize", "5.4.2")),),
)
VERDICTS = (
    CriterionVerdict("AC1", "It holds", Status.PASSED, ("T1.2",), "by T1.2", ("embedded",)),
    CriterionVerdict("AC2", "That too", Status.FAILED, ("T1.1",), "it is 5"),
)
REPORT = RunReport("STORY-X", "01 X", (RESULT,), VERDICTS, 1, "T1.1: make it 6")
EVENTS: list[Event] = [
    RunStarted("STORY-X", "01 X", "check", "here", ("git 2.40",)),
    TaskStarted("T1", "Look"),
    StepStarted("T1.1", "Is it six"),
    CommandStarted("T1.1", "yq .a b.yaml"),
    OutputLine("T1.1", "stdout", "5"),
    FileProposed("T1.1", "a/b.yaml", "edit", "--- a\n+++ b\n-5\n+6\n"),
    FileWritten("T1.1", "a/b.yaml", "kept"),
    StepFinished(RESULT),
    RunFinished(REPORT),
]


def told(*, ascii_only: bool = False, verbose: bool = False) -> list[str]:
    """What the text reporter writes."""
    lines: list[str] = []
    reporter = TextReporter(lines.append, ascii_only=ascii_only, verbose=verbose)
    for number, event in enumerate(EVENTS, 1):
        reporter(Envelope(number, "2026-01-01T00:00:00Z", event))
    return lines


def test_a_finding_is_one_line_that_editors_understand() -> None:
    lines = [line.strip() for line in told()]
    assert "a/b.yaml:3:7: error wrong-value it is 5 (infra)" in lines
    assert "c.yaml:1:1: warning other-path it is elsewhere" in lines
    form = re.compile(r"\S+:\d+:\d+: (error|warning|note) [\w.-]+ .+")
    assert sum(1 for line in lines if form.fullmatch(line)) == 3


def test_errors_and_warnings_have_their_hints_and_notes_have_none() -> None:
    text = "\n".join(told())
    assert "hint: make it 6" in text
    assert "hint: look there" in text
    assert "never mind" not in text


def test_the_summary_says_every_criterion_its_engine_and_what_is_next() -> None:
    lines = told()
    assert "  ✓ AC1    proven    It holds  [embedded]" in lines
    assert "  ✗ AC2    failed    That too" in lines
    assert "01 X: 1/2 proven, 1 failed" in lines
    assert lines[-1] == "next  T1.1: make it 6"


def test_a_step_names_its_engine() -> None:
    assert any("[" in line and "kustomize 5.4.2" in line for line in told() if "T1.1" in line)


def test_commands_output_and_diffs_are_shown_when_asked_for() -> None:
    quiet, verbose = "\n".join(told()), "\n".join(told(verbose=True))
    for text in ("$ yq .a b.yaml", "| 5", "+6"):
        assert text not in quiet
        assert text in verbose
    assert "kept: a/b.yaml" in quiet


def test_a_terminal_without_unicode_gets_ascii_only() -> None:
    assert "\n".join(told(ascii_only=True)).isascii()


def test_a_result_that_says_the_same_again_is_not_repeated() -> None:
    lines: list[str] = []
    reporter = TextReporter(lines.append)
    for number in (1, 2):
        reporter(Envelope(number, "now", StepFinished(RESULT)))
    assert sum("T1.1" in line for line in lines) == 1


@pytest.mark.parametrize("status", list(Status))
def test_every_status_is_told_by_sign_and_word(status: Status) -> None:
    lines: list[str] = []
    TextReporter(lines.append)(Envelope(1, "now", StepFinished(StepResult("T1.1", status))))
    assert glyph(status) in lines[0]
    assert word(status) in lines[0]
    assert FACES[status].word == word(status)


def test_the_tally_counts_what_is_not_proven() -> None:
    stale = CriterionVerdict("AC3", "x", Status.STALE, ())
    assert tally((*VERDICTS, stale, stale)) == "1/4 proven, 1 failed, 2 stale"
    assert tally(()) == "0/0 proven"


def test_json_is_one_document_at_the_end() -> None:
    written: list[str] = []
    reporter = JsonReporter(written.append)
    for number, event in enumerate(EVENTS, 1):
        reporter(Envelope(number, "now", event))
    assert len(written) == 1
    document = json.loads(written[0])
    assert document["schema"] == SCHEMA
    assert document["exit_code"] == 1
    assert document["results"][0]["findings"][0]["place"] == {
        "path": "a/b.yaml",
        "line": 3,
        "column": 7,
    }


def test_jsonl_is_one_line_per_event_with_its_name_and_number() -> None:
    written: list[str] = []
    reporter = JsonLinesReporter(written.append)
    for number, event in enumerate(EVENTS, 1):
        reporter(Envelope(number, "now", event))
    records = [json.loads(line) for line in written]
    assert all("\n" not in line for line in written)
    assert [item["sequence"] for item in records] == list(range(1, len(EVENTS) + 1))
    assert [item["event"] for item in records] == [type(event).__name__ for event in EVENTS]


# --- findings fit to be told ---------------------------------------------------------------------


def test_the_same_finding_of_two_clusters_is_told_once() -> None:
    twice = [
        WRONG,
        ODD,
        error(WRONG.rule, WRONG.message, WRONG.place, hint=WRONG.hint, cluster="apps"),
    ]
    found = merged(twice)
    assert [item.cluster for item in found] == ["infra, apps", ""]
    assert merged([WRONG, WRONG])[0].cluster == "infra"


def test_what_a_tool_says_can_neither_steer_the_terminal_nor_fill_it() -> None:
    loud = replace(ODD, message="\x1b[2J\x07" + "y" * 5000 + "\u202e", hint="a\x9bb")
    found = merged([loud])[0]
    assert "\x1b" not in found.message
    assert "\\x1b[2J" in found.message
    assert len(found.message) < LONGEST + 20
    assert found.hint == "a\\x9bb"


def test_a_message_of_many_lines_is_one_line() -> None:
    found = merged([error("x", "one\ntwo\r\nthree", Place("a"))])[0]
    assert found.message == "one / two / three"
    assert showable("one\ntwo") == "one\ntwo"
