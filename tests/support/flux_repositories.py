"""GitOps repositories of our own that every rung must build alike, or must refuse alike.

Each is a dict of files; a text that begins with `link:` is a symbolic link. `top` of cluster `room`
is what is built. `REPOSITORIES` give objects; `FAULTS` are errors on every rung.
"""

# ruff: noqa: E501 - manifests are easier to read in one line each

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

from storyrunner.model.cluster import Cluster

ROOM = Cluster("room", "clusters/room", "clusters/room/settings.yaml", "clusters/room/flux.yaml")
TOP = "top"

SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: cluster-settings, namespace: flux-system}
data:
  DOMAIN: room.example.org
  REGION: north
  COUNT: "3"
  FLAG: "yes"
  EMPTY: ""
  MULTI: |
    one
    two
  QUOTED: '"42"'
  DOLLAR: $${REGION}
  PATTERN: a/b/c.tar.gz
"""
FROM_SETTINGS = """\
  postBuild:
    substituteFrom:
      - {kind: ConfigMap, name: cluster-settings}
"""


def flux(name: str, path: str, spec: str = "", *, namespace: str = "flux-system") -> str:
    """A Flux Kustomization; `spec` is more of it, indented by two."""
    return (
        "---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
        f"metadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec:\n  path: {path}\n  interval: 10m\n  prune: true\n"
        "  sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}\n" + spec
    )


def config(name: str, data: str = "{a: b}", meta: str = "") -> str:
    """A ConfigMap; `meta` is more of its metadata as flow YAML."""
    more = f", {meta}" if meta else ""
    return f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}{more}}}\ndata: {data}\n"


def secret(name: str, rest: str, namespace: str = "") -> str:
    """A Secret; `rest` is everything below the metadata."""
    where = f", namespace: {namespace}" if namespace else ""
    return f"---\napiVersion: v1\nkind: Secret\nmetadata: {{name: {name}{where}}}\n{rest}\n"


def listed(*names: str, more: str = "") -> str:
    """A kustomization with these resources."""
    return f"resources: [{', '.join(names)}]\n{more}"


def encoded(text: str) -> str:
    """base64."""
    return base64.b64encode(text.encode()).decode()


WORKLOAD = """\
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "web-${REGION}", labels: {app: web}}
spec:
  replicas: ${COUNT}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {flag: "${FLAG}", text: "a${MULTI}b"}}
    spec:
      serviceAccountName: runner
      containers:
        - name: web
          image: example/web:1
          envFrom: [{configMapRef: {name: conf}}]
          command: [sh, -c, "echo ${DOMAIN:-none} $${HOME} $(VAR) $1"]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: runner}
