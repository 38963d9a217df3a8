"""`configMapGenerator` and `secretGenerator`: resources made from literals, files and env files.

semantics.md §5.3. The hash suffix is added at the very end of a build, elsewhere.
"""

from __future__ import annotations

import base64
import posixpath
from collections.abc import Mapping
from typing import Any, Final

from storyrunner.errors import DisputedFeatureError, Place, RefusedFeatureError, RenderError
from storyrunner.gitops.kustomize.blocks import refuse_unreadable
from storyrunner.gitops.kustomize.filetree import FileTree
from storyrunner.gitops.kustomize.kustomization import Kustomization
from storyrunner.gitops.kustomize.resource import (
    BEHAVIOR,
    BUILD_ANNOTATIONS,
    ENABLED,
    NEEDS_HASH,
    Resource,
    ResourceList,
)
from storyrunner.gitops.kustomize.trees import is_moment, require_plain_key, text_of

_LINE: Final = 70
_BEHAVIORS: Final = frozenset({"create", "merge", "replace"})


def generate(tree: FileTree, one: Kustomization, field: str, index: int) -> Resource:
    """The resource that entry `index` of `field` asks for. Raises RenderError."""
    entry = one.entries(field)[index]
    place = one.place(field, index)
    if not entry.get("name"):
        raise RenderError("a configmap must have a name", place=place)
    kind = "ConfigMap" if field == "configMapGenerator" else "Secret"
    meta: dict[str, Any] = {"name": entry["name"]}
    if entry.get("namespace"):
        meta["namespace"] = entry["namespace"]
    data: dict[str, Any] = {"apiVersion": "v1", "kind": kind, "metadata": meta}
    pairs = _Pairs(tree, one, field, index).load(entry)
    if kind == "ConfigMap":
        _fill_config_map(data, pairs)
    else:
        data["type"] = entry.get("type") or "Opaque"
        data["data"] = {key: encode_base64(value) for key, value in sorted(pairs.items())}
    resource = Resource(data, entry=place)
    _add_options(resource, entry, one.fields.get("generatorOptions", {}))
    return resource


def absorb(resources: ResourceList, new: Resource) -> None:
    """Add a generated resource, or merge it into or put it in place of the one it names."""
    identity = new.current_id
    behavior = new.annotations().get(BEHAVIOR, "")
    found = resources.with_any_id(identity)
    if len(found) > 1:
        raise RenderError(f"found multiple objects that could accept merge of {identity}")
    if not found:
        if behavior in {"merge", "replace"}:
            problem = f"id {identity} does not exist; cannot merge or replace"
            raise RenderError(problem)
        try:
            resources.append(new)
        except KeyError as error:
            problem = f"may not add resource with an already registered id: {identity}"
            raise RenderError(problem) from error
        return
    if behavior not in {"merge", "replace"}:
        raise RenderError(
            f"id {identity} exists; can not use behavior: '{behavior or 'unspecified'}', "
            "behavior must be merge or replace"
        )
    old = found[0]
    _take_metadata(new, old)
    if behavior == "merge":
        if new.kind == "Secret" and old.data.get("stringData"):
            # kustomize 5.8.2 merges it into data, 5.8.1 (and Flux 2.9 with it) drops it.
            raise DisputedFeatureError(
                "merging a generated Secret into one with stringData", able="flux"
            )
        _take_data(new, old, "data")
        _take_data(new, old, "binaryData")
    items = [new if item is old else item for item in resources.items]
    resources.replace_items(items)


def encode_base64(value: bytes) -> str:
    """Base64 in lines of 70 characters, as kustomize writes it; one short line has no newline."""
    text = base64.b64encode(value).decode()
    if len(text) < _LINE:
        return text
    return "".join(text[at : at + _LINE] + "\n" for at in range(0, len(text), _LINE))


