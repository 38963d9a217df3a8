"""Our dataclasses are the library's in everything but the time they take to define."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import pytest

from storyrunner.model import frozen, step

Decorate = Callable[..., Callable[[type], Any]]


class Pair(NamedTuple):
    """The same class, made by the library and by us."""

    library: Any
    ours: Any


def define(body: Callable[[], type], **options: bool) -> Pair:
    return Pair(
        dataclasses.dataclass(slots=True, **options)(body()),
        frozen.dataclass(slots=True, **options)(body()),
    )


def plain() -> type:
    class Sample:
        """With defaults of both kinds."""

        first: str
        second: int = 2
        many: list[str] = dataclasses.field(default_factory=list)
        shared: ClassVar[int] = 3

        @property
        def both(self) -> str:
            return f"{self.first}{self.second}"

    return Sample


def odd() -> type:
    class Odd:
        kept: int
        unseen: int = dataclasses.field(default=1, repr=False)
        ignored: int = dataclasses.field(default=2, compare=False)
        unhashed: list[int] = dataclasses.field(default_factory=list, hash=False)
        derived: int = dataclasses.field(init=False)
        fixed: int = dataclasses.field(init=False, default=9)
        named: str = dataclasses.field(default="n", kw_only=True)

        def __post_init__(self) -> None:
            object.__setattr__(self, "derived", self.kept * 2)

    return Odd


def own() -> type:
    class Own:
        value: str

        def __eq__(self, other: object) -> bool:
            return isinstance(other, type(self)) and self.value.lower() == other.value.lower()

        def __hash__(self) -> int:
            return hash(self.value.lower())

        def __repr__(self) -> str:
            return "own"

    return Own


def empty() -> type:
    class Empty:
        """Nothing in it."""

    return Empty


BODIES = [(plain, ("a",)), (odd, (4,)), (own, ("A",)), (empty, ())]


@pytest.mark.parametrize("options", [{"frozen": True}, {}, {"frozen": True, "kw_only": True}])
@pytest.mark.parametrize(("body", "values"), BODIES)
def test_it_is_told_and_compared_as_the_library_does(
    body: Callable[[], type], values: tuple[Any, ...], options: dict[str, bool]
) -> None:
    pair = define(body, **options)
    names = [field.name for field in dataclasses.fields(pair.library) if field.init]
    given = dict(zip(names, values, strict=False))
    told = []
    for made in pair:
        one = made(**given) if options.get("kw_only") else made(*values)
        same = made(**given)
        told.append(
            (
                repr(one).rpartition(".")[2],
                one == same,
                one != same,
                one == object(),
                [(f.name, f.default, f.kw_only, f.init) for f in dataclasses.fields(made)],
                dataclasses.asdict(one),
                made.__match_args__,
                made.__slots__,
                dataclasses.is_dataclass(made),
                hasattr(one, "__dict__"),
                copy.copy(one) == one,
                copy.deepcopy(one) == one,
                dataclasses.replace(one) == one,
                made.__name__,
                made.__qualname__,
                made.__module__,
            )
        )
    assert told[0] == told[1]


@pytest.mark.parametrize(("body", "values"), BODIES)
def test_a_frozen_one_is_as_hashable_and_as_closed(
    body: Callable[[], type], values: tuple[Any, ...]
) -> None:
    pair = define(body, frozen=True)
    library, ours = (made(*values) for made in pair)
    if body is not plain:  # holds a list
        assert hash(library) == hash(ours) == hash(pair.ours(*values))
    else:
        with pytest.raises(TypeError, match="unhashable"):
            hash(ours)
    for one in (library, ours):
        for name in one.__slots__[:1]:
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(one, name, 1)
            with pytest.raises(dataclasses.FrozenInstanceError):
                delattr(one, name)
    with pytest.raises(dataclasses.FrozenInstanceError):
        ours.never_heard_of = 1


def test_one_that_is_not_frozen_can_change_and_has_no_hash() -> None:
    for made in define(plain):
        one = made("a")
        one.second = 5
        assert one.both == "a5"
        assert made.__hash__ is None
        with pytest.raises(AttributeError):
            one.other = 1


def test_lists_by_default_are_not_shared() -> None:
    for made in define(plain):
        made("a").many.append("x")
        assert made("a").many == []


WRONG: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    (("a", 1, [], 4), {}),
    (("a",), {"third": 1}),
    (("a",), {"first": "b"}),
]


@pytest.mark.parametrize(("values", "named"), WRONG)
def test_wrong_arguments_are_refused(values: tuple[Any, ...], named: dict[str, Any]) -> None:
    for made in define(plain, frozen=True):
        with pytest.raises(TypeError, match="argument"):
            made(*values, **named)
    for made in define(plain, frozen=True, kw_only=True):
        with pytest.raises(TypeError):
            made("a")


@pytest.mark.parametrize(("body", "values"), BODIES)
def test_the_first_objects_are_as_those_that_come_later(
    body: Callable[[], type], values: tuple[Any, ...]
) -> None:
    pair = define(body, frozen=True)
    made = [pair.ours(*values) for _ in range(frozen._BY_LOOP + 3)]
    assert all(one == made[0] and repr(one) == repr(made[0]) for one in made)
    assert inspect.isfunction(vars(pair.ours)["__init__"]), "compiled by now"


def test_a_field_that_is_not_given_stays_unset_as_with_the_library() -> None:
    def body() -> type:
        class Late:
            value: int = dataclasses.field(init=False)

        return Late

    for made in define(body):
        with pytest.raises(AttributeError):
            _ = made().value


@pytest.mark.parametrize("late", [False, True])
def test_the_signature_is_the_librarys(late: bool) -> None:
    pair = define(odd, frozen=True)
    if late:
        pair.ours(4)
    assert str(inspect.signature(pair.ours)) == str(inspect.signature(pair.library))


def test_what_the_library_refuses_is_refused_at_once() -> None:
    def mutable() -> type:
        class Mutable:
            value: list[int] = []  # noqa: RUF012 - that is what is refused

        return Mutable

    def unordered() -> type:
        class Unordered:
            first: int = 1
            second: str

        return Unordered

    for decorate in (dataclasses.dataclass, frozen.dataclass):
        with pytest.raises(ValueError, match="mutable default"):
            decorate(slots=True)(mutable())
        with pytest.raises(TypeError, match="default"):
            decorate(slots=True)(unordered())


def test_what_is_not_handled_is_the_librarys() -> None:
    @frozen.dataclass(frozen=True, slots=True, order=True)
    class Ordered:
        value: int

    @frozen.dataclass(frozen=True, slots=True)
    class Base:
        value: int

    @frozen.dataclass(frozen=True, slots=True)
    class Derived(Base):
        more: int = 1

    @frozen.dataclass(frozen=True, slots=True)
    class WithInitVar:
        value: int
        extra: dataclasses.InitVar[int] = 4

        def __post_init__(self, extra: int) -> None:
            object.__setattr__(self, "value", self.value + extra)

    assert Ordered(1) < Ordered(2)
    assert Derived(1) == Derived(1, 1)
    assert repr(Derived(1)).endswith("Derived(value=1, more=1)")
    assert WithInitVar(1).value == 5


def test_a_shape_of_the_model_survives_pickling() -> None:
    one = step.Selector(kind="Secret", name="a")
    assert pickle.loads(pickle.dumps(one)) == one
    assert step.Selector.__init__.__annotations__["kind"] == "str"
