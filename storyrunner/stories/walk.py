"""Where every token stands: its section, its label, its task, and whether it is left to others.

One pass over the tokens, in order. It gives each token a `Context`; what tokens say is read later.
"""

from __future__ import annotations

from dataclasses import replace

from storyrunner.model.frozen import dataclass
from storyrunner.model.story import Section, SectionKind, Zone
from storyrunner.stories.declarations import (
    Declared,
    has_ids_in_text,
    ids_of_headings,
    is_work_heading,
    phase_of_heading,
    task_of_heading,
    task_of_item,
    task_of_label,
)
from storyrunner.stories.lines import Lines
from storyrunner.stories.titles import bare_name, deferral, is_runtime, section_kind
from storyrunner.stories.tokens import Kind, Token


@dataclass(frozen=True, slots=True)
class Context:
    """`task` is the id of the task a token belongs to, `declaration` an index into
    `Walk.declarations` (-1: none); `deferred_by` the heading or label that defers."""

    section: int = -1
    kind: SectionKind = SectionKind.HEADER
    runtime: bool = False
    deferred: bool = False
    deferred_by: str = ""
    label: str = ""
    label_line: int = -1
    task: str = ""
    declaration: int = -1

    @property
    def zone(self) -> Zone:
        """Where boxes and blocks of this place count."""
        return _zone(self)


@dataclass(slots=True)
class Walk:
    """The tokens with their contexts (same order), the sections and the task declarations."""

    tokens: list[Token]
    contexts: list[Context]
    sections: list[Section]
    declarations: list[Declared]
    misplaced: list[Declared]


_OWN_WORDS = (SectionKind.DONE, SectionKind.CRITERIA, SectionKind.SCOPE)
_DEFERRING = ("deferred", "not part", "not requ", "out of s", "runtime ", "moved to")
_NO_TASKS = (SectionKind.RUNTIME, SectionKind.CHANGE_LOG, SectionKind.HEADER)


def walk(lines: Lines, tokens: list[Token], number: int) -> Walk:
    """Contexts of all tokens of a story whose own number is `number`."""
    return _Walker(lines, tokens, number).run()


def bold_text(text: str) -> tuple[str, str]:
    """The bold start of a paragraph and what follows it; the start is empty when unclosed."""
    end = text.find("**", 2)
    return (text[2:end], text[end + 2 :].strip()) if end > 2 else ("", text)


def is_label(rest: str) -> bool:
    """True when what follows a bold start is nothing but `:` and parentheses."""
    rest = rest.strip(": \t")
    return not rest or (rest[0] == "(" and rest[-1] == ")" and rest.count("(") <= 2)


def _zone(context: Context) -> Zone:
    left = context.runtime or context.deferred
    match context.kind:
        case SectionKind.DONE:
            return Zone.DONE_DEFERRED if left else Zone.DONE
        case SectionKind.CRITERIA:
            return Zone.CRITERIA
        case _ if left or context.kind is SectionKind.RUNTIME:
            return Zone.RUNTIME
        case SectionKind.TASKS:
            return Zone.TASK
        case SectionKind.VALIDATION:
            return Zone.VALIDATION
        case _:
            return Zone.TASK if context.task else Zone.OTHER


