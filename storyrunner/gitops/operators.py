"""What each operator of `${…}` does to a value, in bytes as Go's strings are.

The rules are semantics.md §3.3; the glob matcher runs in one pass, so that no value and no
pattern can make it slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

MAX_OUTPUT: Final = 64 * 2**20

_INTEGER = re.compile(rb"[-+]?[0-9]{1,30}")


class OperatorError(ValueError):
    """Where Go crashes or would fill the memory."""


def encode(text: str) -> bytes:
    """A string's bytes; what is no UTF-8 survives the way back through `decode`."""
    return text.encode("utf-8", "surrogatepass")


def decode(data: bytes) -> str:
    """Text of bytes, one U+FFFD for each byte that is no UTF-8, as Go prints them."""
    text = data.decode("utf-8", "surrogateescape")
    return text if text.isascii() else re.sub("[\udc80-\udcff]", "\ufffd", text)


def change_case(value: bytes, operator: str) -> bytes:
    """`^` `^^` `,` `,,`; mixed operators change nothing."""
    text = decode(value)
    if operator == "^^":
        return encode("".join(map(_upper, text)) if not text.isascii() else text.upper())
    if operator == ",,":
        return encode("".join(map(_lower, text)) if not text.isascii() else text.lower())
    if operator == "^":
        return encode(_upper(text[:1]) + text[1:])
    if operator == ",":
        return encode(_lower(text[:1]) + text[1:])
    return value


def _upper(mark: str) -> str:
    upper = mark.upper()
    if len(upper) == len(mark):
        return upper
    title = mark.title()
    return title if len(title) == len(mark) else mark


def _lower(mark: str) -> str:
    return "i" if mark == "\u0130" else mark.lower()


def cut_slice(value: bytes, arguments: list[bytes]) -> bytes:
    """`${v:offset:length}` over bytes; an argument that is no integer leaves the value whole.

    A negative length counts from the end, as since envsubst 1.7.1; before, it crashed the build.
    Raises OperatorError for an end beyond 64 bits, which still does.
    """
    start = _read_int(arguments[0])
    if start is None:
        return value
    if start < 0:
        start = max(0, len(value) + start)
    if len(arguments) == 1:
        return value[start:]
    length = _read_int(arguments[1])
    if length is None:
        return value
    if length < 0:
        return value[start : max(start, len(value) + length)]
    if start + length >= 2**63:
        raise OperatorError(f"slice bounds out of range: {start} and {length} are too much")
    return value[start : start + length]


def _read_int(data: bytes) -> int | None:
    number = int(data) if _INTEGER.fullmatch(data) else None
    return number if number is not None and -(2**63) <= number < 2**63 else None


def replace(value: bytes, operator: str, arguments: list[bytes]) -> bytes:
    """`/` `//` `/#` `/%` with literal patterns. Raises OperatorError for a result too large."""
    old, new = arguments[0], arguments[1] if len(arguments) > 1 else b""
    if operator == "/#":
        fits = len(arguments) == 2 and value.startswith(old)
        return new + value[len(old) :] if fits else value
    if operator == "/%":
        fits = len(arguments) == 2 and value.endswith(old)
        return value[: len(value) - len(old)] + new if fits else value
    if operator == "/":
        return value.replace(old, new, 1)
    count = value.count(old) if old else len(value) + 1
    if len(value) + count * max(0, len(new) - len(old)) > MAX_OUTPUT:
        raise OperatorError(f"the result is larger than {MAX_OUTPUT >> 20} MiB")
    if old:
        return value.replace(old, new)
    return new + b"".join(encode(mark) + new for mark in decode(value))


def trim(value: bytes, operator: str, pattern: bytes) -> bytes:
    """`#` `##` `%` `%%`: cut what the glob matches, never nothing."""
    longest = len(operator) == 2
    if operator[0] == "#":
        return value[_match_prefix(pattern, value, longest=longest) :]
    mirrored = encode(decode(value)[::-1])
    rest = mirrored[_match_prefix(encode(decode(pattern)[::-1]), mirrored, longest=longest) :]
    return encode(decode(rest)[::-1])


def _match_prefix(pattern: bytes, value: bytes, *, longest: bool) -> int:
    """Length of the shortest or longest non-empty prefix of `value` that `pattern` matches, else 0.

    All states of the pattern walk along the value together, as the bits of one number.
    """
    glob = _Glob.compile(pattern)
    if glob is None:
        return 0
    best = 0
    for length in glob.find_lengths(value):
        if not longest:
            return length
        best = length
    return best


