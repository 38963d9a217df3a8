"""The selected step, or task: why, exact commands, how it was proven, what to mind, output."""

from __future__ import annotations

from dataclasses import dataclass, field

from storyrunner.model.result import StepResult
from storyrunner.model.runbook import Risk, Runbook, Task
from storyrunner.model.status import Status
from storyrunner.model.step import EditStep, RequireStep, Step
from storyrunner.reporters.wording import rungs
from tui.viewmodel.board import Board, Output, Preview
from tui.viewmodel.cards import Card, cards
from tui.viewmodel.outline import Row
from tui.viewmodel.texts import counted, target_of


@dataclass(frozen=True, slots=True)
class StepView:
    """One step. `ran` tells whether `commands` were run or are what would be run."""

    key: str
    title: str
    status: Status
    reason: str = ""
    facts: str = ""
    why: str = ""
    offer: str = ""
    path: str = ""
    wrote: str = ""
    commands: tuple[str, ...] = ()
    ran: bool = False
    rung: str = ""
    stepped_over: tuple[str, ...] = ()
    proofs: tuple[str, ...] = ()
    hint: str = ""
    target: str = ""
    notes: tuple[Risk, ...] = ()
    cards: tuple[Card, ...] = ()
    output: Output | None = None
    later: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskView:
    """One task with its steps."""

    key: str
    title: str
    status: Status
    count: str
    why: str = ""
    needs: tuple[Row, ...] = ()
    satisfies: tuple[str, ...] = ()
    notes: tuple[Risk, ...] = ()
    steps: tuple[Row, ...] = field(default_factory=tuple)


def step_view(board: Board, step: Step) -> StepView:
    """All there is to say about a step."""
    result = board.results.get(step.id)
    status = board.status(step.id)
    known = board.previews.get(step.id, Preview())
    ran = tuple(board.commands.get(step.id, ()))
    found = cards(board, step) if status is not Status.RUNNING else ()
    proofs = _proofs(result)
    reason = result.reason if result and status is not Status.RUNNING else ""
    needs_fix = status not in (Status.PASSED, Status.RUNNING, Status.PENDING)
    return StepView(
        key=step.id,
        title=step.title,
        status=status,
        reason="" if proofs else reason,
        facts=_facts(result) if status is not Status.RUNNING else "",
        why=step.why or board.runbook.task_of(step.id).why,
        offer=step.offer if isinstance(step, EditStep) else "",
        path=known.path,
        wrote=_wrote(board, step),
        commands=ran or known.commands,
        ran=bool(ran),
        rung=rungs(result) if result else "",
        stepped_over=_stepped_over(result),
        proofs=proofs,
        hint=step.hint if needs_fix and not any(card.hint for card in found) else "",
        target=_target(board, step, reason, found) if needs_fix else "",
        notes=notes_of(board.runbook, board.runbook.task_of(step.id)),
        cards=found,
        output=board.output.get(step.id),
        later=later_commands(board.runbook) if step.kind == "commit" else (),
    )


def task_view(board: Board, task: Task) -> TaskView:
    """All there is to say about a task."""
    known = board.runbook.task
    needs = [item for name in task.needs if (item := known(name))]
    return TaskView(
        key=task.id,
        title=task.title,
        status=board.task_status(task),
        count=f"{board.closed(task)} of {counted(len(task.steps), 'step')}",
        why=task.why,
        needs=tuple(Row(item.id, item.title, board.task_status(item)) for item in needs),
        satisfies=task.satisfies,
        notes=notes_of(board.runbook, task),
        steps=tuple(Row(step.id, step.title, board.status(step.id)) for step in task.steps),
    )


def notes_of(runbook: Runbook, task: Task) -> tuple[Risk, ...]:
    """The risks, security notes and notes that concern a task."""
    own = tuple(Risk(text=text) for text in task.notes)
    return own + tuple(note for note in runbook.notes if task.id in note.tasks)


def later_commands(runbook: Runbook) -> tuple[str, ...]:
    """The commands of deferred items: to be seen, not run here."""
    return tuple(command for item in runbook.deferred for command in item.commands)


def _facts(result: StepResult | None) -> str:
    if result is None:
        return ""
    parts = [counted(len(result.findings), "finding")] if result.findings else []
    if result.seconds >= 0.1:
        parts.append(f"{result.seconds:.1f} s")
    return ", ".join(parts)


def _wrote(board: Board, step: Step) -> str:
    action = board.wrote.get(step.id, "")
    if action in ("written", "deleted") and board.pending_undo:
        return f"{action}, u undoes it"
    return action if action in ("written", "deleted", "kept", "skipped") else ""


def _stepped_over(result: StepResult | None) -> tuple[str, ...]:
    if result is None:
        return ()
    reasons = (why for item in result.evidence if item.rung for why in item.rung.stepped_over)
    return tuple(dict.fromkeys(reasons))


def _proofs(result: StepResult | None) -> tuple[str, ...]:
    if result is None or result.status is not Status.PASSED:
        return ()
    lines = [", ".join(part for part in (one.what, one.matched) if part) for one in result.evidence]
    if result.reason and not any(result.reason in line for line in lines):
        lines.insert(0, result.reason)
    return tuple(dict.fromkeys(line for line in lines if line))


def _target(board: Board, step: Step, reason: str, found: tuple[Card, ...]) -> str:
    supplied = step.supplied_by if isinstance(step, RequireStep) else ""
    named = next((card.target for card in found if card.target), "")
    named = named or target_of(reason, step.hint) or supplied
    known = board.runbook.task(named) or board.runbook.step(named)
    return named if known and named != step.id else ""