class _Walker:
    def __init__(self, lines: Lines, tokens: list[Token], number: int) -> None:
        self.lines = lines
        self.tokens = tokens
        self.number = number
        self.contexts: list[Context] = []
        self.declarations: list[Declared] = []
        self.misplaced: list[Declared] = []
        self.titles: list[tuple[int, int, str, SectionKind, int]] = []
        self.ends: list[int] = []
        self.stack: list[int] = []
        self.context = Context()
        self.runtime_level = 0
        self.deferred_level = 0
        self.deferred_title = ""
        self.task: Declared | None = None
        self.headed_in_place = ids_of_headings(tokens)
        self.has_ids = bool(self.headed_in_place) or has_ids_in_text(tokens)

    def run(self) -> Walk:
        self._preamble()
        for token in self.tokens:
            kind = token.kind
            if kind is Kind.HEADING:
                self._heading(token)
            elif kind is Kind.LABEL:
                self._label(token)
            elif kind is Kind.ITEM:
                self._item(token)
            elif kind is Kind.TEXT:
                self._text(token)
            elif kind is Kind.FENCE:
                self._leave_item(token.indent, token.line)
            self.contexts.append(self.context)
        self._close_sections(1, len(self.lines))
        self._end_task(len(self.lines))
        return Walk(self.tokens, self.contexts, self._sections(), self.declarations, self.misplaced)

    def _preamble(self) -> None:
        """What stands before the first heading is a section too, so that sections tile the text."""
        first = next((token.line for token in self.tokens if token.kind is Kind.HEADING), None)
        if len(self.lines) and first != 0:
            self.titles.append((0, 0, "", SectionKind.HEADER, -1))
            self.ends.append(len(self.lines) if first is None else first)
            self.context = replace(self.context, section=0)

    def _heading(self, token: Token) -> None:
        level, title = token.level, token.text
        self._close_sections(level, token.line)
        if self.task is not None and self.task.ends_at_heading(level):
            self._end_task(token.line)
        if level <= self.runtime_level:
            self.runtime_level = 0
        if level <= self.deferred_level:
            self.deferred_level, self.deferred_title = 0, ""
        kind = self._kind_of(level, title)
        index = len(self.titles)
        parent = self.stack[-1] if self.stack else -1
        self.titles.append((token.line, level, title, kind, parent))
        self.ends.append(len(self.lines))
        self.stack.append(index)
        if level > 1:
            self._left_to_others(level, title, kind)
            self._declare_by_heading(token, kind, index)
        self._refresh(index, kind)

    def _kind_of(self, level: int, title: str) -> SectionKind:
        """Only `##` headings decide, or any heading that has none above it."""
        if level == 1:
            return SectionKind.HEADER if not self.titles else SectionKind.OTHER
        above = [self.titles[i] for i in self.stack if self.titles[i][1] >= 2]
        return above[-1][3] if above else section_kind(title)

    def _left_to_others(self, level: int, title: str, kind: SectionKind) -> None:
        if not self.runtime_level and self._is_runtime(title, kind):
            self.runtime_level = level
        by_number = kind is not SectionKind.TASKS or (level == 3 and not is_work_heading(title))
        if not self.deferred_level and deferral(title, self.number, by_number):
            self.deferred_level, self.deferred_title = level, title

    def _is_runtime(self, text: str, kind: SectionKind) -> bool:
        """In scope, criteria and done a runtime validation may be the story's own: there only
        words that leave it to another story count."""
        return kind not in _OWN_WORDS and is_runtime(text)

    def _declare_by_heading(self, token: Token, kind: SectionKind, section: int) -> None:
        declared = task_of_heading(token, section)
        if declared is None:
            if kind is SectionKind.TASKS and not self.has_ids:
                phase = phase_of_heading(token, section)
                if phase is not None:
                    self._begin_task(phase)
        elif kind is SectionKind.TASKS:
            self._begin_task(declared)
        elif declared.id not in self.headed_in_place and self._may_stand_here(kind):
            self._begin_task(declared)
            self.misplaced.append(declared)

    def _may_stand_here(self, kind: SectionKind) -> bool:
        return kind not in _NO_TASKS and not self.runtime_level and not self.deferred_level

    def _label(self, token: Token) -> None:
        self._leave_item(token.indent, token.line)
        context = self.context
        if context.kind is SectionKind.TASKS:
            declared = task_of_label(token, context.section)
            if declared is not None:
                self._end_task(token.line)
                self._begin_task(declared)
                self._refresh(context.section, context.kind)
                return
        bold, rest = bold_text(token.text)
        if bold and (is_label(rest) or (_starts_deferral(bold) and self._defers(bold))):
            self._set_label(f"{bold} {rest}".strip(), token.line)

    def _text(self, token: Token) -> None:
        self._leave_item(token.indent, token.line)
        text = token.text
        if text[-1] == ":" and len(text) < 120 and self._defers(text):
            self._set_label(text, token.line)

    def _defers(self, text: str) -> bool:
        return deferral(text, self.number, self.context.kind is not SectionKind.TASKS)

    def _set_label(self, text: str, line: int) -> None:
        deferred = self._defers(text)
        context = self.context
        runtime = self._is_runtime(text, context.kind)
        left = bool(self.deferred_level) or deferred
        self.context = replace(
            context,
            label=text,
            label_line=line,
            runtime=bool(self.runtime_level) or runtime,
            deferred=left,
            deferred_by=text if deferred else self.deferred_title,
        )

    def _item(self, token: Token) -> None:
        self._leave_item(token.indent, token.line)
        context, task = self.context, self.task
        if context.kind is not SectionKind.TASKS:
            return
        declared = task_of_item(token, context.section)
        if declared is None or (token.box < 0 and task is not None and not task.by_item):
            return
        self._end_task(token.line)
        self._begin_task(declared)
        self._refresh(context.section, context.kind, keep_label=True)

    def _leave_item(self, indent: int, line: int) -> None:
        """A task declared by a box ends where its list item ends."""
        if self.task is not None and self.task.ends_at_indent(indent):
            self._end_task(line)
            self.context = replace(self.context, task="", declaration=-1)

    def _begin_task(self, declared: Declared) -> None:
        self.task = declared
        self.declarations.append(declared)

    def _end_task(self, line: int) -> None:
        if self.task is not None:
            self.task.last = line - 1
            self.task = None

    def _refresh(self, section: int, kind: SectionKind, keep_label: bool = False) -> None:
        task = self.task
        before = self.context
        self.context = Context(
            section=section,
            kind=kind,
            runtime=bool(self.runtime_level) or (keep_label and before.runtime),
            deferred=bool(self.deferred_level) or (keep_label and before.deferred),
            deferred_by=before.deferred_by if keep_label else self.deferred_title,
            label=before.label if keep_label else "",
            label_line=before.label_line if keep_label else -1,
            task=task.id if task else "",
            declaration=len(self.declarations) - 1 if task else -1,
        )

    def _close_sections(self, level: int, line: int) -> None:
        while self.stack and self.titles[self.stack[-1]][1] >= level:
            self.ends[self.stack.pop()] = line

    def _sections(self) -> list[Section]:
        out = []
        for index, (line, level, title, kind, parent) in enumerate(self.titles):
            span = self.lines.span(line, max(self.ends[index] - 1, line))
            out.append(Section(index, level, title, bare_name(title), kind, parent, span))
        return out


def _starts_deferral(bold: str) -> bool:
    return bold[:8].lower() in _DEFERRING
