"""Counts what the comparisons with the real tools cover, and prints them when all tests are done.

`STORYRUNNER_FIGURES` names a file that gets the same table as Markdown, for the documentation.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

_COUNTS: Counter[str] = Counter()
_NAME = "comparison figures"


class _Summary:
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The closing table."""
        terminalreporter.section("compared with the real tools")
        width = max(map(len, _COUNTS), default=0)
        for what, count in sorted(_COUNTS.items()):
            terminalreporter.write_line(f"{what:<{width}}  {count:>8,}")
        target = os.environ.get("STORYRUNNER_FIGURES")
        if target:
            rows = [f"| {what} | {count:,} |" for what, count in sorted(_COUNTS.items())]
            Path(target).write_text("\n".join(["| what | count |", "|---|---:|", *rows, ""]))


def count(config: pytest.Config, what: str, number: int = 1) -> None:
    """Add to a line of the table."""
    if not config.pluginmanager.has_plugin(_NAME):
        config.pluginmanager.register(_Summary(), _NAME)
    _COUNTS[what] += number
