"""Random kustomization trees over everything the embedded renderer supports, for hypothesis.

Names, labels and files come from small pools, so that patches find their targets, generated maps
meet references and ids collide now and then. A tree is a dict of files; `app` is the one to build.
"""

# ruff: noqa: E501 - manifests are easier to read in one line each

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

ROOT = "app"
NAMES = ("web", "api", "cfg", "default")
LABELS = ("app", "tier", "a.b/c")
SCALARS = (
    "text", "yes", "'yes'", "true", "0644", "0o17", "'010'", "1.10", "1e3", "-0", "12:34",
    "2020-01-01", "null", "~", "", '""', "0x1F", "1_000", "9007199254740993", "'a: b'", "a#b",
    '"a\\tb"', '"x \\u00e9\\U0001F600"', "{}", "[]", "[1, two, {three: 3}]", "{a: 1, b: }", "'${X}'",
    "|\n      one\n      two\n", ">-\n      one\n      two\n", '" lead"', "'*.x'", "!!str 12", "3.0",
)  # fmt: skip
IMAGES = (
    "nginx", "nginx:1.25", "example.org:5000/web@sha256:0123abc", "example.org/nginx:1", "nginx:1@sha256:ab",
)  # fmt: skip


def flow(value: Any) -> str:
    """Data as one line of YAML."""
    return json.dumps(value, ensure_ascii=False)


@st.composite
def metadata(draw: st.DrawFn, name: str | None = None) -> dict[str, Any]:
    """metadata with a name of the pool and now and then more."""
    found: dict[str, Any] = {"name": name or draw(st.sampled_from(NAMES))}
    if draw(st.integers(0, 4)) == 0:
        found["namespace"] = draw(st.sampled_from(("team", "default", "prod")))
    for field in ("labels", "annotations"):
        if draw(st.integers(0, 4)) == 0:
            found[field] = draw(
                st.dictionaries(
                    st.sampled_from(LABELS), st.sampled_from(("x", "1", "")), max_size=2
                )
            )
    return found


@st.composite
def container(draw: st.DrawFn) -> dict[str, Any]:
    """A container, with references to ConfigMaps and Secrets of the pool."""
    found: dict[str, Any] = {"name": draw(st.sampled_from(("main", "side", "init")))}
    if draw(st.booleans()):
        found["image"] = draw(st.sampled_from(IMAGES))
    if draw(st.integers(0, 2)) == 0:
        found["env"] = [
            {"name": "A", "value": draw(st.sampled_from(("1", "yes", "")))},
            {
                "name": "B",
                "valueFrom": {
                    draw(st.sampled_from(("configMapKeyRef", "secretKeyRef"))): {
                        "name": draw(st.sampled_from(NAMES)),
                        "key": "k",
                    }
                },
            },
        ]
    if draw(st.integers(0, 2)) == 0:
        found["envFrom"] = [{"configMapRef": {"name": draw(st.sampled_from(NAMES))}}]
    if draw(st.integers(0, 2)) == 0:
        ports = st.fixed_dictionaries(
            {"containerPort": st.sampled_from((80, 443))},
            optional={"protocol": st.sampled_from(("TCP", "UDP")), "name": st.just("http")},
        )
        found["ports"] = draw(st.lists(ports, max_size=2))
    return found


@st.composite
def pod_spec(draw: st.DrawFn) -> dict[str, Any]:
    """A pod's spec."""
    unique = st.lists(container(), min_size=1, max_size=2, unique_by=lambda one: one["name"])
    found: dict[str, Any] = {"containers": draw(unique)}
    if draw(st.integers(0, 3)) == 0:
        found["initContainers"] = [draw(container())]
    if draw(st.integers(0, 2)) == 0:
        found["serviceAccountName"] = draw(st.sampled_from(NAMES))
    if draw(st.integers(0, 2)) == 0:
        kind = draw(st.sampled_from(("configMap", "secret", "persistentVolumeClaim")))
        key = {"configMap": "name", "secret": "secretName", "persistentVolumeClaim": "claimName"}
        found["volumes"] = [{"name": "v", kind: {key[kind]: draw(st.sampled_from(NAMES))}}]
    if draw(st.integers(0, 3)) == 0:
        found["tolerations"] = [{"key": "k", "operator": "Exists"}]
    return found


