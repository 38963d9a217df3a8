"""Tools that crash, lie, vanish or never stop: never a false green, nothing left running."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.conftest import Reached
from tests.faults.effort import VARIABLE
from tests.faults.program import Program, Wanted
from tests.faults.reference import walk
from tests.support.repositories import ISSUERS, copy_repository, fingerprint, replace

VERSIONS = {
    "kubectl": '{"clientVersion": {"gitVersion": "v1.36.2"}, "kustomizeVersion": "v5.8.1"}',
    "kustomize": "v5.8.1",
    "flux": "flux version 2.9.4",
    "yq": "yq (https://github.com/mikefarah/yq/) version v4.53.1",
}
BEHAVIOURS = {
    "is killed": "kill -KILL $$",
    "crashes": "kill -SEGV $$",
    "fails without a word": "exit 1",
    "succeeds without a word": "exit 0",
    "prints garbage": r"printf '\000\377\376\033]0;PWNED\007{[}\n\233'; exit 0",
    "prints garbage and fails": r"printf '\000\377{[}\n' >&2; exit 1",
    "prints without end": 'line=$(printf "%09999d" 0); while :; do echo "$line"; done',
    "stops half way": "echo 'apiVersion: v1'; echo 'kind: Con'; kill -KILL $$",
    "leaves a child": "(trap '' HUP TERM INT; exec sleep 600) & exit 1",
    "vanishes after its version": "exit 127",
}
COMBINATIONS = [(tool, behaviour) for behaviour in BEHAVIOURS for tool in VERSIONS]
STRIDE = {"whole": 1, "": 19}.get(os.environ.get(VARIABLE, ""), 3)
CHOSEN = COMBINATIONS[::STRIDE]
CODES = (0, 1, 3)


@pytest.fixture
def finished(program: Program, started: Path, surroundings: dict[str, str], tmp_path: Path) -> Path:
    """The demo repository with the story finished."""
    folder = copy_repository(started, tmp_path / "gitops")
    assert program.run(Wanted(walk(folder), surroundings)).code == 0
    return folder


def install(folder: Path, tool: str, behaviour: str) -> None:
    """A tool that knows its version and nothing good besides."""
    remove = 'rm -f -- "$0"' if behaviour.startswith("vanishes") else ":"
    file = folder / tool
    file.write_text(
        f"#!/bin/sh\ncase \"$*\" in *version*) echo '{VERSIONS[tool]}'; {remove}; exit 0;; esac\n"
        f"{BEHAVIOURS[behaviour]}\n"
    )
    file.chmod(0o755)


@pytest.mark.parametrize(("tool", "behaviour"), CHOSEN)
def test_a_tool_that_misbehaves_makes_nothing_green(
    tool: str,
    behaviour: str,
    program: Program,
    finished: Path,
    surroundings: dict[str, str],
    tmp_path: Path,
    reached: Reached,
) -> None:
    folder = tmp_path / "tools"
    folder.mkdir()
    install(folder, tool, behaviour)
    env = surroundings | {"PATH": f"{folder}:{surroundings['PATH']}:/usr/bin:/bin"}
    check = ("--check", "-C", finished)
    print_of = fingerprint(finished)
    ran = program.run(Wanted(check, env))
    told = f"{ran.code}\n{ran.out}\n{ran.err}"
    assert ran.code in CODES, told
    assert "Traceback" not in ran.err, told
    assert "\x1b" not in ran.out + ran.err
    assert fingerprint(finished) == print_of

    replace(finished, ISSUERS, "letsencrypt-production", "letsencrypt-prod")
    install(folder, tool, behaviour)
    broken = program.run(Wanted(check, env))
    assert broken.code in (1, 3), broken.out + broken.err
    assert "Traceback" not in broken.err, broken.err
    if (tool, behaviour) == CHOSEN[-1]:
        what = "tools that crash, lie, vanish, or never stop, on a sound and a broken repository"
        reached(
            "tools", what, len(CHOSEN), len(COMBINATIONS), "no false green, nothing left running"
        )
