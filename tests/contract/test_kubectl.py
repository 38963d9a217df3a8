"""The real kubectl and kustomize against the offline API: the oldest supported and the newest."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyrunner.gitops.offline_api import BUILTIN, KNOWN_CRDS, CrdFact, OfflineApi
from storyrunner.tools import kubectl, kustomize
from storyrunner.tools.detection import detect, judge
from storyrunner.tools.kubectl import Applied, DryRun
from storyrunner.tools.process import OsRunner
from storyrunner.tools.tool import Tool
from tests.contract.conftest import TOOLS

GOOD = """\
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: letsencrypt}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: wildcard, namespace: kube-system}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: token, namespace: cert-manager}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: rules, namespace: monitoring}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: apps, namespace: flux-system}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: default}
"""


FIXTURES = {"newest": "real_kubectl", "oldest": "real_oldest_kubectl"}
BETWEEN = sorted(path.name for path in (TOOLS / "bin").glob("kubectl-1.*"))[1:]
"""Those that `make tools-all` built besides the oldest."""


@pytest.fixture(params=[*FIXTURES, *BETWEEN])
async def tool(request: pytest.FixtureRequest, tmp_path: Path) -> Tool:
    fixture = FIXTURES.get(request.param)
    path: Path = request.getfixturevalue(fixture) if fixture else TOOLS / "bin" / request.param
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "kubectl").symlink_to(path)
    found = await detect(OsRunner({"PATH": str(folder)}), "kubectl")
    assert isinstance(found, Tool), found
    return found


async def dry_run(tool: Tool, api: OfflineApi, *files: Path, validate: bool = False) -> DryRun:
    command = kubectl.dry_run(
        tool,
        [str(file) for file in files],
        cwd=files[0].parent,
        kubeconfig=api.kubeconfig,
        cache=api.cache,
        home=api.home,
        validate=validate,
    )
    return kubectl.parse_dry_run(await OsRunner().run(command))


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_version_and_kustomize_are_told(tool: Tool) -> None:
    assert judge(tool) == tool
    assert tool.version.startswith("1.")
    assert tool.kustomize.startswith("5.")


@pytest.mark.parametrize("validate", [False, True])
async def test_everything_known_would_be_created(
    tool: Tool, tmp_path: Path, validate: bool
) -> None:
    file = write(tmp_path, "good.yaml", GOOD)
    with OfflineApi(KNOWN_CRDS) as api:
        said = await dry_run(tool, api, file, validate=validate)
        asked = api.requests
    assert said.problems == ()
    assert said.applied == (
        Applied("clusterissuer", "cert-manager.io", "letsencrypt", "created"),
        Applied("certificate", "cert-manager.io", "wildcard", "created"),
        Applied("externalsecret", "external-secrets.io", "token", "created"),
        Applied("prometheusrule", "monitoring.coreos.com", "rules", "created"),
        Applied("kustomization", "kustomize.toolkit.fluxcd.io", "apps", "created"),
        Applied("configmap", "", "settings", "created"),
    )
    assert {request.method for request in asked} == {"GET"}
    assert 401 not in {request.status for request in asked}


async def test_every_kind_of_the_tables_is_found_with_its_scope(tool: Tool, tmp_path: Path) -> None:
    facts = (*BUILTIN, *KNOWN_CRDS)
    documents = [
        f"apiVersion: {fact.group_version}\nkind: {fact.kind}\nmetadata: {{name: x{number}}}\n"
        for number, fact in enumerate(facts)
    ]
    file = write(tmp_path, "all.yaml", "---\n".join(documents))
    with OfflineApi(KNOWN_CRDS) as api:
        said = await dry_run(tool, api, file)
        paths = {request.path for request in api.requests}
    assert said.problems == ()
    assert {item.name for item in said.applied} == {f"x{number}" for number in range(len(facts))}
    for number, fact in enumerate(facts):
        root = f"/apis/{fact.group}/{fact.version}" if fact.group else f"/api/{fact.version}"
        scope = "/namespaces/default" if fact.namespaced else ""
        assert f"{root}{scope}/{fact.plural}/x{number}" in paths


async def test_kinds_that_nobody_knows_are_named_and_the_rest_is_judged(
    tool: Tool, tmp_path: Path
) -> None:
    good = write(tmp_path, "good.yaml", GOOD)
    bad = write(
        tmp_path,
        "bad.yaml",
        "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n---\n"
        "apiVersion: external-secrets.io/v1beta1\nkind: ExternalSecret\n"
        "metadata: {name: es, namespace: x}\n",
    )
    with OfflineApi(KNOWN_CRDS) as api:
        said = await dry_run(tool, api, good, bad)
    assert len(said.applied) == 6
    assert [(p.kind, p.api_version, p.name, p.file) for p in said.problems] == [
        ("Widget", "example.com/v1", "w", str(bad)),
        ("ExternalSecret", "external-secrets.io/v1beta1", "es", str(bad)),
    ]
    assert all(problem.is_unknown_kind for problem in said.problems)


async def test_a_crd_that_was_found_makes_its_kind_known(tool: Tool, tmp_path: Path) -> None:
    file = write(
        tmp_path, "w.yaml", "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n"
    )
    fact = CrdFact("example.com", "v1", "Widget", "widgets", namespaced=False)
    with OfflineApi([fact]) as api:
        said = await dry_run(tool, api, file)
    assert said == DryRun((Applied("widget", "example.com", "w", "created"),), ())


@pytest.mark.parametrize(
    ("text", "file", "line", "message"),
    [
        ("kind: ConfigMap\nmetadata: {name: c}\n  bad: [\n", True, 2, "did not find expected"),
        ("apiVersion: v1\nmetadata: {name: c}\n", True, 0, "'Kind' is missing"),
        ("# nothing\n", False, 0, "no objects"),
    ],
)
async def test_what_is_no_manifest_is_refused_with_its_place(
    tool: Tool, tmp_path: Path, text: str, file: bool, line: int, message: str
) -> None:
    broken = write(tmp_path, "broken.yaml", text)
    with OfflineApi() as api:
        said = await dry_run(tool, api, broken)
    [problem] = said.problems
    assert said.applied == ()
    assert problem.file == (str(broken) if file else "")
    assert problem.line == line
    assert message in problem.message


async def test_without_the_api_the_dry_run_fails(tool: Tool, tmp_path: Path) -> None:
    file = write(tmp_path, "good.yaml", GOOD)
    with OfflineApi(KNOWN_CRDS) as api:
        kept = tmp_path / "kubeconfig"
        kept.write_bytes(api.kubeconfig.read_bytes())
    command = kubectl.dry_run(
        tool, [str(file)], cwd=tmp_path, kubeconfig=kept, cache=tmp_path / "c", home=tmp_path
    )
    said = kubectl.parse_dry_run(await OsRunner().run(command))
    assert said.applied == ()
    assert "refused" in said.problems[0].message


@pytest.mark.parametrize("inside", [True, False])
async def test_kustomize_keeps_the_order_of_the_files(
    inside: bool, tool: Tool, real_kustomize: Path, tmp_path: Path
) -> None:
    (tmp_path / "app").mkdir()
    write(tmp_path / "app", "kustomization.yaml", "resources: [../b.yaml, a.yaml]\n")
    config = "apiVersion: v1\nkind: {}\nmetadata: {{name: {}}}\n"
    write(tmp_path, "b.yaml", config.format("Service", "b"))
    write(tmp_path / "app", "a.yaml", config.format("Namespace", "a"))
    builder = tool if inside else Tool("kustomize", real_kustomize)
    outcome = await OsRunner().run(kustomize.build(builder, "app", cwd=tmp_path, home=tmp_path))
    assert outcome.ok, outcome.stderr_text
    assert outcome.stdout_text.index("kind: Service") < outcome.stdout_text.index("kind: Namespace")
