"""Whether somebody sits at both ends of this process. It knows nothing of screens."""

from __future__ import annotations

import os
import sys


def has_terminal() -> bool:
    """Whether standard input and output are a terminal; a closed one (None) is not."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def can_draw() -> bool:
    """Whether the terminal says that it can place text anywhere, which screens need."""
    return os.environ.get("TERM", "") not in ("", "dumb")
