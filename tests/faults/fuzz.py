"""One worker of the fuzzer: `python -m tests.faults.fuzz TARGET FIRST COUNT SECONDS`.

It tells how many inputs it tried, the most CPU seconds one took, the most memory, and the first
inputs that broke a promise, each with what was raised. An input that takes too long is cut off.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from types import FrameType
from typing import NoReturn

from storyrunner.errors import StoryrunnerError
from tests.faults.mutation import Mutator
from tests.faults.targets import TARGETS, Target

MOST_CPU = 1.0
CUT_OFF = 3.0
MOST_MEMORY = 2 << 30
BLOCK = 250
"""Inputs for each start of the random numbers, so that any of them is found again quickly."""


class TooLongError(BaseException):
    """An input is over its time."""


def _cut_off(_number: int, _frame: FrameType | None) -> NoReturn:
    raise TooLongError


def broken(target: Target, text: str) -> tuple[str, float]:
    """What is wrong with the answer to `text` (empty: nothing), and the CPU seconds it took."""
    signal.setitimer(signal.ITIMER_VIRTUAL, CUT_OFF)
    began = time.thread_time()
    wrong = ""
    try:
        target.check(text)
    except StoryrunnerError:
        pass
    except TooLongError:
        wrong = f"cut off after {CUT_OFF} s"
    except BaseException as error:  # noqa: BLE001 - this is what is looked for
        last = traceback.extract_tb(error.__traceback__)[-1]
        wrong = f"{type(error).__name__}: {error} in {last.name}, {last.filename}:{last.lineno}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    seconds = time.thread_time() - began
    if not wrong and seconds > MOST_CPU:
        wrong = f"took {seconds:.2f} s of CPU"
    return wrong, seconds


def work(name: str, first: int, count: int, seconds: float) -> dict[str, object]:
    """Try `count` inputs, the blocks from number `first` on, for `seconds` at most."""
    target = TARGETS[name]
    signal.signal(signal.SIGVTALRM, _cut_off)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    tried, slowest, faults = 0, 0.0, list[tuple[str, str]]()
    end = time.monotonic() + seconds
    while tried < count and time.monotonic() < end and len(faults) < 5:
        mutator = Mutator(target.seeds, target.words, first + tried // BLOCK)
        for _ in range(BLOCK):
            text = mutator.next()
            wrong, took = broken(target, text)
            slowest = max(slowest, took)
            tried += 1
            if wrong:
                faults.append((wrong, text))
    return {"tried": tried, "slowest": slowest, "megabytes": _peak(), "faults": faults}


def _peak() -> int:
    """Most megabytes of memory that this process used. `getrusage` counts what its parent had when
    it forked, so it only answers where there is no `/proc`."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) // 1024


if __name__ == "__main__":
    found = work(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
    print(json.dumps(found))
