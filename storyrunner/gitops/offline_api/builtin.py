"""The kinds that Kubernetes 1.37 serves itself: stable versions, and the betas a cluster can
switch on. Versions that are gone (`batch/v1beta1`, `policy/v1beta1`, …) are left out on purpose:
kubectl must not find them."""

from __future__ import annotations

from storyrunner.gitops.offline_api.facts import CrdFact, rows

_NAMESPACED = """
core v1 Binding/bindings ConfigMap/configmaps Endpoints/endpoints Event/events
core v1 LimitRange/limitranges
core v1 PersistentVolumeClaim/persistentvolumeclaims Pod/pods PodTemplate/podtemplates
core v1 ReplicationController/replicationcontrollers ResourceQuota/resourcequotas Secret/secrets
core v1 ServiceAccount/serviceaccounts Service/services
apps v1 ControllerRevision/controllerrevisions DaemonSet/daemonsets Deployment/deployments
apps v1 ReplicaSet/replicasets StatefulSet/statefulsets
authorization.k8s.io v1 LocalSubjectAccessReview/localsubjectaccessreviews
autoscaling v1,v2 HorizontalPodAutoscaler/horizontalpodautoscalers
batch v1 CronJob/cronjobs Job/jobs
certificates.k8s.io v1,v1beta1 PodCertificateRequest/podcertificaterequests
coordination.k8s.io v1 Lease/leases
coordination.k8s.io v1beta1 LeaseCandidate/leasecandidates
discovery.k8s.io v1 EndpointSlice/endpointslices
events.k8s.io v1 Event/events
networking.k8s.io v1 Ingress/ingresses NetworkPolicy/networkpolicies
policy v1 PodDisruptionBudget/poddisruptionbudgets
rbac.authorization.k8s.io v1 Role/roles RoleBinding/rolebindings
resource.k8s.io v1,v1beta1,v1beta2 ResourceClaim/resourceclaims
resource.k8s.io v1,v1beta1,v1beta2 ResourceClaimTemplate/resourceclaimtemplates
scheduling.k8s.io v1beta1 PodGroup/podgroups Workload/workloads
storage.k8s.io v1 CSIStorageCapacity/csistoragecapacities
"""

_CLUSTER_WIDE = """
core v1 ComponentStatus/componentstatuses Namespace/namespaces Node/nodes
core v1 PersistentVolume/persistentvolumes
admissionregistration.k8s.io v1 MutatingWebhookConfiguration/mutatingwebhookconfigurations
admissionregistration.k8s.io v1 ValidatingWebhookConfiguration/validatingwebhookconfigurations
admissionregistration.k8s.io v1 ValidatingAdmissionPolicy/validatingadmissionpolicies
admissionregistration.k8s.io v1 ValidatingAdmissionPolicyBinding/validatingadmissionpolicybindings
admissionregistration.k8s.io v1,v1beta1 MutatingAdmissionPolicy/mutatingadmissionpolicies
admissionregistration.k8s.io v1 MutatingAdmissionPolicyBinding/mutatingadmissionpolicybindings
admissionregistration.k8s.io v1beta1 MutatingAdmissionPolicyBinding/mutatingadmissionpolicybindings
apiextensions.k8s.io v1 CustomResourceDefinition/customresourcedefinitions
apiregistration.k8s.io v1 APIService/apiservices
authentication.k8s.io v1 SelfSubjectReview/selfsubjectreviews TokenReview/tokenreviews
authorization.k8s.io v1 SelfSubjectAccessReview/selfsubjectaccessreviews
authorization.k8s.io v1 SelfSubjectRulesReview/selfsubjectrulesreviews
authorization.k8s.io v1 SubjectAccessReview/subjectaccessreviews
certificates.k8s.io v1 CertificateSigningRequest/certificatesigningrequests
certificates.k8s.io v1,v1beta1 ClusterTrustBundle/clustertrustbundles
flowcontrol.apiserver.k8s.io v1 FlowSchema/flowschemas
flowcontrol.apiserver.k8s.io v1 PriorityLevelConfiguration/prioritylevelconfigurations
networking.k8s.io v1 IngressClass/ingressclasses
networking.k8s.io v1,v1beta1 IPAddress/ipaddresses ServiceCIDR/servicecidrs
node.k8s.io v1 RuntimeClass/runtimeclasses
rbac.authorization.k8s.io v1 ClusterRole/clusterroles ClusterRoleBinding/clusterrolebindings
resource.k8s.io v1,v1beta1,v1beta2 DeviceClass/deviceclasses ResourceSlice/resourceslices
resource.k8s.io v1,v1beta2 DeviceTaintRule/devicetaintrules
scheduling.k8s.io v1 PriorityClass/priorityclasses
storage.k8s.io v1 CSIDriver/csidrivers CSINode/csinodes StorageClass/storageclasses
storage.k8s.io v1 VolumeAttachment/volumeattachments
storage.k8s.io v1,v1beta1 VolumeAttributesClass/volumeattributesclasses
storagemigration.k8s.io v1,v1beta1 StorageVersionMigration/storageversionmigrations
"""

BUILTIN: tuple[CrdFact, ...] = (
    *rows(_NAMESPACED, namespaced=True),
    *rows(_CLUSTER_WIDE, namespaced=False),
)
