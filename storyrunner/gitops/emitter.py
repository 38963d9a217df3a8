"""Values as the YAML text that Flux substitutes in: go-yaml v2's layout, rule by rule.

Where quotes and line breaks fall decides what a substituted value can break (semantics.md §3.1,
§5.4), so the layout is part of the meaning. Knows nothing of substitution or of Kubernetes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from storyrunner.errors import RenderError
from storyrunner.gitops.keyorder import sort_keys
from storyrunner.gitops.scalars import is_string

WIDTH: Final = 80
MAX_DEPTH: Final = 300
MAX_KEY: Final = 1000
"""Go's reader of its own JSON gives up on keys beyond about 1024 characters."""

_BREAKS: Final = "\r\n\x85\u2028\u2029"
_UNREADABLE = re.compile(r"[\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_NOT_PLAIN = re.compile(
    r"""\A(?:[ #,\[\]{}&*!|>'"%@`\u2028\u2029]|[?:-](?: |\Z)|---|\.\.\.)"""
    r"|: |:\Z| #| \Z|\u2028|\u2029"
)
_BASE60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_LONE_SPACE = re.compile(r"(?<! ) (?! )")
_NEXT_LINES = re.compile(r" *\x85[ \x85]*")
_NEXT_LINE_MARK = re.compile(r"\x85(?:---|\.\.\.)[ \x85]")
_LINE_START = re.compile("(^|[\n\u2028\u2029])(?=[^\n\u2028\u2029])")
_RUNS = re.compile(r" +|[^ ]+")
_SHORT_ESCAPES: Final = {
    "\0": "\\0", "\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f",
    "\r": "\\r", "\x1b": "\\e", '"': '\\"', "\\": "\\\\", "\x85": "\\N", "\xa0": "\\_",
    "\u2028": "\\L", "\u2029": "\\P",
}  # fmt: skip


class _Class:
    """A class of characters. The whole of it is compiled when a text first leaves ASCII: that takes
    as long as loading a module, and most runs never need it."""

    __slots__ = ("_ascii", "_source", "_whole")

    def __init__(self, in_ascii: str, source: str) -> None:
        self._ascii = re.compile(in_ascii)
        self._source = source
        self._whole: re.Pattern[str] | None = None

    def over(self, text: str) -> re.Pattern[str]:
        """The pattern to use on `text`."""
        if text.isascii():
            return self._ascii
        if self._whole is None:
            self._whole = re.compile(self._source)
        return self._whole


_SPECIAL: Final = _Class(r"[^\n\x20-\x7e]", r"[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_ESCAPED: Final = _Class(
    r"[^\x20\x21\x23-\x5b\x5d-\x7e]",
    r"[^\x20\x21\x23-\x5b\x5d-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]",
)


def dump_value(value: Any) -> str:
    """`value` (of JSON's types, with string keys) as YAML text that ends in a line break.

    Raises RenderError for what Go could not write either: a number that is not finite, a control
    character its own reader refuses, a key that is no string; and beyond 300 levels.
    """
    out: list[str] = []
    if isinstance(value, Mapping) and value:
        _write_map(out, value, 0, started=True)
    elif isinstance(value, list | tuple) and value:
        _write_sequence(out, value, 0, started=True)
    else:
        out.append(_finish(_format_leaf(value, 2, 0)))
    return "".join(out)


def _write_map(out: list[str], value: Mapping[str, Any], indent: int, *, started: bool) -> None:
    """`started`: the first key goes on the line that is already begun."""
    _check_depth(indent)
    if not all(isinstance(key, str) for key in value):
        raise RenderError("json: unsupported type: a map with keys that are not strings")
    if any("\x85" in key or len(key) > MAX_KEY for key in value):
        raise RenderError("yaml: did not find expected ',' or '}'")
    margin = " " * indent
    for key in sort_keys(list(value)):
        out.append("" if started else margin)
        started = False
        simple = len(key.encode("utf-8", "surrogatepass")) <= 128 and not _is_multiline(key)
        if simple:
            name = _format_string(key, 0, None)
            out.append(f"{name}:")
            _write_node(out, value[key], indent, indent + len(name) + 1, after_key=True)
        else:
            out.append("? " + _finish(_format_string(key, indent + 2, indent + 2)) + margin + ":")
            _write_node(out, value[key], indent, indent + 1, after_key=False)


def _write_sequence(out: list[str], value: Sequence[Any], indent: int, *, started: bool) -> None:
    _check_depth(indent)
    margin = " " * indent
    for item in value:
        out.append("-" if started else margin + "-")
        started = False
        _write_node(out, item, indent, indent + 1, after_key=False)


def _write_node(out: list[str], value: Any, indent: int, column: int, *, after_key: bool) -> None:
    """What follows `key:` (`after_key`) or an indicator (`-`, `:` of a long key) at `column`."""
    if isinstance(value, Mapping) and value:
        out.append("\n" if after_key else " ")
        _write_map(out, value, indent + 2, started=not after_key)
    elif isinstance(value, list | tuple) and value:
        out.append("\n" if after_key else " ")
        _write_sequence(out, value, indent if after_key else indent + 2, started=not after_key)
    else:
        out.append(" " + _finish(_format_leaf(value, indent + 2, column + 1)))


def _check_depth(indent: int) -> None:
    if indent > 2 * MAX_DEPTH:
        raise RenderError(f"nested deeper than {MAX_DEPTH} levels")


def _finish(text: str) -> str:
    return text if text[-1] in _BREAKS else text + "\n"


