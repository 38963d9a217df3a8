"""Acceptance criteria of this story, in eight schemes (story-format.md §1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from storyrunner.model.finding import Finding, warning
from storyrunner.model.frozen import dataclass
from storyrunner.model.story import SectionKind, StoryCriterion
from storyrunner.stories.lines import Lines
from storyrunner.stories.mapping import numbers_of_tasks
from storyrunner.stories.tokens import Kind, Token
from storyrunner.stories.walk import Context, Walk

_DASH = "-\u2010\u2011\u2012\u2013\u2014"
# A range (`AC1–AC3`) is a group of criteria and none itself.
_END = rf"(?!\d)(?![ ]?[{_DASH}][ ]?(?:AC[{_DASH} ]?)?\d)"
_HEADING = re.compile(rf"(?:\*\*)?AC([{_DASH}]| )?(\d{{1,3}}){_END}(?:\*\*)?[ \t]*([:{_DASH}]|$)?")
_BOLD = re.compile(rf"\*\*AC[{_DASH} ]?(\d{{1,3}}){_END}([^*]*)\*\*")
_ITEM = re.compile(rf"(?:\*\*)?AC[{_DASH} ]?(\d{{1,3}})(?!\d)")
_ASIDE = re.compile(r"↔|checklist|\bmap\b|mapping|traceability", re.IGNORECASE)
_TITLE_CUT = re.compile(r"^[\s:—–‑-]+")


# Below all headings, so that any of them ends it.
_LABEL_LEVEL = 9


@dataclass(slots=True)
class _Found:
    token: Token
    number: int
    title: str


def read_criteria(
    lines: Lines, found: Walk, tasks: AbstractSet[str]
) -> tuple[tuple[StoryCriterion, ...], str, list[Finding]]:
    """The criteria, the name of their scheme, and what is odd about them. `tasks` are all ids."""
    places = list(_places(found))
    readings = [reader(places) for reader in (_by_heading, _by_bold, _by_number, _by_item)]
    # One row of a scheme may be a remark in a story of another scheme.
    several = [reading for reading in readings if len(reading[0]) > 1]
    some = several or [reading for reading in readings if reading[0]]
    if not some:
        return (), "", []
    rows, scheme = some[0]
    criteria, findings = _build(lines, found, rows, places, tasks)
    return criteria, scheme, findings


def _places(found: Walk) -> Iterator[tuple[Token, Context]]:
    """Tokens of the criteria sections that are of this story and no checklist beside them."""
    aside_level = 0
    for token, context in zip(found.tokens, found.contexts, strict=True):
        if context.kind is not SectionKind.CRITERIA:
            aside_level = 0
            continue
        if token.kind is Kind.HEADING:
            if token.level <= aside_level:
                aside_level = 0
            if not aside_level and token.level > 2 and _ASIDE.search(token.text):
                aside_level = token.level
        elif token.kind is Kind.LABEL and token.line == context.label_line:
            if aside_level == _LABEL_LEVEL:
                aside_level = 0
            if not aside_level and _ASIDE.search(context.label):
                aside_level = _LABEL_LEVEL
        if not aside_level and not context.deferred:
            yield token, context


def _by_heading(places: list[tuple[Token, Context]]) -> tuple[list[_Found], str]:
    rows, scheme = [], ""
    for token, _ in places:
        if token.kind is Kind.HEADING and token.level >= 3:
            match = _HEADING.match(token.text)
            if match is not None:
                rows.append(_Found(token, int(match[2]), _cut(token.text[match.end() :])))
                scheme = scheme or _heading_scheme(match)
    return rows, scheme


def _heading_scheme(match: re.Match[str]) -> str:
    dash = "-" if match[1] and match[1] != " " else ""
    end = "—" if match[3] and match[3] != ":" else ":"
    return f'heading "### AC{dash}1{end}"'


def _by_bold(places: list[tuple[Token, Context]]) -> tuple[list[_Found], str]:
    rows = []
    for token, _ in places:
        if token.kind is Kind.LABEL and (match := _BOLD.match(token.text)):
            title = _cut(match[2]) or _cut(token.text[match.end() :])
            rows.append(_Found(token, int(match[1]), title))
    return rows, 'bold "**AC1**"'


def _by_number(places: list[tuple[Token, Context]]) -> tuple[list[_Found], str]:
    """Where some items have ids, the numbers of the others are of other lists."""
    items = [
        (token, _ITEM.match(token.text))
        for token, _ in places
        if token.kind is Kind.ITEM and not token.level and token.marker[0].isdigit()
    ]
    if any(named for _, named in items):
        items = [(token, named) for token, named in items if named]
    rows = [
        _Found(token, int(named[1] if named else token.marker[:-1]), _bold_title(token.text))
        for token, named in items
    ]
    scheme = _number_scheme(items[0][0], items[0][1] is not None) if items else ""
    return rows, scheme


def _number_scheme(token: Token, named: bool) -> str:
    end = token.marker[-1]
    if named:
        return f'ol "1{end} **AC1-Title**"'
    return f'ol "1{end} **Title:**"' if token.text.startswith("**") else f'ol "1{end} text"'


def _by_item(places: list[tuple[Token, Context]]) -> tuple[list[_Found], str]:
    rows = []
    for token, _ in places:
        if token.kind is Kind.ITEM and not token.level and (match := _ITEM.match(token.text)):
            rows.append(_Found(token, int(match[1]), _cut(token.text[match.end() :])))
    return rows, 'bullet "- AC1: "'


def _build(
    lines: Lines,
    found: Walk,
    rows: list[_Found],
    places: list[tuple[Token, Context]],
    tasks: AbstractSet[str],
) -> tuple[tuple[StoryCriterion, ...], list[Finding]]:
    findings: list[Finding] = []
    ends = _ends(found, rows, places)
    criteria: dict[int, StoryCriterion] = {}
    highest = max(row.number for row in rows)
    for row, end in zip(rows, ends, strict=True):
        number = row.number
        span = lines.span(row.token.line, end)
        if number in criteria:
            free = highest + 1
            message = f"criterion {number} is declared twice; the second is read as AC{free}"
            findings.append(warning("story-criterion-twice", message, span.place))
            number = highest = free
        mapped = numbers_of_tasks(row.token.text, tasks)
        criteria[number] = StoryCriterion(f"AC{number}", number, row.title, mapped, span)
    return tuple(criteria.values()), findings


def _ends(found: Walk, rows: list[_Found], places: list[tuple[Token, Context]]) -> list[int]:
    """The last line of each criterion: before the next one, or where its section or list ends."""
    starts = {row.token.line for row in rows}
    ends: dict[int, int] = {}
    current, last = -1, -1
    seen = {token.line for token, _ in places}
    for token in found.tokens:
        line = token.line
        if line in starts:
            if current >= 0:
                ends[current] = last
            current = line
            last = line
        elif current >= 0:
            stops = token.kind is Kind.HEADING and token.level <= 3
            if line not in seen or stops:
                ends[current] = last
                current = -1
            elif token.kind is not Kind.BLANK:
                last = line
    if current >= 0:
        ends[current] = last
    return [ends[row.token.line] for row in rows]


def _cut(text: str) -> str:
    return _TITLE_CUT.sub("", text.strip()).strip("* ")


def _bold_title(text: str) -> str:
    """`**Title:**` without its marks, or the text itself."""
    if text.startswith("**"):
        end = text.find("**", 2)
        if end > 0:
            named = _ITEM.match(text)
            start = named.end() if named else 2
            return _cut(text[start:end]).rstrip(": ")
    return text