"""
COMPONENT = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"


def base(spec: str = "", **files: str) -> dict[str, str]:
    """`top` builds ./app, with the settings; names of files have `__` for a slash."""
    given = {name.replace("__", "/"): text for name, text in files.items()}
    return {
        "clusters/room/settings.yaml": SETTINGS,
        "clusters/room/flux.yaml": flux("top", "./app", spec or FROM_SETTINGS),
    } | given


def app(files: Mapping[str, str], spec: str = "") -> dict[str, str]:
    """`base` with these files in the folder that is built."""
    return base(spec) | {f"app/{name}": text for name, text in files.items()}


GENERATED_ROOT = {
    "root: files at every depth, in Go's order": app(
        {
            "z.yaml": config("z", "{d: '${DOMAIN}'}"),
            "a/deep.yml": config("deep") + config("second"),
            "a.yaml": config("dotted"),
            "a-b/x.yaml": config("dashed"),
            "B.yaml": config("upper"),
            ".hidden/h.yaml": config("h"),
            ".h.yaml": config("hidden"),
            "notes.txt": "no: manifest: here\n",
            "other.YAML": "a: 1\n",
            "more.json": "[]",
            "empty/.keep": "",
        }
    ),
    "root: sub-directories with a kustomization of any name": app(
        {
            "one/kustomization.yaml": listed("s.yaml", more="namespace: one\n"),
            "one/s.yaml": config("s"),
            "one/unlisted.yaml": "not: an object\n",
            "two/kustomization.yml": listed("s.yaml", more="namePrefix: two-\n"),
            "two/s.yaml": config("s"),
            "deep/three/Kustomization": listed("../s.yaml"),
            "deep/s.yaml": config("t", "{}"),
        }
    )
    | {
        "app/deep/s.yaml": "",
        "app/deep/three/Kustomization": listed("s.yaml"),
        "app/deep/three/s.yaml": config("t"),
    },
    "root: documents that hold nothing, and lists": app(
        {
            "many.yaml": "# nothing\n---\n---\n"
            + config("a")
            + "---\n# nor here\n---\nnull\n"
            + config("b"),
            "list.yaml": "apiVersion: v1\nkind: List\nitems:\n"
            "  - {apiVersion: v1, kind: ConfigMap, metadata: {name: in-list}, data: {r: '${REGION}'}}\n"
            "  - {apiVersion: v1, kind: ServiceAccount, metadata: {name: in-list}}\n",
            "typed.yaml": "apiVersion: v1\nkind: ConfigMapList\nitems:\n"
            "  - {apiVersion: v1, kind: ConfigMap, metadata: {name: in-typed-list}}\n",
        }
    ),
    "root: links to files are read, links to folders are not entered": app(
        {
            "file.yaml": "link:../shared/linked.yaml",
            "folder": "link:../shared",
            "c.yaml": config("c"),
        }
    )
    | {"shared/linked.yaml": config("linked")},
    "root: nothing at all": app({"comment.yaml": "# nothing\n"}),
    "root: a folder without manifests": app({"readme.md": "nothing\n"}),
    "root: the repository itself": base(FROM_SETTINGS.replace("  postBuild", "  postBuild"))
    | {
        "clusters/room/flux.yaml": flux("top", "./"),
        "kustomization.yaml": listed("app/c.yaml", "clusters/room/settings.yaml"),
        "app/c.yaml": config("c"),
    },
}

IGNORED = {
    "ignore: names, folders and exceptions": app(
        {
            ".sourceignore": "values.yaml\nold/\n!keep/values.yaml\n# comment\n\n*.tpl.yaml\n",
            "values.yaml": "a: 1\n",
            "keep/values.yaml": config("kept"),
            "old/kustomization.yaml": listed("gone.yaml"),
            "x.tpl.yaml": "{{ template }}\n",
            ".sops.yaml": "creation_rules: []\n",
            ".github/workflow.yaml": "on: push\n",
            "c.yaml": config("c"),
        }
    ),
    "ignore: patterns count from where they stand": app(
        {
            "sub/.sourceignore": "/a.yaml\ndeep/b.yaml\n**/c.yaml\n",
            "a.yaml": config("a"),
            "c.yaml": config("c"),
            "sub/a.yaml": "x: 1\n",
            "sub/inner/a.yaml": config("inner-a"),
            "sub/deep/b.yaml": "x: 1\n",
            "sub/inner/deep/b.yaml": config("inner-b"),
            "sub/inner/c.yaml": "x: 1\n",
        }
    ),
    "ignore: files above the folder are not read": app({"a.yaml": config("a")})
    | {".sourceignore": "a.yaml\n", "clusters/.sourceignore": "*.yaml\n"},
    "ignore: entries of a root that exists": app(
        {
            "kustomization.yaml": listed("a.yaml", "b.yaml", "sub", more="components: [part]\n"),
            ".sourceignore": "b.yaml\n/part\n",
            "a.yaml": config("a"),
            "b.yaml": "no: object\n",
            "sub/kustomization.yaml": listed("b.yaml"),
            "sub/b.yaml": config("not-filtered-below"),
            "part/kustomization.yaml": COMPONENT + "namePrefix: never-\n",
        }
    ),
    "ignore: question marks, classes and escapes": app(
        {
            ".sourceignore": "x?.yaml\n[ab].yaml\n\\#c.yaml\nd\\ .yaml\n!xk.yaml\ntrail.yaml  \n",
            "x1.yaml": "n: 1\n",
            "xk.yaml": config("xk"),
            "a.yaml": "n: 1\n",
            "c.yaml": config("c"),
            "#c.yaml": "n: 1\n",
            "trail.yaml": "n: 1\n",
        }
    ),
}

ROOTS = {
    "an existing root: unknown fields and later documents vanish": app(
        {
            "kustomization.yaml": "unknown: 1\nresources: [c.yaml]\nresource: [x]\nnamespace: here\n"
            "---\nresources: [gone.yaml]\n",
            "c.yaml": config("c"),
        }
    ),
    "an existing root: numbers and booleans become text": app(
        {
            "kustomization.yaml": listed(
                "w.yaml",
                more="namespace: 5\nnamePrefix: 1.10\ncommonAnnotations: {a: 0644, b: yes, c: 1e6, d: 123456789.5}\n"
                "images: [{name: nginx, newTag: 1.20}]\nlabels: [{pairs: {big: 12345678901234567890}}]\n"
                "generatorOptions: {annotations: {w: off}}\nconfigMapGenerator: [{name: g, literals: [a=b]}]\n",
            ),
            "w.yaml": WORKLOAD,
        }
    ),
    "an existing root: blocks of text are written and read once": app(
        {
            "kustomization.yaml": listed("c.yaml"),
            "c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: >\n    one ${REGION}\n      two\n"
            "    three\n  b: >+\n    one\n\n",
        },
        FROM_SETTINGS,
    ),
    "an existing root of another name, with every field": app(
        {
            "kustomization.yml": listed(
                "w.yaml",
                "../outside",
                more="namespace: ns\nnamePrefix: p-\nnameSuffix: -s\ncommonLabels: {team: t}\n"
                "commonAnnotations: {note: '${REGION}'}\nlabels: [{pairs: {extra: '1'}}]\n"
                "images: [{name: example/web, newTag: '2'}]\n"
                "configMapGenerator: [{name: conf, literals: ['where=${DOMAIN}'], files: [f.txt]}]\n"
                "secretGenerator: [{name: key, literals: [k=v]}]\n"
                "generatorOptions: {labels: {made: 'true'}}\n"
                'patches: [{patch: \'[{"op": "add", "path": "/spec/paused", "value": true}]\', target: {kind: Deployment}}]\n'
                "replacements: [{source: {kind: ServiceAccount}, targets: [{select: {kind: Deployment},"
                " fieldPaths: [metadata.annotations.account], options: {create: true}}]}]\n",
            ),
            "w.yaml": WORKLOAD,
            "f.txt": "text ${REGION}\n",
        }
    )
    | {"outside/Kustomization": listed("o.yaml"), "outside/o.yaml": config("o")},
    "a nested kustomization with anchors and merge keys in manifests": app(
        {
            "kustomization.yaml": listed("sub"),
            "sub/kustomization.yaml": listed("c.yaml"),
            "sub/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: &m {name: c}\n"
            "data: {x: &x one, y: *x}\n---\napiVersion: example.org/v1\nkind: Thing\n"
            "metadata: {name: t}\nspec: {a: &a {b: 1, c: 2}, d: {<<: *a, c: 3}}\n",
        }
    ),
}

SPECS = {
    "spec: namespace, prefix and suffix replace the root's": app(
        {
            "kustomization.yaml": listed(
                "w.yaml", "ns.yaml", more="namespace: old\nnamePrefix: o-\n"
            ),
            "w.yaml": WORKLOAD,
            "ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n",
        },
        "  targetNamespace: new\n  namePrefix: n-\n  nameSuffix: -n\n" + FROM_SETTINGS,
    ),
    "spec: common metadata over a label that became a number": app(
        {
            "c.yaml": config(
                "c", meta="labels: {count: '${COUNT}', x: y}, annotations: {w: '${FLAG}'}"
            )
        },
        "  commonMetadata: {labels: {team: t}}\n" + FROM_SETTINGS,
    ),
    "spec: namespace for a generated root, unknown and cluster kinds": app(
        {
            "t.yaml": "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: t}\n",
            "r.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\n",
            "b.yaml": "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n"
            "metadata: {name: b}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}\n"
            "subjects: [{kind: ServiceAccount, name: default, namespace: x}, {kind: ServiceAccount, name: s}]\n",
            "s.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: s}\n",
        },
        "  targetNamespace: new\n",
    ),
    "spec: patches of both kinds, before the root's own prefix": app(
        {
            "kustomization.yaml": listed(
                "w.yaml",
                more="namePrefix: p-\npatches:\n  - patch: |\n"
                "      - {op: add, path: /metadata/labels/first, value: root}\n    target: {kind: Deployment}\n",
            ),
            "w.yaml": WORKLOAD.replace("${REGION}", "x"),
        },
        "  patches:\n"
        "    - patch: |\n        apiVersion: apps/v1\n        kind: Deployment\n        metadata: {name: web-x}\n"
        "        spec: {template: {spec: {containers: [{name: web, env: [{name: R, value: '${REGION}'}]}]}}}\n"
        "    - target: {kind: Deployment, labelSelector: first=root}\n"
        "      patch: |\n        - {op: test, path: /metadata/name, value: web-x}\n"
        "        - {op: add, path: /metadata/labels/second, value: spec}\n"
        "    - target: {kind: Service.*, name: run.*}\n"
        "      patch: |\n        apiVersion: v1\n        kind: ServiceAccount\n        metadata: {name: any}\n"
        "        automountServiceAccountToken: false\n" + FROM_SETTINGS,
    ),
    "spec: patches over a generated root, one deletes": app(
        {"a.yaml": config("a") + config("b"), "w.yaml": WORKLOAD},
        "  patches:\n    - target: {kind: ConfigMap, name: a}\n"
        "      patch: '{$patch: delete, kind: ConfigMap, apiVersion: v1, metadata: {name: a}}'\n"
        + FROM_SETTINGS,
    ),
    "spec: the deprecated patches": app(
        {"w.yaml": WORKLOAD.replace("${REGION}", "x")},
        "  patchesStrategicMerge:\n    - {apiVersion: apps/v1, kind: Deployment, metadata: {name: web-x}, spec: {paused: true}}\n"
        "  patchesJson6902:\n    - target: {group: apps, version: v1, kind: Deployment, name: web-x}\n"
        "      patch: [{op: replace, path: /spec/replicas, value: 7}]\n" + FROM_SETTINGS,
    ),
    "spec: images added and merged with the root's": app(
        {
            "kustomization.yaml": listed(
                "w.yaml",
                more="images:\n"
                "  - {name: example/web, newName: example/other, digest: 'sha256:00'}\n"
                "  - {name: none, newTag: '1'}\n",
            ),
            "w.yaml": WORKLOAD,
        },
        "  images:\n    - {name: example/web, newTag: '2'}\n    - {name: more, newName: other}\n"
        + FROM_SETTINGS,
    ),
    "spec: an image's name alone keeps the tag of the root": app(
        {
            "kustomization.yaml": listed(
                "w.yaml", more="images: [{name: example/web, newTag: v9}]\n"
            ),
            "w.yaml": WORKLOAD,
        },
        "  images: [{name: example/web, newName: mirror.example.org/web}]\n" + FROM_SETTINGS,
    ),
    "spec: components after the root's own": app(
        {
            "kustomization.yaml": listed("w.yaml", more="components: [part]\n"),
            "w.yaml": WORKLOAD,
            "part/kustomization.yaml": COMPONENT + "resources: [c.yaml]\nnamePrefix: part-\n",
            "part/c.yaml": config("c"),
        },
        "  components: [../outer]\n" + FROM_SETTINGS,
    )
    | {
        "outer/kustomization.yaml": COMPONENT + "commonLabels: {outer: '1'}\nresources: [o.yaml]\n",
        "outer/o.yaml": config("o"),
    },
    "spec: missing components ignored": app(
        {"kustomization.yaml": listed("c.yaml"), "c.yaml": config("c")},
        "  ignoreMissingComponents: true\n  components: [../none, ../there]\n",
    )
    | {"there/kustomization.yaml": COMPONENT + "labels: [{pairs: {there: '1'}}]\n"},
    "spec: common metadata comes last and is not substituted": app(
        {
            "c.yaml": config(
                "c", "{a: '${REGION}'}", "labels: {team: own, keep: k}, annotations: {note: own}"
            )
        },
        "  commonMetadata:\n    labels: {team: common}\n    annotations: {note: common, more: plain}\n"
        + FROM_SETTINGS,
    ),
    "spec: what a build does not heed": app(
        {"c.yaml": config("c")},
        "  suspend: true\n  wait: true\n  timeout: 3m\n  force: true\n  dependsOn: [{name: other}]\n"
        "  healthChecks: [{kind: Deployment, apiVersion: apps/v1, name: web, namespace: x}]\n"
        "  decryption: {provider: sops}\n",
    ),
}

INLINE = "  postBuild:\n    substitute: {INLINE: over, REGION: inline}\n"
BOTH = INLINE + "    substituteFrom:\n      - {kind: ConfigMap, name: cluster-settings}\n"
POST_BUILD = {
    "postBuild: absent, nothing is substituted": app(
        {"c.yaml": config("c", "{d: '${LEFT:=x} $${ALONE} $$ ${B'}")}, "  targetNamespace: n\n"
    ),
    "postBuild: without variables, nothing is substituted": app(
        {"c.yaml": config("c", "{d: '${LEFT:=x} $${ALONE} $$'}")}, "  postBuild: {}\n"
    ),
    "postBuild: strategy Always without variables": app(
        {"c.yaml": config("c", "{d: '${LEFT:=x} $${ALONE} $$', n: 12345678901234567890}")},
        "  postBuild: {substituteStrategy: Always}\n",
    ),
    "postBuild: strategy WithVariables": app(
        {"c.yaml": config("c", "{d: '${LEFT:=x} $${ALONE} $$'}")},
        "  postBuild: {substituteStrategy: WithVariables, substitute: {A: b}}\n",
    ),
    "postBuild: inline over referenced, later over earlier": app(
        {
            "c.yaml": config(
                "c", "{a: '${REGION}', b: '${DOMAIN}', c: '${ONLY}', d: '${INLINE}', e: '${PASS}'}"
            )
        },
        BOTH + "      - {kind: ConfigMap, name: later}\n      - {kind: Secret, name: keys}\n"
        "      - {kind: Secret, name: none, optional: true}\n",
    )
    | {
        "clusters/room/later.yaml": config(
            "later",
            "{REGION: later, DOMAIN: later.example.org, ONLY: later, PASS: weak}",
            "namespace: flux-system",
        ),
        "clusters/room/keys.yaml": secret(
            "keys", f"data: {{PASS: {encoded('strong')}}}", "flux-system"
        ),
    },
    "postBuild: a secret in clear": app(
        {"c.yaml": config("c", "{e: '${PASS}', n: '${NUMBER}'}")},
        "  postBuild: {substituteFrom: [{kind: Secret, name: keys}]}\n",
    )
    | {
        "clusters/room/keys.yaml": secret(
            "keys", f"data: {{PASS: {encoded('a')}, NUMBER: {encoded('0644')}}}", "flux-system"
        )
    },
    "postBuild: optional and absent": app(
        {"c.yaml": config("c", "{e: '${X:=default}'}")},
        "  postBuild: {substituteFrom: [{kind: ConfigMap, name: none, optional: true}]}\n",
    ),
    "postBuild: every operator": app(
        {
            "c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  all: |\n"
            "    ${DOMAIN} ${NONE:-default} ${NONE:=d} ${NONE=d} ${EMPTY:-was empty} ${#DOMAIN}\n"
            "    ${REGION^} ${REGION^^} ${FLAG,} ${FLAG,,} ${DOMAIN:2} ${DOMAIN:2:3} ${DOMAIN:1:-1}\n"
            "    ${PATTERN#*/} ${PATTERN##*/} ${PATTERN%.*} ${PATTERN%%.*} ${PATTERN/a/X} ${PATTERN//a/X}\n"
            "    ${PATTERN/#a/X} ${PATTERN/%gz/X} ${NONE:-${REGION}-x} $${REGION} $$ $REGION $(REGION) {{ $x }}\n",
        }
    ),
    "postBuild: values take their YAML type": app(
        {
            "t.yaml": "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: t}\nspec:\n"
            "  count: ${COUNT}\n  flag: ${FLAG}\n  text: '${QUOTED}'\n  octal: ${NONE:=0644}\n"
            "  empty: ${EMPTY}\n  both: ${COUNT}${COUNT}\n  half: ${COUNT}.50\n  list: '${NONE:=[1, b]}'\n"
            "  escaped: ${DOLLAR}\n  big: 9007199254740993\n  float: 1e3\n  date: 2020-01-01\n"
            "  when: '${NONE:=2020-01-01}'\n  ${REGION}: key\n  hex: '${NONE:=0x1F}'\n"
            "  under: '${NONE:=1_000}'\n  time: '${NONE:=12:34}'\n  off: '${NONE:=off}'\n  tilde: '${NONE:=~}'\n",
        }
    ),
    "postBuild: switched off by label, by annotation, by a patch": app(
        {
            "kustomization.yaml": listed(
                "off.yaml",
                more="patches:\n  - target: {name: patched}\n    patch: |\n"
                "      - {op: add, path: /metadata/labels, value: {kustomize.toolkit.fluxcd.io/substitute: disabled}}\n",
            ),
            "off.yaml": config(
                "l",
                "{s: 'x ${UNSET} $${X}'}",
                "labels: {kustomize.toolkit.fluxcd.io/substitute: disabled}",
            )
            + config(
                "a",
                "{s: '${UN.SET}'}",
                "annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}",
            )
            + config("patched", "{s: '${!}'}")
            + config(
                "on",
                "{s: '${REGION}'}",
                "labels: {kustomize.toolkit.fluxcd.io/substitute: enabled}",
            ),
        }
    ),
    "postBuild: objects that lose their identity are dropped": app(
        {
            "c.yaml": config("kept")
            + config('"${COUNT}"')
            + config('"${EMPTY}"')
            + config('"x${EMPTY}"')
        }
    ),
    "postBuild: values and a root beyond the first plane": app(
        {
            "kustomization.yaml": listed(
                "c.yaml",
                more="configMapGenerator: [{name: g, literals: ['e=\U0001f600 \u00e9']}]\n",
            ),
            "c.yaml": config("c", "{a: '${FACE} ${REGION}', b: '\U0001f680'}"),
        },
        "  postBuild: {substitute: {FACE: '\U0001f600', REGION: \u00e9}}\n",
    ),
    "postBuild: the settings of another namespace": base()
    | {
        "clusters/room/tenant.yaml": config(
            "cluster-settings", "{REGION: tenant}", "namespace: tenant"
        ),
        "app/k.yaml": flux("t", "./t", FROM_SETTINGS, namespace="tenant"),
        "t/c.yaml": config("c", "{r: '${REGION}'}"),
    },
    "postBuild: text that YAML would fold, quote and escape": app(
        {
            "c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n"
            f'  long: \'{"word " * 40}${{REGION}}\'\n  tab: "a\\tb ${{REGION}}"\n  emoji: "\\U0001F600 ${{REGION}}"\n'
            "  block: |\n    # ${REGION}\n    key: 'va''lue'\n\n    last  \n  keep: |+\n    x\n\n  colon: 'a: ${REGION}'\n"
            "  hash: 'a #b'\n  star: '*.${DOMAIN}'\n  brace: '{{ .x }} ${REGION}'\n  yes: 'yes'\n  nl: \"\\n${REGION}\"\n",
        }
    ),
}

RECURSION = {
    "children: variables of their own, and paths made of variables": base()
    | {
        "app/k.yaml": flux("one", "./one", BOTH)
        + flux("two", "./two/${REGION}", "  postBuild:\n    substitute: {DOMAIN: two}\n")
        + flux("three", "./three"),
        "one/w.yaml": WORKLOAD,
        "two/north/kustomization.yaml": listed("c.yaml"),
        "two/north/c.yaml": config("c", "{d: '${DOMAIN}'}"),
        "three/c.yaml": config("c3", "{d: '${LEFT} $${ALONE} $$'}"),
    },
    "children: the parent substitutes in their spec": base()
    | {
        "app/k.yaml": flux(
            "child",
            "./child",
            "  targetNamespace: ns-${REGION}\n  commonMetadata: {labels: {region: '${REGION}'}}\n"
            "  postBuild:\n    substitute: {WHERE: 'in ${DOMAIN}', KEPT: '$${DOMAIN}'}\n"
            "    substituteFrom: [{kind: ConfigMap, name: cluster-settings}]\n"
            "  patches:\n    - target: {kind: ConfigMap}\n      patch: |\n"
            "        - {op: add, path: /data/p, value: '${REGION} $${COUNT}'}\n",
        ),
        "child/c.yaml": config("c", "{w: '${WHERE}', k: '${KEPT}'}"),
    },
    "children: three deep, and each its namespace": base()
    | {
        "app/kustomization.yaml": listed("k.yaml", more="namespace: flux-system\n"),
        "app/k.yaml": flux("a", "./a", FROM_SETTINGS),
        "a/k.yaml": flux("b", "./b", "  targetNamespace: b\n" + BOTH) + config("from-a"),
        "b/c.yaml": config("from-b", "{r: '${REGION}'}") + flux("c", "./c", namespace="tenant"),
        "c/c.yaml": config("from-c"),
    },
    "children: patched by the parent": base(
        "  patches:\n    - target: {kind: Kustomization, group: kustomize.toolkit.fluxcd.io}\n"
        "      patch: |\n        apiVersion: kustomize.toolkit.fluxcd.io/v1\n        kind: Kustomization\n        metadata: {name: all}\n"
        "        spec: {targetNamespace: forced, postBuild: {substitute: {FROM: parent}}}\n"
        + FROM_SETTINGS
    )
    | {
        "app/k.yaml": flux("a", "./a", FROM_SETTINGS),
        "a/c.yaml": config("c", "{f: '${FROM} ${REGION}'}"),
    },
    "children: variables from a map that another child makes": base()
    | {
        "app/k.yaml": flux(
            "user", "./user", "  postBuild: {substituteFrom: [{kind: ConfigMap, name: made}]}\n"
        )
        + flux("maker", "./maker", "  targetNamespace: flux-system\n" + FROM_SETTINGS),
        "user/c.yaml": config("c", "{v: '${MADE}'}"),
        "maker/kustomization.yaml": "generatorOptions: {disableNameSuffixHash: true}\nresources: []\n"
        "configMapGenerator: [{name: unused, literals: [a=b]}]\n",
        "maker/made.yaml": "",
    }
    | {
        "maker/kustomization.yaml": listed("made.yaml"),
        "maker/made.yaml": config("made", "{MADE: 'by ${REGION}'}"),
    },
    "children: the top applies the cluster's directory, where the settings are made": base()
    | {
        "clusters/room/flux.yaml": "",
        "clusters/room/flux-system/kustomization.yaml": listed("sync.yaml"),
        "clusters/room/flux-system/sync.yaml": flux(
            "top",
            "./clusters/room",
            "  patches:\n    - target: {kind: Kustomization, name: kid}\n      patch: |\n"
            "        - {op: add, path: /spec/postBuild/substitute, value: {EXTRA: patched}}\n",
        ),
        "clusters/room/apps/kid.yaml": flux(
            "kid",
            "./app",
            "  postBuild: {substituteFrom: [{kind: ConfigMap, name: cluster-settings}, "
            "{kind: ConfigMap, name: made}]}\n",
        ),
        "clusters/room/made/kustomization.yaml": "namespace: flux-system\nresources: [map.yaml]\n"
        "generatorOptions: {disableNameSuffixHash: true}\nconfigMapGenerator: [{name: made, literals: [MADE=yes-made]}]\n",
        "clusters/room/made/map.yaml": config("listed"),
        "app/c.yaml": config("c", "{r: '${REGION}', m: '${MADE}', e: '${EXTRA}'}"),
    },
    "children: a circle, and one that applies itself": base()
    | {
        "app/k.yaml": flux("a", "./a") + flux("top", "./app", FROM_SETTINGS),
        "a/k.yaml": flux("b", "./b") + flux("a", "./a"),
        "b/k.yaml": flux("a", "./a") + config("end"),
    },
    "children: a source that is not this repository": base()
    | {
        "app/k.yaml": flux("far", "./far").replace(
            "name: flux-system, namespace", "name: other, namespace"
        )
        + flux("near", "./near"),
        "near/c.yaml": config("c"),
    },
    "children: none of them, kinds that only sound alike": base()
    | {
        "app/k.yaml": "---\napiVersion: example.org/v1\nkind: Kustomization\nmetadata: {name: x}\nspec: {path: ./none}\n"
        + "---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: h, namespace: n}\n"
        "spec: {interval: 1h, chart: {spec: {chart: c, sourceRef: {kind: HelmRepository, name: r}}}, values: {a: '${REGION}'}}\n",
    },
}

ENCRYPTED = "ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]"
SOPS = f"sops: {{mac: '{ENCRYPTED}', version: 3.9.0, age: [{{recipient: age1, enc: e}}]}}"
SECRETS = {
    "secrets: in clear": app(
        {
            "s.yaml": secret(
                "plain",
                f"data: {{a: {encoded('abc')}}}\nstringData: {{b: 'c ${{REGION}}'}}\ntype: Opaque",
            )
        }
    ),
    "secrets: encrypted, of every shape": app(
        {
            "a.sops.yaml": secret(
                "hidden", f"stringData: {{a: '{ENCRYPTED}', plain: text}}\n{SOPS}"
            ),
            "b.sops.yaml": secret("data", f"data: {{a: '{encoded(ENCRYPTED)}'}}\n{SOPS}"),
            "c.sops.yaml": secret(
                "docker",
                f"type: kubernetes.io/dockerconfigjson\nstringData: {{.dockerconfigjson: '{ENCRYPTED}'}}\n{SOPS}",
            ),
            "d.sops.yaml": secret("empty", SOPS),
        }
    ),
    "secrets: a generator over an encrypted file": app(
        {
            "kustomization.yaml": listed(
                "c.yaml", more="secretGenerator: [{name: made, files: [x.enc], literals: [p=q]}]\n"
            ),
            "c.yaml": config("c"),
            "x.enc": f'{{"data": "{ENCRYPTED}", "sops": {{"mac": "{ENCRYPTED}"}}}}\n',
        }
    ),
    "secrets: variables that are encrypted are placeholders": app(
        {"c.yaml": config("c", "{p: '${PASS}', q: '${CLEAR}'}")},
        "  postBuild: {substituteFrom: [{kind: Secret, name: keys}]}\n",
    )
    | {
        "clusters/room/keys.sops.yaml": secret(
            "keys", f"stringData: {{PASS: '{ENCRYPTED}', CLEAR: seen}}\n{SOPS}", "flux-system"
        )
    },
}

_PART = (
    COMPONENT
    + """\
