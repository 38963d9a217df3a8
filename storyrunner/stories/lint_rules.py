"""The rules of `lint` beyond the parser's own: how bad each is, and what it says.

An error is a claim that something is finished while the story or the repository says otherwise, or
what no order of work can meet. A warning is a statement that is wrong or lags behind. A note may be
meant as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from storyrunner.model.finding import Severity

_E, _W, _N = Severity.ERROR, Severity.WARNING, Severity.NOTE

RULES: Mapping[str, tuple[Severity, str]] = {
    "story-ticks-disagree": (_E, "the summary of a task and its detail have different ticks"),
    "story-tick-children": (_E, "a ticked box holds an open one"),
    "story-tick-parent": (_W, "an open box holds only ticked ones"),
    "story-done-ticks": (_E, "the definition of done is ticked, tasks or criteria are open"),
    "story-done-open": (_W, "all tasks are ticked, the definition of done is open"),
    "story-status-ahead": (_E, "the status says done or in review, boxes are open"),
    "story-status-behind": (_W, "the definition of done is ticked, the status says less"),
    "story-tracker-status": (_W, "the tracker and the status say different things"),
    "story-tracker-ticks": (_E, "the tracker says finished, boxes are open"),
    "story-claim-open": (_W, "a ticked box calls a story complete that does not say so"),
    "story-ticked-absent": (_E, "a ticked box names a file that does not exist"),
    "story-path-moved": (_W, "a path is somewhere else now"),
    "story-file-list-absent": (_W, "the file list names what does not exist"),
    "story-number-name": (_W, "a name and the number beside it are of different stories"),
    "story-number-words": (_N, "words and the number beside them seem to be of different stories"),
    "story-number-twice": (_W, "two stories have one number"),
    "story-id-twice": (_E, "two files have one id"),
    "story-name-unknown": (_W, "an id that no story of the whole sequence has"),
    "story-chain": (_N, "Prev or Next leads to a story that does not lead back"),
    "story-forward-dependency": (_W, "a prerequisite comes later in the sequence"),
    "story-dependency-cycle": (_E, "stories need each other first"),
    "story-total": (_W, "a heading counts its phases or tasks wrong"),
    "story-duplicate-key": (_E, "a manifest gives a key twice (a warning outside the tasks)"),
    "story-yaml-invalid": (_N, "a YAML block is no YAML"),
    "qa-total": (_W, "a QA document or gate declares other totals than its tables hold"),
    "qa-duplicate-key": (_W, "a QA gate gives a key twice"),
    "qa-yaml-invalid": (_N, "a QA gate is no YAML"),
    "tracker-story-unknown": (_W, "the tracker names a story that is not here"),
    "tracker-number-name": (_W, "the tracker gives a story another's number"),
    "tracker-number-twice": (_W, "the tracker gives two stories one number"),
}
"""Rule id -> its severity (the worst it comes with) and one line."""
