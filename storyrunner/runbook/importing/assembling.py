"""A whole story as a runbook: drawn, put in order, written as YAML, and read back by the loader.

The text is the runbook: what is run without a file is read from the very text that `import` writes.
"""

from __future__ import annotations

import re
from pathlib import Path

from storyrunner.errors import Place, RunbookError, StoryError
from storyrunner.model.cluster import Cluster
from storyrunner.model.frozen import dataclass
from storyrunner.model.runbook import Runbook
from storyrunner.model.story import Story
from storyrunner.runbook.importing.committing import add_commit
from storyrunner.runbook.importing.criteria import CriteriaReader
from storyrunner.runbook.importing.draft import WRITES, Draft, Keys, StepDraft, TaskDraft
from storyrunner.runbook.importing.leftover import (
    deferred_work,
    dependency_notes,
    done_boxes,
    outcome,
)
from storyrunner.runbook.importing.naming import settle
from storyrunner.runbook.importing.repository import read_repository
from storyrunner.runbook.importing.tasks import TaskReader
from storyrunner.runbook.importing.writing import write_runbook
from storyrunner.runbook.loader import parse_runbook

_RENDERED = frozenset({"build", "dry_run", "query"})


@dataclass(frozen=True, slots=True)
class Imported:
    """A runbook and the YAML it was read from."""

    text: str
    runbook: Runbook


def import_story(story: Story, root: Path) -> Imported:
    """The runbook of a story in the repository at `root`. Writes nothing and runs nothing.

    Raises StoryError with a place for a story that gives no valid runbook.
    """
    text = write_runbook(draw(story, root), _head(story))
    try:
        return Imported(text, parse_runbook(text, f"{story.path} (imported)"))
    except RunbookError as problem:
        where = f" at line {problem.place.line} of what was made of it" if problem.place else ""
        raise StoryError(
            f"the story gives no valid runbook: {problem.message}{where}",
            place=Place(story.path),
            hint=problem.hint or "write a runbook for it by hand",
        ) from problem


def draw(story: Story, root: Path) -> Draft:
    """The draft of the runbook, numbered."""
    repository = read_repository(root, story)
    reader = TaskReader(story, repository)
    draft = Draft(_keys(story, repository.clusters))
    draft.tasks = reader.tasks()
    settle(draft.tasks, story)
    commit = add_commit(draft, reader.commits, reader.commands, repository)
    criteria = CriteriaReader(story, repository, reader.commands, draft)
    draft.criteria = criteria.criteria()
    if criteria.checks.steps:
        _put_before_commit(draft, criteria.checks, commit)
    draft.done = list(done_boxes(story, draft, commit))
    _name_commit(draft, commit)
    _order(draft, commit)
    _keep_known(draft)
    draft.deferred = deferred_work(story)
    draft.notes = list(dependency_notes(story, draft))
    draft.number()
    return draft


def _keys(story: Story, clusters: tuple[Cluster, ...]) -> Keys:
    slug = re.sub(r"[^a-z0-9]+", "-", story.id.casefold().removeprefix("story-")).strip("-")
    keys: Keys = {
        "name": slug or "story",
        "story": story.id or "STORY",
        "number": max(story.number, 0),
        "title": story.title or story.id or "A story",
    }
    why = outcome(story)
    if why:
        keys["why"] = why
    keys["clusters"] = [_cluster(one) for one in clusters]
    return keys


def _cluster(one: Cluster) -> Keys:
    keys: Keys = {
        "name": one.name,
        "directory": one.directory,
        "settings": one.settings,
        "kustomizations": one.kustomizations,
    }
    return (
        keys
        if one.settings_name == "cluster-settings"
        else {**keys, "settings_name": one.settings_name}
    )


def _put_before_commit(draft: Draft, checks: TaskDraft, commit: StepDraft | None) -> None:
    at = next((i for i, task in enumerate(draft.tasks) if commit in task.steps), len(draft.tasks))
    draft.tasks.insert(at, checks)


def _name_commit(draft: Draft, commit: StepDraft | None) -> None:
    """The commit step for the word that stands for it in the boxes."""
    for task in draft.tasks:
        for box in task.boxes:
            proofs = [commit if proof == "commit" else proof for proof in box.proofs]
            box.proofs = [proof for proof in proofs if proof is not None]


def _order(draft: Draft, commit: StepDraft | None) -> None:
    """What each task needs: checks of what is rendered come after all writes, and so does the
    commit; writes come after a first task of prerequisites."""
    writers = [task for task in draft.tasks if task.writes]
    first = next((task for task in draft.tasks if task.story_task), None)
    gate = first if first is not None and _is_gate(first) else None
    for task in draft.tasks:
        if task.writes and commit not in task.steps:
            task.needs = [gate.id] if gate is not None and gate is not task else []
        elif commit in task.steps or any(step.kind in _RENDERED for step in task.steps):
            task.needs = [one.id for one in writers if one is not task]
    if gate is not None:
        _supply(gate, writers)


def _is_gate(task: TaskDraft) -> bool:
    kinds = {step.kind for step in task.steps}
    return "require" in kinds and kinds <= {"require", "confirm"}


def _supply(gate: TaskDraft, writers: list[TaskDraft]) -> None:
    """A prerequisite that a later task of the story brings holds nothing up."""
    for step in gate.steps:
        paths = [need.get("file") or need.get("path", "") for need in step.keys.get("needs", ())]
        for task in writers:
            written = [one.keys["path"] for one in task.steps if one.kind in WRITES]
            if paths and all(_is_brought(path, written) for path in paths):
                step.keys["supplied_by"] = task.id
                break


def _is_brought(path: str, written: list[str]) -> bool:
    folder = path.rstrip("/")
    return bool(folder) and any(one == folder or one.startswith(f"{folder}/") for one in written)


def _keep_known(draft: Draft) -> None:
    """Nothing names a task or criterion that is not there, and no two tasks have one id."""
    known = {criterion.id for criterion in draft.criteria}
    for task in draft.tasks:
        task.satisfies = [name for name in dict.fromkeys(task.satisfies) if name in known]
        task.boxes = [box for box in task.boxes if box.proofs and box.text]
    draft.done = [box for box in draft.done if box.proofs and box.text]


def _head(story: Story) -> list[str]:
    return [
        f"{story.id}: made by `storyrunner import` from {story.path}.",
        "Comments name the lines of the story that each step came from. It is yours to edit: a",
        "story that has a runbook keeps it.",
    ]