def _format_leaf(value: Any, indent: int, column: int) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return _format_string(value, indent, column)
        case int():
            return str(value) if -(2**63) <= value < 2**64 else format_float(float(value))
        case float():
            return _format_number(value)
        case Mapping():
            return "{}"
        case list() | tuple():
            return "[]"
    raise RenderError(f"json: unsupported type: {type(value).__name__}")


def _format_number(value: float) -> str:
    if not math.isfinite(value):
        raise RenderError(f"json: unsupported value: {show_not_finite(value)}")
    if value.is_integer() and abs(value) < 1e21:
        return _format_leaf(int(value), 0, 0)
    return format_float(value)


def show_not_finite(value: float) -> str:
    """Infinity or not-a-number as Go prints it."""
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def format_float(value: float) -> str:
    """The shortest text of a float in Go's `%g` form: with an exponent below -4 and from 6 on."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    figures = "".join(map(str, digits))
    point = len(figures) + exponent - 1
    head = "-" if sign else ""
    if point < -4 or point >= 6:
        fraction = f".{figures[1:]}" if len(figures) > 1 else ""
        return f"{head}{figures[0]}{fraction}e{'-' if point < 0 else '+'}{abs(point):02}"
    if point < 0:
        return f"{head}0.{'0' * (-point - 1)}{figures}"
    whole, rest = figures[: point + 1].ljust(point + 1, "0"), figures[point + 1 :]
    return f"{head}{whole}.{rest}" if rest else f"{head}{whole}"


def _format_string(text: str, indent: int, column: int | None) -> str:
    """`column` is where the scalar starts, None for a simple key, which is never folded."""
    if _UNREADABLE.search(text):
        raise RenderError("yaml: control characters are not allowed")
    if "\x85" in text:
        if _NEXT_LINE_MARK.search(text):
            raise RenderError("yaml: found unexpected document indicator")
        text = _NEXT_LINES.sub(_fold_next_lines, text)
    special = _SPECIAL.over(text).search(text) is not None
    if "\n" in text:
        if column is None or special or _has_space_at_end(text):
            return _double(text, indent, column)
        return _literal(text, indent)
    if not is_string(text, yaml11=True) or _BASE60.fullmatch(text):
        return _double(text, indent, column)
    if special:
        return _double(text, indent, column)
    if not _NOT_PLAIN.search(text):
        return text if column is None else _fold(text, indent, column)
    return _single(text, indent, column)


def _fold_next_lines(match: re.Match[str]) -> str:
    """Go's JSON leaves U+0085 bare, and the YAML reader behind it takes that for a line's end."""
    return "\n" * (match[0].count("\x85") - 1) or " "


def _is_multiline(text: str) -> bool:
    return any(mark in text for mark in _BREAKS)


def _has_space_at_end(text: str) -> bool:
    return text[-1] == " " or any(f" {mark}" in text for mark in _BREAKS)


def _fold(text: str, indent: int, column: int) -> str:
    """Break at single spaces beyond the width, never at the first or last character."""
    if column + len(text) <= WIDTH:
        return text
    parts: list[str] = []
    start = 0
    for space in _LONE_SPACE.finditer(text):
        at = space.start()
        if column + at - start > WIDTH and 0 < at < len(text) - 1:
            parts.append(text[start:at])
            start, column = at + 1, indent
    parts.append(text[start:])
    return f"\n{' ' * indent}".join(parts)


def _single(text: str, indent: int, column: int | None) -> str:
    """Single quotes; Unicode line breaks in the text start a line of their own."""
    if re.search("[\u2028\u2029] | [\u2028\u2029]", text):
        return _double(text, indent, column)
    escaped = text.replace("'", "''")
    if column is None:
        return f"'{escaped}'"
    column += 1
    lines = re.split("([\u2028\u2029]+)", escaped)
    for at in range(0, len(lines), 2):
        margin = " " * indent if at and lines[at] else ""
        lines[at] = margin + _fold(lines[at], indent, column)
        column = indent
    return f"'{''.join(lines)}'"


def _literal(text: str, indent: int) -> str:
    hint = "2" if text[0] in f" {_BREAKS}" else ""
    if text[-1] not in _BREAKS:
        hint += "-"
    elif len(text) == 1 or text[-2] in _BREAKS:
        hint += "+"
    margin = " " * indent
    body = _LINE_START.sub(rf"\1{margin}", text)
    return f"|{hint}\n{body}"


def _double(text: str, indent: int, column: int | None) -> str:
    if text[:1] == "\ufeff":
        return '"' + "".join(map(_escape, text)) + '"'
    # The longest escape takes ten columns, so nothing as short as this can reach the width.
    if column is None or column + 10 * len(text) <= WIDTH:
        return '"' + _ESCAPED.over(text).sub(_escape_match, text) + '"'
    out = ['"']
    column += 1
    for run in _RUNS.finditer(text):
        piece, at = run[0], run.start()
        if piece[0] == " ":
            if column > WIDTH and 0 < at < len(text) - 1:
                more = "\\" if len(piece) > 1 else ""
                piece = f"\n{' ' * indent}{more}{piece[1:]}"
                column = -1
        else:
            piece = _ESCAPED.over(piece).sub(_escape_match, piece)
        column += len(piece)
        out.append(piece)
    return "".join(out) + '"'


def _escape_match(match: re.Match[str]) -> str:
    return _escape(match[0])


def _escape(mark: str) -> str:
    if mark in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[mark]
    code = ord(mark)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
