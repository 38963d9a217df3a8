"""Writes what was done into a story's records, in the story's own style.

The agent record (commands and results, completion notes, file list) and the status are written
here, the change log in `recording_log`. Placeholders are replaced, everything else is kept; what
is recorded already is not recorded twice. It changes text, never files, and judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from storyrunner.errors import StoryError
from storyrunner.model.frozen import dataclass
from storyrunner.model.story import AgentRecord, FileEntry, Section, SectionKind, Story
from storyrunner.stories.lines import Lines
from storyrunner.stories.recording_log import log_change
from storyrunner.stories.text_edits import TextEdits, code_lines
from storyrunner.stories.titles import fold, fold_dashes

_WORDS = r"fill(?:ed)?|populated?|added|tbd|todo|pending|agent|dev"
_PLACEHOLDER = re.compile(
    rf"(?:[-*+][ \t]+)?[`_*]*(?:<[^<>`]*\b(?:{_WORDS})\b[^<>`]*>"
    r"|\(?(?:tbd|to be (?:filled|populated|added)\b[^)]*)\)?)[`_*]*\.?$",
    re.IGNORECASE,
)
_RULE = re.compile(r"(?:-[ \t]*){3,}$|(?:\*[ \t]*){3,}$|(?:_[ \t]*){3,}$")
_BULLET = re.compile(r"([-*+])[ \t]+")
_END = re.compile(r"\*{3}[ \t]*End of Story", re.IGNORECASE)
_PARTS = (
    ("agent model", "Agent Model Used"),
    ("debug log", "Debug Log References"),
    ("completion notes", "Completion Notes List"),
    ("file list", "File List"),
)


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """A file of the story; `state` is `created`, `modified` or empty when it is not known."""

    path: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class StoryRecord:
    """What to write. Empty parts are left as they are. `date` is ISO 8601."""

    model: str = ""
    commands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    files: tuple[RecordedFile, ...] = ()
    summary: str = ""
    """The entry of the change log, one line."""
    author: str = ""
    date: str = ""
    status: str = ""


def write_record(story: Story, record: StoryRecord) -> str:
    """The story's text with the record in it.

    Raises StoryError for a story with a code block that is never closed: what is added after it
    would become code.
    """
    lines = Lines(story.text, story.path)
    edits = TextEdits(lines)
    if record.status:
        _set_status(story, edits, record.status)
    parts = (record.model, record.commands, record.notes, record.files)
    if record.summary or any(parts):
        _refuse_open_block(story)
    new_sections: list[str] = []
    if record.summary:
        new_sections += log_change(story, edits, record.date, record.summary, record.author)
    if any(parts):
        if story.agent_record is not None:
            _Recorder(story, story.agent_record, edits).write(record)
        else:
            new_sections += _whole(record)
    if new_sections:
        _append(story, edits, new_sections)
    return edits.text()


def _refuse_open_block(story: Story) -> None:
    for block in story.blocks:
        if not block.closed and not block.document:
            raise StoryError(
                "the code block that opens here is never closed: records after it would be code",
                place=block.span.place,
                hint="close the block, then record again",
            )


def is_placeholder(text: str) -> bool:
    """True for a line that only says that something belongs there (`<to be filled by dev>`)."""
    return _PLACEHOLDER.match(text) is not None


def _set_status(story: Story, edits: TextEdits, status: str) -> None:
    """Replace the words of the status where the header has them, whatever its style."""
    for item in story.header.fields:
        end = item.offset + len(item.value)
        if item.key == "status" and story.text[item.offset : end] == item.value:
            edits.replace(item.offset, end, status)
            return


class _Recorder:
    """Adds to an agent record that is there."""

    def __init__(self, story: Story, record: AgentRecord, edits: TextEdits) -> None:
        self.story = story
        self.record = record
        self.edits = edits
        self.stripped = edits.lines.stripped
        self.code = code_lines(story)

    def write(self, record: StoryRecord) -> None:
        """All parts; those that have no heading yet follow at the end of the record."""
        wanted = {
            "agent model": [record.model] if record.model else [],
            "debug log": [f"- {text}" for text in record.commands],
            "completion notes": [f"- {text}" for text in record.notes],
            "file list": _file_lines(record.files, self.record.files),
        }
        missing: list[str] = []
        for name, heading in _PARTS:
            section = self._section(name)
            if section is not None:
                self._add(section, wanted[name], only_placeholder=name == "agent model")
            elif wanted[name]:
                missing += ["", f"### {heading}", "", *wanted[name]]
        if missing:
            last = self._last_content(self.record.span.first, self.record.span.last - 1)
            self.edits.insert(last + 1, missing)

    def _section(self, name: str) -> Section | None:
        return next((s for s in self.record.sections if fold(s.name).startswith(name)), None)

    def _add(self, section: Section, new: Sequence[str], *, only_placeholder: bool) -> None:
        """Put lines into a section: in the place of its placeholder, else after what it says."""
        first, last = section.span.first, self._own_end(section)
        own = [line for line in range(first, last + 1) if line not in self.code]
        marks = [line for line in own if is_placeholder(self.stripped[line])]
        known = {_folded_item(self.stripped[line]) for line in own}
        fresh = [text for text in new if _folded_item(text) not in known]
        if not fresh:
            return
        fresh = [self._with_marker(text, own) for text in fresh]
        if marks:
            self.edits.take_out(marks[0], marks[0], fresh)
            for line in marks[1:]:
                self.edits.take_out(line, line)
            return
        end = self._last_content(first, last)
        if only_placeholder and end >= first:
            return
        if end < first:
            blank = first <= last and not self.stripped[first]
            # A heading right before the next one gets the blank lines that Markdown wants.
            lines = fresh if blank else ["", *fresh]
            follows = first + blank < len(self.stripped) and self.stripped[first + blank] != ""
            self.edits.insert(first + blank, [*lines, ""] if follows else lines)
        else:
            is_item = _BULLET.match(self.stripped[end]) or self.edits.lines.indent(end) > 0
            self.edits.insert(end + 1, fresh if is_item else ["", *fresh])

    def _own_end(self, section: Section) -> int:
        """The last line (0-based) before a heading inside the section."""
        inner = [s.span.first - 2 for s in self.story.sections if s.parent == section.index]
        return min([section.span.last - 1, *inner])

    def _last_content(self, first: int, last: int) -> int:
        """The last line (0-based) that says something; `first` - 1 when none does."""
        for line in range(min(last, len(self.stripped) - 1), first - 1, -1):
            if self.stripped[line] and not _RULE.match(self.stripped[line]):
                if _END.match(self.stripped[line]):
                    continue
                return line
        return first - 1

    def _with_marker(self, text: str, own: Sequence[int]) -> str:
        """A bullet with the sign that the section's other bullets have."""
        found = (_BULLET.match(self.stripped[line]) for line in own)
        marker = next((match[1] for match in found if match is not None), "-")
        return f"{marker}{text[1:]}" if text.startswith("- ") else text


