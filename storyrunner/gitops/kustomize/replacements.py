"""`replacements`: a value of one resource, or a given one, copied into fields of others.

semantics.md §5.3. Where kustomize's versions disagree, or would write what cannot be read back,
the feature is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from storyrunner.errors import (
    ManifestError,
    Place,
    RefusedFeatureError,
    RenderError,
    SubstitutionError,
)
from storyrunner.gitops.goyaml import load_yaml11
from storyrunner.gitops.kustomize.fieldpaths import (
    FieldPathError,
    New,
    Slot,
    find_slots,
    look_up,
    split_field_path,
)
from storyrunner.gitops.kustomize.filetree import FileTree
from storyrunner.gitops.kustomize.kustomization import ABLE, Kustomization
from storyrunner.gitops.kustomize.resource import Resource, ResourceId, ResourceList
from storyrunner.gitops.kustomize.schema import REPLACEMENT, Decoder, ListOf
from storyrunner.gitops.kustomize.selectors import has_only_id, matches_metadata, selects_id
from storyrunner.gitops.kustomize.sharing import carry_over
from storyrunner.gitops.kustomize.trees import (
    copy_tree,
    is_empty,
    is_moment,
    is_null,
    read_as,
    read_plain,
    rewritten,
    text_of,
)
from storyrunner.gitops.objects import value_at
from storyrunner.model.frozen import dataclass

_NAME: Final = "metadata.name"
_RETYPED: Final = ("name", "namespace", "Name", "image", "kind", "apiVersion")
_ONLY_SCALARS: Final = "delimiter option can only be used with scalar nodes"


@dataclass(frozen=True, slots=True)
class Replacement:
    """One replacement, the place of its entry, and that entry's index in the kustomization."""

    entry: Mapping[str, Any]
    place: Place
    index: int = 0

    def apply(self, resources: ResourceList) -> None:
        """Copy the value. Raises RenderError when a source or a field is not there."""
        entry = self.entry
        if ("source" not in entry and "sourceValue" not in entry) or not entry.get("targets"):
            raise RenderError("replacements must specify a source and at least one target")
        if "source" in entry and "sourceValue" in entry:
            raise RenderError("value and resource selectors are mutually exclusive")
        try:
            read = _reader(resources, entry)
            for target in entry["targets"]:
                _write(resources, read, target)
        except FieldPathError as error:
            raise RenderError(str(error)) from error
        resources.changed()


def load_replacements(tree: FileTree, one: Kustomization) -> list[Replacement]:
    """All entries of `replacements`, those in files included."""
    found: list[Replacement] = []
    for index, entry in enumerate(one.entries("replacements")):
        place = one.place("replacements", index)
        path = entry.get("path")
        if not path:
            found.append(Replacement(entry, place, index))
        elif entry.get("source") or entry.get("targets"):
            raise RenderError("cannot specify both path and inline replacement", place=place)
        else:
            found.extend(
                Replacement(each, place, index) for each in _read_file(tree, one, path, place)
            )
    return found


def _read_file(
    tree: FileTree, one: Kustomization, path: str, place: Place
) -> list[Mapping[str, Any]]:
    shown = tree.shown(tree.locate(one.directory, path, place))
    try:
        data = load_yaml11(tree.load(one.directory, path, place).decode("utf-8"), exact=True)
    except (SubstitutionError, UnicodeDecodeError) as error:
        raise ManifestError(str(error), place=Place(shown)) from error
    decoder = Decoder(lambda *_: Place(shown), strict=False)
    if isinstance(data, list):
        found: list[Mapping[str, Any]] = decoder.decode(data, ListOf(REPLACEMENT))
        return found
    if isinstance(data, Mapping):
        return [decoder.decode(data, REPLACEMENT)]
    problem = "unsupported replacement type encountered within replacement path"
    raise RenderError(problem, place=place)


def _reader(resources: ResourceList, entry: Mapping[str, Any]) -> Callable[[], Any]:
    """What gives the value, again for every target: a source that is a target too has changed."""
    if "sourceValue" in entry:
        given = entry["sourceValue"]
        return lambda: given
    source = entry["source"]
    chosen = _source_of(resources, source)
    value = _read(chosen, source)
    if source.get("options", {}).get("delimiter"):
        return lambda: value
    return lambda: _read(chosen, source)


def _read(chosen: Resource, source: Mapping[str, Any]) -> Any:
    path = source.get("fieldPath") or _NAME
    value = look_up(chosen.data, path)
    if is_empty(value):
        shown = _shown(source)
        raise RenderError(f"fieldPath `{path}` is missing for replacement source {shown}")
    _require_plain(chosen, path, value)
    options = source.get("options", {})
    delimiter = options.get("delimiter", "")
    if not delimiter:
        return value
    pieces = _scalar_text(value).split(delimiter)
    index = options.get("index", 0)
    if not 0 <= index < len(pieces):
        raise RenderError(f"options.index {index} is out of bounds for value {text_of(value)}")
    return read_as(pieces[index], value)


def _source_of(resources: ResourceList, source: Mapping[str, Any]) -> Resource:
    found = [
        item
        for item in resources.items
        if any(_is_selected(one, source) for one in [item.current_id, *item.previous_ids])
    ]
    if len(found) != 1:
        problem = "multiple matches for selector" if found else "nothing selected by"
        raise RenderError(f"{problem} {_shown(source)}")
    return found[0]


