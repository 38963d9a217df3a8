"""`storyrunner doctor`: a story's commands that cannot work, with those that do. Runs nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from storyrunner.cli.output import say
from storyrunner.engine.finding_stories import imported, locate, runbooks_by_story
from storyrunner.errors import StoryError
from storyrunner.model.plain import plain
from storyrunner.model.story import Story
from storyrunner.stories.doctor import examine_story
from storyrunner.stories.doctor_model import Diagnosis, OwnStep, Remedy
from storyrunner.stories.doctor_reading import read_declared
from storyrunner.stories.library import find_stories, read_story, resolve
from storyrunner.stories.lint_reading import read_names

SCHEMA = "storyrunner/doctor/v1"
_LABEL = 9


def doctor_story(root: Path, reference: str, form: str, write: Callable[[str], None]) -> int:
    """Print what is wrong with the story's commands.

    Returns 0 when nothing is, else 1. Raises StoryError when there is no such story or it cannot
    be read, RunbookError for a runbook of the repository that is not valid.
    """
    refs = find_stories(root, unreadable=_tell)
    ref = resolve(root, refs, reference)
    story = read_story(root / ref.path, ref.path)
    files = read_names(root)
    found = examine_story(story, files, read_declared(root, files), _own_steps(root, story))
    if form == "json":
        write(json.dumps(_document(ref.path, found), indent=2, ensure_ascii=False))
    else:
        _write_text(found, write)
    return 1 if found else 0


def _own_steps(root: Path, story: Story) -> tuple[OwnStep, ...]:
    """The steps of the runbook that runs the story: its own, or what its text gives."""
    name = runbooks_by_story(root).get(story.id)
    try:
        runbook = locate(root, name).runbook if name else imported(root, story)
    except StoryError:
        return ()  # it has no steps then; its commands are judged all the same
    return tuple(
        OwnStep(step.id, task.id, step.kind) for task in runbook.tasks for step in task.steps
    )


def _tell(problem: StoryError) -> None:
    """A file that cannot be read hides no other story; it is an error when it is meant."""
    say(f"storyrunner: a story is left out: {problem}")


def _document(path: str, found: Sequence[Diagnosis]) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "story": path,
        "counts": {"commands": len(found), "complaints": sum(len(d.complaints) for d in found)},
        "commands": plain(found),
    }


def _write_text(found: Sequence[Diagnosis], write: Callable[[str], None]) -> None:
    for diagnosis in found:
        recorded = "  (recorded as run)" if diagnosis.source == "record" else ""
        for complaint in diagnosis.complaints:
            write(
                f"{diagnosis.place}: {complaint.severity} {complaint.rule}"
                f" {complaint.message}{recorded}"
            )
        _write_command("written:", diagnosis.written, write)
        for remedy in diagnosis.works:
            _write_command("works:", remedy.command, write)
            _write_note(remedy, write)
    count = len(found)
    if count:
        write(f"{count} command{'' if count == 1 else 's'} should not be run as written")
    else:
        write("nothing is known to be wrong with the story's commands")


def _write_command(label: str, command: str, write: Callable[[str], None]) -> None:
    first, *rest = command.splitlines() or [""]
    write(f"    {label:<{_LABEL}}{first}")
    for line in rest:
        write(f"    {'':<{_LABEL}}{line}".rstrip())


def _write_note(remedy: Remedy, write: Callable[[str], None]) -> None:
    if remedy.note:
        write(f"    {'':<{_LABEL}}({remedy.note})")
