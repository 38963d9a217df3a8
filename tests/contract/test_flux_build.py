"""Flux builds on every rung against the real tools: the same objects, or a named difference."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from storyrunner.errors import ManifestError, RenderError
from storyrunner.gitops.flux_build import FluxBuild
from storyrunner.gitops.private_copy import PREFIX
from storyrunner.gitops.render_ladder import Option, RenderLadder, choose
from storyrunner.model.cluster import Cluster
from storyrunner.model.command import Command, Outcome
from storyrunner.model.ports import LineSink, Runner
from storyrunner.model.rung import EngineChoice
from storyrunner.tools.detection import detect_all
from storyrunner.tools.process import OsRunner

RUNGS = ("flux", "kustomize", "kubectl kustomize", "embedded")
ROOM = Cluster("room", "clusters/room", "clusters/room/settings.yaml", "clusters/room/flux.yaml")

FLUX = """\
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: NAME, namespace: flux-system}
spec:
  path: PATH
  sourceRef: {kind: GitRepository, name: flux-system}
"""
MAP = """\
---
apiVersion: v1
kind: ConfigMap
metadata: {name: NAME}
data: {KEY}
"""
VARIABLES = """\
  postBuild:
    substitute: {INLINE: over, REGION: inline}
    substituteFrom:
      - {kind: ConfigMap, name: cluster-settings}
      - {kind: Secret, name: later, optional: true}
"""
SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: cluster-settings, namespace: flux-system}
data:
  DOMAIN: room.example.org
  REGION: from-settings
  COUNT: "3"
  FLAG: "yes"
  MULTI: |
    one
    two
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: "app-${REGION}"}
spec:
  replicas: ${COUNT}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {flag: "${FLAG}", text: "a${MULTI}b"}}
    spec:
      containers:
        - {name: web, image: "example/web:1"}
"""


def flux(name: str, path: str, extra: str = "") -> str:
    return FLUX.replace("NAME", name).replace("PATH", path) + extra


def config(name: str, key: str = "a: b") -> str:
    return MAP.replace("NAME", name).replace("KEY", key)


def base(children: str = "", **files: str) -> dict[str, str]:
    """A repository whose Kustomization `top` applies `children`."""
    return {
        "clusters/room/settings.yaml": SETTINGS,
        "clusters/room/flux.yaml": flux("top", "./base", VARIABLES),
        "base/children.yaml": children or config("alone"),
    }


