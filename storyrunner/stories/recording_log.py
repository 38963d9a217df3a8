"""One more entry in a story's change log: a row of its table, or a section like the others."""

from __future__ import annotations

import re
from collections.abc import Sequence

from storyrunner.model.story import ChangeEntry, SectionKind, Story
from storyrunner.stories.records import cells
from storyrunner.stories.text_edits import TextEdits, code_lines
from storyrunner.stories.titles import fold

_SEPARATOR = re.compile(r"\|?[ \t:|-]*-[ \t:|-]*$")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBERS = re.compile(r"\d+(?:\.\d+)+")
_COLUMNS = {
    "date": "date",
    "version": "version",
    "description": "text",
    "change": "text",
    "changes": "text",
    "notes": "text",
    "summary": "text",
    "author": "author",
    "by": "author",
}
_ORDER = ("date", "version", "text", "author")


def log_change(
    story: Story, edits: TextEdits, date: str, summary: str, author: str
) -> Sequence[str]:
    """Add the entry; the lines of a new section when the story has no change log. An entry of that
    day with the same words is not written again."""
    entries = story.change_log.entries
    if any(entry.date == date and fold(summary) in fold(entry.text) for entry in entries):
        return ()
    values = {"date": date, "version": _next_version(entries), "text": summary, "author": author}
    if story.change_log.form == "sections":
        _add_section(edits, entries, values)
    elif story.change_log.form == "table":
        _add_row(story, edits, entries, values)
    else:
        return _new_table(values)
    return ()


def _add_row(
    story: Story, edits: TextEdits, entries: Sequence[ChangeEntry], values: dict[str, str]
) -> None:
    stripped = edits.lines.stripped
    separator = _separator(story, stripped)
    names = cells(stripped[separator - 1]) if separator > 0 else []
    keys = [_COLUMNS.get(name.strip("* ").casefold(), "") for name in names] or list(_ORDER)
    parts = stripped[separator - 1].strip("|").split("|")
    is_padded = any(part.endswith("  ") for part in parts)
    widths = [len(part) - 2 if is_padded else 0 for part in parts]
    widths += [0] * (len(keys) - len(widths))
    padded = (
        _cell(values.get(key, "")).ljust(width) for key, width in zip(keys, widths, strict=False)
    )
    row = "| " + " | ".join(padded) + " |"
    if entries and _is_newest_first(entries):
        edits.insert(entries[0].span.first - 1, [row])
    elif entries:
        edits.insert(entries[-1].span.last, [row])
    else:
        edits.insert(separator + 1, [row])


def _separator(story: Story, stripped: Sequence[str]) -> int:
    """The line (0-based) under the head of the table."""
    code = code_lines(story)
    for section in story.sections_of(SectionKind.CHANGE_LOG):
        for line in range(section.span.first, section.span.last):
            if line not in code and "|" in stripped[line] and _SEPARATOR.match(stripped[line]):
                return line
    return -1


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _add_section(edits: TextEdits, entries: Sequence[ChangeEntry], values: dict[str, str]) -> None:
    """A section with the heading of the first one, its version, date and title changed."""
    model = edits.lines.stripped[entries[0].span.first - 1]
    parts = [(_DATE.search(model), values["date"]), (_NUMBERS.search(model), values["version"])]
    heading, end = model, 0
    for match, new in sorted(
        ((m, new) for m, new in parts if m is not None), key=lambda part: -part[0].start()
    ):
        shift = len(new) - (match.end() - match.start())
        heading = heading[: match.start()] + new + heading[match.end() :]
        end = match.start() + len(new) if not end else end + shift
    closing = 1 if heading[end : end + 1] == ")" else 0
    heading = heading[: end + closing] if end else f"### {values['version']} - {values['date']}"
    blank = _blank_after(edits, entries[0])
    new_lines = [heading, *([""] if blank else []), f"- {values['text']}"]
    if len(entries) == 1 or _is_newest_first(entries):
        edits.insert(entries[0].span.first - 1, [*new_lines, ""])
    else:
        last = entries[-1].span.last
        while last > entries[-1].span.first and _is_empty(edits.lines.stripped[last - 1]):
            last -= 1
        edits.insert(last, ["", *new_lines])


def _blank_after(edits: TextEdits, entry: ChangeEntry) -> bool:
    """Whether a blank line follows the heading of an entry."""
    following = entry.span.first
    return following < entry.span.last and not edits.lines.stripped[following]


def _is_empty(text: str) -> bool:
    return not text.strip("-*_ ")


def _new_table(values: dict[str, str]) -> list[str]:
    row = " | ".join(_cell(values[key]) for key in _ORDER)
    return [
        "## Change Log",
        "",
        "| Date | Version | Description | Author |",
        "|------|---------|-------------|--------|",
        f"| {row} |",
        "",
    ]


def _is_newest_first(entries: Sequence[ChangeEntry]) -> bool:
    first, last = entries[0], entries[-1]
    return (first.date, _numbers(first.version)) > (last.date, _numbers(last.version))


def _numbers(version: str) -> tuple[int, ...]:
    match = _NUMBERS.search(version)
    return tuple(int(part) for part in match[0].split(".")) if match is not None else ()


def _next_version(entries: Sequence[ChangeEntry]) -> str:
    """The highest version with its last number one higher, written as that one is; `1.0` for the
    first entry, empty where entries have none."""
    if not entries:
        return "1.0"
    highest = max(entries, key=lambda entry: _numbers(entry.version))
    numbers = _numbers(highest.version)
    if not numbers:
        return ""
    new = ".".join(str(part) for part in (*numbers[:-1], numbers[-1] + 1))
    return _NUMBERS.sub(new, highest.version, count=1)
