"""Mutated inputs, a million of them stories: no crash, bounded in memory and in time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.conftest import Reached
from tests.faults.effort import Effort
from tests.faults.targets import TARGETS

GOAL = 1_825_000
CORE = 1_000
MOST_MEGABYTES = 400
WORKERS = 2


@pytest.mark.parametrize("name", TARGETS)
def test_no_input_breaks_a_promise(
    name: str, checkout: Path, effort: Effort, reached: Reached
) -> None:
    share = TARGETS[name].share / sum(target.share for target in TARGETS.values())
    goal = int(GOAL * share)
    count, seconds = goal, effort.seconds * share
    if effort.is_whole:
        seconds = 1e9
    elif not effort.seconds:
        count, seconds = CORE, 1e9

    def work(number: int) -> dict[str, object]:
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "tests.faults.fuzz", name),
                *(str(number * 10**9), str(count // WORKERS), str(seconds)),
            ],
            cwd=checkout,
            env=os.environ | {"PYTHONPATH": str(checkout)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        found: dict[str, object] = json.loads(ran.stdout)
        return found

    with ThreadPoolExecutor(WORKERS) as pool:
        found = list(pool.map(work, range(WORKERS)))
    faults = [fault for one in found for fault in one["faults"]]  # type: ignore[attr-defined]
    assert faults == []
    tried = sum(int(str(one["tried"])) for one in found)
    slowest = max(float(str(one["slowest"])) for one in found)
    megabytes = max(int(str(one["megabytes"])) for one in found)
    assert tried > 0
    assert megabytes < MOST_MEGABYTES
    told = f"no crash; slowest {slowest:.2f} s of CPU, at most {megabytes} MB"
    reached("fuzz", name, tried, goal, told)