resources: [r.yaml, "a: b.yaml", ../sub/../sub, nested/x.yaml]
components: [../inner]
configMapGenerator:
  - {name: g, literals: [x=1]}
  - {name: plain, literals: [x=1], options: {disableNameSuffixHash: true, annotations: {k: v}}}
  - {name: old, literals: [x=1], options: {disableNameSuffixHash: true}}
"""
)
_PARTS = {
    "part/kustomization.yaml": _PART,
    "part/r.yaml": config("r") + config("r2"),
    "part/a: b.yaml": config("ab"),
    "part/nested/x.yaml": config("x"),
    "sub/kustomization.yml": "resources: [deep.yaml]\nsecretGenerator: [{name: s, literals: [x=1]}]\n",
    "sub/deep.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: deep\n"
    "  annotations: {config.kubernetes.io/origin: mine, own: '1'}\n",
    "inner/Kustomization": COMPONENT + "configMapGenerator: [{name: in, literals: [x=1]}]\n",
    "other/kustomization.yaml": COMPONENT
    + """\
configMapGenerator:
  - {name: plain, behavior: merge, literals: [z=3], options: {disableNameSuffixHash: true}}
  - {name: old, behavior: replace, literals: [z=3], options: {disableNameSuffixHash: true}}
  - {name: r, behavior: merge, literals: [z=3], options: {disableNameSuffixHash: true}}
  - {name: r2, behavior: replace, literals: [z=3], options: {disableNameSuffixHash: true}}
