"""Everything that can be done on the main screen: key, words, and why it cannot be done now.

Bindings, footer, help and palette are all made from this one table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from storyrunner.model.status import FACES, Status
from tui.viewmodel.board import CLOSED, Board
from tui.viewmodel.step_view import step_view


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action. `rank` 0 is always in the footer, higher ones as there is room."""

    name: str
    key: str
    label: str
    about: str
    rank: int = 1
    shown_key: str = ""


@dataclass(frozen=True, slots=True)
class Situation:
    """Where the engineer stands when a key is pressed."""

    board: Board
    selected: str
    is_busy: bool = False
    is_narrow: bool = False


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("run", "enter", "Run", "Run the selected step or task", 0, "enter"),
    ActionSpec("run_task", "t", "Task", "Run all steps of the selected task", 1),
    ActionSpec("run_until", "a", "Up to here", "Run all that is open, up to the selected step", 1),
    ActionSpec("next_open", "n", "Next", "Go to the next step that is still open", 1),
    ActionSpec("show_diff", "d", "Diff", "Look at the last change that was proposed or written", 3),
    ActionSpec(
        "open_editor", "o", "Open", "Open the file of the finding or step in your editor", 5
    ),
    ActionSpec("undo", "u", "Undo", "Take the last write back", 2),
    ActionSpec("commit", "c", "Commit", "Draft the commit of this story and ask", 2),
    ActionSpec("go_to_hint", "g", "Go to", "Go to the task or step that the hint names", 5),
    ActionSpec("copy", "y", "Copy", "Copy the command of the finding or step", 6),
    ActionSpec("toggle_criteria", "m", "Criteria", "Change between step and criteria", 5),
    ActionSpec("recheck", "r", "Re-check", "Check again every step that has run", 6),
    ActionSpec("variables", "v", "Variables", "Look at every variable in every cluster", 6),
    ActionSpec(
        "record", "w", "Record", "Write what is proven into the story: boxes and records", 6
    ),
    ActionSpec("zoom", "z", "Zoom", "Show the part that has focus on the whole screen", 7),
    ActionSpec("help", "question_mark", "Help", "Explain what has focus, and all keys", 0, "?"),
    ActionSpec("leave", "q", "Quit", "Leave at once; nothing is lost", 3),
)
BY_NAME = {spec.name: spec for spec in ACTIONS}

RUNNING_ACTIONS = frozenset(
    {"run", "run_task", "run_until", "undo", "commit", "recheck", "variables", "record"}
)
"""Actions that need the engine for themselves."""


def why_not(name: str, situation: Situation) -> str:
    """Why an action cannot be done now, for a person; empty when it can."""
    board = situation.board
    if situation.is_busy and name in RUNNING_ACTIONS:
        busy = board.running or "the engine"
        return f"{busy} is running: esc stops it"
    check = _CHECKS.get(name)
    return check(situation) if check else ""


def file_of(board: Board, selected: str) -> str:
    """`path:line:column` of the first finding of a step that has a place, else its file."""
    step = board.runbook.step(selected)
    if step is None:
        return ""
    view = step_view(board, step)
    place = next((card.place for card in view.cards if card.place), None)
    return str(place) if place else view.path


def target_of_selected(board: Board, selected: str) -> str:
    """The task or step that the selected step's hint names."""
    step = board.runbook.step(selected)
    return step_view(board, step).target if step else ""


def command_of(board: Board, selected: str) -> str:
    """The command to copy of a step."""
    step = board.runbook.step(selected)
    if step is None:
        return ""
    return "\n".join(step_view(board, step).commands)


def _needs_open_step(situation: Situation) -> str:
    return "" if situation.board.next_open() else "every step is through"


def _needs_proposal(situation: Situation) -> str:
    found = situation.board.proposal(situation.selected)
    return "" if found else "nothing was proposed in this session yet"


def _needs_file(situation: Situation) -> str:
    if file_of(situation.board, situation.selected):
        return ""
    return f"{situation.selected} has no file to open"


def _needs_write(situation: Situation) -> str:
    return "" if situation.board.pending_undo else "there is no write to take back"


def _needs_target(situation: Situation) -> str:
    if target_of_selected(situation.board, situation.selected):
        return ""
    return f"no hint of {situation.selected} names a task"


def _needs_command(situation: Situation) -> str:
    if command_of(situation.board, situation.selected):
        return ""
    return f"{situation.selected} has no command to copy"


def _needs_results(situation: Situation) -> str:
    return "" if situation.board.results else "no step has run yet"


def _needs_narrow(situation: Situation) -> str:
    return "" if situation.is_narrow else "step and criteria are both on the screen"


def _needs_proofs(situation: Situation) -> str:
    board = situation.board
    step = board.commit_step()
    if step is None:
        return "this story has nothing to commit"
    for name in board.runbook.task_of(step.id).needs:
        task = board.runbook.task(name)
        for item in task.steps if task else ():
            status = board.status(item.id)
            if status not in CLOSED:
                return f"first {item.id} {item.title} ({_word(status)})"
    return ""


def _word(status: Status) -> str:
    return FACES[status].word


_CHECKS: dict[str, Callable[[Situation], str]] = {
    "next_open": _needs_open_step,
    "show_diff": _needs_proposal,
    "open_editor": _needs_file,
    "undo": _needs_write,
    "commit": _needs_proofs,
    "go_to_hint": _needs_target,
    "copy": _needs_command,
    "toggle_criteria": _needs_narrow,
    "recheck": _needs_results,
    "record": _needs_results,
}
