"""What a story's boxes, definition of done, status and tracker say against each other.

One principle decides how bad it is: a story that calls something finished while a box below is
open is wrong (error); one that has ticked everything and says less than that lags behind
(warning). It sees parsed stories only; files are for `storyrunner.stories.repository_lint`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from storyrunner.errors import Place
from storyrunner.model.finding import Finding, error, warning
from storyrunner.model.story import Checkbox, Story, StoryState, Zone
from storyrunner.stories.lines import Lines
from storyrunner.stories.tracker import TrackerEntry

OWN_ZONES = frozenset({Zone.TASK, Zone.CRITERIA, Zone.DONE, Zone.VALIDATION})
_OPTIONAL = re.compile(
    r"\boptional(?:ly)?\b|\bif (?:needed|required|applicable|desired|necessary|networked|using)\b",
    re.IGNORECASE,
)
_NOT_YET = frozenset({StoryState.DRAFT, StoryState.APPROVED, StoryState.DEFERRED})


def own_boxes(story: Story) -> tuple[Checkbox, ...]:
    """The boxes of this story's own work: those left to other stories do not count."""
    return tuple(box for box in story.boxes if box.zone in OWN_ZONES and not box.deferred)


def is_finished(story: Story) -> bool:
    """True when the story calls itself done, or has boxes and every one of its own is ticked.

    It is a claim and no proof: only a check proves.
    """
    if story.header.state is StoryState.DONE:
        return True
    boxes = own_boxes(story)
    return any(box.checked for box in boxes) and not _still(boxes)


def lint_ticks(story: Story) -> Iterator[Finding]:
    """Boxes against the boxes below them, and the definition of done against the work."""
    yield from _nested(story)
    done = _of(story, Zone.DONE)
    if not done:
        return
    work = _of(story, Zone.TASK) + _of(story, Zone.CRITERIA)
    open_work = _still(work)
    if not _still(done) and open_work:
        yield error(
            "story-done-ticks",
            f"every box of the definition of done is ticked, but {_count(open_work, work)} of the "
            f"tasks and criteria {_verb(open_work)} open",
            open_work[0].place,
            hint=f"the definition of done starts on line {done[0].line}",
        )
    open_done = _still(done)
    if open_done and work and not open_work:
        yield warning(
            "story-done-open",
            f"every task is ticked, but {_count(open_done, done)} of the definition of done "
            f"{_verb(open_done)} open",
            open_done[0].place,
            hint="tick what is proven: `storyrunner --check` says what is",
        )


def lint_status(story: Story) -> Iterator[Finding]:
    """The header's status against the boxes."""
    state, place = story.header.state, status_place(story)
    done = _of(story, Zone.DONE)
    counted = {
        StoryState.DONE: _of(story, Zone.TASK) + _of(story, Zone.CRITERIA) + done,
        StoryState.REVIEW: _of(story, Zone.TASK),
    }.get(state, ())
    still = _still(counted)
    if still:
        yield error(
            "story-status-ahead",
            f"the status is “{story.header.status}”, but {_count(still, counted)} "
            f"{_verb(still)} open",
            place,
            hint=f"the first open one is on line {still[0].line}",
        )
    if state in _NOT_YET and done and not _still(done):
        yield warning(
            "story-status-behind",
            f"the status is “{story.header.status}”, but every box of the definition of done "
            f"is ticked",
            place,
            hint="set the status, or take back the ticks that are not proven",
        )


def lint_tracker(story: Story, entries: Sequence[TrackerEntry]) -> Iterator[Finding]:
    """What the tracker says about this story against its status and boxes."""
    for entry in entries:
        if entry.finished is None:
            continue
        state = story.header.state
        boxes = own_boxes(story)
        still = _still(boxes)
        said = "finished" if entry.finished else "unfinished"
        if (entry.finished and state in _NOT_YET) or (
            not entry.finished and state is StoryState.DONE
        ):
            yield warning(
                "story-tracker-status",
                f"the tracker calls the story {said}, its status is “{story.header.status}”",
                status_place(story),
                hint=f"{entry.place}",
            )
        if entry.finished and still:
            yield error(
                "story-tracker-ticks",
                f"the tracker calls the story finished, but {_count(still, boxes)} "
                f"{_verb(still)} open",
                still[0].place,
                hint=f"{entry.place}",
            )


