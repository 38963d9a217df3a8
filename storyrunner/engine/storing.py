"""What is told with a record, and its way to and from the disk.

It must not know when proofs are used again (`keeping`), nor the form of the text (`record`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from storyrunner.engine import record as record_file
from storyrunner.engine.proofs import story_fingerprint
from storyrunner.engine.record import DamagedRecordError, Record
from storyrunner.errors import StoryrunnerError
from storyrunner.model.plain import plain
from storyrunner.model.result import CriterionVerdict
from storyrunner.redaction import redact
from storyrunner.steps.base import StepContext
from storyrunner.tools import git as git_tool
from storyrunner.tools.git import Git
from storyrunner.workspace import reads

MOST_DIRTY = 200
"""Names of changed files that are recorded."""


def read(folder: Path, name: str) -> tuple[Record, str]:
    """The record of a runbook's story, and why one that is there is not used."""
    path = record_file.record_path(folder, name)
    try:
        return record_file.load(path) or Record(name), ""
    except DamagedRecordError as problem:
        return Record(name), f"the evidence of earlier runs is not used: {problem}"


def write(folder: Path, record: Record, logs: Mapping[str, str], *, portable: bool) -> None:
    """Store a record and the outputs beside it, by their names in the folder. Raises OSError."""
    text = record_file.as_text(record, portable=portable)
    for name, log in logs.items():
        record_file.store(folder / name, redact(log))
    record_file.store(record_file.record_path(folder, record.runbook), text)


def kept_logs(folder: Path, record: Record) -> dict[str, str]:
    """The outputs that stand beside a record, by their names."""
    found = {}
    for proof in record.proofs.values():
        if proof.log:
            with suppress(OSError):
                found[proof.log] = (folder / proof.log).read_text("utf-8", "replace")
    return found


async def dirty_files(context: StepContext) -> tuple[str, ...] | None:
    """The files that differ from the commit; None when git says nothing."""
    if context.runner.which(git_tool.NAME) is None:
        return None
    try:
        status = await git_tool.status(Git(context.runner, context.workspace.root))
    except StoryrunnerError:
        return None
    return tuple(sorted(entry.path for entry in status.entries)[:MOST_DIRTY])


def about_run(
    context: StepContext,
    record: Record,
    tools: Mapping[str, str],
    criteria: Sequence[CriterionVerdict],
) -> dict[str, Any]:
    """What a reader needs beside the proofs, without secrets."""
    story, runbook = context.story, context.runbook
    used = {
        key.removeprefix(reads.PARAMETERS)
        for proof in record.proofs.values()
        for key in proof.inputs
        if key.startswith(reads.PARAMETERS)
    }
    about = {
        "story": {
            "id": runbook.story,
            "title": story.title if story and story.title else runbook.title,
            "path": story.path if story else "",
            "sha256": story_fingerprint(context),
        },
        "criteria": [plain(item) for item in criteria],
        "parameters": {label: _value(context, label) for label in sorted(used)},
        "tools": {name: told.partition(" #")[0] for name, told in sorted(tools.items())},
    }
    return context.redactor.value(about)


def _value(context: StepContext, label: str) -> str | None:
    cluster, _, name = label.rpartition(".")
    try:
        found = context.values.value(name, cluster)
    except StoryrunnerError:
        return None
    return None if found is None else context.redactor.named(name, found.text)
