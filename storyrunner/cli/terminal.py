"""Whether somebody sits at both ends of this process. It knows nothing of screens."""

from __future__ import annotations

import sys


def has_terminal() -> bool:
    """Whether standard input and output are a terminal; a closed one (None) is not."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
