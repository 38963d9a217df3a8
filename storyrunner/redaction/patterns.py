"""Patterns compiled when a text first needs them: most runs need few of them."""

from __future__ import annotations

import functools
import re
from re import Pattern


@functools.cache
def compiled(pattern: str, flags: int = 0) -> Pattern[str]:
    """The pattern; compiled once."""
    return re.compile(pattern, flags)
