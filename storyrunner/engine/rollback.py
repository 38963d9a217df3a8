"""What takes a story's work out again, as proposals in the order of its rollback notes."""

from __future__ import annotations

from storyrunner.gitops.edits import remove_list_entry
from storyrunner.model.runbook import RollbackEntry
from storyrunner.steps.base import StepContext, owned_files
from storyrunner.workspace import Proposal

Step = tuple[str, list[Proposal]]
"""Why, and the changes that belong together."""


def rollback_proposals(context: StepContext) -> list[Step]:
    """The changes that are still needed. Files in the story's folder that it did not make stay."""
    found = []
    for entry in context.runbook.rollback:
        proposals = _of_folder(entry, context) if entry.folder else _of_entry(entry, context)
        if proposals:
            found.append((entry.why, proposals))
    return found


def _of_entry(entry: RollbackEntry, context: StepContext) -> list[Proposal]:
    path = context.values.fill(entry.file)
    text = context.workspace.read_text(path)
    if text is None:
        return []
    edited = remove_list_entry(text, path, entry.field, context.values.fill(entry.entry))
    if not edited.changed:
        return []
    return [context.workspace.propose(path, edited.text.encode("utf-8"), entry.why)]


def _of_folder(entry: RollbackEntry, context: StepContext) -> list[Proposal]:
    folder = context.values.fill(entry.folder)
    made = [path for path, _ in owned_files(context.runbook, context.values)]
    here = [path for path in made if path.startswith(f"{folder}/")]
    there = [path for path in here if context.workspace.read(path) is not None]
    return [context.workspace.propose(path, None, entry.why) for path in there]
