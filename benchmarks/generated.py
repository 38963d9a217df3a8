"""A generated GitOps repository of any size: one Flux Kustomization per application.

The applications are alike but not equal: each kind of work that a kustomization can ask for
(generators with their hashes, patches, images, labels, replacements, components) is in some.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from storyrunner.model.cluster import Cluster

OBJECTS_PER_APP = 10
"""The Flux Kustomization of an application and what it applies."""

TOP = "bench-apps"
CLUSTER = Cluster(
    name="bench",
    directory="clusters/bench",
    settings="clusters/bench/cluster-settings.yaml",
    kustomizations="clusters/bench/apps.yaml",
)

_SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: cluster-settings
  namespace: flux-system
data:
  CLUSTER: bench
  DOMAIN: example.com
  REPLICAS: "3"
  STORAGE_CLASS: fast
"""

_FLUX = """\
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: {name}
  namespace: flux-system
spec:
  interval: 10m
  prune: true
  sourceRef:
    kind: GitRepository
    name: flux-system
  path: ./{path}
  postBuild:
    substituteFrom:
      - kind: ConfigMap
        name: cluster-settings
"""

_WORKLOAD = """\
---
# The workload of {name}.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: {name}
    app.kubernetes.io/instance: ${{CLUSTER}}
spec:
  replicas: ${{REPLICAS}}
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {name}
      annotations:
        checksum/host: "${{CLUSTER}}-{number}"
    spec:
      serviceAccountName: {name}
      securityContext:
        runAsNonRoot: true
        runAsUser: 1000
      containers:
        - name: main
          image: example/{image}:v1.2.{patch}
          args: ["--listen=:8080", "--domain=${{DOMAIN}}", "--log-level=info"]
          env:
            - name: HOST
              value: {name}.${{DOMAIN}}
            - name: REGION
              value: ${{REGION:=eu-west}}
            - name: TOKEN
              valueFrom:
                secretKeyRef:
                  name: {name}-token
                  key: token
          envFrom:
            - configMapRef:
                name: {name}-env
          ports:
            - {{name: http, containerPort: 8080, protocol: TCP}}
          resources:
            requests: {{cpu: 50m, memory: 64Mi}}
            limits: {{memory: 256Mi}}
          readinessProbe:
            httpGet: {{path: /ready, port: http}}
            periodSeconds: 10
          volumeMounts:
            - {{name: data, mountPath: /data}}
      volumes:
        - name: data
          persistentVolumeClaim:
            claimName: {name}-data
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
spec:
  selector:
    app.kubernetes.io/name: {name}
  ports:
    - name: http
      port: 80
      targetPort: http
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {name}
automountServiceAccountToken: false
"""

_POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {name}
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: {name}
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: gateway
      ports:
        - port: 8080
  egress:
    - to:
        - namespaceSelector: {{}}
      ports:
        - {{port: 53, protocol: UDP}}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {name}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: {name}
"""

_STORAGE = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {name}-data
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: ${{STORAGE_CLASS}}
  resources:
    requests:
      storage: {size}Gi
"""

_SECRET = """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: {name}-token
spec:
  refreshInterval: 1h
  secretStoreRef:
    kind: ClusterSecretStore
    name: vault
  target:
    name: {name}-token
    creationPolicy: Owner
  data:
    - secretKey: token
      remoteRef:
        key: kubernetes/${{CLUSTER}}/{name}
        property: credential
"""

_ROUTE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: {name}
spec:
  parentRefs:
    - name: internal
      namespace: gateway
  hostnames: ["{name}.${{DOMAIN}}"]
  rules:
    - matches:
        - path: {{type: PathPrefix, value: /}}
      backendRefs:
        - name: {name}
          port: 80
"""

_ENV = """\
LOG_FORMAT=json
FEATURE_{number}=on
"""

_KUSTOMIZATION = """\
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: team-{team}
resources:
  - workload.yaml
  - policy.yaml
  - storage.yaml
  - secret.yaml
  - route.yaml
configMapGenerator:
  - name: {name}-env
    envs: [app.env]
"""

_EXTRAS = (
    "",
    "labels:\n  - pairs: {{team: team-{team}}}\n    includeSelectors: true\n",
    "images:\n  - name: example/{image}\n    newTag: v2.0.{patch}\n",
    "commonAnnotations:\n  owner: team-{team}\n",
    "patches:\n  - target: {{kind: Deployment}}\n    patch: |\n"
    "      - op: replace\n        path: /spec/revisionHistoryLimit\n        value: 1\n",
    "patches:\n  - patch: |\n      apiVersion: apps/v1\n      kind: Deployment\n"
    "      metadata:\n        name: {name}\n      spec:\n        template:\n          spec:\n"
    "            containers:\n              - name: main\n"
    "                imagePullPolicy: Always\n",
)


@dataclass(frozen=True, slots=True)
class Generated:
    """A repository at `root` with `apps` applications."""

    root: Path
    apps: int

    @property
    def objects(self) -> int:
        """All objects the top Kustomization leads to."""
        return self.apps * OBJECTS_PER_APP

    def app(self, number: int) -> str:
        """The name of an application."""
        return f"app-{number:04}"

    def folder(self, number: int) -> str:
        """The folder that the Flux Kustomization of an application names."""
        return f"apps/{self.app(number)}/manifests"

    def flux_file(self, number: int) -> str:
        """The file with the Flux Kustomization of an application."""
        return f"apps/{self.app(number)}/ks.yaml"

    @property
    def settings(self) -> dict[str, object]:
        """The cluster's ConfigMap as an object."""
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "cluster-settings", "namespace": "flux-system"},
            "data": {
                "CLUSTER": "bench",
                "DOMAIN": "example.com",
                "REPLICAS": "3",
                "STORAGE_CLASS": "fast",
            },
        }


def generate(root: Path, apps: int) -> Generated:
    """Write a repository with `apps` applications below `root`, which must not exist."""
    made = Generated(root, apps)
    _write(root, CLUSTER.settings, _SETTINGS)
    _write(root, CLUSTER.kustomizations, _FLUX.format(name=TOP, path="apps"))
    listed = "".join(f"  - {made.app(number)}/ks.yaml\n" for number in range(apps))
    _write(
        root,
        "apps/kustomization.yaml",
        f"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n{listed}",
    )
    for number in range(apps):
        _write_app(made, number)
    return made


def _write_app(made: Generated, number: int) -> None:
    name, folder = made.app(number), made.folder(number)
    fields = {
        "name": name,
        "number": number,
        "image": f"image-{number % 40}",
        "patch": number % 17,
        "size": 1 + number % 9,
        "team": number % 25,
    }
    _write(made.root, made.flux_file(number), _FLUX.format(name=name, path=folder))
    extra = _EXTRAS[number % len(_EXTRAS)]
    for file, template in (
        ("workload.yaml", _WORKLOAD),
        ("policy.yaml", _POLICY),
        ("storage.yaml", _STORAGE),
        ("secret.yaml", _SECRET),
        ("route.yaml", _ROUTE),
        ("app.env", _ENV),
        ("kustomization.yaml", _KUSTOMIZATION + extra),
    ):
        _write(made.root, f"{folder}/{file}", template.format(**fields))


def _write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
