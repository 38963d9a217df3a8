"""The doctor's rule for paths that are not there, and the near one that is."""

from __future__ import annotations

import posixpath

from storyrunner.gitops.near import likeness
from storyrunner.stories.doctor_model import Draft, View, normal
from storyrunner.stories.repository_lint import repository_paths
from storyrunner.stories.shell_pipelines import SimpleCommand
from storyrunner.stories.shell_words import Word

_READERS_NAMES = (
    "cat diff flux grep head jq kubeconform kubectl kustomize ls rg tail wc yamllint yq"
)
_READERS = frozenset(_READERS_NAMES.split())
_FIRST_IS_TEXT = frozenset({"grep", "rg", "yq", "jq"})
_ALIKE = 0.85
_REQUIREMENTS = "require"


def examine_paths(draft: Draft, part: SimpleCommand) -> None:
    """Complain about arguments that name a path of the repository which is not there."""
    if part.program not in _READERS or _has_moved(draft):
        return
    absent: list[str] = []
    lost = False
    for word in _arguments(part):
        text = word.text.rpartition("=")[2] if word.text.startswith("--") else word.text
        paths = [] if word.expands else repository_paths(text, draft.view.files)
        for path in (one for one in paths if not draft.view.holds(one)):
            near = near_path(path, draft.view)
            there = f"; there is {near}" if near else ""
            draft.error("path-missing", f"{path} does not exist{there}")
            absent.append(path)
            lost |= not near or len(paths) > 1
            if near and len(paths) == 1:
                draft.replace(word, word.raw.replace(path, near))
    if absent and lost:
        draft.incurable = True
        draft.own(draft.view.check(draft.command.task, _REQUIREMENTS))


def near_path(path: str, view: View) -> str:
    """The path that was meant, empty when that is not clear: one whose name the given one goes on
    from or is the start of, one much alike beside it, or one the file has moved to."""
    plain = normal(path)
    folder, name = posixpath.split(plain)
    beside = [
        one for one in (*view.files.paths, *view.files.folders) if posixpath.dirname(one) == folder
    ]
    starts = [
        one
        for one in beside
        if name.startswith(f"{posixpath.basename(one)}.")
        or posixpath.basename(one).startswith(f"{name}.")
    ]
    if starts:
        return starts[0] if len(starts) == 1 else ""
    moved = view.files.moved_to(path, was_there=False)
    if moved:
        return moved
    scored = sorted(
        ((likeness(name, posixpath.basename(one)), one) for one in beside), reverse=True
    )
    clear = len(scored) == 1 or (len(scored) > 1 and scored[0][0] > scored[1][0])
    return scored[0][1] if scored and clear and scored[0][0] >= _ALIKE else ""


def _arguments(part: SimpleCommand) -> list[Word]:
    words = list(part.words[1:])
    if part.program not in _FIRST_IS_TEXT:
        return words
    operands = [word for word in words if not word.text.startswith("-")]
    skipped = operands[:2] if operands and operands[0].text in ("eval", "ea", "e") else operands[:1]
    return [word for word in words if word not in skipped]


def _has_moved(draft: Draft) -> bool:
    """True after `cd`: what a path starts from is no longer known."""
    return any(
        part.program in ("cd", "pushd") for one in draft.command.before for part in one.parts
    )
