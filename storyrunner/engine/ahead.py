"""Checks begun before their turn, in runs that change nothing: what takes long runs side by side.

Only when a check runs is decided here, never whether, nor what comes of it: results and events keep
the order of the runbook. It knows nothing of what any kind of step does.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import field, replace

from storyrunner.engine.keeping import ProofBook
from storyrunner.model.events import Event
from storyrunner.model.frozen import dataclass
from storyrunner.model.step import Step
from storyrunner.steps.base import StepContext, Verdict
from storyrunner.steps.kinds import kind_of
from storyrunner.steps.rendering import builds_of


class Ahead:
    """A context manager: at its end, what nobody waited for is cancelled."""

    def __init__(self, context: StepContext, proofs: ProofBook) -> None:
        self._context = context
        self._proofs = proofs
        self._begun: dict[str, _Begun] = {}
        self.seconds: dict[str, float] = {}
        """How long each check took that was begun here and is over."""

    async def __aenter__(self) -> Ahead:
        return self

    async def __aexit__(self, *_ended: object) -> None:
        tasks = [one.task for one in self._begun.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._begun.clear()

    async def begin(self, steps: Iterable[Step]) -> None:
        """Start the checks of `steps` now; what they tell is held back until their turn.

        The builds they ask for go first, because all else waits for them.
        """
        steps = tuple(steps)
        await self._context.builds.begin(builds_of(steps, self._context))
        for step in steps:
            channel = _Channel(self._pass_on)
            context = replace(self._context, emit=channel.emit)
            task = asyncio.ensure_future(self._check(step, context))
            self._begun[step.id] = _Begun(task, channel)

    def _pass_on(self, event: Event) -> None:
        self._context.emit(event)

    def has(self, step_id: str) -> bool:
        """Whether this step was begun and not yet asked for."""
        return step_id in self._begun

    async def verdict(self, step_id: str) -> Verdict:
        """What a begun check found. Raises what the check raises."""
        begun = self._begun.pop(step_id)
        begun.channel.open()
        return await begun.task

    async def _check(self, step: Step, context: StepContext) -> Verdict:
        began = time.monotonic()
        try:
            with self._proofs.recording(step.id):
                return await kind_of(step).check(step, context)
        finally:
            self.seconds[step.id] = time.monotonic() - began


@dataclass(slots=True)
class _Channel:
    """Events of one check: kept until the check's turn, then passed on as they come."""

    sink: Callable[[Event], None]
    held: list[Event] | None = field(default_factory=list)

    def emit(self, event: Event) -> None:
        """Keep or pass on."""
        if self.held is None:
            self.sink(event)
        else:
            self.held.append(event)

    def open(self) -> None:
        """It is this check's turn."""
        held, self.held = self.held or [], None
        for event in held:
            self.sink(event)


@dataclass(frozen=True, slots=True)
class _Begun:
    task: asyncio.Task[Verdict]
    channel: _Channel
