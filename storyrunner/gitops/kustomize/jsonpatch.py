"""JSON patches (RFC 6902) with the leniencies of the Go library that kustomize uses.

`replace` of an absent key sets it, `copy` of one copies null, negative indexes count from the end.
It knows nothing of resources.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from storyrunner.gitops.kustomize.trees import adopt_plain, copy_tree

_KINDS: Final = frozenset({"add", "remove", "replace", "move", "copy", "test"})
_EXACT: Final = 2**53
_MISSING: Final = object()


class JsonPatchError(ValueError):
    """A patch that does not apply; the text says which operation and why."""


Operation = Mapping[str, Any]


def read_operations(value: Any) -> list[Operation] | None:
    """The operations in plain data, or None when the data are no JSON patch."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, Mapping | None) for one in value):
        return None
    return [one or {} for one in value]


def apply_patch(document: dict[str, Any], operations: list[Operation]) -> dict[str, Any]:
    """The patched document; the argument may be changed. Numbers pass through float64, as in Go.

    Raises JsonPatchError.
    """
    holder: dict[str, Any] = {"root": document}
    for operation in operations:
        _apply(holder, operation)
    result = holder["root"]
    if not isinstance(result, dict):
        raise JsonPatchError("the result is not an object")
    return _as_floats(result)  # type: ignore[no-any-return]


def _apply(holder: dict[str, Any], operation: Operation) -> None:
    kind = operation.get("op")
    if kind not in _KINDS:
        raise JsonPatchError(f"Unexpected kind: {kind or 'unknown'}")
    path = _pointer(operation, "path", kind)
    if path == "" and kind in {"replace", "test"}:
        return _apply_to_whole(holder, kind, operation)
    root = holder["root"]
    match kind:
        case "add":
            _add(root, path, _value(operation), kind)
        case "remove":
            _remove(root, path, kind)
        case "replace":
            _replace(root, path, _value(operation))
        case "test":
            _test(root, path, operation)
        case "move":
            source = _pointer(operation, "from", kind)
            value = _get(root, source, kind, "from path")
            _remove(root, source, kind)
            _add(root, path, value, kind)
        case "copy":
            source = _pointer(operation, "from", kind)
            _add(root, path, copy_tree(_get(root, source, kind, "from path")), kind)
    return None


def _apply_to_whole(holder: dict[str, Any], kind: str, operation: Operation) -> None:
    if kind == "test":
        if holder["root"] != _value(operation):
            raise JsonPatchError("testing value  failed")
        return
    value = _value(operation)
    if not isinstance(value, dict):
        raise JsonPatchError("replace operation value must be object or array")
    holder["root"] = value


def _pointer(operation: Operation, field: str, kind: str) -> str:
    found = operation.get(field)
    if not isinstance(found, str):
        raise JsonPatchError(f"{kind} operation failed to decode {field}")
    return found


def _value(operation: Operation) -> Any:
    return adopt_plain(operation.get("value"))


def _find(root: Any, pointer: str, kind: str, shown: str = "path") -> tuple[Any, str]:
    """The container that the last token of `pointer` is a key of, and that key."""
    tokens = pointer.split("/")
    missing = JsonPatchError(
        f'{kind} operation does not apply: doc is missing {shown}: "{pointer}"'
    )
    if len(tokens) < 2:
        raise missing
    at = root
    for token in tokens[1:-1]:
        try:
            at = _child(at, _unescape(token))
        except JsonPatchError:
            raise missing from None
        if not isinstance(at, dict | list):
            raise missing
    return at, _unescape(tokens[-1])


def _child(container: Any, key: str) -> Any:
    if isinstance(container, dict):
        return container.get(key)
    return container[_index(container, key)]


def _get(root: Any, pointer: str, kind: str, shown: str) -> Any:
    container, key = _find(root, pointer, kind, shown)
    return _child(container, key)


def _index(container: list[Any], key: str) -> int:
    index = _number(key)
    if not -len(container) <= index < len(container):
        raise JsonPatchError(f"Unable to access invalid index: {index}")
    return index % len(container)


def _number(key: str) -> int:
    digits = key[1:] if key[:1] in {"+", "-"} else key
    if not (digits.isascii() and digits.isdigit()):
        raise JsonPatchError(f"value was not a proper array index: '{key}'")
    return int(key)


def _add(root: Any, pointer: str, value: Any, kind: str) -> None:
    container, key = _find(root, pointer, kind, "destination path" if kind != "add" else "path")
    if isinstance(container, dict):
        container[key] = value
    elif key == "-":
        container.append(value)
    else:
        index = _number(key)
        size = len(container) + 1
        if not -size <= index < size:
            raise JsonPatchError(f"Unable to access invalid index: {index}")
        container.insert(index % size, value)


def _remove(root: Any, pointer: str, kind: str) -> None:
    container, key = _find(root, pointer, kind)
    if isinstance(container, list):
        del container[_index(container, key)]
    elif container.pop(key, _MISSING) is _MISSING:
        raise JsonPatchError(f"Unable to remove nonexistent key: {key}")


def _replace(root: Any, pointer: str, value: Any) -> None:
    container, key = _find(root, pointer, "replace")
    if isinstance(container, dict):
        container[key] = value
        return
    try:
        index = _index(container, key)
    except JsonPatchError:
        raise JsonPatchError(
            f"replace operation does not apply: doc is missing key: {pointer}"
        ) from None
    container[index] = value


def _test(root: Any, pointer: str, operation: Operation) -> None:
    container, key = _find(root, pointer, "test")
    if not _same(_child(container, key), _value(operation)):
        raise JsonPatchError(f"testing value {pointer} failed")


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return type(one) is type(other) and bool(one == other)


def _unescape(token: str) -> str:
    return token.replace("~1", "/").replace("~0", "~")


def _as_floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_floats(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _EXACT:
        return int(float(value))
    return value
