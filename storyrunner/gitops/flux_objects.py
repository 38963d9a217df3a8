"""Flux Kustomizations as a typed view: what a layer of the build is made of.

The values come from an object (a file's, or one that a parent's build rendered), the places from
the document that holds it. It renders nothing and resolves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storyrunner.errors import ManifestError, Place
from storyrunner.gitops.documents import YamlDocument
from storyrunner.gitops.objects import KubeObject, text_at, value_at
from storyrunner.gitops.substitution import Strategy
from storyrunner.model.frozen import dataclass

FLUX_GROUP = "kustomize.toolkit.fluxcd.io"
FLUX_NAMESPACE = "flux-system"
YAML_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Reference:
    """Another object by name; `namespace` is filled in with the referring object's own."""

    kind: str
    name: str
    namespace: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class SubstituteFrom:
    """One entry of `spec.postBuild.substituteFrom`; `index` is its place in the list."""

    kind: str
    name: str
    optional: bool
    index: int

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class FluxKustomization:
    """A Flux Kustomization. Lists and maps that are absent are empty; `raw` values are plain data.

    `document` is the source document that holds it, None when no file was found to hold it;
    `origin` is then the best place known.
    """

    object: KubeObject
    origin: Place
    document: YamlDocument | None = None

    @property
    def name(self) -> str:
        """metadata.name."""
        return self.object.name

    @property
    def namespace(self) -> str:
        """metadata.namespace, "" when the object has none."""
        return self.object.namespace

    @property
    def key(self) -> str:
        """`ns/name`, as owners are written."""
        return f"{self.namespace}/{self.name}"

    @property
    def spec(self) -> Mapping[str, Any]:
        """The whole spec."""
        found = self.object.value("spec")
        return found if isinstance(found, Mapping) else {}

    @property
    def path(self) -> str:
        """spec.path as posix path relative to the source's root, `.` for the root itself."""
        parts = [part for part in text_at(self.spec, "path").split("/") if part not in ("", ".")]
        return "/".join(parts) or "."

    @property
    def source_ref(self) -> Reference:
        """spec.sourceRef with the namespace filled in."""
        return self._reference(self.object.value("spec", "sourceRef") or {}, "GitRepository")

    @property
    def depends_on(self) -> tuple[Reference, ...]:
        """spec.dependsOn with namespaces filled in."""
        found = self._mappings("dependsOn")
        return tuple(self._reference(entry, "Kustomization") for entry in found)

    @property
    def has_post_build(self) -> bool:
        """False when nothing is substituted at all (semantics.md §1.5)."""
        return isinstance(self.spec.get("postBuild"), Mapping)

    @property
    def substitute(self) -> Mapping[str, str]:
        """spec.postBuild.substitute, as written."""
        found = self.object.value("spec", "postBuild", "substitute")
        return found if isinstance(found, Mapping) else {}

    @property
    def substitute_from(self) -> tuple[SubstituteFrom, ...]:
        """spec.postBuild.substituteFrom in list order."""
        found = self.object.value("spec", "postBuild", "substituteFrom") or []
        return tuple(
            SubstituteFrom(
                text_at(entry, "kind"),
                text_at(entry, "name"),
                entry.get("optional") is True,
                index,
            )
            for index, entry in enumerate(found)
        )

    @property
    def strategy(self) -> Strategy:
        """spec.postBuild.substituteStrategy, `WithVariables` when absent."""
        found = text_at(self.spec, "postBuild", "substituteStrategy")
        return "Always" if found == "Always" else "WithVariables"

    @property
    def target_namespace(self) -> str:
        """spec.targetNamespace, "" when absent."""
        return text_at(self.spec, "targetNamespace")

    @property
    def name_prefix(self) -> str:
        """spec.namePrefix, "" when absent."""
        return text_at(self.spec, "namePrefix")

    @property
    def name_suffix(self) -> str:
        """spec.nameSuffix, "" when absent."""
        return text_at(self.spec, "nameSuffix")

    @property
    def patches(self) -> tuple[Mapping[str, Any], ...]:
        """spec.patches."""
        return self._mappings("patches")

    @property
    def images(self) -> tuple[Mapping[str, Any], ...]:
        """spec.images."""
        return self._mappings("images")

    @property
    def components(self) -> tuple[str, ...]:
        """spec.components."""
        return tuple(self.spec.get("components") or ())

    @property
    def ignore_missing_components(self) -> bool:
        """spec.ignoreMissingComponents."""
        return self.spec.get("ignoreMissingComponents") is True

    @property
    def build_metadata(self) -> tuple[str, ...]:
        """spec.buildMetadata."""
        return tuple(self.spec.get("buildMetadata") or ())

    @property
    def common_labels(self) -> Mapping[str, str]:
        """spec.commonMetadata.labels."""
        return _texts(value_at(self.spec, "commonMetadata", "labels"))

    @property
    def common_annotations(self) -> Mapping[str, str]:
        """spec.commonMetadata.annotations."""
        return _texts(value_at(self.spec, "commonMetadata", "annotations"))

    @property
    def health_checks(self) -> tuple[Mapping[str, Any], ...]:
        """spec.healthChecks."""
        return self._mappings("healthChecks")

    def place(self, *field: str | int) -> Place:
        """Where a field stands, or its nearest parent that exists."""
        return self.document.place(*field) if self.document else self.origin

    def _mappings(self, field: str) -> tuple[Mapping[str, Any], ...]:
        return tuple(self.spec.get(field) or ())

    def _reference(self, entry: Mapping[str, Any], kind: str) -> Reference:
        return Reference(
            text_at(entry, "kind") or kind,
            text_at(entry, "name"),
            text_at(entry, "namespace") or self.namespace,
        )