@st.composite
def template(draw: st.DrawFn) -> dict[str, Any]:
    """A pod template."""
    found: dict[str, Any] = {"spec": draw(pod_spec())}
    if draw(st.booleans()):
        found["metadata"] = {"labels": {"app": draw(st.sampled_from(NAMES))}}
    return found


def _reference(name: str, kind: str = "ServiceAccount") -> dict[str, Any]:
    return {"kind": kind, "name": name}


@st.composite
def spec_of(draw: st.DrawFn, kind: str) -> dict[str, Any]:
    """All fields beside the metadata."""
    name = draw(st.sampled_from(NAMES))
    match kind:
        case "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Job":
            spec: dict[str, Any] = {"template": draw(template())}
            if draw(st.booleans()):
                spec["selector"] = {"matchLabels": {"app": name}}
            if draw(st.integers(0, 2)) == 0:
                spec["replicas"] = draw(st.integers(0, 3))
            if kind == "StatefulSet":
                spec["serviceName"] = name
                if draw(st.booleans()):
                    spec["volumeClaimTemplates"] = [{"metadata": {"name": "data"}}]
            return {"spec": spec}
        case "CronJob":
            return {
                "spec": {
                    "schedule": "@daily",
                    "jobTemplate": {"spec": {"template": draw(template())}},
                }
            }
        case "Pod":
            return {"spec": draw(pod_spec())}
        case "Service":
            ports = [{"port": 80, "name": "http"}, {"port": 53, "protocol": "UDP"}]
            return {"spec": {"selector": {"app": name}, "ports": ports[: draw(st.integers(1, 2))]}}
        case "RoleBinding" | "ClusterRoleBinding":
            subject = _reference(name) | draw(st.sampled_from(({}, {"namespace": "team"})))
            role = draw(st.sampled_from(("Role", "ClusterRole")))
            return {
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": name},
                "subjects": [subject],
            }
        case "Role" | "ClusterRole":
            rule = {
                "apiGroups": [""],
                "resources": ["configmaps"],
                "resourceNames": [name],
                "verbs": ["get"],
            }
            return {"rules": [rule]}
        case "Ingress":
            backend = {"service": {"name": name, "port": {"number": 80}}}
            rule = {"host": "a.example.org", "http": {"paths": [{"path": "/", "backend": backend}]}}
            return {"spec": {"rules": [rule], "tls": [{"secretName": name}]}}
        case "HorizontalPodAutoscaler":
            return {
                "spec": {
                    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
                }
            }
        case "NetworkPolicy":
            return {"spec": {"podSelector": {"matchLabels": {"app": name}}, "ingress": [{}]}}
        case "Widget":
            items = st.lists(
                st.fixed_dictionaries(
                    {"name": st.sampled_from("abc")}, optional={"v": st.integers(0, 2)}
                ),
                max_size=3,
            )
            return {"spec": {"parts": draw(items), "ref": {"name": name}, "size": 1}}
        case _:
            return {}


API = {
    "ConfigMap": "v1", "Secret": "v1", "Service": "v1", "ServiceAccount": "v1", "Namespace": "v1",
    "Pod": "v1", "PersistentVolumeClaim": "v1",
    "Deployment": "apps/v1", "StatefulSet": "apps/v1", "DaemonSet": "apps/v1", "ReplicaSet": "apps/v1",
    "Job": "batch/v1", "CronJob": "batch/v1", "Ingress": "networking.k8s.io/v1",
    "NetworkPolicy": "networking.k8s.io/v1", "HorizontalPodAutoscaler": "autoscaling/v2",
    "Role": "rbac.authorization.k8s.io/v1", "ClusterRole": "rbac.authorization.k8s.io/v1",
    "RoleBinding": "rbac.authorization.k8s.io/v1", "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
    "Widget": "example.org/v1",
}  # fmt: skip
KINDS = ("ConfigMap", "ConfigMap", "Deployment", "Secret", "Service", *API)


