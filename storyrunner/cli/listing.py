"""`storyrunner list`: all stories with what they claim, and which can be done next."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from storyrunner.cli.checking import Outcome, check_each
from storyrunner.cli.output import say
from storyrunner.cli.recorded import stand_each
from storyrunner.engine.finding_stories import all_stories, runbooks_by_story
from storyrunner.engine.opening import Options
from storyrunner.engine.standing import Standing
from storyrunner.errors import StoryError
from storyrunner.model.frozen import dataclass
from storyrunner.model.plain import plain
from storyrunner.model.status import Status, settle_exit_code
from storyrunner.stories.library import find_stories
from storyrunner.stories.lint_reading import read_stories
from storyrunner.stories.portfolio import Portfolio, StoryRow, portfolio

SCHEMA = "storyrunner/list/v1"
WIDTH = 100
_GAP = 2
_MOST_READY = 3
_SHRINK = (("STATUS", 10), ("LANE", 6), ("STORY", 16), ("STATUS", 4), ("STORY", 8))
"""Columns that give way when the table is too wide, in this order, and their least widths."""

_RIGHT = frozenset({"NO", "SP", "BOXES", "LEFT", "AC", "PROVEN"})
_SHORT = "STORY-"


def list_stories(
    root: Path, form: str, write: Callable[[str], None], *, check: bool, ascii_only: bool
) -> int:
    """Print the portfolio. With `check` every story is checked first; without, what was proven
    before is shown as it stands now.

    Returns 0, whatever the checks say: a list judges nothing. 2 or 3 when a story could not be
    read or checked at all.
    """
    bad: list[StoryError] = []

    def leave_out(problem: StoryError) -> None:
        bad.append(problem)
        say(f"storyrunner: a story is left out: {problem}")

    refs = find_stories(root, unreadable=leave_out)
    stories = read_stories(root, refs, leave_out)
    found = portfolio(refs, stories, runbooks_by_story(root))
    outcomes: list[Outcome] = []
    if check:
        outcomes = list(check_each(Options(root), all_stories(root)))
        checked = {outcome.story.reference: Proven.of(outcome) for outcome in outcomes}
    else:
        standings = stand_each(root, all_stories(root))
        checked = {story.reference: Proven.standing(one) for story, one in standings}
    if form == "json":
        write(json.dumps(_document(found, checked, bad), indent=2, ensure_ascii=False))
    else:
        for line in _lines(found, checked, "~" if ascii_only else "…"):
            write(line)
    codes = {outcome.problem.exit_code for outcome in outcomes if outcome.problem is not None}
    return settle_exit_code(codes | ({2} if bad else set()))


def _document(
    found: Portfolio, checked: Mapping[str, Proven], bad: Sequence[StoryError]
) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "stories": [{**plain(row), "proven": _proven(checked.get(row.path))} for row in found.rows],
        "next": found.next or None,
        "ready": list(found.ready),
        "cycles": [list(cycle) for cycle in found.cycles],
        "unreadable": [str(problem) for problem in bad],
    }


@dataclass(frozen=True, slots=True)
class Proven:
    """What is proven of a story: by a check just now, or as its record stands. `exit_code` is the
    check's; `error` why there is none."""

    proven: int = 0
    criteria: int = 0
    stale: int = 0
    exit_code: int | None = None
    error: str = ""

    @classmethod
    def of(cls, outcome: Outcome) -> Proven:
        """By a check."""
        report = outcome.report
        if report is None:
            return cls(exit_code=outcome.exit_code, error=str(outcome.problem))
        stale = sum(item.status is Status.STALE for item in report.criteria)
        return cls(report.proven, len(report.criteria), stale, outcome.exit_code)

    @classmethod
    def standing(cls, standing: Standing) -> Proven:
        """By its record."""
        return cls(standing.proven, len(standing.criteria), standing.stale_criteria)

    @property
    def told(self) -> str:
        """One cell."""
        if self.error:
            return "error"
        stale = f", {self.stale} stale" if self.stale else ""
        return f"{self.proven}/{self.criteria}{stale}"


def _proven(found: Proven | None) -> dict[str, object] | None:
    """What is proven of the story; None when nobody checked it."""
    if found is None:
        return None
    if found.error:
        return {"error": found.error, "exit_code": found.exit_code}
    return {
        "proven": found.proven,
        "criteria": found.criteria,
        "stale": found.stale,
        "exit_code": found.exit_code,
    }


