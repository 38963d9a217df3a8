"""`commit`: exactly this story's files as one commit, with the boxes it proved; then the push.

Strays and omissions are named before anything is done; what others staged stays staged and out of
it. The boxes are ticked for the commit and put back when it fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from storyrunner.errors import Place, StoryrunnerError, ToolError
from storyrunner.model.approval import APPROVED
from storyrunner.model.decision import CommitDraft, CommitFile, PushQuestion
from storyrunner.model.events import FileProposed
from storyrunner.model.finding import Finding, error, warning
from storyrunner.model.frozen import dataclass
from storyrunner.model.result import StepResult
from storyrunner.model.status import Status
from storyrunner.model.step import CommitStep
from storyrunner.model.story import Checkbox
from storyrunner.steps.base import (
    HERE,
    NoSuggestions,
    StepContext,
    Verdict,
    counted,
    evidence,
    owned_files,
    verdict,
)
from storyrunner.steps.boxes import box_changes, reread, tick
from storyrunner.steps.message import draft_message, not_committed, not_proven
from storyrunner.steps.obstacles import obstacle, refused_push
from storyrunner.steps.secret_scan import open_secrets, settle_secrets
from storyrunner.steps.signoffs import SIGNOFFS
from storyrunner.tools import git as git_tool
from storyrunner.tools.git import Git
from storyrunner.tools.git_commit import CommitRefused, PushTarget, commit, push, push_target
from storyrunner.tools.git_status import Status as TreeStatus
from storyrunner.tools.tool import Tool
from storyrunner.workspace import Proposal, diff


class CommitFailedError(StoryrunnerError):
    """git or a hook said no; nothing was committed."""

    exit_code = 1


class Commit(NoSuggestions):
    """Says whether the story's files are committed; in GUIDE drafts, commits and pushes."""

    async def check(self, step: CommitStep, context: StepContext) -> Verdict:
        """Passed when no file of the story differs from HEAD, else not yet."""
        found = await context.tools.find("git")
        if not isinstance(found, Tool):
            return Verdict(Status.PENDING, f"{found.reason}, so nothing is known of commits")
        status = await git_tool.status(_git(context))
        open_files = _open_files(status, context)
        absent = [path for path in _written(context) if context.workspace.read(path) is None]
        if absent:
            text = f"{counted(len(absent), 'file')} of the story not written yet"
            return Verdict(Status.PENDING, text)
        if status.head.is_unborn or open_files:
            return Verdict(Status.PENDING, f"{counted(len(open_files), 'file')} to commit")
        unknown = set(_written(context)) - await git_tool.tracked(_git(context), _written(context))
        if unknown:
            return Verdict(Status.PENDING, f"{sorted(unknown)[0]} is not in git")
        context.commit = status.head.commit
        short = status.head.commit[:12]
        proof = evidence(context, f"git status: the story's files are as in {short}")
        return verdict(f"committed, HEAD is {short}", (), [proof])

    async def act(self, step: CommitStep, context: StepContext) -> Verdict | None:
        """Draft, ask, commit, ask again, push. None when there is nothing to do or it was left."""
        found = await context.tools.find("git")
        if not isinstance(found, Tool):
            raise ToolError(f"{found.reason}, so nothing can be committed")
        git = _git(context)
        if (blocking := await obstacle(git, context)) is not None:
            return blocking
        work = await _prepare(git, context)
        if not work.files:
            await _forget_committed(git, context)
            return await self._offer_push(step, context)
        if (refused := verdict("", work.findings)).status is Status.FAILED:
            return refused
        if work.ticked is not None:
            change = FileProposed(step.id, work.ticked.path, "edit", diff(work.ticked))
            context.emit(change)
        answer = await context.decider.decide_commit(work.draft)
        if answer is None:
            context.show_output(step.id, work.draft.message)
            return Verdict(Status.PENDING, not_committed(work.draft.unproven), work.findings)
        paths = [item.path for item in work.files]
        scan = settle_secrets(context, paths, answer)  # again: files may have changed meanwhile
        if scan.refused:
            return verdict("", [*scan.refused, *work.findings])
        reason = await self._commit(step, context, work, answer.message)
        pushed = await self._offer_push(step, context)
        suffix = f"; {pushed.reason}" if pushed else ""
        proof = evidence(context, f"git commit: {context.commit[:12]}", matched=reason)
        result = verdict(f"{reason}{suffix}", [*scan.told, *work.findings], [proof, *scan.proofs])
        return result if pushed is None or pushed.status is Status.PASSED else pushed

    async def _commit(
        self, step: CommitStep, context: StepContext, work: _Work, message: str
    ) -> str:
        git = _git(context)
        if work.ticked is not None:
            context.workspace.write([work.ticked], label=f"{step.id} ticks")
        paths = [item.path for item in work.files]
        context.show_command(step.id, f"git commit -- {' '.join(paths)}")
        try:
            made = await commit(
                git, paths, message, on_line=lambda s, line: context.show_output(step.id, line, s)
            )
        except BaseException:
            _untick(context, work)
            raise
        if isinstance(made, CommitRefused):
            _untick(context, work)
            _refuse(made)
        context.workspace.forget()
        context.commit = made.commit
        if work.ticked is not None:
            context.touched(work.ticked.path, step.id, "ticked")
        what = counted(len(made.files), "file") if made.files else "HEAD had them all"
        return f"committed {made.commit[:12]}: {what}{made.warning and '; '}{made.warning}"

    async def _offer_push(self, step: CommitStep, context: StepContext) -> Verdict | None:
        git = _git(context)
        target = await push_target(git)
        status = await git_tool.status(git)
        if target is None or not (target.sets_upstream or status.head.ahead):
            return None
        ahead = status.head.ahead
        question = PushQuestion(target.remote, target.url, target.remote_branch, ahead)
        if not await context.decider.decide_push(question):
            return None
        context.show_command(step.id, "git " + " ".join(target.args))
        outcome = await push(
            git, target, on_line=lambda s, line: context.show_output(step.id, line, s)
        )
        if not outcome.ok:
            return verdict("", [refused_push(outcome)])
        return self._tick_pushed(step, context, target)

    def _tick_pushed(self, step: CommitStep, context: StepContext, target: PushTarget) -> Verdict:
        reason = f"pushed to {target.remote}/{target.remote_branch}"
        proposal = _ticks(context, committed=step.id, pushed=True)[0]
        if proposal is not None:
            context.emit(FileProposed(step.id, proposal.path, "edit", diff(proposal)))
            context.workspace.write([proposal], label=f"{step.id} push ticked")
            context.touched(proposal.path, step.id, "ticked")
            reason += "; the story's push boxes are ticked, for the next commit"
        return verdict(reason)


