"""A story as it was read: its text, where each part stands and what it says.

Shapes only. It knows nothing of Markdown (`storyrunner.stories` reads it), of runbooks or of what
a command does: a later room turns blocks and boxes into steps by their line numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from enum import StrEnum

from storyrunner.errors import Place
from storyrunner.model.finding import Finding
from storyrunner.model.frozen import dataclass


class SectionKind(StrEnum):
    """What a section is for; the kind of the nearest `##` heading holds for all below it."""

    HEADER = "header"
    STORY = "story"
    OUTCOME = "outcome"
    SCOPE = "scope"
    CRITERIA = "criteria"
    DEPENDENCIES = "dependencies"
    TASKS = "tasks"
    VALIDATION = "validation"
    RUNTIME = "runtime"
    DONE = "done"
    CHANGE_LOG = "change log"
    AGENT_RECORD = "agent record"
    QA = "qa"
    OTHER = "other"


class Zone(StrEnum):
    """Where a box or a block counts. Only `task` can ever be executable (story-format.md §0).

    `nested` are blocks inside a quoted document, `task_doc_payload` blocks of a task that are the
    text of a document it writes.
    """

    TASK = "task"
    RUNTIME = "runtime"
    VALIDATION = "validation"
    CRITERIA = "ac"
    DONE = "dod_this"
    DONE_DEFERRED = "dod_deferred"
    NESTED = "nested"
    DOCUMENT = "task_doc_payload"
    OTHER = "other"


class StoryState(StrEnum):
    """The header's free-text status, mapped; the raw words stay in `Header.status`."""

    DRAFT = "draft"
    APPROVED = "approved"
    REVIEW = "review"
    DONE = "done"
    DEFERRED = "deferred"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of whole lines: 1-based, both ends included, `raw` with its exact line endings."""

    path: str
    first: int
    last: int
    raw: str = field(repr=False)

    @property
    def place(self) -> Place:
        """The first line, for findings."""
        return Place(self.path, self.first)


@dataclass(frozen=True, slots=True)
class HeaderField:
    """One `key: value` of the header; `offset` is where the value starts in the story's text."""

    key: str
    value: str
    offset: int
    span: Span


