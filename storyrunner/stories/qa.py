"""The QA documents of a story: test designs as checks by id, risk profiles as reading.

A row of a test design is a check that a person planned, not one that anything here makes: what
proves it is for the runbook to say. Tables and lists are read (story-format.md §4); a row that is
not understood stays out and is counted by nobody.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from storyrunner import regular
from storyrunner.errors import Place, StoryError
from storyrunner.model.qa import QaReading, QaRisk, QaTest
from storyrunner.model.story import Span
from storyrunner.stories.library import StoryRef
from storyrunner.stories.lines import Lines
from storyrunner.stories.lint_totals import (
    LEVELS,
    QaDocument,
    declared_figures,
    read_qa_document,
    test_row,
)
from storyrunner.stories.portfolio_numbers import Numbering, folded, numbering
from storyrunner.stories.records import cells
from storyrunner.stories.titles import fold, fold_dashes

FOLDER = "docs"
_CRITERION = re.compile(r"#{2,6}[ \t]+\W{0,4}AC[- ]?(\d{1,3})\b", re.IGNORECASE)
_HEADING = re.compile(r"(#{1,6})[ \t]")
_RISK = re.compile(r"[*`]*([A-Z]{2,10}-\d{3})\b")
_PRIORITY = re.compile(r"\(?\b(P[0-3])\b[,)]?")
_NAMED = re.compile(r"\bstory-[a-z0-9]+(?:-[a-z0-9]+)*", re.IGNORECASE)
_NUMBERED = re.compile(r"\bstory[ ]#?(\d{1,3})\b", re.IGNORECASE)
_LEVEL_WORDS = re.compile(r"\b(?:unit|integration|e2e)\b[,:;]?[ ]*", re.IGNORECASE)
_HEAD = 2000
_MOST_BYTES = 4 * 2**20
_RISK_LEVELS = ("critical", "high", "medium", "low")


def is_qa_path(path: str) -> bool:
    """True for the paths that a test design or a risk profile has."""
    name = path.rpartition("/")[2].casefold()
    return (
        path.startswith(f"{FOLDER}/")
        and name.endswith(".md")
        and ("test-design" in name or "-risk-" in name or "risk-profile" in name)
    )


def read_qa_text(text: str, path: str) -> QaReading:
    """The rows and figures of a document. Never raises for any text."""
    lines = Lines(text, path)
    counted = read_qa_document(text, path)
    tests: dict[str, QaTest] = {}
    risks: dict[str, QaRisk] = {}
    criterion, level = 0, 0
    for index, raw in enumerate(lines.stripped):
        line = fold_dashes(raw)
        if heading := _HEADING.match(line):
            named = _CRITERION.match(line)
            if named is not None or len(heading[1]) <= level:
                criterion, level = (int(named[1]), len(heading[1])) if named is not None else (0, 0)
            continue
        match = test_row(line)
        if match is not None and counted.kind == "tests":
            span = lines.span(index, index)
            tests.setdefault(match[1].casefold(), _test(match, raw, line, criterion, span))
        elif line[:1] == "|" and counted.kind == "risks":
            row = cells(raw)
            if row and (risk := _RISK.match(fold_dashes(row[0]))):
                risks.setdefault(risk[1], _risk(risk[1], row, lines.span(index, index)))
    declared = _declared(text, path, counted)
    return QaReading(
        path, tuple(tests.values()), tuple(risks.values()), declared, dict(counted.counted)
    )


def qa_of_story(
    root: Path,
    story_id: str,
    refs: Sequence[StoryRef],
    unreadable: Callable[[StoryError], None],
) -> tuple[QaReading, ...]:
    """The QA documents below `docs` that are about a story, by path. A file that cannot be read is
    told to `unreadable` and left out; links are not followed."""
    known = numbering(refs)
    wanted = folded(story_id)
    found = []
    for path, text in _documents(root, unreadable):
        if owner_of(path, text, known) == wanted:
            found.append(read_qa_text(text, path))
    return tuple(found)


def owner_of(path: str, text: str, known: Numbering) -> str:
    """The story a document is about, folded: the id its name or head gives, else the number."""
    head = fold_dashes(f"{path.rpartition('/')[2]}\n{text[:_HEAD]}")
    for name in _NAMED.findall(head):
        # A file's name goes on after the id (`…-risk-20251028.md`).
        parts = folded(name).split("-")
        for end in range(len(parts), 1, -1):
            if "-".join(parts[:end]) in known.here:
                return "-".join(parts[:end])
    numbered = _NUMBERED.search(head)
    return folded(known.ids.get(int(numbered[1]), "?")) if numbered else ""


def _documents(root: Path, unreadable: Callable[[StoryError], None]) -> Iterator[tuple[str, str]]:
    top = root.resolve()
    for folder, inner, names in os.walk(top / FOLDER, followlinks=False):
        inner.sort()
        for name in sorted(names):
            file = Path(folder, name)
            path = file.relative_to(top).as_posix()
            if not is_qa_path(path) or file.is_symlink():
                continue
            try:
                if file.stat().st_size <= _MOST_BYTES:
                    yield path, regular.read_text(file, encoding="utf-8")
            except (OSError, UnicodeDecodeError) as problem:
                reason = getattr(problem, "strerror", None) or "it is not UTF-8 text"
                unreadable(StoryError(f"cannot be read: {reason}", place=Place(path)))


def _test(match: re.Match[str], raw: str, line: str, criterion: int, span: Span) -> QaTest:
    id_, level = match[1], LEVELS[match[2].upper()]
    if line[:1] == "|":
        row = cells(raw)
        priority = next((cell for cell in row[1:4] if _PRIORITY.fullmatch(cell.strip("*` "))), "")
        text, why = _sentence(row)
        priority = priority.strip("*` ")
        return QaTest(id_, level, priority, text, why, criterion, digest(text), span)
    # The raw line may be longer than the folded one only by nothing: dashes are one character each.
    rest = raw[match.end(1) :].strip("*` ")
    priority_match = _PRIORITY.search(fold_dashes(rest))
    priority = priority_match[1] if priority_match is not None else ""
    text = rest
    if priority_match is not None and priority_match.start() < 24:
        text = rest[priority_match.end() :]
    text = _LEVEL_WORDS.sub("", text, count=1) if _LEVEL_WORDS.match(text) else text
    text = text.strip(" *:()[]-–—,")
    return QaTest(id_, level, priority, text, "", criterion, digest(text), span)


def digest(text: str) -> str:
    """Twelve hexadecimal digits that tell the words of a check from others."""
    return hashlib.sha256(fold(text).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _sentence(row: Sequence[str]) -> tuple[str, str]:
    """The test and its reason of `ID | Level | Priority | Test | Justification [| Mitigates]`: a
    test may hold bars that nothing escapes, a reason has none."""
    rest = list(row[3:])
    if len(rest) < 2:
        return " | ".join(rest), ""
    tail = 2 if len(rest) > 2 and _RISK.match(fold_dashes(rest[-1])) else 1
    return " | ".join(rest[:-tail]), rest[-tail]


def _risk(id_: str, row: Sequence[str], span: Span) -> QaRisk:
    words = [cell.strip("*` ").casefold() for cell in row]
    level = next((word for word in reversed(words) if word in _RISK_LEVELS), "")
    # The description is the longest cell: a category may stand before it.
    text = max(row[1:], key=len, default="")
    return QaRisk(id_, text, level, span)


def _declared(text: str, path: str, counted: QaDocument) -> dict[str, int]:
    """What the document declares; where it does so twice, the first."""
    said: dict[str, int] = {}
    if counted.kind:
        for _, figures in declared_figures(text, path, counted.kind):
            for name, value in figures.items():
                said.setdefault(name, value)
    return said
