"""Numbers and booleans where the root kustomization wants text: Flux's reader makes text of them.

Only in this one file, and only in fields that its Go types hold directly: the generators' and the
targets' are refused by it as by kustomize. `newTag: 1.10` becomes "1.1" (semantics.md §2.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from storyrunner.gitops.documents import YamlDocument
from storyrunner.gitops.goyaml import show_float

_FieldPath = tuple[str | int, ...]
_IMAGE: Final = ("name", "newName", "newTag", "digest", "tagSuffix")
_FIELDS: Final[tuple[tuple[str, ...], ...]] = (
    ("namespace",),
    ("namePrefix",),
    ("nameSuffix",),
    ("resources", "[]"),
    ("components", "[]"),
    ("buildMetadata", "[]"),
    ("patchesStrategicMerge", "[]"),
    ("commonLabels", "*"),
    ("commonAnnotations", "*"),
    ("metadata", "labels", "*"),
    ("metadata", "annotations", "*"),
    ("generatorOptions", "labels", "*"),
    ("generatorOptions", "annotations", "*"),
    ("labels", "[]", "pairs", "*"),
    *(("images", "[]", name) for name in _IMAGE),
    *(
        (field, "[]", name)
        for field in ("patches", "patchesJson6902")
        for name in ("path", "patch")
    ),
    ("secretGenerator", "[]", "type"),
)
"""`[]`: every entry of a list; `*`: every value of a map."""
_FRACTION: Final = re.compile(r"(?!.*[xX]).*[.eE]")


def read_as_texts(data: dict[str, Any], document: YamlDocument) -> None:
    """Put text in place of numbers and booleans in the text fields of a root. Changes `data`."""
    for field in _FIELDS:
        _change(data, field, (), lambda value, at: _as_text(value, document.raw(*at)))


def _change(
    holder: Any, field: tuple[str, ...], at: _FieldPath, read: Callable[[Any, _FieldPath], Any]
) -> None:
    name, rest = field[0], field[1:]
    if name == "[]":
        keys: list[Any] = list(range(len(holder))) if isinstance(holder, list) else []
    elif not isinstance(holder, dict):
        return
    else:
        keys = list(holder) if name == "*" else [name] * (name in holder)
    for key in keys:
        if rest:
            _change(holder[key], rest, (*at, key), read)
        else:
            holder[key] = read(holder[key], (*at, key))


def _as_text(value: Any, raw: str | None) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return show_float(value)
    if isinstance(value, int):
        # A whole number that was written as a fraction is one to Go still.
        is_fraction = raw is not None and _FRACTION.match(raw)
        return show_float(float(value)) if is_fraction or value >= 2**64 else str(value)
    return value
