"""The order of map keys in go-yaml's output: natural, numbers by value, letters last."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence


def sort_keys(keys: Sequence[str]) -> list[str]:
    """Map keys in go-yaml's natural order (`a1`, `a2`, `a10`)."""
    if all(key.isascii() and key.isalpha() for key in keys):
        return sorted(keys)
    return sorted(keys, key=functools.cmp_to_key(_compare))


def _compare(left: str, right: str) -> int:
    for at, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return _compare_from(left, right, at)
    return len(left) - len(right)


def _compare_from(left: str, right: str, at: int) -> int:
    a, b = left[at], right[at]
    order = -1 if a < b else 1
    letters = a.isalpha(), b.isalpha()
    if all(letters):
        return order
    if any(letters):
        return -1 if letters[1] else 1
    nonzero = 0
    if "0" in (a, b):
        run = re.search(r"\d*\Z", left[:at])
        nonzero = 1 if run and run[0].strip("0") else 0
    (first, end), (second, other_end) = _number(left, at, nonzero), _number(right, at, nonzero)
    if first != second:
        return -1 if first < second else 1
    if end != other_end:
        return end - other_end
    return order


def _number(text: str, at: int, value: int) -> tuple[int, int]:
    """The digits at `at` as Go's wrapping int64, and where they end."""
    while at < len(text) and text[at].isdecimal():
        value = value * 10 + ord(text[at]) - ord("0")
        at += 1
    return (value + 2**63) % 2**64 - 2**63, at
