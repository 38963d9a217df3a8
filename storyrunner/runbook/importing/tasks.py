"""The tasks of a story with their steps, in the order of its text, and the boxes they prove.

A box or a prose step that no step stands for becomes a sign-off: nothing of a task is proven by
silence. A box is never proven by its neighbours, only by what stands under it or what it names.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import replace

from storyrunner.model.frozen import dataclass
from storyrunner.model.story import (
    Checkbox,
    CodeBlock,
    InlineCommand,
    Story,
    StoryTask,
    TaskItem,
    Zone,
)
from storyrunner.runbook.importing.blocks import add_blocks
from storyrunner.runbook.importing.commands import CommandReader, Read
from storyrunner.runbook.importing.draft import BoxDraft, StepDraft, TaskDraft
from storyrunner.runbook.importing.manual import confirm
from storyrunner.runbook.importing.naming import Named, says_only_commit
from storyrunner.runbook.importing.repository import Repository
from storyrunner.stories.commands_in import is_executable

_QUOTED = re.compile(r"`([^`]+)`")
_COMMITTED = re.compile(r"\b(?:commit(?:ted|s)?|stage[ds]?|git add)\b", re.IGNORECASE)
_PUSHED = re.compile(r"\bpush(?:ed)?\b", re.IGNORECASE)
_NOT_PUSHED = re.compile(r"\bnot (?:yet )?pushed\b|\bwithout push", re.IGNORECASE)
_CREATED = re.compile(r"\b(?:create|update|write)\b", re.IGNORECASE)
_ADDED = re.compile(r"\b(?:add|wire|include|list|register)\b", re.IGNORECASE)
_INTO = re.compile(r"\b(?:under|to|in|into)\b[^`]{0,30}`([^`\s]+)`", re.IGNORECASE)
PUSHED = "pushed"
_NEAR = 2


@dataclass(frozen=True, slots=True)
class Found:
    """What stands at a line of a task and became steps; `block` is None for inline commands."""

    line: int
    read: Read
    block: CodeBlock | None = None

    def is_under(self, box: Checkbox, end: int) -> bool:
        """Nested in a box, or right behind it."""
        if not box.line <= self.line < end:
            return False
        block = self.block
        near = block is not None and block.item == box.line and self.line - box.line <= _NEAR
        return block is None or block.indent > box.indent or near


@dataclass(frozen=True, slots=True)
class Commits:
    """Lines of a task that the commit step stands for, and whether a push is asked for there."""

    lines: tuple[int, ...]
    pushes: bool


class TaskReader:
    """Draws the tasks; what it learns of commits on the way is kept by task id."""

    def __init__(self, story: Story, repository: Repository) -> None:
        self._story = story
        self._repository = repository
        self.commands = CommandReader.of(story, repository)
        self.commits: dict[str, Commits] = {}

    def tasks(self) -> list[TaskDraft]:
        """The story's tasks; one without an id for work that stands under none."""
        drafts = [self._task(task) for task in self._story.tasks]
        drafts.extend(self._loose())
        return drafts

    def _task(self, task: StoryTask) -> TaskDraft:
        line = task.declarations[-1].span.first
        draft = TaskDraft(task.id, task.title or task.id, line)
        draft.satisfies = [f"AC{number}" for number in task.criteria]
        reads = self._read(draft, task.blocks, task)
        heads = {one.span.first for one in task.declarations}
        boxes = [box for box in task.boxes if box.line not in heads and _is_open(box)]
        self._bind(draft, boxes, task.boxes, reads)
        self._sign_items(draft, task.items, reads)
        return draft

    def _read(
        self, draft: TaskDraft, blocks: Sequence[CodeBlock], task: StoryTask | None
    ) -> list[Found]:
        """The blocks and inline commands of a task in the order of their lines, as steps."""
        found: list[Found] = []
        commits: list[int] = []
        pushes = False
        for line, block, reads in self._in_order(draft, blocks, task):
            for read in reads:
                steps = tuple(draft.add(step) for step in read.steps)
                found.append(Found(line, replace(read, steps=steps), block))
                commits += [line] if read.commits or read.pushes else []
                pushes = pushes or read.pushes
        if task is not None and not commits and _COMMITTED.search(task.title):
            commits.append(draft.line)
        if commits:
            self.commits[draft.id] = Commits(tuple(commits), pushes)
        return found

    def _in_order(
        self, draft: TaskDraft, blocks: Sequence[CodeBlock], task: StoryTask | None
    ) -> list[tuple[int, CodeBlock | None, list[Read]]]:
        inline = [one for one in task.inline_commands if one.boxed] if task is not None else []
        out: list[tuple[int, CodeBlock | None, list[Read]]] = []
        every: list[CodeBlock | InlineCommand] = [*blocks, *inline]
        for one in sorted(every, key=lambda what: what.span.first):
            line = one.span.first
            if not isinstance(one, CodeBlock):
                out.append((line, None, self.commands.inline(line, one.text, one.hint)))
            elif is_executable(one):
                out.append((line, one, self.commands.block(one)))
            elif one.language in ("yaml", "yml") and not one.document and not one.deferred:
                steps = tuple(add_blocks(draft, one, self._repository))
                out.append((line, one, [Read(steps)]))
        return out

    # --- boxes and prose -------------------------------------------------------------------------

    def _bind(
        self,
        draft: TaskDraft,
        boxes: Sequence[Checkbox],
        every: Sequence[Checkbox],
        reads: Sequence[Found],
    ) -> None:
        """Each box with what proves it: the steps under it, what it names, or a sign-off."""
        bound: list[tuple[Checkbox, BoxDraft]] = []
        for box in boxes:
            end = _end_of(box, every)
            under = [one.read for one in reads if one.is_under(box, end)]
            proofs: list[StepDraft | str] = [step for read in under for step in read.steps]
            proofs += self._of_commit(draft, box, under)
            proofs += self._of_folders(under)
            if not proofs:
                proofs += self._named(box.text)
            children = [other for other in boxes if box.line < other.line < end]
            if not proofs and not children:
                proofs.append(draft.add(self._unproven(box)))
            if proofs:
                bound.append((box, BoxDraft(box.text, proofs)))
        for box, one in bound:
            end = _end_of(box, every)
            nested = [other for child, other in bound if box.line < child.line < end]
            one.proofs += [proof for other in nested for proof in other.proofs]
        draft.boxes += [one for _, one in bound]

    def _of_commit(
        self, draft: TaskDraft, box: Checkbox, under: Sequence[Read]
    ) -> list[StepDraft | str]:
        here = self.commits.get(draft.id)
        commits = any(read.commits for read in under)
        pushes = any(read.pushes for read in under)
        if not commits and not pushes and here is not None and says_only_commit(box.text):
            commits = True
            pushes = here.pushes and _PUSHED.search(box.text) is not None
        found: list[StepDraft | str] = ["commit"] if commits else []
        return [*found, PUSHED] if pushes else found

    def _of_folders(self, under: Sequence[Read]) -> list[StepDraft | str]:
        """The writes that make the folders of a `mkdir`: only they prove that git keeps them."""
        folders = [folder for read in under for folder in read.made]
        return [Named(tuple(f"{folder}/" for folder in folders))] if folders else []

    def _named(self, text: str) -> list[StepDraft | str]:
        """The writes of the files that a box says to create, or of the one it says to add to."""
        plain = _QUOTED.sub("", text)
        names = [name for name in _QUOTED.findall(text) if "." in name and " " not in name]
        if _ADDED.search(plain):
            into = _INTO.search(text)
            names = [into[1]] if into is not None else []
        elif not _CREATED.search(plain):
            names = []
        files = tuple(name for name in names if posixpath.splitext(name)[1])
        return [Named(files)] if files and len(files) == len(names) else []

    def _unproven(self, box: Checkbox) -> StepDraft:
        question = f"Is this done: {box.text.rstrip(': ')}?"
        why = "no command and no file of the story says when this is done"
        return confirm(box.text, question, why, (box.line, box.line))

    def _sign_items(
        self, draft: TaskDraft, items: Sequence[TaskItem], reads: Sequence[Found]
    ) -> None:
        """One sign-off for the prose steps of a task that nothing stands for."""
        commits = self.commits.get(draft.id)
        lines = [one.line for one in reads]
        open_items = []
        ordered = [item for item in items if item.ordered and item.depth == 0]
        for index, item in enumerate(ordered):
            line = item.span.first
            after = ordered[index + 1].span.first if index + 1 < len(ordered) else line + 10_000
            has_block = any(line <= first < after for first in lines)
            if has_block or (commits is not None and says_only_commit(item.text)):
                continue
            open_items.append(item)
        if not open_items:
            return
        said = "; ".join(item.text.strip("*: ") for item in open_items)
        span = (open_items[0].span.first, open_items[-1].span.last)
        why = "these steps are prose"
        title = open_items[0].text if len(open_items) == 1 else f"{len(open_items)} steps by hand"
        draft.add(confirm(title, f"Are these done: {said}?", why, span))

    # --- work outside of tasks -------------------------------------------------------------------

    def _loose(self) -> list[TaskDraft]:
        """Boxes and blocks of the executable zones that belong to no task: one for each section."""
        story = self._story
        zones = (Zone.TASK, Zone.VALIDATION)
        blocks = [b for b in story.blocks if not b.task and b.zone in zones and not b.deferred]
        boxes = [b for b in story.boxes if not b.task and b.zone in zones and not b.deferred]
        sections = sorted({b.section for b in blocks} | {b.section for b in boxes})
        found = []
        for number, index in enumerate(sections, 1):
            section = story.sections[index]
            draft = TaskDraft(f"S{number}", section.name or section.title, section.span.first)
            draft.story_task = False
            own = [box for box in boxes if box.section == index and _is_open(box)]
            reads = self._read(draft, [b for b in blocks if b.section == index], None)
            self._bind(draft, own, own, reads)
            if draft.steps:
                found.append(draft)
        return found


def _is_open(box: Checkbox) -> bool:
    """A box that says something, of this story."""
    return not box.deferred and bool(box.text.strip())


def _end_of(box: Checkbox, boxes: Sequence[Checkbox]) -> int:
    """The line where what stands under a box ends: the next box that is not nested in it."""
    after = (
        other.line
        for other in boxes
        if other.line > box.line and (other.depth <= box.depth or other.section != box.section)
    )
    return min(after, default=10**9)
