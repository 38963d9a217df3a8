"""How much a suite does: a quick core in the tests, a minute in the gate, everything on request.

`STORYRUNNER_FAULTS` unset: the core. A number: that many seconds for each suite, or its goal if
that comes first. `whole`: the goal, however long it takes. A slow machine reaches a smaller count,
which is printed, and never fails for being slow.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

VARIABLE = "STORYRUNNER_FAULTS"


class Effort:
    """Counts rounds for one suite."""

    def __init__(self, wanted: str | None = None) -> None:
        self.wanted = os.environ.get(VARIABLE, "") if wanted is None else wanted
        self.is_whole = self.wanted == "whole"
        self.seconds = 0.0 if self.is_whole or not self.wanted else float(self.wanted)

    def rounds(self, *, core: int, goal: int, part: float = 1.0) -> Iterator[int]:
        """0, 1, 2 … up to `core`, or to `goal` within `part` of the time this suite has."""
        end = time.monotonic() + self.seconds * part
        for number in range(goal):
            if number >= core and not self.is_whole and time.monotonic() >= end:
                return
            yield number
