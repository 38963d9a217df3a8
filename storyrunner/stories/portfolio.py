"""All stories of a repository at a glance: what each claims, needs and is waiting for.

Claims are ticks and statuses; what is proven is for a check to say. It reads parsed stories.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from storyrunner.model.finding import Finding, error
from storyrunner.model.story import Dependency, Story
from storyrunner.stories.contradictions import is_finished, own_boxes
from storyrunner.stories.library import StoryRef
from storyrunner.stories.portfolio_numbers import Numbering, folded, numbering


@dataclass(frozen=True, slots=True)
class StoryRow:
    """One story. `ticked` of `boxes` are claimed; `needs` are ids of prerequisites that are here,
    `forward` those of them and of the others that come later in the sequence, `unknown` those
    that no file is. `waits_for` are the needed ones that are not finished. `state` is the mapped
    status, `status` the words of the header."""

    id: str
    number: int
    title: str
    path: str
    lane: str
    sprint: str
    state: str
    status: str
    ticked: int
    boxes: int
    deferred: int
    criteria: int
    runbook: str
    finished: bool
    needs: tuple[str, ...]
    forward: tuple[str, ...]
    unknown: tuple[str, ...]
    waits_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Portfolio:
    """The rows in the order of the sequence, cycles of prerequisites, and what can be done next:
    unfinished stories whose prerequisites are finished, those that a runbook runs first."""

    rows: tuple[StoryRow, ...]
    cycles: tuple[tuple[str, ...], ...]
    ready: tuple[str, ...]

    @property
    def next(self) -> str:
        """The id of the story to do next, empty when none is ready."""
        return self.ready[0] if self.ready else ""


def portfolio(
    refs: Sequence[StoryRef], stories: Mapping[str, Story], runbooks: Mapping[str, str]
) -> Portfolio:
    """The portfolio of `stories` (by path); `runbooks` maps story ids to names of runbooks."""
    known = numbering(refs, stories.values())
    by_id = {folded(story.id): story for story in stories.values()}
    done = {id_ for id_, story in by_id.items() if is_finished(story)}
    rows = tuple(
        _row(stories[ref.path], known, by_id, done, runbooks) for ref in refs if ref.path in stories
    )
    ready = [row for row in rows if not row.finished and not row.waits_for]
    ready.sort(key=lambda row: (not row.runbook, row.number, row.id))
    cycles = find_cycles(tuple(stories.values()), known)
    return Portfolio(rows, cycles, tuple(row.id for row in ready))


def prerequisites(story: Story, known: Numbering) -> tuple[tuple[str, int], ...]:
    """The stories that must come first, each once: id (empty when only a number is known) and
    number (0 when only a name is). Names go before numbers."""
    found: dict[str, tuple[str, int]] = {}
    for dependency in story.dependencies:
        if dependency.role != "build":
            continue
        id_, number = _meant(dependency, known)
        if id_ and folded(id_) == folded(story.id):
            continue
        found.setdefault(folded(id_) if id_ else str(number), (id_, number))
    return tuple(found.values())


def find_cycles(stories: Sequence[Story], known: Numbering) -> tuple[tuple[str, ...], ...]:
    """Groups of stories of which each needs every other, by way of others or directly."""
    ids = {folded(story.id): story.id for story in stories}
    edges = {
        folded(story.id): {folded(id_) for id_, _ in prerequisites(story, known)} & set(ids)
        for story in stories
    }
    reached = {id_: _reached(id_, edges) for id_ in edges}
    groups = {
        tuple(sorted(other for other in reached[id_] if id_ in reached[other]))
        for id_ in edges
        if id_ in reached[id_]
    }
    return tuple(
        tuple(sorted((ids[id_] for id_ in group), key=known.number_of)) for group in sorted(groups)
    )


def lint_cycles(stories: Sequence[Story], known: Numbering) -> Iterator[Finding]:
    """One finding per cycle, at the story with the lowest number."""
    by_id = {story.id: story for story in stories}
    for cycle in find_cycles(stories, known):
        story = by_id[cycle[0]]
        wanted = {folded(id_) for id_ in cycle[1:]}
        place = next(
            item.span.place
            for item in story.dependencies
            if item.role == "build" and folded(_meant(item, known)[0]) in wanted
        )
        yield error(
            "story-dependency-cycle",
            f"each of these needs the others first: {', '.join(cycle)}",
            place,
            hint="take one prerequisite out, or split a story",
        )


def _meant(dependency: Dependency, known: Numbering) -> tuple[str, int]:
    id_ = known.resolve(dependency.id, dependency.number)
    if id_:
        return id_, known.number_of(id_)
    return dependency.id, dependency.number


def _reached(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = list(edges[start])
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(edges[node])
    return seen


def _row(
    story: Story,
    known: Numbering,
    by_id: Mapping[str, Story],
    done: Iterable[str],
    runbooks: Mapping[str, str],
) -> StoryRow:
    needed = prerequisites(story, known)
    here = tuple(id_ for id_, _ in needed if folded(id_) in by_id)
    boxes = own_boxes(story)
    return StoryRow(
        id=story.id,
        number=story.number,
        title=story.title,
        path=story.path,
        lane=story.header.lane,
        sprint=story.header.sprint,
        state=story.header.state.value,
        status=story.header.status,
        ticked=sum(box.checked for box in boxes),
        boxes=len(boxes),
        deferred=len(story.deferred),
        criteria=len(story.criteria),
        runbook=runbooks.get(story.id, ""),
        finished=folded(story.id) in done,
        needs=here,
        forward=tuple(_name(*need) for need in needed if need[1] > story.number > 0),
        unknown=tuple(_name(*need) for need in needed if folded(need[0]) not in by_id),
        waits_for=tuple(id_ for id_ in here if folded(id_) not in done),
    )


def _name(id_: str, number: int) -> str:
    """What a prerequisite is called: its id, else `story NN`."""
    return id_ or f"story {number:02d}"
