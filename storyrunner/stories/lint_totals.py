"""QA documents whose declared totals are not what their own tables hold.

Test designs declare scenarios by level and priority, risk profiles risks by level, both in prose
and in the block that is pasted into the gate. What the tables hold counts (story-format.md §4).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from storyrunner.errors import Place
from storyrunner.model.finding import Finding, warning
from storyrunner.model.story import SectionKind, Story
from storyrunner.stories.lines import Lines
from storyrunner.stories.records import cells
from storyrunner.stories.titles import fold_dashes

_TEST = re.compile(r"[*`]*(\d{2}(?:\.[\w-]+?)?-(UNIT|INT|E2E)-\d{3}[a-z]?)\b", re.IGNORECASE)
_RISK = re.compile(r"[*`]*([A-Z]{2,10}-\d{3})\b")
_ITEM = re.compile(r"[-*+][ \t]+(?:\[[ xX]\][ \t]+)?")
_PRIORITY = re.compile(r"\bP([0-3])\b")
LEVELS = {"UNIT": "unit", "INT": "integration", "E2E": "e2e"}
_RISK_LEVELS = ("critical", "high", "medium", "low")
_PROSE = (
    (re.compile(r"\btotal (?:test )?scenarios:?\**:?[ ]*(\d+)", re.I), "total"),
    (re.compile(r"\bunit tests:?\**:?[ ]*(\d+)", re.I), "unit"),
    (re.compile(r"\bintegration tests:?\**:?[ ]*(\d+)", re.I), "integration"),
    (re.compile(r"\be2e tests:?\**:?[ ]*(\d+)", re.I), "e2e"),
    (re.compile(r"\btotal risks(?: identified)?:?\**:?[ ]*(\d+)", re.I), "total"),
    (re.compile(r"\b(critical|high|medium|low) risks:?\**:?[ ]*(\d+)", re.I), ""),
    (re.compile(r"\b(p[0-3])(?: tests identified)?:?\**:?[ ]*(\d+)(?!\d*%)", re.I), ""),
)
_KEYS = {"scenarios_total": "total", "unit": "unit", "integration": "integration", "e2e": "e2e"}
_YAML = re.compile(r"[ ]*(\w+):[ ]*(\d+)[ ]*(?:#.*)?$")
_BLOCKS = re.compile(r"[ ]*(test_design|risk_summary|by_level|by_priority|totals):[ ]*$")
_PHASES = re.compile(r"\((\d{1,3}) (phases|tasks)\)", re.IGNORECASE)


@dataclass(slots=True)
class QaDocument:
    """What a QA document holds: `counted` maps `total`, levels and priorities to how
    many rows there are; `kind` is `tests` or `risks`, empty when it has no rows."""

    path: str
    kind: str = ""
    ids: tuple[str, ...] = ()
    counted: Counter[str] = field(default_factory=Counter)


def read_qa_document(text: str, path: str) -> QaDocument:
    """The rows of a test design or risk profile: tables and lists, each id once."""
    document = QaDocument(path)
    tests: dict[str, Counter[str]] = {}
    risks: dict[str, Counter[str]] = {}
    for line in Lines(fold_dashes(text), path).stripped:
        match = test_row(line)
        if match is not None:
            tests.setdefault(match[1].casefold(), _of_test(match, line))
        elif line[:1] == "|" and (risk := _RISK.match(cells(line)[0] if cells(line) else "")):
            risks.setdefault(risk[1].casefold(), _of_risk(line))
    document.kind = "tests" if tests else "risks" if risks else ""
    rows = tests or risks
    document.ids = tuple(rows)
    document.counted = sum(rows.values(), Counter({"total": len(rows)}))
    return document


def lint_totals(text: str, document: QaDocument) -> Iterator[Finding]:
    """Declared figures that differ from the rows, one finding per line that declares them."""
    if document.kind:
        yield from _declared(text, document.path, document, "the tables hold")


def lint_gate_totals(text: str, path: str, design: QaDocument) -> Iterator[Finding]:
    """The figures of a gate against the rows of its story's test design."""
    if design.kind == "tests":
        yield from _declared(text, path, design, f"{design.path} holds")


