"""Objects compared by value and type, and the first places where two lists of them differ."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

_NOTHING = object()


def differences(ours: Any, theirs: Any, at: str = "") -> Iterator[str]:
    """One line per place; a boolean is no number, and 1 is 1.0 as in JSON."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in dict.fromkeys((*ours, *theirs)):
            one, other = ours.get(key, _NOTHING), theirs.get(key, _NOTHING)
            yield from differences(one, other, f"{at}.{key}")
    elif isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            yield f"{at or '.'}: {len(ours)} items, the real tool has {len(theirs)}"
        for index, (one, other) in enumerate(zip(ours, theirs, strict=False)):
            yield from differences(one, other, f"{at}[{index}]")
    elif _kind(ours) is not _kind(theirs) or ours != theirs:
        yield f"{at or '.'}: {_shown(ours)}, the real tool has {_shown(theirs)}"


def require_same(ours: Sequence[Any], theirs: Sequence[Any], who: str) -> None:
    """Fails with the first differences."""
    found = [line for line, _ in zip(differences(list(ours), list(theirs)), range(8), strict=False)]
    assert not found, f"{who}:\n" + "\n".join(found)


def fuzz_seconds(default: float) -> float:
    """How long a search with random input may take: `STORYRUNNER_FUZZ_SECONDS` or the default."""
    return float(os.environ.get("STORYRUNNER_FUZZ_SECONDS", default))


def _kind(value: object) -> type:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float
    return type(value)


def _shown(value: object) -> str:
    return "nothing" if value is _NOTHING else repr(value)[:200]
