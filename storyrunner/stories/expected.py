"""What a story says a command should print: its words as a typed expectation, or as prose.

`# Expected: x`, `# Should …`, `(should show …)` and their kin (story-format.md §2). What is not
exact stays prose, for a person to judge: nothing here guesses at a meaning.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

from storyrunner.model.frozen import dataclass
from storyrunner.stories.shell_pipelines import Pipeline

_WORDS = (
    r"(?:expected(?:[ ]\([^)]*\))?|expect"
    r"|should(?:[ ]still)?(?:[ ](?:show|return|be|print|output|list|contain|include|say|display))?"
    r"|output|response|status|readytouse)"
)
LEADING = re.compile(rf"#+[ \t]*({_WORDS})\b[ \t]*:?[ \t]*(.*)$", re.IGNORECASE)
TRAILING = re.compile(
    r"[ \t]#[ \t]*((?:expect(?:ed)?|should)(?:[ ](?:be|show|return|print))?)\b[ \t]*:?[ \t]*(.*)$",
    re.IGNORECASE,
)
_HINT = re.compile(rf"({_WORDS})\b[ \t]*:?[ \t]*(.*)$", re.IGNORECASE)
_WAITS = re.compile(r"#+[ \t]*((?:wait until|look for)\b.*)$", re.IGNORECASE)
_REMARK = re.compile(r"[ \t]+\((?!or\b)[^()]*\)$")
_OR_ACTUAL = re.compile(r"[ \t]+\(or [^()]*\)$", re.IGNORECASE)
_VERSION = re.compile(r"v?(\d+(?:\.(?:\d+|x))*\.x)$")
_TOKEN = re.compile(r"[\w./:@*${}=+%~-]+$")
_ITEM = re.compile(r"[\w./:@*${}+~-]+$")
_PAIR = re.compile(r"[\w.-]+: [\w.:/-]+$")
_CONTAINS = re.compile(r"(?:contains?|includes?)[ \t]+(.+)$", re.IGNORECASE)
_COUNT = re.compile(r"(\d{1,6}) lines?$")
_QUOTED = re.compile(r"(?:\"([^\"]*)\"|`([^`]*)`|'([^']*)')$")
_EMPTY = frozenset({"no output", "empty", "nothing", "(empty)", "(no output)", "empty output"})
_PROSE_WORDS = """
success succeed succeeds succeeded pass passes passed fail fails failed timeout ok works exists
exist version valid present output nothing something none error errors
"""
_PROSE = frozenset(_PROSE_WORDS.split())


@dataclass(frozen=True, slots=True)
class Expected:
    """One expectation. `kind` is `equals`, `list`, `set`, `contains`, `matches`, `lines`, `empty`
    or `prose`; `values` are its texts (for `list` the items as JSON values in `data`). `loose`
    says that the story allows another value (`or actual …`). `source` are the story's words."""

    kind: str
    values: tuple[str, ...]
    source: str
    line: int = 0
    loose: bool = False
    data: Any = None


def read_hint(text: str, line: int = 0) -> Expected | None:
    """The expectation in a parenthesis after a command: `should show v2.x.x`."""
    match = _HINT.match(text.strip())
    return _typed(match[1], match[2], text.strip(), line) if match else None


def expectations_in(body: str, pipelines: Sequence[Pipeline]) -> Iterator[tuple[int, Expected]]:
    """Pairs of the index of a pipeline and what it should print, in the order of the text.

    A comment holds for the command above it, and for those before that are of the same programs
    with nothing between. A comment inside a command or its heredoc is not one.
    """
    lines = body.splitlines()
    starts = _starts(lines)
    inside = _inside(pipelines, starts, len(lines))
    told: set[int] = set()
    for row, text in enumerate(lines):
        if "#" not in text:
            continue
        stripped = text.strip()
        if stripped.startswith("#") and not inside[row]:
            found = _leading(stripped, lines[row + 1 :], row)
            if found is not None:
                above = _above(row, lines, pipelines, starts, told)
                told.update(above)
                yield from ((index, found) for index in above)
        elif match := TRAILING.search(text):
            at = starts[row] + match.start()
            index = sum(one.start < at for one in pipelines) - 1
            if index >= 0 and pipelines[index].end >= starts[row]:
                told.add(index)
                yield index, _typed(match[1], match[2], match[0].strip(), row)


def _starts(lines: Sequence[str]) -> list[int]:
    out, at = [], 0
    for line in lines:
        out.append(at)
        at += len(line) + 1
    return out


