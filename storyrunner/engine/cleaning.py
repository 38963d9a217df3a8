"""Makes all that leaves the engine fit to be shown and kept: no secrets, nothing that steers.

Every event, every result that is remembered and every question goes through here, once, so that no
reporter, screen or record can forget to. It decides nothing and knows no kind of step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar, cast

from storyrunner.model.approval import ApprovalItem, CommandRequest
from storyrunner.model.decision import CommitDraft, Decider
from storyrunner.model.events import (
    CommandStarted,
    Event,
    FindingMade,
    OutputLine,
    RunFinished,
    StepFinished,
)
from storyrunner.model.result import StepResult
from storyrunner.redaction import Redactor
from storyrunner.workspace import Proposal, diff, safe

T = TypeVar("T")

MANY_LINES = frozenset({"diff", "excerpt", "expected", "got", "run", "commands"})
"""Fields whose line ends mean something; in all others a line end is no more than a space, so that
no title can look like a line of the report."""

LONG_TEXTS = frozenset({(CommitDraft, "message"), (CommandRequest, "text"), (ApprovalItem, "was")})

UNTOUCHED = frozenset({"inputs", "before", "after", "digest", "runs"})
"""Paths with their hashes, and contents that the engineer may edit: shown by nobody as they are."""


class Cleaner:
    """Cleans by the secrets that its redactor knows."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._made: dict[int, Any] = {}
        """Results, verdicts and findings that went through here: they come again in events."""

    def event(self, event: Event) -> Event:
        """An event as consumers may have it."""
        match event:
            case RunFinished():
                return event  # made of results and verdicts that went through here
            case StepFinished(result=part) | FindingMade(finding=part) if self._is_made(part):
                return event
            case CommandStarted(step=step, command=command):
                return replace(event, command=_many(self._redactor.begin(step, command)))
            case OutputLine(step=step, stream=stream, text=text):
                return replace(event, text=safe(self._redactor.line(step, stream, text)))
            case _:
                return self.value(event)

    def value(self, value: T) -> T:
        """Any of the model's shapes. What was cleaned before is given back as it is."""
        if self._is_made(value):
            return value
        clean = self._redactor.value(value, self._field)
        if isinstance(clean, StepResult):
            self._made.update((id(one), one) for one in (clean, *clean.findings))
        return clean

    def _is_made(self, value: object) -> bool:
        return self._made.get(id(value)) is value

    def text(self, text: str) -> str:
        """A text of one line."""
        return _one(self._redactor.text(text))

    def difference(self, proposal: Proposal) -> str:
        """The unified diff of a proposal. Secrets are numbered, so that a changed one differs."""
        if proposal.before == proposal.after:
            return ""
        before, after = self._redactor.pair(_text(proposal.before), _text(proposal.after))
        shown = replace(
            proposal,
            before=None if proposal.before is None else _bytes(before),
            after=None if proposal.after is None else _bytes(after),
        )
        return diff(shown) if shown.before != shown.after else diff(proposal)

    def _field(self, owner: type, name: str, text: str) -> str:
        if name in UNTOUCHED:
            return text
        is_long = name in MANY_LINES or (owner, name) in LONG_TEXTS
        clean = self._redactor.text(text)
        return _many(clean) if is_long else _one(clean)


class CleanDecider:
    """A decider whose questions are cleaned first, whatever kinds of question there are."""

    def __init__(self, decider: Decider, cleaner: Cleaner) -> None:
        self._decider = decider
        self._cleaner = cleaner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        ask = getattr(self._decider, name)

        async def asked(question: Any) -> Any:
            return await ask(self._cleaner.value(question))

        return asked


def clean_decider(decider: Decider, cleaner: Cleaner) -> Decider:
    """`decider`, asked in clean words only."""
    return cast(Decider, CleanDecider(decider, cleaner))


def _one(text: str) -> str:
    return safe(text) if text.isprintable() else safe(" ".join(text.split("\n")))


def _many(text: str) -> str:
    return "\n".join(safe(line) for line in text.split("\n"))


def _text(data: bytes | None) -> str:
    return "" if data is None else data.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
