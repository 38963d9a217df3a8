"""The field paths of replacements: `spec.containers.[name=web].ports.0`, read and followed.

kyaml's two ways of following them: looking one value up, and collecting every place that matches,
creating what is missing when asked to. semantics.md §5.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

from storyrunner.errors import RefusedFeatureError
from storyrunner.gitops.kustomize.fieldspecs import split_path
from storyrunner.gitops.kustomize.selectors import compile_pattern
from storyrunner.gitops.kustomize.trees import BLANK, is_null, text_of


class FieldPathError(ValueError):
    """A path that leads nowhere or cannot be read."""


class New(Enum):
    """What to create at the end of a path."""

    NOTHING = "nothing"
    SCALAR = "scalar"
    MAP = "map"
    LIST = "list"


class Slot:
    """A place in a tree that holds a value. `created`: it has no type of its own yet."""

    __slots__ = ("_holder", "_key", "created")

    def __init__(self, holder: Any, key: Any, *, created: bool = False) -> None:
        self._holder = holder
        self._key = key
        self.created = created

    @property
    def value(self) -> Any:
        """What is there."""
        return self._holder[self._key]

    @value.setter
    def value(self, new: Any) -> None:
        self._holder[self._key] = new


def split_field_path(path: str) -> list[str]:
    """`a.[b.c].[d=e.f]` as `a`, `b.c`, `[d=e.f]`."""
    pieces = iter(split_path(path, "."))
    parts: list[str] = []
    for piece in pieces:
        if not piece.startswith("[") or piece.endswith("]"):
            parts.append(piece)
            continue
        bracketed = [piece]
        for more in pieces:
            bracketed.append(more)
            if more.endswith("]"):
                break
        joined = ".".join(bracketed)
        parts.append(joined if "=" in joined else joined.strip("[]"))
    return parts


def look_up(tree: Any, path: str) -> Any:
    """The value at `path`, BLANK when there is none. Raises FieldPathError."""
    at = tree
    for part in (piece.strip() for piece in split_field_path(path)):
        if not part:
            continue
        if is_null(at):
            return BLANK
        if _is_number(part) or part == "-":
            index = -1 if part == "-" else int(part)
            at = _items(at)[index] if -1 <= index < len(_items(at)) and _items(at) else BLANK
        elif part == "*":
            raise FieldPathError("wildcard is not supported in PathGetter")
        elif _is_choice(part):
            name, text = _split_choice(part)
            at = next((one for one in _items(at) if _is_chosen(one, name, text)), BLANK)
        elif isinstance(at, dict):
            at = at.get(part, BLANK)
        else:
            raise FieldPathError(f"no field {part} in a value that is no map")
    return at


def find_slots(tree: Any, path: str, new: New) -> list[Slot]:
    """Every place `path` leads to. Raises FieldPathError, and RefusedFeatureError when it leads
    into text that is itself YAML or JSON."""
    holder = {"": tree}
    return list(_follow(Slot(holder, ""), split_field_path(path), new))


def _follow(slot: Slot, parts: list[str], new: New) -> Iterator[Slot]:
    if not parts:
        yield slot
        return
    part, rest = parts[0], parts[1:]
    value = slot.value
    if slot.created and is_null(value):
        value = slot.value = [] if _is_choice(part) or _is_number(part) else {}
    if isinstance(value, str) and value:
        raise RefusedFeatureError("a replacement inside structured text", able="kustomize")
    if _is_number(part):
        yield from _follow_index(value, int(part), rest, new)
    elif _is_choice(part):
        yield from _follow_choice(value, part, rest, new)
    elif part == "*":
        items = _items(value)
        for index in range(len(items)):
            yield from _follow(Slot(items, index), rest, new)
    else:
        yield from _follow_field(value, part, rest, new)


def _follow_field(value: Any, part: str, rest: list[str], new: New) -> Iterator[Slot]:
    if is_null(value):
        if new is not New.NOTHING:
            raise RefusedFeatureError("a replacement that fills a null", able="kustomize")
        return
    if not isinstance(value, dict):
        raise FieldPathError(f"no field {part} in a value that is no map")
    created = part not in value
    if created:
        if new is New.NOTHING:
            return
        value[part] = _blank_for(rest, new)
    yield from _follow(Slot(value, part, created=created), rest, new)


def _follow_index(value: Any, index: int, rest: list[str], new: New) -> Iterator[Slot]:
    items = _items(value)
    created = index == len(items) and new is not New.NOTHING
    if created:
        items.append(_blank_for(rest, new))
    if index >= len(items):
        raise FieldPathError(f"index {index} specified but only {len(items)} elements found")
    yield from _follow(Slot(items, index, created=created), rest, new)


def _follow_choice(value: Any, part: str, rest: list[str], new: New) -> Iterator[Slot]:
    items = _items(value)
    name, pattern = _split_choice(part)
    matches = _text_matcher(pattern)

    def found() -> list[Slot]:
        slots: list[Slot] = []
        for index, item in enumerate(items):
            if not name:
                if matches(item):
                    slots.append(Slot(items, index))
            elif isinstance(item, dict) and name in item and matches(item[name]):
                slots.extend(_follow(Slot(items, index), rest, new))
        return slots

    slots = found()
    if not slots and new is not New.NOTHING:
        items.append({name: pattern} if name else pattern)
        slots = found()
        if not slots:
            raise FieldPathError(f"nothing can be created at {part}")
    yield from slots


def _text_matcher(pattern: str) -> Callable[[Any], bool]:
    """kyaml looks for the pattern anywhere in the value as YAML; quotes would count, so a pattern
    that could see them is refused."""
    if pattern.startswith("^") or pattern.endswith("$") or '"' in pattern or "'" in pattern:
        raise RefusedFeatureError(
            f"the anchored pattern {pattern!r} in a field path", able="kustomize"
        )
    compiled = re.compile(re.escape(pattern)) if _is_literal(pattern) else compile_pattern(pattern)
    return lambda value: (
        not isinstance(value, dict | list) and compiled.search(text_of(value)) is not None
    )


def _is_literal(pattern: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_/:@ ,=-]*", pattern) is not None


def _blank_for(rest: list[str], new: New) -> Any:
    if rest:
        return [] if _is_choice(rest[0]) or _is_number(rest[0]) else {}
    return {New.MAP: {}, New.LIST: []}.get(new, BLANK)


def _items(value: Any) -> list[Any]:
    if is_null(value):
        return []
    if not isinstance(value, list):
        raise FieldPathError("expected a list")
    return value


def _is_chosen(item: Any, name: str, text: str) -> bool:
    if not name:
        return text_of(item) == text
    return isinstance(item, dict) and name in item and text_of(item[name]) == text


def _is_number(part: str) -> bool:
    return part.isascii() and part.isdigit()


def _is_choice(part: str) -> bool:
    return part.startswith("[") and part.endswith("]")


def _split_choice(part: str) -> tuple[str, str]:
    name, sign, value = part[1:-1].partition("=")
    if not sign:
        raise FieldPathError(
            "list path element must contain fieldName=fieldValue for element to match"
        )
    return name, value
