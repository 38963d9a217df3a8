"""What QA plans for a story: checks by id, and risks. Shapes only; `stories/qa.py` reads them."""

from __future__ import annotations

from collections.abc import Mapping

from storyrunner.model.frozen import dataclass
from storyrunner.model.story import Span


@dataclass(frozen=True, slots=True)
class QaTest:
    """A planned check: `level` is unit, integration or e2e, `priority` P0 to P3 or empty,
    `criterion` the number of the criterion it stands under (0: none)."""

    id: str
    level: str
    priority: str
    text: str
    why: str
    criterion: int
    digest: str
    """Tells these words from others: twelve hexadecimal digits of the SHA-256 of `text`, with
    case, dashes, backticks and blanks folded."""
    span: Span


@dataclass(frozen=True, slots=True)
class QaRisk:
    """A risk of a risk profile; `level` is critical, high, medium, low or empty."""

    id: str
    text: str
    level: str
    span: Span


@dataclass(frozen=True, slots=True)
class QaReading:
    """A QA document: what it declares of itself (`total`, levels, priorities), and what its rows
    are. `counted` is what counts."""

    path: str
    tests: tuple[QaTest, ...]
    risks: tuple[QaRisk, ...]
    declared: Mapping[str, int]
    counted: Mapping[str, int]

    @property
    def wrong(self) -> tuple[str, ...]:
        """The names of the figures that the document declares otherwise than its rows are."""
        return tuple(
            name for name, value in self.declared.items() if self.counted.get(name, 0) != value
        )
