"""What a runbook's shape cannot say: names that are used but not declared, checks that cannot fail.

Ids, needs that form a cycle, placeholders that no parameter fills, facts with none or two
expectations. Works on a runbook of the right shape; knows no files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from storyrunner.gitops.near import did_you_mean
from storyrunner.model.runbook import Runbook
from storyrunner.model.step import CommandStep, Fact, OutputExpectation, QueryStep
from storyrunner.runbook.schema import Field, Mistake

PLACEHOLDER = re.compile(r"\[\[ *([A-Za-z_][A-Za-z0-9_]*) *\]\]")
BUILT_IN = ("cluster", "settings", "kustomizations", "directory")
"""Names every step of a cluster may use besides the parameters."""

PUSHED = "pushed"
"""What a box waits for that only a push proves."""


def inconsistencies(runbook: Runbook, raw: Any) -> Iterator[Mistake]:
    """All that is wrong with a runbook of the right shape; `raw` is its YAML value."""
    yield from _repeated_ids(runbook)
    yield from _unknown_ids(runbook)
    yield from _cycle(runbook)
    yield from _unknown_placeholders(runbook, raw, ())
    yield from _odd_facts(runbook)
    yield from _odd_edits(runbook)
    yield from _odd_commands(runbook)
    yield from _bad_parameters(runbook)


def _repeated_ids(runbook: Runbook) -> Iterator[Mistake]:
    seen: set[str] = set()
    for index, task in enumerate(runbook.tasks):
        here: list[tuple[Field, str]] = [(("tasks", index, "id"), task.id)]
        here += [
            (("tasks", index, "steps", number, "id"), step.id)
            for number, step in enumerate(task.steps)
        ]
        for field, name in here:
            if name in seen:
                yield Mistake(field, f"the id {name} is used twice")
            seen.add(name)


def _unknown_ids(runbook: Runbook) -> Iterator[Mistake]:
    tasks = [task.id for task in runbook.tasks]
    steps = [step.id for step in runbook.steps()]
    criteria = [criterion.id for criterion in runbook.criteria]
    clusters = [cluster.name for cluster in runbook.clusters]
    provers = [*tasks, *steps, *criteria, PUSHED]
    for index, task in enumerate(runbook.tasks):
        yield from _each(task.needs, tasks, ("tasks", index, "needs"), "task")
        yield from _each(task.satisfies, criteria, ("tasks", index, "satisfies"), "criterion")
        for number, box in enumerate(task.boxes):
            field: Field = ("tasks", index, "boxes", number, "proved_by")
            yield from _each(box.proved_by, provers, field, "step, task or criterion")
        for number, step in enumerate(task.steps):
            field = ("tasks", index, "steps", number)
            if step.cluster and step.cluster not in clusters:
                yield _unknown("cluster", step.cluster, clusters, (*field, "cluster"))
            supplier = getattr(step, "supplied_by", "")
            if supplier and supplier not in tasks:
                yield _unknown("task", supplier, tasks, (*field, "supplied_by"))
    for index, criterion in enumerate(runbook.criteria):
        field = ("criteria", index, "proved_by")
        yield from _each(criterion.proved_by, steps, field, "step")
        if not criterion.proved_by:
            yield Mistake(field, f"nothing proves {criterion.id}")
    for index, test in enumerate(runbook.tests):
        field = ("tests", index, "proved_by")
        yield from _each(test.proved_by, steps, field, "step")
        if not test.proved_by:
            yield Mistake(field, f"nothing proves {test.id}: without an entry it is manual")
    for index, box in enumerate(runbook.done):
        field = ("done", index, "proved_by")
        yield from _each(box.proved_by, provers, field, "step, task or criterion")


def _each(names: tuple[str, ...], known: list[str], field: Field, what: str) -> Iterator[Mistake]:
    for index, name in enumerate(names):
        if name not in known:
            yield _unknown(what, name, known, (*field, index))


def _unknown(what: str, name: str, known: list[str], field: Field) -> Mistake:
    hint = did_you_mean(name, known) or f"there are: {', '.join(known) or 'none'}"
    return Mistake(field, f"no {what} is called {name}", hint)


def _cycle(runbook: Runbook) -> Iterator[Mistake]:
    done: set[str] = set()
    waiting = {task.id: set(task.needs) for task in runbook.tasks}
    while ready := [name for name, needs in waiting.items() if needs <= done]:
        done.update(ready)
        for name in ready:
            del waiting[name]
    if waiting:
        names = ", ".join(waiting)
        yield Mistake(("tasks",), f"these tasks need each other, so none can start: {names}")


def _unknown_placeholders(runbook: Runbook, raw: Any, field: Field) -> Iterator[Mistake]:
    if isinstance(raw, dict):
        for key, item in raw.items():
            if not _is_literal(raw, key):
                yield from _unknown_placeholders(runbook, item, (*field, key))
    elif isinstance(raw, list):
        for index, item in enumerate(raw):
            yield from _unknown_placeholders(runbook, item, (*field, index))
    elif isinstance(raw, str):
        known = [*runbook.parameters, *BUILT_IN]
        for match in PLACEHOLDER.finditer(raw):
            if match[1] not in known:
                yield _unknown("parameter", match[1], known, field)


_WORDS = """
boxes bullets commit corrects criteria deferred done hint merge notes question source title why
"""
SHOWN = frozenset(_WORDS.split())
"""Keys whose texts are shown, or taken as they are: nothing is ever filled in there."""


def _is_literal(raw: dict[str, Any], key: str) -> bool:
    return key in SHOWN or (key == "text" and raw.get("kind") == "write")


EXPECTATIONS = (
    "equals",
    "one_of",
    "contains",
    "set_equals",
    "matches",
    "count",
    "absent",
    "present",
    "promql",
    "resolves",
)


def expectations_of(fact: Fact) -> list[str]:
    """The names of the expectation fields that a fact sets."""
    values = ((name, getattr(fact, name)) for name in EXPECTATIONS)
    return [name for name, value in values if _is_set(name, value)]


def _is_set(name: str, value: object) -> bool:
    """`equals: false` expects false; every other field is unset when it is false or empty."""
    if name == "equals":
        return value is not None
    return value is not None and value is not False and value != ""


def _odd_facts(runbook: Runbook) -> Iterator[Mistake]:
    for index, task in enumerate(runbook.tasks):
        for number, step in enumerate(task.steps):
            if not isinstance(step, QueryStep):
                continue
            field: Field = ("tasks", index, "steps", number, "asserts")
            if not step.asserts:
                yield Mistake(field[:-1], f"{step.id} asks nothing, so it could not fail")
            for place, item in enumerate(step.asserts):
                if not item.facts:
                    yield Mistake((*field, place), "an assertion without facts could not fail")
                for which, fact in enumerate(item.facts):
                    given = expectations_of(fact)
                    if fact.optional and given[0:1] in (["absent"], ["present"], ["count"]):
                        text = f"`ask: {fact.ask}` cannot be optional and `{given[0]}`"
                        yield Mistake((*field, place, "facts", which), text)
                    if len(given) != 1:
                        yield Mistake(
                            (*field, place, "facts", which),
                            f"`ask: {fact.ask}` needs exactly one expectation",
                            "one of: " + ", ".join(EXPECTATIONS),
                        )


def _odd_edits(runbook: Runbook) -> Iterator[Mistake]:
    for index, task in enumerate(runbook.tasks):
        for number, step in enumerate(task.steps):
            field: Field = ("tasks", index, "steps", number)
            if step.kind == "edit":
                ways = [way for way in (step.entry, step.keys, step.document, step.merge) if way]
                if len(ways) != 1:
                    text = f"{step.id} needs exactly one of: entry, keys, document, merge"
                    yield Mistake(field, text)
            if step.kind == "write" and bool(step.template) == bool(step.text):
                yield Mistake(field, f"{step.id} needs exactly one of: template, text")
            if step.kind == "build" and bool(step.folder) == bool(step.flux):
                yield Mistake(field, f"{step.id} needs exactly one of: folder, flux")
            if step.kind == "require" and not step.needs:
                yield Mistake(field, f"{step.id} requires nothing, so it could not fail")


OUTPUT_EXPECTATIONS = (
    "equals",
    "one_of",
    "contains",
    "lacks",
    "set_equals",
    "matches",
    "lines",
    "empty",
)
_ENVIRONMENT_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _odd_commands(runbook: Runbook) -> Iterator[Mistake]:
    for index, task in enumerate(runbook.tasks):
        for number, step in enumerate(task.steps):
            if not isinstance(step, CommandStep):
                continue
            field: Field = ("tasks", index, "steps", number)
            if not step.run.strip():
                yield Mistake((*field, "run"), f"{step.id} runs nothing, so it could not fail")
            if not step.exit_codes:
                yield Mistake((*field, "exit_codes"), f"{step.id} takes no exit code as right")
            for place, name in enumerate(step.env):
                if not _ENVIRONMENT_NAME.fullmatch(name):
                    text = f"{name!r} is not the name of an environment variable"
                    yield Mistake((*field, "env", place), text)
            for place, item in enumerate(step.expect):
                yield from _odd_output(item, (*field, "expect", place))


def _odd_output(item: OutputExpectation, field: Field) -> Iterator[Mistake]:
    values = ((name, getattr(item, name)) for name in OUTPUT_EXPECTATIONS)
    given = [name for name, value in values if value is not None and value is not False]
    known = "one of: " + ", ".join(OUTPUT_EXPECTATIONS)
    if len(given) != 1:
        yield Mistake(field, "an expectation of output says exactly one thing", known)
        return
    value = getattr(item, given[0])
    texts = value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ("-",)
    if not texts or not all(text.strip() for text in texts):
        hint = "`empty: true` expects no output"
        yield Mistake((*field, given[0]), f"`{given[0]}` is empty, so it could not fail", hint)
    if item.lines is not None and item.lines < 0:
        yield Mistake((*field, "lines"), "there are never fewer than 0 lines")
    if item.matches is not None:
        try:
            re.compile(item.matches)
        except re.error as error:
            yield Mistake((*field, "matches"), f"not a regular expression: {error}")


def _bad_parameters(runbook: Runbook) -> Iterator[Mistake]:
    for name, parameter in runbook.parameters.items():
        field = ("parameters", name)
        if name in BUILT_IN:
            yield Mistake(field, f"{name} is given by the cluster and cannot be a parameter")
        try:
            re.compile(parameter.pattern)
        except re.error as error:
            yield Mistake((*field, "pattern"), f"not a regular expression: {error}")
