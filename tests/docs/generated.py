"""Writes the generated parts of docs from the code, so that they cannot be wrong.

`make reference` runs it. A part stands between `<!-- generated: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args

from storyrunner.model import events, result
from storyrunner.model.finding import Finding
from storyrunner.model.rung import Rung
from storyrunner.model.status import EXIT_PRECEDENCE, FACES, Status
from storyrunner.runbook.schema import json_schema
from storyrunner.stories.lint_rules import HINTS, RULES
from tui.viewmodel.actions import ACTIONS

DOCS = Path(__file__).resolve().parents[2] / "docs"
PART = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
KINDS_FIRST = (
    *("Runbook", "Cluster", "Parameter", "Found", "ServedApi", "FieldSource", "Task", "Box"),
    *(
        "RequireStep",
        "ToolNeed",
        "PathNeed",
        "TextNeed",
        "FieldNeed",
        "YamlNeed",
        "KeysNeed",
        "ReleaseNeed",
        "ObjectNeed",
    ),
    *("StoryNeed", "WriteStep", "EditStep", "ListEntry", "MapKeys", "NewDocument", "Merge"),
    *("DryRunStep", "BuildStep", "QueryStep", "Assertion", "Selector", "Fact", "ConfirmStep"),
    *("CommitStep", "Corrected"),
    *("CommandStep", "OutputExpectation"),
    *("Criterion", "PlannedTest", "Deferred", "Risk", "RollbackEntry", "CommitPlan"),
)


def runbook_keys() -> str:
    """A section with a table of keys for each shape of a runbook."""
    schema = json_schema()
    shapes = {"Runbook": schema, **schema["$defs"]}
    assert set(KINDS_FIRST) == set(shapes), set(KINDS_FIRST) ^ set(shapes)
    return "\n".join(_shape(name, shapes[name]) for name in KINDS_FIRST)


def _shape(name: str, shape: Mapping[str, Any]) -> str:
    required = shape.get("required", [])
    rows = []
    for key, value in shape["properties"].items():
        default = "**required**" if key in required else _default(value.get("default"))
        about = " ".join(str(value.get("description", "")).split())
        rows.append(f"| `{key}` | {_type(value)} | {default} | {about} |")
    about = " ".join(str(shape.get("description", "")).split())
    head = "| key | type | default | |\n| --- | --- | --- | --- |"
    return "\n".join([f"### {_title(name, shape)}\n", f"{about}\n", head, *rows, ""])


def _title(name: str, shape: Mapping[str, Any]) -> str:
    kind = shape["properties"].get("kind", {}).get("const")
    return f"{name}: `kind: {kind}`" if kind else name


def _type(value: Mapping[str, Any]) -> str:
    if "$ref" in value:
        name = str(value["$ref"]).rpartition("/")[2]
        return f"{name}"
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{item}`" if item else "empty" for item in value["enum"])
    if "anyOf" in value or "oneOf" in value:
        members = value.get("anyOf", value.get("oneOf", []))
        return " or ".join(_type(item) for item in members if item.get("type") != "null")
    if value.get("type") == "array":
        return f"list of {_type(value['items'])}" if value.get("items") else "list"
    if value.get("type") == "object":
        inner = value.get("additionalProperties")
        return f"map to {_type(inner)}" if isinstance(inner, Mapping) else "map"
    words = {"string": "text", "boolean": "true or false", "integer": "whole number"}
    return words.get(str(value.get("type")), str(value.get("type", "any value")))


def _default(value: object) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def event_fields() -> str:
    """A table of all events and their fields."""
    rows = ["| event | fields | |", "| --- | --- | --- |"]
    for shape in get_args(events.Event):
        fields = ", ".join(f"`{item.name}`" for item in dataclasses.fields(shape))
        rows.append(f"| `{shape.__name__}` | {fields} | {_about(shape)} |")
    return "\n".join([*rows, ""])


def report_fields() -> str:
    """A table of the shapes that events and the report are made of."""
    shapes = (
        *(result.RunReport, result.StepResult, result.CriterionVerdict, result.QaVerdict, Finding),
        *(result.Evidence, Rung),
    )
    rows = ["| object | fields | |", "| --- | --- | --- |"]
    for shape in shapes:
        fields = ", ".join(f"`{item.name}`" for item in dataclasses.fields(shape))
        rows.append(f"| {shape.__name__} | {fields} | {_about(shape)} |")
    return "\n".join([*rows, ""])


def _about(shape: type) -> str:
    return " ".join(str(shape.__doc__).split("\n\n")[0].split())


def statuses() -> str:
    """A table of statuses with word, signs and exit code."""
    rows = ["| status | word | sign | ASCII | exit code |", "| --- | --- | --- | --- | --- |"]
    for status in Status:
        face = FACES[status]
        code = "" if face.exit_code is None else str(face.exit_code)
        rows.append(f"| `{status}` | {face.word} | {face.glyph} | `{face.ascii}` | {code} |")
    order = ", ".join(str(code) for code in EXIT_PRECEDENCE)
    settled = f"When several exit codes apply, the first of these wins: {order}."
    return "\n".join([*rows, "", settled, ""])


def lint_rules() -> str:
    """A table of the rules of lint."""
    rows = ["| rule | | what is wrong | hint |", "| --- | --- | --- | --- |"]
    rows += [
        f"| `{rule}` | {severity.value} | {about} | {HINTS[rule]} |"
        for rule, (severity, about) in RULES.items()
    ]
    return "\n".join([*rows, ""])


def reading_rules() -> str:
    """A table of the rules of the parser."""
    rows = ["| rule | hint |", "| --- | --- |"]
    rows += [f"| `{rule}` | {hint} |" for rule, hint in HINTS.items() if rule not in RULES]
    return "\n".join([*rows, ""])


def keys() -> str:
    """A table of the keys of the main screen."""
    rows = ["| key | |", "| --- | --- |"]
    rows += [f"| `{spec.shown_key or spec.key}` | {spec.about} |" for spec in ACTIONS]
    return "\n".join([*rows, ""])


PARTS: dict[str, Callable[[], str]] = {
    "runbook-keys": runbook_keys,
    "event-fields": event_fields,
    "report-fields": report_fields,
    "statuses": statuses,
    "lint-rules": lint_rules,
    "reading-rules": reading_rules,
    "keys": keys,
}


def renew(text: str) -> str:
    """A page with its generated parts written anew."""
    return PART.sub(lambda match: f"{match[1]}{PARTS[match[2]]()}{match[3]}", text)


def main() -> int:
    """Write all pages that have generated parts."""
    for path in sorted(DOCS.rglob("*.md")):
        path.write_text(renew(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
