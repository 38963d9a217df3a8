"""JSON: the report as one document, or the event stream as one line per event.

Versioned: `schema` goes up when a field changes its meaning or goes away.
"""

from __future__ import annotations

from collections.abc import Callable

from storyrunner.model.events import Envelope, RunFinished
from storyrunner.model.plain import json_text, plain

SCHEMA = "storyrunner/report/v1"


class JsonReporter:
    """Writes the report as one document when the run is over."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def __call__(self, envelope: Envelope) -> None:
        """Write the report at the end."""
        if isinstance(envelope.event, RunFinished):
            document = {"schema": SCHEMA, **plain(envelope.event.report)}
            self._write(json_text(document, indent=2))


class JsonLinesReporter:
    """Writes every event as one line, as it happens."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def __call__(self, envelope: Envelope) -> None:
        """Write one event."""
        record = {
            "schema": SCHEMA,
            "sequence": envelope.sequence,
            "at": envelope.at,
            "event": type(envelope.event).__name__,
            **plain(envelope.event),
        }
        self._write(json_text(record))
