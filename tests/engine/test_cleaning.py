"""What leaves the engine cannot steer a terminal, look like another line, or give a secret away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from storyrunner.engine.cleaning import Cleaner, clean_decider
from storyrunner.engine.loop import run_to_end
from storyrunner.errors import Place
from storyrunner.model.approval import ApprovalItem, ApprovalQuestion, CommandRequest
from storyrunner.model.command_class import CommandClass
from storyrunner.model.decision import (
    Change,
    Choice,
    CommitDraft,
    DefaultDecider,
    WriteAnswer,
    WriteQuestion,
)
from storyrunner.model.events import (
    CommandStarted,
    Event,
    FindingMade,
    OutputLine,
    RunStarted,
    TaskStarted,
)
from storyrunner.model.finding import error
from storyrunner.model.result import Evidence
from storyrunner.redaction import MASK, Redactor
from storyrunner.workspace import Proposal
from tests.engine.small import FILES, LIST, make_small, opened

ESC = "\x1b"
HOSTILE = {
    "a colour": f"{ESC}[31mred{ESC}[0m",
    "the screen cleared": f"{ESC}[2J{ESC}[H",
    "a title of the window": f"{ESC}]0;owned\x07",
    "a hidden link": f"{ESC}]8;;https://evil.example{ESC}\\click{ESC}]8;;{ESC}\\",
    "the clipboard": f"{ESC}]52;c;cm0gLXJmIH4=\x07",
    "one byte of control": "\x9b31m",
    "a bell and a backspace": "ok\x07\x08\x08no",
    "text turned round": "abc\u202edcba\u202c",
    "isolates": "\u2066a\u2069",
    "nothing to see": "a\u200bb\ufeffc",
    "a carriage return": "failed\rpassed",
    "line separators": "a\u2028b\u2029c\x85d",
    "a NUL": "a\0b",
    "half a character": "a\ud800b",
}


def events(text: str) -> list[Event]:
    """Events with a text in each of their fields that a stranger writes."""
    found = error("rule", text, Place(text, 3), hint=text, got=text, expected=text)
    return [
        RunStarted("S", text, "check", text, (text,), (text,)),
        TaskStarted("T1", text, text, (text,)),
        CommandStarted("T1.1", text),
        OutputLine("T1.1", "stdout", text),
        FindingMade("T1.1", found),
    ]


def texts(value: Any) -> list[str]:
    """Every text in an event."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for item in value for text in texts(item)]
    names = getattr(type(value), "__slots__", ())
    return [text for name in names for text in texts(getattr(value, name))]


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_no_event_can_steer_a_terminal(hostile: str) -> None:
    cleaner = Cleaner(Redactor())
    for event in events(f"before {hostile} after"):
        shown = texts(cleaner.event(event))
        assert all(text.isprintable() for text in shown), (event, shown)
        assert any("before" in text and "after" in text for text in shown)


def test_a_title_of_two_lines_cannot_look_like_a_line_of_the_report() -> None:
    cleaner = Cleaner(Redactor())
    clean = cleaner.event(TaskStarted("T1", "A\n  ✓ AC1    proven   All is well"))
    assert isinstance(clean, TaskStarted)
    assert "\n" not in clean.title


def test_an_excerpt_and_a_diff_keep_their_lines() -> None:
    clean = Cleaner(Redactor()).value(Evidence("cat", excerpt=f"one\n{ESC}[1mtwo\n"))
    assert clean.excerpt == "one\n\\x1b[1mtwo\n"


def test_hashes_of_inputs_are_left_as_they_are() -> None:
    inputs = {"a/secret.yaml": "ab" * 32, "b/": "absent"}
    assert Cleaner(Redactor()).value(Evidence("look", inputs=inputs)).inputs == inputs


