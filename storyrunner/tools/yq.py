"""yq, of which there are two: mikefarah's (Go) and kislyuk's (Python around jq).

Told apart by what they say, never by number (semantics.md §6). `evaluate` gives the same typed
answers with both, or refuses. It must not know what is asked or why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storyrunner.errors import HungToolError, RefusedFeatureError, ToolError
from storyrunner.model.command import Command, Ending, Outcome
from storyrunner.model.ports import Runner
from storyrunner.tools.environment import environment
from storyrunner.tools.tool import Stated, Tool, version_in

NAME = "yq"
MINIMUM = "4.25.3"
MIKEFARAH = "mikefarah"
KISLYUK = "kislyuk"
VERSION_ARGS = ("--version",)

_EXACT = {MIKEFARAH: 2**63 - 1, KISLYUK: 2**53}
_MIKEFARAH = re.compile(r"mikefarah|^yq version ", re.MULTILINE)
_KISLYUK = re.compile(r"^yq \d", re.MULTILINE)
_LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMPARED = re.compile(r"[=!]=\s*(?P<right>\"\d+\"|-?\d[\d.]*|true|false|null)?")
_OTHERWISE = re.compile(r"\b(?:tostring|tojson|length)\b|@json|@text")
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def identify(text: str) -> Stated | None:
    """Flavour and version; Debian's kislyuk yq says `yq 0.0.0`, which is no version."""
    if _MIKEFARAH.search(text):
        return Stated(version_in(text.rpartition("version")[2]), MIKEFARAH)
    if _KISLYUK.search(text):
        return Stated(version_in(text), KISLYUK)
    return None


async def evaluate(
    runner: Runner,
    tool: Tool,
    expression: str,
    objects: Sequence[Mapping[str, Any]],
    *,
    seconds: float = 60.0,
) -> list[list[Any]]:
    """The values that `expression` gives for each object, in order: one spawn for all of them.

    A null is no value: what is missing reads as null in one version and as nothing in another
    (semantics.md §6); within a list or map a null is kept. `seconds` is the timeout.

    Raises RefusedFeatureError for what this flavour would answer wrongly, ToolError when the
    expression does not compile or does not fit an object.
    """
    refuse(tool, expression, objects)
    if not objects:
        return []
    outcome = await runner.run(command(tool, expression, objects, timeout=seconds))
    return parse(outcome, len(objects))


def command(
    tool: Tool, expression: str, objects: Sequence[Mapping[str, Any]], *, timeout: float = 60.0
) -> Command:
    """One document per object in, one JSON array per object out, whatever the number of results."""
    wrapped = f"[{expression}\n]"
    if tool.flavour == MIKEFARAH:
        args: tuple[str, ...] = ("eval", "--output-format=json", "--indent=0", wrapped, "-")
    else:
        args = ("--compact-output", wrapped)
    stream = "\n---\n".join(_document(item) for item in objects)
    return Command(
        (str(tool.path), *args),
        Path("/"),
        env=environment(),
        stdin=stream.encode("utf-8", "replace"),
        timeout=timeout,
    )


def parse(outcome: Outcome, count: int) -> list[list[Any]]:
    """`count` lists of values, nulls left out. Raises ToolError for anything else, HungToolError
    when yq did not end in its time."""
    if outcome.ending is Ending.TIMED_OUT:
        raise HungToolError(f"yq: {outcome.ending}")
    if not outcome.ok:
        said = outcome.stderr_text.strip().splitlines() or [f"{outcome.ending}"]
        raise ToolError(f"yq: {said[-1].removeprefix('Error: ')}")
    try:
        values = _values(outcome.stdout.decode("utf-8"))
    except ValueError as error:
        raise ToolError(f"yq: its answer cannot be read: {error}") from error
    if len(values) != count or not all(isinstance(item, list) for item in values):
        raise ToolError(f"yq: {len(values)} answers for {count} objects")
    return [[value for value in item if value is not None] for item in values]


def refuse(tool: Tool, expression: str, objects: Sequence[Mapping[str, Any]]) -> None:
    """Raises RefusedFeatureError where this flavour would give a wrong answer without a word.

    mikefarah compares strings with `==` as globs, so that the right side must be a literal without
    `*` and `?`. Its `select` with several truths selects once, jq's once for each; its `tostring`
    writes YAML; its `length` counts the bytes of a text and the digits of a number. Each rounds
    integers beyond a size of its own (jq: 2^53).
    """
    compared = _COMPARED.finditer(_marked(expression)) if tool.flavour == MIKEFARAH else ()
    if any(not found["right"] for found in compared):
        raise RefusedFeatureError(
            "== with a wildcard or a computed right side in mikefarah yq", able="the jq library"
        )
    if tool.flavour == MIKEFARAH and _iterates_in_select(_marked(expression)):
        raise RefusedFeatureError(
            "[] inside select() in mikefarah yq, which selects once", able="the jq library"
        )
    if tool.flavour == MIKEFARAH and _OTHERWISE.search(_marked(expression)):
        raise RefusedFeatureError(
            "length and values as text in mikefarah yq", able="the jq library"
        )
    exact = _EXACT[tool.flavour]
    if any(_has_integer_beyond(exact, item) for item in objects):
        raise RefusedFeatureError(f"an integer beyond {exact} in {tool.flavour} yq")


def _iterates_in_select(marked: str) -> bool:
    """True when something inside the parentheses of a `select` gives several values."""
    for found in re.finditer(r"\bselect\s*\(", marked):
        depth, at = 1, found.end()
        while at < len(marked) and depth:
            depth += {"(": 1, ")": -1}.get(marked[at], 0)
            at += 1
        if re.search(r"\[\s*\]|,", marked[found.end() : at]):
            return True
    return False


def _marked(expression: str) -> str:
    """The expression with each string literal replaced: `"1"` is safe to compare with, `""` not."""
    return _LITERAL.sub(
        lambda found: '""' if set(found.group(0)) & set("*?") else '"1"', expression
    )


def _values(text: str) -> list[Any]:
    decoder = json.JSONDecoder()
    values, at = [], 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        value, at = decoder.raw_decode(text, at)
        values.append(value)
    return values


def _document(item: Mapping[str, Any]) -> str:
    """JSON that is YAML too: what YAML folds or refuses inside quotes is escaped."""
    text = json.dumps(item, ensure_ascii=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group(0)):04x}", text)


def _has_integer_beyond(exact: int, value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_has_integer_beyond(exact, item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_has_integer_beyond(exact, item) for item in value)
    return isinstance(value, int) and abs(value) > exact
