"""The progress tracker beside the stories (`STORY-PROGRESS.md`): who it calls finished.

Its form is nobody's contract, so lines are read by what they name: a list item, a table row or a
heading with a story's id or number, and the nearest words of state. A line without such words
says nothing about a state, and nothing is made of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from storyrunner.errors import Place
from storyrunner.model.finding import Finding, warning
from storyrunner.stories.fences import scan_fences
from storyrunner.stories.lines import Lines
from storyrunner.stories.portfolio_numbers import Numbering, folded
from storyrunner.stories.titles import fold_dashes
from storyrunner.stories.tokens import Kind, Token, read_tokens

TRACKER_NAME = "STORY-PROGRESS.md"

_ID = re.compile(r"\bSTORY-[A-Z0-9]+(?:-[A-Z0-9]+)*\b")
_SHORT = re.compile(r"(?<![\w-])[A-Z][A-Z0-9]+(?:-[A-Z0-9]+)+(?![\w-])")
_NUMBER = re.compile(r"\bstory[ \t]+#?(\d{1,3})\b", re.IGNORECASE)
_SIGNS = r"[\s|*_`#✅☑⏳🔄🚧❌⬜-]*"
_LEADING = re.compile(rf"{_SIGNS}(?:\[[ xX]\])?{_SIGNS}(\d{{1,3}})\b(?!\s*[/%-])")
_OPEN = re.compile(
    r"\bnot (?:yet )?(?:started|complete|done)\b|\bincomplete\b|\bin[ -]progress\b|\bpending\b"
    r"|\bto[ -]?do\b|\bdraft\b|\bblocked\b|\bdeferred\b|⏳|🔄|🚧|❌|⬜|\[ \]",
    re.IGNORECASE,
)
_FINISHED = re.compile(r"\bcompleted?\b|\bdone\b|\bfinished\b|✅|☑|\[x\]", re.IGNORECASE)
_STATE_LINE = re.compile(r"\W*(?:status|state)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TrackerEntry:
    """A story that the tracker names. `finished` is None where it says nothing of a state."""

    id: str
    number: int
    finished: bool | None
    place: Place


def read_tracker(text: str, path: str) -> tuple[TrackerEntry, ...]:
    """The tracker's entries in order. Never raises for any text."""
    lines = Lines(text, path)
    entries: list[TrackerEntry] = []
    above: bool | None = None
    for token in read_tokens(lines, scan_fences(lines)):
        raw = lines.stripped[token.line]
        named = _named(token, raw)
        if named is not None:
            state = _state(raw)
            entries.append(
                TrackerEntry(*named, above if state is None else state, _place(lines, token))
            )
        elif token.kind is Kind.HEADING:
            above = _state(raw)
        elif entries and _STATE_LINE.match(fold_dashes(raw.lstrip("-* "))):
            last = entries[-1]
            state = _state(raw)
            if state is not None:
                entries[-1] = TrackerEntry(last.id, last.number, state, last.place)
    return tuple(entries)


def entries_of(entries: Iterable[TrackerEntry], id_: str, number: int) -> list[TrackerEntry]:
    """The entries of a story: by name, or by number where an entry has no name."""
    wanted = folded(id_)
    return [
        entry
        for entry in entries
        if (folded(entry.id) == wanted if entry.id else entry.number == number and number > 0)
    ]


def lint_entries(entries: Sequence[TrackerEntry], known: Numbering) -> Iterator[Finding]:
    """Entries of stories that are not here, of another's number, and of one number twice."""
    first: dict[int, TrackerEntry] = {}
    for entry in entries:
        number = known.number_of(entry.id) if entry.id else entry.number
        if entry.id and not number:
            yield warning(
                "tracker-story-unknown",
                f"the tracker names {entry.id}, which is no story here",
                entry.place,
                hint=_meant(known, entry.id),
            )
        elif entry.id and entry.number and entry.number != number:
            yield warning(
                "tracker-number-name",
                f"the tracker calls {entry.id} story {entry.number:02d}; it is {number:02d}",
                entry.place,
            )
        if not entry.number:
            continue
        before = first.setdefault(entry.number, entry)
        if before is not entry and before.id and entry.id and folded(before.id) != folded(entry.id):
            yield warning(
                "tracker-number-twice",
                f"the tracker gives the number {entry.number:02d} to {before.id} and {entry.id}",
                entry.place,
                hint=f"the first is on line {before.place.line}",
            )


def _meant(known: Numbering, id_: str) -> str:
    meant = known.meant_by(id_)
    return f"did you mean {meant}?" if meant else ""


def _place(lines: Lines, token: Token) -> Place:
    return Place(lines.path, token.line + 1)


def _named(token: Token, raw: str) -> tuple[str, int] | None:
    """The id and number a line names, when it names exactly one story."""
    if token.kind not in (Kind.ITEM, Kind.ROW, Kind.HEADING):
        return None
    text = fold_dashes(raw)
    ids = list(dict.fromkeys(_ID.findall(text)))
    if not ids:
        # `IN-PROGRESS` is no name of a story.
        bare = _FINISHED.sub(" ", _OPEN.sub(" ", text))
        ids = [f"STORY-{name}" for name in dict.fromkeys(_SHORT.findall(bare))]
    numbers = list(dict.fromkeys(int(number) for number in _NUMBER.findall(text)))
    leading = _LEADING.match(text)
    if not numbers and leading is not None and ids:
        numbers = [int(leading[1])]
    if len(ids) > 1 or len(numbers) > 1 or not (ids or numbers):
        return None
    return (ids[0] if ids else "", numbers[0] if numbers else 0)


def _state(text: str) -> bool | None:
    text = _ID.sub(" ", fold_dashes(text))
    if _OPEN.search(text):
        return False
    return True if _FINISHED.search(text) else None
