"""The selected step or task: what it is for, what it runs, how it was proven, what is wrong."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalGroup, VerticalScroll
from textual.content import Content
from textual.markup import escape
from textual.widgets import Static

from storyrunner.model.status import Status
from tui.theme import plain, toned
from tui.viewmodel.cards import Card
from tui.viewmodel.step_view import StepView, TaskView
from tui.viewmodel.texts import TONES, Signs
from tui.widgets.fields import Field, Fields
from tui.widgets.finding_card import FindingCard
from tui.widgets.output import OutputLog
from tui.widgets.words import note_lines, verdict_line

MOST_CARDS = 40
"""Cards on the screen at once; the rest is counted."""
MOST_COMMANDS = 6


class StepBody(VerticalScroll):
    """The scrolling part of the panel."""

    ALLOW_MAXIMIZE = True

    HELP = """The selected step: why it is there, the exact command, the engine that gave the
verdict (rung), and its findings. Tab goes from card to card; on a card `o` opens the place in your
editor, `y` copies, `g` goes where the hint points."""


class StepPanel(Vertical):
    """Shows a StepView or a TaskView."""

    def __init__(self, signs: Signs) -> None:
        super().__init__(id="step")
        self._signs = signs
        self._cards: tuple[Card, ...] | None = None
        self._key = ""

    def compose(self) -> ComposeResult:
        """Verdict line, fields, cards, output."""
        with StepBody(id="step-body"):
            yield Static(id="verdict")
            yield Fields(id="fields")
            yield VerticalGroup(id="cards")
        yield OutputLog(self._signs)

    async def show(self, view: StepView | TaskView, following: str) -> None:
        """Show a step or task; `following` tells what n goes to."""
        self.border_subtitle = escape(following)
        if view.key != self._key:
            self._key = view.key
            self.query_one(StepBody).scroll_home(animate=False)
        self.query_one("#verdict", Static).update(self._verdict(view))
        output = self.query_one(OutputLog)
        if isinstance(view, StepView):
            self.query_one(Fields).show(self._step_fields(view))
            await self._show_cards(view.cards)
            output.show(view.key, view.output)
        else:
            self.query_one(Fields).show(self._task_fields(view))
            await self._show_cards(())
            output.show(view.key, None)

    def _verdict(self, view: StepView | TaskView) -> Content:
        face = toned(self._signs.face(view.status), TONES[view.status])
        title = toned(f"{view.key}  {view.title}", "plain")
        said = view.reason if isinstance(view, StepView) else view.count
        facts = view.facts if isinstance(view, StepView) else ""
        extra = f"  {self._signs.dot} {facts}" if facts else ""
        reason = [f"  {said}"] if said else []
        return Content.assemble(title, "\n", face, *reason, toned(extra, "quiet"), "\n")

    def _step_fields(self, view: StepView) -> list[Field]:
        fields = [Field("why", plain(view.why))] if view.why else []
        if view.offer:
            fields.append(Field("offer", plain(view.offer)))
        if view.path:
            fields.append(Field("file", toned(view.path, "link")))
        if view.wrote:
            fields.append(Field("", toned(view.wrote, "plain")))
        fields += self._commands(view)
        if view.rung:
            fields.append(Field("rung", plain(view.rung)))
        over = toned("stepped over: ", "quiet")
        fields += [Field("", Content.assemble(over, text)) for text in view.stepped_over]
        fields += _labelled("proof", [plain(text) for text in view.proofs])
        if view.hint:
            fields.append(Field("fix", plain(view.hint)))
        if view.target and not any(card.target for card in view.cards):
            go = f"{self._signs.arrow} g goes to {view.target}"
            fields.append(Field("", toned(go, "link")))
        fields += _labelled("mind", note_lines(view.notes))
        if view.later:
            later = [toned("not run here, for the story it is deferred to:", "quiet")]
            fields += _labelled("later", [*later, *(plain(text) for text in view.later)])
        return fields

    def _commands(self, view: StepView) -> list[Field]:
        shown = [plain(text) for text in view.commands[:MOST_COMMANDS]]
        if not shown:
            return []
        rest = len(view.commands) - len(shown)
        if rest:
            shown.append(toned(f"{self._signs.ellipsis} {rest} more, y copies all", "quiet"))
        is_running = view.status is Status.RUNNING
        word = "ran" if view.ran and not is_running else "run"
        return _labelled(f"{word} {self._signs.copy}", shown)

    def _task_fields(self, view: TaskView) -> list[Field]:
        fields = [Field("why", plain(view.why))] if view.why else []
        needs = [verdict_line(row, self._signs) for row in view.needs]
        fields += _labelled("needs", needs)
        if view.satisfies:
            fields.append(Field("for", plain(", ".join(view.satisfies))))
        fields += _labelled("mind", note_lines(view.notes))
        fields += _labelled("steps", [verdict_line(row, self._signs) for row in view.steps])
        return fields

    async def _show_cards(self, cards: tuple[Card, ...]) -> None:
        if cards == self._cards:
            return
        self._cards = cards
        group = self.query_one("#cards", VerticalGroup)
        async with group.batch():
            await group.remove_children()
            await group.mount_all(FindingCard(card, self._signs) for card in cards[:MOST_CARDS])
            if len(cards) > MOST_CARDS:
                rest = f"{self._signs.ellipsis} {len(cards) - MOST_CARDS} more; --check lists all"
                await group.mount(Static(toned(rest, "quiet")))


def _labelled(label: str, values: list[Content]) -> list[Field]:
    labels = [label, *[""] * len(values)]
    return [Field(name, value) for name, value in zip(labels, values, strict=False)]
