"""Asking before a command of a story runs: what is asked, what was answered, what it permits.

An approval is for one exact command: its text, its folder, the names of its variables, and the
content of the repository's files that it executes. Change any of it and it is another command.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import field
from typing import Protocol

from storyrunner.model.command_class import ALWAYS_ASK, NEVER_RUN, CommandClass
from storyrunner.model.frozen import dataclass

APPROVED = ".storyrunner/approved.json"
"""Approvals that colleagues and CI share; part of the story's commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRequest:
    """One exact command that a step wants to run.

    `runs` are files of the repository whose content it executes, each with the sha256 of that
    content. `touches` are the files and places it names: what can be seen in it, not all it does.
    """

    story: str
    step: str
    title: str
    text: str
    cls: CommandClass
    reason: str
    folder: str = ""
    env: tuple[str, ...] = ()
    runs: tuple[tuple[str, str], ...] = ()
    touches: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """sha256 of all that makes it this command; the class is computed from it, so not in it."""
        return digest_of(self.text, self.folder, self.env, self.runs)

    @property
    def key(self) -> str:
        """The step that it belongs to, to find the command that was approved there before."""
        return f"{self.story} {self.step}"

    @property
    def always_asks(self) -> bool:
        """Whether no stored approval counts."""
        return self.cls in ALWAYS_ASK

    @property
    def never_runs(self) -> bool:
        """Whether it is refused whoever approves."""
        return self.cls in NEVER_RUN


def digest_of(
    text: str, folder: str, env: tuple[str, ...], runs: tuple[tuple[str, str], ...]
) -> str:
    """The hash that an approval is stored under."""
    exact = {"command": text, "folder": folder, "env": sorted(set(env)), "runs": sorted(runs)}
    whole = json.dumps(exact, sort_keys=True, ensure_ascii=True).encode("ascii")
    return hashlib.sha256(whole).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalItem:
    """A command that waits for an approval. `digest` is that of the exact command: `request` may
    be shown without its secrets. `was` is the command that was approved at this step until it
    changed; `by` is who approved this one in the repository, when somebody did."""

    request: CommandRequest
    digest: str
    was: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalQuestion:
    """May these run? `now` when the answer is for this one time: it is about to run and its class
    always asks. Otherwise an approval is remembered for this very command."""

    items: tuple[ApprovalItem, ...]
    now: bool = False


@dataclass(frozen=True, slots=True)
class ApprovalAnswer:
    """The digests of what may run. `share` also proposes `.storyrunner/approved.json`."""

    approved: frozenset[str] = field(default_factory=frozenset)
    share: bool = False


@dataclass(frozen=True, slots=True)
class Permit:
    """The right to run one exact command. Only the gate makes one."""

    request: CommandRequest
    how: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a command must not run, and what to do about it."""

    request: CommandRequest
    reason: str
    hint: str = ""


class Gate(Protocol):
    """Decides whether a command runs. Nothing runs a story's command without its Permit."""

    async def survey(self, requests: Callable[[], Iterable[CommandRequest]]) -> None:
        """Once, before anything runs: ask about all that nobody approved yet."""
        ...

    async def permit(self, request: CommandRequest) -> Permit | Refusal:
        """Permit, or the reason why not; may ask."""
        ...


class ClosedGate:
    """Lets nothing through: what a context has unless it is told otherwise."""

    async def survey(self, requests: Callable[[], Iterable[CommandRequest]]) -> None:
        """Ask nobody."""

    async def permit(self, request: CommandRequest) -> Permit | Refusal:
        """Refuse."""
        return Refusal(request, "nobody can approve it here")
