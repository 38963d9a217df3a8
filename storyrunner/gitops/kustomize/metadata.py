"""The transformations of names, namespaces, labels and annotations.

Each works on all resources gathered so far. Which fields they reach is tables; the special cases
are kustomize's own. semantics.md §5.3. References to changed names are fixed later, elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from storyrunner.errors import DisputedFeatureError, RefusedFeatureError, RenderError
from storyrunner.gitops.kustomize.fieldspecs import FieldSpec, Leaf, merge_specs, visit
from storyrunner.gitops.kustomize.resource import HELM_GENERATED, Resource, ResourceList
from storyrunner.gitops.kustomize.sharing import carry_over, share
from storyrunner.gitops.kustomize.trees import is_null, require_plain_key
from storyrunner.gitops.objects import value_at

_METADATA_LABELS: Final = FieldSpec("metadata/labels", create=True)

_TEMPLATE_LABELS: Final = (
    _METADATA_LABELS,
    FieldSpec("spec/template/metadata/labels", "ReplicationController", "", "v1", create=True),
    FieldSpec("spec/template/metadata/labels", "Deployment", create=True),
    FieldSpec("spec/template/metadata/labels", "ReplicaSet", create=True),
    FieldSpec("spec/template/metadata/labels", "DaemonSet", create=True),
    FieldSpec("spec/template/metadata/labels", "StatefulSet", "apps", create=True),
    FieldSpec("spec/volumeClaimTemplates[]/metadata/labels", "StatefulSet", "apps", create=True),
    FieldSpec("spec/template/metadata/labels", "Job", "batch", create=True),
    FieldSpec("spec/jobTemplate/metadata/labels", "CronJob", "batch", create=True),
    FieldSpec("spec/jobTemplate/spec/template/metadata/labels", "CronJob", "batch", create=True),
)

_POD_SELECTORS: Final = (
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/"
    "labelSelector/matchLabels",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/"
    "labelSelector/matchLabels",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/"
    "labelSelector/matchLabels",
    "topologySpreadConstraints/labelSelector/matchLabels",
)

_SELECTOR_LABELS: Final = (
    FieldSpec("spec/selector", "Service", "", "v1", create=True),
    FieldSpec("spec/selector", "ReplicationController", "", "v1", create=True),
    FieldSpec("spec/selector/matchLabels", "Deployment", create=True),
    FieldSpec("spec/selector/matchLabels", "ReplicaSet", create=True),
    FieldSpec("spec/selector/matchLabels", "DaemonSet", create=True),
    FieldSpec("spec/selector/matchLabels", "StatefulSet", "apps", create=True),
    *(
        FieldSpec(f"spec/template/spec/{path}", kind, "apps")
        for kind in ("Deployment", "StatefulSet")
        for path in _POD_SELECTORS
    ),
    FieldSpec("spec/selector/matchLabels", "Job", "batch"),
    FieldSpec("spec/jobTemplate/spec/selector/matchLabels", "CronJob", "batch"),
    FieldSpec("spec/selector/matchLabels", "PodDisruptionBudget", "policy"),
    FieldSpec("spec/podSelector/matchLabels", "NetworkPolicy", "networking.k8s.io"),
    FieldSpec("spec/ingress/from/podSelector/matchLabels", "NetworkPolicy", "networking.k8s.io"),
    FieldSpec("spec/egress/to/podSelector/matchLabels", "NetworkPolicy", "networking.k8s.io"),
    *_TEMPLATE_LABELS,
)

_ANNOTATIONS: Final = (
    FieldSpec("metadata/annotations", create=True),
    FieldSpec("spec/template/metadata/annotations", "ReplicationController", "", "v1", create=True),
    FieldSpec("spec/template/metadata/annotations", "Deployment", create=True),
    FieldSpec("spec/template/metadata/annotations", "ReplicaSet", create=True),
    FieldSpec("spec/template/metadata/annotations", "DaemonSet", create=True),
    FieldSpec("spec/template/metadata/annotations", "StatefulSet", create=True),
    FieldSpec("spec/template/metadata/annotations", "Job", "batch", create=True),
    FieldSpec("spec/jobTemplate/metadata/annotations", "CronJob", "batch", create=True),
    FieldSpec(
        "spec/jobTemplate/spec/template/metadata/annotations", "CronJob", "batch", create=True
    ),
)

_DISPUTED_KINDS: Final = frozenset(
    {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
)

_NAMESPACE: Final = FieldSpec("metadata/namespace", create=True)
_NAMESPACE_NAME: Final = FieldSpec("metadata/name", "Namespace", create=True)
_NAMESPACE_FIELDS: Final = (
    FieldSpec("spec/service/namespace", "APIService", "apiregistration.k8s.io", create=True),
    FieldSpec(
        "spec/conversion/webhook/clientConfig/service/namespace",
        "CustomResourceDefinition",
        "apiextensions.k8s.io",
    ),
)


def set_namespace(resources: ResourceList, namespace: str) -> None:
    """`namespace`. Raises RenderError when two resources become one."""
    keys = Counter(item.current_id.key for item in resources.items)
    for item in resources.items:
        _refuse_disputed_scope(item)
        if item.annotations().get(HELM_GENERATED) == "true":
            continue
        before = item.current_id.key
        item.remember_id()
        _set_namespace_of(item, namespace)
        now = item.current_id
        keys[before] -= 1
        keys[now.key] += 1
        if keys[now.key] != 1:
            raise RenderError(f"namespace transformation produces ID conflict: {now}")
    resources.changed()


def add_prefix(resources: ResourceList, prefix: str) -> None:
    """`namePrefix`."""
    for item in resources.items:
        if not _keeps_its_name(item):
            item.note_prefix(prefix)
            item.remember_id()
            item.set_name(prefix + item.name)
    resources.changed()


def add_suffix(resources: ResourceList, suffix: str) -> None:
    """`nameSuffix`."""
    for item in resources.items:
        if not _keeps_its_name(item):
            item.note_suffix(suffix)
            item.remember_id()
            item.set_name(item.name + suffix)
    resources.changed()


def add_common_labels(resources: ResourceList, labels: Mapping[str, str]) -> None:
    """`commonLabels`: selectors and templates too."""
    _set_entries(resources, labels, _SELECTOR_LABELS)


def add_labels(resources: ResourceList, entry: Mapping[str, Any]) -> None:
    """One entry of `labels`. Raises RenderError for fields that contradict the built-in ones."""
    if entry.get("includeVolumeClaimTemplates"):
        raise RefusedFeatureError("labels with includeVolumeClaimTemplates", able="kustomize")
    specs = [
        FieldSpec(
            one.get("path", ""),
            one.get("kind", ""),
            one.get("group", ""),
            one.get("version", ""),
            create=one.get("create", False),
        )
        for one in entry.get("fields", ())
    ]
    try:
        if entry.get("includeSelectors"):
            specs = merge_specs(specs, _SELECTOR_LABELS)
        else:
            if entry.get("includeTemplates"):
                _refuse_disputed_templates(resources)
                specs = merge_specs(specs, _TEMPLATE_LABELS)
            specs = merge_specs(specs, (_METADATA_LABELS,))
    except ValueError as error:
        raise RenderError(f"failed to merge labels: {error}") from error
    _set_entries(resources, entry.get("pairs", {}), specs)


def add_annotations(resources: ResourceList, annotations: Mapping[str, str]) -> None:
    """`commonAnnotations`: templates too."""
    _set_entries(resources, annotations, _ANNOTATIONS)


def _set_entries(
    resources: ResourceList,
    entries: Mapping[str, str],
    specs: Sequence[FieldSpec],
) -> None:
    if not entries:
        return
    ordered = dict(sorted(entries.items()))
    created: list[tuple[dict[str, Any], str]] = []

    def change(value: Any) -> Any:
        if not isinstance(value, dict):
            if is_null(value):
                return value
            raise RenderError("labels and annotations can only be set in a map")
        for key in ordered.keys() - value.keys():
            require_plain_key(key)
            created.append((value, key))
        value.update(ordered)
        return value

    for item in resources.items:
        created.clear()
        for spec in specs:
            visit(item, spec, Leaf.MAP, change)
        carry_over(item.groups)
        share(item.groups, created)


def _refuse_disputed_scope(item: Resource) -> None:
    # kustomize 5.8.1 (and Flux 2.9 with it) has them in namespaces, 5.8.2 has not.
    if item.api_version == "admissionregistration.k8s.io/v1" and item.kind in _DISPUTED_KINDS:
        raise DisputedFeatureError(f"a namespace for kind {item.kind}", able="flux")


def _refuse_disputed_templates(resources: ResourceList) -> None:
    # kustomize 5.8.1 labels them with `includeTemplates`, 5.8.2 has a field of its own for it.
    for item in resources.items:
        if item.kind == "StatefulSet" and value_at(item.data, "spec", "volumeClaimTemplates"):
            raise DisputedFeatureError(
                "labels with includeTemplates for volumeClaimTemplates", able="flux"
            )


def _keeps_its_name(item: Resource) -> bool:
    first = item.original_id
    return first.kind in {"CustomResourceDefinition", "Namespace"} or (
        first.kind == "APIService" and first.group == "apiregistration.k8s.io"
    )


def _set_namespace_of(item: Resource, namespace: str) -> None:
    def change(value: Any) -> Any:
        if isinstance(value, dict | list):
            raise RenderError("namespace field specs must target scalar nodes")
        return namespace

    if not item.current_id.is_cluster_scoped:
        visit(item, _NAMESPACE, Leaf.SCALAR, change)
    if item.kind in {"RoleBinding", "ClusterRoleBinding"}:
        _set_subjects(item, namespace)
    if item.api_version == "v1":
        visit(item, _NAMESPACE_NAME, Leaf.SCALAR, change)
    for spec in _NAMESPACE_FIELDS:
        visit(item, spec, Leaf.SCALAR, change)


def _set_subjects(item: Resource, namespace: str) -> None:
    subjects = item.data.get("subjects")
    if is_null(subjects):
        return
    if not isinstance(subjects, list):
        raise RenderError("setting namespace on (cluster)role binding subjects: not a list")
    for subject in subjects:
        if isinstance(subject, dict) and subject.get("name") == "default":
            subject["namespace"] = namespace
        elif not isinstance(subject, dict | None):
            raise RenderError("setting namespace on (cluster)role binding subjects: not a map")
