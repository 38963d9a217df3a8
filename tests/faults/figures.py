"""The table of what the fault suites reached: printed at the end of a run, and kept in the docs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = "docs/reference/faults.md"
HEAD = ("suite", "what", "reached", "goal", "found")
_ROW = re.compile(r"^\| (?!suite|---)(?P<cells>.+) \|$", re.MULTILINE)
_BLOCK = re.compile(r"(?<=<!-- figures -->\n).*?(?=<!-- end of figures -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Figure:
    """One row: `reached` of `goal` rounds of `what`; `found` tells what came out, in words."""

    suite: str
    what: str
    reached: int
    goal: int
    found: str

    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        return (self.suite, self.what, f"{self.reached:,}", f"{self.goal:,}", self.found)


def table(figures: list[Figure]) -> list[str]:
    """Aligned lines for a terminal."""
    rows = [HEAD, *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD) - 1)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column in (2, 3) else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        lines.append("  ".join((*cells, row[-1])))
    return lines


def keep(page: Path, figures: list[Figure]) -> None:
    """Put the rows into the page's table; those of other runs stay."""
    text = page.read_text("utf-8")
    block = _BLOCK.search(text)
    assert block is not None, f"{page} has no place for figures"
    rows = {}
    for row in _ROW.finditer(block.group()):
        cells = tuple(row["cells"].split(" | "))
        rows[cells[:2]] = cells
    for figure in figures:
        rows[(figure.suite, figure.what)] = figure.cells()
    lines = [HEAD, ("---", "---", "---:", "---:", "---"), *sorted(rows.values())]
    made = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    page.write_text(text[: block.start()] + made + text[block.end() :], "utf-8")
