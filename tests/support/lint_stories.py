"""Stories written for tests of `lint` and `list`, and a lint of them without any disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storyrunner.model.finding import Finding
from storyrunner.model.story import Story
from storyrunner.stories.library import StoryRef
from storyrunner.stories.lint import Surroundings, lint_repository, lint_story, surroundings
from storyrunner.stories.parser import parse_story
from storyrunner.stories.repository_lint import RepositoryFiles

TASKS = "## Tasks\n\n### T1: Work\n\n- [ ] Write it\n"


def text_of(
    number: int = 6,
    id_: str = "STORY-SEC-ALPHA",
    body: str = TASKS,
    *,
    status: str = "Draft",
    prev: str = "—",
    next_: str = "—",
    total: int = 50,
) -> str:
    """A story with a header and criteria, and `body` after them."""
    return (
        f"# {number:02d} — {id_} — A story of tests\n\n"
        f"Sequence: {number:02d}/{total:02d} | Prev: {prev} | Next: {next_}\n"
        f"Sprint: 2 | Lane: Security\n\nStatus: {status}\n\n"
        f"## Acceptance Criteria\n\n1. **One:** it is there\n\n{body}\n"
    )


def parsed(text: str) -> Story:
    """The story at the place its id gives."""
    id_ = parse_story(text, "x.md").id
    return parse_story(text, f"docs/stories/{id_}.md")


def refs_of(stories: Iterable[Story]) -> list[StoryRef]:
    """The references that finding these stories would give."""
    found = []
    for story in stories:
        prev, next_ = (
            value.removesuffix(".md") if value.startswith("STORY-") else ""
            for value in (story.header.prev, story.header.next)
        )
        found.append(StoryRef(story.path, story.id, story.number, story.title, prev, next_))
    return sorted(found, key=lambda ref: (ref.number, ref.path))


def around(
    *stories: Story, files: Iterable[str] = (), texts: Mapping[str, str] | None = None
) -> Surroundings:
    """A repository with these stories, files and QA documents."""
    return surroundings(
        RepositoryFiles.of(files), refs_of(stories), {one.path: one for one in stories}, texts
    )


def findings(
    text: str,
    *others: str,
    files: Iterable[str] = (),
    texts: Mapping[str, str] | None = None,
) -> list[Finding]:
    """All findings of the first story among the others."""
    story = parsed(text)
    return list(lint_story(story, around(story, *map(parsed, others), files=files, texts=texts)))


def of_rule(found: Iterable[Finding], rule: str) -> list[Finding]:
    """The findings of one rule."""
    return [finding for finding in found if finding.rule == rule]


def of_repository(*stories: str, texts: Mapping[str, str] | None = None) -> list[Finding]:
    """The findings that no single story makes."""
    return list(lint_repository(around(*map(parsed, stories), texts=texts)))
