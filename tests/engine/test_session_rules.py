"""A session keeps its order, gates, asks, and takes proof back from what changed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from storyrunner.engine.order import order_tasks, select_steps
from storyrunner.engine.session import Mode
from storyrunner.errors import Place, WorkspaceError
from storyrunner.model.decision import Choice, SignAnswer, WriteAnswer
from storyrunner.model.events import CriterionJudged, FileProposed, FileWritten, RunFinished
from storyrunner.model.finding import Finding, Severity
from storyrunner.model.result import (
    EXPIRED_SIGNOFF,
    CriterionVerdict,
    StepResult,
    exit_code_of,
)
from storyrunner.model.status import Status
from storyrunner.runbook.loader import parse_runbook
from tests.engine.small import (
    LIST,
    ORDER,
    RUNBOOK,
    SETTINGS,
    Recording,
    Script,
    make_small,
    opened,
    statuses,
)
from tests.support.repositories import fingerprint


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The small repository."""
    return make_small(tmp_path / "small")


# --- order ---------------------------------------------------------------------------------------


def test_tasks_come_after_what_they_need_and_else_as_written() -> None:
    runbook = parse_runbook(RUNBOOK, "small.yaml")
    assert [task.id for task in order_tasks(runbook)] == ["T1", "T2", "T3", "T4", "T5"]


@pytest.mark.parametrize(
    ("only", "steps"),
    [
        ("T2", {"T2.1", "T2.2"}),
        ("t2", {"T2.1", "T2.2"}),
        ("T2.1", {"T2.1"}),
        ("AC3", {"T4.1", "T2.1"}),
        ("ac4", {"T5.1"}),
        ("T9", None),
        ("", None),
    ],
)
def test_only_names_a_task_a_step_or_a_criterion(only: str, steps: set[str] | None) -> None:
    assert select_steps(parse_runbook(RUNBOOK, "small.yaml"), only) == steps


async def test_a_run_goes_through_all_steps_in_order(small: Path) -> None:
    recording = Recording()
    with opened(small, recording=recording) as session:
        report = await session.run()
    assert recording.started() == ORDER
    assert [item.sequence for item in recording.envelopes] == list(
        range(1, len(recording.envelopes) + 1)
    )
    assert isinstance(recording.envelopes[-1].event, RunFinished)
    assert (report.exit_code, report.proven) == (8, 3)


# --- checking ------------------------------------------------------------------------------------


async def test_a_check_goes_on_after_failures_and_changes_nothing(small: Path) -> None:
    before = fingerprint(small)
    script = Script()
    with opened(small, script, mode=Mode.CHECK) as session:
        report = await session.run()
        assert statuses(session) == {
            "T1.1": "passed",
            "T1.2": "failed",
            "T2.1": "failed",
            "T2.2": "skipped",
            "T3.1": "failed",
            "T4.1": "passed",
            "T5.1": "needs_human",
        }
        with pytest.raises(WorkspaceError):
            session.context.workspace.forget()
    assert report.exit_code == 1
    assert script.asked == []
    assert fingerprint(small) == before


async def test_a_scope_runs_and_judges_only_what_it_covers(small: Path) -> None:
    recording = Recording()
    with opened(small, mode=Mode.CHECK, recording=recording) as session:
        report = await session.run(frozenset({"T4.1", "T2.2"}))
    assert recording.started() == ["T2.2", "T4.1"]
    assert report.criteria == ()
    assert report.exit_code == 0
    with opened(small, mode=Mode.CHECK) as session:
        report = await session.run(frozenset({"T3.1"}))
    assert [item.criterion for item in report.criteria] == ["AC2"]
    assert report.exit_code == 1


# --- gates ---------------------------------------------------------------------------------------


