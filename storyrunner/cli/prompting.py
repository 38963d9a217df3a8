"""Questions in a plain terminal, for `run` without `--yes`. Every default is the careful one."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field

from storyrunner.cli.output import say
from storyrunner.model.approval import ApprovalAnswer, ApprovalQuestion
from storyrunner.model.decision import (
    AllowedSecret,
    Change,
    Choice,
    CommitAnswer,
    CommitDraft,
    PushQuestion,
    SignAnswer,
    SignQuestion,
    WriteAnswer,
    WriteQuestion,
)
from storyrunner.reporters.approving import approval_lines, digests_of
from storyrunner.tools.editor import Editor
from storyrunner.workspace import safe


@dataclass(slots=True)
class Prompter:
    """A Decider that asks on stderr and reads lines from stdin; the end of input means no."""

    push: bool = False
    editor: Editor = field(default_factory=Editor)

    async def decide_write(self, question: WriteQuestion) -> WriteAnswer:
        """Show the diff, then write, edit, keep or skip."""
        say(f"\n{question.change}: {question.path}")
        if question.offer:
            say(question.offer)
        say(question.diff)
        letters = "[y]es, [e]dit, [k]eep mine" if _differs(question) else "[y]es, [e]dit, [s]kip"
        while True:
            answer = await _ask(f"write {question.path}? {letters} ")
            match answer[:1]:
                case "y":
                    return WriteAnswer(Choice.WRITE)
                case "e" if question.after is not None:
                    return WriteAnswer(Choice.WRITE, await self._edited(question))
                case "k" | "s" | "n" | "":
                    return WriteAnswer(Choice.KEEP if _differs(question) else Choice.SKIP)

    async def _edited(self, question: WriteQuestion) -> str:
        return await self._editor(question.after or "", question.path)

    async def _editor(self, text: str, name: str) -> str:
        after = await asyncio.to_thread(self.editor.edit, text, name)
        return text if after is None else after

    async def sign(self, question: SignQuestion) -> SignAnswer | None:
        """Ask for a name and a reason; an empty one leaves it open."""
        say(f"\nto sign: {question.question}")
        name = await _ask("your name (empty to leave it open): ", fold=False)
        reason = await _ask("why it holds: ", fold=False) if name else ""
        return SignAnswer(name, reason) if name and reason else None

    async def decide_commit(self, draft: CommitDraft) -> CommitAnswer | None:
        """Show files, strays and boxes, then the message."""
        say("\ncommit:")
        for item in draft.files:
            say(f"  {item.state:<8} {item.path}  ({item.task})")
        for name, paths in (
            ("stray, left out", draft.strays),
            ("staged before, left staged", draft.staged_elsewhere),
            ("needed but not in git", draft.omissions),
            ("box to tick, line", draft.boxes),
            ("box to open again, line", draft.unticked),
        ):
            for path in paths:
                say(f"  {name}: {path}")
        say(f"\n{draft.message}")
        allowed = await _reasons(draft)
        if allowed is None:
            return None
        answer = await _ask(f"commit on {draft.branch}? [y]es, [e]dit the message, [n]o ")
        if answer.startswith("e"):
            text = await self._editor(draft.message, "COMMIT_EDITMSG")
            return CommitAnswer(text, allowed) if text.strip() else None
        return CommitAnswer(draft.message, allowed) if answer.startswith("y") else None

    async def decide_push(self, question: PushQuestion) -> bool:
        """Ask once more, with the whole name of the branch to be typed."""
        if not self.push:
            return False
        say(f"\npush {question.branch} to {question.remote} ({question.url})")
        return await _ask("type the branch's name to push: ", fold=False) == question.branch

    async def approve(self, question: ApprovalQuestion) -> ApprovalAnswer | None:
        """List the commands with class, reason and what they touch, then ask."""
        for line in approval_lines(question):
            say(line)
        if question.now:
            is_yes = (await _ask("run it now? [y]es, [n]o ")).startswith("y")
            return ApprovalAnswer(digests_of(question)) if is_yes else None
        answer = await _ask(APPROVE)
        while answer[:1] not in ("a", "s", "e", "n", ""):
            answer = await _ask(APPROVE)
        if answer[:1] == "e":
            chosen = [
                item.digest
                for item in question.items
                if not item.request.always_asks
                and (await _ask(f"approve {safe(item.request.text)}? [y]es, [n]o ")).startswith("y")
            ]
            return ApprovalAnswer(frozenset(chosen))
        if answer[:1] in ("a", "s"):
            return ApprovalAnswer(digests_of(question), share=answer.startswith("s"))
        return None


APPROVE = "approve? [a]ll, [e]ach, all and [s]hare in the repository, [n]one "


async def _reasons(draft: CommitDraft) -> tuple[AllowedSecret, ...] | None:
    """A reason for each secret of the commit; None as soon as there is none for one."""
    allowed = []
    for item in draft.secrets:
        say(f"\n{item.path}:{item.line}: {item.kind} would be committed")
        reason = await _ask("why it may be (empty: do not commit): ", fold=False)
        if not reason:
            return None
        allowed.append(AllowedSecret(item.path, item.line, reason))
    return tuple(allowed)


def _differs(question: WriteQuestion) -> bool:
    return question.change is Change.DIFFERS


async def _ask(prompt: str, *, fold: bool = True) -> str:
    say(prompt, end="")
    text = (await _line()).strip()
    return text.lower() if fold else text


async def _line() -> str:
    """A line of stdin. Waited for in the event loop: a thread that reads cannot be cancelled, and
    Ctrl-C would have to wait for the Enter key."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    try:
        descriptor = sys.stdin.fileno()
        loop.add_reader(descriptor, ready.set)
    except OSError:  # not a terminal and not a pipe: nothing to wait for
        return sys.stdin.readline()
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
    return sys.stdin.readline()
