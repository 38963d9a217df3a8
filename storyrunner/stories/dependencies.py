"""References to other stories under `Dependencies`, with what they are needed for.

Only what the text says: numbers are resolved to stories by `storyrunner.stories.library`.
"""

from __future__ import annotations

import re

from storyrunner.model.frozen import dataclass
from storyrunner.model.story import Dependency, SectionKind
from storyrunner.stories.lines import Lines
from storyrunner.stories.titles import fold_dashes
from storyrunner.stories.tokens import Kind, Token
from storyrunner.stories.walk import Context, Walk, bold_text

_REFERENCE = re.compile(
    r"(?P<id>\bSTORY-[A-Z0-9]+(?:-[A-Z0-9]+)*)"
    r"|\b[Ss]tor(?:y|ies)[ ](?P<numbers>#?\d{1,3}(?![\w.])"
    r"(?:(?:[ ]?-[ ]?|,[ ]?(?:and[ ])?|[ ]?&[ ]?|[ ]and[ ]|[ ]?/[ ]?)(?:[Ss]tory[ ])?#?\d{1,3}"
    r"(?![\w.]))*)"
)
_SHORT_NAME = re.compile(r"[ *]*\(?[ *`]*(?P<name>[A-Z][A-Z0-9]+(?:-[A-Z0-9]+)+)[ *`]*\)")
_GLUE = re.compile(r"[\s*:`()\[\]-]{0,6}$")
_LATER = re.compile(r"\b(?:in|to|by|for|until|before)[ *]+$", re.IGNORECASE)
_ROLES = (
    (re.compile(r"not required|not needed|\bno\b.{0,40}required", re.I), "not required"),
    (re.compile(r"downstream|\bblocks\b|blocked|unblocks|enables|consumers", re.I), "downstream"),
    (re.compile(r"deploy|runtime|deferred", re.I), "deploy"),
    (re.compile(r"prerequisite|upstream|before this", re.I), "build"),
    (re.compile(r"\(story \d", re.I), "deploy"),
)
_NEEDS = re.compile(r"\W*(?:prerequisites?|upstream|depends|requires?|required|blocked by)\b", re.I)
_WIDEST = 60


@dataclass(slots=True)
class _Reference:
    id: str
    numbers: list[int]
    start: int
    end: int


def read_dependencies(lines: Lines, found: Walk, number: int) -> tuple[Dependency, ...]:
    """All references of the dependency sections, in order, without the story's own number."""
    out: list[Dependency] = []
    for token, context in zip(found.tokens, found.contexts, strict=True):
        if context.kind is not SectionKind.DEPENDENCIES or token.kind not in (
            Kind.ITEM,
            Kind.TEXT,
            Kind.LABEL,
        ):
            continue
        text = fold_dashes(token.text)
        if "tor" not in text and "STORY" not in text:
            continue
        if token.kind is not Kind.ITEM and not _is_statement(token, context):
            continue
        label = _label(token, context, found)
        role = role_of(label)
        span = lines.span(token.line, token.line)
        for reference in _references(text, number):
            for value in dict.fromkeys(reference.numbers or [0]):
                if value != number or reference.id:
                    out.append(Dependency(reference.id, value, role, span))
    return tuple(out)


def _is_statement(token: Token, context: Context) -> bool:
    """Paragraphs count when they say that something is needed, not when they only explain."""
    if token.kind is Kind.LABEL:
        bold, _ = bold_text(token.text)
        return token.line != context.label_line and _NEEDS.search(bold) is not None
    return _NEEDS.match(token.text) is not None


def role_of(label: str) -> str:
    """What the references under a label or heading are needed for."""
    return next((role for pattern, role in _ROLES if pattern.search(label)), "build")


def _label(token: Token, context: Context, found: Walk) -> str:
    if token.kind is Kind.LABEL:
        return bold_text(token.text)[0]
    if context.label:
        return context.label
    section = found.sections[context.section]
    return section.title if section.level >= 3 else ""


def _references(text: str, number: int) -> list[_Reference]:
    """References of one line; a number and a name side by side are one."""
    found: list[_Reference] = []
    for match in _REFERENCE.finditer(text):
        if match["id"]:
            reference = _Reference(match["id"], [], match.start(), match.end())
        else:
            numbers = _numbers(match["numbers"])
            if _LATER.search(text[max(match.start() - 12, 0) : match.start()]) and all(
                value > number for value in numbers
            ):
                continue
            reference = _Reference("", numbers, match.start(), match.end())
            short = _SHORT_NAME.match(text, match.end())
            if short is not None and not short["name"].startswith("STORY-"):
                reference.id, reference.end = f"STORY-{short['name']}", short.end()
        if found and _are_one(text, found[-1], reference):
            before = found[-1]
            before.id = before.id or reference.id
            before.numbers = before.numbers or reference.numbers
            before.end = reference.end
        else:
            found.append(reference)
    return found


def _are_one(text: str, before: _Reference, after: _Reference) -> bool:
    if bool(before.id) == bool(after.id) or len(before.numbers + after.numbers) != 1:
        return False
    return _GLUE.match(text[before.end : after.start][:7]) is not None and (
        after.start - before.end <= 6
    )


def _numbers(text: str) -> list[int]:
    out: list[int] = []
    for match in re.finditer(r"(\d{1,3})(?:[ ]?-[ ]?(?:[Ss]tory[ ])?#?(\d{1,3}))?", text):
        first = int(match[1])
        last = int(match[2]) if match[2] else first
        out.extend(range(first, min(last, first + _WIDEST) + 1))
    return out
