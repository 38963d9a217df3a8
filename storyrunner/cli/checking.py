"""`--check` of many stories, one after the other: reports, progress, one exit code.

A story that cannot be checked at all (a bad runbook) stops no other one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from storyrunner.cli.output import say
from storyrunner.engine.finding_stories import StoryChoice, all_stories
from storyrunner.engine.loop import run_to_end
from storyrunner.engine.opening import Options, find_root, open_session
from storyrunner.engine.session import Mode
from storyrunner.errors import StoryrunnerError, UsageError
from storyrunner.model.decision import DefaultDecider
from storyrunner.model.events import Sink
from storyrunner.model.plain import plain
from storyrunner.model.result import RunReport
from storyrunner.model.status import settle_exit_code
from storyrunner.reporters.json import SCHEMA as REPORT_SCHEMA
from storyrunner.reporters.wording import tally
from storyrunner.tools.toolbox import Toolbox

SCHEMA = "storyrunner/check-all/v1"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the check of one story ended: with a report, or with the reason why there is none."""

    story: StoryChoice
    report: RunReport | None = None
    problem: StoryrunnerError | None = None

    @property
    def exit_code(self) -> int:
        """The exit code a check of this story alone would have."""
        if self.report is not None:
            return self.report.exit_code
        return self.problem.exit_code if self.problem is not None else 0


def check_all(
    options: Options,
    form: str,
    *,
    tools: Toolbox | None,
    make_sink: Callable[[], Sink],
    write: Callable[[str], None],
) -> int:
    """Check every story; the worst exit code by precedence (design.md §6).

    `json` is one document with all reports; the other forms are one report after the other.
    Raises UsageError when there is no story.
    """
    stories = all_stories(find_root(options.root))
    if not stories:
        raise UsageError(
            "there is no story in this repository", hint="storyrunner list says what was left out"
        )
    whole = form == "json"
    outcomes = []
    for outcome in check_each(
        options, stories, tools=tools, make_sink=None if whole else make_sink
    ):
        outcomes.append(outcome)
        if form == "text":
            write("")
    code = settle_exit_code({outcome.exit_code for outcome in outcomes})
    if whole:
        write(json.dumps(_document(outcomes, code), indent=2, ensure_ascii=False))
    elif form == "text":
        write("All stories")
        for outcome in outcomes:
            write(f"  {_summary(outcome)}")
    return code


def check_each(
    options: Options,
    stories: Sequence[StoryChoice],
    *,
    tools: Toolbox | None = None,
    make_sink: Callable[[], Sink] | None = None,
) -> Iterator[Outcome]:
    """Check the stories in order, each told on stderr as it begins, each with a sink of its own."""
    for count, story in enumerate(stories, 1):
        _tell(f"checking {count}/{len(stories)}: {story.number:02d} {story.title}")
        sinks = [make_sink()] if make_sink is not None else []
        try:
            yield Outcome(story, report=_check(options, story, sinks, tools))
        except StoryrunnerError as problem:
            _tell(str(problem))
            if problem.hint:
                say(f"hint: {problem.hint}")
            yield Outcome(story, problem=problem)


def _check(
    options: Options, story: StoryChoice, sinks: Sequence[Sink], tools: Toolbox | None
) -> RunReport:
    meant = replace(options, reference=story.reference)
    with open_session(
        meant, mode=Mode.CHECK, decider=DefaultDecider(), sinks=sinks, tools=tools
    ) as session:
        for notice in session.notices:
            _tell(notice)
        return run_to_end(session.run())


def _document(outcomes: Sequence[Outcome], code: int) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "exit_code": code,
        "reports": [
            {"schema": REPORT_SCHEMA, **plain(item.report)} for item in outcomes if item.report
        ],
        "problems": [
            {
                "story": item.story.reference,
                "message": str(item.problem),
                "hint": item.problem.hint,
                "exit_code": item.exit_code,
            }
            for item in outcomes
            if item.problem is not None
        ],
    }


def _summary(outcome: Outcome) -> str:
    story = f"{outcome.story.number:02d} {outcome.story.title}"
    if outcome.report is None:
        return f"{story}: not checked: {outcome.problem}"
    return f"{story}: {tally(outcome.report.criteria)}"


def _tell(text: str) -> None:
    say(f"storyrunner: {text}")
