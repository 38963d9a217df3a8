"""Where values come from: manifests, patches, transformers, generators, variables, Flux itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from flux_repo import EAST, FROM_SETTINGS, SETTINGS, ToyKustomizer, config, flux, write

from storyrunner.gitops.explanation import FieldOrigin, explain, find_field
from storyrunner.gitops.kustomize.engine import render
from storyrunner.gitops.kustomize.tracing import Tracer
from storyrunner.gitops.objects import value_at
from storyrunner.gitops.provenance import ClusterTrace, trace_cluster
from tests.support.kustomizations import BUILDS, Tree

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  paused: false
  template:
    spec:
      containers:
        - name: web
          image: nginx:1.0
          stdin: true
          envFrom:
            - configMapRef:
                name: settings
          env:
            - name: URL
              value: https://${DOMAIN}/
      volumes:
        - name: tmp
          emptyDir: {}
"""

SIDECAR = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  paused: true
  template:
    spec:
      containers:
        - name: sidecar
          image: busybox:1
          tty: true
        - name: web
          imagePullPolicy: Always
"""


def tree_of(tmp_path: Path, files: Mapping[str, str], spec: str = "") -> Path:
    """Cluster east, whose Kustomization `app` applies ./app."""
    return write(
        tmp_path,
        {
            "clusters/east/settings.yaml": SETTINGS,
            "clusters/east/flux.yaml": flux("app", "./app", extra=spec + FROM_SETTINGS),
            **files,
        },
    )


def trace(tree: Path) -> ClusterTrace:
    return asyncio.run(trace_cluster(tree, EAST))


def explained(tree: Path, ident: str, field: str) -> FieldOrigin:
    """The only origin of a field of an object, which is named without a namespace."""
    found = trace(tree)
    assert found.failures == ()
    [one] = [o for o in found.objects if f"{o.object.kind}/{o.object.name}" == ident]
    path = find_field(one.object.data, field)
    assert path is not None, one.object.data
    [origin] = explain(tree, one, path)
    return origin


def line(origin: FieldOrigin) -> str:
    assert origin.is_exact
    assert origin.place is not None
    return f"{origin.place.path}:{origin.place.line}"


def test_a_manifests_field_is_set_where_it_is_written(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, {"app/web.yaml": DEPLOYMENT})
    assert line(explained(tree, "Deployment/web", ".spec.replicas")) == "app/web.yaml:6"
    assert line(explained(tree, "Deployment/web", "spec.paused")) == "app/web.yaml:7"
    empty = explained(tree, "Deployment/web", "spec.template.spec.volumes[0].emptyDir")
    assert line(empty) == "app/web.yaml:22"


def test_a_substituted_value_names_its_own_line_and_that_of_the_setting(tmp_path: Path) -> None:
    tree = tree_of(tmp_path, {"app/web.yaml": DEPLOYMENT})
    url = explained(tree, "Deployment/web", "spec.template.spec.containers[0].env[0].value")
    assert url.value == "https://east.example.org/"
    assert line(url) == "app/web.yaml:19"
    [use] = url.variables
    assert use.setting is not None
    assert (use.expression, str(use.place)) == ("${DOMAIN}", "app/web.yaml:19:30")
    assert str(use.setting.place) == "clusters/east/settings.yaml:7:11"
    assert use.setting.source == "ConfigMap/settings"


def test_an_inline_variable_is_set_in_the_flux_kustomization(tmp_path: Path) -> None:
    spec = "  postBuild:\n    substitute:\n      DOMAIN: inline.example.org\n"
    files = {
        "clusters/east/settings.yaml": SETTINGS,
        "clusters/east/flux.yaml": flux("app", "./app", extra=spec),
        "app/web.yaml": DEPLOYMENT,
    }
    url = explained(
        write(tmp_path, files), "Deployment/web", "spec.template.spec.containers[0].env[0].value"
    )
    assert url.value == "https://inline.example.org/"
    setting = url.variables[0].setting
    assert setting is not None
    assert (setting.source, setting.place.line) == ("inline", 14)


def test_a_strategic_merge_patch_is_named_by_file_and_line_and_moves_nothing_else(
    tmp_path: Path,
) -> None:
    root = "resources: [web.yaml]\npatches:\n  - path: sidecar.yaml\n"
    tree = tree_of(
        tmp_path,
        {"app/web.yaml": DEPLOYMENT, "app/sidecar.yaml": SIDECAR, "app/kustomization.yaml": root},
    )
    containers = "spec.template.spec.containers"
    expected = {
        "spec.replicas": "app/web.yaml:6",
        "spec.paused": "app/sidecar.yaml:6",
        "metadata.name": "app/web.yaml:4",
        f"{containers}[0].image": "app/sidecar.yaml:11",
        f"{containers}[0].tty": "app/sidecar.yaml:12",
        f"{containers}[1].name": "app/web.yaml:11",
        f"{containers}[1].image": "app/web.yaml:12",
        f"{containers}[1].stdin": "app/web.yaml:13",
        f"{containers}[1].imagePullPolicy": "app/sidecar.yaml:14",
        "spec.template.spec.volumes[0].emptyDir": "app/web.yaml:22",
    }
    got = {field: explained(tree, "Deployment/web", field) for field in expected}
    assert {field: line(one) for field, one in got.items()} == expected
    assert got["spec.paused"].how == "patch"
    assert got["spec.replicas"].how == ""


def test_inline_patches_are_named_by_their_line_in_the_kustomization(tmp_path: Path) -> None:
    root = """\
