"""Runbook file -> `Runbook`, or one error that names file, line, column, key and nearest word."""

from __future__ import annotations

from pathlib import Path

from storyrunner import regular
from storyrunner.errors import ManifestError, Place, RunbookError
from storyrunner.gitops.documents import YamlDocument, parse_documents
from storyrunner.model.runbook import Runbook
from storyrunner.resources import data_folder
from storyrunner.runbook import schema
from storyrunner.runbook.consistency import inconsistencies


def load_runbook(path: Path, shown: str | None = None) -> Runbook:
    """Read and check a runbook. `shown` is how errors name the file.

    Raises RunbookError for the first mistake; its hint says how many more there are.
    """
    name = shown or path.name
    try:
        text = regular.read_bytes(path)
    except OSError as error:
        reason = f"cannot read the runbook: {error.strerror}"
        raise RunbookError(reason, place=Place(name)) from error
    return parse_runbook(text, name)


def parse_runbook(text: str | bytes, name: str) -> Runbook:
    """As `load_runbook`, from text."""
    try:
        documents = parse_documents(text, name)
    except ManifestError as error:
        raise RunbookError(error.message, place=error.place, hint=error.hint) from error
    if len(documents) != 1 or not isinstance(documents[0].value, dict):
        raise RunbookError("a runbook is one YAML document with keys", place=Place(name))
    document = documents[0]
    found = schema.validate(document.value)
    if isinstance(found, Runbook):
        problems = list(inconsistencies(found, document.value))
        if not problems:
            return found
    else:
        problems = found
    raise _error(problems, document)


def _error(problems: list[schema.Mistake], document: YamlDocument) -> RunbookError:
    first = problems[0]
    place = document.place(*first.field, key=first.at_key)
    more = f"{len(problems) - 1} more in this runbook" if len(problems) > 1 else ""
    hint = "; ".join(part for part in (first.hint, more) if part)
    return RunbookError(first.message, place=place, hint=hint)


def shipped_runbooks() -> dict[str, Path]:
    """Name -> file of every runbook that ships with this program."""
    return {path.stem: path for path in sorted(data_folder("runbooks").glob("*.yaml"))}
