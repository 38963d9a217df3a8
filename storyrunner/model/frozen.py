"""`dataclass` as the standard library's, for classes of which a start defines two hundred.

The library writes and compiles the source of seven methods for every class, more than a quarter of
what a `--check` costs. Here only `__init__` is compiled, once a class has made some objects; the
other methods are shared and go by the fields; and the library's own description of the fields is
made when somebody asks for it. To everybody else, type checkers and `dataclasses` included, it is a
dataclass. What is not handled here is handed to the library itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

__all__ = ["dataclass"]

_Getter = Callable[[Any], tuple[Any, ...]]
_MISSING: Any = dataclasses.MISSING
_BY_LOOP = 32
"""Objects of a class that are made before its `__init__` is compiled."""


class _Unset:
    """The default of an argument whose value a factory makes."""

    def __repr__(self) -> str:
        return "<factory>"


_UNSET: Any = _Unset()


class _Part:
    """A field as it is written in the class."""

    __slots__ = ("compare", "default", "factory", "hash", "init", "kw_only", "name", "repr")

    def __init__(self, name: str, written: Any, *, kw_only: bool) -> None:
        self.name = name
        self.default, self.factory = written, _MISSING
        self.init = self.repr = self.compare = self.hash = True
        self.kw_only = kw_only
        if isinstance(written, dataclasses.Field):
            self.default, self.factory = written.default, written.default_factory
            self.init, self.repr, self.compare = written.init, written.repr, written.compare
            self.hash = written.compare if written.hash is None else written.hash
            if isinstance(written.kw_only, bool):
                self.kw_only = written.kw_only

    @property
    def has_default(self) -> bool:
        return self.default is not _MISSING or self.factory is not _MISSING


def _parts(cls: type, *, kw_only: bool) -> tuple[_Part, ...]:
    """The fields of a class, in order. Raises what the library raises for them."""
    body = cls.__dict__
    parts = []
    optional = ""
    for name, kind in cls.__annotations__.items():
        if "ClassVar" in str(kind):
            continue
        part = _Part(name, body.get(name, _MISSING), kw_only=kw_only)
        if part.default.__class__.__hash__ is None:
            raise ValueError(f"{cls.__name__}.{name}: a mutable default, use default_factory")
        if part.init and not part.kw_only:
            if optional and not part.has_default:
                raise TypeError(f"{cls.__name__}.{name} has no default, but {optional} before it")
            optional = name if part.has_default else ""
        parts.append(part)
    return tuple(parts)


def _build(cls: type, *, frozen: bool, kw_only: bool) -> type:
    """`cls` with slots for its fields; its own methods win over those of a dataclass."""
    parts = _parts(cls, kw_only=kw_only)
    names = tuple(part.name for part in parts)
    body = dict(cls.__dict__)
    for name in ("__dict__", "__weakref__", *names):
        body.pop(name, None)
    body["__doc__"] = cls.__doc__ or cls.__name__
    body["__slots__"] = names
    given = (part.name for part in parts if part.init and not part.kw_only)
    body.setdefault("__match_args__", tuple(given))
    has_hash = body.get("__hash__") is not None
    for name, method in _methods(parts).items():
        body.setdefault(name, method)
    if frozen:
        body |= {"__setattr__": _refuse_set, "__delattr__": _refuse_delete}
        if not has_hash:
            values = _values_of([part.name for part in parts if part.hash])
            body["__hash__"] = lambda self: hash(values(self))
    elif not has_hash:
        body["__hash__"] = None
    if "__init__" not in body:
        body["__init__"] = _LateInit(parts)
    described = _described(cls, names, frozen=frozen, kw_only=kw_only)
    for name in ("__dataclass_fields__", "__dataclass_params__"):
        body[name] = _Late(lambda _made, name=name: described()[name])  # type: ignore[misc]
    slotted = type(cls)(cls.__name__, cls.__bases__, body)
    slotted.__qualname__ = cls.__qualname__
    return slotted


class _Late:
    """An attribute of a class that is made when it is first asked for."""

    __slots__ = ("_make", "_name", "_owner")

    def __init__(self, make: Callable[[type], Any]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner = owner
        self._name = name

    def __get__(self, one: object, kind: type) -> Any:
        made = self._make(self._owner)
        setattr(self._owner, self._name, made)
        return getattr(kind if one is None else one, self._name)


class _LateInit(_Late):
    """`__init__`: by a loop over the fields for the first objects, then compiled. Most classes of
    a run make a few objects, and compiling takes as long as making dozens by the loop."""

    __slots__ = ("_made", "_parts", "_positions")

    def __init__(self, parts: Sequence[_Part]) -> None:
        super().__init__(lambda owner: _init(owner, parts))
        self._parts = parts
        self._positions = tuple(p.name for p in parts if p.init and not p.kw_only)
        self._made = 0

    def __get__(self, one: object, kind: type) -> Any:
        self._made += 1
        if one is None or self._made > _BY_LOOP:
            return super().__get__(one, kind)
        return lambda *args, **named: self._fill(one, args, named)

    def _fill(self, one: object, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        given = dict(zip(self._positions, args, strict=False))
        values = self._values(given | named)
        if values is None or len(args) > len(self._positions) or given.keys() & named.keys():
            super().__get__(one, type(one))(*args, **named)  # the compiled one says what is wrong
            return
        for name, value in values.items():
            object.__setattr__(one, name, value)
        if hasattr(one, "__post_init__"):
            one.__post_init__()

    def _values(self, given: dict[str, Any]) -> dict[str, Any] | None:
        """The value of every field that has one; None when the arguments are not right."""
        values = {}
        taken = 0
        for part in self._parts:
            if part.init and part.name in given:
                values[part.name] = given[part.name]
                taken += 1
            elif part.default is not _MISSING:
                values[part.name] = part.default
            elif part.factory is not _MISSING:
                values[part.name] = part.factory()
            elif part.init:
                return None
        return values if taken == len(given) else None


def _described(
    cls: type, names: Sequence[str], *, frozen: bool, kw_only: bool
) -> Callable[[], Mapping[str, Any]]:
    """How to make the library's description: it sees a class with the same fields and no more."""
    seen = ("__annotations__", "__module__", *names)
    body = {name: cls.__dict__[name] for name in seen if name in cls.__dict__}

    def describe() -> Mapping[str, Any]:
        twin = type(cls.__name__, (), {**body, "__doc__": cls.__name__})
        made: Any = dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=kw_only)(twin)
        params = made.__dataclass_params__
        params.init = params.repr = params.eq = True
        params.frozen = frozen
        described: Mapping[str, Any] = vars(made)
        return described

    return describe


