"""A Runner that answers from a script: what is not in it fails the test, and so does what is left.

runner = ScriptedRunner()
runner.installed("kubectl")
runner.answer("kubectl", "version", ..., stdout='{"clientVersion": …}')
…
runner.assert_used()
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from types import EllipsisType
from typing import NoReturn

import pytest

from storyrunner.model.command import Command, Ending, Outcome
from storyrunner.model.ports import LineSink

Word = str | re.Pattern[str] | Callable[[str], bool] | EllipsisType
"""One argument: the text itself, a pattern that matches it whole, a test, or `...` for any number
of arguments. The program (first word) is compared by its name, wherever it stands."""

BIN = Path("/scripted/bin")


@dataclass
class Answer:
    """One line of the script. `times` None: any number of calls, and unused is fine."""

    pattern: tuple[Word, ...]
    outcome: Callable[[Command], Outcome]
    times: int | None = 1
    delay: float = 0.0
    used: int = 0

    @property
    def is_open(self) -> bool:
        return self.times is None or self.used < self.times


@dataclass
class ScriptedRunner:
    """Answers in the order they were given; the first open one that fits is taken.

    `calls` records every command that ran, `cancelled` those whose caller went away.
    """

    answers: list[Answer] = field(default_factory=list)
    calls: list[Command] = field(default_factory=list)
    cancelled: list[Command] = field(default_factory=list)
    tools: dict[str, Path] = field(default_factory=dict)

    def installed(self, *names: str) -> ScriptedRunner:
        """`which` finds these, and nothing else."""
        self.tools.update({name: BIN / name for name in names})
        return self

    def answer(
        self,
        *pattern: Word,
        stdout: str | bytes = "",
        stderr: str | bytes = "",
        code: int = 0,
        ending: Ending = Ending.EXITED,
        times: int | None = 1,
        delay: float = 0.0,
        effect: Callable[[Command], None] | None = None,
    ) -> Answer:
        """Add an answer; `effect` is run first (to write a file as the tool would), `delay` is in
        seconds and past the command's timeout becomes TIMED_OUT."""

        def outcome(command: Command) -> Outcome:
            if effect is not None:
                effect(command)
            exit_code = code if ending is Ending.EXITED else None
            return Outcome(command, ending, exit_code, _bytes(stdout), _bytes(stderr), delay)

        return self.computed(*pattern, outcome=outcome, times=times, delay=delay)

    def computed(
        self,
        *pattern: Word,
        outcome: Callable[[Command], Outcome],
        times: int | None = 1,
        delay: float = 0.0,
    ) -> Answer:
        """Add an answer that is worked out from the command."""
        answer = Answer(pattern, outcome, times, delay)
        self.answers.append(answer)
        return answer

    async def run(self, command: Command, on_line: LineSink | None = None) -> Outcome:
        """The scripted outcome; its lines go to `on_line` as the real runner would send them."""
        self.calls.append(command)
        answer = next(
            (a for a in self.answers if a.is_open and fits(a.pattern, command.argv)), None
        )
        if answer is None:
            self._unknown(command)
        answer.used += 1
        try:
            await asyncio.sleep(min(answer.delay, command.timeout, 0.05))
        except asyncio.CancelledError:
            self.cancelled.append(command)
            raise
        outcome = answer.outcome(command)
        if answer.delay > command.timeout:
            outcome = replace(outcome, ending=Ending.TIMED_OUT, code=None)
        if on_line is not None:
            for stream, text in (("stdout", outcome.stdout_text), ("stderr", outcome.stderr_text)):
                for line in text.splitlines():
                    on_line(stream, line)
        return outcome

    def which(self, name: str) -> Path | None:
        """The scripted place of `name`, or None."""
        return self.tools.get(name)

    def assert_used(self) -> None:
        """Fails when an answer was never, or not often enough, asked for."""
        left = [a for a in self.answers if a.times is not None and a.used < a.times]
        if left:
            pytest.fail("never asked for:\n" + "\n".join(f"  {_shown(a.pattern)}" for a in left))

    def _unknown(self, command: Command) -> NoReturn:
        script = "\n".join(f"  {_shown(a.pattern)} (used {a.used})" for a in self.answers)
        pytest.fail(f"a command that is not in the script: {command.shown}\nthe script:\n{script}")


def fits(pattern: tuple[Word, ...], argv: tuple[str, ...]) -> bool:
    """True when `pattern` describes the whole of `argv`."""
    if argv:
        argv = (PurePath(argv[0]).name, *argv[1:])
    return _fits(pattern, argv)


def _fits(pattern: tuple[Word, ...], argv: tuple[str, ...]) -> bool:
    if not pattern:
        return not argv
    head, rest = pattern[0], pattern[1:]
    if head is ...:
        return any(_fits(rest, argv[start:]) for start in range(len(argv) + 1))
    return bool(argv) and _is(head, argv[0]) and _fits(rest, argv[1:])


def _is(word: Word, text: str) -> bool:
    if isinstance(word, str):
        return word == text
    if isinstance(word, re.Pattern):
        return word.fullmatch(text) is not None
    return not isinstance(word, EllipsisType) and word(text)


def _shown(pattern: tuple[Word, ...]) -> str:
    return " ".join(
        "…" if w is ... else f"/{w.pattern}/" if isinstance(w, re.Pattern) else str(w)
        for w in pattern
    )


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
