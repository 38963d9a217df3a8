"""Replaying what was recorded gives the same report, whatever happened in between."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storyrunner.engine.criteria import judge_criterion, sum_statuses
from storyrunner.engine.ledger import Ledger
from storyrunner.engine.proofs import Circumstances, Proof, Terms
from storyrunner.engine.record import Record, as_text, parse
from storyrunner.engine.session import Mode
from storyrunner.engine.state import StateKeeper, resume
from storyrunner.errors import Place
from storyrunner.model.events import (
    CriterionJudged,
    Envelope,
    RunFinished,
    RunStarted,
    StepFinished,
)
from storyrunner.model.finding import Finding, Severity
from storyrunner.model.plain import plain, result_from_plain
from storyrunner.model.result import CriterionVerdict, Evidence, StepResult, exit_code_of
from storyrunner.model.runbook import Criterion
from storyrunner.model.rung import Job, Rung
from storyrunner.model.status import EXIT_PRECEDENCE, FACES, Status, settle_exit_code
from storyrunner.reporters.json import JsonLinesReporter, JsonReporter
from tests.engine.small import SETTINGS, Recording, Script, make_small, opened, statuses

TEXT = st.text(max_size=12)
PLACES = st.builds(Place, TEXT, st.integers(1, 99), st.integers(1, 99))
FINDINGS = st.builds(Finding, TEXT, st.sampled_from(Severity), TEXT, PLACES, TEXT, TEXT, TEXT, TEXT)
RUNGS = st.none() | st.builds(Rung, st.sampled_from(Job), TEXT, TEXT, st.tuples(TEXT) | st.just(()))
EVIDENCE = st.builds(
    Evidence,
    what=TEXT,
    rung=RUNGS,
    matched=TEXT,
    exit_code=st.none() | st.integers(0, 255),
    inputs=st.dictionaries(TEXT, TEXT, max_size=2),
)
RESULTS = st.builds(
    StepResult,
    step=st.sampled_from(["T1.1", "T2.1", "T3.1"]),
    status=st.sampled_from(Status),
    reason=TEXT,
    findings=st.lists(FINDINGS, max_size=2).map(tuple),
    evidence=st.lists(EVIDENCE, max_size=2).map(tuple),
    seconds=st.floats(0, 99, allow_nan=False),
)
VERDICTS = st.builds(
    CriterionVerdict,
    criterion=st.sampled_from(["AC1", "AC2"]),
    text=TEXT,
    status=st.sampled_from(Status),
    steps=st.just(("T1.1",)),
)
EVENTS = st.lists(
    st.builds(StepFinished, RESULTS) | st.builds(CriterionJudged, VERDICTS), max_size=8
)


# --- replay --------------------------------------------------------------------------------------


@given(EVENTS)
def test_a_replayed_stream_gives_the_same_report(events: list[StepFinished]) -> None:
    start = RunStarted("STORY", "Title", "check", "here")
    stream = [Envelope(number, "now", event) for number, event in enumerate([start, *events], 1)]
    first, second = Ledger(), Ledger()
    for envelope in stream:
        first(envelope)
    report = first.report()
    for envelope in [*stream, Envelope(99, "now", RunFinished(report))]:
        second(envelope)
    assert second.report() == report == second.finished
    last = {event.result.step: event.result for event in events if isinstance(event, StepFinished)}
    assert {item.step: item for item in report.results} == last


@given(RESULTS)
def test_a_result_comes_back_from_json_as_it_was(result: StepResult) -> None:
    text = json.dumps(plain(result))
    assert result_from_plain(json.loads(text)) == result


async def test_the_jsonl_of_a_real_run_replays_into_its_report(tmp_path: Path) -> None:
    small, lines, recording = make_small(tmp_path / "small"), [], Recording()
    with opened(small, recording=recording) as session:
        session.sinks.append(JsonLinesReporter(lines.append))
        report = await session.run()
    records = [json.loads(line) for line in lines]
    assert [item["sequence"] for item in records] == list(range(1, len(records) + 1))
    assert {item["schema"] for item in records} == {"storyrunner/report/v1"}
    replay = Ledger()
    for number, record in enumerate(records, 1):
        if record["event"] == "StepFinished":
            replay(Envelope(number, "", StepFinished(result_from_plain(record["result"]))))
    assert replay.report().results == report.results
    again = Ledger()
    for envelope in recording.envelopes:
        again(envelope)
    assert again.report() == report
    document: list[str] = []
    reporter = JsonReporter(document.append)
    for envelope in recording.envelopes:
        reporter(envelope)
    assert len(document) == 1
    told = json.loads(document[0])
    assert told["exit_code"] == report.exit_code
    assert [item["criterion"] for item in told["criteria"]] == ["AC1", "AC2", "AC3", "AC4"]


# --- verdicts and exit codes ---------------------------------------------------------------------


def result(step: str, status: Status, reason: str = "") -> StepResult:
    """A result with nothing else."""
    return StepResult(step, status, reason)


CRITERION = Criterion(id="AC1", text="It holds", proved_by=("T1.1", "T1.2"))


@given(st.lists(st.sampled_from(Status), max_size=6))
def test_a_whole_passes_only_when_a_part_passed_and_none_is_worse(parts: list[Status]) -> None:
    passed = sum_statuses(parts) is Status.PASSED
    assert passed == (Status.PASSED in parts and set(parts) <= {Status.PASSED, Status.SKIPPED})


@given(st.lists(st.sampled_from(Status), max_size=6))
def test_the_sum_does_not_depend_on_the_order(parts: list[Status]) -> None:
    assert sum_statuses(parts) is sum_statuses(reversed(parts))


def test_a_criterion_needs_every_step_that_proves_it() -> None:
    one = {"T1.1": result("T1.1", Status.PASSED)}
    assert judge_criterion(CRITERION, one).status is Status.PENDING
    both = one | {"T1.2": result("T1.2", Status.PASSED)}
    verdict = judge_criterion(CRITERION, both)
    assert (verdict.status, verdict.reason) == (Status.PASSED, "by T1.1, T1.2")
    skipped = {name: result(name, Status.SKIPPED) for name in ("T1.1", "T1.2")}
    assert judge_criterion(CRITERION, skipped).status is Status.SKIPPED
    failed = both | {"T1.2": result("T1.2", Status.FAILED, "no")}
    assert judge_criterion(CRITERION, failed).reason == "no"


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ([Status.PASSED], 0),
        ([Status.PASSED, Status.SKIPPED], 0),
        ([Status.PENDING], 0),
        ([Status.FAILED], 1),
        ([Status.BLOCKED], 1),
        ([Status.ERRORED], 3),
        ([Status.REFUSED], 4),
        ([Status.NEEDS_HUMAN], 8),
        ([Status.CANCELLED], 130),
        ([Status.ERRORED, Status.FAILED], 1),
        ([Status.NEEDS_HUMAN, Status.ERRORED], 3),
        ([Status.FAILED, Status.REFUSED], 4),
        ([Status.FAILED, Status.REFUSED, Status.CANCELLED], 130),
    ],
)
def test_the_exit_code_of_steps_follows_the_table(found: list[Status], code: int) -> None:
    results = tuple(result(f"T1.{number}", status) for number, status in enumerate(found))
    assert exit_code_of(results) == code


@pytest.mark.parametrize("status", [item for item in Status if item is not Status.PASSED])
def test_a_criterion_that_is_not_proven_is_never_zero(status: Status) -> None:
    verdict = CriterionVerdict("AC1", "It holds", status, ("T1.1",))
    assert exit_code_of((), (verdict,)) != 0


@given(st.sets(st.sampled_from(EXIT_PRECEDENCE)))
def test_the_first_in_the_precedence_wins(codes: set[int]) -> None:
    assert settle_exit_code(codes) == next((code for code in EXIT_PRECEDENCE if code in codes), 0)
    assert settle_exit_code(set()) == 0


def test_every_status_has_a_face_and_its_code_is_in_the_table() -> None:
    assert set(FACES) == set(Status)
    codes = {face.exit_code for face in FACES.values() if face.exit_code}
    assert codes <= set(EXIT_PRECEDENCE)
    assert all(face.word and face.glyph and face.ascii.isascii() for face in FACES.values())


# --- state ---------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The small repository."""
    return make_small(tmp_path / "small")


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=30)
@given(st.lists(RESULTS, max_size=4, unique_by=lambda item: item.step), st.booleans())
def test_what_is_recorded_is_read(results: list[StepResult], reusable: bool) -> None:
    made = Circumstances("2026-01-01T00:00:00Z", "0" * 40, ("a", "b"), "0.1.0", "check")
    terms = Terms("p", "o") if reusable else None
    inputs = {"a/b.yaml": "1", "a/": "2", "/names": "3", "/tools/flux": "flux 2 #abc"}
    proofs = {
        one.step: Proof(one, "build", "Title", inputs, made, ("kustomize build",), "x.log", terms)
        for one in results
    }
    record = Record("small", proofs, {"story": {"id": "S"}})
    assert parse(as_text(record)) == record
    portable = parse(as_text(record, portable=True))
    assert all(proof.terms is None for proof in portable.proofs.values())
    assert all(proof.inputs["/tools/flux"] == "flux 2" for proof in portable.proofs.values())
    assert [proof.result for proof in portable.proofs.values()] == results


