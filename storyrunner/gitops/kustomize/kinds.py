"""Facts about the built-in kinds: which are cluster-scoped, and which of their lists merge by key.

Both are what kustomize knows (its bundle of Kubernetes 1.21's API), not what a newer cluster
knows: a kind that is not here is namespaced, and its lists are replaced whole. semantics.md §5.3.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class MergingList(NamedTuple):
    """A list whose items a strategic merge patch merges: by `keys` (none: by the item itself),
    each item being a `item` of the table."""

    keys: tuple[str, ...]
    item: str


Shape = dict[str, "str | MergingList"]
"""A type's fields that lead to merging lists: the name of the field's own type, or the list."""

_CLUSTER_SCOPED: Final = {
    "admissionregistration.k8s.io/v1": (
        "MutatingWebhookConfiguration ValidatingWebhookConfiguration"
    ),
    "admissionregistration.k8s.io/v1beta1": (
        "MutatingWebhookConfiguration ValidatingWebhookConfiguration"
    ),
    "apiextensions.k8s.io/v1": "CustomResourceDefinition",
    "apiextensions.k8s.io/v1beta1": "CustomResourceDefinition",
    "apiregistration.k8s.io/v1": "APIService",
    "apiregistration.k8s.io/v1beta1": "APIService",
    "certificates.k8s.io/v1": "CertificateSigningRequest",
    "certificates.k8s.io/v1beta1": "CertificateSigningRequest",
    "flowcontrol.apiserver.k8s.io/v1beta1": "FlowSchema PriorityLevelConfiguration",
    "networking.k8s.io/v1": "IngressClass",
    "networking.k8s.io/v1beta1": "IngressClass",
    "node.k8s.io/v1": "RuntimeClass",
    "node.k8s.io/v1beta1": "RuntimeClass",
    "policy/v1beta1": "PodSecurityPolicy",
    "rbac.authorization.k8s.io/v1": "ClusterRole ClusterRoleBinding",
    "rbac.authorization.k8s.io/v1beta1": "ClusterRole ClusterRoleBinding",
    "scheduling.k8s.io/v1": "PriorityClass",
    "scheduling.k8s.io/v1beta1": "PriorityClass",
    "storage.k8s.io/v1": "CSIDriver CSINode StorageClass VolumeAttachment",
    "storage.k8s.io/v1beta1": "CSIDriver CSINode StorageClass VolumeAttachment",
    "v1": "ComponentStatus Namespace Node NodeProxyOptions PersistentVolume",
}

_WITH_METADATA_ONLY: Final = {
    "apiextensions.k8s.io/v1": "CustomResourceDefinition",
    "apiextensions.k8s.io/v1beta1": "CustomResourceDefinition",
    "apps/v1": "ControllerRevision",
    "authentication.k8s.io/v1": "TokenRequest TokenReview",
    "authentication.k8s.io/v1beta1": "TokenReview",
    "authorization.k8s.io/v1": (
        "LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview "
        "SubjectAccessReview"
    ),
    "authorization.k8s.io/v1beta1": (
        "LocalSubjectAccessReview SelfSubjectAccessReview SelfSubjectRulesReview "
        "SubjectAccessReview"
    ),
    "autoscaling/v1": "HorizontalPodAutoscaler Scale",
    "autoscaling/v2beta1": "HorizontalPodAutoscaler",
    "autoscaling/v2beta2": "HorizontalPodAutoscaler",
    "certificates.k8s.io/v1": "CertificateSigningRequest",
    "certificates.k8s.io/v1beta1": "CertificateSigningRequest",
    "coordination.k8s.io/v1": "Lease",
    "coordination.k8s.io/v1beta1": "Lease",
    "discovery.k8s.io/v1": "EndpointSlice",
    "discovery.k8s.io/v1beta1": "EndpointSlice",
    "events.k8s.io/v1": "Event",
    "events.k8s.io/v1beta1": "Event",
    "extensions/v1beta1": "Ingress",
    "flowcontrol.apiserver.k8s.io/v1beta1": "FlowSchema PriorityLevelConfiguration",
    "networking.k8s.io/v1": "Ingress IngressClass NetworkPolicy",
    "networking.k8s.io/v1beta1": "Ingress IngressClass",
    "node.k8s.io/v1": "RuntimeClass",
    "node.k8s.io/v1beta1": "RuntimeClass",
    "policy/v1beta1": "Eviction PodSecurityPolicy",
    "rbac.authorization.k8s.io/v1": "ClusterRole ClusterRoleBinding Role RoleBinding",
    "rbac.authorization.k8s.io/v1beta1": "ClusterRole ClusterRoleBinding Role RoleBinding",
    "scheduling.k8s.io/v1": "PriorityClass",
    "scheduling.k8s.io/v1beta1": "PriorityClass",
    "storage.k8s.io/v1": "CSIDriver StorageClass VolumeAttachment",
    "storage.k8s.io/v1beta1": "CSIDriver CSIStorageCapacity StorageClass VolumeAttachment",
    "v1": ("Binding ConfigMap Endpoints Event LimitRange PersistentVolume ResourceQuota Secret"),
}

_BY_TYPE: Final = MergingList(("type",), "")

_SHAPES: Final[dict[str, Shape]] = {
    "ObjectMeta": {"finalizers": MergingList((), ""), "ownerReferences": MergingList(("uid",), "")},
    "MetaOnly": {"metadata": "ObjectMeta"},
    "Conditions": {"conditions": _BY_TYPE},
    "WithConditions": {"metadata": "ObjectMeta", "status": "Conditions"},
    "Webhooks": {"metadata": "ObjectMeta", "webhooks": MergingList(("name",), "Webhook")},
    "Webhook": {},
    "Container": {
        "env": MergingList(("name",), ""),
        "ports": MergingList(("containerPort", "protocol"), ""),
        "volumeDevices": MergingList(("devicePath",), ""),
        "volumeMounts": MergingList(("mountPath",), ""),
    },
    "EphemeralContainer": {
        "env": MergingList(("name",), ""),
        "volumeDevices": MergingList(("devicePath",), ""),
        "volumeMounts": MergingList(("mountPath",), ""),
    },
    "PodSpec": {
        "containers": MergingList(("name",), "Container"),
        "ephemeralContainers": MergingList(("name",), "EphemeralContainer"),
        "hostAliases": MergingList(("ip",), ""),
        "imagePullSecrets": MergingList(("name",), ""),
        "initContainers": MergingList(("name",), "Container"),
        "topologySpreadConstraints": MergingList(("topologyKey", "whenUnsatisfiable"), ""),
        "volumes": MergingList(("name",), "Volume"),
    },
    "Volume": {"ephemeral": "EphemeralVolumeSource"},
    "EphemeralVolumeSource": {"volumeClaimTemplate": "MetaOnly"},
    "PodTemplateSpec": {"metadata": "ObjectMeta", "spec": "PodSpec"},
    "PodStatus": {"conditions": _BY_TYPE, "podIPs": MergingList(("ip",), "")},
    "Templated": {"template": "PodTemplateSpec"},
    "Workload": {"metadata": "ObjectMeta", "spec": "Templated", "status": "Conditions"},
    "Job": {"metadata": "ObjectMeta", "spec": "Templated", "status": "Conditions"},
    "JobTemplateSpec": {"metadata": "ObjectMeta", "spec": "Templated"},
    "CronJobSpec": {"jobTemplate": "JobTemplateSpec"},
    "CronJob": {"metadata": "ObjectMeta", "spec": "CronJobSpec"},
    "Pod": {"metadata": "ObjectMeta", "spec": "PodSpec", "status": "PodStatus"},
    "PodTemplate": {"metadata": "ObjectMeta", "template": "PodTemplateSpec"},
    "Service": {"metadata": "ObjectMeta", "spec": "ServiceSpec", "status": "Conditions"},
    "ServiceSpec": {"ports": MergingList(("port", "protocol"), "")},
    "ServiceAccount": {"metadata": "ObjectMeta", "secrets": MergingList(("name",), "")},
    "Node": {"metadata": "ObjectMeta", "spec": "NodeSpec", "status": "NodeStatus"},
    "NodeSpec": {"podCIDRs": MergingList((), "")},
    "NodeStatus": {"addresses": _BY_TYPE, "conditions": _BY_TYPE},
    "CSINode": {"metadata": "ObjectMeta", "spec": "CSINodeSpec"},
    "CSINodeSpec": {"drivers": MergingList(("name",), "")},
    "ComponentStatus": {"metadata": "ObjectMeta", "conditions": _BY_TYPE},
    "Kustomization": {
        "configMapGenerator": MergingList(("name",), ""),
        "secretGenerator": MergingList(("name",), ""),
    },
}

_SHAPE_OF_KIND: Final = {
    ("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"): "Webhooks",
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"): "Webhooks",
    ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration"): "Webhooks",
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration"): "Webhooks",
    ("apiregistration.k8s.io/v1", "APIService"): "WithConditions",
    ("apiregistration.k8s.io/v1beta1", "APIService"): "WithConditions",
    ("apps/v1", "DaemonSet"): "Workload",
    ("apps/v1", "Deployment"): "Workload",
    ("apps/v1", "ReplicaSet"): "Workload",
    ("apps/v1", "StatefulSet"): "Workload",
    ("batch/v1", "CronJob"): "CronJob",
    ("batch/v1", "Job"): "Job",
    ("batch/v1beta1", "CronJob"): "CronJob",
    ("kustomize.config.k8s.io/v1beta1", "Kustomization"): "Kustomization",
    ("policy/v1", "PodDisruptionBudget"): "WithConditions",
    ("policy/v1beta1", "PodDisruptionBudget"): "WithConditions",
    ("storage.k8s.io/v1", "CSINode"): "CSINode",
    ("storage.k8s.io/v1beta1", "CSINode"): "CSINode",
    ("v1", "ComponentStatus"): "ComponentStatus",
    ("v1", "Namespace"): "WithConditions",
    ("v1", "Node"): "Node",
    ("v1", "PersistentVolumeClaim"): "WithConditions",
    ("v1", "Pod"): "Pod",
    ("v1", "PodTemplate"): "PodTemplate",
    ("v1", "ReplicationController"): "Workload",
    ("v1", "Service"): "Service",
    ("v1", "ServiceAccount"): "ServiceAccount",
}


def _pairs(table: dict[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((version, kind) for version, kinds in table.items() for kind in kinds.split())


_CLUSTER: Final = _pairs(_CLUSTER_SCOPED)
_PLAIN: Final = _pairs(_WITH_METADATA_ONLY)


def is_cluster_scoped(api_version: str, kind: str) -> bool:
    """True for kinds that are certainly outside namespaces; False for all that are not known."""
    return (api_version, kind) in _CLUSTER


def shape_of_kind(api_version: str, kind: str) -> Shape | None:
    """The merging lists of a built-in kind; None for a kind that is not built in."""
    name = _SHAPE_OF_KIND.get((api_version, kind))
    if name is None and (api_version, kind) in _PLAIN:
        name = "MetaOnly"
    return _SHAPES[name] if name else None


def shape_named(name: str) -> Shape | None:
    """The shape a field's type has; None when it has no merging lists."""
    return _SHAPES.get(name) if name else None