class Listener(DefaultDecider):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Any] = []

    async def decide_write(self, question: WriteQuestion) -> WriteAnswer:
        """Remember; write."""
        self.asked.append(question)
        return WriteAnswer(Choice.WRITE)

    async def decide_commit(self, draft: CommitDraft) -> None:
        """Remember; leave it."""
        self.asked.append(draft)


def test_questions_are_clean_and_contents_to_edit_are_as_they_are() -> None:
    listener = Listener()
    decider = clean_decider(listener, Cleaner(Redactor()))
    raw = f"password: hunter2\n{ESC}\n"
    question = WriteQuestion("T1.1", f"a{ESC}[2J", "a.yaml", Change.EDIT, raw, raw, raw)
    answer = asyncio.run(decider.decide_write(question))
    asyncio.run(
        decider.decide_commit(CommitDraft(f"subject\n\nbody{ESC}c\n", (), branch=f"m{ESC}"))
    )
    asked, draft = listener.asked
    assert answer.choice is Choice.WRITE
    assert asked.title == "a\\x1b[2J"
    assert (asked.before, asked.after) == (raw, raw)
    assert asked.diff == f"password: {MASK}\n\\x1b\n"
    assert draft.message == "subject\n\nbody\\x1bc\n"
    assert draft.branch == "m\\x1b"


def test_a_command_to_approve_keeps_its_lines() -> None:
    text = f"# only looks\nrm -rf apps {ESC}[8m\ntool --token {'x1' * 9}"
    request = CommandRequest(
        story="S", step="T1.1", title="A\nB", text=text, cls=CommandClass.WRITE, reason="it says so"
    )
    item = ApprovalItem(request=request, digest=request.digest, was="one\ntwo")
    shown = Cleaner(Redactor()).value(ApprovalQuestion((item,))).items[0]
    assert shown.request.text == f"# only looks\nrm -rf apps \\x1b[8m\ntool --token {MASK}"
    assert shown.request.title == "A B"
    assert shown.was == "one\ntwo"
    assert shown.digest == request.digest


def test_a_diff_tells_that_a_secret_changes_but_not_what_it_is() -> None:
    proposal = Proposal("a.yaml", b"a: 1\npassword: old1\n", b"a: 1\npassword: new2\n")
    lines = Cleaner(Redactor()).difference(proposal).splitlines()
    assert f"-password: {MASK}#1" in lines
    assert f"+password: {MASK}#2" in lines
    assert "@@ -1,2 +1,2 @@" in lines


def test_a_diff_of_a_secrets_manifest_shows_which_keys_change() -> None:
    head = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n" + "#\n" * 9 + "stringData:\n"
    before = f"{head}  one: alpha\n  two: beta\n".encode()
    after = f"{head}  one: alpha\n  two: gamma\n".encode()
    shown = Cleaner(Redactor()).difference(Proposal("s.yaml", before, after))
    assert f"   one: {MASK}#1\n-  two: {MASK}#2\n+  two: {MASK}#3\n" in shown
    assert "beta" not in shown


def test_a_diff_is_complete_for_what_is_new_and_what_goes() -> None:
    cleaner = Cleaner(Redactor())
    assert "+a: 1" in cleaner.difference(Proposal("a.yaml", None, b"a: 1\n"))
    assert "-a: 1" in cleaner.difference(Proposal("a.yaml", b"a: 1\n", None))
    assert cleaner.difference(Proposal("a.yaml", b"a: 1\n", b"a: 1\n")) == ""


def test_a_secret_is_written_as_it_is_though_it_is_shown_masked(tmp_path: Path) -> None:
    folder = make_small(tmp_path / "repo")
    secret = "password: hunter2\n"
    (folder / LIST).write_text(FILES[LIST] + secret)
    listener = Listener()
    with opened(folder, decider=listener) as session:
        run_to_end(session.run())
        shown = [item.diff for item in listener.asked if item.path == LIST]
    assert shown
    assert "hunter2" not in shown[0]
    assert (folder / LIST).read_text().endswith(secret)
