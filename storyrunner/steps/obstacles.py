"""What keeps git from committing or pushing, each with the next action.

It looks and advises; what commits and pushes is the step. It must not know of stories.
"""

from __future__ import annotations

import re

from storyrunner.model.command import Outcome
from storyrunner.model.finding import Finding, error
from storyrunner.steps.base import HERE, StepContext, Verdict, blocked, verdict
from storyrunner.tools import git as git_tool
from storyrunner.tools.git import Git

_REJECTED = re.compile(r"^ ?! \[(?:remote )?rejected\][^(]*\((?P<why>[^)]*)\)", re.MULTILINE)
_REMOTE = re.compile(r"^remote:[ \t]*(?P<text>\S[^\r\n]*?)[ \t]*$", re.MULTILINE)
_ADVICE = (
    (
        r"protected branch|GH00[0-9]|GitLab: You are not allowed|hook declined|prohibited",
        "push it to a branch of your own (git push -u REMOTE HEAD:NAME) and open a pull request, "
        "or ask who guards this branch",
    ),
    (
        r"non-fast-forward|fetch first|stale info|behind its remote",
        "fetch, rebase and push again",
    ),
    (
        r"Authentication failed|could not read (?:Username|Password)|Permission denied|publickey",
        "give git your credentials (ssh-add, or a credential helper) and push again",
    ),
    (
        r"Could not resolve host|unable to access|Connection (?:refused|timed out|reset)|"
        r"does not appear to be a git repository|not found|No such file or directory",
        "look at the remote's address (git remote -v) and at the network, and push again",
    ),
    (
        r"No space left|insufficient|disk|unpacker error",
        "the remote has no room or is damaged: tell who runs it, and push again",
    ),
)
_OTHERWISE = "mend what the remote says and push again"


async def obstacle(git: Git, context: StepContext) -> Verdict | None:
    """What keeps git from committing, with the next action; None when nothing does."""
    if doing := await git_tool.operation(git):
        return blocked(
            f"a {doing} is in progress: finish it or run `git {doing} {_way_out(doing)}`"
        )
    status = await git_tool.status(git)
    if status.conflicts:
        path = status.conflicts[0].path
        return blocked(f"{path} has an unresolved conflict: mend it and run `git add {path}`")
    before, context.branch = context.branch, status.head.branch
    if before is not None and before != status.head.branch:
        now, then = status.head.branch or "no branch", before or "no branch"
        text = f"HEAD was on {then} when this began and is on {now} now"
        return blocked(f"{text}: go back, or run this again to judge and commit what is here")
    if not await git_tool.identity(git):
        hint = 'git config user.name "Your Name" && git config user.email you@example.com'
        return verdict("", [error("no-identity", "git does not know who commits", HERE, hint=hint)])
    return None


def refused_push(outcome: Outcome) -> Finding:
    """Why a push failed, in the remote's own words where it has some, and what to do."""
    said = outcome.stderr_text
    rejected = _REJECTED.search(said)
    reason = rejected["why"] if rejected else git_tool.complaint(outcome)
    words = [found["text"] for found in _REMOTE.finditer(said)]
    first = next((word for word in words if word.lower().startswith(("error", "gitlab"))), "")
    first = first or (words[0] if words else "")
    told = f"{reason}: {first}" if first and first not in reason else reason
    advice = next((hint for pattern, hint in _ADVICE if re.search(pattern, said)), _OTHERWISE)
    return error("push-refused", f"not pushed: {told}", HERE, hint=f"the commit stands; {advice}")


def _way_out(operation: str) -> str:
    return "reset" if operation == "bisect" else "--abort"
