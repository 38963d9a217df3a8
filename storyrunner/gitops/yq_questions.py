"""Questions to yq that come up at the same moment, asked together: a start costs far more than an
answer.

Only plain paths (`.spec.dnsNames`) go together, because they mean the same wherever in a document
they start; every other expression is asked alone. When yq refuses the whole, each is asked alone,
so that one that does not fit its object spoils no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from storyrunner.errors import HungToolError, StoryrunnerError
from storyrunner.gitops.query_paths import steps_of
from storyrunner.model.frozen import dataclass
from storyrunner.model.ports import Runner
from storyrunner.tools import yq
from storyrunner.tools.tool import Tool
from storyrunner.workspace import reads

Values = list[list[Any]]

_TURNS = 3
"""Turns of the event loop in which further questions are waited for."""


@dataclass(frozen=True, slots=True)
class _Question:
    expression: str
    objects: Sequence[Mapping[str, Any]]
    answer: asyncio.Future[tuple[Values, tuple[str, ...]] | StoryrunnerError | None]


class YqQuestions:
    """Of one run. Safe for any number of tasks of one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[Tool, list[_Question]] = {}
        self._asking: set[asyncio.Task[None]] = set()

    async def evaluate(
        self, runner: Runner, tool: Tool, expression: str, objects: Sequence[Mapping[str, Any]]
    ) -> Values:
        """As `tools.yq.evaluate`; the command that was run is noted for whoever asks."""
        if steps_of(expression) is None or not objects:
            return await yq.evaluate(runner, tool, expression, objects)
        yq.refuse(tool, expression, objects)
        question = _Question(expression, objects, asyncio.get_running_loop().create_future())
        waiting = self._waiting.setdefault(tool, [])
        waiting.append(question)
        if len(waiting) == 1:
            asking = asyncio.ensure_future(self._ask(runner, tool))
            self._asking.add(asking)
            asking.add_done_callback(self._asking.discard)
        answer = await question.answer
        if isinstance(answer, StoryrunnerError):
            raise answer
        if answer is None:
            return await yq.evaluate(runner, tool, expression, objects)
        values, commands = answer
        for command in commands:
            reads.note_command(command)
        return values

    async def _ask(self, runner: Runner, tool: Tool) -> None:
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        questions = self._waiting.pop(tool)
        asking = asyncio.ensure_future(_together(runner, tool, questions))

        def stop_when_unwanted(_: object) -> None:
            if all(question.answer.cancelled() for question in questions):
                asking.cancel()

        for question in questions:
            question.answer.add_done_callback(stop_when_unwanted)
        together: list[Any] = [None] * len(questions)
        try:
            together = await asking
        except HungToolError as hung:
            together = [hung] * len(questions)
        except (StoryrunnerError, asyncio.CancelledError):
            asking.cancel()  # and each is asked alone, by whoever still waits
        finally:
            _answer(questions, together)


def _answer(questions: Sequence[_Question], answers: Sequence[Any]) -> None:
    for question, answer in zip(questions, answers, strict=True):
        if not question.answer.done():  # who asked may have been cancelled
            question.answer.set_result(answer)


async def _together(runner: Runner, tool: Tool, questions: Sequence[_Question]) -> list[Any]:
    """The values and commands of each question; None for one that yq is to be asked alone."""
    if len(questions) == 1:
        return [None]
    parts = [
        f"(select(.question == {number}) | .object | {question.expression})"
        for number, question in enumerate(questions)
    ]
    documents = [
        {"question": number, "object": one}
        for number, question in enumerate(questions)
        for one in question.objects
    ]
    with reads.recording() as noted:
        values = await yq.evaluate(runner, tool, ", ".join(parts), documents)
    commands = reads.commands_in(noted)
    found = iter(values)
    return [([next(found) for _ in question.objects], commands) for question in questions]
