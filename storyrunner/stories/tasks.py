"""Tasks and subtasks: declarations of one id merged, their boxes, blocks and inline commands."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TypeVar

from storyrunner.errors import Place
from storyrunner.model.finding import Finding, note, warning
from storyrunner.model.frozen import dataclass
from storyrunner.model.story import (
    Checkbox,
    CodeBlock,
    InlineCommand,
    SectionKind,
    StoryTask,
    Subtask,
    TaskDeclaration,
    TaskItem,
    Zone,
)
from storyrunner.stories.declarations import Declared
from storyrunner.stories.lines import Lines
from storyrunner.stories.mapping import criteria_of_title
from storyrunner.stories.titles import fold
from storyrunner.stories.tokens import Kind, Token
from storyrunner.stories.walk import Walk

_Placed = TypeVar("_Placed", Checkbox, CodeBlock)
_SUBTASK = re.compile(r"(?:\*\*)?T(\d{1,3})\.(\d{1,3})(?!\w|\.\d)(?:\*\*)?[ \t]*[:.—–-]*[ \t]*")
_LOOKS_LIKE = re.compile(r"(?:\*\*)?(?:Task[ ]T?|T)\d{1,3}[a-z]?\b")
_PHASE_STEP = re.compile(r"(\d{1,3})\.(\d{1,3})(?:\.[ \t]|[ \t]|:)[ \t]*")
_CODE = re.compile(r"`([^`]+)`(?:[ \t]*(\([^()]{1,200}\)))?")
_ACCEPTANCE = re.compile(r"\*\*Acceptance:?\*\*:?[ \t]*", re.IGNORECASE)
_TOOL_NAMES = """
bash brew cat ceph cilium cp diff docker find flux git grep helm helmfile jq just kubeconform
kubectl kustomize ls make mkdir mv op promtool python3 rg rm sh sops talosctl task test tree wc
yamllint yq
"""
_TOOLS = frozenset(_TOOL_NAMES.split())


def read_tasks(
    lines: Lines,
    found: Walk,
    boxes: list[Checkbox],
    blocks: list[CodeBlock],
    mapped: dict[str, set[int]],
) -> tuple[tuple[StoryTask, ...], tuple[Subtask, ...], list[Finding]]:
    """Tasks in the order of their ids' first declaration, all subtasks, and contradictions."""
    by_id: dict[str, list[Declared]] = {}
    for declared in found.declarations:
        by_id.setdefault(declared.id, []).append(declared)
    subtasks = _subtasks(lines, found)
    own = _Parts(
        boxes=_grouped(boxes),
        blocks=_grouped(blocks),
        subtasks={},
        commands=_inline_commands(lines, found),
        items=_items(lines, found),
        acceptance=_acceptance(found),
    )
    for subtask in subtasks:
        own.subtasks.setdefault(subtask.task, []).append(subtask.id)
    tasks = [_task(lines, rows, own, mapped.get(id_, set())) for id_, rows in by_id.items()]
    findings = [finding for task in tasks for finding in _conflicts(task)]
    findings.extend(_misplaced(lines.path, found))
    findings.extend(_unread(lines.path, found))
    return tuple(tasks), tuple(subtasks), findings


@dataclass(slots=True)
class _Parts:
    """What belongs to tasks, by their ids."""

    boxes: dict[str, list[Checkbox]]
    blocks: dict[str, list[CodeBlock]]
    subtasks: dict[str, list[str]]
    commands: dict[str, list[InlineCommand]]
    items: dict[str, list[TaskItem]]
    acceptance: dict[str, str]


def _task(lines: Lines, rows: list[Declared], own: _Parts, mapped: set[int]) -> StoryTask:
    id_ = rows[0].id
    titles = [criteria_of_title(row.title) for row in rows]
    numbers = mapped.union(*(listed for _, listed in titles))
    return StoryTask(
        id=id_,
        title=titles[0][0],
        declarations=tuple(
            TaskDeclaration(row.scheme, title, row.section, lines.span(row.first, row.last))
            for row, (title, _) in zip(rows, titles, strict=True)
        ),
        criteria=tuple(sorted(numbers)),
        boxes=tuple(own.boxes.get(id_, ())),
        blocks=tuple(own.blocks.get(id_, ())),
        subtasks=tuple(own.subtasks.get(id_, ())),
        inline_commands=tuple(own.commands.get(id_, ())),
        items=tuple(own.items.get(id_, ())),
        acceptance=own.acceptance.get(id_, ""),
    )


def _grouped(rows: Sequence[_Placed]) -> dict[str, list[_Placed]]:
    out: dict[str, list[_Placed]] = {}
    for row in rows:
        if row.task and row.zone is Zone.TASK:
            out.setdefault(row.task, []).append(row)
    return out


