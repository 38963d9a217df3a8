"""kubectl: the dry-run of files, and what it says. It must not know who serves the API."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from pathlib import Path

from storyrunner.model.command import Command, Outcome
from storyrunner.model.frozen import dataclass
from storyrunner.tools.environment import environment
from storyrunner.tools.tool import Stated, Tool, version_in

NAME = "kubectl"
MINIMUM = "1.27"
VERSION_ARGS = ("version", "--client", "--output=json")
VERSION_ENV = {"KUBECONFIG": os.devnull}

_APPLIED = re.compile(
    r"^(?P<kind>[^./\s]+)(?:\.(?P<group>[^/\s]+))?/(?P<name>\S+) "
    r"(?P<action>created|configured|unchanged) \(dry run\)$"
)
_UNMAPPED = re.compile(
    r'resource mapping not found for name: "(?P<name>[^"]*)" namespace: "(?P<namespace>[^"]*)" '
    r'from "(?P<file>[^"]*)": no matches for kind "(?P<kind>[^"]*)" '
    r'in version "(?P<api_version>[^"]*)"'
)
_PARSING = re.compile(r"error parsing (?P<file>.+?): (?P<why>.*)$")
_IN_FILE = re.compile(
    r'(?:unable to (?:decode|recognize)|error validating) "(?P<file>[^"]*)": (?P<why>.*)$'
)
_LINE = re.compile(r"\bline (\d+)\b")
_NOISE = ("ensure CRDs are installed first", "Warning:")
_KLOG = re.compile(r"^[IWEF]\d{4} \d\d:\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class Applied:
    """One object that would be created; `kind` in lower case, as kubectl prints it."""

    kind: str
    group: str
    name: str
    action: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that kubectl refuses. `file` as it was given, `line` 1-based or 0 when not told;
    `kind` and `api_version` are set when the API does not know them."""

    message: str
    file: str = ""
    line: int = 0
    kind: str = ""
    api_version: str = ""
    name: str = ""
    namespace: str = ""

    @property
    def is_unknown_kind(self) -> bool:
        """True for a kind that no discovery entry stands for."""
        return bool(self.kind)


@dataclass(frozen=True, slots=True)
class DryRun:
    """All that one dry-run said."""

    applied: tuple[Applied, ...]
    problems: tuple[Problem, ...]


def identify(text: str) -> Stated | None:
    """Versions out of `kubectl version --client --output=json`."""
    try:
        document = json.loads(text)
        client = document["clientVersion"]["gitVersion"]
    except (ValueError, KeyError, TypeError):
        return None
    inside = document.get("kustomizeVersion")
    return Stated(version_in(str(client)), kustomize=version_in(str(inside or "")))


def dry_run(
    tool: Tool,
    files: Sequence[str],
    *,
    cwd: Path,
    kubeconfig: Path,
    cache: Path,
    home: Path,
    validate: bool = False,
    timeout: float = 60.0,
) -> Command:
    """`kubectl apply --dry-run=client` of `files` (relative to `cwd`), with no file of the user's.

    `--validate=false` by default: the offline API has no schemas, so that `true` would ask four
    times as much, check nothing and look as if it had (semantics.md §4.2, §4.4). `apply`, since
    that is what will be done; it also looks whether each object exists.
    """
    argv = [str(tool.path), f"--cache-dir={cache}", "apply", "--dry-run=client"]
    argv.append(f"--validate={str(validate).lower()}")
    argv += [f"--filename={name}" for name in files]
    env = environment(HOME=str(home), KUBECONFIG=str(kubeconfig))
    return Command(tuple(argv), cwd, env=env, timeout=timeout)


def parse_dry_run(outcome: Outcome) -> DryRun:
    """Objects and problems. A failed run always has at least one problem."""
    applied = [
        Applied(m["kind"], m["group"] or "", m["name"], m["action"])
        for m in map(_APPLIED.match, outcome.stdout_text.splitlines())
        if m
    ]
    lines = [line.strip() for line in outcome.stderr_text.splitlines()]
    problems = [
        _problem(line)
        for line in lines
        if line and not line.startswith(_NOISE) and not _KLOG.match(line)
    ]
    if not outcome.ok and not problems:
        problems = [Problem(f"kubectl {outcome.ending}, exit code {outcome.code}")]
    return DryRun(tuple(applied), tuple(problems if not outcome.ok else ()))


def _problem(line: str) -> Problem:
    text = line.removeprefix("error: ")
    if unmapped := _UNMAPPED.search(text):
        kind, version = unmapped["kind"], unmapped["api_version"]
        message = f"the API knows no kind {kind} in {version}"
        return Problem(
            message, unmapped["file"], 0, kind, version, unmapped["name"], unmapped["namespace"]
        )
    for pattern in (_PARSING, _IN_FILE):
        if found := pattern.search(text):
            number = _LINE.search(found["why"])
            return Problem(found["why"], found["file"], int(number.group(1)) if number else 0)
    return Problem(text)