def _is_selected(identity: ResourceId, source: Mapping[str, Any]) -> bool:
    wanted = ResourceId(*(source.get(field, "") for field in ResourceId._fields))
    return (
        wanted.name in {"", identity.name}
        and (not wanted.namespace or wanted.effective_namespace == identity.effective_namespace)
        and wanted.group in {"", identity.group}
        and wanted.version in {"", identity.version}
        and wanted.kind in {"", identity.kind}
    )


def _require_plain(item: Resource, path: str, value: Any) -> None:
    """Refuse a scalar that may be written otherwise than JSON would: kustomize copies its text,
    that of a block before it is written (`blocks`)."""
    if isinstance(value, str) and "\n" in value and not item.styles.is_marshalled:
        assert item.document is not None
        if item.document.raw(*item.base, *split_field_path(path)) != value:
            raise RefusedFeatureError("a replacement with text in lines", able=ABLE)
    if not item.is_odd or isinstance(value, dict | list):
        return
    if isinstance(value, str) and not is_moment(value):
        return
    raw = None
    if item.document is not None:
        at = (*item.base, *split_field_path(path))
        raw = item.document.raw(*at) if value_at(item.document.value, *at) == value else None
    if raw != text_of(value):
        raise RefusedFeatureError(f"a replacement with {raw or text_of(value)}", able=ABLE)


def _write(resources: ResourceList, read: Callable[[], Any], target: Mapping[str, Any]) -> None:
    selector = target.get("select")
    if selector is None:
        raise RenderError("target must specify resources to select")
    for item in resources.items:
        ids = [item.current_id, *item.previous_ids]
        if not matches_metadata(selector, item) or _is_rejected(item, ids, target):
            continue
        if any(selects_id(selector, one) for one in ids):
            for path in target.get("fieldPaths") or [_NAME]:
                _write_field(item, path, read(), target.get("options", {}))
                carry_over(item.groups)


def _is_rejected(item: Resource, ids: list[ResourceId], target: Mapping[str, Any]) -> bool:
    for reject in target.get("reject", ()):
        has_metadata = reject.get("annotationSelector") or reject.get("labelSelector")
        if has_metadata and matches_metadata(reject, item):
            return True
        if has_only_id(reject) and any(selects_id(reject, one) for one in ids):
            return True
    return False


def _write_field(item: Resource, path: str, value: Any, options: Mapping[str, Any]) -> None:
    creates = bool(options.get("create"))
    new = New.NOTHING if not creates else _new_for(value)
    try:
        slots = find_slots(item.data, path, new)
    except FieldPathError as error:
        raise FieldPathError(f"{_not_found(path, creates)}: {error}") from error
    if not slots:
        raise RenderError(_not_found(path, creates))
    for slot in slots:
        _require_text(item, path, slot, value)
        item.is_untyped |= slot.created
        _set_slot(slot, value, options)


def _require_text(item: Resource, path: str, slot: Slot, value: Any) -> None:
    """Refuse what a name may be read back as: kustomize forgets the type of one it has changed."""
    if (
        (item.is_untyped or path.endswith(_RETYPED))
        and not slot.created
        and isinstance(slot.value, str)
        and not isinstance(value, dict | list)
    ):
        rewritten(slot.value, text_of(value))


def _set_slot(slot: Slot, value: Any, options: Mapping[str, Any]) -> None:
    before = slot.value
    if is_null(before) and not slot.created:
        raise RefusedFeatureError("a replacement of a null", able=ABLE)
    if isinstance(before, dict | list):
        if options.get("delimiter"):
            raise RenderError(_ONLY_SCALARS)
        slot.value = copy_tree(value)
        return
    if isinstance(value, dict | list):
        raise RefusedFeatureError("a replacement of a scalar by a map or a list", able=ABLE)
    text = _scalar_text(value)
    if delimiter := options.get("delimiter", ""):
        text = _spliced(text_of(before), text, delimiter, options.get("index", 0))
    if slot.created and not text:
        raise RefusedFeatureError("a replacement that creates an empty field", able=ABLE)
    slot.value = read_plain(text) if slot.created else read_as(text, before)


def _spliced(before: str, text: str, delimiter: str, index: int) -> str:
    pieces = before.split(delimiter)
    if index < 0:
        pieces.insert(0, text)
    elif index >= len(pieces):
        pieces.append(text)
    else:
        pieces[index] = text
    return delimiter.join(pieces)


def _scalar_text(value: Any) -> str:
    if isinstance(value, dict | list):
        raise RenderError(_ONLY_SCALARS)
    if isinstance(value, float):
        raise RefusedFeatureError("a replacement from a fractional number", able=ABLE)
    return text_of(value)


def _new_for(value: Any) -> New:
    return (
        New.MAP if isinstance(value, dict) else New.LIST if isinstance(value, list) else New.SCALAR
    )


def _not_found(path: str, creates: bool) -> str:
    verb = "find or create" if creates else "find"
    return f'unable to {verb} field "{path}" in replacement target'


def _shown(source: Mapping[str, Any]) -> str:
    return str(ResourceId(*(source.get(field, "") for field in ResourceId._fields)))
