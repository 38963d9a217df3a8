"""What proves each box of a story: what the runbook says, else what the box's own id says.

A box that the runbook names is proven by what the runbook names. Of the others only those are bound
that carry an id: the box that declares a task, a subtask, a criterion and the boxes of its section.
Nothing is bound by where it stands: a neighbour proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from storyrunner.model.frozen import dataclass
from storyrunner.model.runbook import Box, Runbook, Task
from storyrunner.model.story import Checkbox, SectionKind, Story, Zone
from storyrunner.runbook.consistency import PUSHED
from storyrunner.stories.ticks import find_box
from storyrunner.stories.titles import fold, fold_dashes

_SUBTASK = re.compile(r"(?:\*\*)?(T\d{1,3}\.\d{1,3})(?![\w.])")
_CRITERION = re.compile(r"(?:\*\*)?AC[- ]?(\d{1,3})(?![\w.])")
_HOLDS = re.compile(
    r"(?:(?:is|are|all)[ ])*(?:met|proven|satisfied|fulfilled|completed?|done|passe[sd])?"
)


@dataclass(frozen=True, slots=True)
class Bound:
    """A box and the steps, tasks and criteria (or `pushed`) that all must be proven for its tick.

    `part_of` is the task that proves it as a whole proves its parts: it can tick the box, but when
    it fails, that says nothing of this part. `by_hand` says that the runbook names the box.
    """

    box: Checkbox
    proved_by: tuple[str, ...] = ()
    part_of: str = ""
    by_hand: bool = False


def bound_boxes(runbook: Runbook, story: Story) -> list[Bound]:
    """The bound boxes of this story's own work, each once, in the order of the text."""
    named: dict[int, Bound] = {}
    for box, proved_by in _named(runbook, story):
        before = named[box.offset].proved_by if box.offset in named else ()
        both = tuple(dict.fromkeys((*before, *proved_by)))
        named[box.offset] = Bound(box, both, by_hand=True)
    found = dict(named)
    for bound in _by_id(runbook, story, named):
        found.setdefault(bound.box.offset, bound)
    return [found[offset] for offset in sorted(found)]


def _named(runbook: Runbook, story: Story) -> Iterator[tuple[Checkbox, tuple[str, ...]]]:
    for task in runbook.tasks:
        yield from _found(story, task.boxes, task=task.id)
    for section in story.sections_of(SectionKind.DONE):
        yield from _found(story, runbook.done, section=section.title)


def _found(
    story: Story, boxes: tuple[Box, ...], *, task: str = "", section: str = ""
) -> Iterator[tuple[Checkbox, tuple[str, ...]]]:
    for wanted in boxes:
        match = find_box(story, text=wanted.text, task=task, section=section)
        if match.box is not None and not match.box.deferred:
            yield match.box, wanted.proved_by


def _by_id(runbook: Runbook, story: Story, named: dict[int, Bound]) -> Iterator[Bound]:
    """What ids bind. In a task whose boxes the runbook names, the author has decided on the parts:
    only the box of the task itself is bound there."""
    tasks = {task.id.casefold(): task for task in runbook.tasks}
    decided = {bound.box.task.casefold() for bound in named.values()}
    summaries = _summaries(story)
    spans = [
        (criterion.span.first, criterion.span.last, criterion.number)
        for criterion in story.criteria
    ]
    numbers = {number: item for item in runbook.criteria if (number := _number(item.id))}
    titles = {criterion.number: criterion.title for criterion in story.criteria}
    for box in story.boxes:
        task = tasks.get(box.task.casefold())
        if box.deferred or box.zone in (Zone.RUNTIME, Zone.DONE_DEFERRED):
            continue
        if box.offset in summaries and task is not None:
            yield Bound(box, _whole(task))
        elif box.zone is Zone.TASK and task is not None and box.task.casefold() not in decided:
            yield from _subtask(box, task)
        elif (number := _criterion_of(box, spans)) in numbers:
            item = numbers[number]
            words = (titles.get(number, ""), item.text)
            if box.zone is Zone.CRITERIA or _says_no_more(box.text, words):
                yield Bound(box, (item.id,))


def _summaries(story: Story) -> set[int]:
    """The offsets of the boxes that declare a task (`- [ ] T1: …`)."""
    heads = {
        (task.id, declaration.span.first)
        for task in story.tasks
        for declaration in task.declarations
        if declaration.scheme.startswith("checkbox")
    }
    return {box.offset for box in story.boxes if (box.task, box.line) in heads}


def _whole(task: Task) -> tuple[str, ...]:
    """A task is proven by all its steps, and by the push when one of its boxes waits for that."""
    needs_push = any(PUSHED in box.proved_by for box in task.boxes)
    return (task.id, PUSHED) if needs_push else (task.id,)


def _subtask(box: Checkbox, task: Task) -> Iterator[Bound]:
    """A subtask is proven by the step of its id that also has its words: runbooks number steps for
    themselves, so that an id alone may be a coincidence. Without such a step only the whole task
    proves it."""
    match = _SUBTASK.match(box.text)
    if match is None:
        return
    words = fold(box.text[match.end() :]).strip(" :.-")
    step = next((step for step in task.steps if step.id == match[1]), None)
    if step is not None and fold(step.title).strip(" :.-") == words:
        yield Bound(box, (step.id,))
    else:
        yield Bound(box, part_of=task.id)


def _criterion_of(box: Checkbox, spans: list[tuple[int, int, int]]) -> int:
    """The number of the criterion that a box is about: it stands in its section, or starts with
    its id. 0 when there is none."""
    if box.zone is Zone.CRITERIA:
        return next((number for first, last, number in spans if first <= box.line <= last), 0)
    if box.zone is Zone.DONE:
        match = _CRITERION.match(fold_dashes(box.text))
        return int(match[1]) if match is not None else 0
    return 0


def _says_no_more(text: str, words: tuple[str, ...]) -> bool:
    """True when a box of the definition of done is the criterion alone: its id, its own words, or
    that it is met. What it says beyond that, the criterion does not prove."""
    rest = fold(_CRITERION.sub("", fold_dashes(text), count=1)).strip(" :.-*")
    return bool(_HOLDS.fullmatch(rest)) or rest in (fold(known).strip(" :.-*") for known in words)


def _number(id_: str) -> int:
    """The number of `AC1`, `AC-1`; 0 for other ids."""
    match = _CRITERION.fullmatch(fold_dashes(id_))
    return int(match[1]) if match is not None else 0
