"""Values that fit the shapes of `model/` to the letter, made into them without the validator.

Loading and preparing the validator takes longer than all other reading of a run, and a runbook that
fits needs none of it. Whatever does not fit to the letter is none of this module's business: it
says so, and the validator converts it or finds the words for what is wrong.
"""

from __future__ import annotations

import dataclasses
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

T = TypeVar("T")
Choose = Callable[[Mapping[Any, Any], Iterable[Any]], Any]
"""Which of several shapes a mapping means; anything but a type when it means none."""

_MAPPING = get_origin(Mapping[str, str])


class MisfitError(Exception):
    """The value does not fit to the letter; the validator has to look at it."""


def fit(value: object, shape: type[T], choose: Choose) -> T:
    """`value`, read from YAML, as `shape`. Raises MisfitError."""
    fitted: T = _fit_shape(value, shape, choose)
    return fitted


@cache
def hint_of(shape: type, name: str) -> Any:
    """The type hint of a field of a shape: those of the fields that are used are few."""
    return _evaluated(shape.__module__, shape.__annotations__[name])


@cache
def _evaluated(module: str, hint: str) -> Any:
    """A hint as its module understands it; the same words come again in many shapes."""
    return eval(hint, vars(sys.modules[module]))


def _fit_shape(value: object, shape: Any, choose: Choose) -> Any:
    if type(value) is not dict or hasattr(shape, "__post_init__"):
        raise MisfitError
    required, known = _fields(shape)
    if not (required <= value.keys() <= known):
        raise MisfitError
    return shape(**{name: _fit(item, hint_of(shape, name), choose) for name, item in value.items()})


@cache
def _fields(shape: Any) -> tuple[frozenset[str], frozenset[str]]:
    """The names of the fields that must be given, and of all."""
    fields = dataclasses.fields(shape)
    nothing = dataclasses.MISSING
    required = (x.name for x in fields if x.default is nothing and x.default_factory is nothing)
    return frozenset(required), frozenset(item.name for item in fields)


def _fit(value: Any, hint: Any, choose: Choose) -> Any:
    if hint is Any:
        return value
    if hint in (str, bool, int):
        return _exactly(value, hint)
    if hint is float:
        return float(value) if type(value) is int else _exactly(value, float)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        if type(value) is not list or arguments[1:] != (...,):
            raise MisfitError
        return tuple([_fit(item, arguments[0], choose) for item in value])
    if origin is Literal:
        if type(value) is not str or value not in arguments:
            raise MisfitError
        return value
    if origin in (Union, types.UnionType):
        return _fit_union(value, arguments, choose)
    if origin is _MAPPING:
        if type(value) is not dict or not all(type(key) is str for key in value):
            raise MisfitError
        return {key: _fit(item, arguments[1], choose) for key, item in value.items()}
    if dataclasses.is_dataclass(hint):
        return _fit_shape(value, hint, choose)
    raise MisfitError


def _fit_union(value: Any, members: tuple[Any, ...], choose: Choose) -> Any:
    if value is None and types.NoneType in members:
        return None
    others = [member for member in members if member is not types.NoneType]
    if len(others) == 1:
        return _fit(value, others[0], choose)
    meant = choose(value, others) if type(value) is dict else None
    if meant not in others:
        raise MisfitError
    return _fit_shape(value, meant, choose)


def _exactly(value: Any, wanted: type) -> Any:
    if type(value) is not wanted:
        raise MisfitError
    return value