@st.composite
def resource(draw: st.DrawFn, kind: str, name: str) -> str:
    """One object as YAML; those with data hold raw scalars of every kind."""
    meta = flow(draw(metadata(name)))
    text = f"apiVersion: {API[kind]}\nkind: {kind}\nmetadata: {meta}\n"
    for field, value in draw(spec_of(kind)).items():
        text += f"{field}: {flow(value)}\n"
    if kind in {"ConfigMap", "Secret", "Widget"}:
        field = {"ConfigMap": "data", "Secret": "stringData"}.get(kind, "extra")
        keys = st.sampled_from(("k", "j", "z-1"))
        raw = draw(st.dictionaries(keys, st.sampled_from(SCALARS), max_size=3))
        if raw:
            text += f"{field}:\n" + "".join(f"    {key}: {raw[key]}\n" for key in raw)
    return text


TARGETS = (
    {"kind": "Deployment"}, {"kind": "ConfigMap"}, {"name": "web"}, {"name": "w.*|api"},
    {"kind": ".*Set", "version": "v1"}, {"labelSelector": "app=x"}, {"labelSelector": "app in (x, web),!tier"},
    {"annotationSelector": "tier"}, {"group": "apps"}, {"namespace": "team"}, {"kind": "Widget"}, {},
)  # fmt: skip
OPERATIONS = (
    {"op": "add", "path": "/metadata/labels", "value": {"new": "1"}},
    {"op": "add", "path": "/metadata/annotations", "value": {}},
    {"op": "replace", "path": "/metadata/name", "value": "renamed"},
    {"op": "add", "path": "/spec/template/spec/containers/-", "value": {"name": "more", "image": "nginx"}},
    {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "nginx:9"},
    {"op": "remove", "path": "/data/k"},
    {"op": "add", "path": "/data/k", "value": "added"},
    {"op": "add", "path": "/metadata/labels/a.b~1c", "value": "y"},
    {"op": "copy", "from": "/metadata/name", "path": "/metadata/labels/app"},
    {"op": "test", "path": "/kind", "value": "Widget"},
    {"op": "remove", "path": "/spec"},
    {"op": "move", "from": "/spec/parts", "path": "/spec/moved"},
)  # fmt: skip
MERGES = (
    {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "nginx:merged"}]}}}},
    {"spec": {"template": {"spec": {"containers": [{"name": "main", "$patch": "delete"}]}}}},
    {"spec": {"template": {"spec": {"containers": [{"name": "main", "env": [{"name": "A", "value": "2"}]}]}}}},
    {"spec": {"template": {"spec": {"$patch": "replace", "containers": [{"name": "only"}]}}}},
    {"spec": {"template": {"metadata": {"labels": {"app": None}}}}},
    {"spec": {"replicas": None}}, {"data": {"k": "patched", "j": None}}, {"data": None},
    {"metadata": {"labels": {"app": "patched"}, "annotations": {"tier": None}}},
    {"$patch": "delete"}, {"spec": {"parts": [{"name": "a", "v": 9}]}}, {"spec": {"ports": [{"port": 80, "name": "x"}]}},
    {"spec": {"selector": {"$patch": "replace", "app": "z"}}}, {"stringData": {"k": "s"}}, {"subjects": []},
    {"metadata": {"finalizers": ["f"], "ownerReferences": [{"uid": "u", "name": "n"}]}},
    {"spec": {"template": {"spec": {"volumes": [{"name": "v", "$patch": "delete"}], "tolerations": [{"key": "z"}]}}}},
    {"spec": {"template": {"spec": {"containers": [{"$patch": "replace"}, {"name": "sole"}]}}}},
)  # fmt: skip


