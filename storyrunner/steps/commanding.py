"""What a `command` step does once it is its turn: asks the gate, runs, brings changes in.

What only reads runs in a private copy of the tree, so that a command that lies changes nothing.
What writes runs there too and its changes are then proposed as any other, with diff and undo; only
what cannot be said in files (git's own, folders, links, another machine) happens in the tree.
"""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from storyrunner.errors import StoryrunnerError, ToolError
from storyrunner.model.approval import CommandRequest, Permit, Refusal
from storyrunner.model.command_class import CommandClass
from storyrunner.model.decision import Change
from storyrunner.model.finding import Finding, error, warning
from storyrunner.model.status import Status
from storyrunner.model.step import CommandStep
from storyrunner.steps.base import HERE, StepContext, Suggestion, Verdict, verdict
from storyrunner.steps.running import Ran, requests_of, run
from storyrunner.workspace import safe
from storyrunner.workspace.replica import changed_between, differing, files_among, listing

GIT = ".git"
"""What a command touches that changes git's own records: no copy can stand for them."""

Work = Callable[[CommandStep, Permit, StepContext], Awaitable[Verdict]]


async def check(step: CommandStep, context: StepContext) -> Verdict:
    """What the command says of the tree as it is; nothing of the tree changes."""
    requests = requests_of(step, context)
    if context.workspace.writable and not all(only_reads(item) for item in requests):
        return Verdict(Status.PENDING, f"to run: {safe(requests[0].text)}")
    return await _each(step, requests, context, _look)


async def act(step: CommandStep, context: StepContext) -> Verdict | None:
    """Run what does more than read, and bring its changes into the tree."""
    requests = requests_of(step, context)
    if all(only_reads(item) for item in requests):
        return None
    return await _each(step, requests, context, _do)


def all_requests(context: StepContext) -> Iterator[CommandRequest]:
    """The commands of all steps in scope; a step that lacks a value asks when it is its turn."""
    for step in context.runbook.steps():
        if isinstance(step, CommandStep) and context.is_in_scope(step.id):
            try:
                yield from requests_of(step, context)
            except StoryrunnerError:
                continue


async def _each(
    step: CommandStep, requests: Sequence[CommandRequest], context: StepContext, work: Work
) -> Verdict:
    """Permits for all first, so that none of a step runs when one is refused; then each in turn."""
    answers = [await context.approvals.permit(request) for request in requests]
    permits = [item for item in answers if isinstance(item, Permit)]
    refused = [item for item in answers if not isinstance(item, Permit)]
    if refused:
        findings = tuple(_refused(item) for item in refused)
        return Verdict(Status.REFUSED, findings[0].message, findings)
    done = [await work(step, permit, context) for permit in permits]
    findings = tuple(finding for item in done for finding in item.findings)
    proofs = [proof for item in done for proof in item.evidence]
    changed = tuple(path for item in done for path in item.changed)
    waiting = next((item for item in done if item.status is Status.PENDING), None)
    if waiting is not None:
        return replace(waiting, findings=findings, evidence=tuple(proofs), changed=changed)
    reason = "; ".join(dict.fromkeys(item.reason for item in done))
    return replace(verdict(reason, findings, proofs), changed=changed)


def _refused(refusal: Refusal) -> Finding:
    request = refusal.request
    word = "cannot run" if request.never_runs else "refused"
    text = f"{word}: {safe(request.text.strip())} ({request.cls}: {refusal.reason})"
    return error("unapproved-command", text, HERE, hint=refusal.hint)


async def _look(step: CommandStep, permit: Permit, context: StepContext) -> Verdict:
    """Run it in a private copy. One that writes is proven when that changes nothing any more."""
    if GIT in permit.request.touches:
        return Verdict(Status.PENDING, f"a guided run does it: {safe(permit.request.text)}")
    tree = await _copy(context)
    async with _untouched(context):
        before = await asyncio.to_thread(listing, tree)
        ran = await run(permit, step, tree, context)
        touched = changed_between(before, await asyncio.to_thread(listing, tree))
        changed = differing(touched, context.workspace.root, tree)
    findings = list(ran.findings)
    if changed and not only_reads(permit.request):
        text = f"not done yet: it would change {_listed(changed)}"
        findings.append(error("not-done", text, HERE, hint=step.hint))
    elif changed:
        text = f"it only reads by its text, and changed {_listed(changed)} of its private copy"
        findings.append(warning("unexpected-change", text, HERE))
    return verdict(_reason(step, ran), findings, [ran.proof])