def lint_claims(story: Story, others: Mapping[int, Story]) -> Iterator[Finding]:
    """Ticked boxes that call another story complete while it does not say so itself."""
    seen = {story.id}
    for box in story.boxes:
        if not box.checked or "complete" not in box.text.casefold():
            continue
        for number in numbers_named(box.text):
            other = others.get(number)
            if other is None or other.id in seen or is_finished(other):
                continue
            seen.add(other.id)
            boxes = own_boxes(other)
            ticked = sum(box.checked for box in boxes)
            yield warning(
                "story-claim-open",
                f"ticked, but {other.id} is “{other.header.status or 'without a status'}” with "
                f"{ticked} of {len(boxes)} boxes ticked",
                box.place,
                hint=f"see {other.path}",
            )


def numbers_named(text: str) -> tuple[int, ...]:
    """The numbers of the stories that a text names one by one (`Story 43`)."""
    found = []
    words = text.replace("*", " ").replace("`", " ").split()
    for before, after in pairwise(words):
        digits = after.strip("#(),.:;")
        if before.strip("(").casefold() == "story" and digits.isdecimal() and len(digits) < 5:
            found.append(int(digits))
    return tuple(dict.fromkeys(found))


def status_place(story: Story) -> Place:
    """Where the header states the status; the top of the file when it does not."""
    for item in story.header.fields:
        if item.key == "status":
            return item.span.place
    return Place(story.path)


def _nested(story: Story) -> Iterator[Finding]:
    """Boxes against the boxes that stand in their own list item."""
    children: dict[int, list[Checkbox]] = {}
    parents: dict[int, Checkbox] = {}
    for parent, child in _pairs(story):
        children.setdefault(parent.offset, []).append(child)
        parents[parent.offset] = parent
    for offset, below in children.items():
        parent = parents[offset]
        still = _still(box for box in below if not box.deferred)
        if parent.checked and still:
            yield error(
                "story-tick-children",
                f"ticked, but {_count(still, below)} below it {_verb(still)} open",
                parent.place,
                hint=f"the first open one is on line {still[0].line}",
            )
        elif not parent.checked and not parent.deferred and not still and len(below) > 1:
            yield warning(
                "story-tick-parent",
                f"open, but all {len(below)} boxes below it are ticked",
                parent.place,
            )


def _pairs(story: Story) -> Iterator[tuple[Checkbox, Checkbox]]:
    """Boxes with the box they are nested in: text further left ends a list item."""
    if not any(box.indent for box in story.boxes):
        return
    by_line = {box.line: box for box in story.boxes}
    lines = Lines(story.text, story.path)
    code = {line for block in story.blocks for line in range(block.span.first, block.span.last + 1)}
    stack: list[Checkbox] = []
    for number, text in enumerate(lines.stripped, 1):
        if not text or number in code:
            continue
        indent = lines.indent(number - 1)
        while stack and indent <= stack[-1].indent:
            stack.pop()
        box = by_line.get(number)
        if box is None:
            continue
        # Less than two blanks is no nesting (one-space bullets).
        if stack and box.depth > stack[-1].depth:
            yield stack[-1], box
        stack.append(box)


def _of(story: Story, zone: Zone) -> tuple[Checkbox, ...]:
    return tuple(box for box in story.boxes if box.zone is zone and not box.deferred)


def _still(boxes: Iterable[Checkbox]) -> list[Checkbox]:
    """The open ones that are not optional (`… if needed`): those may stay open for good."""
    return [box for box in boxes if not box.checked and not _OPTIONAL.search(box.text)]


def _count(part: Sequence[Checkbox], whole: Sequence[Checkbox]) -> str:
    return f"{len(part)} of {len(whole)} boxes"


def _verb(part: Sequence[Checkbox]) -> str:
    return "is" if len(part) == 1 else "are"
