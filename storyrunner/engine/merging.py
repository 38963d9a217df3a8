"""Makes findings fit to be told: each once, with all its clusters, as short printable text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from storyrunner.model.finding import Finding
from storyrunner.model.runbook import Deferred
from storyrunner.workspace import safe

LONGEST = 1000
"""Characters of a message: a tool may say a megabyte, in any bytes."""


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, in the order of their first appearance; clusters joined with `, `."""
    clusters: dict[Finding, list[str]] = {}
    for finding in findings:
        plain = replace(
            finding,
            cluster="",
            message=showable(finding.message, " / "),
            hint=showable(finding.hint),
            expected=showable(finding.expected),
            got=showable(finding.got),
        )
        clusters.setdefault(plain, []).append(finding.cluster)
    return tuple(
        replace(finding, cluster=", ".join(dict.fromkeys(name for name in names if name)))
        for finding, names in clusters.items()
    )


def showable(text: str, between: str = "\n") -> str:
    """`text` without what could steer a terminal, cut at `LONGEST`; `between` joins its lines."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return between.join(safe(line) for line in cut.splitlines())


def deferred_line(item: Deferred) -> str:
    """What belongs to a later story, that story, and its commands."""
    commands = "; ".join(item.commands)
    return f"{item.text} ({item.to}{f': {commands}' if commands else ''})"