REPOSITORIES: dict[str, dict[str, str]] = {
    "generated root": base()
    | {
        "base/z.yaml": config("z", "d: '${DOMAIN}'"),
        "base/a/deep.yml": config("deep") + config("second"),
        "base/.hidden/h.yaml": config("h"),
        "base/sub/kustomization.yaml": "namespace: sub\nresources: [s.yaml]\n",
        "base/sub/s.yaml": config("s"),
        "base/list.yaml": "apiVersion: v1\nkind: List\nitems:\n"
        "  - {apiVersion: v1, kind: ConfigMap, metadata: {name: in-list}}\n",
    },
    "ignored files": base()
    | {
        "base/.sourceignore": "values.yaml\nold/\n!keep/values.yaml\n",
        "base/values.yaml": "a: 1\n",
        "base/keep/values.yaml": config("kept"),
        "base/old/kustomization.yaml": "resources: [gone.yaml]\n",
        "base/.sops.yaml": "creation_rules: []\n",
    },
    "nothing to apply": base() | {"base/children.yaml": "# nothing\n"},
    "children with variables of their own": base(
        flux("one", "./one", VARIABLES)
        + flux("two", "./two/${REGION}", "  postBuild:\n    substitute: {DOMAIN: two}\n")
        + flux("three", "./three")
    )
    | {
        "one/d.yaml": DEPLOYMENT.replace("${COUNT}", "${COUNT}"),
        "two/inline/kustomization.yaml": "resources: [c.yaml]\n",
        "two/inline/c.yaml": config("c", "d: '${DOMAIN}'"),
        "three/c.yaml": config("c3", "d: '${LEFT} $${ALONE} $$'"),
    },
    "a spec merged into an existing root": base(
        flux(
            "one",
            "./one",
            "  targetNamespace: web\n  namePrefix: p-\n  nameSuffix: -s\n"
            "  components: [../part]\n"
            "  commonMetadata: {labels: {team: t}, annotations: {note: '$${X}'}}\n"
            "  images: [{name: example/web, newTag: '2'}]\n"
            "  patches:\n"
            "    - patch: |\n"
            "        - {op: add, path: /data/patched, value: 'yes'}\n"
            "      target: {kind: ConfigMap, name: c.*}\n" + VARIABLES,
        )
    )
    | {
        "one/kustomization.yml": "namespace: old\nresources: [d.yaml, c.yaml, ns.yaml]\n"
        "images: [{name: example/web, newName: example/other, digest: 'sha256:0'}]\n"
        "unknown: dropped\n",
        "one/d.yaml": DEPLOYMENT,
        "one/c.yaml": config("c1") + config("other"),
        "one/ns.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n",
        "part/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\n"
        "kind: Component\nresources: [p.yaml]\n",
        "part/p.yaml": config("part"),
    },
    "substitution switched off and values coerced": base()
    | {
        "base/off.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: off\n"
        "  labels: {kustomize.toolkit.fluxcd.io/substitute: disabled}\n"
        "data: {script: 'echo ${UNSET} $${X}'}\n",
        "base/types.yaml": "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: t}\n"
        "spec: {count: '${COUNT}', flag: '${FLAG}', default: '${UNSET:=0644}',"
        " big: 9007199254740993}\n",
    },
    "secrets": base()
    | {
        "base/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: plain}\n"
        "data: {a: YWJj}\nstringData: {b: c}\n",
        "base/e.sops.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: hidden}\n"
        "stringData: {a: 'ENC[AES256_GCM,data:x]'}\n"
        "sops: {mac: 'ENC[AES256_GCM,data:y]', version: 3.9.0}\n",
    },
    "files from outside the folder": base(flux("one", "./one/deep"))
    | {
        "one/deep/kustomization.yaml": "resources: [../../shared/c.yaml, ../beside]\n",
        "one/beside/kustomization.yaml": "namePrefix: b-\nresources: [c.yaml]\n",
        "one/beside/c.yaml": config("beside"),
        "shared/c.yaml": config("shared"),
    },
}


