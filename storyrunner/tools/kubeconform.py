"""kubeconform: schemas for many kinds, from folders. It must not know where they come from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from storyrunner.errors import ToolError
from storyrunner.model.command import Command, Outcome
from storyrunner.model.frozen import dataclass
from storyrunner.tools.environment import environment
from storyrunner.tools.tool import Stated, Tool, version_in

NAME = "kubeconform"
MINIMUM = "0.6"
VERSION_ARGS = ("-v",)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One object's verdict: `valid`, `invalid`, `error` (no schema, no YAML) or `skipped`."""

    kind: str
    name: str
    api_version: str
    status: str
    message: str = ""


def identify(text: str) -> Stated | None:
    """`v0.6.7`, or `development` of a build from source."""
    word = text.strip()
    version = version_in(word)
    return Stated(version) if version or word == "development" else None


def validate(
    tool: Tool,
    stream: bytes,
    *,
    cwd: Path,
    home: Path,
    schemas: Sequence[str],
    timeout: float = 60.0,
) -> Command:
    """Judge the objects of a multi-document YAML stream, strictly, against `schemas` (templates).

    With no `http(s)` template it asks no network. Exit code 1 (something is invalid) is an answer.
    """
    argv = [str(tool.path), "-strict", "-verbose", "-output=json", "-n=1"]  # in order
    for location in schemas:
        argv += ["-schema-location", location]
    argv.append("-")
    env = environment(HOME=str(home))
    codes = frozenset({0, 1})
    return Command(tuple(argv), cwd, env=env, stdin=stream, timeout=timeout, ok_codes=codes)


def parse_verdicts(outcome: Outcome, count: int | None = None) -> tuple[Verdict, ...]:
    """All verdicts in order. Raises ToolError when the output cannot be read, or when there are
    not `count` of them."""
    try:
        resources = json.loads(outcome.stdout)["resources"]
        verdicts = tuple(
            Verdict(
                item.get("kind", ""),
                item.get("name", ""),
                item.get("version", ""),
                item["status"].removeprefix("status").lower(),
                item.get("msg", ""),
            )
            for item in resources or ()
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        detail = outcome.stderr_text.strip() or str(error)
        raise ToolError(f"kubeconform cannot be read: {detail}") from error
    if count is not None and len(verdicts) != count:
        raise ToolError(f"kubeconform: {len(verdicts)} verdicts on {count} objects")
    return verdicts
