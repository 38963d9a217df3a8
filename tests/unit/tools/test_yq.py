"""Both yqs give the same typed answers, each with the object it came from, or refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from storyrunner.errors import RefusedFeatureError, ToolError
from storyrunner.model.command import Ending
from storyrunner.tools.tool import Tool
from storyrunner.tools.yq import command, evaluate, refuse
from tests.support.scripted_runner import ScriptedRunner

MIKEFARAH = Tool("yq", Path("/bin/yq"), "4.45.1", "mikefarah")
KISLYUK = Tool("yq", Path("/bin/yq"), "", "kislyuk")


async def test_all_objects_are_asked_in_one_spawn_and_answers_keep_their_object() -> None:
    runner = ScriptedRunner()
    runner.answer("yq", ..., stdout='["a",1]\n[]\n[null]\n')
    objects = [{"kind": "A"}, {"kind": "B"}, {"kind": "C"}]
    assert await evaluate(runner, MIKEFARAH, ".x[]", objects) == [["a", 1], [], []]
    assert len(runner.calls) == 1
    assert (runner.calls[0].stdin or b"").count(b"---") == 2


async def test_no_objects_need_no_spawn() -> None:
    assert await evaluate(ScriptedRunner(), KISLYUK, ".x", []) == []


@pytest.mark.parametrize(
    "stdout", ['["a"]\n', '["a"]\n["b"]\n["c"]\n', '["a"]\n"b"\n', "[broken", b"\xff\xfe"]
)
async def test_answers_that_do_not_fit_the_objects_are_an_error(stdout: str | bytes) -> None:
    runner = ScriptedRunner()
    runner.answer("yq", ..., stdout=stdout)
    with pytest.raises(ToolError):
        await evaluate(runner, MIKEFARAH, ".x", [{}, {}])


async def test_an_expression_that_does_not_compile_is_an_error_with_its_words() -> None:
    runner = ScriptedRunner()
    runner.answer("yq", ..., code=1, stderr="Error: 1:2: lexer: invalid input text\n")
    with pytest.raises(ToolError, match="invalid input text"):
        await evaluate(runner, MIKEFARAH, ".[", [{}])


async def test_a_yq_that_hangs_is_an_error() -> None:
    runner = ScriptedRunner()
    runner.answer("yq", ..., ending=Ending.TIMED_OUT)
    with pytest.raises(ToolError, match="timed out"):
        await evaluate(runner, MIKEFARAH, ".x", [{}])


@pytest.mark.parametrize(
    "expression",
    [
        'select(.metadata.name == "a*")',
        'select(.metadata.name != "a?")',
        "select(.a == .b)",
        '.a == ("x" + "y")',
    ],
)
async def test_a_comparison_that_mikefarah_takes_for_a_glob_is_refused(expression: str) -> None:
    with pytest.raises(RefusedFeatureError, match="wildcard"):
        await evaluate(ScriptedRunner(), MIKEFARAH, expression, [{}])


@pytest.mark.parametrize(
    "expression",
    [
        'select(.kind == "X" and .metadata.name == "y") | .spec.a[0].b',
        "select(.a == 3 or .b == true or .c != null)",
        '.a["x*"]',
        'select(.a == "say \\"hi\\"")',
        '"== \\"*\\""',
    ],
)
async def test_a_comparison_with_a_plain_literal_is_not_refused(expression: str) -> None:
    runner = ScriptedRunner()
    runner.answer("yq", ..., stdout="[]")
    assert await evaluate(runner, MIKEFARAH, expression, [{}]) == [[]]


@pytest.mark.parametrize(("tool", "exact"), [(KISLYUK, 2**53), (MIKEFARAH, 2**63 - 1)])
async def test_integers_that_a_yq_would_round_are_refused(tool: Tool, exact: int) -> None:
    with pytest.raises(RefusedFeatureError, match="integer"):
        await evaluate(ScriptedRunner(), tool, ".a", [{"a": [{"b": -exact - 1}]}])
    runner = ScriptedRunner()
    runner.answer("yq", ..., stdout=f"[{exact}]")
    assert await evaluate(runner, tool, ".a", [{"a": exact}]) == [[exact]]


def test_text_that_yaml_would_fold_or_refuse_is_escaped() -> None:
    objects = [{"a": "nel\x85 ls\u2028 bom\ufeff del\x7f 😀 ü"}]
    stdin = command(KISLYUK, ".a", objects).stdin or b""
    text = stdin.decode()
    assert "\\u0085" in text
    assert "😀" in text
    assert not set("\x85\u2028\ufeff\x7f") & set(text)
    assert json.loads(text) == objects[0]


@pytest.mark.parametrize(
    "expression",
    [
        'select(.items[].name == "b") | .kind',
        ".spec | length",
        ".spec | tostring",
        ".spec | @json",
    ],
)
def test_what_mikefarah_answers_otherwise_is_refused_there_only(expression: str) -> None:
    refuse(KISLYUK, expression, [])
    with pytest.raises(RefusedFeatureError):
        refuse(MIKEFARAH, expression, [])
