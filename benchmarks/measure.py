"""Timing of commands: rounds in which every contender runs once, so that load hits all alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took: seconds on the clock, seconds of all its processors."""

    wall: float
    cpu: float


@dataclass(slots=True)
class Contender:
    """One thing that is measured. `run` does it once and says what it cost."""

    name: str
    run: Callable[[], Cost]
    costs: list[Cost] = field(default_factory=list)

    @property
    def wall(self) -> float:
        """Median seconds on the clock."""
        return statistics.median(cost.wall for cost in self.costs)

    @property
    def cpu(self) -> float:
        """Median seconds of processor time, children included."""
        return statistics.median(cost.cpu for cost in self.costs)


def measure(contenders: Sequence[Contender], rounds: int, *, warm: bool = True) -> None:
    """Run all of them `rounds` times, in turn; a first turn that does not count fills caches."""
    for one in contenders if warm else ():
        one.run()
    for _ in range(rounds):
        for one in contenders:
            one.costs.append(one.run())


def command(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    expected: int = 0,
    check: Callable[[str], None] | None = None,
) -> Callable[[], Cost]:
    """A command as a contender. A wrong exit code, or what `check` says of the output, ends it."""

    def run() -> Cost:
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            began = time.perf_counter()
            child = subprocess.Popen(
                argv, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
            _, status, usage = os.wait4(child.pid, 0)
            wall = time.perf_counter() - began
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            said = out.read().decode("utf-8", "replace")
            if child.returncode != expected:
                complaint = err.read().decode("utf-8", "replace") or said
                raise RuntimeError(f"{argv[0]} ended with {child.returncode}: {complaint[-2000:]}")
            if check is not None:
                check(said)
            return Cost(wall, usage.ru_utime + usage.ru_stime)

    return run