async def test_what_is_missing_blocks_what_needs_it(small: Path) -> None:
    (small / "README.md").unlink()
    script = Script()
    with opened(small, script) as session:
        report = await session.run()
        found = statuses(session)
    assert found["T1.1"] == "failed"
    assert [found[step] for step in ORDER[2:]] == ["blocked"] * 5
    assert script.asked == []
    assert report.exit_code == 1
    reason = next(item.reason for item in report.results if item.step == "T2.1")
    assert "needs T1.1 A readme: README.md does not exist" in reason


async def test_what_a_task_supplies_blocks_no_other_and_is_looked_at_again(small: Path) -> None:
    recording = Recording()
    with opened(small, recording=recording) as session:
        await session.run()
        assert statuses(session)["T1.2"] == "passed"
    assert recording.finished("T1.2") == ["failed", "passed"]


async def test_what_a_task_should_have_supplied_and_did_not_stays_failed(small: Path) -> None:
    script = Script(writes={SETTINGS: WriteAnswer(Choice.SKIP)})
    with opened(small, script) as session:
        report = await session.run()
        found = statuses(session)
    assert (found["T1.2"], found["T3.1"], found["T4.1"]) == ("failed", "failed", "blocked")
    assert found["T2.1"] == "passed"
    assert report.exit_code == 1


# --- decisions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("choice", "action"), [(Choice.KEEP, "kept"), (Choice.SKIP, "skipped")])
async def test_what_is_kept_or_skipped_is_shown_and_not_written(
    small: Path, choice: Choice, action: str
) -> None:
    before = (small / LIST).read_bytes()
    recording = Recording()
    script = Script(writes={LIST: WriteAnswer(choice)})
    with opened(small, script, recording=recording) as session:
        await session.run()
        assert statuses(session)["T2.1"] == "failed"
    assert (small / LIST).read_bytes() == before
    events = [item.event for item in recording.envelopes]
    assert any(
        isinstance(event, FileProposed) and "+  - small.yaml" in event.diff for event in events
    )
    assert FileWritten("T2.1", LIST, action) in events


async def test_an_edited_proposal_is_what_is_written_and_judged(small: Path) -> None:
    mine = (small / LIST).read_text() + "  - ./small.yaml # mine\n"
    script = Script(writes={LIST: WriteAnswer(Choice.WRITE, mine)})
    with opened(small, script) as session:
        await session.run()
        assert statuses(session)["T2.1"] == "passed"
    assert (small / LIST).read_text() == mine
    bad = Script(writes={SETTINGS: WriteAnswer(Choice.WRITE, "data: [\n")})
    (small / SETTINGS).write_text("apiVersion: v1\nkind: ConfigMap\ndata: {}\n")
    with opened(small, bad) as session:
        await session.run()
        assert statuses(session)["T3.1"] == "failed"


async def test_what_is_as_it_should_be_is_not_asked_about(small: Path) -> None:
    with opened(small) as session:
        await session.run()
    script = Script()
    with opened(small, script) as session:
        await session.run()
    assert script.asked == ["T5.1"]


async def test_no_byte_is_written_before_its_diff_was_shown(small: Path) -> None:
    recording = Recording()
    with opened(small, recording=recording) as session:
        await session.run()
    shown: set[str] = set()
    written = []
    for event in (item.event for item in recording.envelopes):
        if isinstance(event, FileProposed):
            shown.add(event.path)
        if isinstance(event, FileWritten):
            assert event.path in shown
            written.append(event.path)
    assert written == [LIST, SETTINGS]


# --- signatures ----------------------------------------------------------------------------------


async def test_a_signature_counts_until_its_file_or_question_changes(small: Path) -> None:
    script = Script(signs=SignAnswer("Ada", "I looked"))
    with opened(small, script) as session:
        report = await session.run()
    assert (report.exit_code, report.proven) == (0, 4)
    with opened(small, mode=Mode.CHECK) as session:
        assert (await session.run()).exit_code == 0
    runbook = small / "runbook.yaml"
    runbook.write_text(RUNBOOK.replace("Is it good?", "Is it fine?"))
    with opened(small, mode=Mode.CHECK) as session:
        report = await session.run()
    assert report.exit_code == 8
    assert "for another question" in report.results[-1].reason
    runbook.write_text(RUNBOOK)
    (small / "apps" / "small.yaml").write_text(
        "kind: ConfigMap\napiVersion: v1\nmetadata: {name: b}\n"
    )
    with opened(small, mode=Mode.CHECK) as session:
        report = await session.run()
    assert report.exit_code == 8
    assert "changed since" in report.results[-1].reason
    assert report.results[-1].status is Status.STALE
    assert {item.criterion: item.status for item in report.criteria}["AC4"] is Status.STALE
    assert report.next_action == "T5.1: sign it in a session"


