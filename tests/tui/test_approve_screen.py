"""The screen that lists commands: nothing is approved by a slip of a key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storyrunner.model.approval import ApprovalAnswer, ApprovalQuestion
from tests.support.fake_session import APPROVE, PUSH_NOW, FakeOpener, usual
from tui.screens.approve import ApproveScreen
from tui.screens.help import HelpScreen

DIGESTS = [item.digest for item in APPROVE.items]


def asking(question: ApprovalQuestion) -> FakeOpener:
    """T2.1 asks this question."""
    scripts = usual()
    scripts["T2.1"] = replace(scripts["T2.1"], questions=(question,))
    return FakeOpener(scripts)


async def at_the_list(stage) -> None:
    stage.main.go_to("T2.1")
    await stage.pilot.press("enter")
    await stage.asked(ApproveScreen)


async def test_every_command_stands_there_with_its_class(play) -> None:
    async with play(asking(APPROVE)) as stage:
        await at_the_list(stage)
        text = stage.text()
        for part in ("read", "grep -c greeting", "changed", "tidy.sh", "push", "git push origin"):
            assert part in text
        assert "grep only reads" in text
        assert stage.session.answers == []


async def test_a_approves_all_but_what_always_asks(play) -> None:
    async with play(asking(APPROVE)) as stage:
        await at_the_list(stage)
        await stage.press("a")
        assert stage.session.answers == [ApprovalAnswer(frozenset(DIGESTS[:2]))]


async def test_only_what_is_marked_is_approved(play) -> None:
    async with play(asking(APPROVE)) as stage:
        await at_the_list(stage)
        await stage.press("down", "space", "y")
        assert stage.session.answers == [ApprovalAnswer(frozenset(DIGESTS[1:2]))]


async def test_a_mark_is_seen_without_colour_and_can_be_taken_off(play) -> None:
    async with play(asking(APPROVE)) as stage:
        await at_the_list(stage)
        assert stage.text().count("[x]") == 0
        await stage.pilot.press("space", "down", "enter")
        await stage.until(lambda: stage.text().count("[x]") == 2)
        await stage.pilot.press("space")
        await stage.until(lambda: stage.text().count("[x]") == 1)
        await stage.press("y")
        assert stage.session.answers == [ApprovalAnswer(frozenset(DIGESTS[:1]))]


async def test_what_always_asks_cannot_be_marked_for_later(play) -> None:
    async with play(asking(APPROVE)) as stage:
        await at_the_list(stage)
        await stage.pilot.press("down", "down", "space")
        await stage.until(lambda: any("right before it runs" in told for told in stage.app.told))
        assert "[x]" not in stage.text()


async def test_y_with_nothing_marked_approves_nothing_and_says_how(play) -> None:
    async with play(asking(APPROVE)) as stage:
        await at_the_list(stage)
        await stage.pilot.press("y")
        await stage.until(lambda: any("space marks" in told for told in stage.app.told))
        assert stage.session.answers == []


async def test_a_changed_command_is_shown_against_what_it_was(play) -> None:
    async with play(asking(APPROVE)) as stage:
        await at_the_list(stage)
        await stage.pilot.press("down")
        await stage.pilot.pause()
        text = stage.text()
        assert "- ./scripts/tidy.sh apps/greeting" in text
        assert "+ ./scripts/tidy.sh --loud apps/greeting" in text
        assert "approved in the repository by Ada, not yet by you" in text


async def test_s_also_shares_them(play) -> None:
    async with play(asking(APPROVE)) as stage:
        await at_the_list(stage)
        await stage.press("s")
        assert stage.session.answers == [ApprovalAnswer(frozenset(DIGESTS[:2]), share=True)]


async def test_escape_approves_nothing(play) -> None:
    async with play(asking(APPROVE)) as stage:
        await at_the_list(stage)
        await stage.press("escape")
        assert stage.session.answers == [None]


async def test_what_always_asks_is_answered_for_itself_and_is_not_shared(play) -> None:
    async with play(asking(PUSH_NOW)) as stage:
        await at_the_list(stage)
        assert "this one time" in stage.text()
        await stage.pilot.press("s")
        assert stage.session.answers == []
        await stage.press("y")
        assert stage.session.answers == [ApprovalAnswer(frozenset(DIGESTS[2:]))]


@pytest.mark.parametrize("key", ["enter", "t", "r", "q", "u"])
async def test_other_keys_approve_nothing(play, key: str) -> None:
    async with play(asking(APPROVE)) as stage:
        await at_the_list(stage)
        await stage.pilot.press(key)
        assert stage.session.answers == []


async def test_the_screen_explains_itself(play) -> None:
    async with play(asking(APPROVE)) as stage:
        await at_the_list(stage)
        await stage.pilot.press("question_mark")
        await stage.asked(HelpScreen)
        assert "for this very command" in stage.text()
