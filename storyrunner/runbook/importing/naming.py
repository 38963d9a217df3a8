"""What a box names, until all writes of the story are known: then the writes, or a person.

A name stands for one write or for none; a part of what is named proves nothing of the whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from storyrunner.model.story import Story
from storyrunner.runbook.importing.draft import WRITES, StepDraft, TaskDraft
from storyrunner.runbook.importing.manual import confirm

_COMMIT_WORDS = """
a add added all and are as branch by changes commit committed commits created descriptive everything
files for from git in into is it linking local main manifest manifests message new not of on one
origin push pushed remote repo repository stage staged story the this to when with work
"""
_ONLY_COMMIT = frozenset(_COMMIT_WORDS.split())
_WORD = re.compile(r"[A-Za-z][\w-]*")


def says_only_commit(text: str) -> bool:
    """True for a sentence that says that something is committed or pushed, and nothing more: of any
    more a commit proves nothing."""
    words = {word.casefold() for word in _WORD.findall(text)}
    said = words & {"commit", "committed", "commits", "push", "pushed", "stage", "staged"}
    return bool(said) and words <= _ONLY_COMMIT


class Named(str):
    """Stands for the writes of all the files named (`/` at the end: of any file below a folder),
    until all writes are known."""

    names: tuple[str, ...]

    def __new__(cls, names: tuple[str, ...]) -> Named:
        """A word of its own for the names."""
        one = super().__new__(cls, " ".join(names))
        one.names = names
        return one


def settle(drafts: Sequence[TaskDraft], story: Story) -> None:
    """Put the writes in for what boxes name; what turns out to be named by none is signed."""
    writes = [step for task in drafts for step in task.steps if step.kind in WRITES]
    for task in drafts:
        for box in task.boxes:
            found = [_settled(proof, writes, task) for proof in box.proofs]
            settled: list[StepDraft | str] = [proof for some in found for proof in some]
            if not all(found):
                line = _line_of(story, task.id, box.text) or task.line
                question = f"Is this done: {box.text.rstrip(': ')}?"
                why = "no command and no file of the story says when this is done"
                settled.append(task.add(confirm(box.text, question, why, (line, line))))
            box.proofs = settled


def _settled(
    proof: StepDraft | str, writes: Sequence[StepDraft], task: TaskDraft
) -> Sequence[StepDraft | str]:
    if not isinstance(proof, Named):
        return [proof]
    found: list[StepDraft | str] = []
    for name in proof.names:
        step = _write_of(name.removeprefix("./"), writes, task)
        if step is None:
            return []  # a part of it proves nothing of the whole
        found.append(step)
    return found


def _write_of(name: str, writes: Sequence[StepDraft], task: TaskDraft) -> StepDraft | None:
    """The write a name means: of that very path, else the only one of that name in the task, else
    the only one there is."""
    if name.endswith("/"):
        return next((step for step in writes if step.keys["path"].startswith(name)), None)
    exact = [step for step in writes if step.keys["path"] == name]
    ending = [step for step in writes if step.keys["path"].endswith(f"/{name}")]
    for chosen in (exact, [step for step in ending if step in task.steps], ending):
        if len(chosen) == 1:
            return chosen[0]
    return None


def _line_of(story: Story, task: str, text: str) -> int:
    return next((box.line for box in story.boxes if (box.task, box.text) == (task, text)), 0)