def _lines(found: Portfolio, checked: Mapping[str, Proven], more: str) -> Iterator[str]:
    if not found.rows:
        yield "no stories: they are looked for in docs/stories and stories"
        return
    rows = [_cells(row, checked.get(row.path)) for row in found.rows]
    if not checked:
        for cells in rows:
            del cells["PROVEN"]
    widths = _widths(rows)
    yield _line({name: name for name in rows[0]}, widths, more)
    for cells in rows:
        yield _line(cells, widths, more)
    yield ""
    finished = sum(row.finished for row in found.rows)
    ticked, boxes = sum(row.ticked for row in found.rows), sum(row.boxes for row in found.rows)
    yield (
        f"{len(found.rows)} stories, {finished} claim to be finished, "
        f"{ticked} of {boxes} boxes ticked"
    )
    for line in _below(found):
        yield from _wrapped(line)


def _below(found: Portfolio) -> Iterator[str]:
    """What can be done next, and what stands in the way of the others."""
    by_id = {row.id: row for row in found.rows}
    for count, id_ in enumerate(found.ready[:_MOST_READY]):
        row = by_id[id_]
        how = f"runbook {row.runbook}" if row.runbook else "no runbook"
        needs = f"; not here: {', '.join(row.unknown)}" if row.unknown else ""
        yield f"{'next' if not count else 'then'}     {row.number:02d} {id_} ({how}{needs})"
    if not found.ready:
        waiting = any(not row.finished for row in found.rows)
        yield f"next     none: {'each waits for another one' if waiting else 'all are finished'}"
    for row in found.rows:
        if row.waits_for:
            yield f"waits    {row.number:02d} {row.id} for {', '.join(row.waits_for)}"
    for row in found.rows:
        if row.forward:
            yield f"forward  {row.number:02d} {row.id} needs what comes later: " + ", ".join(
                row.forward
            )
    for cycle in found.cycles:
        yield f"cycle    {', '.join(cycle)} need each other first"


def _cells(row: StoryRow, proven: Proven | None) -> dict[str, str]:
    return {
        "NO": f"{row.number:02d}",
        "STORY": row.id.removeprefix(_SHORT),
        "LANE": row.lane,
        "SP": row.sprint,
        "STATE": row.state,
        "STATUS": row.status.replace("**", ""),
        "BOXES": f"{row.ticked}/{row.boxes}",
        "LEFT": str(row.deferred),
        "AC": str(row.criteria),
        "RUN": "yes" if row.runbook else "",
        "PROVEN": proven.told if proven else "",
    }


def _widths(rows: Sequence[Mapping[str, str]]) -> dict[str, int]:
    """The width of each column: as wide as its widest cell while all fit into `WIDTH`."""
    widths = {name: max(_width(name), *(_width(row[name]) for row in rows)) for name in rows[0]}
    for name, least in _SHRINK:
        over = sum(widths.values()) + _GAP * (len(widths) - 1) - WIDTH
        if over > 0:
            widths[name] = max(min(widths[name], least), widths[name] - over)
    return widths


def _line(cells: Mapping[str, str], widths: Mapping[str, int], more: str) -> str:
    return (
        (" " * _GAP).join(_cell(name, cells[name], widths[name], more) for name in cells).rstrip()
    )


def _cell(name: str, text: str, width: int, more: str) -> str:
    if _width(text) > width:
        while text and _width(text) > width - 1:
            text = text[:-1]
        text = f"{text}{more}"
    space = " " * (width - _width(text))
    return f"{space}{text}" if name in _RIGHT else f"{text}{space}"


def _width(text: str) -> int:
    """How many columns a terminal needs for a text."""
    return sum(
        0 if unicodedata.combining(char) or char == "\ufe0f" else 1 + _is_wide(char)
        for char in text
    )


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WF"


def _wrapped(line: str) -> Iterator[str]:
    """A line within `WIDTH`, what goes on indented."""
    words = line.split(" ")
    current = words[0]
    for word in words[1:]:
        if _width(current) + 1 + _width(word) > WIDTH and current.strip():
            yield current
            current = f"{' ' * 9}{word}"
        else:
            current = f"{current} {word}"
    yield current
