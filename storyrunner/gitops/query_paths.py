"""Plain paths of queries (`.spec.data[0].key`), and the few things that are asked most around them:
`[PATH]`, `PATH | keys`, `PATH | length`, `PATH // "text"` and `PATH == literal`.

They are walked by jq's rules without jq, so that they cost no import and no compiling and keep
every type. It knows nothing of objects; everything else is left to the jq library (`query`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

FieldPath = tuple[str | int, ...]
"""Keys and 0-based list positions from the top of an object to a field."""

Program = Callable[[Any], tuple[Any, ...]]
"""All values that an expression has for a value. Raises WrongShapeError or UnusualError."""

MAX_EXPRESSION = 2_000
_STEP = re.compile(
    r"""\.?\[\s*\](?P<each>)|\.?\[\s*(?P<index>-?[0-9]{1,9})\s*\]"""
    r"""|\.?\[\s*"(?P<bracket>[^"\\]+)"\s*\]|\."(?P<quoted>[^"\\]+)"|\.(?P<name>[A-Za-z_]\w*)""",
    re.ASCII,
)
_EACH = object()

_LITERAL = re.compile(r'"[^"\\]*"|true|false|null|-?[0-9]{1,15}', re.ASCII)
_FIXED = {"true": True, "false": False, "null": None}


class WrongShapeError(Exception):
    """An expression that asks a value for what its type does not have."""


class UnusualError(Exception):
    """A value that JSON has not: only jq can tell what it makes of it."""


def program_of(expression: str) -> Program | None:
    """What walks an expression, or None when it is more than this module knows."""
    text = expression.strip()
    if len(text) > MAX_EXPRESSION:
        return None
    if steps_of(text) is not None:
        return _around(text, tuple)
    if text.startswith("[") and text.endswith("]"):
        return _around(text[1:-1], lambda values: (list(values),))
    for sign, make in (("|", _function), ("//", _alternative), ("==", _comparison)):
        path, found, rest = text.rpartition(sign)
        if found:
            around = make(rest.strip())
            return around and _around(path, around)
    return None


def steps_of(expression: str) -> tuple[object, ...] | None:
    """Steps of a plain path (names, positions, _EACH), or None when it is more than a path."""
    text = expression.strip()
    if text == ".":
        return ()
    if not text.startswith(".") or len(text) > MAX_EXPRESSION:
        return None
    steps: list[object] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            return None
        found = match.lastgroup
        value = match[found] if found else ""
        steps.append(_EACH if found == "each" else int(value) if found == "index" else value)
        at = match.end()
    return tuple(steps)


def field_path_of(expression: str) -> FieldPath | None:
    """The static field path of a plain path expression (to look up its line), else None."""
    steps = steps_of(expression)
    if steps is None or _EACH in steps or any(isinstance(s, int) and s < 0 for s in steps):
        return None
    return tuple(step for step in steps if isinstance(step, str | int))


Around = Callable[[Iterator[Any]], tuple[Any, ...]]
"""Makes the values of an expression of those of the path in it."""


def _around(path: str, around: Around) -> Program | None:
    steps = steps_of(path)
    return None if steps is None else lambda value: around(_walk(value, steps, 0))


def _function(name: str) -> Around | None:
    one = {"keys": _keys, "length": _length}.get(name)
    return one and (lambda values: tuple(map(one, values)))


def _alternative(text: str) -> Around | None:
    """What is neither null nor false, and the literal when there is none."""
    if not _LITERAL.fullmatch(text):
        return None
    return partial(_or_else, _literal(text))


def _or_else(literal: Any, values: Iterator[Any]) -> tuple[Any, ...]:
    found = tuple(value for value in values if value is not None and value is not False)
    return found or (literal,)


def _comparison(text: str) -> Around | None:
    if not _LITERAL.fullmatch(text):
        return None
    literal = _literal(text)
    return lambda values: tuple(_is_same(value, literal) for value in values)


def _literal(text: str) -> Any:
    if text.startswith('"'):
        return text[1:-1]
    return _FIXED[text] if text in _FIXED else int(text)


def _is_same(value: Any, literal: Any) -> bool:
    """Equal as jq has it: a boolean equals no number."""
    return isinstance(value, bool) == isinstance(literal, bool) and bool(value == literal)


def _keys(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise UnusualError
        return sorted(value)
    if isinstance(value, list | tuple):
        return list(range(len(value)))
    raise WrongShapeError(f"{_type_name(value)} has no keys")


def _length(value: Any) -> Any:
    if value is None:
        return 0
    if isinstance(value, bool):
        raise WrongShapeError("a boolean has no length")
    if isinstance(value, int | float):
        return abs(value)
    if isinstance(value, str | Mapping | list | tuple):
        return len(value)
    raise UnusualError


def _walk(value: Any, steps: tuple[object, ...], at: int) -> Iterator[Any]:
    if at == len(steps):
        yield value
        return
    step = steps[at]
    if step is _EACH:
        for item in _items_of(value):
            yield from _walk(item, steps, at + 1)
    else:
        yield from _walk(_child_of(value, step), steps, at + 1)


def _items_of(value: Any) -> Iterable[Any]:
    if isinstance(value, Mapping):
        return value.values()
    if isinstance(value, list | tuple):
        return value
    raise WrongShapeError(f"cannot iterate over {_type_name(value)}")


def _child_of(value: Any, step: object) -> Any:
    if value is None:
        return None
    if isinstance(step, str) and isinstance(value, Mapping):
        return value.get(step)
    if isinstance(step, int) and isinstance(value, list | tuple):
        return value[step] if -len(value) <= step < len(value) else None
    wanted = f'field "{step}"' if isinstance(step, str) else f"position {step}"
    raise WrongShapeError(f"cannot take {wanted} of {_type_name(value)}")


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    names = {str: "a string", int: "a number", float: "a number", dict: "an object", list: "a list"}
    return names.get(type(value), type(value).__name__)
