"""The commit of a story: the step that stands for its git commands, and the message it asks for.

A push is never a step: it is the question after the commit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from storyrunner.model.story import CodeBlock, Story
from storyrunner.runbook.importing.commands import CommandReader
from storyrunner.runbook.importing.draft import Draft, Keys, StepDraft, TaskDraft, corrected
from storyrunner.runbook.importing.manual import confirm
from storyrunner.runbook.importing.repository import Repository
from storyrunner.runbook.importing.tasks import Commits
from storyrunner.stories.doctor import examine

_SUBJECT = re.compile(r"(?P<type>[a-z]+)(?:\((?P<scope>[^()\n]+)\))?!?: (?P<subject>\S[^\n]*)$")
COMMIT_TASK = "COMMIT"


def add_commit(
    draft: Draft,
    commits: dict[str, Commits],
    reader: CommandReader,
    repository: Repository,
) -> StepDraft | None:
    """The commit step in the last task that asks for one, else in a task of its own when the story
    writes anything. Without a file of its own a commit step could not fail: then it is a sign-off,
    or None when nothing asks for it."""
    asking = [task for task in draft.tasks if task.id in commits]
    if not any(task.writes for task in draft.tasks):
        return _sign(asking[-1], commits) if asking else None
    if asking:
        task = asking[-1]
        lines = commits[task.id].lines
        span = (lines[0], lines[-1])
    else:
        task = TaskDraft(COMMIT_TASK, "Commit what the story made", 1, story_task=False)
        draft.tasks.append(task)
        span = (1, 1)
    keys: Keys = {"kind": "commit", "title": "Commit this story's files"}
    wrong = [one for owner in asking for one in _wrong(owner, reader, repository)]
    if wrong:
        keys["corrects"] = wrong
    step = StepDraft(keys, span, "the story's git commands" if asking else "for what is written")
    task.steps.append(step)
    plan = next((p for owner in asking for p in _plans(owner, reader.story)), None)
    draft.commit = plan or {}
    return step


def _sign(task: TaskDraft, commits: dict[str, Commits]) -> StepDraft:
    lines = commits[task.id].lines
    why = "the story gives no file to write, so nothing tells what belongs into the commit"
    question = "Are all files of the story committed?"
    step = confirm("Commit this story's files", question, why, (lines[0], lines[-1]))
    return task.add(step)


def _wrong(task: TaskDraft, reader: CommandReader, repository: Repository) -> Iterator[Keys]:
    """What the doctor says of the story's git commands."""
    for command in reader.commands:
        if command.task != task.id or command.pipeline.parts[0].program != "git":
            continue
        diagnosis = examine(command, repository.view)
        if diagnosis is not None:
            because = [one.message for one in diagnosis.complaints]
            instead = "the commit step, which asks before it pushes"
            yield corrected(command.place.line, command.pipeline.text, because, instead)


def _plans(task: TaskDraft, story: Story) -> Iterator[Keys]:
    """The messages that a task gives: of `git commit -m`, or in a block of its own."""
    for block in story.blocks:
        if block.task != task.id or block.document or block.deferred:
            continue
        for message in _messages(block):
            plan = _plan(message)
            if plan:
                yield plan


def _messages(block: CodeBlock) -> Iterator[str]:
    from storyrunner.stories.shell_pipelines import read_pipelines

    if not block.language or block.language == "text":
        yield block.body
        return
    for pipeline in read_pipelines(block.body):
        argv = pipeline.parts[0].argv
        if argv[:2] == ("git", "commit"):
            for at, word in enumerate(argv[:-1]):
                if word in ("-m", "-am", "--message"):
                    yield argv[at + 1]
                    break


def _plan(message: str) -> Keys | None:
    """The message in its parts; its body stands in the footer to the letter."""
    first, _, rest = message.strip().partition("\n")
    match = _SUBJECT.match(first.strip())
    if match is None:
        return None
    plan: Keys = {"type": match["type"]}
    if match["scope"]:
        plan["scope"] = match["scope"]
    plan["subject"] = match["subject"].strip()
    body = "\n".join(line.rstrip() for line in rest.strip("\n").splitlines()).strip()
    if body:
        plan["footer"] = body
    return plan