def _folded_item(text: str) -> str:
    return fold(_BULLET.sub("", text, count=1))


def _file_lines(files: Iterable[RecordedFile], known: Sequence[FileEntry]) -> list[str]:
    """Files that are not listed yet, written as the others are."""
    listed = {fold_dashes(entry.path).removeprefix("./") for entry in known}
    quoted = not known or any("`" in entry.span.raw for entry in known)
    noted = not known or any(entry.note for entry in known)
    out = []
    for file in files:
        if file.path in listed:
            continue
        path = f"`{file.path}`" if quoted else file.path
        out.append(f"- {path} ({file.state})" if noted and file.state else f"- {path}")
    return out


def _whole(record: StoryRecord) -> list[str]:
    """A record for a story that has none."""
    out = ["## Dev Agent Record"]
    for (_, heading), lines in zip(
        _PARTS,
        (
            [record.model] if record.model else [],
            [f"- {text}" for text in record.commands],
            [f"- {text}" for text in record.notes],
            _file_lines(record.files, ()),
        ),
        strict=True,
    ):
        if lines:
            out += ["", f"### {heading}", "", *lines]
    return [*out, ""]


def _append(story: Story, edits: TextEdits, new: list[str]) -> None:
    """Sections that the story lacks stand before its QA results, else at its end."""
    lines = edits.lines
    qa = next(story.sections_of(SectionKind.QA), None)
    if qa is not None and qa.level == 2:
        edits.insert(qa.span.first - 1, new)
        return
    end = _end_of_story(story, lines)
    before = lines.stripped[end - 1] if end else ""
    block = ["", *new] if before else new
    if end == len(lines) and block and not block[-1]:
        block = block[:-1]
    edits.insert(end, block)


def _end_of_story(story: Story, lines: Lines) -> int:
    """The line of `*** End of Story ***` where only whole sections follow it, else the end: a new
    section must not take in what stood in the one before."""
    code = code_lines(story)
    heads = {section.span.first - 1 for section in story.sections if section.level in (1, 2)}
    for index, text in enumerate(lines.stripped):
        if index in code or not _END.match(text):
            continue
        rest = range(index + 1, len(lines))
        following = next((line for line in rest if lines.stripped[line]), len(lines))
        if following == len(lines) or following in heads:
            return index
    return len(lines)