class _Pairs:
    """Reads the key-value pairs of one generator: env files, then literals, then files."""

    def __init__(self, tree: FileTree, one: Kustomization, field: str, index: int) -> None:
        self._tree = tree
        self._one = one
        self._path = (field, index)

    def load(self, entry: Mapping[str, Any]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        name = entry["name"]

        def add(key: str, value: bytes, place: Place) -> None:
            if key in found:
                problem = f"configmap {name} illegally repeats the key `{key}`"
                raise RenderError(problem, place=place)
            require_plain_key(key)
            found[key] = value

        envs = list(entry.get("envs", ()))
        places = [self._place("envs", i) for i in range(len(envs))]
        if entry.get("env"):
            envs.append(entry["env"])
            places.append(self._place("env"))
        for path, place in zip(envs, places, strict=True):
            for key, value in self._read_env(path, place):
                add(key, value, place)
        for i, literal in enumerate(entry.get("literals", ())):
            place = self._place("literals", i)
            add(*_read_literal(literal, place), place)
        for i, source in enumerate(entry.get("files", ())):
            place = self._place("files", i)
            key, path = _read_source(source, place)
            add(key, self._tree.load(self._one.directory, path, place), place)
        return found

    def _place(self, *more: str | int) -> Place:
        return self._one.place(*self._path, *more)

    def _read_env(self, path: str, place: Place) -> list[tuple[str, bytes]]:
        content = self._tree.load(self._one.directory, path, place)
        pairs: list[tuple[str, bytes]] = []
        lines = content.split(b"\n")
        for number, raw in enumerate(lines[:-1] if lines[-1] == b"" else lines):
            line = raw.removesuffix(b"\r")
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError as error:
                shown = Place(
                    self._tree.shown(self._tree.locate(self._one.directory, path, place)),
                    number + 1,
                )
                raise RenderError("the line has invalid utf8 bytes", place=shown) from error
            if number == 0:
                text = text.removeprefix("\ufeff")
            text = text.lstrip()
            if text and not text.startswith("#"):
                key, _, value = text.partition("=")
                if key:
                    pairs.append((key, value.encode()))
        return pairs


def _read_literal(literal: str, place: Place) -> tuple[str, bytes]:
    key, sign, value = literal.partition("=")
    if not key or not sign:
        raise RenderError(f"invalid literal source {literal}, expected key=value", place=place)
    if len(value) >= 2 and value[0] == value[-1] and value[0] in {'"', "'"}:
        value = value[1:-1]
    return key, value.encode()


def _read_source(source: str, place: Place) -> tuple[str, str]:
    count = source.count("=")
    if count == 0:
        return posixpath.basename(source.rstrip("/")), source
    if count > 1:
        problem = f"source \"{source}\" key name or file path contains '='"
        raise RenderError(problem, place=place)
    key, path = source.split("=")
    if not key:
        raise RenderError(
            f'missing key name for file path "{path}" in source "{source}"', place=place
        )
    if not path:
        raise RenderError(
            f'missing file path for key name "{key}" in source "{source}"', place=place
        )
    return key, path


def _fill_config_map(data: dict[str, Any], pairs: Mapping[str, bytes]) -> None:
    for key, value in sorted(pairs.items()):
        try:
            data.setdefault("data", {})[key] = value.decode("utf-8")
            refuse_unreadable(data["data"][key])
        except UnicodeDecodeError:
            data.setdefault("binaryData", {})[key] = encode_base64(value)


def _add_options(resource: Resource, entry: Mapping[str, Any], common: Mapping[str, Any]) -> None:
    own = entry.get("options", {})
    labels = {**common.get("labels", {}), **own.get("labels", {})}
    notes = {**common.get("annotations", {}), **own.get("annotations", {})}
    if labels:
        resource.set_labels(labels)
    if notes:
        resource.set_annotations(notes)
    if common.get("immutable") or own.get("immutable"):
        resource.data["immutable"] = True
    if not (common.get("disableNameSuffixHash") or own.get("disableNameSuffixHash")):
        resource.annotate(NEEDS_HASH, ENABLED)
    behavior = entry.get("behavior", "")
    resource.annotate(BEHAVIOR, behavior if behavior in _BEHAVIORS else "unspecified")


def _take_metadata(new: Resource, old: Resource) -> None:
    """Everything but the data: labels and annotations of both, the build's own notes of the old
    one, its name and namespace. The hash suffix stays only when both want it."""
    new.set_labels({**old.labels(), **new.labels()})
    before, mine = old.annotations(), new.annotations()
    merged = {key: value for key, value in (before | mine).items() if key not in BUILD_ANNOTATIONS}
    merged |= {key: value for key, value in before.items() if key in BUILD_ANNOTATIONS}
    if NEEDS_HASH not in mine:
        merged.pop(NEEDS_HASH, None)
    new.set_annotations(merged)
    new.set_name(old.name)
    new.set_namespace(old.namespace)


def _take_data(new: Resource, old: Resource, field: str) -> None:
    mine, before = new.data.get(field), old.data.get(field)
    texts = before.values() if isinstance(before, dict) else ()
    is_odd = old.is_odd and any(is_moment(value) for value in texts)
    if is_odd or not all(isinstance(value, str) for value in texts):
        # The cluster takes no such data either; what they become depends on how often they merge.
        raise RefusedFeatureError(f"merging into {field} that are no texts", able="kustomize")
    merged = {
        key: text_of(value)
        for some in (before, mine)
        if isinstance(some, dict)
        for key, value in some.items()
    }
    new.data.pop(field, None)
    if merged:
        new.data[field] = dict(sorted(merged.items()))
