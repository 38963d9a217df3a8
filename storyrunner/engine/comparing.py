"""Two records of one story, side by side: every difference between what was recorded and what is.

Pure: it compares and explains, and finds nothing out by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from storyrunner.engine.record import Record
from storyrunner.model.frozen import dataclass
from storyrunner.model.result import Evidence
from storyrunner.workspace import ABSENT, reads

NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as recorded. `what` is criterion, verdict, rung, check, matched, input
    or tool; `where` a criterion, a step, a file, a parameter or a tool."""

    what: str
    where: str
    recorded: str
    now: str


def differences(recorded: Record, now: Record) -> tuple[Difference, ...]:
    """All differences, each once: criteria, verdicts, how they were proven, inputs, tools."""
    found = [
        *_criteria(recorded, now),
        *_verdicts(recorded, now),
        *_inputs(recorded, now),
        *_programs(recorded, now),
    ]
    return tuple(dict.fromkeys(found))


def _criteria(recorded: Record, now: Record) -> Iterator[Difference]:
    before, after = _by_criterion(recorded), _by_criterion(now)
    for name in dict.fromkeys((*before, *after)):
        yield from _differ("criterion", name, before.get(name), after.get(name))


def _by_criterion(record: Record) -> dict[str, str]:
    return {item["criterion"]: item["status"] for item in record.about.get("criteria", ())}


def _verdicts(recorded: Record, now: Record) -> Iterator[Difference]:
    for name in dict.fromkeys((*recorded.proofs, *now.proofs)):
        old, new = recorded.proofs.get(name), now.proofs.get(name)
        before = old.result.status.value if old else None
        after = new.result.status.value if new else None
        yield from _differ("verdict", name, before, after)
        if old is not None and new is not None and before == after and old.kind != "commit":
            yield from _ways(name, old.result.evidence, new.result.evidence)


def _ways(step: str, old: Sequence[Evidence], new: Sequence[Evidence]) -> Iterator[Difference]:
    """How a step was proven: the checks, on which rungs, and what each matched."""
    yield from _differ("rung", step, _rungs(old), _rungs(new))
    before, after = _matched(old), _matched(new)
    for what in dict.fromkeys((*before, *after)):
        if what in before and what in after:
            yield from _differ("matched", f"{step} ({what})", before[what], after[what])
        else:
            yield Difference("check", step, *_either(what, what in before))


def _rungs(evidence: Sequence[Evidence]) -> str:
    return ", ".join(dict.fromkeys(str(item.rung) for item in evidence if item.rung))


def _matched(evidence: Sequence[Evidence]) -> dict[str, str]:
    return {item.what: item.matched for item in evidence}


def _either(what: str, was: bool) -> tuple[str, str]:
    return (what, NOTHING) if was else (NOTHING, what)


def _inputs(recorded: Record, now: Record) -> Iterator[Difference]:
    """Inputs of proofs that both have: the same file is told once, whoever read it."""
    for name, old in recorded.proofs.items():
        new = now.proofs.get(name)
        if new is None:
            continue
        for key in sorted({*old.inputs, *new.inputs}):
            if not key.startswith((reads.TOOLS, reads.UNREPEATABLE)):
                before, after = old.inputs.get(key), new.inputs.get(key)
                yield from _differ("input", _named(key), _short(before), _short(after))


def _named(key: str) -> str:
    return key.removeprefix("?").removeprefix(reads.PARAMETERS) if key != reads.STORY else "story"


def _short(fingerprint: str | None) -> str | None:
    if fingerprint is None or fingerprint == ABSENT:
        return fingerprint
    return fingerprint[:12]


def _programs(recorded: Record, now: Record) -> Iterator[Difference]:
    before, after = _tools(recorded), _tools(now)
    for name in dict.fromkeys((*before, *after)):
        yield from _differ("tool", name, before.get(name), after.get(name))
    yield from _differ("tool", "storyrunner", _program(recorded), _program(now))


def _tools(record: Record) -> Mapping[str, str]:
    tools: Mapping[str, str] = record.about.get("tools", {})
    return tools


def _program(record: Record) -> str:
    return ", ".join(dict.fromkeys(proof.made.storyrunner for proof in record.proofs.values()))


def _differ(what: str, where: str, before: str | None, after: str | None) -> Iterator[Difference]:
    if before != after:
        yield Difference(what, where, before or NOTHING, after or NOTHING)
