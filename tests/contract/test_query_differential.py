"""Queries: the built-in answers (path walker, jq library) against both programs called yq.

Random objects and expressions of the common subset. Where both answer, they answer the same; a
null is no value for either. Where only one answers, the verdict says why.
"""

# ruff: noqa: E501 - tables of texts are easier to read in long lines

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path
from typing import Any

import pytest

from storyrunner.errors import RefusedFeatureError, RunbookError, ToolError
from storyrunner.gitops.query import Answer, Selection, ask
from storyrunner.tools.detection import detect
from storyrunner.tools.process import OsRunner
from storyrunner.tools.tool import Tool
from storyrunner.tools.yq import evaluate
from tests.support.comparing import differences
from tests.support.figures import count

SEED = int(os.environ.get("STORYRUNNER_FUZZ_SEED", "3"))
EXPRESSIONS, OBJECTS = 150, 12
KEYS = ("name", "spec", "kind", "items", "a-b", "x.y/z", "size", "")
SCALARS = (
    "text", "", "yes", "0644", "1.10", "null", "~", "2020-01-01", "*", "a*", "é😀", "two\nlines", "-", "a: b",
    0, 1, -7, 2**53 - 1, 1.5, -0.25, True, False, None,
)  # fmt: skip


def make_value(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.random()
    if depth > 2 or kind < 0.4:
        return chance.choice(SCALARS)
    if kind < 0.65:
        return [make_value(chance, depth + 1) for _ in range(chance.randint(0, 3))]
    return {chance.choice(KEYS): make_value(chance, depth + 1) for _ in range(chance.randint(0, 4))}


def make_object(chance: random.Random) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": chance.choice(("ConfigMap", "Widget")),
        "metadata": {"name": chance.choice(("web", "api")), "labels": {"a.b/c": "x"}},
        "spec": make_value(chance),
        "items": [{"name": chance.choice("abc"), "v": chance.choice(SCALARS)} for _ in range(3)],
    }


def make_path(chance: random.Random) -> str:
    start = chance.choice((".spec", ".metadata", ".items[]", ".items[0]", ".items", ".kind", ""))
    steps = (
        ".name",
        ".kind",
        '."a-b"',
        '["x.y/z"]',
        "[0]",
        "[]",
        "[-1]",
        ".size",
        ".labels",
        ".v",
        ".none",
    )
    path = start + "".join(chance.choices(steps, k=chance.randint(0, 2)))
    return path if path.startswith(".") else f".{path}"


def make_expression(chance: random.Random) -> str:
    path = make_path(chance)
    where = chance.choice(
        (
            '.kind == "Widget"', '.metadata.name == "web"', '.kind != "Widget"',
            '.kind == "Widget" and .metadata.name == "web"', '.kind == "Widget" or .metadata.name == "api"',
        )
    )  # fmt: skip
    return chance.choice(
        (
            path, path, path, f"select({where}) | {path}", f"select({where}) | .spec",
            f"{path} | length", ".items[] | select(.name == \"a\") | .v", ".items | length",
            f'.metadata | has("{chance.choice(("name", "none"))}")', ".items[].name", f"{path}, .kind",
            ".metadata.labels | keys", ".items[] | .name", f"[{path}]", '.metadata.labels["a.b/c"]',
            ".items | map(.name)", 'select(.items[].name == "b") | .kind', f"{path} | tostring | length",
            ".items[0] | to_entries", ".metadata.name | test(\"^w\")", ".items | first", "not",
        )
    )  # fmt: skip


async def tool_at(path: Path) -> Tool:
    found = await detect(OsRunner({"PATH": f"{path.parent}:/usr/local/bin:/usr/bin:/bin"}), "yq")
    assert isinstance(found, Tool), found
    return found


@pytest.mark.parametrize("flavour", ["mikefarah", "kislyuk"])
async def test_random_queries_are_answered_alike_or_refused(
    flavour: str, request: pytest.FixtureRequest, pytestconfig: pytest.Config
) -> None:
    fixture = "real_yq" if flavour == "mikefarah" else "real_kislyuk_yq"
    tool = await tool_at(request.getfixturevalue(fixture))
    chance, runner, known = random.Random(SEED), OsRunner(), set[str]()
    cases = []
    while len(cases) < EXPRESSIONS:
        objects = [make_object(chance) for _ in range(OBJECTS)]
        expression = make_expression(chance)
        if expression not in known:
            known.add(expression)
            cases.append((expression, objects))
    limit = asyncio.Semaphore(2)

    async def one(expression: str, objects: list[dict[str, Any]]) -> None:
        async with limit:
            theirs = await answers_of(runner, tool, expression, objects)
        for verdict in compare(flavour, expression, objects, theirs):
            count(pytestconfig, f"queries: (object, expression) pairs, {flavour} yq: {verdict}")

    await asyncio.gather(*(one(*case) for case in cases))


async def answers_of(
    runner: OsRunner, tool: Tool, expression: str, objects: list[dict[str, Any]]
) -> list[list[Any] | None]:
    """What the tool says of each object, None where it refuses or fails. One object that does not
    fit fails all of them: then those that fit are asked without them, and one that does not."""
    try:
        return list(await evaluate(runner, tool, expression, objects))
    except RefusedFeatureError:
        return [None] * len(objects)
    except ToolError:
        if len(objects) == 1:
            return [None]
    found: list[list[Any] | None] = [None] * len(objects)
    ours = answer(expression, objects)
    fit = [at for at, one in enumerate(ours) if isinstance(one, Answer) and not one.problem]
    groups = [fit] if 0 < len(fit) < len(objects) else [[at] for at in fit[:3]]
    for group in (*groups, [next((at for at in range(len(objects)) if at not in fit), 0)]):
        chosen = [objects[at] for at in group]
        for at, values in zip(
            group, await answers_of(runner, tool, expression, chosen), strict=True
        ):
            found[at] = values
    return found


def answer(expression: str, objects: list[dict[str, Any]]) -> tuple[Answer, ...] | str:
    try:
        return ask(objects, Selection(""), expression)
    except (RunbookError, RefusedFeatureError) as error:
        return error.message


def compare(
    flavour: str, expression: str, objects: list[dict[str, Any]], theirs: list[list[Any] | None]
) -> list[str]:
    """A verdict for each object. Fails when both answer, but not the same."""
    answers = answer(expression, objects)
    assert not isinstance(answers, str), f"{expression}: {answers}"
    verdicts = []
    for one, ours, other in zip(objects, answers, theirs, strict=True):
        if other is None:
            assert ours.problem or flavour == "mikefarah", f"only {flavour} fails: {expression}"
            verdicts.append("both fail" if ours.problem else "it does not know this, and says so")
        elif ours.problem:
            assert flavour == "mikefarah", f"only we fail: {expression} on {one}: {ours.problem}"
            verdicts.append("it answers, where jq and we fail")
        else:
            kept = [value for value in ours.values if value is not None]
            found = list(differences(kept, other))
            assert not found, f"{expression} on {one}: {found[:3]}"
            verdicts.append("the same values")
    return verdicts
