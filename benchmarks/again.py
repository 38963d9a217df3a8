"""A second `--check` against the first: what it saves to use the proofs that still hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Contender, command, measure
from benchmarks.result import Row, absent
from benchmarks.story import PROGRAM, finished_demo
from benchmarks.tools import missing

WITH_TOOLS, EMBEDDED = 0.7, 0.9
"""Embedded, a check is little more than the start of the program, which both pay."""


def run(env: dict[str, str], rounds: int, work: Path) -> list[Row]:
    """A row for each engine."""
    rows = []
    tree: Path | None = None
    for engine, budget in (("auto", WITH_TOOLS), ("embedded", EMBEDDED)):
        title = f"second --check --engine {engine}, demo"
        tools = ("git",) if engine == "embedded" else ("flux", "kustomize", "kubectl", "yq", "git")
        if gone := missing(env, *tools):
            rows.append(absent(title, budget, gone))
            continue
        tree = tree or finished_demo(work, env)
        argv = [*PROGRAM, "--check", "-C", str(tree), "--engine", engine, "--format", "json"]
        first = _contender([*argv, "--fresh"], tree, env, reused=False)
        second = _contender(argv, tree, env, reused=True)
        measure([first, second], rounds)
        rows.append(_row(title, budget, first, second))
    return rows


def _contender(argv: list[str], tree: Path, env: dict[str, str], *, reused: bool) -> Contender:
    return Contender("check", command(argv, cwd=tree, env=env, check=_reuses(reused)))


def _row(title: str, budget: float, first: Contender, second: Contender) -> Row:
    return Row(
        title,
        second.wall / first.wall,
        budget,
        detail=f"{second.wall:.2f} s against {first.wall:.2f} s of the first",
        note=f"processor time: {second.cpu:.2f} s against {first.cpu:.2f} s",
        figures={"first": first.wall, "second": second.wall},
    )


def _reuses(wanted: bool) -> Callable[[str], None]:
    """It counts only when all is proven, and by the proofs that are meant."""

    def check(said: str) -> None:
        report = json.loads(said)
        if report["exit_code"] != 0 or (report["reused"] > 0) != wanted:
            raise RuntimeError(f"exit code {report['exit_code']}, {report['reused']} proofs reused")

    return check