def write(tree: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tree


@pytest.fixture
def runner(tools_bin: Path) -> OsRunner:
    return OsRunner({"PATH": f"{tools_bin}:/usr/bin:/bin"})


@pytest.fixture
def options(
    runner: OsRunner, real_flux: Path, real_kustomize: Path, real_kubectl: Path
) -> dict[str, Option]:
    """All rungs with the real tools, by engine."""
    tools = asyncio.run(detect_all(runner, ("flux", "kustomize", "kubectl")))
    chosen = choose(EngineChoice.AUTO, tools)
    assert [one.rung.engine for one in chosen] == list(RUNGS)
    return {one.rung.engine: one for one in chosen}


def build(
    tree: Path, runner: OsRunner, option: Option, cluster: Cluster = ROOM, name: str = "top"
) -> FluxBuild:
    with RenderLadder(tree, runner, [option]) as ladder:
        return asyncio.run(ladder.build(cluster, name))


def objects(found: FluxBuild) -> list[tuple[str, Any]]:
    return [(one.owner, one.object.data) for one in found.objects]


def hashes(tree: Path) -> dict[str, str]:
    files = (path for path in tree.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("title", REPOSITORIES)
def test_every_rung_gives_the_objects_of_flux(
    title: str, tmp_path: Path, runner: OsRunner, options: dict[str, Option]
) -> None:
    tree = write(tmp_path / "tree", REPOSITORIES[title])
    before = hashes(tree)
    expected = build(tree, runner, options["flux"])
    for engine in RUNGS[1:]:
        found = build(tree, runner, options[engine])
        assert objects(found) == objects(expected), engine
        assert found.read == expected.read, engine
    assert hashes(tree) == before


@pytest.mark.parametrize("engine", RUNGS)
def test_the_real_repository_gives_the_same_objects_on_every_rung(
    engine: str, shared: Path, runner: OsRunner, options: dict[str, Option]
) -> None:
    tree = shared / "corpus/repo-after"
    before = hashes(tree)
    for name in ("infra", "apps"):
        home = f"kubernetes/clusters/{name}"
        cluster = Cluster(
            name, home, f"{home}/cluster-settings.yaml", f"{home}/infrastructure.yaml"
        )
        top = f"cluster-{name}-infrastructure"
        expected = build(tree, runner, options["flux"], cluster, top)
        found = build(tree, runner, options[engine], cluster, top)
        assert objects(found) == objects(expected)
        issuers = [
            one
            for one in found.through("flux-system/cert-manager-issuers")
            if one.kind == "ClusterIssuer"
        ]
        emails = {one.name: one.value("spec", "acme", "email") for one in issuers}
        assert emails == {
            "letsencrypt-staging": "admin@monosense.io",
            "letsencrypt-production": "admin@monosense.io",
        }
        place = found.sources.place(issuers[0], "spec", "acme", "email")
        assert place is not None
        assert place.path.endswith("cert-manager/clusterissuers.yaml")
        assert place.line == 10
    assert hashes(tree) == before


FAULTS: dict[str, tuple[dict[str, str], str, int, str]] = {
    "an undefined variable": (
        {"base/z.yaml": config("z", "d: '${DOMIAN}'")},
        "base/z.yaml", 5, r"\$\{DOMIAN\} is not defined for cluster room in clusters/room/",
    ),
    "a broken expression": (
        {"base/z.yaml": config("z", "d: '${DOMAIN.x}'")},
        "base/z.yaml", 5, "missing closing brace",
    ),
    "a file that is no object": (
        {"base/values.yaml": "a: 1\n"},
        "base/values.yaml", 1, "missing Resource metadata",
    ),
    "a resource that does not exist": (
        {"base/sub/kustomization.yaml": "resources:\n  - gone.yaml\n"},
        "base/sub/kustomization.yaml", 2, r"gone\.yaml",
    ),
    "a misspelt field in a nested kustomization": (
        {"base/sub/kustomization.yaml": "resources: []\nresource: [x]\n"},
        "base/sub/kustomization.yaml", 2, "resource",
    ),
    "the same object twice": (
        {"base/y.yaml": config("same"), "base/z.yaml": config("same")},
        "base/z.yaml", 1, "already registered id",
    ),
    "a file that is no YAML": (
        {"base/sub/kustomization.yaml": "resources: [a.yaml]\n", "base/sub/a.yaml": "a: b: c\n"},
        "base/sub/a.yaml", 1, "mapping values are not allowed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("engine", RUNGS)
@pytest.mark.parametrize("title", FAULTS)
def test_every_rung_refuses_the_same_faults_at_the_same_line(
    title: str, engine: str, tmp_path: Path, runner: OsRunner, options: dict[str, Option]
) -> None:
    files, path, number, message = FAULTS[title]
    tree = write(tmp_path / "tree", base() | files)
    with pytest.raises((RenderError, ManifestError), match=message) as caught:
        build(tree, runner, options[engine])
    assert caught.value.place is not None
    assert (caught.value.place.path, caught.value.place.line) == (path, number)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("engine", RUNGS[:3])
def test_builds_side_by_side_do_not_meet_and_leave_nothing(
    engine: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    runner: OsRunner,
    options: dict[str, Option],
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temp"))
    # Else the four would be one: they ask for the same.
    monkeypatch.setattr("storyrunner.gitops.flux_cli.layer_key", lambda *_input, **_how: None)
    (tmp_path / "temp").mkdir()
    tree = write(tmp_path / "tree", REPOSITORIES["children with variables of their own"])
    before = hashes(tree)

    async def many() -> list[FluxBuild]:
        with RenderLadder(tree, runner, [options[engine]]) as ladder:
            return await asyncio.gather(*(ladder.build(ROOM, "top") for _ in range(4)))

    built = asyncio.run(many())
    assert all(objects(one) == objects(built[0]) for one in built)
    assert hashes(tree) == before
    assert list((tmp_path / "temp").glob(f"{PREFIX}*")) == []


class Counting:
    """The Runner port around another runner; `built` names what flux was asked to build."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.built: list[str] = []

    def which(self, name: str) -> Path | None:
        """As the runner."""
        return self._runner.which(name)

    async def run(self, command: Command, on_line: LineSink | None = None) -> Outcome:
        """As the runner."""
        self.built += [command.argv[3]] if command.argv[1] == "build" else []
        return await self._runner.run(command, on_line)


def test_two_clusters_share_what_is_the_same_build_and_nothing_else(
    tmp_path: Path, runner: OsRunner, options: dict[str, Option]
) -> None:
    settings = "  postBuild:\n    substituteFrom: [{kind: ConfigMap, name: settings}]\n"
    cluster = (
        "---\napiVersion: v1\nkind: ConfigMap\n"
        "metadata: {name: settings, namespace: flux-system}\n"
        "data: {ZONE: %s, REGION: eu}\n"
    )
    files = {
        f"clusters/{name}/{file}": text
        for name in ("east", "west")
        for file, text in {
            "flux.yaml": flux("top", "./apps", settings),
            "settings.yaml": cluster % f"{name}.example.org",
        }.items()
    } | {
        "apps/kustomization.yaml": "resources: [children.yaml]\n",
        "apps/children.yaml": flux("zoned", "./zoned", settings) + flux("same", "./same", settings),
        "zoned/a.yaml": config("zoned", 'zone: "${ZONE}"'),
        "same/a.yaml": config("same", 'region: "${REGION}"'),
    }
    tree = write(tmp_path / "tree", files)
    clusters = [
        Cluster(path.name, str(path), f"{path}/settings.yaml", f"{path}/flux.yaml")
        for path in (PurePosixPath("clusters/east"), PurePosixPath("clusters/west"))
    ]
    counting = Counting(runner)

    async def both() -> list[FluxBuild]:
        with RenderLadder(tree, counting, [options["flux"]]) as ladder:
            return await asyncio.gather(*(ladder.build(one, "top") for one in clusters))

    built = asyncio.run(both())
    assert sorted(counting.built) == ["same", "top", "zoned", "zoned"]
    for cluster_, found in zip(clusters, built, strict=True):
        alone = build(tree, runner, options["embedded"], cluster=cluster_)
        assert objects(found) == objects(alone)
        assert found.read == alone.read


BY_SETTINGS = (
    "  postBuild:\n    substituteFrom: [{kind: ConfigMap, name: settings, optional: true}]\n"
)
UNLIKE: dict[str, dict[str, str]] = {
    "no variable at all in one": {"apps/a.yaml": config("a", "zone: '${X:=default} $${Y}'")},
    "a file that only a generator names": {
        "apps/kustomization.yaml": "generators: [g.yaml]\n",
        "apps/g.yaml": "apiVersion: builtin\nkind: ConfigMapGenerator\n"
        "metadata: {name: g}\nfiles: [zone.txt]\n",
        "apps/zone.txt": "${ZONE:=none}\n",
    },
    "a key that only Go knows": {
        "apps/kustomization.yaml": "resources: [base]\n",
        "apps/base/kustomization.yaml": "Resources: [a.yaml]\n",
        "apps/base/a.yaml": config("a", "zone: '${ZONE:=none}'"),
    },
    "base64 of a reference": {"apps/a.yaml": config("a", "zone: !!binary JHtaT05FOj1ub25lfQ==")},
    "half a reference in a prefix": {
        "apps/kustomization.yaml": "{resources: [a.yaml], namePrefix: '${ZO', nameSuffix: 'E:=z}'}",
        "apps/a.yaml": config("n").replace("name: n", "name: N"),
    },
}


@pytest.mark.parametrize("title", UNLIKE)
def test_two_clusters_get_what_flux_builds_for_each(
    title: str, tmp_path: Path, runner: OsRunner, options: dict[str, Option]
) -> None:
    settings = config("settings", "ZONE: east")
    files = {f"clusters/{name}/flux.yaml": flux("top", "./apps", BY_SETTINGS) for name in "ab"}
    files |= {"clusters/a/settings.yaml": settings, "clusters/b/settings.yaml": "# none\n"}
    tree = write(tmp_path / "tree", files | UNLIKE[title])
    clusters = [
        Cluster(name, at, f"{at}/settings.yaml", f"{at}/flux.yaml")
        for name, at in (("a", "clusters/a"), ("b", "clusters/b"))
    ]

    async def both() -> list[FluxBuild]:
        with RenderLadder(tree, runner, [options["flux"]]) as ladder:
            return [await ladder.build(one, "top") for one in clusters]

    together = [objects(found) for found in asyncio.run(both())]
    alone = [objects(build(tree, runner, options["flux"], cluster=one)) for one in clusters]
    assert alone[0] != alone[1]
    assert together == alone