class _Glob:
    """A compiled glob: bit i set in a state means that the first i elements have matched."""

    __slots__ = ("_any", "_classes", "_end", "_literals", "_loops")

    def __init__(self) -> None:
        self._literals: dict[int, int] = {}
        self._any = 0
        self._classes: list[tuple[int, list[tuple[int, int]], bool]] = []
        self._loops = 0
        self._end = 0

    @classmethod
    def compile(cls, pattern: bytes) -> _Glob | None:
        """None for a pattern that is no pattern: it matches nothing."""
        glob, at, bit = cls(), 0, 1
        while at < len(pattern):
            mark = pattern[at : at + 1]
            at += 1
            if mark == b"*":
                glob._loops |= bit
                continue
            if mark == b"?":
                glob._any |= bit
            elif mark == b"[":
                found = _read_class(pattern, at)
                if found is None:
                    return None
                at, ranges, wanted = found
                glob._classes.append((bit, ranges, wanted))
            else:
                if mark == b"\\":
                    mark = pattern[at : at + 1]
                    at += 1
                    if not mark:
                        return None
                glob._literals[mark[0]] = glob._literals.get(mark[0], 0) | bit
            bit <<= 1
        glob._end = bit
        return glob

    def find_lengths(self, value: bytes) -> Iterator[int]:
        """Lengths of all non-empty prefixes that match, in growing order."""
        states = {0: 1}
        for at in range(len(value) + 1):
            here = states.pop(at, 0)
            if not here:
                if not states:
                    return
                continue
            inside = at < len(value) and value[at] & 0xC0 == 0x80
            if at and here & self._end and not inside:
                yield at
            if at < len(value):
                mark, width = _rune_at(value, at)
                if width > 1:
                    yield from self._cut_lengths(value, at, width, here)
                narrow = (here & self._literals.get(value[at], 0)) << 1 | here & self._loops
                wide = (here & self._matching(mark)) << 1
                states[at + 1] = states.get(at + 1, 0) | narrow
                states[at + width] = states.get(at + width, 0) | wide

    def _matching(self, mark: int) -> int:
        bits = self._any
        for bit, ranges, wanted in self._classes:
            if any(low <= mark <= high for low, high in ranges) == wanted:
                bits |= bit
        return bits

    def _cut_lengths(self, value: bytes, at: int, width: int, here: int) -> Iterator[int]:
        """Prefixes that end within a wide character: its bytes then count one by one, as Go's
        decoder sees them."""
        broken = self._matching(0xFFFD)
        for length in range(at + 1, at + width):
            byte = value[length - 1]
            matched = here & (broken | self._literals.get(byte, 0))
            here = matched << 1 | here & self._loops
            if here & self._end:
                yield length


def _rune_at(value: bytes, at: int) -> tuple[int, int]:
    """Code point and width at an offset; U+FFFD of width 1 in the middle of a character."""
    byte = value[at]
    if byte < 0x80:
        return byte, 1
    width = 2 if 0xC2 <= byte < 0xE0 else 3 if 0xE0 <= byte < 0xF0 else 4
    try:
        return ord(value[at : at + width].decode("utf-8")), width
    except UnicodeDecodeError:
        return 0xFFFD, 1


def _read_class(pattern: bytes, at: int) -> tuple[int, list[tuple[int, int]], bool] | None:
    wanted = pattern[at : at + 1] != b"^"
    at += not wanted
    ranges: list[tuple[int, int]] = []
    while not (ranges and pattern[at : at + 1] == b"]"):
        low = _read_member(pattern, at)
        if low is None:
            return None
        at, first = low
        last = first
        if pattern[at : at + 1] == b"-":
            high = _read_member(pattern, at + 1)
            if high is None:
                return None
            at, last = high
        ranges.append((first, last))
    return at + 1, ranges, wanted


def _read_member(pattern: bytes, at: int) -> tuple[int, int] | None:
    """A character of a class and the offset after it; it must not end the pattern."""
    if pattern[at : at + 1] in {b"", b"-", b"]"}:
        return None
    at += pattern[at : at + 1] == b"\\"
    if at >= len(pattern):
        return None
    mark, width = _rune_at(pattern, at)
    if (mark == 0xFFFD and width == 1) or at + width >= len(pattern):
        return None
    return at + width, mark
