"""Strategic merge patches: a patch's tree merged into a resource's, by the rules of the built-in
kinds' lists and the `$patch` directives.

A port of what kustomize's kyaml does, oddities included: applying any patch also drops fields
written as `key:`, and collapses items of merging lists that have the same key, wherever they are.
It knows nothing of files or of targets. semantics.md §5.3.
"""

from __future__ import annotations

from typing import Any, Final

from storyrunner.errors import RefusedFeatureError
from storyrunner.gitops.kustomize.kinds import MergingList, Shape, shape_named, shape_of_kind
from storyrunner.gitops.kustomize.merge_items import (
    ABSENT,
    Absent,
    MergeError,
    complete,
    find_item,
    key_text,
    set_item,
    usable,
)
from storyrunner.gitops.kustomize.styles import Styles
from storyrunner.gitops.kustomize.trees import is_null, is_written_null, read_plain, text_of

DIRECTIVE: Final = "$patch"


_Kind = Shape | MergingList | None


def merge_patch(
    target: dict[str, Any],
    patch: dict[str, Any],
    *,
    styles: Styles | None = None,
    is_odd: bool = False,
) -> dict[str, Any] | None:
    """The patched resource, or None when the patch deletes it. Both arguments may be changed.

    `styles` tells which texts of the target stand in quotes; `is_odd`: the patch may hold numbers
    that are not written as JSON would (`0644`). Raises MergeError, and RefusedFeatureError when
    only what is not known of quotes and numbers could tell what the result is.
    """
    result = _Merger(styles, is_odd).merge(target, patch, None)
    return result if isinstance(result, dict) else None


class _Merger:
    """One patch at work."""

    def __init__(self, styles: Styles | None, is_odd: bool) -> None:
        self._styles = styles
        self._is_odd = is_odd

    def merge(self, dest: Any, origin: Any, kind: _Kind) -> Any:
        if kind is None:
            kind = _shape_of(dest) or _shape_of(origin)
        first = next((side for side in (dest, origin) if not _is_missing(side)), None)
        for side in (dest, origin):
            if not _is_missing(side) and _family(side) is not _family(first):
                raise MergeError(
                    f"wrong node kind: expected {_named(first)} but got {_named(side)}"
                )
        if first is None or isinstance(first, dict):
            return self._merge_maps(dest, origin, kind if isinstance(kind, dict) else None)
        if isinstance(first, list) and isinstance(kind, MergingList):
            return self._merge_lists(dest, origin, kind)
        if isinstance(dest, str) and _is_other_scalar(origin):
            return _beside_quotes(dest, origin, self._styles, is_odd=self._is_odd)
        return dest if origin is ABSENT else origin

    def _merge_maps(self, dest: Any, origin: Any, shape: Shape | None) -> Any:
        chosen = _choose_map(dest, origin)
        if chosen is ABSENT or is_null(chosen):
            return chosen
        names = set(chosen)
        if isinstance(origin, dict):
            names |= origin.keys()
        for name in sorted(names):
            value = self.merge(
                chosen.get(name, ABSENT),
                origin.get(name, ABSENT) if isinstance(origin, dict) else ABSENT,
                _kind_of_field(shape, name),
            )
            if value is ABSENT or (is_null(value) and not _keeps_null(chosen, origin, name)):
                chosen.pop(name, None)
            else:
                chosen[name] = value
        return chosen

    def _merge_lists(self, dest: Any, origin: Any, kind: MergingList) -> Any:
        chosen = _choose_list(dest, origin)
        if not isinstance(chosen, list):
            return chosen
        return self._merge_items(chosen, origin if isinstance(origin, list) else ABSENT, kind)

    def _merge_items(self, dest: list[Any], origin: list[Any] | Absent, kind: MergingList) -> Any:
        """Items of the patch first, then the resource's that it does not speak of."""
        keys = kind.keys or ("",)
        sources = [dest, origin]
        wanted: list[list[str]] = []
        for source in (origin, dest):
            for item in source if isinstance(source, list) else ():
                values = [key_text(item, key) for key in keys]
                if values not in wanted:
                    wanted.append(values)
        if len(keys) > 1:
            complete(wanted)
        added: list[Any] = []
        valid_keys = list(keys)
        for values in wanted:
            valid_keys, valid_values = usable(wanted, values, keys)
            sides = [find_item(source, valid_keys, valid_values) for source in sources]
            item = self.merge(sides[0], sides[1], shape_named(kind.item))
            if _is_missing(item) or item == {}:
                set_item(dest, ABSENT, valid_keys, valid_values)
                continue
            if isinstance(item, dict):
                for key, value in zip(valid_keys, valid_values, strict=False):
                    if key not in item and value:
                        item[key] = read_plain(value)
            set_item(added, item, valid_keys, valid_values)
        return _append_rest(added, dest, valid_keys) if wanted else dest


