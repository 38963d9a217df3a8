"""The view models: what the screens show, without a screen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storyrunner.errors import UsageError
from storyrunner.model.decision import CommitDraft, CommitFile
from storyrunner.model.events import (
    CommandStarted,
    Envelope,
    Event,
    FileWritten,
    OutputLine,
    RunStarted,
    StepFinished,
    StepStarted,
)
from storyrunner.model.finding import Severity
from storyrunner.model.result import Evidence, StepResult
from storyrunner.model.runbook import PlannedTest
from storyrunner.model.rung import Job, Rung
from storyrunner.model.status import FACES, Status
from storyrunner.stories.qa import digest, read_qa_text
from tests.support.fake_session import AT, FLUX, WRITE, proven, small_runbook, usual
from tui.viewmodel.actions import ACTIONS, Situation, file_of, target_of_selected, why_not
from tui.viewmodel.board import MOST_LINES, Board, Repository
from tui.viewmodel.commit_view import folders, is_empty, message_checks
from tui.viewmodel.criteria_view import criteria_of, criteria_view, proof
from tui.viewmodel.header import header_line, header_view
from tui.viewmodel.outline import outline
from tui.viewmodel.previews import previews
from tui.viewmodel.step_view import step_view, task_view
from tui.viewmodel.texts import TONES, Signs, cut, target_of


def board(*results: StepResult) -> Board:
    """A board on the small story with these results."""
    made = Board(small_runbook(), title="07 Give the cluster a greeting")
    for result in results:
        take(made, StepFinished(result))
    return made


def take(made: Board, *events: Event) -> None:
    """Let events happen."""
    for event in events:
        made.take(Envelope(1, AT, event))


def step(made: Board, key: str):
    """A step of the small story."""
    found = made.runbook.step(key)
    assert found is not None
    return found


def test_planned_checks_stand_beside_the_criteria_with_what_proves_them() -> None:
    made = board(proven("T2.1"))
    row = "| 07-INT-00{} | Integration | P0 | {} | x |\n"
    rows = row.format(1, "It greets") + row.format(2, "y")
    made.tests = read_qa_text(rows, "docs/07-test-design.md").tests
    made.runbook = replace(
        made.runbook,
        tests=(PlannedTest(id="07-INT-001", digest=digest("it greets"), proved_by=("T2.1",)),),
    )
    view = criteria_view(made)
    assert [(item.test, item.status) for item in view.tests] == [
        ("07-INT-001", Status.PASSED),
        ("07-INT-002", Status.NEEDS_HUMAN),
    ]


def test_every_status_has_a_tone() -> None:
    assert set(TONES) == set(FACES)


def test_ascii_signs_hold_nothing_but_ascii() -> None:
    signs = Signs(ascii_only=True)
    texts = [signs.face(status) for status in Status]
    texts += [signs.here, signs.ellipsis, signs.copy, signs.rule, signs.arrow, signs.dot]
    assert all(text.isascii() for text in texts)


@pytest.mark.parametrize(
    ("width", "shown"), [(5, "abcde"), (4, "abc…"), (1, "…"), (0, ""), (-3, "")]
)
def test_a_cut_text_fits_and_says_that_it_is_cut(width: int, shown: str) -> None:
    assert cut("abcde", width) == shown


def test_a_hint_names_its_target() -> None:
    assert target_of("nothing", "T6 adds it") == "T6"
    assert target_of("needs T4.12 first") == "T4.12"
    assert target_of("T-shirt", "HTTP2") == ""


def test_the_outline_counts_what_is_through_and_keeps_the_running_order() -> None:
    made = board(proven("T1.1"))
    rows = outline(made)
    assert [item.task.key for item in rows] == ["T1", "T2", "T3", "T4", "T5"]
    assert rows[0].task.count == "1/2"
    assert rows[0].task.status is Status.PENDING
    assert rows[0].steps[0].status is Status.PASSED


def test_a_running_step_makes_its_task_run() -> None:
    made = board(proven("T3.1"))
    take(made, StepStarted("T3.1", "again"))
    row = next(item for item in outline(made) if item.task.key == "T3")
    assert row.task.status is Status.RUNNING
    assert row.steps[0].status is Status.RUNNING


def test_a_step_that_starts_again_forgets_its_old_output() -> None:
    made = board()
    take(made, StepStarted("T3.1", ""), OutputLine("T3.1", "stdout", "old"))
    take(made, StepStarted("T3.1", ""), OutputLine("T3.1", "stdout", "new"))
    assert list(made.output["T3.1"].lines) == [("stdout", "new")]


def test_output_is_bounded_and_says_what_was_let_go() -> None:
    made = board()
    for number in range(MOST_LINES + 7):
        take(made, OutputLine("T3.1", "stdout", str(number)))
    output = made.output["T3.1"]
    assert (len(output.lines), output.dropped) == (MOST_LINES, 7)
    assert output.lines[0] == ("stdout", "7")


def test_next_goes_round_and_leaves_what_another_task_supplies_for_last() -> None:
    miss = usual()["T1.2"].result
    made = board(proven("T1.1"), miss)
    found = made.next_open("T1.1")
    assert found is not None
    assert found.id == "T2.1"
    for key in ("T2.1", "T3.1", "T3.2", "T4.1", "T5.1"):
        take(made, StepFinished(proven(key)))
    last = made.next_open("T5.1")
    assert last is not None
    assert last.id == "T1.2"


def test_next_of_a_task_is_its_own_first_open_step() -> None:
    found = board().next_open("T3")
    assert found is not None
    assert found.id == "T3.1"


def test_nothing_is_next_when_all_is_through() -> None:
    made = board(*(proven(item.id) for item in small_runbook().steps()))
    assert made.next_open("T1.1") is None


def test_a_run_ends_at_its_first_trouble_but_not_at_what_a_later_task_supplies() -> None:
    miss, wrong = usual()["T1.2"].result, usual()["T3.2"].result
    made = board(proven("T1.1"), miss, wrong, proven("T4.1"))
    assert made.stand_at(["T1.1", "T1.2", "T3.2", "T4.1"]) == "T3.2"
    assert made.stand_at(["T1.1", "T1.2", "T4.1"]) == "T4.1"


def test_a_stopped_run_ends_where_it_was_stopped() -> None:
    made = board(usual()["T3.2"].result, StepResult("T4.1", Status.CANCELLED, "stopped"))
    assert made.stand_at(["T3.2", "T4.1"]) == "T4.1"


def test_a_card_shows_expected_got_place_why_fix_and_command() -> None:
    made = board(usual()["T3.2"].result)
    first, second = step_view(made, step(made, "T3.2")).cards
    assert (first.severity, second.severity) == (Severity.ERROR, Severity.WARNING)
    assert (first.expected, first.got) == ("hello", "hi")
    assert str(first.place) == "apps/greeting/hello.yaml:3:9"
    assert first.hint == "write hello there"
    assert first.command == "storyrunner --check small --only T3.2"
    assert second.command == ""


def test_a_finding_about_nothing_in_particular_has_no_place() -> None:
    from storyrunner.errors import Place
    from storyrunner.model.finding import error

    lost = error("lost", "it is nowhere", Place("."))
    made = board(StepResult("T3.1", Status.FAILED, "", (lost,)))
    assert step_view(made, step(made, "T3.1")).cards[0].place is None


def test_the_hint_of_a_finding_leads_to_the_task_it_names() -> None:
    made = board(usual()["T1.2"].result)
    assert target_of_selected(made, "T1.2") == "T2"


def test_a_blocked_step_leads_to_what_it_needs() -> None:
    made = board(StepResult("T3.1", Status.BLOCKED, "needs T2.1 The greeting itself first"))
    assert target_of_selected(made, "T3.1") == "T2.1"


def test_a_step_shows_what_it_would_run_until_it_ran() -> None:
    made = board()
    made.previews = previews(made.runbook, lambda text, _cluster: text)
    before = step_view(made, step(made, "T3.1"))
    assert (before.commands, before.ran) == (("flux build kustomization cluster-infra",), False)
    take(made, StepStarted("T3.1", ""), CommandStarted("T3.1", "flux build --strict"))
    after = step_view(made, step(made, "T3.1"))
    assert (after.commands, after.ran) == (("flux build --strict",), True)


def test_a_preview_keeps_the_runbooks_words_where_a_value_is_missing() -> None:
    def fill(text: str, cluster: str) -> str:
        raise UsageError("no value")

    assert previews(small_runbook(), fill)["T2.1"].path == "apps/greeting/[[ name ]].yaml"


def test_a_proven_step_shows_its_rung_its_proof_and_what_was_stepped_over() -> None:
    rung = Rung(Job.RENDER, "kustomize", "5.6.0", stepped_over=("flux is not installed",))
    result = StepResult(
        "T3.1", Status.PASSED, "all well", (), (Evidence("Flux build", rung, "3 objects"),)
    )
    view = step_view(board(result), step(board(), "T3.1"))
    assert view.rung == "kustomize 5.6.0"
    assert view.stepped_over == ("flux is not installed",)
    assert view.proofs == ("all well", "Flux build, 3 objects")


def test_notes_stand_at_the_tasks_they_concern_only() -> None:
    made = board()
    assert [note.kind for note in step_view(made, step(made, "T2.1")).notes] == ["risk"]
    assert step_view(made, step(made, "T3.1")).notes == ()


def test_the_commit_shows_the_commands_of_later_stories() -> None:
    made = board()
    assert step_view(made, step(made, "T5.1")).later == ("kubectl get greeting",)


def test_a_write_says_that_it_can_be_undone_only_while_it_can() -> None:
    made = board()
    made.remember(WRITE)
    made.pending_undo = "T2.1 The greeting itself"
    take(made, FileWritten("T2.1", WRITE.path, "written"))
    assert step_view(made, step(made, "T2.1")).wrote == "written, u undoes it"
    made.pending_undo = ""
    assert step_view(made, step(made, "T2.1")).wrote == "written"
    take(made, FileWritten("", WRITE.path, "undone"))
    assert step_view(made, step(made, "T2.1")).wrote == ""


def test_a_task_names_what_it_needs_and_what_it_satisfies() -> None:
    made = board()
    task = made.runbook.task("T2")
    assert task is not None
    view = task_view(made, task)
    assert [row.key for row in view.needs] == ["T1"]
    assert view.satisfies == ("AC1",)


def test_criteria_count_only_what_is_proven() -> None:
    view = criteria_view(board(proven("T2.1"), proven("T3.1")))
    assert view.proven == 1
    assert [item.status for item in view.criteria] == [
        Status.PASSED,
        Status.PENDING,
        Status.PENDING,
    ]
    assert (view.deferred_to, view.to_sign) == ("to STORY-LATER", 1)


def test_a_proof_names_engine_match_files_and_time() -> None:
    found = proof(board(proven("T3.1", "Flux build", FLUX)), "AC2")
    assert found is not None
    assert found.bullets == ("twice",)
    assert found.steps[0].lines == ("flux 2.9.4, Flux build, matched 1 object, 1 file, 14:02",)
    assert found.steps[1].lines == ()


def test_the_criterion_of_a_task_or_step_is_found() -> None:
    assert criteria_of(board(), "T3.2") == "AC2"
    assert criteria_of(board(), "T2") == "AC1"
    assert criteria_of(board(), "T1") == ""


@pytest.mark.parametrize(
    ("message", "wrong"),
    [
        ("feat(apps): greet", []),
        ("fix!: greet\n\nbody", []),
        ("feat: x\nbody", ["line 2 not blank"]),
        ("Greet the cluster", ["not type(scope): text"]),
        ("feat: " + "x" * 70, ["subject not 76/72"]),
        ("", ["subject not 0/72", "not type(scope): text"]),
    ],
)
def test_a_message_is_checked_line_by_line(message: str, wrong: list[str]) -> None:
    assert [check.text for check in message_checks(message) if not check.ok] == wrong


def test_a_message_of_comments_is_empty() -> None:
    assert is_empty("\n# only this\n  \n")
    assert not is_empty("feat: x")


def test_the_files_of_a_commit_stand_by_folder_between_what_is_missing_and_what_stays_out() -> None:
    draft = CommitDraft(
        message="",
        files=(
            CommitFile("a/b/c.yaml", "T2", "new"),
            CommitFile("top.yaml", "T3", "changed"),
            CommitFile("a/b/d.yaml", "T2", "new"),
        ),
        strays=("x.txt",),
        omissions=("a/b/gone.yaml",),
        staged_elsewhere=("y.txt",),
    )
    found = folders(draft)
    assert [item.title for item in found if not item.is_stray] == ["a/b/", "./"]
    assert [row.name for row in found[1].files] == ["c.yaml", "d.yaml"]
    assert found[1].files[0].mark == "T2 new"
    assert [item.files[0].mark for item in found if item.is_stray] == ["missing", "stray", "staged"]


def test_the_header_lets_go_of_tools_first_then_clusters_and_never_runs_over() -> None:
    made = board()
    made.repository = Repository("greetings", "main", 3)
    take(made, RunStarted("", "", "guide", "greetings", ("kubectl 1.32.4",)))
    signs = Signs()
    view = header_view(made, signs)
    assert view.tools == "kubectl ✓ flux ⊘"
    left, right = header_line(view, 120, signs)
    assert right == "greetings  main ±3   infra apps   kubectl ✓ flux ⊘"
    left, right = header_line(view, 70, signs)
    assert right == "greetings  main ±3   infra apps"
    for width in range(1, 130):
        left, right = header_line(view, width, signs)
        assert len(left) + len(right) <= width


def test_the_header_says_that_tools_are_still_looked_for() -> None:
    assert header_view(board(), Signs()).tools == "tools …"


def test_what_runs_bars_everything_that_needs_the_engine_and_says_so() -> None:
    made = board()
    take(made, StepStarted("T3.1", ""))
    situation = Situation(made, "T3.1", is_busy=True)
    assert why_not("run", situation) == "T3.1 is running: esc stops it"
    assert why_not("help", situation) == ""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("show_diff", "nothing was proposed in this session yet"),
        ("open_editor", "T1.1 has no file to open"),
        ("undo", "there is no write to take back"),
        ("commit", "first T3.1 Flux build, infra (not yet)"),
        ("go_to_hint", "no hint of T1.1 names a task"),
        ("recheck", "no step has run yet"),
        ("toggle_criteria", "step and criteria are both on the screen"),
    ],
)
def test_what_cannot_be_done_says_why(name: str, reason: str) -> None:
    assert why_not(name, Situation(board(), "T1.1")) == reason


def test_the_file_of_a_step_is_that_of_its_first_finding_else_its_own() -> None:
    made = board(usual()["T3.2"].result)
    made.previews = previews(made.runbook, lambda text, _cluster: text)
    assert file_of(made, "T3.2") == "apps/greeting/hello.yaml:3:9"
    assert file_of(made, "T2.1") == "apps/greeting/[[ name ]].yaml"


def test_no_two_actions_share_a_name_or_a_key() -> None:
    assert len({spec.name for spec in ACTIONS}) == len(ACTIONS)
    assert len({spec.key for spec in ACTIONS}) == len(ACTIONS)
    assert all(spec.label and spec.about for spec in ACTIONS)