resources: [web.yaml]
patches:
  - patch: |-

      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: web
      spec:
        replicas: 7
  - target: {kind: Deployment}
    patch: |
      - op: replace
        path: /spec/paused
        value: true
      - op: add
        path: /metadata/annotations
        value: {note: patched}
  - target: {kind: Deployment}
    patch: '[{"op": "add", "path": "/spec/minReadySeconds", "value": 5}]'
"""
    tree = tree_of(tmp_path, {"app/web.yaml": DEPLOYMENT, "app/kustomization.yaml": root})
    where = "app/kustomization.yaml"
    assert line(explained(tree, "Deployment/web", "spec.replicas")) == f"{where}:10"
    assert line(explained(tree, "Deployment/web", "spec.paused")) == f"{where}:15"
    assert line(explained(tree, "Deployment/web", "metadata.annotations.note")) == f"{where}:18"
    assert line(explained(tree, "Deployment/web", "spec.minReadySeconds")) == f"{where}:20"


def test_transformers_are_named_by_the_line_of_the_kustomization(tmp_path: Path) -> None:
    root = """\
namespace: apps
namePrefix: my-
labels:
  - pairs:
      team: blue
      tier: front
commonAnnotations:
  note: here
images:
  - name: nginx
    newTag: "2.0"
resources: [web.yaml]
configMapGenerator:
  - name: settings
    literals:
      - COLOUR=red
    files:
      - motd.txt
    envs: [some.env]
"""
    files = {
        "app/web.yaml": DEPLOYMENT,
        "app/kustomization.yaml": root,
        "app/motd.txt": "hello\n",
        "app/some.env": "# comment\nA=1\nB=2\n",
    }
    tree = tree_of(tmp_path, files)
    where, web = "app/kustomization.yaml", "Deployment/my-web"
    assert line(explained(tree, web, "metadata.namespace")) == f"{where}:1"
    assert line(explained(tree, web, "metadata.name")) == f"{where}:2"
    assert line(explained(tree, web, "metadata.labels.team")) == f"{where}:5"
    assert line(explained(tree, web, "metadata.labels.tier")) == f"{where}:6"
    assert line(explained(tree, web, "metadata.annotations.note")) == f"{where}:8"
    image = explained(tree, web, "spec.template.spec.containers[0].image")
    assert (line(image), image.how, image.value) == (f"{where}:10", "images", "nginx:2.0")
    reference = explained(
        tree, web, "spec.template.spec.containers[0].envFrom[0].configMapRef.name"
    )
    assert (line(reference), reference.how) == ("app/web.yaml:16", "reference")
    made = str(reference.value)
    assert made.startswith("my-settings-")
    assert line(explained(tree, f"ConfigMap/{made}", "data.COLOUR")) == f"{where}:16"
    assert line(explained(tree, f"ConfigMap/{made}", "data.motd.txt")) == "app/motd.txt:1"
    assert line(explained(tree, f"ConfigMap/{made}", "data.B")) == "app/some.env:3"
    name = explained(tree, f"ConfigMap/{made}", "metadata.name")
    assert name.how == "hash suffix"


def test_components_and_folders_below_name_their_own_files(tmp_path: Path) -> None:
    files = {
        "app/kustomization.yaml": "resources: [base]\ncomponents: [../parts]\n",
        "app/base/kustomization.yaml": "resources: [web.yaml]\nnameSuffix: -v1\n",
        "app/base/web.yaml": DEPLOYMENT,
        "parts/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\n"
        "kind: Component\npatches:\n  - path: more.yaml\n    target: {kind: Deployment}\n",
        "parts/more.yaml": "- {op: replace, path: /spec/replicas, value: 3}\n",
    }
    tree = tree_of(tmp_path, files)
    assert line(explained(tree, "Deployment/web-v1", "spec.replicas")) == "parts/more.yaml:1"
    assert line(explained(tree, "Deployment/web-v1", "metadata.name")) == (
        "app/base/kustomization.yaml:2"
    )


def test_a_replacement_is_named_and_so_is_what_it_copied(tmp_path: Path) -> None:
    root = """\
