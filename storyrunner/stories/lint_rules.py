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

HINTS: Mapping[str, str] = {
    "story-title": "begin the file with “# NN — STORY-ID — Title”",
    "story-id-differs": "rename the file, or correct the title",
    "story-number-differs": "correct the title or the header's sequences",
    "story-header-line": "write it as “Key: value”, or below the first section",
    "story-section-unknown": "nothing there is run or ticked; use a known title if it should be",
    "story-criteria-none": "list them below “## Acceptance Criteria”",
    "story-criterion-twice": "number the criteria on",
    "story-criterion-unknown": "correct the number, or add the criterion",
    "story-tasks-none": "write them as “### T1: Title”, so that they can be named",
    "story-task-unknown": "correct the id, or add the task",
    "story-task-twice": "merge the two, or give one another id",
    "story-task-titles-differ": "give both declarations the same title",
    "story-task-misplaced": "move it below “## Tasks”",
    "story-task-unread": "write it as “### T1: Title”",
    "story-ticks-disagree": "tick both when it is proven, or neither",
    "story-box-unknown": "write [ ] or [x]",
    "story-deferred-unlabelled": "put it below a label such as “**Deferred to Story 45:**”",
    "story-fence-unclosed": "close it with a fence of its own length",
    "story-fence-escaped": "take the backslashes out, and quote with a longer fence",
    "story-tick-children": "tick what is proven, or open the box above",
    "story-tick-parent": "tick it when it is proven: `storyrunner --check` says what is",
    "story-done-ticks": "open the box, or finish the work",
    "story-done-open": "tick what is proven: `storyrunner --check` says what is",
    "story-status-ahead": "finish the work, or set the status back",
    "story-status-behind": "set the status, or take back the ticks that are not proven",
    "story-tracker-status": "bring tracker and status together",
    "story-tracker-ticks": "tick what is proven, or take the tracker's entry back",
    "story-claim-open": "open the box, or finish the other story",
    "story-ticked-absent": "untick the box, or bring the file",
    "story-path-moved": "name the new place",
    "story-file-list-absent": "take it out of the list, or bring the file",
    "story-number-name": "the name wins: correct the number",
    "story-number-words": "name the story by its id",
    "story-number-twice": "give one of them another number",
    "story-id-twice": "give one of them another id",
    "story-name-unknown": "correct the id",
    "story-chain": "let Prev and Next of neighbours name each other",
    "story-forward-dependency": "`storyrunner list` shows what can be done next",
    "story-dependency-cycle": "take one prerequisite out, or split a story",
    "story-total": "count again",
    "story-duplicate-key": "keep one of them",
    "story-yaml-invalid": "mend the block, or tag it as text",
    "qa-total": "count again, or take the rows out",
    "qa-duplicate-key": "keep one of them",
    "qa-yaml-invalid": "mend the file",
    "tracker-story-unknown": "correct the id, or take the entry out",
    "tracker-number-name": "the name wins: correct the number",
    "tracker-number-twice": "correct one of the numbers",
}
"""Rule id -> what to do where the finding itself knows nothing better; the parser's rules too."""