async def test_a_signature_for_a_folder_expires_with_any_file_in_it(small: Path) -> None:
    (small / "runbook.yaml").write_text(
        RUNBOOK.replace("files: [apps/small.yaml]", "files: [apps]")
    )
    with opened(small, Script(signs=SignAnswer("Ada", "I looked"))) as session:
        assert (await session.run()).exit_code == 0
    (small / "README.md").write_text("other words\n")
    with opened(small, mode=Mode.CHECK) as session:
        assert (await session.run()).exit_code == 0
    (small / "apps" / "more.txt").write_text("new")
    with opened(small, mode=Mode.CHECK) as session:
        report = await session.run()
    assert (report.exit_code, report.results[-1].status) == (8, Status.STALE)
    assert "apps/more.txt changed since" in report.results[-1].reason
    (small / "apps" / "more.txt").unlink()
    with opened(small, mode=Mode.CHECK) as session:
        assert (await session.run()).exit_code == 0


async def test_a_signature_says_who_when_why_and_at_which_commit(small: Path) -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    (small / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (small / ".git" / "packed-refs").write_text(f"# pack-refs\n{commit} refs/heads/main\n")
    with opened(small, Script(signs=SignAnswer("Ada", "I looked"))) as session:
        await session.run()
        proof = session.proofs.record.proofs["T5.1"]
    file = json.loads((small / ".storyrunner" / "signoffs.json").read_text())
    signed = file["signoffs"]["STORY-SMALL"]["T5.1"]
    assert (signed["name"], signed["reason"], signed["commit"]) == ("Ada", "I looked", commit)
    assert signed["at"].endswith("Z")
    assert signed["question"] == "Is it good?"
    assert (proof.made.commit, proof.result.evidence[0].commit) == (commit, commit)


def test_an_expired_signature_is_no_excuse_for_another_stale_criterion() -> None:
    expired = StepResult("S", Status.STALE, findings=(_expired_finding(),))
    other = StepResult("B", Status.STALE)
    signed = CriterionVerdict("AC1", "", Status.STALE, ("S",))
    built = CriterionVerdict("AC2", "", Status.STALE, ("S", "B"))
    assert exit_code_of((expired,), (signed,)) == 8
    assert exit_code_of((expired, other), (signed, built)) == 1


def _expired_finding() -> Finding:
    return Finding(EXPIRED_SIGNOFF, Severity.WARNING, "", Place("."))


@pytest.mark.parametrize(
    "answer", [None, SignAnswer("", "why"), SignAnswer("Ada", " "), SignAnswer(" ", "")]
)
async def test_without_name_and_reason_nothing_is_signed(
    small: Path, answer: SignAnswer | None
) -> None:
    with opened(small, Script(signs=answer)) as session:
        report = await session.run()
    assert report.exit_code == 8
    assert not (small / ".storyrunner").exists()


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"version": 2, "signoffs": {}}', '{"version": 1}', "5"]
)
async def test_a_file_of_signatures_that_cannot_be_read_is_red_and_kept(
    small: Path, text: str
) -> None:
    file = small / ".storyrunner" / "signoffs.json"
    file.parent.mkdir()
    file.write_text(text)
    with opened(small, Script(signs=SignAnswer("Ada", "why"))) as session:
        report = await session.run()
    assert report.exit_code == 1
    assert file.read_text() == text


