"""What declares a task: headings, bold paragraphs, items with and without a box, phases.

It reads single tokens; where they stand is decided by `storyrunner.stories.walk`.
"""

from __future__ import annotations

import re

from storyrunner.model.frozen import dataclass
from storyrunner.model.story import SectionKind
from storyrunner.stories.titles import section_kind
from storyrunner.stories.tokens import Kind, Token

BOLD_RANK = 10
ITEM_RANK = 20

# A range (`T1–T3`) declares none; a title may start with a digit (`T1 — 3 nodes`).
_END = r"[ \t]*(:|[—–](?![ \t]?T\d|\d)|-(?![ \t]?T\d|\d)"
_HEADING = re.compile(rf"(?:\*\*)?T(\d{{1,3}}[a-z]?)(?:\*\*)?{_END}|$)[ \t]*")
_ITEM = re.compile(rf"(\*\*)?T(\d{{1,3}}[a-z]?)(?:\*\*)?{_END})(?:\*\*)?[ \t]*")
_BOLD = re.compile(rf"\*\*T(\d{{1,3}}[a-z]?)(?:\*\*)?{_END})[ \t]*")
_WORK = re.compile(r"\W{0,4}(?:T?\d|Phase\b|Step\b)", re.IGNORECASE)
_PHASE = re.compile(r"Phase[ \t]+(\d{1,3})[ \t]*(?:[:—–-]|$)[ \t]*", re.IGNORECASE)


@dataclass(slots=True)
class Declared:
    """A task declaration as found: `first` to `last` are its lines (0-based).

    `rank` is the level of the heading, BOLD_RANK for paragraphs and plain bullets, ITEM_RANK plus
    the indentation for items with a box: it decides what ends the task.
    """

    id: str
    scheme: str
    title: str
    rank: int
    section: int
    first: int
    last: int = -1

    def ends_at_heading(self, level: int) -> bool:
        """True when a heading of that level is no part of the task."""
        if self.rank >= ITEM_RANK:
            return True
        return level <= (3 if self.rank == BOLD_RANK else self.rank)

    def ends_at_indent(self, indent: int) -> bool:
        """True when a line so far left is no part of the list item that declares the task."""
        return self.rank >= ITEM_RANK and indent <= self.rank - ITEM_RANK

    @property
    def by_item(self) -> bool:
        """True when an item of a list declares it."""
        return self.scheme.startswith(("checkbox", "bullet"))


def is_work_heading(title: str) -> bool:
    """True for headings of tasks, phases and steps (`T1: …`, `T1.1 …`, `Phase 0: …`, `0.1. …`)."""
    return _WORK.match(title) is not None


def task_of_heading(token: Token, section: int) -> Declared | None:
    """The task of `### T1: Title` or `### T1 — Title`."""
    match = _HEADING.match(token.text)
    if match is None or token.level < 2:
        return None
    dash = match[2] in ("—", "–", "-")
    scheme = 'heading "### T1 —"' if dash else 'heading "### T1:"'
    title = token.text[match.end() :].removesuffix("**")
    return Declared(f"T{match[1]}", scheme, title, token.level, section, token.line)


def phase_of_heading(token: Token, section: int) -> Declared | None:
    """The phase of `### Phase 0: Title`."""
    match = _PHASE.match(token.text)
    if match is None or token.level < 3:
        return None
    title = token.text[match.end() :]
    scheme = 'heading "### Phase 0: "'
    return Declared(f"Phase {match[1]}", scheme, title, token.level, section, token.line)


def task_of_label(token: Token, section: int) -> Declared | None:
    """The task of a paragraph `**T1 — Title** (AC: 1)` or `**T1 — Title (AC: 1)**`."""
    match = _BOLD.match(token.text)
    if match is None:
        return None
    inside, _, after = token.text[match.end() :].partition("**")
    title = f"{inside.rstrip()} {after.strip()}".strip()
    return Declared(f"T{match[1]}", 'bold "**T1 — x**"', title, BOLD_RANK, section, token.line)


def task_of_item(token: Token, section: int) -> Declared | None:
    """The task of `- [ ] T1: Title` or, without a box, `- T1 — Title`, at the top of its list."""
    if token.level or token.text[:1] not in ("T", "*"):
        return None
    match = _ITEM.match(token.text)
    if match is None:
        return None
    title = token.text[match.end() :].removesuffix("**")
    if match[1]:
        title = title.replace("**", "", 1)
    id_ = f"T{match[2]}"
    if token.box < 0:
        return Declared(id_, 'bullet "- T1 — "', title, BOLD_RANK, section, token.line)
    rank = ITEM_RANK + token.indent
    return Declared(id_, 'checkbox "- [ ] T1: "', title, rank, section, token.line)


def ids_of_headings(tokens: list[Token]) -> set[str]:
    """Ids declared by headings inside a task section: elsewhere they only talk about it."""
    found: set[str] = set()
    kind = SectionKind.OTHER
    for token in tokens:
        if token.kind is not Kind.HEADING:
            continue
        if token.level <= 2:
            kind = section_kind(token.text)
        if kind is SectionKind.TASKS and (declared := task_of_heading(token, -1)):
            found.add(declared.id)
    return found


def has_ids_in_text(tokens: list[Token]) -> bool:
    """True when a task section declares tasks by paragraphs or items."""
    kind = SectionKind.OTHER
    for token in tokens:
        if token.kind is Kind.HEADING:
            if token.level <= 2:
                kind = section_kind(token.text)
        elif kind is SectionKind.TASKS and (
            (token.kind is Kind.LABEL and task_of_label(token, -1))
            or (token.kind is Kind.ITEM and task_of_item(token, -1))
        ):
            return True
    return False
