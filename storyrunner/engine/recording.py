"""Writes what a session proved into the story's Markdown: boxes, agent record, change log, status.

It says only what the results say, proposes one change of one file, and asks as for every write. How
a story writes its records is known in `stories/recording.py`, what proves a box in `steps/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from storyrunner import __version__
from storyrunner.engine.carry import propose
from storyrunner.engine.criteria import judge_task
from storyrunner.engine.ledger import Ledger
from storyrunner.errors import StoryrunnerError, UsageError
from storyrunner.model.decision import Change
from storyrunner.model.frozen import dataclass
from storyrunner.model.result import CriterionVerdict, StepResult
from storyrunner.model.status import FACES, Status
from storyrunner.model.step import ConfirmStep, Step
from storyrunner.model.story import StoryState
from storyrunner.steps.base import Suggestion, counted
from storyrunner.steps.boxes import box_changes, reread, tick
from storyrunner.stories.recording import RecordedFile, StoryRecord, write_record
from storyrunner.stories.titles import story_state
from storyrunner.tools import git as git_tool
from storyrunner.tools.git import Git
from storyrunner.workspace import Proposal, safe

NAME, TITLE = "record", "Write the story's boxes and records"
_OPENING = "Open the ticked boxes whose proof fails"
_CLAIMS = (StoryState.DONE, StoryState.REVIEW)
_JUDGED = (Status.PASSED, Status.FAILED, Status.ERRORED)
_COMMIT = "commit"
"""Not recorded: the record belongs into the commit, so the commit is yet to come."""
_ENGINES = frozenset({"build", "dry_run", "query"})
"""Kinds of step whose command is what the highest rung would run."""
_MOST = 300


class Recordable(Protocol):
    """What is recorded of a session, `storyrunner.engine.session.Session` or one like it."""

    ledger: Ledger

    @property
    def context(self) -> Any:
        """Runbook, story, workspace, decider."""
        ...

    @property
    def results(self) -> dict[str, StepResult]:
        """Results by step id."""
        ...

    def criteria(self) -> Sequence[CriterionVerdict]:
        """The verdicts as they stand."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to write besides the boxes that are to be opened again: the ticks, the agent record with
    a change log entry, and a status (its words; empty leaves it)."""

    records: bool = True
    status: str = ""
    ticks: bool = True


async def record(session: Recordable, wanted: Wanted) -> str:
    """Propose the change and write it when the answer is yes; what became of it, in words.

    Raises UsageError when the repository does not hold the story, or when a status would claim
    what is not proven; WorkspaceError when it cannot be written.
    """
    proposal = await proposed_record(session, wanted)
    if proposal is None:
        return "the story says what is proven: nothing to write"
    suggestion = Suggestion(proposal, Change.EDIT)
    if not await propose(NAME, TITLE, suggestion, session.context):
        return f"{proposal.path} is as it was"
    return f"written: {proposal.path}"


async def open_failed(session: Recordable) -> None:
    """Propose to open the ticked boxes whose proof fails; nothing when there are none. Raises
    WorkspaceError."""
    if session.context.story is None:
        return
    proposal = await proposed_record(session, Wanted(records=False, ticks=False))
    if proposal is not None:
        await propose(NAME, _OPENING, Suggestion(proposal, Change.EDIT), session.context)


async def proposed_record(session: Recordable, wanted: Wanted) -> Proposal | None:
    """The story's file with what the results say; None when it says so already. Raises as above."""
    context = session.context
    text = context.workspace.read_text(context.story.path) if context.story else None
    if context.story is None or text is None:
        raise UsageError(
            f"the repository does not hold the Markdown of {context.runbook.story}",
            hint="records are written into the story's own file",
        )
    _refuse_claim(session, wanted.status)
    story = reread(context.story.path, text)
    boxes = box_changes(context.runbook, story, session.results, pushed=False)
    after = tick(story, [box for box in boxes if wanted.ticks or box.checked])
    if wanted.records or wanted.status:
        ticked = reread(story.path, after)
        after = write_record(ticked, await _story_record(session, wanted))
    if after == text:
        return None
    proposal: Proposal = context.workspace.propose(story.path, after.encode("utf-8"), TITLE)
    return proposal


def _refuse_claim(session: Recordable, status: str) -> None:
    """A status that says done or in review is a claim on all criteria."""
    if not status or story_state(status) not in _CLAIMS:
        return
    still = [item for item in session.criteria() if item.status is not Status.PASSED]
    if still or not session.context.runbook.criteria:
        names = ", ".join(f"{item.criterion} ({FACES[item.status].word})" for item in still)
        raise UsageError(
            f"the status “{status}” would say more than is proven: {names or 'no criteria'}",
            hint="prove them first, or give another status",
        )


