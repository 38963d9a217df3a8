"""The screens that ask: nothing is written, signed, committed or pushed by a slip of a key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.widgets import Input, TextArea

from storyrunner.model.decision import (
    Change,
    Choice,
    CommitAnswer,
    CommitDraft,
    CommitFile,
    CommitSecret,
    SignAnswer,
    WriteAnswer,
)
from storyrunner.model.status import Status
from tests.support.fake_session import DRAFT, WRITE, FakeOpener, Script, proven, usual
from tui.screens.commit import CommitScreen
from tui.screens.diff import DiffScreen
from tui.screens.help import HelpScreen
from tui.screens.main import MainScreen
from tui.screens.push import PushScreen
from tui.screens.sign import SignScreen
from tui.viewmodel.texts import Signs


def asking(question) -> FakeOpener:
    """T2.1 asks this question."""
    scripts = usual()
    scripts["T2.1"] = replace(scripts["T2.1"], questions=(question,))
    return FakeOpener(scripts)


async def at_the_diff(stage) -> None:
    """Run the step that writes."""
    stage.main.go_to("T2.1")
    await stage.pilot.press("enter")
    await stage.asked(DiffScreen)


async def at_the_commit(stage) -> None:
    """Run the step that commits."""
    stage.main.go_to("T5.1")
    await stage.pilot.press("enter")
    await stage.asked(CommitScreen)


async def test_a_write_is_shown_under_its_path_with_both_sides(play) -> None:
    async with play() as stage:
        await at_the_diff(stage)
        text = stage.text()
        assert "apps/greeting/hello.yaml" in text
        assert "text: hi" in text
        assert "text: hello" in text
        assert stage.session.answers == []


async def test_y_writes_what_was_shown(play) -> None:
    async with play() as stage:
        await at_the_diff(stage)
        await stage.press("y")
        assert stage.session.answers == [WriteAnswer(Choice.WRITE)]


async def test_s_skips_a_change_and_keeps_a_file_that_differs(play) -> None:
    async with play() as stage:
        await at_the_diff(stage)
        assert "Skip" in stage.text()
        await stage.press("s")
        assert stage.session.answers == [WriteAnswer(Choice.SKIP)]
    async with play(asking(replace(WRITE, change=Change.DIFFERS))) as stage:
        await at_the_diff(stage)
        assert "Keep mine" in stage.text()
        await stage.press("s")
        assert stage.session.answers == [WriteAnswer(Choice.KEEP)]


async def test_escape_goes_back_and_stops_the_run_with_nothing_written(play) -> None:
    async with play() as stage:
        stage.main.go_to("T3.2")
        await stage.pilot.press("a")
        await stage.asked(DiffScreen)
        await stage.press("escape")
        assert isinstance(stage.app.screen, MainScreen)
        assert stage.session.answers == []
        assert stage.session.ran == ["T1.1", "T1.2", "T2.1"]
        assert stage.main.board.status("T2.1") is Status.CANCELLED
        assert stage.main.selected == "T2.1"


async def test_e_edits_and_what_was_edited_is_shown_again_before_it_is_written(play) -> None:
    async with play() as stage:
        stage.editor.text = "kind: Greeting\nspec:\n  text: good morning\n"
        await at_the_diff(stage)
        await stage.pilot.press("e")
        await stage.until(lambda: "good morning" in stage.text())
        assert "edited by you" in stage.text()
        assert stage.session.answers == []
        await stage.press("y")
        assert stage.session.answers == [WriteAnswer(Choice.WRITE, stage.editor.text)]


async def test_an_editor_that_changed_nothing_changes_nothing(play) -> None:
    async with play() as stage:
        await at_the_diff(stage)
        await stage.pilot.press("e")
        await stage.press("y")
        assert stage.session.answers == [WriteAnswer(Choice.WRITE)]


async def test_d_shows_the_last_proposal_again_and_cannot_write_it(play) -> None:
    async with play() as stage:
        await at_the_diff(stage)
        await stage.press("s")
        await stage.press("d")
        assert isinstance(stage.app.screen, DiffScreen)
        await stage.press("y", "e", "s")
        assert isinstance(stage.app.screen, DiffScreen)
        assert "Write" not in stage.text().splitlines()[-1]
        await stage.press("escape")
        assert isinstance(stage.app.screen, MainScreen)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (None, "kind: Greeting\n", Change.NEW),
        ("kind: Greeting\n", None, Change.DELETE),
        ("", "", Change.EDIT),
        ("a: \x1b[31mred\n", "a: b\r\n\tc\n", Change.EDIT),
        ("no newline", "no newline\n" + "x" * 500, Change.DIFFERS),
    ],
)
async def test_any_two_contents_can_be_shown(play, before, after, change) -> None:
    question = replace(WRITE, before=before, after=after, change=change)
    for size in ((80, 24), (120, 40)):
        async with play(asking(question), size=size) as stage:
            await at_the_diff(stage)
            assert "\x1b" not in stage.text()
            await stage.pilot.press("v", "v")
            await stage.press("y")
            assert stage.session.answers == [WriteAnswer(Choice.WRITE)]


async def test_an_offer_says_why_it_is_made(play) -> None:
    async with play(asking(replace(WRITE, offer="The story forgot it."))) as stage:
        await at_the_diff(stage)
        assert "The story forgot it." in stage.text()


async def test_the_commit_shows_files_with_tasks_strays_message_checks_and_boxes(play) -> None:
    async with play() as stage:
        await at_the_commit(stage)
        text = stage.text()
        for part in (
            "Commit 2 files on main",
            "T2 changed",
            "hello.yaml",
            "stray",
            "notes/todo.txt",
            "feat(apps): greet the cluster",
            "✓ subject 29/72",
            "[x] 12: Write the greeting",
        ):
            assert part in text


async def test_y_commits_and_the_push_is_asked_by_itself_with_another_key(play) -> None:
    async with play() as stage:
        await at_the_commit(stage)
        await stage.pilot.press("y")
        await stage.asked(PushScreen)
        assert stage.session.answers == [CommitAnswer(DRAFT.message)]
        text = stage.text()
        assert "origin   →   main" in text
        assert "ssh://git.example/greetings.git" in text
        await stage.pilot.press("y", "enter", "space")
        assert isinstance(stage.app.screen, PushScreen)
        await stage.press("p")
        assert stage.session.answers[1:] == [True]
        assert stage.main.board.status("T5.1") is Status.PASSED


async def test_escape_leaves_the_push_and_the_commit_stands(play) -> None:
    async with play() as stage:
        await at_the_commit(stage)
        await stage.pilot.press("y")
        await stage.asked(PushScreen)
        await stage.press("escape")
        assert stage.session.answers[1:] == [False]


async def test_the_message_is_edited_in_place_and_letters_do_not_commit(play) -> None:
    async with play() as stage:
        await at_the_commit(stage)
        await stage.pilot.press("e", "y", "e", "s", "space")
        area = stage.app.screen.query_one("#message", TextArea)
        assert area.text.startswith("yes feat")
        assert "✗ not type(scope): text" in stage.text()
        assert stage.session.answers == []
        await stage.pilot.press("escape")
        assert isinstance(stage.app.screen, CommitScreen)
        await stage.pilot.press("escape")
        await stage.settled()
        assert stage.session.answers == [None]


async def test_a_message_that_fails_a_check_is_asked_about_once_more(play) -> None:
    async with play() as stage:
        await at_the_commit(stage)
        area = stage.app.screen.query_one("#message", TextArea)
        area.text = "Greet"
        await stage.pilot.pause()
        await stage.pilot.press("y")
        assert isinstance(stage.app.screen, CommitScreen)
        assert "not type(scope): text" in stage.said()[-1]
        await stage.pilot.press("y")
        await stage.asked(PushScreen)
        assert stage.session.answers == [CommitAnswer("Greet")]


async def test_an_empty_message_is_not_committed(play) -> None:
    async with play() as stage:
        await at_the_commit(stage)
        stage.app.screen.query_one("#message", TextArea).text = "\n"
        await stage.pilot.pause()
        await stage.pilot.press("y", "y")
        assert isinstance(stage.app.screen, CommitScreen)
        assert stage.said()[-1] == "git takes no empty message"


async def test_signing_needs_a_name_and_a_reason(play) -> None:
    async with play() as stage:
        stage.main.go_to("T4.1")
        await stage.pilot.press("enter")
        await stage.asked(SignScreen)
        await stage.pilot.press("ctrl+s")
        assert stage.said() == ["a name is needed"]
        await stage.pilot.press(*"Ada", "enter", "enter")
        assert stage.said()[-1] == "a reason is needed"
        await stage.pilot.press(*"I read it", "enter")
        await stage.settled()
        assert stage.session.answers == [SignAnswer("Ada", "I read it")]


async def test_escape_leaves_a_sign_off_open(play) -> None:
    async with play() as stage:
        stage.main.go_to("T4.1")
        await stage.pilot.press("enter")
        await stage.asked(SignScreen)
        await stage.press("escape")
        assert stage.main.board.status("T4.1") is Status.NEEDS_HUMAN
        assert "✍ to sign" in stage.text()


async def test_help_on_a_question_explains_the_question(play) -> None:
    async with play() as stage:
        await at_the_diff(stage)
        await stage.pilot.press("question_mark")
        await stage.asked(HelpScreen)
        assert "Nothing is written before you press y" in stage.text()
        await stage.pilot.press("escape")
        assert isinstance(stage.app.screen, DiffScreen)
        await stage.press("s")


async def test_leaving_with_a_question_open_answers_nothing(play) -> None:
    opener = FakeOpener({**usual(), "T1.1": Script(proven("T1.1"), questions=(WRITE,))})
    async with play(opener) as stage:
        await stage.pilot.press("enter")
        await stage.asked(DiffScreen)
        await stage.pilot.press("ctrl+q")
    assert opener.closed
    assert opener.session is not None
    assert opener.session.answers == []
    assert opener.session.workspace.labels == []


# --- secrets in a commit -------------------------------------------------------------------------


SECRETS = (CommitSecret("a/one.yaml", 3, "a private key"), CommitSecret("b.yaml", 9, "a token"))


def draft_with_secrets() -> CommitDraft:
    """A commit of two files with a secret in each."""
    files = tuple(CommitFile(item.path, "T1", "new") for item in SECRETS)
    return CommitDraft("feat: a thing\n", files, branch="main", secrets=SECRETS)


async def asked_about_secrets(stage: Any) -> list[CommitAnswer | None]:
    """The commit screen over the main one, and where its answer goes."""
    answers: list[CommitAnswer | None] = []
    stage.app.push_screen(CommitScreen(draft_with_secrets(), Signs()), answers.append)
    await stage.asked(CommitScreen)
    await stage.pilot.pause()
    return answers


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_secret_blocks_the_commit_until_each_has_a_reason(play, size) -> None:
    async with play(size=size) as stage:
        answers = await asked_about_secrets(stage)
        text = stage.text()
        assert "a/one.yaml:3: a private key" in text
        assert "Secrets that stop the commit: 2" in text
        await stage.press("y")
        assert answers == []
        assert any("say why" in one for one in stage.said())
        assert isinstance(stage.app.focused, Input)
        await stage.press(*"old", "enter")
        assert "Secrets that stop the commit: 1" in stage.text()
        await stage.press("ctrl+s")
        assert answers == []
        await stage.press(*"test", "enter", "y")
        await stage.until(lambda: answers)
        assert answers[0] is not None
        assert [(one.path, one.line, one.reason) for one in answers[0].allowed] == [
            ("a/one.yaml", 3, "old"),
            ("b.yaml", 9, "test"),
        ]


async def test_escape_leaves_a_reason_and_then_the_commit(play) -> None:
    async with play() as stage:
        answers = await asked_about_secrets(stage)
        await stage.press("y", *"y", "escape")
        assert answers == []
        await stage.press("escape")
        await stage.until(lambda: answers)
        assert answers == [None]
