"""Kustomizations by the dozen: one line of fields each, over the same few manifests.

Where `kustomizations` shows what is odd about a field, these go through its forms one by one. Each
is a folder `app` over `base`; what is compared with is asked of the real kustomize.
"""

# ruff: noqa: E501 - manifests are easier to read in one line each

from __future__ import annotations

from tests.support.kustomizations import Tree

MANIFESTS = """\
apiVersion: v1
kind: Namespace
metadata: {name: team}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: runner, namespace: team}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: conf, labels: {app: web}}
data: {host: a.example.org, port: "8080", url: "http://a.example.org:8080/x", text: "one\\ntwo"}
---
apiVersion: v1
kind: Secret
metadata: {name: login, annotations: {owner: me}}
stringData: {user: u, password: p}
---
apiVersion: v1
kind: Service
metadata: {name: web, labels: {app: web, tier: front}}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}, {name: dns, port: 53, protocol: UDP}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: runner
      imagePullSecrets: [{name: login}]
      initContainers: [{name: init, image: "nginx:1.25"}]
      containers:
        - {name: web, image: "nginx:1.25", ports: [{containerPort: 8080}], env: [{name: A, value: "1"}], envFrom: [{configMapRef: {name: conf}}], args: [a, b]}
        - {name: side, image: "registry.example.org:5000/side@sha256:0aa1", env: [{name: P, valueFrom: {secretKeyRef: {name: login, key: password}}}]}
      volumes: [{name: v, configMap: {name: conf}}, {name: s, secret: {secretName: login}}]
      tolerations: [{key: a, operator: Exists}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: team}
spec:
  serviceName: web
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: "postgres:16"}]}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: tidy}
spec: {schedule: "@daily", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: tidy, image: busybox, envFrom: [{secretRef: {name: login}}]}]}}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {tls: [{secretName: login}], rules: [{host: a.example.org, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [secrets], resourceNames: [login], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: reader}
subjects: [{kind: ServiceAccount, name: runner, namespace: team}, {kind: User, name: jane}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 3}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: db}}}]}]}
---
apiVersion: example.org/v1
kind: Widget
metadata: {name: gear}
spec: {size: 3, ratio: 1.5, on: true, parts: [{name: a, v: 1}, {name: b}], tags: [x, y], ref: {name: conf}, image: "nginx:1.25", nothing: null}
"""

FILES: dict[str, str | bytes] = {
    "base/kustomization.yaml": "resources: [all.yaml]\n",
    "base/all.yaml": MANIFESTS,
    "app/x.txt": "some text\n",
    "app/b.bin": b"\x00\xff",
    "app/x.env": "ONE=1\n# no\n\nTWO=a b\n",
    "app/merge.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {paused: true}\n",
    "app/ops.yaml": "- {op: replace, path: /spec/replicas, value: 9}\n",
    "app/ops.json": '[{"op": "remove", "path": "/spec/replicas"}]',
    "app/copy.yaml": "source: {kind: ConfigMap, name: conf, fieldPath: data.host}\n"
    "targets: [{select: {kind: Ingress}, fieldPaths: [spec.rules.0.host]}]\n",
    "app/more.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {a: b}\n",
    "part/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
    "namePrefix: part-\nlabels: [{pairs: {part: 'yes'}}]\nresources: [p.yaml]\n",
    "part/p.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: p}\n",
    "two/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
    "components: [../part]\npatches: [{patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: p}, data: {x: y}}'}]\n",
}


def _merge(text: str, more: str = "") -> str:
    """An entry of `patches` with a strategic merge for the deployment."""
    head = "apiVersion: apps/v1, kind: Deployment, metadata: {name: web}"
    return f"patches: [{{patch: '{{{head}, {text}}}'{more}}}]"


def _pod(text: str, more: str = "") -> str:
    return _merge(f"spec: {{template: {{spec: {{{text}}}}}}}", more)


def _operations(text: str, target: str = "kind: Deployment") -> str:
    return f"patches:\n  - target: {{{target}}}\n    patch: |\n      - {text}"


def _copy(source: str, target: str) -> str:
    return f"replacements: [{{{source}, targets: [{target}]}}]"