async def _story_record(session: Recordable, wanted: Wanted) -> StoryRecord:
    if not wanted.records:
        return StoryRecord(status=wanted.status)
    context = session.context
    git = Git(context.runner, context.workspace.root)
    return StoryRecord(
        model=f"storyrunner {__version__} (no model)",
        commands=tuple(_commands(session)),
        notes=tuple(_notes(session)),
        files=tuple(await _files(session, git)),
        summary=_summary(session),
        author=await _author(git),
        date=context.now()[:10],
        status=wanted.status,
    )


def _commands(session: Recordable) -> Iterator[str]:
    """Each command once with the result of its step; then the checks that ran none, in one line
    for each status."""
    without: dict[Status, list[str]] = {}
    for step in session.context.runbook.steps():
        result = session.results.get(step.id)
        if result is None or result.status not in _JUDGED or step.kind == _COMMIT:
            continue
        commands = session.ledger.commands.get(step.id, ())
        for command in commands:
            how = _stand_in(command, step, result)
            yield f"{_code(command)}{how} → {step.id} {_result(result)}"
        if not commands:
            without.setdefault(result.status, []).append(step.id)
    for status, steps in without.items():
        yield f"Checked without a command: {', '.join(steps)} → {FACES[status].word}"


def _notes(session: Recordable) -> Iterator[str]:
    """What became of each task, what was signed, and the criteria."""
    runbook, results = session.context.runbook, session.results
    for task in runbook.tasks:
        if all(step.kind == _COMMIT for step in task.steps):
            continue
        status = judge_task(task, results)
        passed = sum(_is_proven(results.get(step.id)) for step in task.steps)
        whole = counted(len(task.steps), "step")
        yield f"{task.id} {task.title}: {FACES[status].word} ({passed} of {whole})"
        for step in task.steps:
            if isinstance(step, ConfirmStep) and _is_proven(results.get(step.id)):
                yield f"{step.id} {step.title}: {_line(results[step.id].reason)}"
    verdicts = session.criteria()
    proven = [item.criterion for item in verdicts if item.status is Status.PASSED]
    if proven:
        yield f"Proven: {', '.join(proven)}"
    for item in verdicts:
        if item.status is not Status.PASSED:
            reason = f": {_line(item.reason)}" if item.reason else ""
            yield f"Not proven: {item.criterion} ({FACES[item.status].word}){reason}"


async def _files(session: Recordable, git: Git) -> list[RecordedFile]:
    """The story's files that are there, with what git says of them since the last commit."""
    context = session.context
    paths = [path for path in sorted(context.owned_paths()) if context.workspace.read(path)]
    try:
        status = await git_tool.status(git)
    except StoryrunnerError:
        return [RecordedFile(path) for path in paths]
    found = []
    for path in paths:
        entry = status.of(path)
        new = entry is not None and (entry.is_untracked or "A" in entry.staged)
        found.append(RecordedFile(path, "created" if new else "modified" if entry else ""))
    return found


async def _author(git: Git) -> str:
    try:
        return (await git_tool.identity(git)).partition(" <")[0] or "storyrunner"
    except StoryrunnerError:
        return "storyrunner"


def _summary(session: Recordable) -> str:
    verdicts = session.criteria()
    still = [item.criterion for item in verdicts if item.status is not Status.PASSED]
    noun = "criterion" if len(verdicts) == 1 else "criteria"
    proven = f"{len(verdicts) - len(still)} of {len(verdicts)} {noun} proven"
    rest = f"; not proven: {', '.join(still)}" if still else ""
    return f"Implementation recorded by storyrunner: {proven}{rest}"


def _is_proven(result: StepResult | None) -> bool:
    return result is not None and result.status is Status.PASSED


def _stand_in(command: str, step: Step, result: StepResult) -> str:
    """Says so where the command was shown, but something else did its work."""
    engines = tuple(dict.fromkeys(str(item.rung) for item in result.evidence if item.rung))
    tool = command.split(" ", 1)[0]
    if not engines or step.kind not in _ENGINES or any(tool in name for name in engines):
        return ""
    return f" (not run: {', '.join(engines)} stood in)"


def _result(result: StepResult) -> str:
    reason = f": {_line(result.reason)}" if result.reason else ""
    return f"{FACES[result.status].word}{reason}"


def _line(text: str) -> str:
    """A text as one line of Markdown that cannot start or end anything else."""
    plain = " ".join(safe(text).split()).replace("`", "'")
    return plain if len(plain) <= _MOST else f"{plain[:_MOST]}…"


def _code(command: str) -> str:
    """A command as a code span: more backticks around it than in it."""
    plain = " ".join(safe(line).strip() for line in command.splitlines()).strip()
    marks = "`"
    while marks in plain:
        marks += "`"
    space = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{marks}{space}{plain}{space}{marks}"
