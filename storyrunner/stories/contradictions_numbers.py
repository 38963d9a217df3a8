"""Names and numbers of stories that disagree, and prerequisites that come later in the sequence.

The name wins (story-format.md §3). It needs to know the other stories of the repository; what is
quoted in code is never read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from storyrunner.errors import Place
from storyrunner.gitops.near import did_you_mean
from storyrunner.model.finding import Finding, error, note, warning
from storyrunner.model.story import SectionKind, Story
from storyrunner.stories.library import StoryRef
from storyrunner.stories.lint_prose import prose
from storyrunner.stories.portfolio_numbers import Numbering, folded
from storyrunner.stories.titles import fold_dashes

_ID = r"STORY-[A-Z0-9]+(?:-[A-Z0-9]+)*"
_NAME = rf"(?:{_ID}|[A-Z][A-Z0-9]+(?:-[A-Z0-9]+)+)"
_NAME_FIRST = re.compile(rf"\b({_ID})\b[*`]*[ ]?\([*`]*[Ss]tory[ ]#?(\d{{1,3}})\b(?![ ]?-[ ]?\d)")
_NUMBER_FIRST = re.compile(
    rf"\b[Ss]tory[ ]#?(\d{{1,3}})[*`]*(?:[ ]?\(|[ ]?:|[ ]-)[ ]?[*`]*({_NAME})(?![\w-])"
)
_LISTED = re.compile(rf"\s{{0,3}}(\d{{1,3}})[.)][ ]+[*`]*({_ID})\b")
_RANGE = re.compile(r"\bstories[ ]#?(\d{1,3})[ ]?-[ ]?#?(\d{1,3})\b", re.IGNORECASE)
_BY_WORDS = re.compile(r"([A-Za-z][\w \t-]{1,60}?)[ ]\((?:from[ ])?Story[ ]#?(\d{1,3})\)")
_HEADING = re.compile(r"#{1,6}[ ]|\*\*")
_NAME_ALONE = re.compile(rf"\b{_ID}\b")
_QUIET = frozenset({SectionKind.CHANGE_LOG, SectionKind.AGENT_RECORD})
_LAST_WORDS = 4
_LEAST_LETTERS = 3


@dataclass(frozen=True, slots=True)
class _Pair:
    name: str
    number: int
    place: Place


def lint_numbers(story: Story, known: Numbering) -> Iterator[Finding]:
    """Pairs of a name and a number that belong to different stories."""
    seen: set[tuple[str, int]] = set()
    for pair in _pairs(story):
        said = _conflict(pair, known)
        if said and (pair.name, pair.number) not in seen:
            seen.add((pair.name, pair.number))
            other = known.ids.get(pair.number, "")
            hint = f"the name wins; story {pair.number:02d} is {other or 'not here'}"
            message = f"{pair.name} is called story {pair.number:02d}, {said}"
            yield warning("story-number-name", message, pair.place, hint=hint)


def _conflict(pair: _Pair, known: Numbering) -> str:
    """What is wrong with a pair; empty when nothing is, or nothing is known."""
    name = folded(pair.name)
    if name not in known.numbers and not pair.name.startswith("STORY-"):
        # A short name that no story has is only words in capitals.
        return ""
    meant = known.meant_by(pair.name)
    number = known.number_of(meant) if meant else 0
    other = known.ids.get(pair.number, "")
    if number and number != pair.number:
        also = "" if folded(meant) == name else f" (the only story of that name is {meant})"
        return f"but its number is {number:02d}{also}"
    return f"but that is {other}" if other and not meant else ""


def lint_words(story: Story, known: Numbering) -> Iterator[Finding]:
    """`CRDs (Story 01)` where story 01 has nothing of these words in its name and one other has."""
    for line, text in _lines(story):
        if "Story" not in text or "(" not in text:
            continue
        for match in _BY_WORDS.finditer(text):
            number = int(match[2])
            numbered = known.ids.get(number, "")
            if not numbered or number == story.number or _NAME_ALONE.search(match[1]):
                continue
            words = _words(match[1])[-_LAST_WORDS:]
            if _named_by(words, numbered):
                continue
            others = [id_ for id_ in known.numbers if _named_by(words, id_)]
            if len(others) == 1 and folded(story.id) != others[0]:
                other = known.meant_by(others[0])
                yield note(
                    "story-number-words",
                    f"“{match[1].strip()}” is called story {number:02d}, but that is {numbered}",
                    Place(story.path, line),
                    hint=f"{other} is {known.number_of(other):02d}",
                )


def lint_prerequisites(story: Story, known: Numbering) -> Iterator[Finding]:
    """Prerequisites that come later in the sequence: it is then no order to work in."""
    seen: set[str] = set()
    for dependency in story.dependencies:
        if dependency.role != "build":
            continue
        id_ = known.resolve(dependency.id, dependency.number)
        number = known.number_of(id_) if id_ else dependency.number
        key = id_ or dependency.id or str(number)
        if key in seen or folded(id_) == folded(story.id):
            continue
        seen.add(key)
        if number > story.number > 0:
            name = f" ({id_ or dependency.id})" if id_ or dependency.id else ""
            yield warning(
                "story-forward-dependency",
                f"story {number:02d}{name} is a prerequisite, but comes later than "
                f"{story.number:02d}",
                dependency.span.place,
                hint="the sequence is no order to work in: `storyrunner list` shows what is next",
            )


def lint_names(story: Story, known: Numbering) -> Iterator[Finding]:
    """Ids that no story has, once each; only where all stories of the sequence are here."""
    if not known.is_whole:
        return
    seen: set[str] = set()
    for line, text in _lines(story):
        for match in _NAME_ALONE.finditer(text):
            name = folded(match[0])
            if name in known.numbers or name in seen or match[0] == "STORY-PROGRESS":
                continue
            seen.add(name)
            meant = known.meant_by(match[0])
            near = f"did you mean {meant}?" if meant else ""
            yield warning(
                "story-name-unknown",
                f"{match[0]} is no story here",
                Place(story.path, line, match.start() + 1),
                hint=near or _nearest(match[0], tuple(known.here.values())),
            )


def lint_chain(story: Story, refs: Mapping[str, StoryRef]) -> Iterator[Finding]:
    """Prev and Next against the neighbours' own Next and Prev. `refs` are by folded id."""
    me = refs.get(folded(story.id))
    if me is None:
        return
    for word, id_ in (("Prev", me.prev), ("Next", me.next)):
        other = refs.get(folded(id_)) if id_ else None
        if other is None:
            continue
        back = other.next if word == "Prev" else other.prev
        if back and folded(back) != folded(story.id):
            away = "Next" if word == "Prev" else "Prev"
            yield note(
                "story-chain",
                f"{word} is {other.id}, whose own {away} is {back}",
                _header_place(story, word.casefold()),
            )