@pytest.mark.parametrize(
    "entry", ["[]", "5", '{"T5.1": 5}', '{"T5.1": {"files": []}}', '{"T5.1": {}}']
)
async def test_an_entry_of_signatures_of_another_shape_signs_nothing(
    small: Path, entry: str
) -> None:
    file = small / ".storyrunner" / "signoffs.json"
    file.parent.mkdir()
    file.write_text(f'{{"version": 1, "signoffs": {{"STORY-SMALL": {entry}}}}}')
    with opened(small, mode=Mode.CHECK) as session:
        report = await session.run()
    assert report.exit_code in (1, 8)
    assert report.results[-1].status is not Status.PASSED


# --- what changes takes the proof back -----------------------------------------------------------


async def test_a_write_makes_stale_what_was_rendered_before_it(small: Path) -> None:
    recording = Recording()
    with opened(small, recording=recording) as session:
        await session.run()
        (small / SETTINGS).write_text("apiVersion: v1\nkind: ConfigMap\ndata: {}\n")
        await session.run_step("T3.1")
        found = statuses(session)
        verdicts = {item.criterion: item.status.value for item in session.criteria()}
    assert found["T4.1"] == "stale"
    assert found["T2.1"] == "passed"
    assert verdicts["AC3"] == "stale"
    judged = [
        item.event.verdict.status.value
        for item in recording.envelopes
        if isinstance(item.event, CriterionJudged) and item.event.verdict.criterion == "AC3"
    ]
    assert judged[-2:] == ["passed", "stale"]


async def test_undo_takes_the_proof_back_and_the_next_run_brings_it_again(small: Path) -> None:
    before = (small / SETTINGS).read_bytes()
    recording = Recording()
    with opened(small, recording=recording) as session:
        await session.run()
        receipt = session.context.workspace.undo()
        await session.after_undo(receipt)
        found = statuses(session)
        assert (small / SETTINGS).read_bytes() == before
        assert (found["T1.2"], found["T3.1"], found["T4.1"]) == ("failed", "failed", "stale")
        assert session.ledger.report().exit_code == 1
        await session.run_until("T4.1")
        assert statuses(session)["T4.1"] == "passed"
        assert session.ledger.report().exit_code == 8
    assert FileWritten("", SETTINGS, "undone") in [item.event for item in recording.envelopes]


async def test_run_until_skips_what_is_proven_and_stops_where_told(small: Path) -> None:
    recording = Recording()
    with opened(small, recording=recording) as session:
        await session.run_until("T2.1")
        assert recording.started() == ["T1.1", "T1.2", "T2.1"]
        await session.run_until("T3.1")
    assert recording.started()[3:] == ["T1.2", "T2.2", "T3.1"]


async def test_an_unknown_step_or_task_is_a_key_error(small: Path) -> None:
    with opened(small) as session:
        with pytest.raises(KeyError):
            await session.run_step("T9.9")
        with pytest.raises(KeyError):
            await session.run_task("T9")


# --- cancellation --------------------------------------------------------------------------------


class Slow(Script):
    """A Decider that thinks for ever about one file; `thinking` is set when it does."""

    thinking: asyncio.Event

    async def decide_write(self, question):  # type: ignore[no-untyped-def]
        """Think."""
        if question.path == SETTINGS:
            self.thinking.set()
            await asyncio.sleep(60)
        return await super().decide_write(question)


async def test_cancelling_records_it_and_writes_nothing_more(small: Path) -> None:
    before = (small / SETTINGS).read_bytes()
    script = Slow()
    script.thinking = asyncio.Event()
    with opened(small, script) as session:
        task = asyncio.ensure_future(session.run())
        await script.thinking.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        found = statuses(session)
        assert found["T3.1"] == "cancelled"
        assert "T4.1" not in found
        assert session.ledger.report().exit_code == 130
    assert (small / SETTINGS).read_bytes() == before
    with opened(small) as session:
        await session.run()
        assert statuses(session)["T4.1"] == "passed"
