"""`storyrunner evidence`: the record of a story for a pull request or an audit. Runs no check."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from storyrunner.cli.recorded import looking, record_in
from storyrunner.engine.loop import run_to_end
from storyrunner.engine.opening import Options
from storyrunner.engine.record import as_text
from storyrunner.engine.standing import Standing, stand
from storyrunner.reporters.evidence import markdown
from storyrunner.steps.signoffs import read_signoffs

SCHEMA = "storyrunner/evidence-report/v1"


def tell_evidence(
    options: Options, form: str, write: Callable[[str], None], folder: Path | None
) -> int:
    """Print the record as it stands now: what is stale says so. Returns 0.

    Raises UsageError when nothing is recorded.
    """
    with looking(options) as session:
        record = record_in(session, folder)
        standing = run_to_end(stand(session, record))
        runbook = session.context.runbook
        signed = session.context.redactor.value(
            dict(read_signoffs(session.context).get(runbook.story, {}))
        )
    if form == "json":
        write(json.dumps(_document(standing, signed), indent=2, ensure_ascii=False))
    else:
        for line in markdown(standing, signed):
            write(line)
    return 0


def _document(standing: Standing, signed: Mapping[str, Any]) -> dict[str, Any]:
    """The record itself, and how it stands."""
    return {
        "schema": SCHEMA,
        "record": json.loads(as_text(standing.record, portable=True)),
        "standing": {
            "proven": standing.proven,
            "criteria": {item.criterion: item.status.value for item in standing.criteria},
            "steps": {name: standing.status(name).value for name in standing.record.proofs},
            "stale": dict(standing.stale),
        },
        "signoffs": dict(signed),
    }
