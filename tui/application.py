"""The application: wires engine, board and screens; decides nothing about how anything looks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, ClassVar, Literal

from textual import events, work
from textual.binding import Binding, BindingType
from textual.worker import Worker, WorkerState

from storyrunner.errors import Place, StoryrunnerError
from storyrunner.gitops.variables import VariableMatrix
from storyrunner.model.decision import WriteQuestion
from storyrunner.model.events import StepStarted
from storyrunner.model.status import Status
from storyrunner.tools.editor import Editor, NoEditorError
from tui.around import WRITES, SessionLike, arrive, name_of, notice_changes, recheck
from tui.bridge import Engine, EventsArrived, QuestionAsked
from tui.commands import StoryCommands
from tui.questions import help_for, screen_for
from tui.screens.actions import ActionScreen
from tui.screens.chooser import ChooserScreen, StoryLike
from tui.screens.diff import DiffScreen
from tui.screens.help import HelpScreen
from tui.screens.main import MainScreen
from tui.screens.variables import VariablesScreen, read_matrix
from tui.terminal_safety import SafeApp
from tui.theme import THEME
from tui.viewmodel.actions import file_of
from tui.viewmodel.board import Board
from tui.viewmodel.texts import Signs

Severity = Literal["information", "warning", "error"]
Work = Callable[[SessionLike], Awaitable[Any]]


class StoryrunnerApp(SafeApp):
    """One story, or the list to choose one from. `failure` is the bug that ended it, if one did."""

    CSS_PATH = "application.tcss"
    TITLE = "storyrunner"
    COMMANDS = SafeApp.COMMANDS | {StoryCommands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", show=False, id="app.help", tooltip="Explain this"),
    ]

    def __init__(
        self,
        engine: Engine,
        *,
        stories: Sequence[StoryLike] = (),
        first: str = "",
        ascii_only: bool = False,
        editor: Editor | None = None,
    ) -> None:
        super().__init__()
        self.failure: BaseException | None = None
        self.signs = Signs(ascii_only)
        self.editor = editor or Editor(self.suspend)
        self._engine = engine
        self._stories = stories
        self._first = first
        self._main: MainScreen | None = None
        self._ran: list[str] = []
        self._is_back = False
        self.register_theme(THEME)
        self.theme = THEME.name
        self.set_class(ascii_only, "-ascii")

    async def on_mount(self) -> None:
        """The story at once when one is open, else the list."""
        self._engine.feed.wake = lambda: self.post_message(EventsArrived())
        self._engine.ask = lambda question, answer: self.post_message(
            QuestionAsked(question, answer)
        )
        if self._engine.session is not None:
            await self._enter()
        else:
            await self.push_screen(ChooserScreen(self._stories))

    async def _enter(self) -> None:
        session = self._engine.session
        assert session is not None
        book = self._engine.runbook
        story = session.context.story
        title = story.title if story and story.title else book.title
        board = Board(book, f"{book.number:02d} {self._engine.clean(title)}")
        board.results.update(session.results)
        board.tests = session.context.tests
        board.previews = self._engine.previews_now()
        board.repository = board.repository.named(name_of(session))
        self._main = MainScreen(board, self.signs, self._first)
        await self.push_screen(self._main)
        self._is_back = bool(board.results)
        self._begin(arrive)
        for notice in session.notices:
            self._tell(notice, "Recovered", "warning")
        if session.read_only:
            self._tell(session.read_only, "Read only", "warning")

    def _welcome_back(self, board: Board) -> None:
        closed, all_steps = board.progress()
        stale = [key for key in board.results if board.status(key) is Status.STALE]
        changed = f"; changed since: {', '.join(stale)}" if stale else "; nothing changed since"
        self._tell(f"{closed} of {all_steps} steps are through{changed}", "Welcome back")

    def _tell(self, text: str, title: str = "", severity: Severity = "information") -> None:
        seconds = 5.0 if severity == "information" else 10.0
        self.notify(text, title=title, severity=severity, timeout=seconds, markup=False)

    # --- work --------------------------------------------------------------------------------

    @property
    def _board(self) -> Board:
        return self._screen_of_story.board

    @property
    def _screen_of_story(self) -> MainScreen:
        assert self._main is not None
        return self._main

    def _begin(self, task: Work, *, follows: bool = False) -> None:
        self._ran = []
        self._screen_of_story.is_busy = True
        if follows:
            self._screen_of_story.follow()
        self._work(task)

    @work(exclusive=True, group="engine", exit_on_error=False)
    async def _work(self, task: Work) -> None:
        try:
            await self._engine.do(task)
        except StoryrunnerError as problem:
            hint = f"\n{problem.hint}" if problem.hint else ""
            self._tell(f"{problem}{hint}", severity="error")
        finally:
            self._settle()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A bug ends the session; `run_session` raises it again, outside the screens."""
        if event.state is WorkerState.ERROR:
            self.failure = event.worker.error
            self.leave(70)

    def _settle(self) -> None:
        if not self._engine.is_closing:
            self._take_events()
            self._board.running = ""
            self._screen_of_story.is_busy = False
            self._screen_of_story.settle(self._ran)
            self._look()
            if self._is_back:
                self._is_back = False
                self._welcome_back(self._board)

    @work(exclusive=True, group="look", exit_on_error=False)
    async def _look(self) -> None:
        found = await self._engine.look()
        board = self._board
        board.previews = found.previews
        board.pending_undo = found.pending_undo
        board.repository = found.repository
        self._changed()

    def on_events_arrived(self) -> None:
        """Take in what happened."""
        self._take_events()

    def _take_events(self) -> None:
        if self._main is None:
            return
        envelopes = self._engine.feed.drain()
        for envelope in envelopes:
            self._board.take(envelope)
            if isinstance(envelope.event, StepStarted):
                self._ran.append(envelope.event.step)
        if envelopes:
            self._changed()

    def _changed(self) -> None:
        self._screen_of_story.post_message(MainScreen.Changed())

    def on_app_focus(self, event: events.AppFocus) -> None:
        """Back from another window: files may have changed."""
        self._notice()

    def _notice(self) -> None:
        if self._main is not None and not self._main.is_busy:
            self._begin(notice_changes)

    # --- questions ---------------------------------------------------------------------------

    def on_question_asked(self, event: QuestionAsked) -> None:
        """Put the question on a screen of its own."""
        self._take_events()
        question, answer = event.question, event.answer

        def reply(result: Any) -> None:
            if isinstance(question, WriteQuestion) and result is None:
                self.workers.cancel_group(self, "engine")
            elif not answer.cancelled():
                answer.set_result(result)

        if isinstance(question, WriteQuestion):
            self._board.remember(question)
        self.push_screen(screen_for(question, self._board, self.signs, self._edit), reply)

    def _edit(self, text: str, name: str) -> str | None:
        try:
            return self.editor.edit(text, name)
        except NoEditorError as problem:
            self._tell(str(problem), "Editor", "error")
            return None

    # --- what the screens ask ------------------------------------------------------------------

    async def on_chooser_screen_chosen(self, event: ChooserScreen.Chosen) -> None:
        """Open the story, or leave."""
        if not event.reference:
            self.leave()
            return
        try:
            self._engine.open(event.reference)
        except StoryrunnerError as problem:
            self._tell(f"{problem}\n{problem.hint}", severity="error")
            return
        await self.pop_screen()
        await self._enter()

    def on_action_screen_asked(self, event: ActionScreen.Asked) -> None:
        """Do what was asked."""
        key = event.key
        match event.action:
            case "run" | "run_task" | "run_until":
                self._run(event.action, key)
            case "recheck":
                self._begin(recheck, follows=True)
            case "undo" | "record" as action:
                self._begin(lambda session: self._write(action, session))
            case "variables":
                self._begin(self._read_variables)
            case "stop":
                self.workers.cancel_group(self, "engine")
            case "show_diff":
                question = self._board.proposal(key)
                if question is not None:
                    self.push_screen(DiffScreen(question))
            case "open_editor":
                self._open(event.place or file_of(self._board, key))
            case "help":
                self.action_help()
            case "leave":
                self.leave()

    def leave(self, code: int = 0) -> None:
        """Leave at once; what runs is stopped when the engine closes."""
        self._engine.is_closing = True
        self.exit(code)

    def on_unmount(self) -> None:
        """However the screens are left, nobody waits for what still runs."""
        self._engine.is_closing = True

    async def action_quit(self) -> None:
        """Leave, also by Textual's own key."""
        self.leave()

    def _run(self, action: str, key: str) -> None:
        book = self._board.runbook
        task = book.task(key)
        step = task.steps[-1].id if task else key
        if action == "run_until":
            self._begin(lambda session: session.run_until(step), follows=True)
        elif task is not None or action == "run_task":
            name = (task or book.task_of(key)).id
            self._begin(lambda session: session.run_task(name), follows=True)
        else:
            self._begin(lambda session: session.run_step(key), follows=True)

    async def _write(self, action: str, session: SessionLike) -> None:
        said = await WRITES[action](session)
        self.call_later(self._tell, said, action.capitalize())

    async def _read_variables(self, session: SessionLike) -> None:
        found = await read_matrix(session)
        self.call_later(self._show_variables, found)

    def _show_variables(self, found: VariableMatrix) -> None:
        def opened(place: str | None) -> None:
            if place:
                self._open(place)

        self.push_screen(VariablesScreen(found), opened)

    def _open(self, place: str) -> None:
        path, _, rest = place.partition(":")
        line, _, column = rest.partition(":")
        where = Place(path, int(line or 1), int(column or 1))
        try:
            self.editor.open(self._engine.root / where.path, where.line, where.column)
        except NoEditorError as problem:
            self._tell(str(problem), "Editor", "error")
        self._notice()

    def action_help(self) -> None:
        """Explain what has focus, or the screen when nothing there has a word of its own."""
        if isinstance(self.screen, HelpScreen):
            return
        board = self._main.board if self._main else None
        self.push_screen(help_for(self, board, self.signs))

    @property
    def is_open_ended(self) -> bool:
        """Whether steps of the story are still open."""
        return self._main is None or self._board.next_open() is not None