async def _do(step: CommandStep, permit: Permit, context: StepContext) -> Verdict:
    """Run it for what it changes."""
    if permit.request.cls is not CommandClass.WRITE or GIT in permit.request.touches:
        return await _in_tree(step, permit, context)
    tree = await _copy(context)
    before = await asyncio.to_thread(listing, tree)
    ran = await run(permit, step, tree, context)
    after = await asyncio.to_thread(listing, tree)
    changed = changed_between(before, after)
    files = files_among(changed, before, after)
    suggestions = [_suggestion(path, tree, context) for path in files or ()]
    suggestions = [item for item in suggestions if item.proposal.changes]
    if ran.findings:
        return verdict("", ran.findings, [ran.proof])
    if files is None:
        return await _in_tree(step, permit, context)
    taken = [item.proposal.path for item in suggestions if await context.propose(step, item)]
    left = [item.proposal.path for item in suggestions if item.proposal.path not in taken]
    if left:
        text = f"its changes were not taken: {_listed(left)}"
        return Verdict(Status.PENDING, text, evidence=(ran.proof,), changed=tuple(taken))
    reason = f"{_reason(step, ran)}; {_told(taken)}"
    return replace(verdict(reason, (), [ran.proof]), changed=tuple(taken))


async def _in_tree(step: CommandStep, permit: Permit, context: StepContext) -> Verdict:
    """Run it in the working tree itself, and say which files that changed."""
    root = context.workspace.root
    before = await asyncio.to_thread(listing, root)
    try:
        ran = await run(permit, step, root, context)
    finally:
        after = await asyncio.to_thread(listing, root)
        changed = tuple(
            path
            for path in changed_between(before, after)
            if not stat.S_ISDIR((after.get(path) or before[path])[0])
        )
        for path in changed:
            context.touched(path, step.id, "written" if path in after else "deleted")
    reason = f"{_reason(step, ran)}; {_told(changed)}"
    return replace(verdict(reason, ran.findings, [ran.proof]), changed=changed)


def _suggestion(path: str, tree: Path, context: StepContext) -> Suggestion:
    file = tree / path
    after = file.read_bytes() if file.is_file() and not file.is_symlink() else None
    proposal = context.workspace.propose(path, after, "what the command changes")
    if proposal.before is None:
        return Suggestion(proposal, Change.NEW)
    return Suggestion(proposal, Change.DELETE if after is None else Change.EDIT)


async def _copy(context: StepContext) -> Path:
    if context.sandbox is None:
        raise ToolError("there is no place to run a command in")
    return await asyncio.to_thread(context.sandbox.tree)


@asynccontextmanager
async def _untouched(context: StepContext) -> AsyncIterator[None]:
    """Where the kernel does not see to it, look whether the tree itself was changed meanwhile.

    Raises ToolError: then nothing that was said of the copy is worth anything.
    """
    if context.sandbox is None or context.sandbox.is_confining:
        yield
        return
    root = context.workspace.root
    before = await asyncio.to_thread(listing, root)
    yield
    if changed := changed_between(before, await asyncio.to_thread(listing, root)):
        raise ToolError(f"while it ran, the repository itself changed: {_listed(changed)}")


def only_reads(request: CommandRequest) -> bool:
    """Whether a command changes nothing, by its text."""
    return request.cls is CommandClass.READ


def _reason(step: CommandStep, ran: Ran) -> str:
    code = "stopped after its time" if ran.outcome.code is None else f"exit code {ran.outcome.code}"
    return f"{code}, output as expected" if step.expect else code


def _told(changed: Sequence[str]) -> str:
    return f"changed {_listed(changed)}" if changed else "changed no file"


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(safe(path) for path in paths[:3]) + more