@dataclass(frozen=True, slots=True)
class Header:
    """The header's fields as written (story-format.md §1); absent ones are empty.

    `style` is `plain`, `bold-inline`, `plain+bold-status` or `plain+h2-status`.
    """

    sequence: str = ""
    global_sequence: str = ""
    prev: str = ""
    next: str = ""
    sprint: str = ""
    lane: str = ""
    status: str = ""
    owner: str = ""
    date: str = ""
    links: tuple[str, ...] = ()
    style: str = "plain"
    state: StoryState = StoryState.UNKNOWN
    fields: tuple[HeaderField, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and all below it up to the next of its level or above.

    `title` is the heading as written, `name` without emoji and suffix. `parent` is an index into
    `Story.sections`, -1 at the top. The first section may have level 0: what precedes all headings.
    """

    index: int
    level: int
    title: str
    name: str
    kind: SectionKind
    parent: int
    span: Span


@dataclass(frozen=True, slots=True)
class Checkbox:
    """A list item with `[ ]` or `[x]`. `offset` is the index of the mark in the story's text,
    `column` its 1-based column; `text` what follows the box. `task` and `label` are the task and
    the bold label it stands under, empty when none; `section` an index into `Story.sections`."""

    offset: int
    column: int
    checked: bool
    text: str
    indent: int
    depth: int
    zone: Zone
    deferred: bool
    task: str
    label: str
    section: int
    span: Span

    @property
    def line(self) -> int:
        """The 1-based line of the box."""
        return self.span.first

    @property
    def place(self) -> Place:
        """Line and column of the mark."""
        return Place(self.span.path, self.span.first, self.column)


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A fenced block. `body` is dedented by at most the fence's indentation and ends as written.

    `document` is the line of the quoted ```` ```markdown ```` document it stands in (0: none; such
    blocks are never executable). `item` is the line of the list item or label before it (0: none).
    `language` is lower case and empty for untagged blocks. `inner` counts the blocks of a document.
    """

    language: str
    info: str
    body: str = field(repr=False)
    indent: int
    zone: Zone
    deferred: bool
    task: str
    section: int
    document: int
    item: int
    inner: int
    escaped: bool
    closed: bool
    span: Span

    @property
    def line(self) -> int:
        """The 1-based line of the opening fence."""
        return self.span.first

    @property
    def body_line(self) -> int:
        """The 1-based line of the body's first line."""
        return self.span.first + 1


@dataclass(frozen=True, slots=True)
class StoryCriterion:
    """An acceptance criterion of this story (`AC1`…); `tasks` are the ids mapped to it."""

    id: str
    number: int
    title: str
    tasks: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Subtask:
    """`T1.1` or `0.1`, as an item, a bold paragraph or a heading; `task` is the one it is in."""

    id: str
    title: str
    task: str
    span: Span


@dataclass(frozen=True, slots=True)
class TaskDeclaration:
    """One place where a task is declared; `scheme` names the way (story-format.md §1)."""

    scheme: str
    title: str
    section: int
    span: Span


@dataclass(frozen=True, slots=True)
class StoryTask:
    """A task, its declarations merged by id; `criteria` are numbers of criteria.

    `boxes` and `blocks` are those of the task zone; deferred ones are only in `Story`.
    """

    id: str
    title: str
    declarations: tuple[TaskDeclaration, ...]
    criteria: tuple[int, ...]
    boxes: tuple[Checkbox, ...]
    blocks: tuple[CodeBlock, ...]
    subtasks: tuple[str, ...]
    inline_commands: tuple[InlineCommand, ...]
    items: tuple[TaskItem, ...]
    acceptance: str = ""


@dataclass(frozen=True, slots=True)
class InlineCommand:
    """A command in backticks inside a list item of a task (`hint` is a parenthesis after it)."""

    text: str
    hint: str
    boxed: bool
    span: Span


@dataclass(frozen=True, slots=True)
class TaskItem:
    """A list item of a task without a box: prose steps (`ordered`) and bullets. `label` is the
    bold label it stands under (`Steps:`)."""

    text: str
    ordered: bool
    depth: int
    label: str
    span: Span


@dataclass(frozen=True, slots=True)
class DeferredItem:
    """A list item left to another story: `area` is `scope`, `ac`, `dod` or `not_required_deps`;
    `target` is the number of the story it is left to, 0 when the label names none."""

    area: str
    text: str
    label: str
    target: int
    span: Span


@dataclass(frozen=True, slots=True)
class DoneItem:
    """An item of the definition of done; `checked` is None when it has no box."""

    text: str
    depth: int
    checked: bool | None
    deferred: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Dependency:
    """A reference to another story: by id, by number, or both. Numbers are 0 when only named.

    `role` is `build` (prerequisite), `deploy` (needed only at deployment), `not required` or
    `downstream`. The last two are no prerequisites.
    """

    id: str
    number: int
    role: str
    span: Span


@dataclass(frozen=True, slots=True)
class ChangeEntry:
    """A row or a section of the change log."""

    date: str
    version: str
    text: str
    author: str
    span: Span


@dataclass(frozen=True, slots=True)
class ChangeLog:
    """`form` is `table`, `sections` or `none`."""

    form: str = "none"
    entries: tuple[ChangeEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A path of the agent record's file list and what stands after it."""

    path: str
    note: str
    group: str
    span: Span


@dataclass(frozen=True, slots=True)
class AgentRecord:
    """The record the implementing agent leaves; `sections` are its `###` headings."""

    sections: tuple[Section, ...]
    files: tuple[FileEntry, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class QaResult:
    """A QA section; `filled` is False while it holds only a placeholder."""

    title: str
    filled: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Story:
    """A story and the text it was read from: `render` of it is that text, byte for byte."""

    path: str
    text: str = field(repr=False)
    id: str
    number: int
    title: str
    lines: int
    header: Header
    sections: tuple[Section, ...]
    criteria: tuple[StoryCriterion, ...]
    criteria_scheme: str
    tasks: tuple[StoryTask, ...]
    subtasks: tuple[Subtask, ...]
    boxes: tuple[Checkbox, ...]
    blocks: tuple[CodeBlock, ...]
    deferred: tuple[DeferredItem, ...]
    done: tuple[DoneItem, ...]
    dependencies: tuple[Dependency, ...]
    change_log: ChangeLog
    agent_record: AgentRecord | None
    qa: tuple[QaResult, ...]
    findings: tuple[Finding, ...]

    def task(self, id: str) -> StoryTask | None:
        """The task of that id (`T1`, `Phase 0`), whatever its case."""
        wanted = id.casefold()
        return next((task for task in self.tasks if task.id.casefold() == wanted), None)

    def sections_of(self, kind: SectionKind) -> Iterator[Section]:
        """The topmost sections of a kind, in the order of the text."""
        for section in self.sections:
            above = self.sections[section.parent].kind if section.parent >= 0 else None
            if section.kind is kind and above is not kind:
                yield section
