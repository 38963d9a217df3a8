"""A story as plain data for `storyrunner show STORY --format json`: the field names and counts
of the format's reference documents, plus its findings on request.

It only counts and arranges; what is counted is decided by the readers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from storyrunner.model.qa import QaReading
from storyrunner.model.story import Checkbox, CodeBlock, Story, StoryTask, Zone
from storyrunner.stories.bindings import Binding, bind_blocks
from storyrunner.stories.fences import DOCUMENT_LANGUAGES
from storyrunner.stories.risks import block_risk

_LEADING = re.compile(
    r"#+[ \t]*(?:expected\b|expect:|should\b|output:|response:|status:|readytouse:|wait until\b"
    r"|look for\b)",
    re.IGNORECASE,
)
_TRAILING = re.compile(r"[ \t]#[ \t]*(?:expect(?:ed)?\b|should\b)", re.IGNORECASE)
_LANGUAGES = ("bash", "sh", "shell")

Document = dict[str, object]


def to_expected(story: Story, numbers: Mapping[int, str] | None = None) -> Document:
    """The story's counts. `numbers` resolves story numbers to ids (see `library.ids_by_number`);
    without it, references by number alone stay out of `dependencies`."""
    return {
        "id": story.id,
        "number": story.number,
        "title": story.title,
        "lines": story.lines,
        "header": _header(story),
        "acceptance_criteria": {
            "scheme": story.criteria_scheme,
            "count": len(story.criteria),
            "ids": [criterion.id for criterion in story.criteria],
        },
        "tasks": _tasks(story),
        "subtask_ids": len(story.subtasks),
        "checkboxes": _checkboxes(story),
        **_blocks(story),
        "deferred": _deferred(story),
        "dod": _done(story),
        "change_log": {
            "form": story.change_log.form,
            "entries": len(story.change_log.entries),
        },
        "dev_agent_record": _agent_record(story),
        "yaml_task_blocks": _bindings(bind_blocks(story)),
        "nested_markdown_documents": [
            {"lines": [b.span.first, b.span.last], "inner_fences": b.inner}
            for b in story.blocks
            if b.language in DOCUMENT_LANGUAGES and not b.document
        ],
        "dependencies": _dependencies(story, numbers or {}),
    }


def _blocks(story: Story) -> Document:
    bash = _bash(story.blocks)
    risks = Counter(block_risk(block.body) for block in bash if block.zone is Zone.TASK)
    return {
        "blocks": {
            "top_level": _languages(b for b in story.blocks if not b.document),
            "nested_in_markdown": _languages(b for b in story.blocks if b.document),
        },
        "bash_blocks": dict(Counter(block.zone.value for block in bash)),
        "bash_task_risk": dict(risks),
        "expectation_comments": _expectation_zones(bash),
    }


def qa_as_plain(document: QaReading) -> Document:
    """A QA document: its rows, and its figures as declared and as counted."""
    return {
        "path": document.path,
        "declared": dict(document.declared),
        "counted": dict(document.counted),
        "wrong": list(document.wrong),
        "tests": [
            {
                "id": test.id,
                "level": test.level,
                "priority": test.priority,
                "criterion": f"AC{test.criterion}" if test.criterion else "",
                "text": test.text,
                "why": test.why,
                "digest": test.digest,
                "line": test.span.first,
            }
            for test in document.tests
        ],
        "risks": [
            {"id": risk.id, "level": risk.level, "text": risk.text, "line": risk.span.first}
            for risk in document.risks
        ],
    }


def to_findings(story: Story) -> list[Document]:
    """The story's findings as plain data."""
    return [
        {
            "rule": finding.rule,
            "severity": finding.severity.value,
            "line": finding.place.line,
            "column": finding.place.column,
            "message": finding.message,
        }
        for finding in story.findings
    ]


def expectations(body: str) -> int:
    """How many lines of a shell block say what to expect (`# Expected: x`, `cmd  # should …`)."""
    if "#" not in body:
        return 0
    count = 0
    for line in body.splitlines():
        if "#" in line:
            text = line.strip()
            count += bool(_LEADING.match(text) if text[0] == "#" else _TRAILING.search(text))
    return count


