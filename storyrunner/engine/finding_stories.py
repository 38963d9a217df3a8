"""Which story is meant, and which runbook runs it.

A story file whose id has a runbook is run by that runbook, another one by what its own text gives;
a runbook can also be named itself, and then runs whether the repository holds the story's Markdown
or not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from storyrunner import regular
from storyrunner.errors import RunbookError, StoryError, UsageError
from storyrunner.gitops.near import did_you_mean
from storyrunner.model.frozen import dataclass
from storyrunner.model.runbook import Runbook
from storyrunner.model.story import Story
from storyrunner.runbook.loader import load_runbook, shipped_runbooks
from storyrunner.stories.diagnose import id_of_path
from storyrunner.stories.library import StoryRef, find_stories, read_story, resolve

OWN_RUNBOOKS = Path(".storyrunner") / "runbooks"
_STORY_LINE = re.compile(r"^story:\s*[\"']?([\w-]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Choice:
    """A runbook and, when the repository holds it, its story. `unreadable` are stories that could
    not be read and are not the one that is meant: they are told, and hide nothing."""

    runbook: Runbook
    story: Story | None
    unreadable: tuple[StoryError, ...] = ()


@dataclass(frozen=True, slots=True)
class StoryChoice:
    """A story that can be run here, as a list shows it. `reference` names it to `locate`."""

    reference: str
    number: int
    title: str
    status: str


def locate(root: Path, reference: str = "", runbook: str = "") -> Choice:
    """The story that `reference` means: a path, a number, an id or a runbook's name; without one
    the only story that can be run. `runbook` is a runbook file that is used instead.

    Raises UsageError, StoryError, RunbookError.
    """
    bad: list[StoryError] = []
    refs = find_stories(root, unreadable=bad.append)
    if runbook:
        loaded = load_runbook(Path(runbook), runbook)
        return Choice(loaded, _story_of(root, refs, loaded.story, bad), tuple(bad))
    files = _runbook_files(root)
    if reference in files:
        loaded = _load(root, files[reference])
        return Choice(loaded, _story_of(root, refs, loaded.story, bad), tuple(bad))
    if not reference:
        reference = _only_one(refs, files, bad)
    ref = _resolve(root, refs, reference, files, bad)
    by_story = _by_story(files)
    story = read_story(root / ref.path, ref.path)
    if ref.id not in by_story:
        return Choice(imported(root, story), story, tuple(bad))
    return Choice(_load(root, files[by_story[ref.id]]), story, tuple(bad))


def imported(root: Path, story: Story) -> Runbook:
    """The runbook that a story's own text gives. Raises StoryError."""
    from storyrunner.runbook.importing.assembling import import_story  # late: few runs need it

    return import_story(story, root).runbook


def _load(root: Path, path: Path) -> Runbook:
    """A runbook, named in errors by its path in the repository or by its own name."""
    inside = path.is_relative_to(root)
    return load_runbook(path, path.relative_to(root).as_posix() if inside else path.name)


def all_stories(root: Path) -> Sequence[StoryChoice]:
    """The stories of a repository, by number; files that cannot be read are left out, and `locate`
    says why when one of them is meant."""
    refs = find_stories(root, unreadable=lambda _: None)
    return [StoryChoice(ref.path, ref.number, ref.title, _status(root, ref)) for ref in refs]


def runbooks_by_story(root: Path) -> dict[str, str]:
    """Story id -> name of the runbook that runs it: those of the repository and those that ship."""
    return _by_story(_runbook_files(root))


def _status(root: Path, ref: StoryRef) -> str:
    try:
        return read_story(root / ref.path, ref.path).header.status
    except StoryError as problem:
        return f"unreadable: {problem.message}"


def _resolve(
    root: Path,
    refs: Sequence[StoryRef],
    reference: str,
    files: dict[str, Path],
    bad: Sequence[StoryError],
) -> StoryRef:
    try:
        return resolve(root, refs, reference)
    except StoryError as problem:
        _refuse_unreadable(reference, bad)
        near = did_you_mean(reference, [*files, *(ref.id for ref in refs)])
        hint = f"{near or problem.hint}; {_listing(refs, files)}"
        raise StoryError(problem.message, place=problem.place, hint=hint) from problem


def _listing(refs: Sequence[StoryRef], files: dict[str, Path]) -> str:
    stories = ", ".join(ref.id for ref in refs) or "none"
    return f"stories here: {stories}; runbooks: {', '.join(files)}"


def _only_one(refs: Sequence[StoryRef], files: dict[str, Path], bad: Sequence[StoryError]) -> str:
    by_story = _by_story(files)
    fitting = [ref for ref in refs if ref.id in by_story]
    if not fitting:
        for story in by_story:
            _refuse_unreadable(story, bad)
    if len(fitting) == 1:
        return fitting[0].path
    fitting = fitting or list(refs)
    if len(fitting) == 1:
        return fitting[0].path
    if fitting:
        names = "; ".join(f"{ref.number:02d} {ref.id}" for ref in fitting)
        raise UsageError(f"which story? {names}", hint="name one by path, number or id")
    raise UsageError(
        "there is no story in this repository",
        hint=f"name a runbook ({', '.join(files)}) or a story; {_listing(refs, files)}",
    )


def _runbook_files(root: Path) -> dict[str, Path]:
    """Name -> file; the repository's own go before those that ship."""
    own = root / OWN_RUNBOOKS
    found = {path.stem: path for path in sorted(own.glob("*.yaml"))} if own.is_dir() else {}
    return {**shipped_runbooks(), **found}


def parameter_names(root: Path) -> frozenset[str]:
    """The names of the parameters of all runbooks of a repository, its own and those that ship;
    one that cannot be read gives none."""
    found: set[str] = set()
    for path in _runbook_files(root).values():
        with suppress(RunbookError):
            found.update(_load(root, path).parameters)
    return frozenset(found)


def _by_story(files: dict[str, Path]) -> dict[str, str]:
    """Story id -> runbook name, without loading the runbooks."""
    found = {}
    for name, path in files.items():
        try:
            text = regular.read_text(path, encoding="utf-8", errors="replace")
        except OSError:
            continue  # said when it is loaded
        match = _STORY_LINE.search(text)
        if match:
            found[match[1]] = name
    return found


def _story_of(
    root: Path, refs: Sequence[StoryRef], story: str, bad: Sequence[StoryError]
) -> Story | None:
    _refuse_unreadable(story, bad)
    fitting = [ref for ref in refs if ref.id == story]
    return read_story(root / fitting[0].path, fitting[0].path) if len(fitting) == 1 else None


def _refuse_unreadable(reference: str, bad: Sequence[StoryError]) -> None:
    """Raise the StoryError of the file that is meant: what cannot be read is known by its name."""
    wanted = reference.casefold().removeprefix("story-")
    for problem in bad:
        name = id_of_path(problem.place.path) if problem.place else ""
        if name and name.casefold().removeprefix("story-") == wanted:
            raise problem
