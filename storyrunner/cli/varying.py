"""`storyrunner vars`: every variable in every cluster, as a table with details, or as JSON."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from storyrunner.cli.output import say
from storyrunner.cli.traced import describe, trace
from storyrunner.gitops.query import show_field
from storyrunner.gitops.variables import Cell, CellState, Row, Use, VariableMatrix, matrix
from storyrunner.model.plain import plain

SCHEMA = "storyrunner/vars/v1"
WIDTH = 100
_NARROWEST = 12
_GAP = 2
Write = Callable[[str], None]


def show_variables(root: Path, arguments: Namespace, write: Write) -> int:
    """Print the matrix; 1 when something is undefined or could not be built, else 0.

    Raises UsageError when there is no cluster, ManifestError for files that cannot be read.
    """
    found = matrix(root, trace(root, arguments.clusters))
    if arguments.format == "json":
        write(json.dumps(to_plain(found), indent=2, ensure_ascii=False))
    else:
        for line in to_lines(found):
            write(line)
    for cluster, failure in found.failures:
        say(f"storyrunner: not rendered in {cluster}: {describe(failure)}")
    return 0 if found.ok else 1


def to_plain(found: VariableMatrix) -> dict[str, Any]:
    """The matrix as JSON data; values of secret-like variables are masked here too."""
    return {
        "schema": SCHEMA,
        "ok": found.ok,
        "clusters": list(found.clusters),
        "variables": [
            {
                "name": row.name,
                "states": list(row.states),
                "differs": row.differs,
                "clusters": {cell.cluster: _plain_cell(cell) for cell in row.cells},
            }
            for row in found.rows
        ],
        "findings": plain(found.findings),
        "failures": [
            {"cluster": cluster, "message": failure.message, "place": plain(failure.place)}
            for cluster, failure in found.failures
        ],
    }


def to_lines(found: VariableMatrix) -> Iterator[str]:
    """The table, at most WIDTH columns wide, and below it where everything stands."""
    if not found.rows:
        yield "no variables: nothing is substituted"
    for block in _blocks(found):
        yield from _table(found, block)
        yield ""
    for row in found.rows:
        yield from _details(row)
    for finding in found.findings:
        yield finding.line_text
        if finding.hint:
            yield f"  hint: {finding.hint}"
    yield _summary(found)


def _plain_cell(cell: Cell) -> dict[str, Any]:
    return {
        "state": cell.state.value,
        "value": cell.shown if cell.definitions else None,
        "definitions": plain(cell.definitions),
        "uses": [
            {
                "object": use.object,
                "field": f".{show_field(use.field)}",
                "owner": use.owner,
                "place": plain(use.place),
                "expression": use.expression,
                "state": use.state.value,
            }
            for use in cell.uses
        ],
    }


def _blocks(found: VariableMatrix) -> list[range]:
    """Clusters side by side, as many as fit."""
    room = WIDTH - _name_width(found) - _note_width(found) - _GAP
    fits = max(1, room // (_NARROWEST + _GAP))
    count = len(found.clusters) if found.rows else 0
    return [range(at, min(at + fits, count)) for at in range(0, count, fits)]


def _table(found: VariableMatrix, block: range) -> Iterator[str]:
    names, notes = _name_width(found), _note_width(found)
    room = (WIDTH - names - notes - _GAP) // len(block) - _GAP
    widths = []
    for at in block:
        texts = [found.clusters[at], *(row.cells[at].shown for row in found.rows)]
        widths.append(min(room, max(len(text) for text in texts)))
    head = [found.clusters[at] for at in block]
    yield _line(["VARIABLE", *head, ""], [names, *widths, notes])
    for row in found.rows:
        cells = [_cell_text(row.cells[at]) for at in block]
        yield _line([row.name, *cells, " ".join(row.states)], [names, *widths, notes])


def _cell_text(cell: Cell) -> str:
    return "UNDEFINED" if cell.state is CellState.UNDEFINED else cell.shown.replace("\n", " ")


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    cells = [_cut(text, width).ljust(width) for text, width in zip(texts, widths, strict=True)]
    return (" " * _GAP).join(cells).rstrip()


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _name_width(found: VariableMatrix) -> int:
    return min(40, max(len(name) for name in ("VARIABLE", *(row.name for row in found.rows))))


def _note_width(found: VariableMatrix) -> int:
    return min(26, max((len(" ".join(row.states)) for row in found.rows), default=0))


def _details(row: Row) -> Iterator[str]:
    yield row.name
    for cell in row.cells:
        for one in cell.definitions:
            inline = one.source == "inline"
            only = f" for {', '.join(one.owners)}" if inline and one.owners else ""
            yield f"  {cell.cluster} = {one.shown or '(empty)'}{only}"
            yield f"    {one.place}  ({one.source})"
    used = _grouped(row.cells)
    for (place, text), clusters in used.items():
        where = "" if len(clusters) == len(row.cells) else f"  ({', '.join(clusters)} only)"
        yield f"  used in {place}  {text}{where}"
    if not used:
        yield "  used nowhere"


def _grouped(cells: Iterable[Cell]) -> dict[tuple[str, str], list[str]]:
    """Uses that are the same in several clusters, once."""
    found: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        for use in cell.uses:
            clusters = found.setdefault((str(use.place or "(generated)"), _use_text(use)), [])
            if cell.cluster not in clusters:
                clusters.append(cell.cluster)
    return found


def _use_text(use: Use) -> str:
    state = "" if use.state.value == "value" else f"  {use.state.value}"
    plain_form = len(use.expression) <= 40 and ":" in use.expression
    return f"{use.object}{f'  {use.expression}' if plain_form else ''}{state}"


def _summary(found: VariableMatrix) -> str:
    parts = [f"{len(found.rows)} variables in {len(found.clusters)} clusters"]
    for state in (CellState.UNDEFINED, CellState.UNUSED, CellState.DEFAULT):
        count = sum(1 for row in found.rows if state.value in row.states)
        if count:
            parts.append(f"{count} {state.value}")
    if found.failures:
        parts.append(f"{len(found.failures)} builds did not work")
    return ", ".join(parts)