def lint_twins(refs: Sequence[StoryRef]) -> Iterator[Finding]:
    """Two files with one id, and two stories with one number."""
    ids: dict[str, StoryRef] = {}
    numbers: dict[int, StoryRef] = {}
    for ref in refs:
        first = ids.setdefault(folded(ref.id), ref)
        if first is not ref:
            message = f"{ref.id} is the id of {first.path} too"
            hint = "an id names one story; a reference to it cannot be resolved"
            yield error("story-id-twice", message, Place(ref.path), hint=hint)
            continue
        same = numbers.setdefault(ref.number, ref) if ref.number else ref
        if same is not ref:
            message = f"story {ref.number:02d} is {same.id} too"
            yield warning("story-number-twice", message, Place(ref.path), hint=f"see {same.path}")


@lru_cache(maxsize=1024)
def _nearest(name: str, known: tuple[str, ...]) -> str:
    """Remembered: the same wrong name stands in many stories."""
    return did_you_mean(name, known)


def _pairs(story: Story) -> Iterator[_Pair]:
    ranges: range | None = None
    for line, text in _lines(story):
        if _HEADING.match(text):
            found = _RANGE.search(text)
            ranges = range(int(found[1]), int(found[2]) + 1) if found else None
        if "STORY-" not in text and "tory " not in text:
            continue
        listed = _LISTED.match(text)
        if listed is not None and _is_number(int(listed[1]), ranges):
            yield _Pair(listed[2], int(listed[1]), Place(story.path, line, listed.start(1) + 1))
        for match in _NAME_FIRST.finditer(text):
            yield _Pair(match[1], int(match[2]), Place(story.path, line, match.start() + 1))
        for match in _NUMBER_FIRST.finditer(text):
            yield _Pair(match[2], int(match[1]), Place(story.path, line, match.start() + 1))


def _is_number(value: int, ranges: range | None) -> bool:
    """True when an item's number is that of a story and no count of the list's items."""
    return value in ranges if ranges is not None else value > 9


def _lines(story: Story) -> Iterator[tuple[int, str]]:
    return ((line, fold_dashes(text)) for line, text in prose(story, _QUIET))


def _words(text: str) -> list[str]:
    return [_singular(word) for word in re.findall(r"[A-Za-z0-9]+", text)]


def _singular(word: str) -> str:
    word = word.casefold()
    return word[:-1] if len(word) > _LEAST_LETTERS and word.endswith("s") else word


def _named_by(words: Sequence[str], id_: str) -> bool:
    parts = {_singular(part) for part in id_.casefold().removeprefix("story-").split("-")}
    return any(word in parts and len(word) >= _LEAST_LETTERS for word in words)


def _header_place(story: Story, key: str) -> Place:
    for item in story.header.fields:
        if item.key == key:
            return item.span.place
    return Place(story.path)
