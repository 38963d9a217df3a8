"""What titles and labels say: kinds of sections, deferral, roles. Words only, no positions."""

from __future__ import annotations

import re
import unicodedata

from storyrunner.model.story import SectionKind, StoryState

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")
_SUFFIX = re.compile(r" [—–-] | ?\(|:$")

_KINDS: tuple[tuple[str, SectionKind], ...] = (
    ("runtime validation", SectionKind.RUNTIME),
    ("appendix: deployment", SectionKind.RUNTIME),
    ("appendix - deployment", SectionKind.RUNTIME),
    ("acceptance criteria", SectionKind.CRITERIA),
    ("definition of done", SectionKind.DONE),
    ("story completion criteria", SectionKind.DONE),
    ("tasks", SectionKind.TASKS),
    ("implementation tasks", SectionKind.TASKS),
    ("implementation phases", SectionKind.TASKS),
    ("implementation details", SectionKind.TASKS),
    ("implementation plan", SectionKind.TASKS),
    ("implementation steps", SectionKind.TASKS),
    ("proposed manifests", SectionKind.TASKS),
    ("validation", SectionKind.VALIDATION),
    ("local validation", SectionKind.VALIDATION),
    ("dependencies", SectionKind.DEPENDENCIES),
    ("scope", SectionKind.SCOPE),
    ("out of scope", SectionKind.SCOPE),
    ("change log", SectionKind.CHANGE_LOG),
    ("changelog", SectionKind.CHANGE_LOG),
    ("dev agent record", SectionKind.AGENT_RECORD),
    ("qa results", SectionKind.QA),
    ("status", SectionKind.HEADER),
    ("why", SectionKind.OUTCOME),
)

_TASK = re.compile(r"t\d{1,3}[a-z]?(?:$|[ ]*[:-])")
_DEFERRAL = re.compile(
    r"\bdeferred\b|\bmoved to (?:story|stories)\b|\bnot part of\b",
    re.IGNORECASE,
)
_THIS_STORY = re.compile(r"\bthis story\b", re.IGNORECASE)
_STARTS_HERE = re.compile(r"this story\b", re.IGNORECASE)
_NOT_THIS = re.compile(
    r"\bnot[ ]+(?:part|required|needed|performed|included|done)\b[^.]{0,40}\bthis story\b"
    r"|\bnot[ ]+(?:in|for)[ ]+this story\b|\bnot part of\b",
    re.IGNORECASE,
)
_STORY_TARGET = re.compile(r"\bstor(?:y|ies)[ \t]+#?(\d{1,3})\b", re.IGNORECASE)
_OTHER_STORY = re.compile(
    r"\((?:[^()]{0,60}[,;—–-][ ]?)?story[ ]#?(\d{1,3})[^)]{0,80}\)|^story[ ]#?(\d{1,3})\b",
    re.IGNORECASE,
)
_RUNTIME = re.compile(r"^\W*runtime validation\b|^\W*appendix\W+deployment\b", re.IGNORECASE)


def fold_dashes(text: str) -> str:
    """The text with every Unicode dash as `-` (U+2011 and its kin)."""
    return text if text.isascii() else text.translate(_DASHES)


def bare_name(title: str) -> str:
    """A title without emoji before it and without ` — …`, `(…)` or `:` after it."""
    start = 0
    while start < len(title) and not title[start].isalnum():
        start += 1
    name = " ".join(title[start:].replace("**", "").split())
    match = _SUFFIX.search(name)
    return (name[: match.start()] if match else name).strip()


def section_kind(title: str) -> SectionKind:
    """The kind a `##` title names; OTHER when none."""
    name = fold_dashes(bare_name(title)).lower()
    if _TASK.match(name):
        return SectionKind.TASKS
    if name == "story":
        return SectionKind.STORY
    for word, kind in _KINDS:
        if name.startswith(word):
            return kind
    return SectionKind.OTHER


def is_runtime(text: str) -> bool:
    """True for headings and labels of validation that needs a running cluster."""
    return _RUNTIME.match(text) is not None


def deferral(text: str, number: int, by_number: bool = True) -> bool:
    """True when a heading or label leaves what follows to another story than `number`.

    `by_number`: a bare `(Story 45)` or `Story 45: …` is enough. Among tasks it is not, where it
    may as well name a story that comes before.
    """
    text = text.lstrip("*_~ \t❌⛔🚫🧪🔮📦🚀➡️")
    if _NOT_THIS.search(text):
        return True
    if _STARTS_HERE.match(text):
        return False
    if _DEFERRAL.search(text):
        return True
    if not by_number or _THIS_STORY.search(text):
        return False
    return any(int(match[1] or match[2]) > number for match in _OTHER_STORY.finditer(text))


def story_target(text: str) -> int:
    """The number of the first story a text names, 0 when it names none."""
    match = _STORY_TARGET.search(text)
    return int(match[1]) if match else 0


def story_state(status: str) -> StoryState:
    """The free-text status of a header as a state."""
    text = status.casefold()
    for word, state in (
        ("deferred", StoryState.DEFERRED),
        ("draft", StoryState.DRAFT),
        ("review", StoryState.REVIEW),
        ("approved", StoryState.APPROVED),
        ("done", StoryState.DONE),
        ("complete", StoryState.DONE),
    ):
        if word in text:
            return state
    return StoryState.UNKNOWN


def fold(text: str) -> str:
    """Text for comparing: Unicode dashes, backticks, emphasis and runs of blanks folded, lower
    case, compatibility characters decomposed."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", fold_dashes(text))
        text = fold_dashes(text)
    text = text.replace("`", "").replace("**", "")
    return " ".join(text.split()).casefold()