Known = tuple[str, str]
"""Kind and name of a resource that is there."""


@st.composite
def patch(draw: st.DrawFn, known: list[Known]) -> dict[str, Any]:
    """An entry of `patches`; it mostly means something that is there."""
    kind, name = draw(st.sampled_from(known or [("ConfigMap", "none")]))
    if draw(st.integers(0, 2)) == 0:
        operations, target = draw(json_patch(kind))
        entry: dict[str, Any] = {"patch": flow(operations), "target": target}
    else:
        merge = draw(st.sampled_from(MERGES))
        head = {"apiVersion": API[kind], "kind": kind, "metadata": {"name": name}}
        if "metadata" in merge:
            head["metadata"] = {**merge["metadata"], "name": name}
        entry = {"patch": flow(merge | head)}
        if draw(st.integers(0, 2)) == 0:
            entry["target"] = draw(st.sampled_from(TARGETS))
    if draw(st.integers(0, 5)) == 0:
        flags = {"allowNameChange": draw(st.booleans()), "allowKindChange": draw(st.booleans())}
        entry["options"] = flags
    return entry


@st.composite
def json_patch(draw: st.DrawFn, kind: str) -> tuple[list[Any], dict[str, Any]]:
    """Operations and a target that they mostly fit."""
    if kind in WITH_TEMPLATE:
        fitting, target = OPERATIONS[:5], {"kind": kind}
    elif kind in {"ConfigMap", "Widget"}:
        fitting, target = OPERATIONS[:3] + OPERATIONS[6:], {"kind": kind}
    else:
        fitting, target = OPERATIONS[:3], {"kind": kind}
    if draw(st.integers(0, 5)) == 0:
        fitting, target = OPERATIONS, draw(st.sampled_from(TARGETS))
    if draw(st.booleans()):
        return [*OPERATIONS[:2], draw(st.sampled_from(fitting))], target
    return draw(st.lists(st.sampled_from(fitting), min_size=1, max_size=2)), target


WITH_TEMPLATE = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")
FIELD_PATHS = (
    "metadata.name", "metadata.labels.app", "data.k", "spec.template.spec.containers.0.image",
    "spec.template.spec.containers.[name=main].image", "spec.template.spec.containers.*.name",
    "metadata.annotations.[a.b/c]", "spec.replicas", "spec.size", "spec.ref.name", "metadata.namespace",
)  # fmt: skip
PATHS_OF = {
    "ConfigMap": ("data.k", "data.j"), "Secret": ("stringData.k",), "Widget": ("spec.size", "spec.ref.name", "extra.k"),
    "Service": ("spec.ports.0.port", "spec.ports.[name=http].name"),
}  # fmt: skip


def _paths(kind: str) -> tuple[str, ...]:
    common = ("metadata.name", "metadata.name", "metadata.labels.app", "kind")
    return (*common, *PATHS_OF.get(kind, FIELD_PATHS[3:6] if kind in WITH_TEMPLATE else ()))


