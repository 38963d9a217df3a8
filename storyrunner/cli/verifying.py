"""`storyrunner verify`: proves a recorded run again from scratch and lists every difference."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from storyrunner.cli.output import say
from storyrunner.cli.recorded import looking, record_in
from storyrunner.engine.comparing import Difference, differences
from storyrunner.engine.loop import run_to_end
from storyrunner.engine.opening import Options
from storyrunner.engine.record import Record
from storyrunner.model.plain import plain
from storyrunner.workspace import safe

SCHEMA = "storyrunner/verify/v1"


def verify(options: Options, form: str, write: Callable[[str], None], folder: Path | None) -> int:
    """Print the differences. Returns 0 when there is none, else 1.

    Nothing of the record is believed: every step runs, and the user's own record stays as it is.
    Raises UsageError (2) when nothing is recorded, and what a check raises.
    """
    with looking(options) as session:
        record = record_in(session, folder)
        report = run_to_end(session.run(keep=False))
        now = session.proofs.record_of(session.results, report.criteria)
    found = differences(record, now)
    if form == "json":
        document = {
            "schema": SCHEMA,
            "runbook": record.runbook,
            "same": not found,
            "exit_code_of_check": report.exit_code,
            "differences": plain(found),
        }
        write(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        _write_text(record, now, found, write)
    return 1 if found else 0


def _write_text(
    record: Record, now: Record, found: Sequence[Difference], write: Callable[[str], None]
) -> None:
    for one in found:
        write(safe(f"{one.what} {one.where}: recorded {one.recorded}, now {one.now}"))
    commits = [_commits(record), _commits(now)]
    if commits[0] != commits[1]:
        say(safe(f"storyrunner: recorded at commit {commits[0]}, verified at {commits[1]}"))
    count = len(record.proofs)
    what = f"{count} proof{'' if count == 1 else 's'} of {record.runbook}"
    many = f"{len(found)} difference{'' if len(found) == 1 else 's'}"
    write(f"{what}: {many if found else 'all the same'}")


def _commits(record: Record) -> str:
    made = (proof.made.commit[:12] for proof in record.proofs.values())
    return ", ".join(dict.fromkeys(commit for commit in made if commit)) or "none"
