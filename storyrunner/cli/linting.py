"""`storyrunner lint`: what stories say against themselves and their repository. Never writes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from storyrunner.cli.output import say
from storyrunner.errors import StoryError, UsageError
from storyrunner.model.finding import Finding, Severity
from storyrunner.model.plain import plain
from storyrunner.model.status import settle_exit_code
from storyrunner.stories.library import StoryRef, find_stories, resolve
from storyrunner.stories.lint import lint_repository, lint_story, surroundings
from storyrunner.stories.lint_reading import read_documents, read_names, read_stories

SCHEMA = "storyrunner/lint/v1"


def lint_stories(
    root: Path, references: Sequence[str], form: str, write: Callable[[str], None]
) -> int:
    """Print the findings of the stories that are named, of all when none is.

    Returns 0 when no finding is an error, 1 when one is, 2 when a story could not be read.
    Raises UsageError when there is no story, StoryError for a name that none has.
    """
    bad: list[StoryError] = []
    refs = find_stories(root, unreadable=bad.append)
    for problem in bad:
        say(f"storyrunner: a story is left out: {problem}")
    chosen = _chosen(root, refs, references)
    if not chosen and not bad:
        raise UsageError(
            "this repository has no stories", hint="they are looked for in docs/stories and stories"
        )
    everything = sorted({*refs, *chosen}, key=lambda ref: (ref.number, ref.path))
    findings = _findings(root, everything, chosen, bad, whole=not references)
    if form == "json":
        _write_json(chosen, findings, write)
    else:
        _write_text(chosen, findings, write)
    wrong = any(item.severity is Severity.ERROR for item in findings)
    return settle_exit_code({1 if wrong else 0, 2 if bad and not references else 0} - {0})


def _chosen(root: Path, refs: Sequence[StoryRef], references: Sequence[str]) -> list[StoryRef]:
    if not references:
        return list(refs)
    return list(dict.fromkeys(resolve(root, refs, reference) for reference in references))


def _findings(
    root: Path,
    refs: Sequence[StoryRef],
    chosen: Sequence[StoryRef],
    bad: list[StoryError],
    *,
    whole: bool,
) -> list[Finding]:
    """Findings story by story, then those of the repository when it is linted as a whole.

    Raises StoryError when a story that is meant cannot be read to its end.
    """
    wanted = {ref.path for ref in chosen}

    def note_unreadable(problem: StoryError) -> None:
        if problem.place is not None and problem.place.path in wanted and not whole:
            raise problem
        say(f"storyrunner: left out: {problem}")
        bad.append(problem)

    files = read_names(root)
    stories = read_stories(root, refs, note_unreadable)
    texts = read_documents(root, files, note_unreadable)
    around = surroundings(files, refs, stories, texts)
    found: dict[Finding, None] = {}
    for ref in chosen:
        if ref.path in stories:
            found.update(dict.fromkeys(lint_story(stories[ref.path], around)))
    if whole:
        found.update(dict.fromkeys(lint_repository(around)))
    return list(found)


def _write_json(
    chosen: Sequence[StoryRef], findings: Sequence[Finding], write: Callable[[str], None]
) -> None:
    document = {
        "schema": SCHEMA,
        "stories": [ref.path for ref in chosen],
        "counts": _counts(findings),
        "findings": plain(findings),
    }
    write(json.dumps(document, indent=2, ensure_ascii=False))


def _write_text(
    chosen: Sequence[StoryRef], findings: Sequence[Finding], write: Callable[[str], None]
) -> None:
    for finding in findings:
        write(finding.line_text)
        if finding.hint:
            write(f"    hint: {finding.hint}")
    counts = ", ".join(
        f"{count} {name}{'' if count == 1 else 's'}" for name, count in _counts(findings).items()
    )
    stories = "1 story" if len(chosen) == 1 else f"{len(chosen)} stories"
    write(f"{stories}: {counts}")


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    return {
        severity.value: sum(item.severity is severity for item in findings) for severity in Severity
    }