async def test_coming_back_is_where_one_was_and_what_changed_is_stale(small: Path) -> None:
    with opened(small) as session:
        session.sinks.append(StateKeeper(session))
        await session.run()
        before = statuses(session)
    with opened(small) as session:
        assert resume(session) == ()
        known = statuses(session)
        assert known == {step: before[step] for step in known}
        assert known["T4.1"] == "passed"
        assert {item.criterion for item in session.criteria() if item.status is Status.PASSED} == {
            "AC1",
            "AC2",
            "AC3",
        }
    text = (small / SETTINGS).read_text()
    (small / SETTINGS).write_text(text + "# changed\n")
    with opened(small) as session:
        assert set(resume(session)) == {"T1.2", "T3.1"}
        assert statuses(session)["T3.1"] == "stale"
        assert session.ledger.report().exit_code == 1
    (small / SETTINGS).write_text(text)
    (small / "apps" / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n")
    with opened(small) as session:
        assert "T4.1" in resume(session)


async def test_what_did_not_matter_is_looked_at_again_when_it_does(small: Path) -> None:
    with opened(small) as session:
        session.sinks.append(StateKeeper(session))
        await session.run()
    (small / "more").mkdir()
    with opened(small) as session:
        assert "T2.2" in resume(session)
        assert {item.criterion: item.status for item in session.criteria()}["AC1"] is Status.STALE


async def test_a_new_file_beside_what_was_built_makes_the_build_stale(small: Path) -> None:
    with opened(small) as session:
        session.sinks.append(StateKeeper(session))
        await session.run()
    (small / "apps" / "kustomization.yml").write_text("resources: []\n")
    with opened(small) as session:
        assert "T4.1" in resume(session)


async def test_a_check_takes_no_green_from_a_session(small: Path) -> None:
    with opened(small) as session:
        session.sinks.append(StateKeeper(session))
        await session.run()
    with opened(small, Script(), mode=Mode.CHECK) as session:
        assert (await session.run()).reused == 0
    (small / "README.md").unlink()
    with opened(small, Script(), mode=Mode.CHECK) as session:
        assert (await session.run()).exit_code == 1


async def test_a_session_begins_with_what_a_check_has_proven(small: Path) -> None:
    with opened(small) as session:
        await session.run()
    with opened(small, Script(), mode=Mode.CHECK) as session:
        await session.run()
        before = statuses(session)
    with opened(small) as session:
        assert resume(session) == ()
        assert statuses(session).items() <= before.items()


async def test_what_was_stale_holds_again_when_the_change_is_taken_back(small: Path) -> None:
    with opened(small) as session:
        session.sinks.append(StateKeeper(session))
        await session.run()
    text = (small / SETTINGS).read_text()
    (small / SETTINGS).write_text(text + "# changed\n")
    with opened(small) as session:
        assert resume(session)
        session.proofs.keep_now(session.results, session.criteria())
    (small / SETTINGS).write_text(text)
    with opened(small) as session:
        assert resume(session) == ()
