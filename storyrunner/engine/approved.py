"""The file of approvals, in the user's state and in the repository: one form, two meanings.

It reads and writes tables; what an approval is worth is decided in `approvals`. An entry must be
what its hash says, else nothing in its file counts.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Any

from storyrunner.errors import Place, WorkspaceError
from storyrunner.model.approval import APPROVED, CommandRequest, digest_of
from storyrunner.model.frozen import dataclass
from storyrunner.workspace import Workspace

VERSION = 1


@dataclass(frozen=True, slots=True)
class Approved:
    """One approval: the command, who gave it when, and the steps it was given for."""

    command: str
    folder: str = ""
    env: tuple[str, ...] = ()
    runs: tuple[tuple[str, str], ...] = ()
    cls: str = ""
    by: str = ""
    at: str = ""
    steps: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """The hash it is stored under."""
        return digest_of(self.command, self.folder, self.env, self.runs)


@dataclass(frozen=True, slots=True)
class Table:
    """The approvals of one file by their hash. `problem` says why none of it counts."""

    entries: Mapping[str, Approved] = field(default_factory=dict)
    problem: str = ""

    def before(self, request: CommandRequest, present: Iterable[str] = ()) -> str:
        """The command approved last for the same step; empty when there is none.

        `present` are hashes of commands that the step has now: they are not what it was.
        """
        known = set(present) | {request.digest}
        found = [
            item
            for digest, item in self.entries.items()
            if request.key in item.steps and digest not in known
        ]
        return max(found, key=lambda item: item.at).command if found else ""

    def having(self, requests: Iterable[CommandRequest], by: str, at: str) -> Table:
        """The table with these commands approved as well."""
        entries = dict(self.entries)
        for request in requests:
            old = entries.get(request.digest)
            steps = sorted({*(old.steps if old else ()), request.key})
            entries[request.digest] = Approved(
                request.text,
                request.folder,
                tuple(sorted(set(request.env))),
                tuple(sorted(request.runs)),
                request.cls.value,
                old.by if old else by,
                old.at if old else at,
                tuple(steps),
            )
        return Table(entries)


def parse_table(data: bytes | None, name: str) -> Table:
    """The table of a file's content; one with a problem when it is not what it should be."""
    if data is None:
        return Table()
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        place = Place(name, getattr(error, "lineno", 1), getattr(error, "colno", 1))
        return Table(problem=f"{place}: not valid JSON, so nothing in it counts")
    if not isinstance(document, dict) or document.get("version") != VERSION:
        return Table(problem=f"{name}: not a file of approvals that is known here")
    commands = document.get("commands")
    if not isinstance(commands, dict):
        return Table(problem=f"{name}: not a file of approvals that is known here")
    entries = {}
    for digest, raw in commands.items():
        entry = _entry(raw)
        if entry is None or entry.digest != digest:
            text = f"{name}: an entry is not the command its hash says, so nothing in it counts"
            return Table(problem=f"{text}: {digest[:12]}")
        entries[digest] = entry
    return Table(entries)


def _entry(raw: Any) -> Approved | None:
    if not isinstance(raw, dict) or not isinstance(raw.get("command"), str):
        return None
    env, runs, steps = raw.get("env", []), raw.get("runs", {}), raw.get("steps", [])
    texts = [raw.get(key, "") for key in ("folder", "class", "by", "at")]
    if not (isinstance(env, list) and isinstance(runs, dict) and isinstance(steps, list)):
        return None
    if not all(isinstance(item, str) for item in (*texts, *env, *steps, *runs, *runs.values())):
        return None
    folder, cls, by, at = texts
    runs_of = tuple(sorted(runs.items()))
    return Approved(raw["command"], folder, tuple(env), runs_of, cls, by, at, tuple(steps))


def table_file(table: Table) -> bytes:
    """The file's content for a table, the same bytes for the same approvals."""
    commands = {
        digest: {
            "command": item.command,
            "folder": item.folder,
            "env": list(item.env),
            "runs": dict(item.runs),
            "class": item.cls,
            "by": item.by,
            "at": item.at,
            "steps": list(item.steps),
        }
        for digest, item in table.entries.items()
    }
    document = {"version": VERSION, "commands": commands}
    return (json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n").encode()


def read_shared(workspace: Workspace) -> Table:
    """The approvals committed in the repository."""
    try:
        return parse_table(workspace.read(APPROVED), APPROVED)
    except WorkspaceError as error:
        return Table(problem=f"{error}, so nothing in it counts")


def read_own(state: Path) -> Table:
    """The approvals of this user for this repository."""
    try:
        return parse_table((state / "approved.json").read_bytes(), "the user's approved.json")
    except FileNotFoundError:
        return Table()
    except OSError as error:
        return Table(problem=f"the user's approvals cannot be read: {error.strerror}")


def save_own(state: Path, table: Table) -> None:
    """Write the user's approvals, whole or not at all. Raises WorkspaceError.

    A file that could not be read is kept beside it.
    """
    path = state / "approved.json"
    try:
        state.mkdir(parents=True, exist_ok=True)
        if read_own(state).problem:
            path.replace(path.with_suffix(".unreadable"))
        handle, name = tempfile.mkstemp(dir=state, prefix=".approved-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(table_file(table))
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise WorkspaceError(
            f"the approval cannot be stored: {error.strerror}", hint="it holds for this run only"
        ) from error
