"""The records of a story: change log, agent record with its file list, QA results."""

from __future__ import annotations

import re

from storyrunner.model.story import (
    AgentRecord,
    ChangeEntry,
    ChangeLog,
    FileEntry,
    QaResult,
    Section,
    SectionKind,
)
from storyrunner.stories.lines import Lines
from storyrunner.stories.tokens import Kind, Token
from storyrunner.stories.walk import Walk

_SEPARATOR = re.compile(r"\|?[ \t]*:?-{1,}:?[ \t]*(?:\||$)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_VERSION = re.compile(r"\bv?(\d+(?:\.\d+)+)", re.IGNORECASE)
_PATH = re.compile(r"`([^`]+)`|(\S+)")
_EMPTY = frozenset({"", "none", "n/a", "tbd", "-", "—"})


def read_change_log(lines: Lines, found: Walk) -> ChangeLog:
    """Rows of the table, or `### v3.0 - date` sections where there is no table."""
    rows: list[Token] = []
    separators: list[int] = []
    for token, context in zip(found.tokens, found.contexts, strict=True):
        if context.kind is SectionKind.CHANGE_LOG and token.kind is Kind.ROW:
            if _SEPARATOR.match(token.text) and not token.text.strip("|-: \t"):
                separators.append(token.line)
            else:
                rows.append(token)
    if rows or separators:
        return _table(lines, rows, separators)
    entries = tuple(
        _section_entry(section)
        for section in found.sections
        if section.kind is SectionKind.CHANGE_LOG and section.level == 3
    )
    return ChangeLog("sections" if entries else "none", entries)


def _table(lines: Lines, rows: list[Token], separators: list[int]) -> ChangeLog:
    heads = {line - 1 for line in separators}
    names = next((cells(row.text) for row in rows if row.line in heads), [])
    columns = {name.strip("* ").casefold(): index for index, name in enumerate(names)}
    entries = []
    for row in rows:
        if row.line in heads:
            continue
        values = cells(row.text)

        def pick(*wanted: str, default: int, values: list[str] = values) -> str:
            index = next((columns[name] for name in wanted if name in columns), default)
            return values[index] if 0 <= index < len(values) else ""

        entries.append(
            ChangeEntry(
                date=pick("date", default=0),
                version=pick("version", default=1),
                text=pick("description", "change", "changes", default=2),
                author=pick("author", "by", default=3),
                span=lines.span(row.line, row.line),
            )
        )
    return ChangeLog("table", tuple(entries))


def cells(row: str) -> list[str]:
    """The cells of a table row; `\\|` and a `|` inside backticks separate nothing."""
    out, cell, code, at = [], [], False, 0
    ticks = row.count("`")
    text = row.strip()
    text = text[1:] if text.startswith("|") else text
    while at < len(text):
        char = text[at]
        if char == "\\" and text[at + 1 : at + 2] == "|":
            cell.append("|")
            at += 2
            continue
        if char == "`":
            ticks -= 1
            code = not code and ticks > 0
        if char == "|" and not code:
            out.append("".join(cell).strip())
            cell = []
        else:
            cell.append(char)
        at += 1
    last = "".join(cell).strip()
    return [*out, last] if last else out


def _section_entry(section: Section) -> ChangeEntry:
    date = _DATE.search(section.title)
    version = _VERSION.search(section.title)
    body = section.span.raw.partition("\n")[2].strip()
    return ChangeEntry(
        date[0] if date else "", version[1] if version else "", body, "", section.span
    )


def read_agent_record(lines: Lines, found: Walk) -> AgentRecord | None:
    """The first `Dev Agent Record`; None when the story has none."""
    top = next(
        (s for s in found.sections if s.kind is SectionKind.AGENT_RECORD and s.level <= 2), None
    )
    if top is None:
        return None
    subsections = tuple(s for s in found.sections if s.parent == top.index and s.level == 3)
    lists = {s.index for s in subsections if s.name.casefold().startswith("file list")}
    files = []
    for token, context in zip(found.tokens, found.contexts, strict=True):
        if token.kind is Kind.ITEM and context.section in lists:
            entry = _file_entry(lines, token, context.label)
            if entry is not None:
                files.append(entry)
    return AgentRecord(subsections, tuple(files), top.span)


def _file_entry(lines: Lines, token: Token, group: str) -> FileEntry | None:
    text = token.text.strip()
    if text.casefold() in _EMPTY or text.startswith("<"):
        return None
    match = _PATH.match(text)
    if match is None:
        return None
    path = match[1] or match[2].rstrip(":,")
    note = text[match.end() :].strip().lstrip("—–-: \t")
    return FileEntry(path, note, group, lines.span(token.line, token.line))


def read_qa(found: Walk) -> tuple[QaResult, ...]:
    """The QA sections, with whether they hold more than a placeholder."""
    filled: set[int] = set()
    tops: dict[int, Section] = {}
    for section in found.sections:
        if section.kind is SectionKind.QA:
            above = found.sections[section.parent] if section.parent >= 0 else None
            if above is None or above.kind is not SectionKind.QA:
                tops[section.index] = section
    for token, context in zip(found.tokens, found.contexts, strict=True):
        if context.kind is not SectionKind.QA or token.kind in (Kind.BLANK, Kind.HEADING):
            continue
        if token.kind is Kind.TEXT and (token.text[:1] == "<" or not token.text.strip("-*_ ")):
            continue
        index = context.section
        while index >= 0 and index not in tops:
            index = found.sections[index].parent
        filled.add(index)
    return tuple(QaResult(s.title, s.index in filled, s.span) for s in tops.values())
