"""The header of a story: the H1 and the fields before the first section, in four styles.

Style is what the page looks like (story-format.md §1 "Header"); values are kept as written.
"""

from __future__ import annotations

import re

from storyrunner.model.frozen import dataclass
from storyrunner.model.story import Header, HeaderField, SectionKind
from storyrunner.stories.lines import Lines
from storyrunner.stories.titles import fold_dashes, story_state
from storyrunner.stories.tokens import Kind, Token
from storyrunner.stories.walk import Walk

_TITLE = re.compile(r"(?:(\d{1,3})[ \t]*[—–-][ \t]*)?(STORY[-\u2010\u2011][\w\u2010\u2011-]+)(.*)$")
_NUMBERED = re.compile(r"(\d{1,3})[ \t]*[—–-][ \t]+(.*)$")
_KEYS = {
    "sequence": "sequence",
    "global sequence": "global_sequence",
    "prev": "prev",
    "previous": "prev",
    "next": "next",
    "sprint": "sprint",
    "lane": "lane",
    "status": "status",
    "owner": "owner",
    "date": "date",
    "links": "links",
    "id": "id",
}
_KEY = re.compile(r"(?:\*\*)?([A-Za-z][A-Za-z /_-]{0,30}?)[ ]?(?:\*\*)?:(?:\*\*)?(?=[ \t]|$)[ \t]*")
_VALUES = tuple(dict.fromkeys(key for key in _KEYS.values() if key not in ("links", "id")))
_MOST_LINES = 60


@dataclass(slots=True)
class Title:
    """What the H1 says; `number` is -1 and `id` empty when it does not say it."""

    number: int = -1
    id: str = ""
    title: str = ""
    line: int = -1


def read_title(tokens: list[Token]) -> Title:
    """The first H1 as `NN — STORY-ID — Title`, or as much of that as it has."""
    for token in tokens:
        if token.kind is Kind.HEADING and token.level == 1:
            return _title(token)
    return Title()


def _title(token: Token) -> Title:
    text = token.text
    match = _TITLE.match(text)
    if match is not None:
        id_ = fold_dashes(match[2]).rstrip("-_")
        title = match[3].strip().lstrip("—–-: \t")
        return Title(int(match[1]) if match[1] else -1, id_, title, token.line)
    numbered = _NUMBERED.match(text)
    if numbered is not None:
        return Title(int(numbered[1]), "", numbered[2].strip(), token.line)
    return Title(-1, "", text, token.line)


def read_header(lines: Lines, found: Walk) -> tuple[Header, list[int]]:
    """The fields between the H1 and the first section that is no `## Status`, and the lines
    (0-based) there that are no field."""
    reader = _Reader(lines)
    status_heading = -1
    for token, context in zip(found.tokens, found.contexts, strict=True):
        if token.kind is Kind.HEADING:
            if context.kind is not SectionKind.HEADER:
                break
            if token.level >= 2:
                status_heading = token.line
            continue
        if token.line > _MOST_LINES:
            break
        reader.read(token, status_heading)
    return reader.header(status_heading), reader.unread


class _Reader:
    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.fields: list[HeaderField] = []
        self.values: dict[str, str] = {}
        self.links: list[str] = []
        self.in_links = False
        self.bold: set[str] = set()
        self.unread: list[int] = []

    def read(self, token: Token, status_heading: int) -> None:
        if token.kind is Kind.ITEM:
            if self.in_links and token.text:
                self.links.append(token.text)
            elif token.text:
                self.unread.append(token.line)
            return
        if token.kind not in (Kind.TEXT, Kind.LABEL):
            return
        matches = _fields_of(token.text)
        if matches:
            self.in_links = False
            for match, end in matches:
                self._field(token, match, end)
        elif not token.text.strip("-*_ "):
            return
        elif status_heading >= 0 and "status" not in self.values:
            self.values["status"] = token.text
            self._keep(token, "status", token.text, 0)
        else:
            self.unread.append(token.line)

    def _field(self, token: Token, match: re.Match[str], end: int) -> None:
        name = " ".join(match[1].lower().split())
        key = _KEYS.get(name, name)
        value = token.text[match.end() : end].strip().rstrip("|").strip()
        self.values.setdefault(key, value)
        self._keep(token, key, value, match.end())
        if match[0].startswith("**"):
            self.bold.add(key)
        if key == "links":
            self.in_links = not value
            self.links.extend(part.strip() for part in value.split(";") if part.strip())

    def _keep(self, token: Token, key: str, value: str, shift: int) -> None:
        offset = self.lines.starts[token.line] + token.indent + shift
        self.fields.append(HeaderField(key, value, offset, self.lines.span(token.line, token.line)))

    def header(self, status_heading: int) -> Header:
        values = self.values
        known = {key: values.get(key, "") for key in _VALUES}
        return Header(
            **known,
            links=tuple(self.links),
            style=self._style(status_heading),
            state=story_state(values.get("status", "")),
            fields=tuple(self.fields),
        )

    def _style(self, status_heading: int) -> str:
        if self.bold & {"sequence", "global_sequence", "sprint"}:
            return "bold-inline"
        if "status" in self.bold:
            return "plain+bold-status"
        return "plain+h2-status" if status_heading >= 0 else "plain"


def _fields_of(text: str) -> list[tuple[re.Match[str], int]]:
    """The fields of a line with the end of each value: a ` | ` separates only before a key, so
    that the two dates of one field stay together."""
    first = _KEY.match(text)
    if first is None:
        return []
    found: list[tuple[re.Match[str], int]] = []
    current, at = first, first.end()
    while (bar := text.find("|", at)) >= 0:
        start = bar + 1
        while start < len(text) and text[start] in " \t":
            start += 1
        match = _KEY.match(text, start)
        if match is not None:
            found.append((current, bar))
            current = match
            start = match.end()
        at = start
    found.append((current, len(text)))
    return found
