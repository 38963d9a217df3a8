"""Runs the engine on a thread and loop of its own, so that nothing it does holds up the screen.

Events go out through a `Feed`, questions with a future for their answer. It knows no widget and
no screen; what it hands to the interface is plain data and two messages.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from textual.message import Message

from storyrunner.model.approval import ApprovalAnswer, ApprovalQuestion
from storyrunner.model.decision import (
    CommitAnswer,
    CommitDraft,
    Decider,
    PushQuestion,
    SignAnswer,
    SignQuestion,
    WriteAnswer,
    WriteQuestion,
)
from storyrunner.model.events import Envelope, Sink
from tui.around import Look, SessionLike, clean, look, previews_of
from tui.viewmodel.board import Preview

if TYPE_CHECKING:
    from pathlib import Path

    from storyrunner.model.result import RunReport
    from storyrunner.model.runbook import Runbook

T = TypeVar("T")
Question = WriteQuestion | SignQuestion | CommitDraft | PushQuestion | ApprovalQuestion
Ask = Callable[[Question, "concurrent.futures.Future[Any]"], object]
"""Called from the engine's thread with a question and the future that wants its answer."""

PATIENCE = 0.3
"""Seconds that a cancelled step gets before it is cancelled again, which kills at once."""


class EventsArrived(Message):
    """The feed holds events."""


class QuestionAsked(Message):
    """The engine waits for an answer."""

    def __init__(self, question: Question, answer: concurrent.futures.Future[Any]) -> None:
        super().__init__()
        self.question = question
        self.answer = answer


Opener = Callable[[str, Decider, Sequence[Sink]], AbstractContextManager[SessionLike]]
"""Opens the session on the story that a reference names."""


class Feed:
    """Carries events from the engine's thread to the interface, many at a time."""

    def __init__(self) -> None:
        self.wake: Callable[[], object] = lambda: None
        self._waiting: deque[Envelope] = deque()
        self._lock = threading.Lock()

    def __call__(self, envelope: Envelope) -> None:
        """Take in one event; wake the interface if it sleeps."""
        with self._lock:
            is_first = not self._waiting
            self._waiting.append(envelope)
        if is_first:
            self.wake()

    def drain(self) -> list[Envelope]:
        """All events since the last time, in order."""
        with self._lock:
            found = list(self._waiting)
            self._waiting.clear()
        return found


class ScreenDecider:
    """The Decider of a session: hands each question to the interface and waits for its answer."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def decide_write(self, question: WriteQuestion) -> WriteAnswer:
        """The diff screen."""
        answer: WriteAnswer = await self._answer(question)
        return answer

    async def sign(self, question: SignQuestion) -> SignAnswer | None:
        """The sign-off screen."""
        answer: SignAnswer | None = await self._answer(question)
        return answer

    async def decide_commit(self, draft: CommitDraft) -> CommitAnswer | None:
        """The commit screen."""
        answer: CommitAnswer | None = await self._answer(draft)
        return answer

    async def decide_push(self, question: PushQuestion) -> bool:
        """The push screen."""
        return bool(await self._answer(question))

    async def approve(self, question: ApprovalQuestion) -> ApprovalAnswer | None:
        """The approval screen."""
        answer: ApprovalAnswer | None = await self._answer(question)
        return answer

    async def _answer(self, question: Question) -> Any:
        future: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._ask(question, future)
        return await asyncio.wrap_future(future)


class Engine:
    """One session at a time, on a thread of its own."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="engine", daemon=True)
        self._stack = contextlib.ExitStack()
        self._running: asyncio.Task[Any] | None = None
        self.session: SessionLike | None = None
        self.is_closing = False
        """Set when the screens are being left: then nobody waits for what is cancelled."""
        self.ask: Ask = _nobody_there
        self.feed = Feed()
        self._thread.start()

    @property
    def root(self) -> Path:
        """The top of the repository. Only once a session is open."""
        root: Path = self._open_session.context.workspace.root
        return root

    @property
    def runbook(self) -> Runbook:
        """The runbook of the session as it may be shown. Only once a session is open."""
        runbook: Runbook = self._open_session.context.runbook
        return clean(self._open_session, runbook)

    def clean(self, text: str) -> str:
        """A text as it may be shown. Only once a session is open."""
        return clean(self._open_session, text)

    @property
    def _open_session(self) -> SessionLike:
        if self.session is None:
            raise RuntimeError("no session is open")
        return self.session

    # --- from the interface ------------------------------------------------------------------

    def open(self, reference: str) -> None:
        """Open the session and wait for it. Raises StoryrunnerError."""

        async def enter() -> SessionLike:
            decider = ScreenDecider(self._forward)
            return self._stack.enter_context(self._opener(reference, decider, [self.feed]))

        self.session = asyncio.run_coroutine_threadsafe(enter(), self._loop).result()

    async def do(self, work: Callable[[SessionLike], Awaitable[T]]) -> T:
        """Run something on the session's thread. Cancelling the caller cancels it there, and the
        caller goes on only when it has ended."""
        future = asyncio.run_coroutine_threadsafe(self._tracked(work), self._loop)
        waiter = asyncio.wrap_future(future)
        try:
            return await asyncio.shield(waiter)
        except asyncio.CancelledError:
            if self.is_closing:
                waiter.cancel()
                raise
            self._loop.call_soon_threadsafe(self._cancel_running)
            await asyncio.wait([waiter])
            raise

    async def look(self) -> Look:
        """What stands around the steps. May run beside a step."""
        future = asyncio.run_coroutine_threadsafe(look(self._open_session), self._loop)
        return await asyncio.wrap_future(future)

    def previews_now(self) -> dict[str, Preview]:
        """What each step would run and touch, for the first frame."""

        async def fill() -> dict[str, Preview]:
            return previews_of(self._open_session)

        return asyncio.run_coroutine_threadsafe(fill(), self._loop).result()

    def close(self) -> RunReport | None:
        """Stop what runs, write the report, close the session. Waits for seconds at most."""
        stop = asyncio.run_coroutine_threadsafe(self._stop(), self._loop)
        try:
            return stop.result(timeout=10)
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(timeout=2)

    # --- on the engine's thread --------------------------------------------------------------

    def _forward(self, question: Question, answer: concurrent.futures.Future[Any]) -> None:
        self.ask(question, answer)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _tracked(self, work: Callable[[SessionLike], Awaitable[T]]) -> T:
        self._running = asyncio.current_task()
        try:
            return await work(self._open_session)
        finally:
            self._running = None

    def _cancel_running(self) -> None:
        if self._running is not None:
            self._running.cancel()

    async def _stop(self) -> RunReport | None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        while left:
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=PATIENCE)
        report = self.session.finish() if self.session else None
        self._stack.close()
        return report


def _nobody_there(_question: Question, answer: concurrent.futures.Future[Any]) -> None:
    answer.cancel()
