"""What is left to other stories, and the definition of done split by it (story-format.md §1)."""

from __future__ import annotations

import re

from storyrunner.model.story import DeferredItem, DoneItem, Section, SectionKind
from storyrunner.stories.lines import Lines
from storyrunner.stories.titles import story_target
from storyrunner.stories.tokens import Kind
from storyrunner.stories.walk import Context, Walk

_AREAS = {
    SectionKind.SCOPE: "scope",
    SectionKind.CRITERIA: "ac",
    SectionKind.DONE: "dod",
    SectionKind.DEPENDENCIES: "not_required_deps",
}
_NOT_REQUIRED = re.compile(r"\bnot required\b|\bnot needed\b", re.IGNORECASE)
_ITEM = re.compile(r"\bdeferred to stor(?:y|ies)\b", re.IGNORECASE)
_MARKS = re.compile(r"^(?:[❌✗⛔🚫]\uFE0F?[ \t]*)+")


def read_deferred(lines: Lines, found: Walk) -> tuple[DeferredItem, ...]:
    """List items under deferral labels in scope, criteria and done, and the dependencies that are
    not required; nested items count too."""
    out = []
    for token, context in zip(found.tokens, found.contexts, strict=True):
        if token.kind is not Kind.ITEM or context.kind not in _AREAS:
            continue
        area = _AREAS[context.kind]
        label = context.deferred_by or context.label
        if area == "not_required_deps":
            label = _heading_or_label(context, found.sections)
            if not _NOT_REQUIRED.search(label):
                continue
        elif area == "dod":
            if not done_is_deferred(context, token.text):
                continue
        elif not context.deferred:
            continue
        text = plain(token.text)
        target = story_target(label) or story_target(token.text)
        span = lines.span(token.line, token.line)
        out.append(DeferredItem(area, text, label, target, span))
    return tuple(out)


def done_is_deferred(context: Context, text: str) -> bool:
    """True for items of the definition of done that are not part of this story's."""
    return context.deferred or context.runtime or _ITEM.search(text) is not None


def plain(text: str) -> str:
    """An item's text without `❌` before it and `~~` around it."""
    return _MARKS.sub("", text).replace("~~", "").strip()


def _heading_or_label(context: Context, sections: list[Section]) -> str:
    if context.label:
        return context.label
    section = sections[context.section] if context.section >= 0 else None
    return section.title if section is not None and section.level >= 3 else ""


def read_done(lines: Lines, found: Walk) -> tuple[DoneItem, ...]:
    """The items of the definition of done, boxes and bullets, this story's and the deferred."""
    out = []
    for token, context in zip(found.tokens, found.contexts, strict=True):
        if token.kind is Kind.ITEM and context.kind is SectionKind.DONE:
            checked = token.checked if token.box >= 0 else None
            deferred = done_is_deferred(context, token.text)
            span = lines.span(token.line, token.line)
            out.append(DoneItem(token.text, token.level, checked, deferred, span))
    return tuple(out)
