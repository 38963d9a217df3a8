"""Kinds of the operators that GitOps repositories install by Helm chart, so that their CRDs stand
in no file: names, scopes and served versions as published by each project (looked up 2026-11).

It is a table and nothing else; a CRD found in the repository is better knowledge than a row here.
Versions that current releases no longer serve are left out, `external-secrets.io/v1beta1` (gone
since 0.17) among them: kubectl must say that it does not know them.
"""

from __future__ import annotations

from storyrunner.gitops.offline_api.facts import CrdFact, rows

_NAMESPACED = """
cert-manager.io v1 Certificate/certificates CertificateRequest/certificaterequests Issuer/issuers
acme.cert-manager.io v1 Challenge/challenges Order/orders
external-secrets.io v1 ExternalSecret/externalsecrets SecretStore/secretstores
external-secrets.io v1alpha1 PushSecret/pushsecrets
monitoring.coreos.com v1 Alertmanager/alertmanagers PodMonitor/podmonitors Probe/probes
monitoring.coreos.com v1 Prometheus/prometheuses PrometheusRule/prometheusrules
monitoring.coreos.com v1 ServiceMonitor/servicemonitors ThanosRuler/thanosrulers
monitoring.coreos.com v1alpha1 AlertmanagerConfig/alertmanagerconfigs
monitoring.coreos.com v1alpha1 PrometheusAgent/prometheusagents ScrapeConfig/scrapeconfigs
kustomize.toolkit.fluxcd.io v1 Kustomization/kustomizations
helm.toolkit.fluxcd.io v2 HelmRelease/helmreleases
source.toolkit.fluxcd.io v1 Bucket/buckets ExternalArtifact/externalartifacts
source.toolkit.fluxcd.io v1 GitRepository/gitrepositories HelmChart/helmcharts
source.toolkit.fluxcd.io v1 HelmRepository/helmrepositories OCIRepository/ocirepositories
notification.toolkit.fluxcd.io v1 Receiver/receivers
notification.toolkit.fluxcd.io v1beta3 Alert/alerts Provider/providers
image.toolkit.fluxcd.io v1 ImagePolicy/imagepolicies ImageRepository/imagerepositories
image.toolkit.fluxcd.io v1 ImageUpdateAutomation/imageupdateautomations
gateway.networking.k8s.io v1 Gateway/gateways GRPCRoute/grpcroutes HTTPRoute/httproutes
gateway.networking.k8s.io v1beta1 Gateway/gateways HTTPRoute/httproutes
gateway.networking.k8s.io v1beta1 ReferenceGrant/referencegrants
cilium.io v2 CiliumEndpoint/ciliumendpoints CiliumEnvoyConfig/ciliumenvoyconfigs
cilium.io v2 CiliumNetworkPolicy/ciliumnetworkpolicies
postgresql.cnpg.io v1 Backup/backups Cluster/clusters Pooler/poolers
postgresql.cnpg.io v1 ScheduledBackup/scheduledbackups
ceph.rook.io v1 CephBlockPool/cephblockpools CephCluster/cephclusters
ceph.rook.io v1 CephFilesystem/cephfilesystems CephObjectStore/cephobjectstores
snapshot.storage.k8s.io v1 VolumeSnapshot/volumesnapshots
operator.victoriametrics.com v1beta1 VMAgent/vmagents VMAlert/vmalerts VMAuth/vmauths VMUser/vmusers
operator.victoriametrics.com v1beta1 VMAlertmanager/vmalertmanagers VMCluster/vmclusters
operator.victoriametrics.com v1beta1 VMAlertmanagerConfig/vmalertmanagerconfigs VMRule/vmrules
operator.victoriametrics.com v1beta1 VMNodeScrape/vmnodescrapes VMPodScrape/vmpodscrapes
operator.victoriametrics.com v1beta1 VMProbe/vmprobes VMScrapeConfig/vmscrapeconfigs
operator.victoriametrics.com v1beta1 VMServiceScrape/vmservicescrapes VMSingle/vmsingles
operator.victoriametrics.com v1beta1 VMStaticScrape/vmstaticscrapes
operator.victoriametrics.com v1 VLAgent/vlagents VLCluster/vlclusters VLSingle/vlsingles
"""

_CLUSTER_WIDE = """
cert-manager.io v1 ClusterIssuer/clusterissuers
external-secrets.io v1 ClusterExternalSecret/clusterexternalsecrets
external-secrets.io v1 ClusterSecretStore/clustersecretstores
gateway.networking.k8s.io v1,v1beta1 GatewayClass/gatewayclasses
cilium.io v2 CiliumClusterwideNetworkPolicy/ciliumclusterwidenetworkpolicies
cilium.io v2 CiliumLoadBalancerIPPool/ciliumloadbalancerippools
cilium.io v2alpha1 CiliumL2AnnouncementPolicy/ciliuml2announcementpolicies
cilium.io v2alpha1 CiliumLoadBalancerIPPool/ciliumloadbalancerippools
snapshot.storage.k8s.io v1 VolumeSnapshotClass/volumesnapshotclasses
snapshot.storage.k8s.io v1 VolumeSnapshotContent/volumesnapshotcontents
"""

KNOWN_CRDS: tuple[CrdFact, ...] = (
    *rows(_NAMESPACED, namespaced=True),
    *rows(_CLUSTER_WIDE, namespaced=False),
)
