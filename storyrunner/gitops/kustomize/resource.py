"""A resource on its way through a build: its data, its identities past and present, its flags.

As in kustomize, what the build remembers about a resource stands in annotations of its own data
until `finish` removes them: patches can see them, and a patch that removes all annotations makes
the build forget. It knows nothing of files or of the fields of a kustomization.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from storyrunner.errors import Place, RenderError
from storyrunner.gitops.documents import YamlDocument
from storyrunner.gitops.kustomize.kinds import is_cluster_scoped
from storyrunner.gitops.kustomize.sharing import Group
from storyrunner.gitops.kustomize.styles import Styles
from storyrunner.gitops.kustomize.trees import (
    copy_tree,
    is_empty,
    release,
    require_plain_key,
    rewritten,
    text_of,
)

_INTERNAL: Final = "internal.config.kubernetes.io/"
PREVIOUS_KINDS: Final = _INTERNAL + "previousKinds"
PREVIOUS_NAMES: Final = _INTERNAL + "previousNames"
PREVIOUS_NAMESPACES: Final = _INTERNAL + "previousNamespaces"
PREFIXES: Final = _INTERNAL + "prefixes"
SUFFIXES: Final = _INTERNAL + "suffixes"
BEHAVIOR: Final = _INTERNAL + "generatorBehavior"
NEEDS_HASH: Final = _INTERNAL + "needsHashSuffix"
ALLOW_NAME_CHANGE: Final = _INTERNAL + "allowNameChange"
ALLOW_KIND_CHANGE: Final = _INTERNAL + "allowKindChange"
HELM_GENERATED: Final = _INTERNAL + "helm-generated"
ENABLED: Final = "enabled"

BUILD_ANNOTATIONS: Final = frozenset(
    {
        PREVIOUS_KINDS,
        PREVIOUS_NAMES,
        PREVIOUS_NAMESPACES,
        PREFIXES,
        SUFFIXES,
        BEHAVIOR,
        NEEDS_HASH,
        ALLOW_NAME_CHANGE,
        ALLOW_KIND_CHANGE,
        HELM_GENERATED,
        _INTERNAL + "refBy",
        _INTERNAL + "path",
        _INTERNAL + "index",
        _INTERNAL + "seqindent",
        _INTERNAL + "id",
        _INTERNAL + "annotations-migration-resource-id",
        "config.kubernetes.io/path",
        "config.kubernetes.io/index",
        "config.k8s.io/id",
    }
)
_LAST_REMOVED: Final = frozenset(
    {"config.kubernetes.io/origin", "alpha.config.kubernetes.io/transformations"}
)
_SURVIVE_JSON_PATCH: Final = frozenset(
    {"config.kubernetes.io/path", "config.kubernetes.io/index", "config.k8s.io/id"}
)

NOT_NAMESPACED: Final = "_non_namespaceable_"
DEFAULT_NAMESPACE: Final = "default"


class ResourceId(NamedTuple):
    """Who a resource is, or was: an empty namespace counts as `default`."""

    group: str
    version: str
    kind: str
    name: str
    namespace: str

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def is_cluster_scoped(self) -> bool:
        """True when its kind is certainly outside namespaces."""
        return is_cluster_scoped(self.api_version, self.kind)

    @property
    def effective_namespace(self) -> str:
        """The namespace that counts in comparisons."""
        if self.is_cluster_scoped:
            return NOT_NAMESPACED
        return self.namespace or DEFAULT_NAMESPACE

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What makes it unique in a build."""
        return (self.group, self.version, self.kind, self.name, self.effective_namespace)

    def __str__(self) -> str:
        kind = ".".join((self.kind or "[noKind]", self.version or "[noVer]"))
        place = f"{self.name or '[noName]'}.{self.namespace or '[noNs]'}"
        return f"{kind}.{self.group or '[noGrp]'}/{place}"


def split_api_version(api_version: str) -> tuple[str, str]:
    """Group and version; the core group is the empty string."""
    group, slash, version = api_version.partition("/")
    return (group, version) if slash else ("", api_version)