@st.composite
def replacement(draw: st.DrawFn, known: list[Known]) -> dict[str, Any]:
    """An entry of `replacements`; it mostly means something that is there."""
    entry: dict[str, Any] = {}
    some = st.sampled_from(known or [("ConfigMap", "none")])
    if draw(st.integers(0, 3)) == 0:
        entry["sourceValue"] = draw(st.sampled_from(("given", "12", "true", "")))
    else:
        kind, name = draw(some)
        entry["source"] = {"kind": kind, "name": name}
        if draw(st.booleans()):
            entry["source"]["fieldPath"] = draw(st.sampled_from(_paths(kind)))
        if draw(st.integers(0, 4)) == 0:
            cut = {"delimiter": draw(st.sampled_from((":", "/", "-"))), "index": 0}
            entry["source"]["options"] = cut
    kind, name = draw(some)
    select = draw(st.sampled_from(({"kind": kind, "name": name}, {"kind": kind}, {"name": name})))
    target: dict[str, Any] = {"select": select}
    if draw(st.integers(0, 3)) > 0:
        paths = st.sampled_from((*_paths(kind), *FIELD_PATHS[:1], FIELD_PATHS[6]))
        target["fieldPaths"] = draw(st.lists(paths, min_size=1, max_size=2))
    if draw(st.integers(0, 4)) == 0:
        target["reject"] = [{"name": draw(st.sampled_from(NAMES))}]
    options: dict[str, Any] = {"create": True} if draw(st.integers(0, 2)) else {}
    if draw(st.integers(0, 4)) == 0:
        options["delimiter"] = draw(st.sampled_from((":", "/", "-")))
        options["index"] = draw(st.integers(-1, 2))
    if options:
        target["options"] = options
    entry["targets"] = [target]
    return entry


@st.composite
def generator(draw: st.DrawFn, field: str, known: list[Known]) -> dict[str, Any]:
    """An entry of a generator: a new name, or one to merge with."""
    kind = {"configMapGenerator": "ConfigMap", "secretGenerator": "Secret"}[field]
    there = [name for one, name in known if one == kind]
    entry: dict[str, Any] = {"name": _free(known, kind)}
    if there and draw(st.integers(0, 2)) == 0:
        entry["name"] = draw(st.sampled_from(there))
        entry["behavior"] = draw(st.sampled_from(("merge", "replace")))
    elif draw(st.integers(0, 4)) == 0:
        entry["namespace"] = draw(st.sampled_from(("team", "default")))
    known.append((kind, entry["name"]))
    literals = ("k=v", 'q="quoted"', "e=", "n=yes", "u=é<&>", "m=a=b")
    entry["literals"] = draw(st.lists(st.sampled_from(literals), max_size=2, unique=True))
    if draw(st.integers(0, 2)) == 0:
        entry["files"] = draw(
            st.sampled_from((["x.txt"], ["renamed=x.txt"], ["b.bin"], ["x.txt", "y=b.bin"]))
        )
    if draw(st.integers(0, 3)) == 0:
        entry["envs"] = ["x.env"]
    if draw(st.integers(0, 3)) == 0:
        entry["options"] = draw(options())
    if field == "secretGenerator" and draw(st.booleans()):
        entry["type"] = "kubernetes.io/tls"
    return entry


def options() -> st.SearchStrategy[dict[str, Any]]:
    """generatorOptions."""
    return st.fixed_dictionaries(
        {},
        optional={
            "disableNameSuffixHash": st.booleans(),
            "immutable": st.booleans(),
            "labels": st.just({"gen": "1"}),
            "annotations": st.just({"note": "n"}),
        },
    )


def label() -> st.SearchStrategy[dict[str, Any]]:
    """An entry of `labels`."""
    pairs = st.dictionaries(
        st.sampled_from((*LABELS, "team")), st.sampled_from(("l", "2")), max_size=2
    )
    spec = {"path": "spec/ref/labels", "create": True, "kind": "Widget"}
    return st.fixed_dictionaries(
        {"pairs": pairs},
        optional={
            "includeSelectors": st.booleans(),
            "includeTemplates": st.booleans(),
            "fields": st.just([spec]),
        },
    )


def image() -> st.SearchStrategy[dict[str, Any]]:
    """An entry of `images`."""
    return st.fixed_dictionaries(
        {"name": st.sampled_from(("nginx", "example.org/nginx", "example.org:5000/web", "none"))},
        optional={
            "newName": st.sampled_from(("mirror.example.org/n", "nginx")),
            "newTag": st.just("2"),
            "digest": st.just("sha256:ff"),
            "tagSuffix": st.just("-s"),
        },
    )


