"""`dataclass` as the standard library's, built five times as fast: a start defines two hundred.

The library writes and compiles the source of seven methods for every class, more than a quarter of
what a `--check` costs. Here only `__init__` is compiled; the other methods are shared and go by the
fields. To everybody else, type checkers and `dataclasses` included, it is a dataclass. What is not
handled here is handed to the library itself.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

__all__ = ["dataclass"]

_Getter = Callable[[Any], tuple[Any, ...]]
_UNSET: Any = object()


def _build(cls: type, *, frozen: bool, kw_only: bool) -> type:
    """`cls` with slots for its fields; its own methods win over those of a dataclass."""
    cls.__doc__ = cls.__doc__ or cls.__name__
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(cls)
    fields = dataclasses.fields(made)
    body = dict(made.__dict__)
    for name in ("__dict__", "__weakref__", *(field.name for field in fields)):
        body.pop(name, None)
    params = body["__dataclass_params__"]
    params.init = params.repr = params.eq = True
    params.frozen = frozen
    body["__slots__"] = tuple(field.name for field in fields)
    has_hash = body.get("__hash__") is not None
    for name, method in _methods(fields).items():
        body.setdefault(name, method)
    if frozen:
        body |= {"__setattr__": _refuse_set, "__delattr__": _refuse_delete}
        if not has_hash:
            counted = (f.compare if f.hash is None else f.hash for f in fields)
            body["__hash__"] = _hash([f for f, is_in in zip(fields, counted, strict=True) if is_in])
    elif not has_hash:
        body["__hash__"] = None
    body["__init__"] = body.get("__init__") or _init(cls, fields)
    slotted = type(cls)(cls.__name__, cls.__bases__, body)
    slotted.__qualname__ = cls.__qualname__
    return slotted


def _is_handled(cls: type, options: dict[str, Any]) -> bool:
    """Subclasses, pseudo-fields and options of rare use are the library's business."""
    own = inspect.get_annotations(cls)
    return (
        options.get("slots") is True
        and options.keys() <= {"frozen", "slots", "kw_only"}
        and cls.__bases__ == (object,)
        and "__slots__" not in cls.__dict__
        and not any("InitVar" in str(one) or "KW_ONLY" in str(one) for one in own.values())
    )


def _init(cls: type, fields: tuple[dataclasses.Field[Any], ...]) -> Any:
    """The one method that is compiled, because it is called most and has to be fast."""
    names: dict[str, Any] = {"_set": object.__setattr__, "_unset": _UNSET}
    given: dict[bool, list[str]] = {False: [], True: []}
    lines = []
    for field in fields:
        name, value = field.name, field.name
        default = ""
        if field.default is not dataclasses.MISSING:
            names[f"_d_{name}"] = field.default
            default = f"=_d_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            names[f"_f_{name}"] = field.default_factory
            default, made = "=_unset", f"_f_{name}()"
            value = f"{made} if {name} is _unset else {name}" if field.init else made
        if field.init:
            given[bool(field.kw_only)].append(name + default)
        elif not default:
            continue
        elif field.default is not dataclasses.MISSING:
            value = f"_d_{name}"
        lines.append(f'    _set(self, "{name}", {value})\n')
    if hasattr(cls, "__post_init__"):
        lines.append("    self.__post_init__()\n")
    words = ["self", *given[False], *(["*", *given[True]] if given[True] else [])]
    exec(f"def __init__({', '.join(words)}):\n{''.join(lines) or '    pass'}", names)
    made_init = names["__init__"]
    made_init.__qualname__ = f"{cls.__qualname__}.__init__"
    made_init.__module__ = cls.__module__
    made_init.__annotations__ = {f.name: f.type for f in fields if f.init} | {"return": None}
    return made_init


def _methods(fields: tuple[dataclasses.Field[Any], ...]) -> dict[str, Any]:
    compared = _values_of([field for field in fields if field.compare])
    shown = [field.name for field in fields if field.repr]

    def __eq__(self: Any, other: object) -> bool:  # noqa: N807
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compared(self) == compared(other)

    def __repr__(self: Any) -> str:  # noqa: N807
        parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__}({parts})"

    names = [field.name for field in fields]

    def __getstate__(self: Any) -> list[Any]:  # noqa: N807
        return [getattr(self, name) for name in names]

    def __setstate__(self: Any, state: list[Any]) -> None:  # noqa: N807
        for name, value in zip(names, state, strict=True):
            object.__setattr__(self, name, value)

    return {
        "__eq__": __eq__,
        "__repr__": __repr__,
        "__getstate__": __getstate__,
        "__setstate__": __setstate__,
    }


def _hash(fields: list[dataclasses.Field[Any]]) -> Callable[[Any], int]:
    values = _values_of(fields)
    return lambda self: hash(values(self))


def _values_of(fields: list[dataclasses.Field[Any]]) -> _Getter:
    """A function from an object to the tuple of these fields."""
    names = [field.name for field in fields]
    if len(names) > 1:
        return attrgetter(*names)
    if names:
        only = attrgetter(names[0])
        return lambda self: (only(self),)
    return lambda _self: ()


def _refuse_set(_self: object, name: str, _value: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_delete(_self: object, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, **options):
        """As `dataclasses.dataclass`, for `slots=True` with `frozen` and `kw_only`."""

        def wrap(cls):
            if not _is_handled(cls, options):
                return dataclasses.dataclass(cls, **options)
            return _build(
                cls, frozen=options.get("frozen", False), kw_only=options.get("kw_only", False)
            )

        return wrap if cls is None else wrap(cls)
