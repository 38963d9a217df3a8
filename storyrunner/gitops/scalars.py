"""What a scalar means: go-yaml's two resolvers, which GitOps tools use and PyYAML's differs from.

`v3` is how kustomize reads files (`yes` is a string, `0644` is 420, a bare date becomes a moment),
`v2` is how Flux reads a resource back after substitution (YAML 1.1: `yes` is true, dates stay).
Rules: semantics.md §3.5. Knows nothing of files, positions or documents.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Final

Scalar = str | int | float | bool | None

TAG_PREFIX: Final = "tag:yaml.org,2002:"
MERGE: Final = "merge"

_TRUE, _FALSE = ("true", "True", "TRUE"), ("false", "False", "FALSE")
_YAML11_TRUE = ("y", "Y", "yes", "Yes", "YES", "on", "On", "ON")
_YAML11_FALSE = ("n", "N", "no", "No", "NO", "off", "Off", "OFF")
_WORDS_V3: Final[dict[str, bool | float | None]] = {
    **dict.fromkeys(_TRUE, True),
    **dict.fromkeys(_FALSE, False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_WORDS_V2: Final[dict[str, bool | float | None]] = {
    **_WORDS_V3,
    **dict.fromkeys(_YAML11_TRUE, True),
    **dict.fromkeys(_YAML11_FALSE, False),
}
_STARTERS: Final = frozenset("+-0123456789.yYnNtTfFoO~")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_DOT_FLOAT = re.compile(r"\.[0-9](?:_?[0-9])*(?:[eE][-+]?[0-9](?:_?[0-9])*)?")
_INT = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9][0-9]*)")
_SIGNED_AGAIN = re.compile(r"(-?)0([bo])([-+]?[0-9]+)")
_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"
    r"(?:([Tt ])([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[.,]([0-9]+))?(Z|[-+][0-9]{2}:[0-9]{2})?)?"
)


class ScalarError(ValueError):
    """A scalar whose explicit tag does not fit its text; the text is go-yaml's."""


def resolve(
    tag: str | None, text: str, *, plain: bool, yaml11: bool, shrunk: bool = True
) -> Scalar:
    """The value of a scalar: `tag` as YAML gives it (`tag:yaml.org,2002:int`, None when absent),
    `plain` when it was written without quotes and not as a block. `shrunk` floats are ints where
    JSON would make them so. Raises ScalarError."""
    value = _resolve(tag, text, plain=plain, yaml11=yaml11)
    return shrink(value) if shrunk and isinstance(value, float) else value


def _resolve(tag: str | None, text: str, *, plain: bool, yaml11: bool) -> Scalar:
    if tag is None or tag == "!":
        if not plain:
            return text
        if not text or text[0] in _STARTERS:
            return _resolve_plain(text, yaml11=yaml11)[1]
        return text
    return _resolve_tagged(_short(tag), text, yaml11=yaml11)


def is_string(text: str, *, yaml11: bool) -> bool:
    """True when `text`, written without quotes, would be read as a string (dates are not)."""
    if text and text[0] not in _STARTERS:
        return True
    return _resolve_plain(text, yaml11=yaml11)[0] == "str"


def shrink(value: float) -> int | float:
    """A float as Go's JSON and the YAML reader after it see it: integral below 1e21 is an int."""
    whole = math.isfinite(value) and value.is_integer() and abs(value) < 1e21
    # Go prints the shortest digits that give the float back, not all that it stands for.
    return int(Decimal(repr(value))) if whole else value


def _short(tag: str) -> str:
    return tag.removeprefix(TAG_PREFIX) if tag.startswith(TAG_PREFIX) else tag


def _resolve_tagged(tag: str, text: str, *, yaml11: bool) -> Scalar:
    if tag == "binary":
        return _decode_binary(text)
    if tag not in {"bool", "int", "float", "null", "timestamp"}:
        return text
    kind, value = _resolve_plain(text, yaml11=yaml11, dates=tag == "timestamp")
    if kind == tag:
        return value
    if tag == "float" and kind == "int" and isinstance(value, int):
        return float(value)
    raise ScalarError(f"cannot decode !!{kind} `{text}` as a !!{tag}")


