"""Walking a story with keys, over a scripted session and the real engine thread."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import OptionList

from storyrunner.engine.choosing import Choosable
from storyrunner.errors import UsageError
from storyrunner.model.events import OutputLine
from storyrunner.model.status import Status
from storyrunner.stories.qa import read_qa_text
from tests.support.fake_session import AT, FakeOpener, Script, proven, small_runbook, usual
from tui.screens.chooser import ChooserScreen
from tui.screens.commit import CommitScreen
from tui.screens.diff import DiffScreen
from tui.screens.help import HelpScreen
from tui.screens.main import MainScreen
from tui.widgets.criteria_panel import CriteriaList
from tui.widgets.finding_card import FindingCard
from tui.widgets.header_bar import HeaderBar


def hanging() -> dict[str, Script]:
    """T1.1 never ends by itself."""
    scripts = usual()
    scripts["T1.1"] = Script(proven("T1.1"), hangs=True)
    return scripts


async def test_the_first_frame_is_the_story_with_what_is_known(play) -> None:
    async with play() as stage:
        text = stage.text()
        for part in ("07 Give the cluster a greeting", "greetings", "T1 Look around", "AC1", "0/7"):
            assert part in text


async def test_tools_fill_in_when_they_were_found(play) -> None:
    async with play() as stage:
        assert "kubectl ✓ flux ⊘" in stage.text()


async def test_enter_runs_the_selected_step_and_shows_its_verdict(play) -> None:
    async with play() as stage:
        await stage.press("enter")
        assert stage.session.ran == ["T1.1"]
        assert "✓ proven" in stage.text()


async def test_t_runs_the_whole_task_and_g_follows_the_hint(play) -> None:
    async with play() as stage:
        await stage.press("t")
        assert stage.session.ran == ["T1.1", "T1.2"]
        assert stage.main.selected == "T1.2"
        assert "GREETING is not set" in stage.text()
        await stage.press("g")
        assert stage.main.selected == "T2"


async def test_a_runs_all_that_is_open_up_to_here(play) -> None:
    async with play() as stage:
        stage.main.go_to("T3.2")
        await stage.pilot.press("a")
        await stage.asked(DiffScreen)
        await stage.press("y")
        assert stage.session.ran == ["T1.1", "T1.2", "T2.1", "T3.1", "T3.2"]
        assert stage.main.selected == "T3.2"


async def test_n_goes_to_the_next_open_step(play) -> None:
    async with play() as stage:
        await stage.press("enter", "n")
        assert stage.main.selected == "T1.2"


async def test_output_and_commands_are_shown_as_they_ran(play) -> None:
    async with play() as stage:
        stage.main.go_to("T3.1")
        await stage.press("enter")
        text = stage.text()
        assert "Greeting/hello 2" in text
        assert "flux 2.9.4" in text
        assert "3 lines" in text


async def test_a_finding_is_a_card_that_opens_in_the_editor_at_its_line(play) -> None:
    async with play() as stage:
        stage.main.go_to("T3.2")
        await stage.press("enter")
        text = stage.text()
        for part in ("expect", "hello", "got", "hi", "apps/greeting/hello.yaml:3:9", "fix"):
            assert part in text
        await stage.press("o")
        assert stage.editor.opened == [("/nowhere/apps/greeting/hello.yaml", 3, 9)]


async def test_a_focused_card_opens_its_own_place_and_copies_its_own_command(play) -> None:
    async with play() as stage:
        stage.main.go_to("T3.2")
        await stage.press("enter")
        cards = list(stage.main.query(FindingCard))
        cards[0].focus()
        await stage.press("y")
        assert stage.app.clipboard == "storyrunner --check small --only T3.2"
        cards[1].focus()
        await stage.press("o")
        assert stage.editor.opened[-1] == ("/nowhere/apps/other.yaml", 1, 1)


async def test_a_greyed_out_key_says_why(play) -> None:
    async with play() as stage:
        await stage.press("u", "c")
        assert stage.said() == [
            "there is no write to take back",
            "first T3.1 Flux build, infra (not yet)",
        ]
        assert stage.session.ran == []


async def test_the_tooltip_of_a_greyed_out_key_says_why_too(play) -> None:
    async with play() as stage:
        assert stage.main.active_bindings["u"].tooltip == "there is no write to take back"
        assert not stage.main.active_bindings["u"].enabled


async def test_every_binding_has_id_description_and_tooltip(play) -> None:
    async with play() as stage:
        for screen in (stage.main, stage.main.query_one("#outline")):
            for _key, binding in screen._bindings:
                if binding.id is None and screen is stage.main:
                    continue  # Textual's own bindings of every screen
                assert binding.id
                assert binding.description
                assert binding.tooltip


async def test_escape_stops_what_runs_and_the_engine_is_free_again(play) -> None:
    async with play(FakeOpener(hanging())) as stage:
        await stage.pilot.press("enter")
        await stage.until(lambda: stage.main.board.running == "T1.1")
        assert "● running" in stage.text()
        await stage.press("escape")
        assert stage.main.board.status("T1.1") is Status.CANCELLED
        stage.main.go_to("T3.1")
        await stage.press("enter")
        assert stage.main.board.status("T3.1") is Status.PASSED


async def test_ctrl_c_stops_what_runs(play) -> None:
    async with play(FakeOpener(hanging())) as stage:
        await stage.pilot.press("enter")
        await stage.until(lambda: stage.main.board.running == "T1.1")
        await stage.press("ctrl+c")
        assert stage.main.board.status("T1.1") is Status.CANCELLED


async def test_the_screen_stays_alive_while_a_step_runs(play) -> None:
    async with play(FakeOpener(hanging())) as stage:
        await stage.pilot.press("enter")
        await stage.until(lambda: stage.main.board.running == "T1.1")
        await stage.pilot.press("down", "down", "down")
        assert stage.main.selected != "T1.1"
        await stage.pilot.press("enter")
        assert stage.said() == ["T1.1 is running: esc stops it"]


async def test_quitting_while_a_step_runs_stops_it_and_closes_the_session(play) -> None:
    opener = FakeOpener(hanging())
    async with play(opener) as stage:
        await stage.pilot.press("enter")
        await stage.until(lambda: stage.main.board.running == "T1.1")
        await stage.pilot.press("q")
    assert opener.closed
    assert opener.session is not None
    assert opener.session.results["T1.1"].status is Status.CANCELLED


async def test_undo_takes_the_write_back_and_what_rested_on_it_is_stale(play) -> None:
    async with play() as stage:
        stage.main.go_to("T2.1")
        await stage.pilot.press("enter")
        await stage.asked(DiffScreen)
        await stage.press("y")
        assert "written, u undoes it" in stage.text()
        await stage.press("u")
        assert stage.main.board.status("T2.1") is Status.STALE
        await stage.until(lambda: "taken back: T2.1 The greeting itself" in stage.said())
        await stage.press("u")
        assert stage.said()[-1] == "there is no write to take back"


async def test_the_checks_that_qa_plans_have_a_row_and_a_list(play) -> None:
    async with play(size=(120, 40)) as stage:
        rows = "| 07-INT-002 | Integration | P1 | `a | b` by hand | x |"
        stage.main.board.tests = read_qa_text(rows, "docs/07-test-design.md").tests
        await stage.press("enter")
        assert "QA 0/1 checks" in stage.text()
        stage.main.query_one(CriteriaList).highlighted = 3
        await stage.settled()
        assert "07-INT-002 manual" in stage.text()


async def test_records_need_results_and_the_story_itself(play) -> None:
    async with play() as stage:
        await stage.press("w")
        assert stage.said()[-1] == "no step has run yet"
        await stage.press("enter", "w")
        await stage.until(lambda: "does not hold the Markdown" in stage.said()[-1])


async def test_a_file_that_changed_outside_makes_its_proof_stale(play) -> None:
    async with play() as stage:
        await stage.press("enter")
        stage.session.workspace.changed = ("a.yaml",)
        stage.app.on_app_focus(None)
        await stage.settled()
        assert stage.main.board.status("T1.1") is Status.STALE


async def test_recheck_runs_again_all_that_ran_but_never_commits(play) -> None:
    scripts = usual()
    scripts["T5.1"] = Script(proven("T5.1"))
    async with play(FakeOpener(scripts)) as stage:
        await stage.press("enter")
        stage.main.go_to("T5.1")
        await stage.press("enter")
        stage.session.ran.clear()
        await stage.press("r")
        assert stage.session.ran == ["T1.1"]


async def test_c_goes_to_the_commit_and_drafts_it(play) -> None:
    ready = [proven(step.id) for step in small_runbook().steps() if step.id != "T5.1"]
    async with play(FakeOpener(results=ready)) as stage:
        await stage.pilot.press("c")
        await stage.asked(CommitScreen)
        assert stage.main.selected == "T5.1"
        await stage.press("escape")
        assert stage.session.answers == [None]


async def test_coming_back_says_where_we_are_and_what_changed_since(play) -> None:
    from storyrunner.model.result import StepResult

    known = [proven("T1.1"), StepResult("T1.2", Status.STALE, "a.yaml changed")]
    async with play(FakeOpener(results=known)) as stage:
        assert stage.main.selected == "T2.1"
        assert stage.said() == ["1 of 7 steps are through; changed since: T1.2"]


async def test_a_criterion_flips_with_its_proof_beside_it(play) -> None:
    async with play() as stage:
        stage.main.go_to("T4.1")
        await stage.pilot.press("enter")
        await stage.until(lambda: stage.app.screen is not stage.main)
        await stage.pilot.press(*"Ada", "enter", *"read", "enter")
        await stage.settled()
        text = stage.text()
        assert "✓ AC3" in text
        assert "Proof of AC3" in text
        assert AT[11:16] in text


async def test_enter_on_a_criterion_goes_to_the_step_that_keeps_it_open(play) -> None:
    async with play() as stage:
        options = stage.main.query_one("#criteria-list", OptionList)
        options.focus()
        options.highlighted = 1
        await stage.press("enter")
        assert stage.main.selected == "T3.1"


async def test_deferred_commands_are_shown_and_said_not_to_run_here(play) -> None:
    async with play() as stage:
        options = stage.main.query_one("#criteria-list", OptionList)
        options.focus()
        await stage.press("end")
        text = stage.text()
        assert "Deferred, not run here" in text
        assert "kubectl get greeting" in text


async def test_below_100_columns_the_criteria_are_a_tab_beside_the_step(play) -> None:
    async with play(size=(80, 24)) as stage:
        step, criteria = stage.main.query_one("#step"), stage.main.query_one("#criteria")
        assert (step.display, criteria.display) == (True, False)
        assert "m Criteria 0/3" in stage.text()
        await stage.press("m")
        assert (step.display, criteria.display) == (False, True)
        assert "AC2 Greeting renders" in stage.text()
        await stage.press("m")
        assert (step.display, criteria.display) == (True, False)


async def test_m_is_no_key_where_both_are_on_the_screen(play) -> None:
    async with play() as stage:
        assert "m" not in stage.main.active_bindings
        await stage.press("m")
        assert stage.said() == ["step and criteria are both on the screen"]


async def test_help_explains_what_has_focus_and_why_a_key_is_greyed_out(play) -> None:
    async with play(size=(120, 60)) as stage:
        await stage.press("question_mark")
        assert isinstance(stage.app.screen, HelpScreen)
        text = stage.text()
        assert "The story's tasks" in text
        assert "not now: there is no write to take back" in text
        assert "✍ to sign" in text
        await stage.press("escape")
        stage.main.query_one("#criteria-list").focus()
        await stage.press("question_mark")
        assert "The acceptance criteria" in stage.text()


async def test_the_palette_finds_actions_and_steps_by_name(play) -> None:
    async with play() as stage:
        await stage.pilot.press("ctrl+p")
        await stage.until(lambda: stage.app.screen is not stage.main)
        await stage.pilot.press(*"go to t3.2")
        await stage.until(lambda: "Go to T3.2" in stage.text())
        await stage.pilot.press("enter")
        await stage.until(lambda: stage.main.selected == "T3.2")


async def test_z_shows_the_focused_part_alone_and_escape_goes_back(play) -> None:
    async with play() as stage:
        stage.main.query_one("#proof").focus()
        await stage.press("z")
        assert stage.main.maximized is not None
        await stage.press("escape")
        assert stage.main.maximized is None


async def test_no_glyph_but_ascii_where_the_terminal_has_no_other(play) -> None:
    async with play(ascii_only=True) as stage:
        await stage.press("t")
        assert stage.text().isascii()
        assert "x failed" in stage.text()


async def test_square_brackets_of_a_story_are_text_and_never_markup(play) -> None:
    book = small_runbook()
    nasty = "[red]x[/nope] [@click=quit]y"
    tasks = tuple(
        replace(task, title=nasty, steps=tuple(replace(one, title=nasty) for one in task.steps))
        for task in book.tasks
    )
    opener = FakeOpener(runbook=replace(book, title=nasty, tasks=tasks))
    async with play(opener, size=(200, 50)) as stage:
        await stage.press("u", "c", "enter", "question_mark", "escape")
        assert nasty in stage.text()
        await stage.pilot.press("ctrl+p", *"commit")
        await stage.until(lambda: "Commit: Draft" in stage.text())
        await stage.press("escape")


async def test_a_flood_of_output_is_bounded_and_ends(play) -> None:
    scripts = usual()
    lines = tuple(OutputLine("T3.1", "stdout", f"line {n} " + "x" * 300) for n in range(20_000))
    scripts["T3.1"] = Script(proven("T3.1"), events=lines)
    async with play(FakeOpener(scripts)) as stage:
        stage.main.go_to("T3.1")
        await stage.press("enter")
        await stage.until(lambda: "20000 lines, 18000 older ones let go" in stage.text())


async def test_a_repository_that_cannot_be_written_says_so(play) -> None:
    class Locked(FakeOpener):
        @contextmanager
        def __call__(self, reference, decider, sinks):
            with super().__call__(reference, decider, sinks) as session:
                session.read_only = "another session writes here"
                yield session

    async with play(Locked()) as stage:
        assert "greetings (read only)" in stage.text()
        assert stage.said() == ["another session writes here"]


async def test_a_session_can_begin_at_a_step_and_an_unknown_one_is_passed_over(play) -> None:
    async with play(first="T3.1") as stage:
        assert stage.main.selected == "T3.1"
    async with play(first="T9") as stage:
        assert stage.main.selected == "T1.1"


async def test_a_bug_in_the_engine_ends_the_session_with_it(play) -> None:
    scripts = usual()
    del scripts["T1.1"]
    async with play(FakeOpener(scripts)) as stage:
        await stage.pilot.press("enter")
        await stage.until(lambda: stage.app.failure is not None)
    assert isinstance(stage.app.failure, KeyError)


STORIES = (
    Choosable("a.md", 3, "First", "Done", lane="Net", sprint="2", claims="4/4", left=3),
    Choosable("b.md", 7, "Second", "Draft", claims="0/2", waits_for=("STORY-A", "STORY-C")),
    Choosable("c.md", 8, "Third", "Draft", claims="0/1", forward=("STORY-Z",), is_next=True),
)


async def test_without_a_story_the_list_is_offered_and_enter_opens_one(play) -> None:
    async with play(stories=STORIES) as stage:
        assert isinstance(stage.app.screen, ChooserScreen)
        shown = stage.text()
        assert "03  First   Done" in shown
        assert "Net   sprint 2   4/4 ticked   3 left to others" in shown
        assert "07  Second   Draft" in shown
        assert "0/2 ticked   waits for STORY-A, STORY-C" in shown
        assert "08  Third   Draft   next" in shown
        assert "needs what comes later: STORY-Z" in shown
        await stage.press("up", "enter")
        assert stage.opener.references == ["b.md"]
        assert isinstance(stage.app.screen, MainScreen)


async def test_a_story_that_cannot_be_opened_says_why_and_the_list_stays(play) -> None:
    class Broken(FakeOpener):
        def __call__(self, reference, decider, sinks):
            raise UsageError("no runbook runs it", hint="write one")

    async with play(Broken(), stories=STORIES) as stage:
        await stage.press("enter")
        assert isinstance(stage.app.screen, ChooserScreen)
        assert stage.said() == ["no runbook runs it\nwrite one"]


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 40), (200, 60)])
async def test_what_is_cut_says_so_with_an_ellipsis(play, size) -> None:
    async with play(size=size) as stage:
        lines = stage.text().splitlines()
        row = next(line for line in lines if "T3 Valid" in line)
        whole = "Validate with a title that is much too long for any outline"
        assert whole in row or "…" in row
        assert "0/2" in row


async def test_the_keys_at_the_bottom_are_never_cut(play) -> None:
    for width in (60, 80, 100, 140):
        async with play(size=(width, 24)) as stage:
            bar = stage.text().splitlines()[-1]
            assert bar.rstrip().endswith(("Help", "Quit"))
            assert len(bar.rstrip()) <= width


async def test_the_header_is_one_line_at_any_width(play) -> None:
    async with play(size=(80, 24)) as stage:
        assert stage.main.query_one(HeaderBar).size.height == 1


def test_the_front_end_imports_no_engine_when_it_is_only_imported() -> None:
    import subprocess
    import sys

    code = "import sys, tui.app; print('storyrunner.engine.opening' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert done.stdout.strip() == "False"