_HOST = "source: {kind: ConfigMap, name: conf, fieldPath: data.host}"
_PORT = "source: {kind: ConfigMap, name: conf, fieldPath: data.port}"
_WEB = "source: {kind: Service, name: web}"

FIELDS: dict[str, str] = {
    "namespace": "namespace: other",
    "namespace: default": "namespace: default",
    "namespace with a prefix": "namespace: other\nnamePrefix: p-",
    "prefix": "namePrefix: p-",
    "suffix": "nameSuffix: -s",
    "prefix and suffix": "namePrefix: p-\nnameSuffix: -s",
    "common labels": "commonLabels: {team: t, app: new}",
    "common annotations": "commonAnnotations: {note: one, owner: you}",
    "labels": "labels: [{pairs: {team: t}}]",
    "labels in selectors": "labels: [{pairs: {team: t}, includeSelectors: true}]",
    "labels in templates": "labels: [{pairs: {team: t}, includeTemplates: true}]",
    "labels in both": "labels: [{pairs: {team: t}, includeSelectors: true, includeTemplates: true}]",
    "labels twice, the second changes the first everywhere": "labels: [{pairs: {team: one}, includeSelectors: true},"
    " {pairs: {team: two}}]",
    "labels in fields of their own": "labels: [{pairs: {team: t}, fields: [{path: spec/labels, kind: Widget, create: true}]}]",
    "labels over common labels": "commonLabels: {team: one}\nlabels: [{pairs: {team: two}}]",
    "labels without pairs": "labels: [{pairs: {}}]",
    "image name": "images: [{name: nginx, newName: mirror.example.org/nginx}]",
    "image tag": "images: [{name: nginx, newTag: '2'}]",
    "image digest": "images: [{name: nginx, digest: 'sha256:ff'}]",
    "image tag and digest": "images: [{name: nginx, newTag: '2', digest: 'sha256:ff'}]",
    "image suffix": "images: [{name: nginx, tagSuffix: -alpine}, {name: busybox, tagSuffix: -x}]",
    "image with a port in its registry": "images: [{name: 'registry.example.org:5000/side', newTag: v2}]",
    "image none has": "images: [{name: none, newTag: v2}]",
    "images one after another": "images: [{name: nginx, newName: other}, {name: other, newTag: '3'}]",
    "map from literals": "configMapGenerator: [{name: made, literals: [a=b, 'c=d=e', \"q='x'\", empty=]}]",
    "map from a file": "configMapGenerator: [{name: made, files: [x.txt, other=x.txt]}]",
    "map from a binary file": "configMapGenerator: [{name: made, files: [b.bin]}]",
    "map from an env file": "configMapGenerator: [{name: made, envs: [x.env]}]",
    "map from everything": "configMapGenerator: [{name: made, literals: [a=b], files: [x.txt], envs: [x.env]}]",
    "map merged": "configMapGenerator: [{name: conf, behavior: merge, literals: [host=b.example.org, new=1]}]",
    "map replaced": "configMapGenerator: [{name: conf, behavior: replace, literals: [only=1]}]",
    "map in a namespace": "configMapGenerator: [{name: made, namespace: team, literals: [a=b]}]",
    "map without a hash": "configMapGenerator: [{name: made, literals: [a=b], options: {disableNameSuffixHash: true}}]",
    "map, immutable and labelled": "configMapGenerator: [{name: made, literals: [a=b], options: {immutable: true,"
    " labels: {l: '1'}, annotations: {note: '2'}}}]",
    "options for all": "generatorOptions: {disableNameSuffixHash: true, labels: {l: '1'}, annotations: {note: '2'}, immutable: true}\n"
    "configMapGenerator: [{name: one, literals: [a=b]}, {name: two, literals: [a=b], options: {labels: {l: own}}}]",
    "map in place of one that is referred to": "patches: [{patch: '{$patch: delete, apiVersion: v1, kind: ConfigMap, metadata: {name: conf}}'}]",
    "secret from literals": "secretGenerator: [{name: made, literals: [a=b]}]",
    "secret of a type": "secretGenerator: [{name: made, type: kubernetes.io/tls, files: [tls.crt=x.txt, tls.key=x.txt]}]",
    "secret from an env file": "secretGenerator: [{name: made, envs: [x.env], options: {disableNameSuffixHash: true}}]",
    "secret with a prefix": "namePrefix: p-\nsecretGenerator: [{name: made, literals: [a=b]}]",
    "component": "components: [../part]",
    "component of a component": "components: [../two]",
    "component and more": "components: [../part]\nnameSuffix: -s\nlabels: [{pairs: {part: changed}}]",
    "merge by file": "patches: [{path: merge.yaml}]",
    "merge inline": _merge("spec: {replicas: 5}"),
    "merge deletes a field": _merge("spec: {replicas: null}"),
    "merge deletes the object": _merge("$patch: delete"),
    "merge replaces a map": _merge("spec: {template: {metadata: {$patch: replace, labels: {only: this}}}}"),
    "merge into a container": _pod('containers: [{name: web, image: "x:1", env: [{name: B, value: "2"}]}]'),
    "merge adds a container": _pod("containers: [{name: third, image: x}]"),
    "merge deletes a container": _pod("containers: [{name: side, $patch: delete}]"),
    "merge replaces the containers": _pod("containers: [{$patch: replace}, {name: only, image: x}]"),
    "merge into ports": _pod("containers: [{name: web, ports: [{containerPort: 8080, name: http}, {containerPort: 9090}]}]"),
    "merge into volumes": _pod("volumes: [{name: v, configMap: {name: other}}, {name: e, emptyDir: {}}]"),
    "merge into tolerations replaces them": _pod("tolerations: [{key: b}]"),
    "merge into args replaces them": _pod("containers: [{name: web, args: [c]}]"),
    "merge into pull secrets": _pod("imagePullSecrets: [{name: second}]"),
    "merge for a selection": _pod("terminationGracePeriodSeconds: 5", ", target: {kind: Deployment|StatefulSet}"),
    "merge for labels": _merge("metadata: {name: x, annotations: {note: one}}", ", target: {labelSelector: \"app in (web), !tier\"}").replace(
        "metadata: {name: web}, ", ""),
    "merge for annotations": "patches: [{patch: '{apiVersion: v1, kind: Secret, metadata: {name: x}, type: T}', target: {annotationSelector: owner=me}}]",
    "merge for a namespace": "patches: [{patch: '{apiVersion: v1, kind: X, metadata: {name: x, labels: {in: team}}}', target: {namespace: team}}]",
    "merge for a name pattern": "patches: [{patch: '{apiVersion: v1, kind: X, metadata: {name: x, labels: {m: w}}}', target: {name: w.b}}]",
    "merge that renames": _merge("metadata: {name: new}", ", target: {kind: Deployment}, options: {allowNameChange: true}").replace(
        "metadata: {name: web}, ", ""),
    "merge that converts": "patches: [{patch: '{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: db}}', target: {kind: StatefulSet}, options: {allowKindChange: true}}]",
    "merge into an unknown kind": "patches: [{patch: '{apiVersion: example.org/v1, kind: Widget, metadata: {name: gear},"
    " spec: {parts: [{name: a, w: 2}], tags: [z], size: null, ref: {kind: K}}}'}]",
    "merge of service ports": "patches: [{patch: '{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80, name: web}, {port: 53, protocol: UDP, name: udp}]}}'}]",
    "merges, several in one text": "patches:\n  - patch: |\n      apiVersion: v1\n      kind: ConfigMap\n      metadata: {name: conf}\n      data: {one: '1'}\n"
    "      ---\n      apiVersion: v1\n      kind: Service\n      metadata: {name: web}\n      spec: {type: LoadBalancer}",
    "operations by file": "patches: [{path: ops.yaml, target: {kind: Deployment}}]",
    "operations in JSON": "patches: [{path: ops.json, target: {kind: Deployment}}]",
    "operation add": _operations("{op: add, path: /spec/template/spec/containers/-, value: {name: n, image: i}}"),
    "operation add in a list": _operations("{op: add, path: /spec/template/spec/containers/0/args/1, value: mid}"),
    "operation remove": _operations("{op: remove, path: /spec/template/spec/volumes/0}"),
    "operation replace": _operations("{op: replace, path: /metadata/labels, value: {only: this}}"),
    "operation copy": _operations("{op: copy, from: /metadata/name, path: /metadata/labels/name}"),
    "operation move": _operations("{op: move, from: /spec/replicas, path: /spec/moved}"),
    "operation test": _operations("{op: test, path: /spec/replicas, value: 2}"),
    "operation with an escaped key": _operations("{op: add, path: /metadata/labels/a.b~1c, value: x}"),
    "operation on a CRD's numbers": _operations("{op: replace, path: /spec/ratio, value: 2.0}", "kind: Widget"),
    "operations for a group": _operations("{op: add, path: /metadata/labels, value: {g: apps}}", "group: apps, version: v1"),
    "the old merges": "patchesStrategicMerge:\n  - merge.yaml\n  - |\n    apiVersion: v1\n    kind: Service\n    metadata: {name: web}\n    spec: {type: ExternalName}",
    "the old operations": "patchesJson6902: [{target: {group: apps, version: v1, kind: Deployment, name: web}, path: ops.yaml}]",
    "copy a field": _copy(_HOST, "{select: {kind: Ingress}, fieldPaths: [spec.rules.0.host]}"),
    "copy a name": _copy(_WEB, "{select: {kind: Widget}, fieldPaths: [spec.ref.name]}"),
    "copy over a number": _copy(_PORT, "{select: {kind: Service}, fieldPaths: ['spec.ports.[name=http].port']}"),
    "copy into a part": _copy(_HOST, "{select: {kind: Widget}, fieldPaths: [spec.image], options: {delimiter: ':', index: 0}}"),
    "copy a part": _copy("source: {kind: ConfigMap, name: conf, fieldPath: data.url, options: {delimiter: /, index: 2}}",
                         "{select: {kind: Ingress}, fieldPaths: [spec.rules.0.host]}"),
    "copy and create": _copy(_HOST, "{select: {kind: Deployment}, fieldPaths: ['metadata.annotations.[example.org/host]'], options: {create: true}}"),
    "copy to all containers": _copy(_HOST, "{select: {kind: Deployment}, fieldPaths: [spec.template.spec.containers.*.image]}"),
    "copy a map": _copy("source: {kind: Service, name: web, fieldPath: metadata.labels}", "{select: {kind: Widget}, fieldPaths: [spec.ref]}"),
    "copy a list": _copy("source: {kind: Widget, name: gear, fieldPath: spec.tags}",
                         "{select: {kind: Deployment}, fieldPaths: ['spec.template.spec.containers.[name=web].args']}"),
    "copy, but not to some": _copy(_WEB, "{select: {name: .*}, reject: [{kind: Namespace}, {kind: .*}], fieldPaths: [metadata.labels.app]}"),
    "copy a given value": _copy("sourceValue: given", "{select: {kind: Widget}, fieldPaths: [spec.tags.0]}"),
    "copy by file": "replacements: [{path: copy.yaml}]",
    "copy to itself grows": _copy(_WEB, "{select: {kind: Service}, fieldPaths: [metadata.labels.app, metadata.labels.tier],"
                                  " options: {delimiter: '-', index: 9}}"),
    "copy a label that stands in many places": "commonLabels: {team: t}\n"
    + _copy("sourceValue: changed", "{select: {kind: Deployment}, fieldPaths: [metadata.labels.team]}"),
    "merge a label that stands in many places": "components: [../part]\nlabels: [{pairs: {team: t}, includeSelectors: true}]",
    "everything at once": "namespace: other\nnamePrefix: p-\nnameSuffix: -s\ncommonAnnotations: {note: '1'}\n"
    "labels: [{pairs: {team: t}, includeSelectors: true}]\nimages: [{name: nginx, newTag: '2'}]\ncomponents: [../part]\n"
    "configMapGenerator: [{name: made, literals: [a=b]}]\nsecretGenerator: [{name: key, literals: [a=b]}]\n"
    + _merge("spec: {replicas: 5}") + "\n" + _copy(_WEB, "{select: {kind: Widget}, fieldPaths: [spec.ref.name]}"),
    "metadata and a given order": "metadata: {name: x, labels: {a: b}}\nsortOptions: {order: fifo}",
}  # fmt: skip

OVERLAYS: list[Tree] = [
    Tree(
        title,
        FILES | {"app/kustomization.yaml": f"resources: [../base, more.yaml]\n{fields}\n"},
        directory="app",
    )
    for title, fields in FIELDS.items()
]
