"""How commands that wait for an approval are listed: one wording for terminal and screen."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from storyrunner.model.approval import ApprovalItem, ApprovalQuestion, CommandRequest
from storyrunner.workspace import safe

ONCE = "These run now, this one time; such commands are asked about each time."
LISTED = "You have not approved these commands; none runs before you do."


def heading(question: ApprovalQuestion) -> str:
    """What is asked, in one sentence."""
    return ONCE if question.now else LISTED


def approval_lines(question: ApprovalQuestion) -> list[str]:
    """The whole question as safe lines."""
    lines = ["", heading(question)]
    for item in question.items:
        lines += ["", *item_lines(item)]
    return lines


def item_lines(item: ApprovalItem) -> list[str]:
    """One command: where it stands, the command or how it changed, its class and why, what it
    touches."""
    request = item.request
    lines = [f"{safe(request.step)}  {safe(request.title)}"]
    if item.was:
        lines.append("  changed since it was approved:")
        lines += [f"  {line}" for line in command_diff(item.was, request.text)]
    else:
        lines += [f"  $ {line}" for line in command_lines(request.text)]
    lines += [f"  {line}" for line in facts(item)]
    return lines


def facts(item: ApprovalItem) -> Iterator[str]:
    """Class and reason, what it touches, where it runs, and who approved it in the repository."""
    request = item.request
    yield f"{request.cls}: {safe(request.reason)}"
    if request.touches:
        yield f"touches {', '.join(safe(name) for name in request.touches[:8])}"
    if request.folder:
        yield f"in {safe(request.folder)}"
    if request.env:
        yield f"gets {', '.join(request.env)}"
    if request.runs:
        named = ", ".join(safe(name) for name, known in request.runs if known != "absent")
        yield f"runs {named or 'a file that is not there'}: a change of it asks again"
    if item.by:
        yield f"approved in the repository by {safe(item.by)}, not yet by you"
    if request.always_asks:
        yield "asks again each time, right before it runs"


def command_lines(text: str) -> list[str]:
    """A command as safe lines."""
    return [safe(line) for line in text.strip("\n").split("\n")]


def command_diff(before: str, after: str) -> list[str]:
    """Old against new: lines with `-`, `+` and two spaces."""
    old, new = command_lines(before), command_lines(after)
    return [line for line in difflib.ndiff(old, new) if not line.startswith("?")]


def digests_of(question: ApprovalQuestion) -> frozenset[str]:
    """All that can be approved with one answer: for later, not what always asks."""
    return frozenset(
        item.digest for item in question.items if question.now or not item.request.always_asks
    )


def stands_as(request: CommandRequest, *, own: bool, shared: bool, changed: bool) -> str:
    """How a command stands, in one word for tables and data."""
    if request.never_runs:
        return "never runs"
    if request.always_asks:
        return "always asks"
    if own:
        return "approved"
    if shared:
        return "approved in the repository"
    return "changed" if changed else "not approved"
