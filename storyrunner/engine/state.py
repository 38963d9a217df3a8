"""What a session remembers between two starts: results, so that coming back is where you were.

It lives in the user's state folder and only tells the screens where to begin: `--check` and a plain
run never read it. A result whose files have changed comes back stale.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from storyrunner.engine.session import Session
from storyrunner.model.events import Envelope, StepFinished
from storyrunner.model.plain import plain, result_from_plain
from storyrunner.model.result import StepResult
from storyrunner.model.status import Status

VERSION = 1
KEPT = (Status.PASSED, Status.SKIPPED, Status.FAILED, Status.STALE)


class StateKeeper:
    """A sink that writes the results down as steps end."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._path = state_path(session)

    def __call__(self, envelope: Envelope) -> None:
        """Remember after every step."""
        if isinstance(envelope.event, StepFinished):
            save(self._path, self._session.results.values())


def state_path(session: Session) -> Path:
    """The file of a story's results."""
    return session.context.workspace.state / f"{session.context.runbook.name}.json"


def save(path: Path, results: Iterable[StepResult]) -> None:
    """Write results; a state that cannot be written is not worth stopping a session for."""
    document = {"version": VERSION, "results": [plain(item) for item in results]}
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".state-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(document, file)
        Path(name).replace(path)


def load(path: Path) -> list[StepResult]:
    """The results of an earlier session; none when there are none or they cannot be read."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != VERSION:
            return []
        return [result_from_plain(item) for item in document["results"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def resume(session: Session) -> tuple[str, ...]:
    """Take up earlier results; the ids of the steps whose files changed since."""
    workspace = session.context.workspace
    known = session.context.runbook
    stale: list[StepResult] = []
    kept: list[str] = []
    for result in load(state_path(session)):
        inputs = {path: value for item in result.evidence for path, value in item.inputs.items()}
        if known.step(result.step) is None or result.status not in KEPT or not inputs:
            continue
        session.keep(result)
        session.emit(StepFinished(result))
        kept.append(result.step)
        if result.status in (Status.PASSED, Status.SKIPPED) and workspace.changed_since(inputs):
            stale.append(result)
    session.judge_criteria(kept)
    session.mark_stale(stale, "files changed since the last session")
    return tuple(item.step for item in stale)
