"""Which fields of which kinds name which other kinds: the table behind the fixing of references.

Facts of kustomize's default configuration; the order of the targets is the order of its work.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from storyrunner.gitops.kustomize.fieldspecs import FieldSpec


class Target(NamedTuple):
    """A kind that is referred to ("" matches any group or version), and by which fields."""

    kind: str
    group: str
    version: str
    referrers: tuple[FieldSpec, ...]


_RBAC: Final = "rbac.authorization.k8s.io"
_WEBHOOKS: Final = "admissionregistration.k8s.io"

_POD_PATHS: Final = {
    "PodTemplate": "template/spec",
    "Deployment": "spec/template/spec",
    "ReplicaSet": "spec/template/spec",
    "DaemonSet": "spec/template/spec",
    "StatefulSet": "spec/template/spec",
    "Job": "spec/template/spec",
    "CronJob": "spec/jobTemplate/spec/template/spec",
}
_SOME_POD_PATHS: Final = {
    "Pod": "spec",
    "StatefulSet": "spec/template/spec",
    "Deployment": "spec/template/spec",
    "ReplicationController": "spec/template/spec",
    "CronJob": "spec/jobTemplate/spec/template/spec",
    "Job": "spec/template/spec",
    "DaemonSet": "spec/template/spec",
}
_CONFIG_MAP_FIELDS: Final = (
    "volumes/configMap/name",
    "containers/env/valueFrom/configMapKeyRef/name",
    "initContainers/env/valueFrom/configMapKeyRef/name",
    "containers/envFrom/configMapRef/name",
    "initContainers/envFrom/configMapRef/name",
    "volumes/projected/sources/configMap/name",
)
_SECRET_FIELDS: Final = (
    "volumes/secret/secretName",
    "containers/env/valueFrom/secretKeyRef/name",
    "initContainers/env/valueFrom/secretKeyRef/name",
    "containers/envFrom/secretRef/name",
    "initContainers/envFrom/secretRef/name",
    "imagePullSecrets/name",
    "volumes/projected/sources/secret/name",
)


def _in_pods(fields: tuple[str, ...]) -> tuple[FieldSpec, ...]:
    return (
        *(FieldSpec(f"spec/{field}", "Pod", version="v1") for field in fields),
        *(
            FieldSpec(f"{path}/{field}", kind)
            for kind, path in _POD_PATHS.items()
            for field in fields
        ),
    )


def _in_some_pods(field: str) -> tuple[FieldSpec, ...]:
    return tuple(FieldSpec(f"{path}/{field}", kind) for kind, path in _SOME_POD_PATHS.items())


_SCALE_TARGET: Final = (FieldSpec("spec/scaleTargetRef/name", "HorizontalPodAutoscaler"),)
_RULES: Final = (
    FieldSpec("rules/resourceNames", "Role"),
    FieldSpec("rules/resourceNames", "ClusterRole"),
)
_INGRESS: Final = "metadata/annotations/"

TARGETS: Final = (
    Target(
        "StorageClass",
        "storage.k8s.io",
        "v1",
        (
            FieldSpec("spec/storageClassName", "PersistentVolume"),
            FieldSpec("spec/storageClassName", "PersistentVolumeClaim"),
            FieldSpec("spec/volumeClaimTemplates/spec/storageClassName", "StatefulSet"),
        ),
    ),
    Target(
        "ServiceAccount",
        "",
        "v1",
        (
            FieldSpec("subjects", "RoleBinding", _RBAC),
            FieldSpec("subjects", "ClusterRoleBinding", _RBAC),
            *_in_some_pods("serviceAccountName"),
        ),
    ),
    Target("Role", _RBAC, "", (FieldSpec("roleRef/name", "RoleBinding", _RBAC),)),
    Target(
        "ClusterRole",
        _RBAC,
        "",
        (
            FieldSpec("roleRef/name", "RoleBinding", _RBAC),
            FieldSpec("roleRef/name", "ClusterRoleBinding", _RBAC),
        ),
    ),
    Target(
        "ConfigMap",
        "",
        "v1",
        (
            *_in_pods(_CONFIG_MAP_FIELDS),
            FieldSpec("spec/configSource/configMap", "Node"),
            *_RULES,
            FieldSpec(
                _INGRESS + r"nginx.ingress.kubernetes.io\/fastcgi-params-configmap", "Ingress"
            ),
        ),
    ),
    Target(
        "Secret",
        "",
        "v1",
        (
            *_in_pods(_SECRET_FIELDS),
            FieldSpec("spec/tls/secretName", "Ingress"),
            FieldSpec(_INGRESS + r"ingress.kubernetes.io\/auth-secret", "Ingress"),
            FieldSpec(_INGRESS + r"nginx.ingress.kubernetes.io\/auth-secret", "Ingress"),
            FieldSpec(_INGRESS + r"nginx.ingress.kubernetes.io\/auth-tls-secret", "Ingress"),
            FieldSpec("imagePullSecrets/name", "ServiceAccount"),
            FieldSpec("parameters/secretName", "StorageClass"),
            FieldSpec("parameters/adminSecretName", "StorageClass"),
            FieldSpec("parameters/userSecretName", "StorageClass"),
            FieldSpec("parameters/secretRef", "StorageClass"),
            *_RULES,
            FieldSpec(
                "spec/template/spec/containers/env/valueFrom/secretKeyRef/name",
                "Service",
                "serving.knative.dev",
                "v1",
            ),
            FieldSpec("spec/azureFile/secretName", "PersistentVolume"),
        ),
    ),
    Target(
        "Service",
        "",
        "v1",
        (
            FieldSpec("spec/serviceName", "StatefulSet", "apps"),
            FieldSpec("spec/rules/http/paths/backend/serviceName", "Ingress"),
            FieldSpec("spec/backend/serviceName", "Ingress"),
            FieldSpec("spec/rules/http/paths/backend/service/name", "Ingress"),
            FieldSpec("spec/defaultBackend/service/name", "Ingress"),
            FieldSpec("spec/service/name", "APIService", "apiregistration.k8s.io"),
            FieldSpec("webhooks/clientConfig/service", "ValidatingWebhookConfiguration", _WEBHOOKS),
            FieldSpec("webhooks/clientConfig/service", "MutatingWebhookConfiguration", _WEBHOOKS),
        ),
    ),
    Target("PriorityClass", "scheduling.k8s.io", "v1", _in_some_pods("priorityClassName")),
    Target(
        "PersistentVolume",
        "",
        "v1",
        (
            FieldSpec("spec/volumeName", "PersistentVolumeClaim"),
            FieldSpec("rules/resourceNames", "ClusterRole"),
        ),
    ),
    Target(
        "PersistentVolumeClaim", "", "v1", _in_some_pods("volumes/persistentVolumeClaim/claimName")
    ),
    Target("Deployment", "", "", _SCALE_TARGET),
    Target("StatefulSet", "", "", _SCALE_TARGET),
    Target(
        "ValidatingAdmissionPolicy",
        _WEBHOOKS,
        "",
        (FieldSpec("spec/policyName", "ValidatingAdmissionPolicyBinding", _WEBHOOKS),),
    ),
    # Its group is written so in kustomize, and therefore never matches.
    Target(
        "IngressClass",
        "networking.k8s.io/v1",
        "v1",
        (FieldSpec("spec/ingressClassName", "Ingress"),),
    ),
    Target("ReplicaSet", "", "", _SCALE_TARGET),
    Target("ReplicationController", "", "", _SCALE_TARGET),
)
