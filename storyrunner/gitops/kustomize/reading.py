"""Files into resources: several documents in a file, lists of resources, and what is no resource.

As kustomize's resource factory does it. It knows nothing of kustomizations.
"""

from __future__ import annotations

from typing import Any

from storyrunner.errors import Place, RenderError
from storyrunner.gitops.documents import YamlDocument, parse_documents
from storyrunner.gitops.kustomize.blocks import refuse_unreadable, rewrite_blocks
from storyrunner.gitops.kustomize.resource import Resource
from storyrunner.gitops.kustomize.trees import adopt, is_empty, is_null, may_be_odd, text_of


def read_resources(source: bytes | str, path: str) -> list[Resource]:
    """The resources in a file's content; errors and places call it `path`.

    Raises ManifestError for what is not YAML, RenderError for what is no resource.
    """
    text = source if isinstance(source, str) else source.decode("utf-8", "replace")
    waiting = _unwrapped(parse_documents(source, path), text.removeprefix("\ufeff"))
    for one in waiting:
        _require_metadata(one)
    result: list[Resource] = []
    is_odd = may_be_odd(text)
    while waiting:
        one = waiting.pop(0)
        one.is_odd = is_odd
        items = _items_of(one, text)
        if items is None:
            result.append(one)
        else:
            waiting.extend(items)
    return result


def _unwrapped(documents: tuple[YamlDocument, ...], text: str) -> list[Resource]:
    """The documents' values; a `List` that is the only document is replaced by its items."""
    if len(documents) == 1:
        value = documents[0].value
        if isinstance(value, dict) and value.get("kind") in {"List", "ResourceList"}:
            if "items" in value:
                return _children(documents[0], text, ())
            if "functionConfig" in value:
                return []
    found = []
    for document in documents:
        if not is_empty(document.value):
            found.append(_adopt(document, text, ()))
    return found


def _items_of(one: Resource, text: str) -> list[Resource] | None:
    if not one.kind.endswith("List") or "items" not in one.data:
        return None
    items = one.data["items"]
    if is_null(items):
        return []
    if not isinstance(items, list):
        raise RenderError(f"expected array in {one.kind}/items", place=_place_of(one, "items"))
    assert one.document is not None
    children = _children(one.document, text, one.base, decoded=True)
    for child in children:
        _require_metadata(child)
    return children


def _children(
    document: YamlDocument, text: str, base: tuple[str | int, ...], *, decoded: bool = False
) -> list[Resource]:
    """The items of a list; kustomize decodes those of kinds other than `List` into plain data."""
    value = document.value
    for name in base:
        value = value[name]
    items = value["items"]
    if not isinstance(items, list):
        return []
    return [
        _adopt(document, text, (*base, "items", index), decoded=decoded)
        for index, item in enumerate(items)
        if not is_empty(item)
    ]


def _adopt(
    document: YamlDocument, text: str, base: tuple[str | int, ...], *, decoded: bool = False
) -> Resource:
    data = adopt(document, text, *base)
    if decoded:
        refuse_unreadable(data)
    elif ">" in text or "\t" in text:
        rewrite_blocks(data, document, base)
    if not isinstance(data, dict):
        raise RenderError("missing Resource metadata", place=document.place(*base))
    meta = data.get("metadata")
    notes = meta.get("annotations") if isinstance(meta, dict) else None
    if isinstance(notes, dict):
        for key, value in notes.items():
            # Annotations end as strings: of what was written, not of what YAML makes of it.
            if not isinstance(value, dict | list) and not is_null(value):
                raw = document.raw(*base, "metadata", "annotations", key)
                notes[key] = text_of(value) if raw is None else raw
    return Resource(data, document, base)


def _require_metadata(one: Resource) -> None:
    data = one.data
    meta = data.get("metadata")
    if is_empty(data.get("kind")) and is_empty(data.get("apiVersion")) and not _has_meta(meta):
        raise RenderError("missing Resource metadata", place=_place_of(one))
    if not one.kind:
        raise RenderError(f"missing kind in object {_shown(one)}", place=_place_of(one))
    if not one.kind.endswith("List") and not one.name:
        place = _place_of(one, "metadata")
        raise RenderError(f"missing metadata.name in object {_shown(one)}", place=place)


def _has_meta(meta: Any) -> bool:
    if not isinstance(meta, dict):
        return False
    return any(
        not is_empty(meta.get(field)) for field in ("name", "namespace", "labels", "annotations")
    )


def _shown(one: Resource) -> str:
    return f"{{{{{one.api_version} {one.kind}}} {{{one.name} {one.namespace}}}}}"


def _place_of(one: Resource, *path: str | int) -> Place:
    if one.document is None:
        return Place("")
    return one.document.place(*one.base, *path)