def is_flux_kustomization(data: object) -> bool:
    """True for any served version of Flux's Kustomization, as Flux itself tells them apart."""
    return text_at(data, "kind") == "Kustomization" and text_at(data, "apiVersion").startswith(
        f"{FLUX_GROUP}/"
    )


def read_kustomization(
    data: Mapping[str, Any], document: YamlDocument | None, origin: Place
) -> FluxKustomization:
    """A typed view of `data`. Raises ManifestError at the field whose type Flux would refuse."""
    found = FluxKustomization(KubeObject(data), origin, document)
    if not found.name:
        raise ManifestError(
            "a Flux Kustomization needs metadata.name", place=found.place("metadata")
        )
    _require(found, Mapping, "spec", absent_ok=False)
    for field in ("path", "targetNamespace", "namePrefix", "nameSuffix"):
        _require(found, str, "spec", field)
    for field in ("patches", "images", "dependsOn", "healthChecks"):
        _require_list(found, Mapping, "spec", field)
    for field in ("components", "buildMetadata"):
        _require_list(found, str, "spec", field)
    _require(found, Mapping, "spec", "sourceRef")
    for field in ("labels", "annotations"):
        _require_strings(found, "spec", "commonMetadata", field)
    _require(found, Mapping, "spec", "postBuild")
    _require_strings(found, "spec", "postBuild", "substitute")
    strategy = found.object.value("spec", "postBuild", "substituteStrategy")
    if strategy not in (None, "WithVariables", "Always"):
        raise ManifestError(
            f"substituteStrategy is WithVariables or Always, not {strategy!r}",
            place=found.place("spec", "postBuild", "substituteStrategy"),
        )
    _require_list(found, Mapping, "spec", "postBuild", "substituteFrom")
    for entry in found.substitute_from:
        at = ("spec", "postBuild", "substituteFrom", entry.index)
        if entry.kind not in ("ConfigMap", "Secret"):
            raise ManifestError(
                f"substituteFrom takes a ConfigMap or a Secret, not {entry.kind or 'nothing'!r}",
                place=found.place(*at, "kind"),
            )
        if not entry.name:
            raise ManifestError("substituteFrom needs a name", place=found.place(*at))
    return found


def _texts(found: Mapping[str, str | None] | None) -> Mapping[str, str]:
    """A map of texts, in which Go reads a null as an empty one."""
    return {key: text or "" for key, text in (found or {}).items()}


def _require(
    found: FluxKustomization, wanted: type, *field: str | int, absent_ok: bool = True
) -> Any:
    value = found.object.value(*field)
    if value is None and absent_ok:
        return None
    if not isinstance(value, wanted):
        raise _wrong_type(found, field, "a map" if wanted is Mapping else "a string", value)
    return value


def _require_list(found: FluxKustomization, wanted: type, *field: str | int) -> None:
    value = found.object.value(*field)
    if value is None:
        return
    if not isinstance(value, list):
        raise _wrong_type(found, field, "a list", value)
    for index, _ in enumerate(value):
        _require(found, wanted, *field, index, absent_ok=False)


def _require_strings(found: FluxKustomization, *field: str) -> None:
    values = _require(found, Mapping, *field)
    for key in values or ():
        if values[key] is not None:
            _require(found, str, *field, key)


def _wrong_type(
    found: FluxKustomization, field: tuple[str | int, ...], wanted: str, value: object
) -> ManifestError:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a string"}
    names |= {list: "a list", dict: "a map", type(None): "empty"}
    dotted = ".".join(str(name) for name in field)
    got = names.get(type(value), type(value).__name__)
    hint = "write it in quotes" if wanted == "a string" and got in ("a number", "a boolean") else ""
    return ManifestError(
        f"{found.name}: {dotted} must be {wanted}, it is {got}",
        place=found.place(*field),
        hint=hint,
    )