def _inside(pipelines: Sequence[Pipeline], starts: Sequence[int], count: int) -> list[bool]:
    """For each row, whether a command that began above goes on in it."""
    out = [False] * count
    for one in pipelines:
        for row in range(bisect_right(starts, one.start), bisect_left(starts, one.end)):
            out[row] = True
    return out


def _leading(text: str, below: Sequence[str], row: int) -> Expected | None:
    waits = _WAITS.match(text)
    if waits is not None:
        return Expected("prose", (waits[1],), text, row)
    match = LEADING.match(text)
    if match is None:
        return None
    more = (
        [line.strip().lstrip("# \t") for line in _comments(below)] if not match[2].strip() else []
    )
    if more:
        return Expected("prose", ("; ".join(more),), text, row)
    return _typed(match[1], match[2], text, row)


def _comments(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        if not line.strip().startswith("#"):
            return
        yield line


def _above(
    row: int,
    lines: Sequence[str],
    pipelines: Sequence[Pipeline],
    starts: Sequence[int],
    told: set[int],
) -> list[int]:
    """The command above a row, and those before it that print the same kind of thing."""
    last = sum(one.start < starts[row] for one in pipelines) - 1
    if last < 0 or last in told or not _adjoin(pipelines[last].end, starts[row], lines, starts):
        return []
    chosen = [last]
    while chosen[0] > 0:
        later, earlier = pipelines[chosen[0]], pipelines[chosen[0] - 1]
        same = [part.program for part in later.parts] == [part.program for part in earlier.parts]
        near = _adjoin(earlier.end, later.start, lines, starts, blanks=False)
        if not same or not near or chosen[0] - 1 in told:
            break
        chosen.insert(0, chosen[0] - 1)
    return chosen


def _adjoin(
    end: int, start: int, lines: Sequence[str], starts: Sequence[int], *, blanks: bool = True
) -> bool:
    """True when nothing but blank lines (if they may) lies between two offsets."""
    first, last = bisect_left(starts, end), bisect_right(starts, start) - 1
    between = lines[first:last]
    return all(not line.strip() for line in between) if blanks else not between


def _typed(verb: str, rest: str, source: str, line: int) -> Expected:
    text = rest.strip()
    loose = _OR_ACTUAL.search(text) is not None
    text = _OR_ACTUAL.sub("", text)
    plain = _REMARK.sub("", text).strip()
    found = _value(verb.casefold(), plain) if plain else None
    if found is None:
        return Expected("prose", (rest.strip() or verb,), source, line)
    kind, values, data = found
    return Expected(kind, values, source, line, loose, data)


_Value = tuple[str, tuple[str, ...], Any]


def _value(verb: str, text: str) -> _Value | None:
    """The exact meaning of the words, None for prose."""
    if verb in ("status", "readytouse"):  # a word of a table, not the whole output
        word = re.escape(text)
        return ("matches", (rf"(?:^|\s){word}(?:\s|$)",), None) if _is_token(text) else None
    if text.casefold().rstrip(".") in _EMPTY:
        return "empty", (), None
    if "contain" in verb or "include" in verb:
        return _items("contains", text)
    if match := _CONTAINS.match(text):
        return _items("contains", match[1])
    if match := _COUNT.match(text):
        return "lines", (match[1],), None
    if match := _QUOTED.match(text):
        return "equals", (next(group for group in match.groups() if group is not None),), None
    if text.startswith("[") and text.endswith("]"):
        return _json_list(text)
    if match := _VERSION.match(text):
        return "matches", (_version_pattern(match[1]),), None
    if _is_token(text):
        return "equals", (text,), None
    pairs = [part.strip() for part in text.split(",")]
    if pairs and all(_PAIR.match(part) for part in pairs):
        return "contains", tuple(pairs), None
    return _items("set", text) if "," in text else None


def _items(kind: str, text: str) -> _Value | None:
    parts = [part.strip().strip("`\"'") for part in text.split(",")]
    exact = all(_ITEM.match(part) and part.casefold() not in _PROSE for part in parts)
    return (kind, tuple(parts), None) if exact else None


def _is_token(text: str) -> bool:
    return _TOKEN.match(text) is not None and text.casefold().rstrip(".") not in _PROSE


def _json_list(text: str) -> _Value | None:
    try:
        data = json.loads(text)
    except ValueError:
        return None
    return "list", tuple(str(item) for item in data), data


def _version_pattern(text: str) -> str:
    parts = [r"\d+" if part == "x" else part for part in text.split(".")]
    return r"(?:^|[^\w.])v?" + r"\.".join(parts) + r"(?:[^\w.]|$)"
