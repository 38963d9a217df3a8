"""What was measured: rows with a budget each, as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One budget. `value` and `budget` have the same `unit`; `x` is a ratio. `detail` tells from
    what; `note` what the reader has to know. Without a value it could not be measured."""

    name: str
    value: float | None
    budget: float
    unit: str = "x"
    detail: str = ""
    note: str = ""
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """PASS, over, or absent."""
        if self.value is None:
            return "absent"
        return "PASS" if self.value <= self.budget else "over"


def absent(name: str, budget: float, why: str) -> Row:
    """A budget that could not be measured here."""
    return Row(name, None, budget, note=why)


def table(rows: Sequence[Row]) -> str:
    """The rows for a terminal."""
    width = max((len(row.name) for row in rows), default=0)
    lines = []
    for row in rows:
        shown = "-" if row.value is None else f"{row.value:.2f} {row.unit}"
        budget = f"<= {row.budget:g} {row.unit}"
        lines.append(
            f"{row.verdict:<6} {row.name:<{width}}  {shown:>10}  {budget:<11} {row.detail}"
        )
        if row.note:
            lines.append(f"       {'':<{width}}  {row.note}")
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """The machine, and how busy it is with other things."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "processors": os.cpu_count(),
        "load": [round(value, 2) for value in os.getloadavg()],
    }


def as_json(rows: Sequence[Row], before: dict[str, Any], after: dict[str, Any]) -> str:
    """All of it, for a machine to compare."""
    found = [asdict(row) | {"verdict": row.verdict} for row in rows]
    return json.dumps({"before": before, "after": after, "rows": found}, indent=2) + "\n"