def lint_headings(story: Story) -> Iterator[Finding]:
    """`## Tasks / Subtasks (4 Phases)` against the tasks there are."""
    for section in story.sections:
        match = _PHASES.search(section.title) if section.kind is SectionKind.TASKS else None
        if match is None:
            continue
        phases = match[2].casefold() == "phases"
        tasks = [task for task in story.tasks if task.id.startswith("Phase") == phases]
        if tasks and len(tasks) != int(match[1]):
            yield warning(
                "story-total",
                f"the heading says {match[0].strip('()')}, there are {len(tasks)}",
                section.span.place,
            )


def declared_figures(text: str, path: str, kind: str) -> Iterator[tuple[int, Mapping[str, int]]]:
    """The lines (1-based) that declare figures of a document of that kind, each with them."""
    inside: list[tuple[int, str]] = []
    for number, raw in enumerate(Lines(text, path).raw, 1):
        line = raw.rstrip()
        indent = len(line) - len(line.lstrip())
        while line and inside and indent <= inside[-1][0]:
            inside.pop()
        if (block := _BLOCKS.match(line)) is not None:
            inside.append((indent, block[1]))
            continue
        said = _in_yaml(line, [name for _, name in inside], kind) or (
            {} if inside or line.lstrip().startswith("|") else _in_prose(line, kind)
        )
        if said:
            yield number, said


def _declared(text: str, path: str, document: QaDocument, holds: str) -> Iterator[Finding]:
    for number, said in declared_figures(text, path, document.kind):
        wrong = {name: value for name, value in said.items() if document.counted[name] != value}
        if wrong:
            figures = ", ".join(f"{_label(name)} {value}" for name, value in wrong.items())
            real = ", ".join(f"{_label(name)} {document.counted[name]}" for name in wrong)
            yield warning(
                "qa-total",
                f"declared: {figures}; {holds} {real}",
                Place(path, number),
                hint="count again, or take the rows out",
            )


def _in_yaml(line: str, inside: list[str], kind: str) -> Mapping[str, int]:
    """A figure of the block that is pasted into the gate: only below the right keys."""
    match = _YAML.match(line)
    if match is None or not inside:
        return {}
    key, value = match[1].casefold(), int(match[2])
    if kind == "tests" and "test_design" in inside:
        name = _KEYS.get(key, key if re.fullmatch(r"p[0-3]", key) else "")
        return {name: value} if name else {}
    if kind == "risks" and "risk_summary" in inside and "totals" in inside:
        return {key: value} if key in _RISK_LEVELS else {}
    return {}


def _in_prose(line: str, kind: str) -> dict[str, int]:
    """The figures of a line that states them (`P0: 4, P1: 10`)."""
    said: dict[str, int] = {}
    for pattern, name in _PROSE:
        if not name and pattern.groups == 2 and kind == "":
            continue
        for match in pattern.finditer(fold_dashes(line)):
            key = name or match[1].casefold()
            if _fits(key, line, kind):
                said[key] = int(match[match.lastindex or 1])
    return said


def _fits(key: str, line: str, kind: str) -> bool:
    """True when a figure is one of that kind of document and means its rows."""
    words = line.casefold()
    if kind == "tests":
        is_total = key == "total" and "risk" not in words
        is_level = key in LEVELS.values()
        is_priority = key[0] == "p" and ("distribution" in words or "identified" in words)
        return is_total or is_level or is_priority
    return (key == "total" and "risk" in words) or key in _RISK_LEVELS


def test_row(line: str) -> re.Match[str] | None:
    """The id and level that a row of a table or an item of a list starts with. `line` is stripped,
    its dashes are plain."""
    if line[:1] == "|":
        return _TEST.match(line.lstrip("| "))
    item = _ITEM.match(line)
    return _TEST.match(line, item.end()) if item is not None else None


def _of_test(match: re.Match[str], line: str) -> Counter[str]:
    """One row by its level (from the id) and its priority."""
    rest = line[line.find(match[1]) + len(match[1]) :]
    priority = _PRIORITY.search(rest)
    counted = Counter({LEVELS[match[2].upper()]: 1})
    if priority is not None:
        counted[f"p{priority[1]}"] += 1
    return counted


def _of_risk(line: str) -> Counter[str]:
    """One row by its priority, the last cell that is one of the levels."""
    for cell in reversed(cells(line)):
        word = cell.strip("*` ").casefold()
        if word in _RISK_LEVELS:
            return Counter({word: 1})
    return Counter()


def _label(name: str) -> str:
    if name == "total":
        return "total"
    return name.upper() if name[0] == "p" or name == "e2e" else name