def _maybe(draw: st.DrawFn, into: dict[str, Any], field: str, strategy: Any, odds: int = 4) -> None:
    if draw(st.integers(0, odds)) == odds:
        into[field] = draw(strategy)


def _free(known: list[Known], kind: str) -> str:
    taken = {name for one, name in known if one == kind}
    more = (f"{NAMES[0]}{number}" for number in range(len(taken) + 1))
    return next(name for name in (*NAMES, *more) if name not in taken)


@st.composite
def fields(draw: st.DrawFn, known: list[Known]) -> dict[str, Any]:
    """All the fields of a kustomization but its resources and components."""
    found: dict[str, Any] = {}
    keys, values = st.sampled_from((*LABELS, "common")), st.sampled_from(("c", "3"))
    pairs = st.dictionaries(keys, values, min_size=1, max_size=2)
    for field, odds in (("configMapGenerator", 4), ("secretGenerator", 6)):
        _maybe(draw, found, field, st.lists(generator(field, known), min_size=1, max_size=2), odds)
    _maybe(draw, found, "generatorOptions", options(), 6)
    _maybe(draw, found, "namespace", st.sampled_from(("team", "prod", "default")))
    _maybe(draw, found, "namePrefix", st.sampled_from(("p-", "x")))
    _maybe(draw, found, "nameSuffix", st.sampled_from(("-s", "y")), 6)
    _maybe(draw, found, "commonLabels", pairs, 6)
    _maybe(draw, found, "commonAnnotations", pairs, 6)
    _maybe(draw, found, "labels", st.lists(label(), min_size=1, max_size=2), 5)
    _maybe(draw, found, "images", st.lists(image(), min_size=1, max_size=2), 5)
    _maybe(draw, found, "patches", st.lists(patch(known), min_size=1, max_size=2), 2)
    _maybe(draw, found, "replacements", st.lists(replacement(known), min_size=1, max_size=2))
    return found


FILES: dict[str, str | bytes] = {
    "x.txt": "some\ntext\n",
    "b.bin": b"\xff\x00\x01",
    "x.env": "# comment\nE1=1\nE2= two\n\nE3\n",
}


@st.composite
def trees(draw: st.DrawFn) -> dict[str, str | bytes]:
    """A tree of files: `app` over up to two bases and a component."""
    files: dict[str, str | bytes] = {}
    known: list[Known] = []
    app: dict[str, Any] = {"resources": []}
    for base in ("base", "other")[: draw(st.integers(0, 2))]:
        app["resources"].append(f"../{base}")
        _add_folder(draw, files, base, {"resources": []}, 2, known)
    with_part = draw(st.integers(0, 3)) == 0
    if with_part:
        app["components"] = ["../part"]
    _add_folder(draw, files, ROOT, app, 2, known)
    if with_part:
        kind = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
        _add_folder(draw, files, "part", kind | {"resources": []}, 1, known)
    return files


def _add_folder(
    draw: st.DrawFn,
    files: dict[str, str | bytes],
    folder: str,
    data: dict[str, Any],
    count: int,
    known: list[Known],
) -> None:
    """One kustomization with its files; `known` gains what it adds."""
    for index in range(draw(st.integers(0 if folder == ROOT and known else 1, count))):
        documents = []
        for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3)):
            name = _free(known, kind)
            known.append((kind, name))
            documents.append(draw(resource(kind, name)))
        files[f"{folder}/r{index}.yaml"] = "---\n".join(documents)
        data["resources"].append(f"r{index}.yaml")
    data = data | draw(fields(known))
    text = json.dumps(data)
    files |= {f"{folder}/{name}": content for name, content in FILES.items() if name in text}
    files[f"{folder}/kustomization.yaml"] = json.dumps(data, indent=1, ensure_ascii=False)
