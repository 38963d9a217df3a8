"""The file of sign-offs: in the repository, where colleagues and CI see who signed and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from storyrunner.errors import ManifestError, Place
from storyrunner.steps.base import StepContext

SIGNOFFS = ".storyrunner/signoffs.json"
VERSION = 1


def read_signoffs(context: StepContext) -> dict[str, Any]:
    """Story id -> step id -> sign-off. Raises ManifestError for a file of no known form."""
    text = context.workspace.read_text(SIGNOFFS)
    if text is None:
        return {}
    try:
        document = json.loads(text)
    except ValueError as problem:
        line = getattr(problem, "lineno", 1)
        raise ManifestError(f"not valid JSON: {problem}", place=Place(SIGNOFFS, line)) from problem
    table = document.get("signoffs") if isinstance(document, Mapping) else None
    is_known = isinstance(table, dict) and all(map(_is_signed, table.values()))
    if not isinstance(table, dict) or not is_known or document.get("version") != VERSION:
        raise ManifestError("not a file of sign-offs that is known here", place=Place(SIGNOFFS))
    return table


def _is_signed(entry: object) -> bool:
    """Whether this is a map of step ids to sign-offs whose `files` are a map."""
    return isinstance(entry, dict) and all(
        isinstance(item, dict) and isinstance(item.get("files", {}), dict)
        for item in entry.values()
    )


def signoffs_file(table: Mapping[str, Any]) -> bytes:
    """The file's content for a table as `read_signoffs` gives it."""
    document = {"version": VERSION, "signoffs": table}
    text = json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True)
    return f"{text}\n".encode()
