"""Questions to yq asked together get the answers they would get alone, in one spawn."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyrunner.errors import HungToolError, RefusedFeatureError, ToolError
from storyrunner.gitops.yq_questions import YqQuestions
from storyrunner.model.command import Command, Ending, Outcome
from storyrunner.model.ports import LineSink
from storyrunner.tools.tool import Tool
from storyrunner.tools.yq import evaluate
from storyrunner.workspace import reads

KISLYUK = Tool("yq", Path("/bin/yq"), "", "kislyuk")
MIKEFARAH = Tool("yq", Path("/bin/yq"), "4.45.1", "mikefarah")
Objects = list[dict[str, Any]]


@dataclass
class JqRunner:
    """Answers as kislyuk's yq does, which is jq."""

    calls: list[Command] = field(default_factory=list)
    cancelled: int = 0
    hangs: bool = False
    waits: float = 0.0

    def which(self, _name: str) -> Path | None:
        return None

    async def run(self, command: Command, on_line: LineSink | None = None) -> Outcome:
        self.calls.append(command)
        reads.note_command(command.argv[2])
        try:
            await asyncio.sleep(self.waits)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.hangs:
            return Outcome(command, Ending.TIMED_OUT, None)
        program = jq.compile(command.argv[2])
        assert command.stdin is not None
        lines = []
        for document in command.stdin.decode().split("\n---\n"):
            try:
                lines += [json.dumps(value) for value in program.input_text(document).all()]
            except ValueError as wrong:
                return Outcome(command, Ending.EXITED, 5, stderr=str(wrong).encode())
        return Outcome(command, Ending.EXITED, 0, stdout="\n".join(lines).encode())


async def together(
    runner: JqRunner, questions: list[tuple[str, Objects]], tool: Tool = KISLYUK
) -> list[Any]:
    asked = YqQuestions()
    jobs = [asked.evaluate(runner, tool, expression, objects) for expression, objects in questions]
    return await asyncio.gather(*jobs, return_exceptions=True)


async def test_what_comes_up_at_once_is_asked_in_one_spawn() -> None:
    runner = JqRunner()
    questions: list[tuple[str, Objects]] = [
        (".spec.email", [{"spec": {"email": "a@b"}}, {"spec": {}}]),
        (".spec.names[]", [{"spec": {"names": ["x", None, "y"]}}]),
        (".spec.email", [{"spec": {"email": "c@d"}}]),
    ]
    found = await together(runner, questions)
    assert found == [[["a@b"], []], [["x", "y"]], [["c@d"]]]
    assert len(runner.calls) == 1


NAMES = st.sampled_from(["a", "b", "question", "object"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab-\n", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
PATHS = st.lists(NAMES.map(lambda n: f".{n}") | st.sampled_from(["[0]", "[]"]), min_size=1).map(
    lambda steps: "".join(steps) if steps[0].startswith(".") else "." + "".join(steps)
)
QUESTIONS = st.lists(
    st.tuples(PATHS, st.lists(st.dictionaries(NAMES, VALUES), max_size=3)), min_size=1, max_size=5
)


@settings(max_examples=300, deadline=None)
@given(QUESTIONS)
async def test_each_gets_what_it_would_get_alone(questions: list[tuple[str, Objects]]) -> None:
    found = await together(JqRunner(), questions)
    for (expression, objects), answer in zip(questions, found, strict=True):
        try:
            alone: Any = await evaluate(JqRunner(), KISLYUK, expression, objects)
        except ToolError as wrong:
            alone = wrong
        assert type(answer) is type(alone)
        assert str(answer) == str(alone)


async def test_one_that_does_not_fit_spoils_no_other() -> None:
    runner = JqRunner()
    questions: list[tuple[str, Objects]] = [
        (".a", [{"a": 1}]),
        (".a[]", [{"a": 1}]),
        (".b", [{"b": 2}]),
    ]
    good, bad, other = await together(runner, questions)
    assert (good, other) == ([[1]], [[2]])
    assert isinstance(bad, ToolError)
    assert "iterate" in bad.message
    assert len(runner.calls) == 4


async def test_what_is_more_than_a_path_is_asked_alone() -> None:
    runner = JqRunner()
    questions: list[tuple[str, Objects]] = [
        (".a | length", [{"a": "x"}]),
        (".a", [{"a": 1}]),
        (".b", [{"b": 2}]),
    ]
    assert await together(runner, questions) == [[[1]], [[1]], [[2]]]
    assert sorted("question" in call.argv[2] for call in runner.calls) == [False, True]


async def test_what_a_flavour_would_answer_wrongly_is_refused_before_anything_is_asked() -> None:
    runner = JqRunner()
    big = [{"a": 2**60}]
    found = await together(runner, [(".a", big), (".a", [{"a": 1}]), (".a", [{"a": 2}])])
    assert isinstance(found[0], RefusedFeatureError)
    assert found[1:] == [[[1]], [[2]]]


async def test_two_tools_are_asked_apart() -> None:
    runner, asked = JqRunner(), YqQuestions()
    other = Tool("yq", Path("/other/yq"), "", "kislyuk")
    jobs = [asked.evaluate(runner, one, ".a", [{"a": 1}]) for one in (KISLYUK, other)]
    assert await asyncio.gather(*jobs) == [[[1]], [[1]]]
    assert {call.argv[0] for call in runner.calls} == {"/bin/yq", "/other/yq"}


async def test_a_yq_that_hangs_is_not_asked_again_for_each() -> None:
    runner = JqRunner(hangs=True)
    found = await together(runner, [(".a", [{"a": 1}]), (".b", [{"b": 1}])])
    assert [type(one) for one in found] == [HungToolError, HungToolError]
    assert len(runner.calls) == 1


async def test_the_command_is_a_proof_for_each_who_asked() -> None:
    runner, asked = JqRunner(), YqQuestions()

    async def ask(expression: str) -> tuple[str, ...]:
        with reads.recording() as noted:
            await asked.evaluate(runner, KISLYUK, expression, [{"a": 1}])
        return reads.commands_in(noted)

    one, other = await asyncio.gather(ask(".a"), ask(".b"))
    assert one == other == (runner.calls[0].argv[2],)


async def test_one_who_goes_away_takes_nothing_from_the_others() -> None:
    runner, asked = JqRunner(waits=0.02), YqQuestions()
    jobs = [
        asyncio.ensure_future(asked.evaluate(runner, KISLYUK, ".a", [{"a": number}]))
        for number in range(3)
    ]
    await asyncio.sleep(0.01)
    jobs[0].cancel()
    assert await asyncio.gather(*jobs[1:]) == [[[1]], [[2]]]
    assert (len(runner.calls), runner.cancelled) == (1, 0)


async def test_when_nobody_waits_any_more_yq_is_ended() -> None:
    runner, asked = JqRunner(waits=30), YqQuestions()
    jobs = [
        asyncio.ensure_future(asked.evaluate(runner, KISLYUK, ".a", [{"a": 1}])) for _ in range(2)
    ]
    await asyncio.sleep(0.01)
    for job in jobs:
        job.cancel()
    await asyncio.gather(*jobs, return_exceptions=True)
    await asyncio.sleep(0.01)
    assert (len(runner.calls), runner.cancelled) == (1, 1)


async def test_a_defect_while_asking_together_leaves_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("storyrunner.gitops.yq_questions._together", broken)
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    async with asyncio.timeout(5):
        found = await together(JqRunner(), [(".a", [{"a": 1}]), (".b", [{"b": 2}])])
    assert found == [[[1]], [[2]]]