@dataclass(frozen=True, slots=True)
class _Work:
    """A commit about to be made."""

    files: tuple[CommitFile, ...]
    draft: CommitDraft
    ticked: Proposal | None
    findings: tuple[Finding, ...]


def _git(context: StepContext) -> Git:
    return Git(context.runner, context.workspace.root)


def _written(context: StepContext) -> list[str]:
    """The files that the story writes or edits."""
    return [path for path, _ in owned_files(context.runbook, context.values)]


def _story_files(context: StepContext) -> list[tuple[str, str]]:
    """Path and task of all that belongs to the story's commit."""
    files = owned_files(context.runbook, context.values)
    if context.story is not None:
        files.append((context.story.path, "story"))
    return [*files, (SIGNOFFS, "sign-offs"), (APPROVED, "approvals")]


def _open_files(status: TreeStatus, context: StepContext) -> list[CommitFile]:
    found = []
    for path, task in _story_files(context):
        entry = status.of(path)
        if entry is not None:
            letters = entry.staged + entry.unstaged
            state = "new" if entry.is_untracked or "A" in letters else "changed"
            if context.workspace.read(path) is None:
                state = "deleted"
            found.append(CommitFile(path, task, state))
    return found


async def _forget_committed(git: Git, context: StepContext) -> None:
    """What a run committed before it was killed cannot be undone any more, as after a commit."""
    status = await git_tool.status(git)
    undoable = context.workspace.undoable()
    if undoable and undoable.isdisjoint(entry.path for entry in status.entries):
        context.workspace.forget()