resources: [web.yaml, source.yaml]
replacements:
  - source: {kind: ConfigMap, fieldPath: data.host}
    targets:
      - select: {kind: Deployment}
        fieldPaths: [spec.template.spec.containers.0.image]
"""
    files = {
        "app/web.yaml": DEPLOYMENT,
        "app/source.yaml": config("source", host="copied:1"),
        "app/kustomization.yaml": root,
    }
    image = explained(
        tree_of(tmp_path, files), "Deployment/web", "spec.template.spec.containers[0].image"
    )
    assert (image.value, image.how, line(image)) == (
        "copied:1",
        "replacements",
        "app/kustomization.yaml:3",
    )
    assert str(image.copied_from) == "app/source.yaml:7:9"


def test_what_the_flux_kustomization_adds_stands_in_its_file(tmp_path: Path) -> None:
    spec = """\
  targetNamespace: apps
  commonMetadata:
    labels:
      cost: low
  images:
    - name: nginx
      newTag: "3.0"
  patches:
    - patch: |
        - op: add
          path: /metadata/annotations
          value: {by: flux}
      target: {kind: Deployment}
"""
    tree = tree_of(tmp_path, {"app/web.yaml": DEPLOYMENT}, spec)
    where, web = "clusters/east/flux.yaml", "Deployment/web"
    assert line(explained(tree, web, "metadata.namespace")) == f"{where}:12"
    assert line(explained(tree, web, "metadata.labels.cost")) == f"{where}:15"
    image = explained(tree, web, "spec.template.spec.containers[0].image")
    assert (line(image), image.value) == (f"{where}:17", "nginx:3.0")
    assert line(explained(tree, web, "metadata.annotations.by")) == f"{where}:23"
    owner = explained(tree, web, 'metadata.labels."kustomize.toolkit.fluxcd.io/name"')
    assert (owner.how, line(owner)) == ("added by Flux", f"{where}:5")


def test_values_of_secrets_are_known_to_be_secret(tmp_path: Path) -> None:
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: keys\n  namespace: flux-system\n"
        "stringData:\n  TOKEN: hush\n"
    )
    extra = (
        "  postBuild:\n    substituteFrom:\n      - {kind: ConfigMap, name: settings}\n"
        "      - {kind: Secret, name: keys}\n"
    )
    files = {
        "clusters/east/settings.yaml": SETTINGS,
        "clusters/east/keys.yaml": secret,
        "clusters/east/flux.yaml": flux("app", "./app", extra=extra),
        "app/page.yaml": config("page", url="https://${TOKEN}@${DOMAIN}/", free="${DOMAIN}"),
    }
    tree = write(tmp_path, files)
    assert explained(tree, "ConfigMap/page", "data.url").is_secret
    assert not explained(tree, "ConfigMap/page", "data.free").is_secret


def test_what_cannot_be_followed_is_said_to_be_inexact_with_its_suspects(tmp_path: Path) -> None:
    root = "resources: [web.yaml]\npatches:\n  - path: ops.yaml\n    target: {kind: Deployment}\n"
    ops = "- {op: replace, path: /spec/template/spec/containers/0/stdin, value: false}\n"
    files = {"app/web.yaml": DEPLOYMENT, "app/ops.yaml": ops, "app/kustomization.yaml": root}
    found = explained(
        tree_of(tmp_path, files), "Deployment/web", "spec.template.spec.containers[0].stdin"
    )
    assert not found.is_exact
    assert str(found.place) == "app/web.yaml:13:18"
    assert found.suspects == ("app/kustomization.yaml",)


def test_a_layer_that_the_embedded_renderer_refuses_is_a_failure_and_not_a_guess(
    tmp_path: Path,
) -> None:
    files = {
        "app/web.yaml": DEPLOYMENT,
        "app/kustomization.yaml": "resources: [web.yaml]\nreplicas: [{name: web, count: 3}]\n",
    }
    found = trace(tree_of(tmp_path, files))
    assert [one.object.kind for one in found.objects if one.owner] == []
    assert any("replicas" in failure.message for failure in found.failures)


def test_a_tool_builds_what_the_embedded_renderer_refuses_with_inexact_places(
    tmp_path: Path,
) -> None:
    files = {
        "app/web.yaml": DEPLOYMENT,
        "app/kustomization.yaml": "resources: [web.yaml]\nreplicas: [{name: web, count: 3}]\n",
    }
    tree = tree_of(tmp_path, files)
    found = asyncio.run(trace_cluster(tree, EAST, ToyKustomizer()))
    assert found.failures == ()
    [web] = [one for one in found.objects if one.object.kind == "Deployment"]
    [url] = explain(tree, web, ("spec", "template", "spec", "containers", 0, "env", 0, "value"))
    assert not url.is_exact
    assert str(url.place) == "app/web.yaml:19:22"
    assert url.suspects == ("app/kustomization.yaml",)
    [use] = url.variables
    assert use.setting is not None
    assert str(use.setting.place) == "clusters/east/settings.yaml:7:11"


@pytest.mark.parametrize("tree", BUILDS, ids=lambda one: one.name)
def test_following_the_values_changes_no_build_and_points_at_lines_that_exist(
    tree: Tree, tmp_path: Path
) -> None:
    root = tree.write(tmp_path)
    tracer = Tracer(root)
    followed = render(root, tree.directory, None, tracer)
    plain = render(root, tree.directory)
    assert [one.data for one in followed.objects] == [one.data for one in plain.objects]
    for one, found in zip(plain.objects, tracer.traces, strict=True):
        for path, origin in found.fields.items():
            lines = (root / origin.place.path).read_text("utf-8", "replace").splitlines()
            assert 1 <= origin.place.line <= max(1, len(lines))
            value = value_at(one.data, *path)
            written = origin.document.value if origin.document else None
            if (
                origin.is_exact
                and origin.how == ""
                and origin.document
                and not isinstance(value, float)
                and origin.document.style(*origin.at) != ">"  # rewritten, see `blocks`
            ):
                assert str(value_at(written, *origin.at)) == str(value) or len(path) == 3


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (".spec.dnsNames[1]", ("spec", "dnsNames", 1)),
        ("spec.dnsNames.1", ("spec", "dnsNames", 1)),
        (".data.app.yaml", ("data", "app.yaml")),
        ('.data."app.yaml"', ("data", "app.yaml")),
        ('.data["app.yaml"]', ("data", "app.yaml")),
        (".data.app", ("data", "app")),
        ("", ()),
        (".", ()),
        (".spec.dnsNames[2]", None),
        (".spec.nothing", None),
        (".spec.dnsNames[0].x", None),
    ],
)
def test_fields_are_named_as_in_yq_and_keys_with_dots_as_they_are(
    text: str, path: tuple[str | int, ...] | None
) -> None:
    data = {"spec": {"dnsNames": ["a", "b"]}, "data": {"app": "1", "app.yaml": "2"}}
    assert find_field(data, text) == path
