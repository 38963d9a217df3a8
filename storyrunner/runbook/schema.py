"""Runbook YAML against the shapes of `model/`: the only module that knows the validator.

What fits to the letter is built without the validator, which is loaded only for the rest: there
`_walk` finds unknown words by the shapes' own fields, so that each is named with the nearest known
one, and the validator then checks the values and builds the frozen shapes.
"""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from storyrunner.gitops.near import did_you_mean
from storyrunner.model.need import STRICT, Need
from storyrunner.model.runbook import Runbook
from storyrunner.model.step import Step
from storyrunner.runbook.fitting import MisfitError, fit, hint_of

if TYPE_CHECKING:
    from pydantic import TypeAdapter

Field = tuple[str | int, ...]

STEPS: dict[str, type] = {get_args(hint_of(shape, "kind"))[0]: shape for shape in get_args(Step)}
"""Kind of step -> its shape."""

NEEDS: dict[str, type] = {dataclasses.fields(shape)[0].name: shape for shape in get_args(Need)}
"""Key that tells a need (its first field) -> its shape."""


@dataclasses.dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong with a runbook: the path of keys to it, and whether the key itself is it."""

    field: Field
    message: str
    hint: str = ""
    at_key: bool = False


@cache
def _adapter() -> TypeAdapter[Runbook]:
    from pydantic import TypeAdapter

    return TypeAdapter(Runbook)


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a runbook, for editors."""
    from pydantic import TypeAdapter

    # Only here: finding docstrings means parsing sources, which would double the start of a run.
    STRICT["use_attribute_docstrings"] = True
    try:
        schema = TypeAdapter(Runbook).json_schema()
    finally:
        del STRICT["use_attribute_docstrings"]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "storyrunner runbook"
    return schema


def validate(value: object) -> Runbook | list[Mistake]:
    """The runbook, or all that is wrong with it, in the order of the text."""
    try:
        return fit(value, Runbook, _meant_among)
    except MisfitError:
        mistakes = list(_walk(value, Runbook, ()))
    return mistakes or _validated(value)


def _validated(value: object) -> Runbook | list[Mistake]:
    from pydantic import ValidationError

    try:
        found = _adapter().validate_python(value)
        # That took `true` for 1 and "6" for 6. Only for JSON is the strict mode content with lists.
        _adapter().validate_json(json.dumps(value, default=str), strict=True)
        return found
    except ValidationError as error:
        wrong = (_wrong_value(dict(item), value) for item in error.errors(include_url=False))
        told = list(dict.fromkeys(item for item in wrong if item))
        return told or [Mistake((), "this is no runbook", str(error.errors()[0]["msg"]))]


def _walk(value: object, hint: Any, field: Field) -> Iterator[Mistake]:
    """Unknown keys, kinds and needs below a value that should fit a type hint."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, next(iter(get_args(hint)), Any), (*field, index))
        return
    if not isinstance(value, Mapping):
        members = list(_members(hint))
        if len(members) > 1 and all(map(dataclasses.is_dataclass, members)):
            shown = "nothing" if value is None else repr(value)[:40]
            yield Mistake(field, f"`{_dotted(field)}` needs keys, and is {shown}")
        return
    if get_origin(hint) in (dict, Mapping, _abc_mapping()):
        for key, item in value.items():
            yield from _walk(item, get_args(hint)[1], (*field, key))
        return
    shape = _meant(value, hint)
    if isinstance(shape, str):
        yield _unknown_member(value, shape, field)
    elif shape is not None:
        yield from _walk_shape(value, shape, field)


def _abc_mapping() -> Any:
    return get_origin(Mapping[str, str])


def _walk_shape(value: Mapping[Any, Any], shape: type, field: Field) -> Iterator[Mistake]:
    known = [item.name for item in dataclasses.fields(shape)]
    for key, item in value.items():
        if key not in known:
            hint = did_you_mean(str(key), known) or "known here: " + ", ".join(known)
            text = f"`{_dotted((*field, key))}` is not a key of a runbook"
            yield Mistake((*field, key), text, hint, at_key=True)
        else:
            yield from _walk(item, hint_of(shape, str(key)), (*field, key))


def _meant(value: Mapping[Any, Any], hint: Any) -> type | str | None:
    """The dataclass that a mapping means under a hint; `kind` or `need` when it means none."""
    return _meant_among(value, _members(hint))


def _meant_among(value: object, shapes: Iterable[Any]) -> type | str | None:
    members = [item for item in shapes if isinstance(item, type) and dataclasses.is_dataclass(item)]
    if not isinstance(value, Mapping):
        return None
    if len(members) == 1:
        return members[0]
    if not members:
        return None
    if members[0] in STEPS.values():
        return STEPS.get(str(value.get("kind")), "kind")
    told = (shape for key, shape in NEEDS.items() if key in value and shape in members)
    return next(told, "need")


def _members(hint: Any) -> Iterable[Any]:
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _unknown_member(value: Mapping[Any, Any], what: str, field: Field) -> Mistake:
    if what == "need":
        hints = (did_you_mean(str(key), NEEDS) for key in value)
        near = next((text for text in hints if text), "")
        return Mistake(field, "a need says one of: " + ", ".join(NEEDS), near)
    known = "one of: " + ", ".join(STEPS)
    if "kind" not in value:
        return Mistake(field, f"`{_dotted(field)}` has no `kind`", known)
    text = f"`{_dotted((*field, 'kind'))}`: no kind of step is called {value['kind']!r}"
    return Mistake((*field, "kind"), text, did_you_mean(str(value["kind"]), STEPS) or known)


def _wrong_value(item: Mapping[str, Any], value: object) -> Mistake | None:
    """One validator error as a mistake; None for a union member that was not meant."""
    field: list[str | int] = []
    here: Any = value
    for part in item["loc"]:
        if isinstance(part, str) and (here is None or not _has(here, part)) and part[:1].isupper():
            meant = _meant_among(here, _union_of(part))
            if not isinstance(meant, type) or meant.__name__ != part:
                return None
            continue
        field.append(part)
        here = here[part] if _has(here, part) else None
    return _as_mistake(item, tuple(field))


def _has(here: object, part: str | int) -> bool:
    if isinstance(here, Mapping):
        return part in here
    return isinstance(here, list) and isinstance(part, int) and part < len(here)


def _union_of(name: str) -> Iterable[type]:
    steps = {shape.__name__ for shape in STEPS.values()}
    return STEPS.values() if name in steps else NEEDS.values()


def _as_mistake(item: Mapping[str, Any], field: Field) -> Mistake:
    if item["type"] == "missing":
        return Mistake(field[:-1], f"`{_dotted(field)}` is missing")
    if item["type"] == "literal_error":
        expected = str(item["ctx"]["expected"]).replace(" or ", ",")
        words = [word.strip(" '") for word in expected.split(",")]
        hint = did_you_mean(str(item["input"]), words) or "one of: " + ", ".join(words)
        return Mistake(field, f"`{_dotted(field)}` cannot be {item['input']!r}", hint)
    return Mistake(field, f"`{_dotted(field)}`: {item['msg'].lower()}")


def _dotted(field: Iterable[str | int]) -> str:
    """`tasks[0].steps[1].kind`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in field)[1:]