async def _prepare(git: Git, context: StepContext) -> _Work:
    status = await git_tool.status(git)
    ticked, boxes = _ticks(context, committed="", pushed=False)
    files = _open_files(status, context)
    step = next(item for item in context.runbook.steps() if isinstance(item, CommitStep))
    if files:
        ticked, boxes = _ticks(context, committed=step.id, pushed=False)
    story = context.story.path if context.story else ""
    if ticked is not None and files and all(item.path != story for item in files):
        files.append(CommitFile(story, "story", "changed"))
    paths = {item.path for item in files}
    findings = await _remarks(git, status, context, paths)
    draft = CommitDraft(
        message=draft_message(context.runbook, context.values, context.results, paths),
        files=tuple(files),
        strays=tuple(e.path for e in status.entries if e.path not in paths and not e.staged),
        staged_elsewhere=tuple(e.path for e in status.staged if e.path not in paths),
        omissions=tuple(item.place.path for item in findings if item.rule == "omission"),
        boxes=tuple(f"{box.line}: {box.text}" for box in boxes if not box.checked),
        unticked=tuple(f"{box.line}: {box.text}" for box in boxes if box.checked),
        warnings=tuple(item.message for item in findings),
        unproven=not_proven(context.results),
        branch=status.head.branch or "(detached)",
        secrets=open_secrets(context, paths),
    )
    return _Work(tuple(files), draft, ticked if files else None, tuple(findings))


async def _remarks(
    git: Git, status: TreeStatus, context: StepContext, paths: set[str]
) -> list[Finding]:
    """What deserves a look before: ignored files, files the manifests need that are not in git."""
    found: list[Finding] = []
    if status.head.is_detached:
        text = "HEAD is detached: the commit will belong to no branch"
        found.append(warning("detached-head", text, HERE, hint="git switch -c NAME"))
    if unproven := not_proven(context.results):
        found.append(warning("unproven", unproven, HERE, hint="commit it later, or say so in it"))
    for path in sorted(await git_tool.ignored(git, _written(context))):
        text = f"{path} is ignored by git, so the cluster would never get it"
        found.append(error("ignored-file", text, Place(path)))
    for path in sorted(await _omissions(git, context, paths)):
        text = f"{path} is needed by the build but is not in git and not in this commit"
        found.append(warning("omission", text, Place(path), hint="commit it with its own story"))
    return found


async def _omissions(git: Git, context: StepContext, paths: set[str]) -> set[str]:
    read: set[str] = set()
    for result in context.results.values():
        for item in result.evidence:
            read |= {path for path, known in item.inputs.items() if _is_file(path, known)}
    wanted = read - paths
    return wanted - await git_tool.tracked(git, sorted(wanted))


def _is_file(path: str, fingerprint: str) -> bool:
    return not path.startswith("?") and not path.endswith("/") and fingerprint != "absent"


def _ticks(
    context: StepContext, *, committed: str, pushed: bool
) -> tuple[Proposal | None, list[Checkbox]]:
    """The story with its proven boxes, and those that change. `committed` counts as passed."""
    if context.story is None:
        return None, []
    text = context.workspace.read_text(context.story.path)
    if text is None:
        return None, []
    story = reread(context.story.path, text)
    results = dict(context.results)
    if committed:
        results[committed] = _as_passed(committed)
    boxes = box_changes(context.runbook, story, results, pushed=pushed)
    if not boxes:
        return None, []
    after = tick(story, boxes).encode("utf-8")
    return context.workspace.propose(context.story.path, after, "proven boxes"), boxes


def _as_passed(step: str) -> StepResult:
    return StepResult(step, Status.PASSED)


def _untick(context: StepContext, work: _Work) -> None:
    if work.ticked is not None:
        context.workspace.undo()


def _refuse(made: CommitRefused) -> NoReturn:
    lines: Sequence[str] = made.output.splitlines()
    said = f": {lines[-1]}" if lines and made.reason not in lines[-1] else ""
    raise CommitFailedError(
        f"git did not commit: {made.reason}{said}",
        hint="nothing was committed and the boxes are as before; mend it and run this step again",
    )
