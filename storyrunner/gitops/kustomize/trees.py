"""Plain YAML values as kustomize's nodes see them: three kinds of null, and every scalar's text.

kustomize works on YAML nodes. Plain data lose two things it looks at: whether a null was written
(`key: null`) or left out (`key:`), and what a scalar looked like. This module keeps the first and
restores the second. It knows nothing of Kubernetes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from storyrunner.errors import Place, RefusedFeatureError, RenderError
from storyrunner.gitops.documents import YamlDocument
from storyrunner.gitops.scalars import TAG_PREFIX, ScalarError, is_string, resolve


class Null:
    """A null that was not written `null`: `text` is what was (`~`, or nothing); `in_flow` when
    nothing was written inside braces or brackets, which kustomize turns into an empty string."""

    __slots__ = ("in_flow", "text")

    def __init__(self, text: str, *, in_flow: bool = False) -> None:
        self.text = text
        self.in_flow = in_flow


BLANK: Final = Null("")
"""The value of `key:`, a null that was not written: a strategic merge patch drops such a field."""

_BLANK_IN_FLOW: Final = Null("", in_flow=True)
# What JSON leaves as it is, and the YAML reader after it refuses.
_UNREADABLE: Final = re.compile("[\x7f-\x84\x86-\x9f\ufffe\uffff]")


_ODD: Final = re.compile(
    r"(?:^|(?<=[\s\[,{]))(?:!!\w|True|TRUE|False|FALSE|\d{4}-\d\d?-\d\d?|-0|\+\d"
    r"|[-+]?0[\d_xXoObB]|[-+]?\d[\d_]*_|[-+]?\d*\.\d+(?:[eE][-+]?\d+)?(?=[\s,\]}]|$)"
    r"|[-+]?\d+\.(?=[\s,\]}]|$)|[-+]?\d+(?:\.\d*)?[eE][-+]?\d)",
    re.MULTILINE,
)
"""Where a number, a boolean or a date may begin that JSON would write in another way."""
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def is_null(value: object) -> bool:
    """True for a null, written or not."""
    return value is None or isinstance(value, Null)


def is_written_null(value: object) -> bool:
    """True for a null that stands there as text."""
    return value is None or (isinstance(value, Null) and bool(value.text))


def require_plain_key(key: str) -> None:
    """Raise RenderError for a key that kustomize writes without quotes and then reads as another
    type, so that it fails."""
    if key == "=" or (key and not is_string(key, yaml11=False)):
        raise RenderError(f"the key {key!r} would be read back as something that is no string")


def is_empty(value: object) -> bool:
    """True for a null, an empty map and an empty list."""
    return is_null(value) or (isinstance(value, dict | list) and not value)


def text_of(value: object) -> str:
    """A scalar's text; "" for maps and lists, which have none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Null):
        return value.text
    return "null" if value is None else ""


def copy_tree(value: Any) -> Any:
    """A deep copy of plain data."""
    if isinstance(value, dict):
        return {key: copy_tree(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copy_tree(item) for item in value]
    return value


def adopt(document: YamlDocument, source: str, *path: str | int) -> Any:
    """A private copy of the value at `path`, with the nulls that are not written `null` as Null.

    `source` is the text the document was read from.
    """
    value = document.value
    for name in path:
        value = value[name]
    nulls: list[None] = []
    copied = _copy(value, nulls)
    return _adopt(document, source, copied, path) if nulls else copied


def adopt_plain(value: Any) -> Any:
    """A private copy of data that no document stands behind; its nulls count as written."""
    if isinstance(value, Mapping):
        return {str(key): adopt_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [adopt_plain(item) for item in value]
    return value


def release(value: Any) -> Any:
    """Plain data again. Changes `value` in place and returns it. Raises RenderError for text that
    kustomize could not write."""
    if isinstance(value, dict):
        for key, item in value.items():
            value[key] = release(item)
            if _UNREADABLE.search(key):
                raise _unreadable(key)
    elif isinstance(value, list):
        value[:] = [release(item) for item in value]
    elif isinstance(value, str):
        if _UNREADABLE.search(value):
            raise _unreadable(value)
    elif isinstance(value, Null):
        return "" if value.in_flow else None
    return value


def may_be_odd(source: str) -> bool:
    """True when a text may hold scalars that are not written as JSON would: `0644`, `True`."""
    return _ODD.search(source) is not None


def is_moment(value: object) -> bool:
    """True for what an unquoted date becomes."""
    return isinstance(value, str) and _MOMENT.match(value) is not None


def rewritten(before: object, text: str) -> Any:
    """`text` where a scalar stood, as kustomize writes a name: quoted only where quotes were.

    Raises RefusedFeatureError when only the quotes could tell what it would be.
    """
    if not text or is_string(text, yaml11=False):
        return text
    if not isinstance(before, str):
        return read_plain(text)
    if not is_string(str(before), yaml11=False):
        return text
    raise RefusedFeatureError(f"the name {text!r}, which is no text", able="kustomize")


def read_plain(text: str) -> Any:
    """What `text` means when it is written without quotes."""
    return resolve(None, text, plain=True, yaml11=False)


def read_as(text: str, like: object) -> Any:
    """What `text` means with the type that `like` has. Raises RenderError when it cannot."""
    if isinstance(like, str):
        return text
    name = "bool" if isinstance(like, bool) else "int" if isinstance(like, int) else "float"
    try:
        return resolve(TAG_PREFIX + name, text, plain=True, yaml11=False)
    except ScalarError as error:
        raise RenderError(f"yaml: {error}") from error


def _copy(value: Any, nulls: list[None]) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item, nulls) for key, item in value.items()}
    if isinstance(value, list):
        return [_copy(item, nulls) for item in value]
    if value is None:
        nulls.append(None)
    return value


def _adopt(document: YamlDocument, source: str, value: Any, path: tuple[str | int, ...]) -> Any:
    if isinstance(value, dict):
        return {key: _adopt(document, source, item, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_adopt(document, source, item, (*path, i)) for i, item in enumerate(value)]
    if value is None:
        return _null(document, source, path)
    return value


def _null(document: YamlDocument, source: str, path: tuple[str | int, ...]) -> Null | None:
    raw = document.raw(*path)
    if raw == "":
        return _BLANK_IN_FLOW if _ends_in_flow(source, document.place(*path)) else BLANK
    return None if raw in {None, "null"} else Null(str(raw))


def _ends_in_flow(source: str, place: Place) -> bool:
    """True when what follows the empty value closes or continues a flow collection."""
    lines = source.splitlines()[place.line - 1 :]
    if lines:
        lines[0] = lines[0][place.column - 1 :]
    for line in lines:
        rest = line.strip()
        if rest and not rest.startswith("#"):
            return rest[0] in ",}]"
    return False


def _unreadable(text: str) -> RenderError:
    found = _UNREADABLE.search(text)
    code = ord(found[0]) if found else 0
    return RenderError(f"yaml: control characters are not allowed (U+{code:04X})")
