"""The model as plain JSON data, and results back from it. Versioned by whoever stores it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from storyrunner.errors import Place
from storyrunner.model.finding import Finding, Severity
from storyrunner.model.result import Evidence, StepResult
from storyrunner.model.rung import Job, Rung
from storyrunner.model.status import Status


def json_text(value: Any, indent: int | None = None) -> str:
    """JSON that is safe to print: what could steer a terminal is an escape, also in names (paths
    of files, for example) as in texts. A reader gets the same data."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else _escape(char) for char in text)


def _escape(char: str) -> str:
    """As JSON writes it; beyond U+FFFF as two."""
    return json.dumps(char, ensure_ascii=True)[1:-1]


def plain(value: Any) -> Any:
    """Dataclasses, enums and places as plain JSON data."""
    if isinstance(value, Place):
        return {"path": value.path, "line": value.line, "column": value.column}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name)) for item in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def result_from_plain(data: Mapping[str, Any]) -> StepResult:
    """A step's result as `plain` wrote it. Raises KeyError, TypeError or ValueError otherwise."""
    return StepResult(
        step=data["step"],
        status=Status(data["status"]),
        reason=data["reason"],
        findings=tuple(_finding(item) for item in data["findings"]),
        evidence=tuple(_evidence(item) for item in data["evidence"]),
        seconds=float(data["seconds"]),
    )


def _finding(data: Mapping[str, Any]) -> Finding:
    known = {**data, "severity": Severity(data["severity"]), "place": Place(**data["place"])}
    return Finding(**known)


def _evidence(data: Mapping[str, Any]) -> Evidence:
    rung = data["rung"]
    if rung is not None:
        over = tuple(rung["stepped_over"])
        rung = Rung(Job(rung["job"]), rung["engine"], rung["version"], over)
    return Evidence(**{**data, "rung": rung})