class Resource:
    """One resource. `document` and `base` (a path in it) say where its data were read; what was
    generated has the place of its `entry` in a kustomization instead. `groups` are fields that are
    one; `is_odd`: its file may hold numbers that are not written as JSON would (`0644`); `styles`
    knows what stands in quotes; `is_untyped`: a replacement created fields that have no type."""

    __slots__ = ("base", "data", "document", "entry", "groups", "is_odd", "is_untyped", "styles")

    def __init__(
        self,
        data: dict[str, Any] | None,
        document: YamlDocument | None = None,
        base: tuple[str | int, ...] = (),
        entry: Place | None = None,
        *,
        is_odd: bool = False,
    ) -> None:
        self.data: dict[str, Any] = {} if data is None else data
        self.groups: list[Group] = []
        self.is_odd = is_odd
        self.is_untyped = False
        self.document = document
        self.base = base
        self.entry = entry
        self.styles = Styles(document)

    @property
    def origin(self) -> Place | None:
        """Where it came from, for errors about it."""
        return self.document.place(*self.base) if self.document else self.entry

    @property
    def is_gone(self) -> bool:
        """True when a patch deleted it."""
        return not self.data

    @property
    def kind(self) -> str:
        """`Deployment`."""
        return text_of(self.data.get("kind", ""))

    @property
    def api_version(self) -> str:
        """`apps/v1`."""
        return text_of(self.data.get("apiVersion", ""))

    @property
    def name(self) -> str:
        """metadata.name as text."""
        return self._meta_text("name")

    @property
    def namespace(self) -> str:
        """metadata.namespace as text, "" when absent."""
        return self._meta_text("namespace")

    @property
    def current_id(self) -> ResourceId:
        """Who it is now."""
        group, version = split_api_version(self.api_version)
        return ResourceId(group, version, self.kind, self.name, self.namespace)

    @property
    def previous_ids(self) -> list[ResourceId]:
        """Who it was, oldest first; with today's group and version."""
        notes = self._meta_map("annotations")
        if PREVIOUS_NAMES not in notes:
            return []
        group, version = split_api_version(self.api_version)
        kinds = text_of(notes.get(PREVIOUS_KINDS, "")).split(",")
        names = text_of(notes[PREVIOUS_NAMES]).split(",")
        namespaces = text_of(notes.get(PREVIOUS_NAMESPACES, "")).split(",")
        if not len(kinds) == len(names) == len(namespaces):
            raise RenderError("a patch left a resource without a name or a kind")
        return [
            ResourceId(group, version, *one) for one in zip(kinds, names, namespaces, strict=True)
        ]

    @property
    def original_id(self) -> ResourceId:
        """Who it was first."""
        previous = self.previous_ids
        return previous[0] if previous else self.current_id

    @property
    def all_ids(self) -> list[ResourceId]:
        """Who it was and is, oldest first."""
        return [*self.previous_ids, self.current_id]

    @property
    def needs_hash(self) -> bool:
        """True for what a generator made, unless its suffix is switched off."""
        return self.is_enabled(NEEDS_HASH)

    def annotations(self) -> dict[str, str]:
        """All annotations, as text."""
        return {key: text_of(value) for key, value in self._meta_map("annotations").items()}

    def labels(self) -> dict[str, str]:
        """All labels, as text."""
        return {key: text_of(value) for key, value in self._meta_map("labels").items()}

    def set_annotations(self, notes: Mapping[str, str]) -> None:
        """Replace all annotations; none leaves no `annotations` field."""
        self._set_meta_map("annotations", notes)

    def set_labels(self, labels: Mapping[str, str]) -> None:
        """Replace all labels; none leaves no `labels` field."""
        self._set_meta_map("labels", labels)

    def annotate(self, key: str, value: str) -> None:
        """Set one annotation, leaving the others as they are."""
        meta = self._metadata()
        notes = meta.get("annotations")
        if not isinstance(notes, dict) or not notes:
            notes = meta["annotations"] = {}
        notes[key] = value

    def set_name(self, name: str) -> None:
        """Set metadata.name."""
        meta = self._metadata()
        meta["name"] = rewritten(meta.get("name"), name)

    def set_namespace(self, namespace: str) -> None:
        """Set metadata.namespace; "" removes the field."""
        if namespace:
            meta = self._metadata()
            meta["namespace"] = rewritten(meta.get("namespace"), namespace)
        elif isinstance(found := self.data.get("metadata"), dict):
            found.pop("namespace", None)

    def remember_id(self) -> None:
        """Note who it is now, before that changes."""
        now = self.current_id
        self._append(PREVIOUS_NAMES, now.name)
        self._append(PREVIOUS_NAMESPACES, now.effective_namespace)
        self._append(PREVIOUS_KINDS, now.kind)

    def note_prefix(self, prefix: str) -> None:
        """Remember a name prefix, for telling apart resources that had the same name."""
        self._append(PREFIXES, prefix)

    def note_suffix(self, suffix: str) -> None:
        """Remember a name suffix."""
        self._append(SUFFIXES, suffix)

    def affixes(self, which: str) -> list[str]:
        """The remembered PREFIXES or SUFFIXES, first added first."""
        notes = self._meta_map("annotations")
        return text_of(notes[which]).split(",") if which in notes else []

    def is_enabled(self, flag: str) -> bool:
        """True when the build annotation `flag` is set."""
        return bool(self._meta_map("annotations").get(flag) == ENABLED)

    def internal_annotations(self) -> dict[str, str]:
        """The build's own annotations, which a JSON patch cannot remove."""
        return {
            key: value
            for key, value in self.annotations().items()
            if key.startswith(_INTERNAL) or key in _SURVIVE_JSON_PATCH
        }

    def copy(self) -> Resource:
        """A private copy."""
        data = copy_tree(self.data)
        return Resource(data, self.document, self.base, self.entry, is_odd=self.is_odd)

    def finish(self, *, keep: str = "") -> None:
        """Remove what only the build needed, but `keep`; annotation values become strings, as
        everywhere."""
        notes = self.annotations()
        gone = (BUILD_ANNOTATIONS | _LAST_REMOVED) - {keep}
        for key in notes.keys() & gone:
            del notes[key]
        self.set_annotations(notes)
        release(self.data)

    def _append(self, key: str, value: str) -> None:
        if not value:
            return
        notes = self._meta_map("annotations")
        before = text_of(notes[key]).split(",") if key in notes else []
        self.annotate(key, ",".join([*before, value]))

    def _metadata(self) -> dict[str, Any]:
        meta = self.data.get("metadata")
        if not isinstance(meta, dict):
            meta = self.data["metadata"] = {}
        return meta

    def _meta_map(self, field: str) -> dict[str, Any]:
        meta = self.data.get("metadata")
        found = meta.get(field) if isinstance(meta, dict) else None
        return found if isinstance(found, dict) else {}

    def _meta_text(self, field: str) -> str:
        meta = self.data.get("metadata")
        value = meta.get(field) if isinstance(meta, dict) else None
        return "" if value is None or is_empty(value) else text_of(value)

    def _set_meta_map(self, field: str, values: Mapping[str, str]) -> None:
        meta = self._metadata()
        meta.pop(field, None)
        for key in values:
            require_plain_key(key)
        if values:
            meta[field] = dict(sorted(values.items()))


