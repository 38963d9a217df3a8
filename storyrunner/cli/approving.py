"""`storyrunner approve`: a story's commands, how each stands, and approving them headless."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from storyrunner.engine.approvals import Approvals
from storyrunner.engine.approved import Table, read_own, read_shared
from storyrunner.engine.loop import run_to_end
from storyrunner.engine.session import Session
from storyrunner.model.approval import APPROVED, ApprovalItem, ApprovalQuestion, CommandRequest
from storyrunner.model.events import Event, FileProposed
from storyrunner.reporters.approving import item_lines, stands_as
from storyrunner.steps.commanding import all_requests

SCHEMA = "storyrunner/approvals/v1"
REFUSED = 4


def approve_commands(
    session: Session,
    write: Callable[[str], None],
    *,
    form: str,
    yes: bool,
    share: bool,
    adopt: bool,
    ask: bool,
) -> int:
    """Approve what is asked for, then list how all stand. 4 while something is not approved.

    Raises WorkspaceError when the repository's file cannot be written.
    """
    gate = session.context.approvals
    requests = list(all_requests(session.context))
    if not isinstance(gate, Approvals) or not requests:
        write(json.dumps(_document([], session)) if form == "json" else "no step is a command")
        return 0
    can_be = [item for item in requests if not item.always_asks and not item.never_runs]
    if adopt:
        gate.adopt(can_be)
    if yes:
        gate.store(can_be)
    elif ask:
        run_to_end(_ask(gate, [item for item in can_be if not _is_own(gate, item)], requests))
    if share and (approved := [item for item in can_be if _is_own(gate, item)]):
        shown: list[str] = []
        session.context.emit = lambda event: shown.extend(_diff_of(event))
        written = run_to_end(gate.share(approved))
        if form == "text":
            write("\n".join([*shown, f"{'written' if written else 'unchanged'}: {APPROVED}"]))
    rows = [_row(item, gate, requests) for item in requests]
    if form == "json":
        write(json.dumps(_document(rows, session), indent=2, ensure_ascii=False))
    else:
        _list(requests, rows, gate, write)
    return REFUSED if any(row["state"] in _OPEN for row in rows) else 0


_OPEN = frozenset({"not approved", "changed", "approved in the repository"})


async def _ask(gate: Approvals, waiting: list[CommandRequest], every: list[CommandRequest]) -> None:
    if not waiting or gate.decider is None:
        return
    answer = await gate.decider.approve(ApprovalQuestion(gate.items(waiting, every)))
    if answer is not None:
        said = [item for item in waiting if item.digest in answer.approved]
        gate.store(said)
        if answer.share and said:
            await gate.share(said)


def _diff_of(event: Event) -> list[str]:
    return [event.diff] if isinstance(event, FileProposed) else []


def _is_own(gate: Approvals, request: CommandRequest) -> bool:
    return request.digest in read_own(gate.workspace.state).entries


def _row(request: CommandRequest, gate: Approvals, every: list[CommandRequest]) -> dict[str, Any]:
    own, shared = read_own(gate.workspace.state), read_shared(gate.workspace)
    item = gate.items([request], every)[0]
    return {
        "step": request.step,
        "command": request.text,
        "folder": request.folder,
        "env": list(request.env),
        "class": request.cls.value,
        "reason": request.reason,
        "touches": list(request.touches),
        "runs": dict(request.runs),
        "digest": request.digest,
        "state": stands_as(
            request,
            own=request.digest in own.entries,
            shared=request.digest in shared.entries,
            changed=bool(item.was),
        ),
        "before": item.was,
        "shared": request.digest in shared.entries,
    }


def _document(rows: list[dict[str, Any]], session: Session) -> dict[str, Any]:
    problems = [table.problem for table in _tables(session) if table.problem]
    story = session.context.runbook.story
    return {"schema": SCHEMA, "story": story, "commands": rows, "problems": problems}


def _tables(session: Session) -> tuple[Table, Table]:
    workspace = session.context.workspace
    return read_own(workspace.state), read_shared(workspace)


def _list(
    requests: list[CommandRequest],
    rows: list[dict[str, Any]],
    gate: Approvals,
    write: Callable[[str], None],
) -> None:
    for table in (read_own(gate.workspace.state), read_shared(gate.workspace)):
        if table.problem:
            write(f"! {table.problem}")
    for request, row in zip(requests, rows, strict=True):
        write(f"\n[{row['state']}]")
        for line in item_lines(
            ApprovalItem(request=request, digest=row["digest"], was=row["before"])
        ):
            write(line)
