"""Which variables a text names, and which expressions are left in one; broken ones included."""

from __future__ import annotations

from storyrunner.gitops.expressions import TEXT_STOP, Call, GrammarError, Instruction, open_text
from storyrunner.model.frozen import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """An expression found in a text: `end` is the offset after it, or after what of a broken one
    (`broken`, without a name) could be read; `nested` when it stands in another's default."""

    offset: int
    end: int
    name: str
    operator: str
    nested: bool
    broken: bool = False


def find_references(text: str) -> list[Reference]:
    """All expressions in the order of their offsets, broken ones too; never raises."""
    text, reader = open_text(text)
    found: list[Reference] = []
    at = 0
    while stop := TEXT_STOP.search(text, at):
        at, start = stop.end(), stop.start()
        if stop[0] == "$$":
            continue
        program: list[Instruction] = []
        try:
            at = reader.read(start, program)
        except GrammarError:
            at = max(at, reader.at)
            found.append(Reference(start, at, "", "", nested=False, broken=True))
        calls = [part for part in program if isinstance(part, Call)]
        found += [
            Reference(call.offset, call.end, call.name, call.operator, nested=call.offset != start)
            for call in calls
        ]
    return sorted(found)