def _header(story: Story) -> Document:
    header = story.header
    return {
        "sequence": header.sequence,
        "global_sequence": header.global_sequence,
        "prev": header.prev,
        "next": header.next,
        "sprint": header.sprint,
        "lane": header.lane,
        "status": header.status,
        "owner": header.owner,
        "date": header.date,
        "links": len(header.links),
        "style": header.style,
    }


def _tasks(story: Story) -> Document:
    tasks = story.tasks
    schemes = sorted({d.scheme for task in tasks for d in task.declarations})
    return {
        "count": len(tasks),
        "ids": [task.id for task in tasks],
        "schemes": schemes,
        "declared_more_than_once": [task.id for task in tasks if len(task.declarations) > 1],
        "detail": {task.id: _task(task) for task in tasks},
        "with_ac_mapping": sum(bool(task.criteria) for task in tasks),
    }


def _task(task: StoryTask) -> Document:
    bash = _bash(task.blocks)
    return {
        "title": task.title,
        "ac": list(task.criteria),
        "lines": [declaration.span.first for declaration in task.declarations],
        **_ticks(task.boxes),
        "bash": len(bash),
        "yaml": sum(block.language in ("yaml", "yml") for block in task.blocks),
        "expectations": sum(expectations(block.body) for block in bash),
        "inline_commands": len(task.inline_commands),
    }


def _bash(blocks: Iterable[CodeBlock]) -> list[CodeBlock]:
    return [block for block in blocks if block.language in _LANGUAGES]


def _ticks(boxes: Iterable[Checkbox]) -> dict[str, int]:
    counted = Counter(box.checked for box in boxes)
    return {"checked": counted[True], "unchecked": counted[False]}


def _checkboxes(story: Story) -> Document:
    out: Document = {}
    for zone in Zone:
        boxes = [box for box in story.boxes if box.zone is zone]
        if boxes or zone is Zone.TASK:
            out[zone.value] = _ticks(boxes)
    out["total"] = _ticks(story.boxes)
    return out


def _languages(blocks: Iterable[CodeBlock]) -> dict[str, int]:
    return dict(Counter(block.language or "(none)" for block in blocks))


def _expectation_zones(bash: Iterable[CodeBlock]) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for block in bash:
        counted[block.zone.value] += expectations(block.body)
    return {zone: count for zone, count in counted.items() if count}


def _deferred(story: Story) -> dict[str, int]:
    counted = Counter(item.area for item in story.deferred)
    return {area: counted[area] for area in ("scope", "ac", "dod", "not_required_deps")}


def _done(story: Story) -> Document:
    own = [item for item in story.done if not item.deferred]
    return {
        "this_top_level_items": sum(item.depth == 0 for item in own),
        "this_all_items": len(own),
        "this_checked": sum(item.checked is True for item in own),
        "this_unchecked": sum(item.checked is False for item in own),
        "deferred_items": sum(item.deferred for item in story.done),
    }


def _agent_record(story: Story) -> Document:
    record = story.agent_record
    if record is None:
        return {"present": False}
    return {
        "present": True,
        "file_list_entries": len(record.files),
        "subheadings": [section.title for section in record.sections],
    }


def _bindings(bindings: list[Binding]) -> Document:
    known = Counter(min(len(binding.targets), 2) for binding in bindings)
    return {
        "total": len(bindings),
        "bound": known[1] + known[2],
        "bound_single": known[1],
        "bound_multi": known[2],
        "unbound": known[0],
        "by_mode": dict(Counter(binding.mode for binding in bindings)),
        "bindings": [
            {
                "line": binding.line,
                "mode": binding.mode,
                "fragment": binding.fragment,
                "rule": binding.rule,
                "targets": list(binding.targets),
            }
            for binding in bindings
        ],
    }


def _dependencies(story: Story, numbers: Mapping[int, str]) -> Document:
    out: Document = {}
    for role in ("build", "deploy"):
        ids = {
            dependency.id or numbers.get(dependency.number, "")
            for dependency in story.dependencies
            if dependency.role == role
        }
        out[role] = sorted(ids - {"", story.id})
    return out
