"""What a story says beside its tasks: the definition of done, deferred work, dependencies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from storyrunner.model.story import SectionKind, Story, Zone
from storyrunner.runbook.importing.criteria import words_of
from storyrunner.runbook.importing.draft import BoxDraft, Draft, Keys, StepDraft
from storyrunner.runbook.importing.manual import shortened
from storyrunner.runbook.importing.naming import says_only_commit
from storyrunner.runbook.importing.tasks import PUSHED
from storyrunner.stories.commands_in import SHELLS
from storyrunner.stories.doctor_model import normal
from storyrunner.stories.shell_pipelines import read_pipelines
from storyrunner.stories.story_paths import expand

_QUOTED = re.compile(r"`([^`]+)`")
_STORY = re.compile(r"\bstor(?:y|ies)[ ]#?(\d{1,3})", re.IGNORECASE)
_PUSHED = re.compile(r"\bpushed\b", re.IGNORECASE)
_NOT_PUSHED = re.compile(r"\bnot (?:yet )?pushed\b", re.IGNORECASE)
_MADE = re.compile(
    r"(?:(?:director(?:y|ies)|files?|manifests?)\s*)?(?:is |are )?"
    r"(?:created|updated|added|exists?|present)?\s*:?",
    re.IGNORECASE,
)
_MOST_COMMANDS = 60


def done_boxes(story: Story, draft: Draft, commit: StepDraft | None) -> Iterator[BoxDraft]:
    """The boxes of the definition of done whose words say what proves them; the others are left to
    a person."""
    for item in story.done:
        if item.deferred or item.checked is None:
            continue
        proofs = _proofs(item.text, draft, commit)
        if proofs:
            yield BoxDraft(item.text, proofs)


def _proofs(text: str, draft: Draft, commit: StepDraft | None) -> list[StepDraft | str]:
    if says_only_commit(text):
        pushed = _PUSHED.search(text) and not _NOT_PUSHED.search(text)
        found: list[StepDraft | str] = [commit] if commit is not None else []
        return [*found, PUSHED] if found and pushed else found
    words = words_of(text)
    same = [one.id for one in draft.criteria if words and words_of(one.text) == words]
    same += [one.id for one in draft.tasks if words and words_of(one.title) == words]
    if len(same) == 1:
        return [same[0]]
    names = [path for name in _QUOTED.findall(text) if "/" in name for path in expand(name)]
    bare = _QUOTED.sub("", text).strip()
    if not names or not _MADE.fullmatch(" ".join(bare.split())):
        return []
    return _of_paths(names, draft)


def _of_paths(names: Sequence[str], draft: Draft) -> list[StepDraft | str]:
    """The writes of every path; none when one of them is written by nothing."""
    found: list[StepDraft | str] = []
    for name in names:
        plain = normal(name.rstrip("/"))
        steps = [
            step
            for step in draft.steps()
            if step.kind in ("write", "edit")
            and (
                step.keys["path"] == plain
                or (name.endswith("/") and step.keys["path"].startswith(f"{plain}/"))
            )
        ]
        if not steps:
            return []
        found += steps
    return found


def deferred_work(story: Story) -> list[Keys]:
    """What other stories do: the items left to them, and the commands of the deferred sections."""
    found: dict[str, Keys] = {}
    for item in story.deferred:
        text = shortened(item.text.lstrip("❌ ").replace("~~", ""))
        to = f"story {item.target}" if item.target else shortened(item.label) or "a later story"
        if text:
            found.setdefault(text.casefold(), {"text": text, "to": to})
    return [*found.values(), *_commands(story)]


def _commands(story: Story) -> Iterator[Keys]:
    by_section: dict[int, list[str]] = {}
    for block in story.blocks:
        deferred = block.deferred or block.zone is Zone.RUNTIME
        if not deferred or block.document or block.language not in SHELLS:
            continue
        lines = [" ".join(one.text.split()) for one in read_pipelines(block.body)]
        by_section.setdefault(block.section, []).extend(lines)
    for index, commands in by_section.items():
        section = story.sections[index]
        to = _target(story, index)
        shown = list(dict.fromkeys(commands))[:_MOST_COMMANDS]
        yield {"text": shortened(section.name or section.title), "to": to, "commands": shown}


def _target(story: Story, index: int) -> str:
    """The story a section is left to, by its title or the ones around it."""
    while index >= 0:
        match = _STORY.search(story.sections[index].title)
        if match is not None:
            return f"story {int(match[1])}"
        index = story.sections[index].parent
    return "a later story"


def dependency_notes(story: Story, draft: Draft) -> Iterator[Keys]:
    """The stories this one builds on, as its text says: their ticks prove nothing here."""
    first = next((task.id for task in draft.tasks), "")
    if not first:
        return
    lines = dict.fromkeys(
        (one.span.first, one.span.raw.strip().lstrip("-*+ "))
        for one in story.dependencies
        if one.role == "build"
    )
    for line, text in lines:
        yield {"text": f"builds on: {shortened(text)} (story line {line})", "tasks": [first]}


def outcome(story: Story) -> str:
    """Why the story is worth doing, in its own words."""
    section = next(iter(story.sections_of(SectionKind.STORY)), None)
    text = section.span.raw.partition("\n")[2] if section is not None else ""
    match = re.search(r"\bso that\b([^\n]*(?:\n(?!\s*(?:[-*#]|\n))[^\n]+)*)", text)
    words = " ".join(match[1].split()) if match else ""
    if words.endswith((":", ",")):
        return ""  # a list follows: half a sentence says nothing
    return f"So that {words.replace('**', '')}".rstrip(".") + "." if words else ""
