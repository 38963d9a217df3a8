"""Questions the engine asks and the answers it takes. Questions are not events.

A `Decider` is a modal in the session, a prompt in a terminal, defaults for `--yes`, a script in
tests; `--check` has none.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from storyrunner.model.approval import ApprovalAnswer, ApprovalQuestion
from storyrunner.model.frozen import dataclass


class Change(StrEnum):
    """What a proposal would do to its file."""

    NEW = "new"
    EDIT = "edit"
    DIFFERS = "differs"
    DELETE = "delete"


class Choice(StrEnum):
    """What was decided about a proposal."""

    WRITE = "write"
    KEEP = "keep"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class WriteQuestion:
    """May this be written? `before` is None for a new file, `after` None for a deletion.

    `offer` says why something the story does not name is proposed.
    """

    step: str
    title: str
    path: str
    change: Change
    before: str | None
    after: str | None
    diff: str
    offer: str = ""


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """The choice; `text` replaces the proposed content when the engineer edited it."""

    choice: Choice
    text: str | None = None


@dataclass(frozen=True, slots=True)
class SignQuestion:
    """Something only a human can say."""

    step: str
    title: str
    question: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignAnswer:
    """Who signs, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class CommitFile:
    """A file of the commit and the task that made it; `state` is new, changed or deleted."""

    path: str
    task: str
    state: str


@dataclass(frozen=True, slots=True)
class CommitSecret:
    """A line of the commit that holds a secret, and its kind; never the secret itself."""

    path: str
    line: int
    kind: str


@dataclass(frozen=True, slots=True)
class AllowedSecret:
    """Why the secret in a line may be committed all the same."""

    path: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class CommitDraft:
    """A commit as it would be made, with all that deserves a look before."""

    message: str
    files: tuple[CommitFile, ...]
    strays: tuple[str, ...] = ()
    """Changed files of the working tree that are not the story's: they stay out."""
    staged_elsewhere: tuple[str, ...] = ()
    """Files staged before by someone else: they stay staged and out of it."""
    omissions: tuple[str, ...] = ()
    """Files the story's manifests refer to that are not in git and not in the commit."""
    boxes: tuple[str, ...] = ()
    """Boxes of the story that will be ticked, by their line and text."""
    unticked: tuple[str, ...] = ()
    """Ticked boxes whose proof fails: they will be open again."""
    warnings: tuple[str, ...] = ()
    unproven: str = ""
    """The checks that did not pass, in words: only a person commits in spite of them."""
    branch: str = ""
    secrets: tuple[CommitSecret, ...] = ()
    """What stops the commit unless the answer has a reason for each."""


@dataclass(frozen=True, slots=True)
class CommitAnswer:
    """Go ahead, with the message as it was left, and the secrets that a reason was given for."""

    message: str
    allowed: tuple[AllowedSecret, ...] = ()


@dataclass(frozen=True, slots=True)
class PushQuestion:
    """May this be pushed there?"""

    remote: str
    url: str
    branch: str
    commits: int


class Decider(Protocol):
    """Answers questions; None means "not now" and is always safe."""

    async def decide_write(self, question: WriteQuestion) -> WriteAnswer:
        """Write, keep or skip."""
        ...

    async def sign(self, question: SignQuestion) -> SignAnswer | None:
        """Sign, or leave open."""
        ...

    async def decide_commit(self, draft: CommitDraft) -> CommitAnswer | None:
        """Commit, or leave it."""
        ...

    async def decide_push(self, question: PushQuestion) -> bool:
        """Push, or leave it."""
        ...

    async def approve(self, question: ApprovalQuestion) -> ApprovalAnswer | None:
        """Which of these commands may run; None: none of them."""
        ...


@dataclass(slots=True)
class DefaultDecider:
    """Answers for `--yes`: takes defaults and offers, keeps what differs, never signs, pushes
    only when told to."""

    push: bool = False

    async def decide_write(self, question: WriteQuestion) -> WriteAnswer:
        """Write what is new, an edit or an offer; keep a file that differs."""
        if question.change is Change.DIFFERS:
            return WriteAnswer(Choice.KEEP)
        if question.change is Change.DELETE:
            return WriteAnswer(Choice.SKIP)
        return WriteAnswer(Choice.WRITE)

    async def sign(self, question: SignQuestion) -> SignAnswer | None:
        """Never: a signature is a human's."""
        return None

    async def decide_commit(self, draft: CommitDraft) -> CommitAnswer | None:
        """Commit as drafted, unless a check did not pass; a secret is never allowed here."""
        return None if draft.unproven else CommitAnswer(draft.message)

    async def decide_push(self, question: PushQuestion) -> bool:
        """Only with `--push`."""
        return self.push

    async def approve(self, question: ApprovalQuestion) -> ApprovalAnswer | None:
        """Never: nobody has looked at them."""
        return None
