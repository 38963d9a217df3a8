"""`--help` and `--version` against what any program with a command line library pays."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from benchmarks.measure import Contender, command, measure
from benchmarks.result import Row, absent
from benchmarks.story import PROGRAM

BUDGET = 2.5
OPTIONS = ("--help", "--version")


def run(env: dict[str, str], rounds: int) -> list[Row]:
    """Two rows."""
    here = Path.cwd()
    if find_spec("click") is None:
        return [
            absent(f"storyrunner {option}", BUDGET, "click is not installed") for option in OPTIONS
        ]
    click = Contender(
        "import click", command([sys.executable, "-c", "import click"], cwd=here, env=env)
    )
    ours = {
        option: Contender(option, command([*PROGRAM, option], cwd=here, env=env))
        for option in OPTIONS
    }
    measure([click, *ours.values()], max(rounds * 3, 9))
    return [
        Row(
            f"storyrunner {option}",
            one.wall / click.wall,
            BUDGET,
            detail=f"{one.wall * 1000:.0f} ms against {click.wall * 1000:.0f} ms of `import click`",
            figures={"ours": one.wall, "click": click.wall},
        )
        for option, one in ours.items()
    ]