def _is_other_scalar(value: Any) -> bool:
    """True for numbers and booleans."""
    return isinstance(value, int | float)


def _beside_quotes(dest: str, origin: Any, styles: Styles | None, *, is_odd: bool) -> Any:
    """A number or boolean where text stood: kustomize keeps the quotes that were around the text,
    and in quotes the value becomes text too."""
    is_quoted = styles.is_quoted(dest) if styles else None
    if is_quoted is None or (is_quoted and is_odd):
        raise RefusedFeatureError(
            f"a patch that puts {text_of(origin)} in place of the text {dest!r}", able="kustomize"
        )
    return text_of(origin) if is_quoted else origin


def _choose_map(dest: Any, origin: Any) -> Any:
    """The map to fill: the resource's own, the patch's, or none. Takes the directive away."""
    if _is_missing(dest):
        directive = _take_directive(origin) if isinstance(origin, dict) else "merge"
        if directive == "delete":
            return ABSENT
        # A written null that the patch does not speak of stays.
        return dest if origin is ABSENT and is_written_null(dest) else origin
    if is_null(origin):
        return ABSENT
    directive = "merge" if origin is ABSENT else _take_directive(origin)
    if directive == "delete":
        return ABSENT
    return origin if directive == "replace" else dest


def _keeps_null(chosen: dict[str, Any], origin: Any, name: str) -> bool:
    return is_written_null(chosen.get(name, ABSENT)) and not (
        isinstance(origin, dict) and name in origin
    )


def _choose_list(dest: Any, origin: Any) -> Any:
    if _is_missing(dest):
        return origin
    if origin is ABSENT:
        return dest
    if is_null(origin):
        return ABSENT
    directive = _take_list_directive(origin)
    if directive == "delete":
        return ABSENT
    return origin if directive == "replace" else dest


def _append_rest(added: list[Any], dest: list[Any], keys: list[str]) -> list[Any]:
    for item in dest:
        if keys[0] == "":
            set_item(added, item, [""], [key_text(item, "")])
            continue
        values = []
        for key in keys:
            if isinstance(item, dict) and key in item:
                values.append(text_of(item[key]))
            elif isinstance(item, dict) or is_null(item):
                added.append(item)
            else:
                raise MergeError(f"wrong node kind: expected a map with {key}")
        if len(keys) > 1:
            set_item(added, ABSENT, keys, values)
        set_item(added, item, keys, values)
    return added


def _take_directive(patch: Any) -> str:
    """The `$patch` of a map, removed from it; `merge` when there is none."""
    if not isinstance(patch, dict) or DIRECTIVE not in patch:
        return "merge"
    directive = _checked(patch[DIRECTIVE])
    del patch[DIRECTIVE]
    return directive


def _take_list_directive(patch: list[Any]) -> str:
    """The `$patch` that stands alone in an item of a list, removed from it."""
    holder = next((one for one in patch if isinstance(one, dict) and DIRECTIVE in one), None)
    if holder is None or len(holder) > 1:
        return "merge"
    directive = _checked(holder[DIRECTIVE])
    set_item(patch, ABSENT, [DIRECTIVE], [directive])
    return directive


def _checked(directive: Any) -> str:
    text = text_of(directive)
    if text not in {"merge", "replace", "delete"}:
        raise MergeError(f"unknown patch strategy '{text}'")
    return text


def _kind_of_field(shape: Shape | None, name: str) -> _Kind:
    found = shape.get(name) if shape else None
    return shape_named(found) if isinstance(found, str) else found


def _shape_of(value: Any) -> Shape | None:
    if not isinstance(value, dict):
        return None
    version, kind = value.get("apiVersion"), value.get("kind")
    if isinstance(version, str) and isinstance(kind, str):
        return shape_of_kind(version, kind)
    return None


def _is_missing(value: Any) -> bool:
    return value is ABSENT or is_null(value)


def _family(value: Any) -> type:
    return dict if isinstance(value, dict) else list if isinstance(value, list) else str


def _named(value: Any) -> str:
    family = _family(value)
    return "a map" if family is dict else "a list" if family is list else "a scalar"