patches:
  - patch: |
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: r, annotations: {patched: "1"}}
""",
}

ORIGINS = {
    "origins: a root with only generators": app(
        {
            "kustomization.yaml": "configMapGenerator: [{name: c, literals: [a=b]}]\n"
            "secretGenerator: [{name: s, literals: ['a=${DOMAIN}']}]\n"
        }
    ),
    "origins: the file's own name": app(
        {"Kustomization": "configMapGenerator: [{name: c, literals: [a=b]}]\n"}
    ),
    "origins: a root with only components": app(
        {
            "kustomization.yaml": "components: [part, other]\ncommonAnnotations: {all: x}\n",
            **_PARTS,
        }
    ),
    "origins: components and generators beside the folder": app(
        {
            "kustomization.yaml": "components: [../shared/./part]\nnamePrefix: p-\n"
            "labels: [{pairs: {l: v}}]\nconfigMapGenerator: [{name: own, literals: [a=b]}]\n",
        }
    )
    | {f"shared/{name}": text for name, text in _PARTS.items()},
    "origins: asked for by the spec": app(
        {"c.yaml": config("c"), "sub/k.yaml": config("k")}, "  buildMetadata: [originAnnotations]\n"
    ),
    "origins: an empty root": app({"kustomization.yaml": "", "c.yaml": config("c")}),
}

REPOSITORIES: dict[str, dict[str, str]] = {
    **ORIGINS, **GENERATED_ROOT, **IGNORED, **ROOTS, **SPECS, **POST_BUILD, **RECURSION, **SECRETS,
}  # fmt: skip

EMBEDDED_REFUSES = {
    "build metadata other than origins": (
        app({"c.yaml": config("c")}, "  buildMetadata: [transformerAnnotations]\n"),
        "buildMetadata transformerAnnotations",
    ),
    "build metadata below the root": (
        app(
            {
                "kustomization.yaml": "resources: [sub]\n",
                "sub/kustomization.yaml": "resources: [c.yaml]\nbuildMetadata: [originAnnotations]\n",
                "sub/c.yaml": config("c"),
            }
        ),
        "buildMetadata below the root",
    ),
    "replicas": (
        app(
            {
                "kustomization.yaml": listed("w.yaml", more="replicas: [{name: web, count: 2}]\n"),
                "w.yaml": WORKLOAD.replace("-${REGION}", ""),
            }
        ),
        "replicas",
    ),
    "a built-in transformer by file": (
        app(
            {
                "kustomization.yaml": listed("c.yaml", more="transformers: [t.yaml]\n"),
                "c.yaml": config("c"),
                "t.yaml": "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: p}\nprefix: p-\n"
                "fieldSpecs: [{path: metadata/name}]\n",
            }
        ),
        "transformers",
    ),
    "vars": (
        app(
            {
                "kustomization.yaml": listed(
                    "w.yaml",
                    more="vars: [{name: V, objref: {apiVersion: v1, kind: ServiceAccount, name: runner}}]\n",
                ),
                "w.yaml": WORKLOAD.replace("$(VAR)", "$(V)").replace("$${HOME}", ""),
            }
        ),
        "vars",
    ),
}
"""Repositories that flux and kustomize build and the embedded renderer refuses, with what it names."""

FLUX_REFUSES = {
    "texts of a secret that read as other types": app(
        {"s.yaml": secret("s", "stringData: {a: 'true', b: '0644', c: text}")}
    ),
}
"""Repositories whose Secrets `flux build` shows wrongly: its rung hands them to the next."""

FAULTS: dict[str, dict[str, str]] = {
    "an undefined variable": app({"c.yaml": config("c", "{d: '${DOMIAN}'}")}),
    "an undefined variable below a default": app(
        {"c.yaml": config("c", "{d: '${REGION:-${DOMIAN}}'}")}
    ),
    "an expression that does not end": app({"c.yaml": config("c", "{d: '${DOMAIN.x}'}")}),
    "a value that breaks the YAML": app(
        {"c.yaml": config("c", "{d: '${V}'}")}, "  postBuild: {substitute: {V: 'a: b'}}\n"
    ),
    "a value that is no number of JSON": app({"c.yaml": config("c", "{d: '${NONE:=.inf}'}")}),
    "a setting whose name Flux refuses": app(
        {"c.yaml": config("c")}, "  postBuild: {substitute: {bad-name: x}}\n"
    ),
    "settings that are not there": app(
        {"c.yaml": config("c")}, "  postBuild: {substituteFrom: [{kind: ConfigMap, name: none}]}\n"
    ),
    "a file that is no object": app({"values.yaml": "a: 1\n", "c.yaml": config("c")}),
    "a list that is no object": app({"values.yaml": "- a\n- b\n"}),
    "an object without a name": app(
        {"c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}}\n"}
    ),
    "an object without a kind": app({"c.yaml": "apiVersion: v1\nmetadata: {name: a}\n"}),
    "a file that is no YAML": app({"c.yaml": "a: b: c\n"}),
    "flow style around an expression": app(
        {"c.yaml": "apiVersion: v1\nkind: X\nmetadata: {name: ${REGION}}\n"}
    ),
    "a kustomization named with a capital": app(
        {"Kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"}
    ),
    "a component in a folder that is scanned": app(
        {"part/kustomization.yaml": COMPONENT, "c.yaml": config("c")}
    ),
    "a Flux Kustomization in a file named kustomization.yaml": app(
        {"sub/kustomization.yaml": flux("x", "./x")}
    ),
    "two kustomization files": app(
        {
            "kustomization.yaml": listed("c.yaml"),
            "kustomization.yml": listed("c.yaml"),
            "c.yaml": config("c"),
        }
    ),
    "a resource that does not exist": app({"kustomization.yaml": listed("gone.yaml")}),
    "a resource that does not exist, further in": app(
        {"sub/kustomization.yaml": listed("gone.yaml")}
    ),
    "a misspelt field in a nested kustomization": app(
        {"sub/kustomization.yaml": "resources: []\nresource: [x]\n"}
    ),
    "the same object twice": app({"y.yaml": config("same"), "z.yaml": config("same")}),
    "a component that does not exist": app({"c.yaml": config("c")}, "  components: [../none]\n"),
    "a component with an absolute path": app({"c.yaml": config("c")}, "  components: [/none]\n"),
    "a JSON patch that is neither JSON nor a list of YAML": app(
        {"c.yaml": config("c")},
        "  patches: [{patch: '[{op: remove, path: /data}]', target: {kind: ConfigMap}}]\n",
    ),
    "a patch for nothing": app(
        {"c.yaml": config("c")},
        "  patches: [{patch: '{apiVersion: v1, kind: Secret, metadata: {name: none}, data: {}}'}]\n",
    ),
    "a path that does not exist": base() | {"clusters/room/flux.yaml": flux("top", "./none")},
    "a child whose path does not exist": base() | {"app/k.yaml": flux("a", "./none")},
    "a child that does not build": base()
    | {"app/k.yaml": flux("a", "./a"), "a/c.yaml": "no: object\n"},
    "a secret whose data are not base64": app({"s.yaml": secret("s", "data: {a: 'not base64!'}")}),
    "a link that leads nowhere": app({"c.yaml": "link:none.yaml"}),
    "a substitute that is no string": app(
        {"c.yaml": config("c")}, "  postBuild: {substitute: {N: 1}}\n"
    ),
}


def write(tree: Path, files: Mapping[str, str]) -> Path:
    """The files below `tree`, which is returned."""
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("link:"):
            path.symlink_to(text.removeprefix("link:"))
        else:
            path.write_text(text, encoding="utf-8")
    return tree
