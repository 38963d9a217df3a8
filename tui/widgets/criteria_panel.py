"""The criteria with their state, and below them the proof of the one that is highlighted."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from storyrunner.model.result import QaVerdict
from storyrunner.model.runbook import Deferred
from storyrunner.model.status import FACES, Status
from tui.theme import plain, toned
from tui.viewmodel.criteria_view import CriteriaView, Proof
from tui.viewmodel.texts import TONES, Signs, cut

DEFERRED = "deferred"
TESTS = "QA"


class CriteriaList(OptionList):
    """The criteria, then what is deferred."""

    HELP = """The acceptance criteria. A criterion is proven only when every step that proves it
is; move to one to see its proof below: the engine, what it matched, the files it read, the time.
Checks that QA plans are proven only where a step is said to check the same; the others are manual.
What is deferred belongs to a later story and is not run here."""


class ProofView(VerticalScroll):
    """The proof of the highlighted criterion."""

    ALLOW_MAXIMIZE = True

    HELP = """The proof of the criterion above: each step that proves it, with the engine and what
it matched. `z` shows it on the whole screen."""


class CriteriaPanel(Vertical):
    """Shows a CriteriaView and one Proof."""

    class Wanted(Message):
        """The proof of this criterion is wanted."""

        def __init__(self, criterion: str) -> None:
            super().__init__()
            self.criterion = criterion

    def __init__(self, signs: Signs) -> None:
        super().__init__(id="criteria")
        self._signs = signs
        self._view: CriteriaView | None = None

    def compose(self) -> ComposeResult:
        """The list, the counts, the proof."""
        yield CriteriaList(id="criteria-list")
        with ProofView(id="proof"):
            yield Static(id="proof-text")

    def show(self, view: CriteriaView) -> None:
        """Show the criteria; rows that did not change are left alone."""
        if view != self._view:
            self._view = view
            self._fill()

    def highlight(self, criterion: str) -> None:
        """Move to a criterion."""
        names = [item.criterion for item in self._view.criteria] if self._view else []
        if criterion in names:
            self.query_one(CriteriaList).highlighted = names.index(criterion)

    @property
    def wanted(self) -> str:
        """The id of the highlighted criterion, `QA`, or `deferred`."""
        options = self.query_one(CriteriaList)
        if options.highlighted is None:
            return ""
        return options.get_option_at_index(options.highlighted).id or ""

    def show_proof(self, found: Proof | None) -> None:
        """Show a proof; none stands for the checks of QA or the deferred items."""
        box = self.query_one(ProofView)
        if found is None and self.wanted == TESTS and self._view:
            box.border_title = "Checks that QA plans"
            text = self._tests(self._view.tests)
        elif found is None:
            items = self._view.deferred if self._view else ()
            box.border_title = "Deferred, not run here"
            text = _deferred(items)
        else:
            box.border_title = f"Proof of {found.criterion}"
            text = self._proof(found)
        self.query_one("#proof-text", Static).update(text)

    def on_resize(self, event: events.Resize) -> None:
        """Cut texts anew."""
        self._fill()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Ask for its proof."""
        event.stop()
        self.post_message(self.Wanted(event.option_id or ""))

    def _fill(self) -> None:
        view = self._view
        if view is None:
            return
        options = self.query_one(CriteriaList)
        room = max(12, options.scrollable_content_region.width)
        rows = [self._row(item, room) for item in self._options(view)]
        with self.app.batch_update(), self.prevent(OptionList.OptionHighlighted):
            before = options.highlighted
            options.clear_options()
            options.add_options(rows)
            options.highlighted = before if before is not None else 0
        options.border_subtitle = f"to sign {view.to_sign}"

    def _options(self, view: CriteriaView) -> list[tuple[str, str, str, str]]:
        rows = [
            (item.criterion, self._signs.glyph(item.status), TONES[item.status], item.text)
            for item in view.criteria
        ]
        if view.tests:
            proven = sum(item.status is Status.PASSED for item in view.tests)
            rows.append((TESTS, self._signs.arrow, "quiet", f"{proven}/{len(view.tests)} checks"))
        if view.deferred:
            text = f"{len(view.deferred)} {view.deferred_to}"
            rows.append((DEFERRED, self._signs.arrow, "quiet", text))
        return rows

    def _row(self, row: tuple[str, str, str, str], room: int) -> Option:
        key, glyph, tone, text = row
        lead = f"{glyph} {key} "
        rest = cut(text, room - len(lead), self._signs.ellipsis)
        return Option(Content.assemble(toned(lead, tone), rest), id=key)

    def _tests(self, tests: tuple[QaVerdict, ...]) -> Content:
        parts: list[Content] = []
        for item in tests:
            face = FACES[item.status].word if item.steps else "manual"
            head = f"{self._signs.glyph(item.status)} {item.test} {face}"
            parts += [Content.assemble(toned(head, TONES[item.status]), f" {item.text}")]
            parts += [toned(item.reason, "quiet")] if item.reason else []
        return Content("\n").join(parts)

    def _proof(self, found: Proof) -> Content:
        face = toned(self._signs.face(found.status), TONES[found.status])
        parts: list[Content] = [toned(found.text, "plain"), face]
        if found.reason:
            parts.append(plain(found.reason))
        parts += [toned(f"- {text}", "quiet") for text in found.bullets]
        for line in found.steps:
            glyph = self._signs.glyph(line.status)
            word = FACES[line.status].word
            mark = toned(f"{glyph} {line.step} {word}", TONES[line.status])
            parts += [Content(""), Content.assemble(mark, f" {line.title}")]
            parts += [toned(text, "quiet") for text in line.lines]
        return Content("\n").join(parts)


def _deferred(items: tuple[Deferred, ...]) -> Content:
    parts: list[Content] = []
    for item in items:
        parts += [toned(item.text, "plain"), toned(f"deferred to {item.to}", "quiet")]
        parts += [plain(f"$ {command}") for command in item.commands]
        parts.append(Content(""))
    return Content("\n").join(parts)
