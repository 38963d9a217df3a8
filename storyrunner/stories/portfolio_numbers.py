"""Which number belongs to which story, as all stories of a repository together say it.

Names go before numbers (story-format.md §3). A story that has no file here can still have a
number: its neighbours' Prev and Next lead to it. It reads parsed stories, never files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from storyrunner.model.story import Story
from storyrunner.stories.library import StoryRef, ids_by_number
from storyrunner.stories.titles import fold_dashes

_TOTAL = re.compile(r"\d{1,4}[ ]*/[ ]*(\d{1,4})")


@dataclass(frozen=True, slots=True)
class Numbering:
    """`ids` maps numbers to ids, `numbers` ids (folded) to numbers, `here` folded ids to those of
    files; `total` is how many stories the headers say there are, 0 when they do not."""

    ids: Mapping[int, str]
    numbers: Mapping[str, int]
    here: Mapping[str, str]
    total: int = 0

    @property
    def is_whole(self) -> bool:
        """True when every number that the headers count has a file: only then is an id that no
        file has a wrong one."""
        return 0 < self.total <= len({self.numbers[id_] for id_ in self.here} - {0})

    def number_of(self, id_: str) -> int:
        """The number of that story, 0 when nothing says it."""
        return self.numbers.get(folded(id_), 0)

    def meant_by(self, id_: str) -> str:
        """The known id that a name means: the same one, or the only one that goes on after it
        (`STORY-OBS-LOGS` for `STORY-OBS-LOGS-IMPLEMENT`). Empty when there is none."""
        wanted = folded(id_)
        if wanted in self.numbers:
            return self.here.get(wanted, wanted.upper())
        longer = [other for other in self.numbers if other.startswith(f"{wanted}-")]
        return self.here.get(longer[0], longer[0].upper()) if len(longer) == 1 else ""

    def resolve(self, id_: str, number: int) -> str:
        """The id that a reference means, the name first and the number second; empty when neither
        is known."""
        if id_ and folded(id_) in self.numbers:
            return self.meant_by(id_)
        return self.ids.get(number, "")


def folded(id_: str) -> str:
    """An id for comparing: with `STORY-`, plain dashes, lower case."""
    name = fold_dashes(id_).casefold()
    return name if name.startswith("story-") else f"story-{name}"


def numbering(refs: Sequence[StoryRef], stories: Iterable[Story] = ()) -> Numbering:
    """The numbering of a repository's stories. `stories` are asked how many there should be."""
    here = {folded(ref.id): ref.id for ref in refs}
    numbers = {folded(ref.id): ref.number for ref in refs}
    ids = ids_by_number(refs)
    for id_, number in _implied(refs, here).items():
        numbers[folded(id_)] = number
        ids.setdefault(number, id_)
    totals = [int(match[1]) for story in stories if (match := _TOTAL.match(story.header.sequence))]
    return Numbering(ids, numbers, here, max(totals, default=0))


def _implied(refs: Sequence[StoryRef], here: Mapping[str, str]) -> dict[str, int]:
    """Numbers of stories without a file that exactly one reading of the chain gives."""
    said: dict[str, set[int]] = {}
    names: dict[str, str] = {}
    for ref in refs:
        for id_, number in ((ref.prev, ref.number - 1), (ref.next, ref.number + 1)):
            if id_ and ref.number > 0 and number > 0 and folded(id_) not in here:
                said.setdefault(folded(id_), set()).add(number)
                names[folded(id_)] = id_
    return {names[id_]: numbers.pop() for id_, numbers in said.items() if len(numbers) == 1}