class ResourceList:
    """The resources of a build in order of arrival, with unique ids."""

    def __init__(self, items: Iterable[Resource] = ()) -> None:
        self.items: list[Resource] = []
        self._keys: set[tuple[str, str, str, str, str]] | None = None
        for item in items:
            self.append(item)

    def append(self, resource: Resource) -> None:
        """Add one. Raises KeyError with the id when one with its id is there already."""
        if self._keys is None:
            self._keys = {item.current_id.key for item in self.items}
        identity = resource.current_id
        if identity.key in self._keys:
            raise KeyError(identity)
        self._keys.add(identity.key)
        self.items.append(resource)

    def replace_items(self, items: list[Resource]) -> None:
        """Take other items, unchecked."""
        self.items = items
        self._keys = None

    def changed(self) -> None:
        """To be called when names, namespaces or kinds of the items may have changed."""
        self._keys = None

    def drop_gone(self) -> None:
        """Drop what a patch deleted."""
        self.replace_items([item for item in self.items if not item.is_gone])

    def with_any_id(self, identity: ResourceId) -> list[Resource]:
        """All that are, or once were, `identity`."""
        wanted = identity.key
        return [
            item
            for item in self.items
            if not item.is_gone and any(one.key == wanted for one in item.all_ids)
        ]
