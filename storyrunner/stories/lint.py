"""`storyrunner lint`: all that a story says against itself and against its repository.

Pure functions over what was read (`storyrunner.stories.lint_reading`); nothing is written, and no
command of a story is looked at: that is for the doctor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from storyrunner.model.finding import Finding
from storyrunner.model.story import Story
from storyrunner.stories.contradictions import lint_claims, lint_status, lint_ticks, lint_tracker
from storyrunner.stories.contradictions_numbers import (
    lint_chain,
    lint_names,
    lint_numbers,
    lint_prerequisites,
    lint_twins,
    lint_words,
)
from storyrunner.stories.library import StoryRef
from storyrunner.stories.lint_rules import HINTS, RULES
from storyrunner.stories.lint_totals import (
    QaDocument,
    lint_gate_totals,
    lint_headings,
    lint_totals,
    read_qa_document,
)
from storyrunner.stories.lint_yaml import lint_blocks, lint_yaml_file
from storyrunner.stories.portfolio import lint_cycles
from storyrunner.stories.portfolio_numbers import Numbering, folded, numbering
from storyrunner.stories.qa import is_qa_path, owner_of
from storyrunner.stories.repository_lint import RepositoryFiles, lint_files
from storyrunner.stories.tracker import TrackerEntry, entries_of, lint_entries, read_tracker


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a story is held against. `texts` are QA documents, gates and trackers by path;
    `owners` says whose they are, by folded id."""

    files: RepositoryFiles
    refs: Sequence[StoryRef]
    stories: Mapping[str, Story]
    texts: Mapping[str, str] = field(default_factory=dict)
    tracker: tuple[TrackerEntry, ...] = ()
    qa: Mapping[str, QaDocument] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    known: Numbering = field(default_factory=lambda: numbering(()))
    by_id: Mapping[str, StoryRef] = field(default_factory=dict)
    by_number: Mapping[int, Story] = field(default_factory=dict)


def surroundings(
    files: RepositoryFiles,
    refs: Sequence[StoryRef],
    stories: Mapping[str, Story],
    texts: Mapping[str, str] | None = None,
) -> Surroundings:
    """`stories` are by path; `texts` the QA documents, gates and trackers that were read."""
    texts = texts or {}
    known = numbering(refs, stories.values())
    trackers = [path for path in texts if _is_tracker(path)]
    by_id = {folded(story.id): story for story in stories.values()}
    return Surroundings(
        files=files,
        refs=refs,
        stories=stories,
        texts=texts,
        tracker=tuple(entry for path in trackers for entry in read_tracker(texts[path], path)),
        qa={path: read_qa_document(text, path) for path, text in texts.items() if is_qa_path(path)},
        owners={path: owner_of(path, text, known) for path, text in texts.items()},
        known=known,
        by_id={folded(ref.id): ref for ref in refs},
        by_number={
            number: by_id[folded(id_)] for number, id_ in known.ids.items() if folded(id_) in by_id
        },
    )


def lint_story(story: Story, around: Surroundings) -> tuple[Finding, ...]:
    """Everything that is to be said about one story and its QA documents, by place."""
    entries = entries_of(around.tracker, story.id, story.number)
    found = [
        *(_raised(finding) for finding in story.findings),
        *lint_ticks(story),
        *lint_status(story),
        *lint_tracker(story, entries),
        *lint_claims(story, around.by_number),
        *lint_numbers(story, around.known),
        *lint_words(story, around.known),
        *lint_prerequisites(story, around.known),
        *lint_names(story, around.known),
        *lint_chain(story, around.by_id),
        *lint_headings(story),
        *lint_blocks(story),
        *lint_files(story, around.files),
        *_lint_qa(story, around),
    ]
    ordered = sorted(found, key=lambda item: (item.place.path != story.path, item.place, item.rule))
    return tuple(map(_hinted, dict.fromkeys(ordered)))


def lint_repository(around: Surroundings) -> tuple[Finding, ...]:
    """What no single story says: ids and numbers twice, cycles, the tracker's own entries."""
    found = (
        *lint_twins(around.refs),
        *lint_cycles(tuple(around.stories.values()), around.known),
        *lint_entries(around.tracker, around.known),
    )
    return tuple(map(_hinted, found))


def is_document(path: str) -> bool:
    """True for the paths whose text `Surroundings.texts` wants."""
    return _is_tracker(path) or is_qa_path(path) or _is_gate(path)


def _lint_qa(story: Story, around: Surroundings) -> Iterator[Finding]:
    own = [path for path, owner in around.owners.items() if owner == folded(story.id)]
    designs = [around.qa[path] for path in own if path in around.qa]
    for document in designs:
        yield from lint_totals(around.texts[document.path], document)
    tests = [document for document in designs if document.kind == "tests"]
    for path in filter(_is_gate, own):
        yield from lint_yaml_file(around.texts[path], path)
        if len(tests) == 1:
            yield from lint_gate_totals(around.texts[path], path, tests[0])


def _is_tracker(path: str) -> bool:
    return path.startswith("docs/") and path.endswith("/STORY-PROGRESS.md")


def _is_gate(path: str) -> bool:
    return path.startswith("docs/") and "/gates/" in path and path.endswith((".yml", ".yaml"))


def _raised(finding: Finding) -> Finding:
    """A finding of the parser; where lint has the same rule, lint says how bad it is: the story
    can be read, but contradicts itself."""
    severity = RULES[finding.rule][0] if finding.rule in RULES else finding.severity
    return replace(finding, severity=severity)


def _hinted(finding: Finding) -> Finding:
    return finding if finding.hint else replace(finding, hint=HINTS.get(finding.rule, ""))
