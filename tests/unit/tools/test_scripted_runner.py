"""The scripted runner lets nothing pass that is not in its script."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from storyrunner.model.command import Command, Ending
from tests.support.scripted_runner import ScriptedRunner


def call(*argv: str, timeout: float = 60.0) -> Command:
    return Command(argv, Path("/"), timeout=timeout)


async def test_an_unknown_command_fails_the_test() -> None:
    runner = ScriptedRunner()
    runner.answer("git", "status")
    with pytest.raises(pytest.fail.Exception, match="not in the script: git push"):
        await runner.run(call("git", "push"))


async def test_an_unused_answer_fails_at_the_end() -> None:
    runner = ScriptedRunner()
    runner.answer("git", "status", times=2)
    await runner.run(call("git", "status"))
    with pytest.raises(pytest.fail.Exception, match="git status"):
        runner.assert_used()
    await runner.run(call("git", "status"))
    runner.assert_used()


async def test_an_answer_is_used_up() -> None:
    runner = ScriptedRunner()
    runner.answer("yq", ...)
    await runner.run(call("yq", "x"))
    with pytest.raises(pytest.fail.Exception):
        await runner.run(call("yq", "x"))


async def test_patterns_fit_words_expressions_tests_and_any_rest() -> None:
    runner = ScriptedRunner()
    runner.answer("kubectl", ..., "apply", re.compile("--filename=.*"), lambda w: w != "x", code=3)
    assert (
        await runner.run(call("/usr/bin/kubectl", "--a", "--b", "apply", "--filename=f", "y"))
    ).code == 3
    runner.answer("kubectl", times=None)
    with pytest.raises(pytest.fail.Exception):
        await runner.run(call("kubectl", "apply"))
    runner.assert_used()


async def test_output_comes_as_lines_too_and_a_slow_answer_times_out() -> None:
    runner = ScriptedRunner()
    runner.answer("flux", stdout="a\nb\n", stderr="c\n", delay=5)
    lines: list[tuple[str, str]] = []
    outcome = await runner.run(call("flux", timeout=0.01), lambda s, line: lines.append((s, line)))
    assert outcome.ending is Ending.TIMED_OUT
    assert outcome.code is None
    assert lines == [("stdout", "a"), ("stdout", "b"), ("stderr", "c")]


async def test_a_cancelled_command_is_noted() -> None:
    runner = ScriptedRunner()
    runner.answer("flux", delay=5)
    task = asyncio.create_task(runner.run(call("flux")))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [command.argv for command in runner.cancelled] == [("flux",)]


def test_only_what_is_installed_is_found() -> None:
    runner = ScriptedRunner().installed("git")
    assert runner.which("git") is not None
    assert runner.which("flux") is None
