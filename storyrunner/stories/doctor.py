"""The command doctor: a story's commands that cannot work as written, and commands that do.

Pure: it reads a story and a view of the repository, and never runs anything (story-format.md §8
lists what goes wrong in real stories). Each family of tools has its own module of rules.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from storyrunner.model.story import Story
from storyrunner.stories.bindings import bind_blocks
from storyrunner.stories.commands_in import StoryCommand, commands_of, is_executable
from storyrunner.stories.doctor_flux import built_name, examine_flux, is_flux_build
from storyrunner.stories.doctor_git import examine_git
from storyrunner.stories.doctor_kubectl import examine_kubectl, examine_kustomize
from storyrunner.stories.doctor_model import Declared, Diagnosis, Draft, OwnStep, Remedy, View
from storyrunner.stories.doctor_paths import examine_paths
from storyrunner.stories.doctor_text import (
    examine_envsubst,
    examine_grep,
    examine_heredocs,
    examine_or_true,
    examine_placeholders,
    examine_yq,
)
from storyrunner.stories.repository_lint import RepositoryFiles
from storyrunner.stories.shell_pipelines import SimpleCommand
from storyrunner.stories.story_paths import made_folders, tree_paths

_CHANGES = frozenset({"create", "update", "merge", "verify-or-update", "append"})


def examine_story(
    story: Story,
    files: RepositoryFiles,
    declared: Sequence[Declared] = (),
    steps: Sequence[OwnStep] = (),
) -> list[Diagnosis]:
    """What is wrong with the story's commands, in the order of the text.

    `declared` are the repository's Flux Kustomizations, `steps` those of the story's runbook.
    """
    view = view_of(story, files, declared, steps)
    found = (examine(command, view) for command in commands_of(story))
    return [diagnosis for diagnosis in found if diagnosis is not None]


def view_of(
    story: Story,
    files: RepositoryFiles,
    declared: Sequence[Declared] = (),
    steps: Sequence[OwnStep] = (),
) -> View:
    """The repository as this story's commands meet it."""
    targets = [path for one in bind_blocks(story) if one.mode in _CHANGES for path in one.targets]
    folders = [path for _line, path in made_folders(story.text.splitlines())]
    drawn = [path for block in story.blocks for path in tree_paths(block.body)]
    made = set()
    for path in (*targets, *folders, *drawn):
        while path and path not in made:
            made.add(path)
            path = posixpath.dirname(path)  # noqa: PLW2901
    touched = dict.fromkeys((*targets, *_built_files(story, declared)))
    return View(files, tuple(declared), frozenset(made), tuple(touched), story.id, tuple(steps))


def _built_files(story: Story, declared: Sequence[Declared]) -> Iterator[str]:
    """The files that declare what the story builds: it presupposes them, so it brings them."""
    names = {
        built_name(part)
        for command in commands_of(story)
        for part in command.pipeline.parts
        if is_flux_build(part)
    }
    yield from (one.file for one in declared if one.name in names)


def examine(command: StoryCommand, view: View) -> Diagnosis | None:
    """What is wrong with one command, None when nothing is known to be."""
    draft = Draft(command, view)
    if not examine_placeholders(draft):
        for index, part in enumerate(command.pipeline.parts):
            _examine_part(draft, part, index)
        examine_or_true(draft)
    if not draft.complaints:
        return None
    corrected = draft.corrected()
    note = "; ".join(dict.fromkeys(draft.notes))
    works = [Remedy(corrected, note=note)] if corrected else []
    return Diagnosis(
        command.place,
        command.task,
        command.source,
        command.pipeline.text,
        tuple(draft.complaints),
        tuple(dict.fromkeys([*works, *draft.remedies])),
    )


def _examine_part(draft: Draft, part: SimpleCommand, index: int) -> None:
    program = part.program
    examine_paths(draft, part)
    examine_heredocs(draft, part)
    if program == "kubectl":
        examine_kubectl(draft, part)
        examine_kustomize(draft, part)
    elif program == "kustomize":
        examine_kustomize(draft, part)
    elif is_flux_build(part):
        examine_flux(draft, part, index)
    elif program == "yq":
        examine_yq(draft, part, index)
    elif program in ("grep", "egrep"):
        examine_grep(draft, part)
    elif program == "envsubst":
        examine_envsubst(draft, part)
    elif program == "git":
        examine_git(draft, part)


__all__ = ["Diagnosis", "examine", "examine_story", "is_executable", "view_of"]
