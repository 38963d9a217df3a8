"""Which task serves which criterion, in all notations and both directions (story-format.md §1)."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from storyrunner.stories.titles import fold_dashes
from storyrunner.stories.tokens import Kind
from storyrunner.stories.walk import Walk

_PAREN = re.compile(r"\(([^()]{1,200})\)")
_AC_PAREN = re.compile(r"ACs?\b|AC[- ]?\d", re.IGNORECASE)
_AC_RANGE = re.compile(r"(?:AC[- ]?)?(\d{1,3})(?:[ ]?-[ ]?(?:AC[- ]?)?(\d{1,3}))?(?!\d)", re.I)
_TASK_RANGE = re.compile(r"\bT(\d{1,3}[a-z]?)(?![\w.])(?:[ ]?-[ ]?T?(\d{1,3})(?![\w.]))?")
_PHASE_RANGE = re.compile(r"\bPhases? (\d{1,3})(?:[ ]?-[ ]?(\d{1,3}))?", re.IGNORECASE)
_ARROW = re.compile(r"→|->|=>")
_FROM_AC = re.compile(r"(?:\*\*)?AC[- ]?\d{1,3}\b(?:[ ]?-[ ]?(?:AC[- ]?)?\d{1,3}\b)?")
_FROM_TASK = re.compile(r"(?:\*\*)?(T\d{1,3}[a-z]?|Phase \d{1,3})(?![\w.])")
_AC_LINE = re.compile(r"\*\*(?:acceptance criteria|ac|acs|success criteria)\b[^*]{0,20}\*\*", re.I)
_ONLY_AC = re.compile(r"^\W*ACs?\b[\s:-]*|^\W*AC[- ]?\d", re.IGNORECASE)
_AC_MARK = re.compile(r"^\W*ACs?[ ]*:?[ ]*(?=\d)|^\W*ACs?[ ]*:[ ]*", re.IGNORECASE)
_TASKS_INSIDE = re.compile(r"tasks?\b|T\d", re.IGNORECASE)
_WIDEST = 60


def numbers_of_criteria(text: str) -> tuple[int, ...]:
    """`1, 2`, `AC5, AC6`, `AC1–AC4`, `AC-1 (partial), AC-2` as numbers in order."""
    text = fold_dashes(text)
    found: list[int] = []
    for match in _AC_RANGE.finditer(text):
        first = int(match[1])
        last = int(match[2]) if match[2] else first
        found.extend(range(first, min(last, first + _WIDEST) + 1))
    return tuple(dict.fromkeys(found))


def numbers_of_tasks(text: str, tasks: AbstractSet[str]) -> tuple[str, ...]:
    """The task ids in the parentheses of a criterion's text: `(Task T2)`, `(Tasks T2–T4)`."""
    return tuple(task for task in tasks_named(text) if task in tasks)


def tasks_named(text: str) -> tuple[str, ...]:
    """The task ids in a criterion's parentheses, whether or not there are such tasks."""
    found: list[str] = []
    for match in _PAREN.finditer(text):
        inside = match[1].strip()
        if _TASKS_INSIDE.match(inside):
            found.extend(_ids(inside))
    return tuple(dict.fromkeys(found))


def criteria_of_title(title: str) -> tuple[str, tuple[int, ...]]:
    """A task's title without its `(AC: 1, 2)`, `(AC5, AC6)` or `(DoD only)`, and the numbers."""
    numbers: list[int] = []
    kept = title
    for match in _PAREN.finditer(title):
        inside = fold_dashes(match[1]).strip()
        if _ONLY_AC.match(inside):
            numbers.extend(_listed(inside))
            kept = kept.replace(match[0], "", 1)
        elif inside.casefold() == "dod only":
            kept = kept.replace(match[0], "", 1)
    return " ".join(kept.split()).rstrip(":").strip(), tuple(dict.fromkeys(numbers))


def _listed(inside: str) -> tuple[int, ...]:
    """Numbers of `AC: 1, 2`; none of `AC: - prerequisites only` or `AC: see Story 12`."""
    numbers: list[int] = []
    for part in re.split(r"[,;/&]| and ", inside):
        match = _AC_RANGE.match(_AC_MARK.sub("", part.strip()))
        if match is not None:
            numbers.extend(numbers_of_criteria(match[0]))
    return tuple(numbers)


def read_mapping(found: Walk, tasks: AbstractSet[str]) -> dict[str, set[int]]:
    """Task id → numbers of criteria, from lines of the text that say so (titles come apart)."""
    out: dict[str, set[int]] = {}
    for token, context in zip(found.tokens, found.contexts, strict=True):
        if token.kind is Kind.ITEM or token.kind is Kind.TEXT:
            if _ARROW.search(token.text):
                _by_arrow(token.text, tasks, out)
        elif token.kind is Kind.LABEL and context.task:
            match = _AC_LINE.match(token.text)
            if match is not None:
                numbers = _after_label(token.text[match.end() :])
                out.setdefault(context.task, set()).update(numbers)
    return out


def _after_label(rest: str) -> tuple[int, ...]:
    text = fold_dashes(rest)
    return tuple(
        number
        for match in re.finditer(r"AC[- ]?\d{1,3}(?:[ ]?-[ ]?AC[- ]?\d{1,3}|-\d{1,3})?", text)
        for number in numbers_of_criteria(match[0])
    )


def _by_arrow(text: str, tasks: AbstractSet[str], out: dict[str, set[int]]) -> None:
    text = fold_dashes(text)
    arrow = _ARROW.search(text)
    if arrow is None:
        return
    left, right = text[: arrow.start()], text[arrow.end() :]
    if head := _FROM_AC.match(left):
        numbers = numbers_of_criteria(head[0])
        for task in _task_ids(right, tasks):
            out.setdefault(task, set()).update(numbers)
    elif match := _FROM_TASK.match(left):
        numbers = _after_label(right)
        if match[1] in tasks:
            out.setdefault(match[1], set()).update(numbers)


def _task_ids(text: str, tasks: AbstractSet[str]) -> list[str]:
    """Ids of `tasks` that a text names."""
    return [task for task in dict.fromkeys(_ids(text)) if task in tasks]


def _ids(text: str) -> list[str]:
    """Ids that a text names, ranges (`T1-T4`, `Phases 0-3`) included."""
    text = fold_dashes(text)
    found: list[str] = []
    for pattern, prefix in ((_TASK_RANGE, "T"), (_PHASE_RANGE, "Phase ")):
        for match in pattern.finditer(text):
            found.append(f"{prefix}{match[1]}")
            if match[2] and match[1].isdigit():
                first, last = int(match[1]), int(match[2])
                found.extend(f"{prefix}{n}" for n in range(first + 1, min(last, first + 60) + 1))
    return found
