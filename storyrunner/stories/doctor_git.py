"""The doctor's rules for git: what is added, what the shell does to a message, what is pushed."""

from __future__ import annotations

import re

from storyrunner.stories.doctor_model import Draft, normal
from storyrunner.stories.shell_pipelines import SimpleCommand
from storyrunner.stories.shell_words import Word
from storyrunner.stories.story_paths import expand

_EVERYTHING = frozenset({".", "-A", "--all", "-u", "--update", ":/"})
_BARE_DOLLAR = re.compile(r"(\\.)|(\$(?=[{A-Za-z_])|`)", re.DOTALL)
_MOST_NAMED = 3


def examine_git(draft: Draft, part: SimpleCommand) -> None:
    """`git add` that misses files, a message the shell changes, a push nobody was asked about."""
    verb = part.argv[1] if len(part.argv) > 1 else ""
    if verb == "add":
        _examine_add(draft, part)
    elif verb == "commit":
        _examine_message(draft, part)
    elif verb == "push" and "--dry-run" not in part.argv and "-n" not in part.argv:
        draft.warn("git-push", "publishes at once; `storyrunner run --push` asks first")
        word = part.words[-len(part.argv) + 1]
        draft.close(word.start + len(word.raw), " --dry-run")
        draft.notes.append("shows what would be published")


def _examine_add(draft: Draft, part: SimpleCommand) -> None:
    following = draft.command.following
    if following is not None and _is_add(following.parts[0]):
        return
    adds = [one.parts[0] for one in draft.command.before if _is_add(one.parts[0])]
    given = [word.text for one in (*adds, part) for word in one.words[2:]]
    if any(word in _EVERYTHING for word in given):
        return
    known = [normal(path) for word in given for path in expand(word)]
    if not known:
        return
    files = draft.view.files
    present = [
        path if files.holds(path) else files.moved_to(path, was_there=False) or path
        for path in draft.view.touched
    ]
    missed = [
        path
        for path in dict.fromkeys(present)
        if not any(path == one or path.startswith(f"{one}/") for one in known)
    ]
    if not missed:
        return
    shown = ", ".join(missed[:_MOST_NAMED]) + (" …" if len(missed) > _MOST_NAMED else "")
    draft.warn("git-add-misses", f"the story also changes {shown}")
    last = part.words[-1]
    draft.close(last.start + len(last.raw), "".join(f" {path}" for path in missed))


def _is_add(part: SimpleCommand) -> bool:
    return part.program == "git" and part.argv[1:2] == ("add",)


def _examine_message(draft: Draft, part: SimpleCommand) -> None:
    for before, word in zip(part.words, part.words[1:], strict=False):
        is_message = re.fullmatch(r"-[a-z]*m|--message", before.text)
        if not is_message or '"' not in word.quotes or "'" in word.quotes:
            continue
        lost = _lost(word)
        if not lost:
            continue
        draft.error("message-expands", f"the shell fills in {lost} before git sees the message")
        draft.replace(word, _BARE_DOLLAR.sub(_escape, word.raw))


def _lost(word: Word) -> str:
    if word.expands:
        return f"${{{word.expands[0]}}}"
    bare = re.sub(r"\\.", "", word.raw)
    return "what stands in `…`" if "`" in bare else ""


def _escape(match: re.Match[str]) -> str:
    return match[1] or f"\\{match[2]}"