def _decode_binary(text: str) -> str:
    try:
        data = base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ScalarError("!!binary value contains invalid base64 data") from error
    return data.decode("utf-8", "replace")


def _resolve_plain(text: str, *, yaml11: bool, dates: bool = True) -> tuple[str, Scalar]:
    words = _WORDS_V2 if yaml11 else _WORDS_V3
    if text in words:
        word = words[text]
        return ("null" if word is None else "bool" if isinstance(word, bool) else "float"), word
    if text == "<<":
        return MERGE, text
    first = text[0]
    if first == ".":
        return _read_dot_float(text)
    if first not in "+-0123456789":
        return "str", text
    if dates and (moment := read_moment(text)) is not None:
        return "timestamp", text if yaml11 else moment
    return _read_number(text, text.replace("_", ""), yaml11=yaml11)


def _read_dot_float(text: str) -> tuple[str, Scalar]:
    # Here alone Go's own rule decides, which lets underscores stand between digits.
    if _DOT_FLOAT.fullmatch(text) and not math.isinf(value := float(text)):
        return "float", value
    return "str", text


def _read_number(text: str, bare: str, *, yaml11: bool) -> tuple[str, Scalar]:
    if match := _INT.fullmatch(bare):
        value = _read_int(match[2]) if len(match[2]) < 80 else None
        if value is not None and _fits(match[1], value):
            return "int", -value if match[1] == "-" else value
    if _FLOAT.fullmatch(bare) and not math.isinf(number := float(bare)):
        return "float", number
    # go-yaml strips `0b` or `0o` and reads the rest with its own sign: `0b-1` is -1.
    again = _SIGNED_AGAIN.fullmatch(bare)
    if again and not (yaml11 and again[2] == "o") and not (again[1] and again[3][0] in "+-"):
        base = 2 if again[2] == "b" else 8
        try:
            value = int(again[1] + again[3], base)
        except ValueError:
            return "str", text
        if -(2**63) <= value < (2**64 if again[3][0].isdigit() and not again[1] else 2**63):
            return "int", value
    return "str", text


def _read_int(digits: str) -> int:
    if len(digits) > 1 and digits[0] == "0":
        letter = digits[1].lower()
        base = {"x": 16, "b": 2, "o": 8}.get(letter)
        return int(digits[2:], base) if base else int(digits, 8)
    return int(digits)


def _fits(sign: str, value: int) -> bool:
    if sign == "-":
        return value <= 2**63
    return value < (2**63 if sign else 2**64)


def read_moment(text: str) -> str | None:
    """`text` as RFC 3339, as Go prints the moment, when go-yaml takes it for a timestamp."""
    match = _MOMENT.fullmatch(text) if text[4:5] == "-" else None
    if match is None:
        return None
    year, month, day, mark, hour, minute, second, fraction, zone = match.groups()
    if mark and (mark == " ") == bool(zone):
        return None
    try:
        parts = (int(year), int(month), int(day), int(hour or 0), int(minute or 0))
        moment = datetime(*parts, int(second or 0), tzinfo=_read_zone(zone))
    except (ValueError, OverflowError):
        return None
    tail = (fraction or "")[:9].rstrip("0")
    shown = moment.strftime("%m-%dT%H:%M:%S") + (f".{tail}" if tail else "")
    return f"{year}-{shown}{_show_zone(moment)}"


def _read_zone(zone: str | None) -> timezone:
    if not zone or zone == "Z":
        return UTC
    hours, minutes = int(zone[1:3]), int(zone[4:])
    if hours > 24 or minutes >= 60:
        raise ValueError(zone)
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if zone[0] == "-" else span)


def _show_zone(moment: datetime) -> str:
    offset = moment.utcoffset() or timedelta()
    minutes = int(offset.total_seconds()) // 60
    if not minutes:
        return "Z"
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
