"""What a file must say because a text of the runbook says it, and the edits that make it say so.

A miss is a finding at its own place. Only what keeps every other byte of the file is edited: texts
of maps and of lists. Numbers, truth values and whole objects are left to a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from storyrunner.errors import ManifestError, Place
from storyrunner.gitops.documents import FieldPath, YamlDocument, parse_documents
from storyrunner.gitops.edits import add_list_entry, append_document, set_map_key
from storyrunner.gitops.holds import ABSENT, Miss, counterpart, is_object, misses, shown
from storyrunner.model.finding import Finding, error
from storyrunner.model.frozen import dataclass
from storyrunner.model.step import Merge

_LONGEST = 80
_MOST = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """The documents of a text; iterating gives their top keys."""

    documents: tuple[YamlDocument, ...]

    def __iter__(self) -> Iterator[str]:
        for document in self.documents:
            if isinstance(document.value, Mapping):
                yield from (str(key) for key in document.value)


def parse_merge(merge: Merge, step: str) -> Wanted:
    """The YAML of a merge. Raises ManifestError for what is none, named by its step."""
    return Wanted(parse_documents(merge.text, step))


def unsaid(
    wanted: Sequence[YamlDocument],
    documents: Sequence[YamlDocument],
    path: str,
    field: FieldPath = (),
    hint: str = "",
) -> Iterator[Finding]:
    """What a text says and a file does not, each at its place in the file."""
    for one in wanted:
        there = counterpart(one, documents, field)
        if there is None:
            yield error("not-said", f"{path} has no {_name(one, field)}", Place(path), hint=hint)
            continue
        for miss in misses(one.value, _at(there.value, field), field):
            place = there.place(*miss.field)
            yield error(
                "not-said",
                _text(miss),
                place,
                hint=hint,
                expected=_short(miss.wanted),
                got="nothing" if miss.got is ABSENT else _short(miss.got),
            )


def merged(merge: Merge, step: str, text: str, path: str) -> str:
    """The file's text with what a person need not decide: missing and differing texts."""
    for _ in range(_MOST):
        after = _one_edit(merge, step, text, path)
        if after is None:
            break
        text = after
    return text


def _one_edit(merge: Merge, step: str, text: str, path: str) -> str | None:
    documents = parse_documents(text, path)
    wanted = parse_merge(merge, step).documents
    for one in wanted:
        there = counterpart(one, documents, merge.field)
        if there is None:
            if len(wanted) == 1 and not merge.field and is_object(one):
                return append_document(text, merge.text, path).text
            continue
        for miss in misses(one.value, _at(there.value, merge.field), merge.field):
            after = _mended(miss, text, path, there.index)
            if after is not None and after != text:
                return after
    return None


def _mended(miss: Miss, text: str, path: str, document: int) -> str | None:
    """The text with one miss mended; None when it takes a person."""
    try:
        if miss.is_item:
            if not isinstance(miss.wanted, str):
                return None
            return add_list_entry(text, path, miss.field, miss.wanted, document=document).text
        if isinstance(miss.wanted, str) and (miss.got is ABSENT or isinstance(miss.got, str)):
            *above, key = miss.field
            return set_map_key(
                text, path, tuple(above), str(key), miss.wanted, replace=True, document=document
            ).text
    except ManifestError:
        return None  # the finding stays, and says where a person has to do it
    return None


def _at(value: Any, field: FieldPath) -> Any:
    for name in field:
        if not isinstance(value, Mapping) or name not in value:
            return ABSENT
        value = value[name]
    return value


def _name(one: YamlDocument, field: FieldPath) -> str:
    value = one.value
    metadata = value.get("metadata") if isinstance(value, Mapping) else None
    if isinstance(metadata, Mapping) and value.get("kind"):
        return f"{value['kind']}/{metadata.get('name')}"
    return f"document with {shown(field) if field else ', '.join(map(str, value or ()))}"


def _text(miss: Miss) -> str:
    if miss.is_item:
        return f"{shown(miss.field)} lacks {_short(miss.wanted)}"
    if miss.got is ABSENT:
        return f"{shown(miss.field)} is not set; it should be {_short(miss.wanted)}"
    return f"{shown(miss.field)} is {_short(miss.got)}; it should be {_short(miss.wanted)}"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    if isinstance(value, Mapping) and isinstance(value.get("name"), str):
        text = f"the item {value['name']}"
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= _LONGEST else f"{one_line[: _LONGEST - 1]}…"