def _is_handled(cls: type, options: dict[str, Any]) -> bool:
    """Subclasses, pseudo-fields and options of rare use are the library's business."""
    return (
        options.get("slots") is True
        and options.keys() <= {"frozen", "slots", "kw_only"}
        and cls.__bases__ == (object,)
        and "__slots__" not in cls.__dict__
        and not any(
            "InitVar" in str(one) or "KW_ONLY" in str(one) for one in cls.__annotations__.values()
        )
    )


def _init(cls: type, parts: Sequence[_Part]) -> Any:
    """The one method that is compiled, because it is called most and has to be fast."""
    names: dict[str, Any] = {"_set": object.__setattr__, "_unset": _UNSET}
    given: dict[bool, list[str]] = {False: [], True: []}
    lines = []
    for part in parts:
        name, value = part.name, part.name
        default = ""
        if part.default is not _MISSING:
            names[f"_d_{name}"] = part.default
            default = f"=_d_{name}"
        elif part.factory is not _MISSING:
            names[f"_f_{name}"] = part.factory
            default, made = "=_unset", f"_f_{name}()"
            value = f"{made} if {name} is _unset else {name}" if part.init else made
        if part.init:
            given[part.kw_only].append(name + default)
        elif not default:
            continue
        elif part.default is not _MISSING:
            value = f"_d_{name}"
        lines.append(f'    _set(self, "{name}", {value})\n')
    if hasattr(cls, "__post_init__"):
        lines.append("    self.__post_init__()\n")
    words = ["self", *given[False], *(["*", *given[True]] if given[True] else [])]
    exec(f"def __init__({', '.join(words)}):\n{''.join(lines) or '    pass'}", names)
    made_init = names["__init__"]
    made_init.__qualname__ = f"{cls.__qualname__}.__init__"
    made_init.__module__ = cls.__module__
    kinds = cls.__annotations__
    made_init.__annotations__ = {p.name: kinds[p.name] for p in parts if p.init} | {"return": None}
    return made_init


def _methods(parts: Sequence[_Part]) -> dict[str, Any]:
    compared = _values_of([part.name for part in parts if part.compare])
    shown = [part.name for part in parts if part.repr]
    names = [part.name for part in parts]

    def __eq__(self: Any, other: object) -> bool:  # noqa: N807
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compared(self) == compared(other)

    def __repr__(self: Any) -> str:  # noqa: N807
        parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__}({parts})"

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
        "__replace__": dataclasses.replace,
    }


def _values_of(names: Sequence[str]) -> _Getter:
    """A function from an object to the tuple of these fields."""
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
