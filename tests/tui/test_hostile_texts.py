"""No title, name, output or value of a stranger steers the terminal, or is read as markup."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from rich.segment import Segment
from textual.app import ComposeResult
from textual.color import Color
from textual.content import Content
from textual.widgets import Static

from storyrunner.model.decision import (
    Change,
    CommitDraft,
    CommitFile,
    PushQuestion,
    SignQuestion,
    WriteQuestion,
)
from storyrunner.redaction import MASK
from tests.support.fake_session import FakeOpener, small_runbook, usual
from tests.support.planted import made
from tui.screens.commit import CommitScreen
from tui.screens.diff import DiffScreen
from tui.screens.push import PushScreen
from tui.screens.sign import SignScreen
from tui.terminal_safety import NoControls, SafeApp
from tui.viewmodel.texts import Signs

ESC = "\x1b"
MARKUP = "[red]not red[/red] [@click=app.quit]do not[/] [/]"
HOSTILE = (
    f"{MARKUP}{ESC}[31mred {ESC}]0;owned\x07 {ESC}]8;;https://evil.example{ESC}\\x{ESC}]8;;{ESC}\\"
    f" {ESC}]52;c;{base64.b64encode(b'echo owned').decode()}\x07 \x9b2J \u202edetrevni\u202c \r\x08"
)
TOKEN = "gh" + "p_" + made("screen", 36)


def hostile_opener() -> FakeOpener:
    """Every title, reason and note of the runbook is a stranger's."""

    def changed(value: str) -> str:
        return f"{value} {HOSTILE} {TOKEN}"

    book = small_runbook()
    tasks = tuple(
        replace(
            task,
            title=changed(task.title),
            why=changed(task.why),
            steps=tuple(
                replace(step, title=changed(step.title), why=changed(step.why), hint=HOSTILE)
                for step in task.steps
            ),
        )
        for task in book.tasks
    )
    criteria = tuple(replace(one, text=changed(one.text)) for one in book.criteria)
    title = changed(book.title)
    runbook = replace(book, title=title, tasks=tasks, criteria=criteria)
    return FakeOpener(usual(), runbook=runbook)


def drawn(stage) -> str:
    """All that is drawn, checked to be plain."""
    text = stage.text()
    assert all(char.isprintable() or char == "\n" for char in text)
    assert TOKEN not in text
    return text


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_strangers_runbook_is_shown_as_plain_text(play, size) -> None:
    async with play(hostile_opener(), size=size) as stage:
        await stage.settled()
        assert "[red]not red[/red]" in drawn(stage)
        for key in ("down", "down", "r", "m", "question_mark", "escape"):
            await stage.press(key)
            drawn(stage)
        assert not stage.app._exit


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_questions_show_a_strangers_words_as_plain_text(play, size) -> None:
    before, after = f"a: {HOSTILE}\npassword: old1\n", f"a: {TOKEN}\npassword: new2\n"
    write = WriteQuestion("T1", HOSTILE, f"a{HOSTILE}", Change.EDIT, before, after, "", HOSTILE)
    files = (CommitFile(HOSTILE, HOSTILE, "new"),)
    draft = CommitDraft(
        f"feat: {MARKUP}", files, boxes=(HOSTILE,), warnings=(HOSTILE,), branch=HOSTILE
    )
    screens = (
        DiffScreen(write, lambda text, name: None),
        CommitScreen(draft, Signs()),
        SignScreen(SignQuestion("T1", HOSTILE, HOSTILE, (HOSTILE,))),
        PushScreen(PushQuestion(HOSTILE, HOSTILE, HOSTILE, 1), Signs()),
    )
    async with play(size=size) as stage:
        for screen in screens:
            stage.app.push_screen(screen)
            await stage.asked(type(screen))
            await stage.pilot.pause()
            assert "not red" in drawn(stage), screen
            stage.app.pop_screen()
            await stage.pilot.pause()


async def test_a_diff_on_the_screen_numbers_secrets_and_the_editor_gets_them_as_they_are(
    play,
) -> None:
    got = []

    def edit(text: str, name: str) -> None:
        got.append(text)

    question = WriteQuestion(
        "T1", "A file", "a.yaml", Change.EDIT, "password: old1\n", "password: new2\n", ""
    )
    async with play(size=(120, 40)) as stage:
        stage.app.push_screen(DiffScreen(question, edit))
        await stage.asked(DiffScreen)
        await stage.pilot.pause()
        text = drawn(stage)
        assert f"{MASK}#1" in text
        assert f"{MASK}#2" in text
        assert "old1" not in text
        assert "new2" not in text
        await stage.press("e")
        assert got == ["password: new2\n"]


async def test_toasts_show_a_strangers_words_as_plain_text() -> None:
    app = SafeApp()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        app.notify(HOSTILE, title="Recovered", markup=False, timeout=60)
        await pilot.pause()
        text = ""
        while "not red" not in text:
            await pilot.pause(0.01)
            strips = app.screen._compositor.render_strips()
            text = "\n".join("".join(part.text for part in line) for line in strips)
        assert "[red]not red" in text
        assert all(char.isprintable() or char == "\n" for char in text)


async def test_the_last_door_holds_for_widgets_that_forget() -> None:
    class Careless(SafeApp):
        def compose(self) -> ComposeResult:
            yield Static(Content(f"before{ESC}[2J\x9b1m\u202eafter"))

    app = Careless()
    async with app.run_test() as pilot:
        await pilot.pause()
        strips = app.screen._compositor.render_strips()
        text = "".join(part.text for line in strips for part in line)
        assert "before[2J1mafter" in text
        assert text.isprintable()


@pytest.mark.parametrize("text", [f"a{ESC}b", "wide \u6f22\u202e", "\x00\x9b", "plain", "\u3000"])
def test_the_last_door_keeps_the_width_of_a_line(text: str) -> None:
    segment = Segment(text)
    (clean,) = NoControls().apply([segment], Color(0, 0, 0))
    assert clean.cell_length == segment.cell_length
    assert all(char.isprintable() or char == "\u3000" for char in clean.text)