def _conflicts(task: StoryTask) -> list[Finding]:
    """Double declarations that disagree: other words in the title, or another tick."""
    first, *others = task.declarations
    findings: list[Finding] = []
    if not others:
        return findings
    lines = [box.line for box in task.boxes]
    at = bisect_left(lines, first.span.first)
    summary = task.boxes[at] if lines[at : at + 1] == [first.span.first] else None
    for other in others:
        if fold(other.title) != fold(first.title):
            message = (
                f"{task.id} is called “{other.title}” here and “{first.title}” on line "
                f"{first.span.first}"
            )
            findings.append(note("story-task-titles-differ", message, other.span.place))
        if other.scheme == first.scheme:
            message = f"{task.id} is declared here and, in the same way, on line {first.span.first}"
            findings.append(warning("story-task-twice", message, other.span.place))
        if summary is not None:
            start, end = bisect_left(lines, other.span.first), bisect_right(lines, other.span.last)
            findings.extend(_ticks_disagree(task.id, summary, task.boxes[start:end]))
    return findings


def _ticks_disagree(id_: str, summary: Checkbox, detail: Sequence[Checkbox]) -> list[Finding]:
    open_boxes = [box for box in detail if not box.checked]
    if summary.checked and open_boxes:
        message = (
            f"{id_} is ticked on line {summary.line}, but {len(open_boxes)} of the boxes of its "
            f"detail are open"
        )
        return [warning("story-ticks-disagree", message, open_boxes[0].place)]
    if not summary.checked and detail and not open_boxes:
        message = f"{id_} is open here, but all boxes of its detail are ticked"
        return [warning("story-ticks-disagree", message, summary.place)]
    return []


def _misplaced(path: str, found: Walk) -> list[Finding]:
    findings = []
    for declared in found.misplaced:
        section = found.sections[declared.section]
        above = found.sections[section.parent].title if section.parent >= 0 else section.title
        findings.append(
            warning(
                "story-task-misplaced",
                f"task {declared.id} stands under “{above}”, not under the tasks",
                Place(path, declared.first + 1),
            )
        )
    return findings


def _unread(path: str, found: Walk) -> list[Finding]:
    """Headings among the tasks that start like one and are none of the known forms."""
    heads = {declared.first for declared in found.declarations}
    return [
        note(
            "story-task-unread",
            f"“{token.text[:60]}” looks like a task, but is read as text",
            Place(path, token.line + 1),
        )
        for token, context in zip(found.tokens, found.contexts, strict=True)
        if token.kind is Kind.HEADING
        and context.kind is SectionKind.TASKS
        and token.line not in heads
        and _LOOKS_LIKE.match(token.text)
        and _subtask(token, phases=False) is None
    ]


def _subtasks(lines: Lines, found: Walk) -> list[Subtask]:
    out: dict[str, Subtask] = {}
    phases = any(declared.id.startswith("Phase") for declared in found.declarations)
    for token, context in zip(found.tokens, found.contexts, strict=True):
        if context.kind is not SectionKind.TASKS and not context.task:
            continue
        match = _subtask(token, phases)
        if match is None:
            continue
        prefix = "T" if match.re is _SUBTASK else ""
        id_ = f"{prefix}{match[1]}.{match[2]}"
        if id_ not in out:
            title = token.text[match.end() :].strip().strip("*: ")
            span = lines.span(token.line, token.line)
            out[id_] = Subtask(id_, title, context.task, span)
    return list(out.values())


def _subtask(token: Token, phases: bool) -> re.Match[str] | None:
    text = token.text
    if token.kind is Kind.HEADING:
        match = _PHASE_STEP.match(text) if phases else None
        return match or _SUBTASK.match(text)
    if token.kind in (Kind.ITEM, Kind.LABEL) and text[:1] in "T*":
        return _SUBTASK.match(text)
    return None


def _inline_commands(lines: Lines, found: Walk) -> dict[str, list[InlineCommand]]:
    out: dict[str, list[InlineCommand]] = {}
    for token, context in zip(found.tokens, found.contexts, strict=True):
        if token.kind is not Kind.ITEM or not context.task or "`" not in token.text:
            continue
        if context.zone is not Zone.TASK:
            continue
        for match in _CODE.finditer(token.text):
            words = match[1].split()
            if len(words) > 1 and words[0] in _TOOLS:
                span = lines.span(token.line, token.line)
                command = InlineCommand(match[1], (match[2] or "")[1:-1], token.box >= 0, span)
                out.setdefault(context.task, []).append(command)
    return out


def _items(lines: Lines, found: Walk) -> dict[str, list[TaskItem]]:
    """The items without a box, except those that declare the task itself."""
    out: dict[str, list[TaskItem]] = {}
    heads = {declared.first for declared in found.declarations}
    for token, context in zip(found.tokens, found.contexts, strict=True):
        if token.kind is not Kind.ITEM or token.box >= 0 or not context.task:
            continue
        if context.zone is Zone.TASK and token.line not in heads:
            ordered = token.marker[0].isdigit()
            span = lines.span(token.line, token.line)
            item = TaskItem(token.text, ordered, token.level, context.label, span)
            out.setdefault(context.task, []).append(item)
    return out


def _acceptance(found: Walk) -> dict[str, str]:
    """The `**Acceptance:** text` line that closes a task."""
    out: dict[str, str] = {}
    for token, context in zip(found.tokens, found.contexts, strict=True):
        if token.kind is Kind.LABEL and context.task:
            match = _ACCEPTANCE.match(token.text)
            if match is not None:
                out.setdefault(context.task, token.text[match.end() :])
    return out
