"""`parse_story`: a story's text as a `Story`. Pure: text in, data out, no files, no exceptions.

The readers it calls each know one part of the format (story-format.md §1); this module only puts
them in order. Whatever none of them understands stays verbatim in its section.
"""

from __future__ import annotations

from storyrunner.model.finding import Finding
from storyrunner.model.frozen import dataclass
from storyrunner.model.story import (
    Checkbox,
    CodeBlock,
    Story,
    StoryCriterion,
    StoryTask,
    Subtask,
)
from storyrunner.stories.boxes import read_blocks, read_boxes
from storyrunner.stories.criteria import read_criteria
from storyrunner.stories.deferred import read_deferred, read_done
from storyrunner.stories.dependencies import read_dependencies
from storyrunner.stories.diagnose import (
    diagnose_items,
    diagnose_parts,
    diagnose_title,
    id_of_path,
    sequences,
)
from storyrunner.stories.fences import Fence, scan_fences
from storyrunner.stories.header import read_header, read_title
from storyrunner.stories.lines import Lines
from storyrunner.stories.mapping import read_mapping
from storyrunner.stories.records import read_agent_record, read_change_log, read_qa
from storyrunner.stories.tasks import read_tasks
from storyrunner.stories.tokens import read_tokens
from storyrunner.stories.walk import Walk, walk


def parse_story(text: str, path: str) -> Story:
    """The story in `text`; `path` (posix, relative to the repository) names it in places.

    Never raises for any `str`; linear in its length. What is odd is in `Story.findings`.
    """
    lines = Lines(text, path)
    fences = scan_fences(lines)
    tokens = read_tokens(lines, fences)
    title = read_title(tokens)
    found = walk(lines, tokens, max(title.number, 0))
    header, unread = read_header(lines, found)
    number = next((n for n in (title.number, *sequences(header)) if n >= 0), 0)
    work = _read_work(lines, found, fences)
    findings = [
        *diagnose_title(path, title, header),
        *diagnose_parts(path, found.sections, work.criteria, work.tasks),
        *diagnose_items(lines, found, unread),
        *work.findings,
    ]
    return Story(
        path=path,
        text=text,
        id=title.id or id_of_path(path),
        number=number,
        title=title.title,
        lines=len(lines),
        header=header,
        sections=tuple(found.sections),
        criteria=work.criteria,
        criteria_scheme=work.scheme,
        tasks=work.tasks,
        subtasks=work.subtasks,
        boxes=tuple(work.boxes),
        blocks=tuple(work.blocks),
        deferred=read_deferred(lines, found),
        done=read_done(lines, found),
        dependencies=read_dependencies(lines, found, number),
        change_log=read_change_log(lines, found),
        agent_record=read_agent_record(lines, found),
        qa=read_qa(found),
        findings=tuple(sorted(findings, key=lambda finding: finding.place)),
    )


@dataclass(slots=True)
class _Work:
    """What there is to do and what it must meet; the parts refer to each other."""

    boxes: list[Checkbox]
    blocks: list[CodeBlock]
    criteria: tuple[StoryCriterion, ...]
    scheme: str
    tasks: tuple[StoryTask, ...]
    subtasks: tuple[Subtask, ...]
    findings: list[Finding]


def _read_work(lines: Lines, found: Walk, fences: list[Fence]) -> _Work:
    boxes, box_findings = read_boxes(lines, found)
    blocks, block_findings = read_blocks(lines, found, fences)
    ids = {declared.id for declared in found.declarations}
    criteria, scheme, criteria_findings = read_criteria(lines, found, ids)
    mapped = read_mapping(found, ids)
    for criterion in criteria:
        for task in criterion.tasks:
            mapped.setdefault(task, set()).add(criterion.number)
    tasks, subtasks, task_findings = read_tasks(lines, found, boxes, blocks, mapped)
    findings = [*block_findings, *box_findings, *criteria_findings, *task_findings]
    return _Work(boxes, blocks, criteria, scheme, tasks, subtasks, findings)


def render(story: Story) -> str:
    """The text again, put together from the story's top sections: the same, byte for byte."""
    return "".join(section.span.raw for section in story.sections if section.parent < 0)
