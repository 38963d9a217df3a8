"""Where a value of a build was written, and values that remember it through the whole build.

Texts and numbers are subclasses of the plain ones, so that everything a build does to them stays
as it is; what computes a new value gives a plain one, and its maker is then known by the step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from storyrunner.errors import Place
from storyrunner.gitops.documents import YamlDocument

FieldPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Who set a value.

    `how` is empty for a manifest, else what set it: `patch`, `configMapGenerator`, `namespace`,
    `images`, … `fixed` is the place when no document can tell, `shift` what is added to a line and
    a column of one that stands inside `file`. `source` is where a copied value came from,
    `also` who said the same later without setting it: a patch that names the item it changes.
    `is_exact` False: it may as well have been one of `suspects` (kustomization files).
    """

    how: str
    order: int
    fixed: Place | None = None
    document: YamlDocument | None = None
    at: FieldPath = ()
    shift: tuple[int, int] = (0, 0)
    file: str = ""
    source: Origin | None = None
    also: Origin | None = None
    is_exact: bool = True
    suspects: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """The file and line."""
        if self.fixed is not None or self.document is None:
            return self.fixed or Place(".")
        found = self.document.place(*self.at)
        path = self.file or found.path
        return Place(path, found.line + self.shift[0], found.column + self.shift[1])

    @property
    def is_known(self) -> bool:
        """False when not even a file is known."""
        return self.fixed is not None or self.document is not None

    def below(self, path: FieldPath) -> Origin:
        """The same for what stands further down."""
        return replace(self, at=(*self.at, *path))

    @property
    def key(self) -> tuple[int, FieldPath]:
        """What tells documents apart, and where in one it stands."""
        return id(self.document), self.at


class TracedText(str):
    """A text with its origin."""

    __slots__ = ("origin",)
    origin: Origin


class TracedInt(int):
    """A whole number with its origin."""

    origin: Origin


class TracedFloat(float):
    """A number with its origin."""

    __slots__ = ("origin",)
    origin: Origin


def traced(value: Any, origin: Origin) -> Any:
    """A text or number with that origin; anything else, which cannot carry one, as it is."""
    made: TracedText | TracedInt | TracedFloat
    if isinstance(value, str):
        made = TracedText(value)
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return value
    else:
        made = TracedInt(value) if isinstance(value, int) else TracedFloat(value)
    made.origin = origin
    return made


def origin_of(value: object) -> Origin | None:
    """The origin a value carries."""
    if isinstance(value, TracedText | TracedInt | TracedFloat):
        return value.origin
    return None


def can_carry(value: object) -> bool:
    """True for texts and numbers: what is left without an origin was made by the last step."""
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def trace_all(value: Any, make: Callable[[FieldPath], Origin], at: FieldPath = ()) -> Any:
    """Every text and number below `value` with the origin that `make` gives for its path. Changes
    maps and lists in place, replaces origins that are there already, and returns the value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            value[key] = trace_all(inner, make, (*at, key))
        return value
    if isinstance(value, list):
        value[:] = [trace_all(inner, make, (*at, i)) for i, inner in enumerate(value)]
        return value
    return traced(value, make(at)) if can_carry(value) else value


def untraced(value: Any) -> Any:
    """Plain data again; changes maps and lists in place."""
    if isinstance(value, dict):
        for key, inner in value.items():
            value[key] = untraced(inner)
    elif isinstance(value, list):
        value[:] = [untraced(inner) for inner in value]
    elif isinstance(value, TracedText):
        return str(value)
    elif isinstance(value, TracedInt):
        return int(value)
    elif isinstance(value, TracedFloat):
        return float(value)
    return value


def leaves(value: Any, at: FieldPath = ()) -> Iterator[tuple[FieldPath, Any]]:
    """Everything below that holds nothing more: scalars, nulls, empty maps and empty lists."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves(inner, (*at, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, (*at, index))
    else:
        yield at, value


def set_leaf(data: Any, at: FieldPath, value: Any) -> None:
    """Put a value where a leaf is."""
    for name in at[:-1]:
        data = data[name]
    data[at[-1]] = value
