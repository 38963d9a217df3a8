"""The one gate before a story's commands: who approved what, and who is asked (docs/adr).

The user's own approvals count. Those committed in the repository count on a machine of CI; on a
person's machine a stranger may have written them, so that person sees them once and takes them
over. Nothing stands in for an answer where the class always asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from storyrunner.engine.approved import (
    read_own,
    read_shared,
    save_own,
    table_file,
)
from storyrunner.engine.carry import propose
from storyrunner.errors import WorkspaceError
from storyrunner.model.approval import (
    APPROVED,
    ApprovalItem,
    ApprovalQuestion,
    CommandRequest,
    Permit,
    Refusal,
)
from storyrunner.model.decision import Change, Decider
from storyrunner.steps.base import StepContext, Suggestion
from storyrunner.workspace import Workspace

NOT_CI = frozenset({"", "0", "false", "no"})


@dataclass(slots=True)
class Approvals:
    """The gate of one session."""

    context: StepContext
    environment: Mapping[str, str]
    asks: bool = False
    """Whether somebody is there to be asked: never in `--check`."""
    trust: bool = False
    """`--trust`: for this run, what reads or writes files needs no approval."""
    _this_run: set[str] = field(default_factory=set)
    _declined: set[str] = field(default_factory=set)
    _has_surveyed: bool = False

    @property
    def workspace(self) -> Workspace:
        """The repository."""
        return self.context.workspace

    @property
    def decider(self) -> Decider | None:
        """Who is asked; None where nobody is."""
        return self.context.decider if self.asks else None

    @property
    def is_ci(self) -> bool:
        """Whether the machine says that it is CI's, where a checkout is made for one run."""
        return self.environment.get("CI", "").strip().lower() not in NOT_CI

    # --- the gate ----------------------------------------------------------------------------

    async def survey(self, requests: Callable[[], Iterable[CommandRequest]]) -> None:
        """Ask about all commands that nobody approved, once, before anything runs."""
        if self._has_surveyed or self.decider is None:
            return
        self._has_surveyed = True
        every = list(requests())
        waiting = [item for item in every if not item.never_runs and not self._standing(item)]
        if any(not item.always_asks for item in waiting):
            await self._ask(waiting, every)
            self._declined = {item.digest for item in waiting if not self._standing(item)}

    async def permit(self, request: CommandRequest) -> Permit | Refusal:
        """The right to run a command, or why it must not. May ask."""
        if request.never_runs:
            hint = "run it yourself, in a terminal" if request.cls == "interactive" else ""
            return Refusal(request, request.reason, hint or "fill it in, in the story")
        if request.always_asks:
            return await self._now(request)
        if how := self._standing(request):
            return Permit(request, how)
        if self.decider is None or request.digest in self._declined:
            self._declined.discard(request.digest)
            return self._not_approved(request)
        await self._ask([request], [request])
        if how := self._standing(request):
            return Permit(request, how)
        return self._not_approved(request)

    def _standing(self, request: CommandRequest) -> str:
        """What approves a command without asking; empty when nothing does."""
        if request.always_asks:
            return ""
        if self.trust:
            return "--trust, for this run"
        digest = request.digest
        own = read_own(self.workspace.state).entries.get(digest)
        if own is not None:
            return f"approved by {own.by or 'the user'} on {own.at[:10]}"
        if digest in self._this_run:
            return "approved for this run"
        shared = read_shared(self.workspace).entries.get(digest) if self.is_ci else None
        return f"approved in {APPROVED} by {shared.by}" if shared is not None else ""

    async def _now(self, request: CommandRequest) -> Permit | Refusal:
        """Classes that always ask: for this one time."""
        if self.decider is not None:
            item = ApprovalItem(request=request, digest=request.digest)
            answer = await self.decider.approve(ApprovalQuestion((item,), now=True))
            if answer is not None and request.digest in answer.approved:
                return Permit(request, "approved for this one time")
        hint = "run it in a session, or with `storyrunner run` in a terminal"
        return Refusal(request, f"{request.cls} always asks, and nobody said yes", hint)

    def _not_approved(self, request: CommandRequest) -> Refusal:
        shared = read_shared(self.workspace)
        own = read_own(self.workspace.state)
        problem = shared.problem or own.problem
        reason = "not approved"
        if request.digest in shared.entries:
            reason = f"approved in {APPROVED}, but not by you"
        elif own.before(request) or shared.before(request):
            reason = "not approved: it changed since it was"
        text = f"{reason} ({problem})" if problem else reason
        return Refusal(request, text, f"storyrunner approve {request.story}")

    # --- asking ------------------------------------------------------------------------------

    async def _ask(self, waiting: list[CommandRequest], every: list[CommandRequest]) -> None:
        assert self.decider is not None
        question = ApprovalQuestion(self.items(waiting, every))
        answer = await self.decider.approve(question)
        if answer is None:
            return
        said = [item for item in waiting if item.digest in answer.approved and not item.always_asks]
        self.store(said)
        if answer.share and said:
            await self.share(said)

    def items(
        self, waiting: Iterable[CommandRequest], every: Iterable[CommandRequest]
    ) -> tuple[ApprovalItem, ...]:
        """Requests with what was approved at their steps before, and by whom in the repository."""
        own, shared = read_own(self.workspace.state), read_shared(self.workspace)
        present = [item.digest for item in every]
        found = []
        for request in waiting:
            was = own.before(request, present) or shared.before(request, present)
            entry = shared.entries.get(request.digest)
            by = (entry.by or "somebody") if entry else ""
            item = ApprovalItem(request=request, digest=request.digest, was=was, by=by)
            found.append(item)
        return tuple(found)

    def store(self, requests: list[CommandRequest]) -> None:
        """Remember approvals in the user's state; when that cannot be written, for this run."""
        self._this_run |= {item.digest for item in requests}
        table = read_own(self.workspace.state)
        try:
            save_own(self.workspace.state, table.having(requests, self._who(), self.context.now()))
        except WorkspaceError:
            return  # they hold for this run; the next one asks again, which is safe

    async def share(self, requests: Iterable[CommandRequest]) -> bool:
        """Propose them for the repository's file, with its diff; whether it was written.

        Raises WorkspaceError.
        """
        table = read_shared(self.workspace)
        if table.problem:
            raise WorkspaceError(table.problem, hint=f"mend or delete {APPROVED}")
        after = table_file(table.having(requests, self._who(), self.context.now()))
        proposal = self.workspace.propose(APPROVED, after, "approvals")
        if not proposal.changes:
            return False
        change = Change.NEW if proposal.before is None else Change.EDIT
        suggestion = Suggestion(proposal, change)
        return await propose("approvals", "Share approvals", suggestion, self.context)

    def adopt(self, requests: Iterable[CommandRequest]) -> list[CommandRequest]:
        """Take over what the repository's file approves; those that were."""
        shared = read_shared(self.workspace)
        taken = [item for item in requests if item.digest in shared.entries]
        taken = [item for item in taken if not item.always_asks and not item.never_runs]
        self.store(taken)
        return taken

    def _who(self) -> str:
        names = ("GIT_AUTHOR_NAME", "USER", "LOGNAME")
        return next((self.environment[name] for name in names if self.environment.get(name)), "")
