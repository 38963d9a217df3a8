"""The offline API answers what kubectl asks, to nobody else, and leaves nothing behind."""

from __future__ import annotations

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from storyrunner.gitops.offline_api import (
    BUILTIN,
    KNOWN_CRDS,
    CrdFact,
    OfflineApi,
    Request,
    facts_of_crd,
)

WIDGET = CrdFact("example.com", "v1", "Widget", "widgets", namespaced=True)
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList"
NEWEST = f"{AGGREGATED.format('v2')},{AGGREGATED.format('v2beta1')},application/json"


@pytest.fixture
def api() -> Iterator[OfflineApi]:
    with OfflineApi([WIDGET]) as running:
        yield running


def get(url: str, accept: str = "application/json", method: str = "GET") -> tuple[int, str, bytes]:
    request = urllib.request.Request(url, headers={"Accept": accept}, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read()


def kinds(document: Any) -> set[tuple[str, str, str, str, str]]:
    return {
        (
            item["metadata"].get("name", ""),
            version["version"],
            resource["responseKind"]["kind"],
            resource["resource"],
            resource["scope"],
        )
        for item in document["items"]
        for version in item["versions"]
        for resource in version["resources"]
    }


@pytest.mark.parametrize("form", ["v2", "v2beta1"])
def test_aggregated_discovery_is_given_in_the_form_asked_for(api: OfflineApi, form: str) -> None:
    status, media, body = get(f"{api.address}/apis?timeout=32s", AGGREGATED.format(form))
    assert status == 200
    assert f"v={form};" in media
    document = json.loads(body)
    assert document["apiVersion"] == f"apidiscovery.k8s.io/{form}"
    found = kinds(document)
    assert ("example.com", "v1", "Widget", "widgets", "Namespaced") in found
    assert ("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", "Cluster") in found
    assert not [item for item in found if item[0] == ""]


def test_a_client_that_takes_both_forms_gets_the_newer(api: OfflineApi) -> None:
    assert "v=v2;" in get(f"{api.address}/api", NEWEST)[1]


def test_the_core_group_stands_under_api(api: OfflineApi) -> None:
    document = json.loads(get(f"{api.address}/api", NEWEST)[2])
    assert {item[0] for item in kinds(document)} == {""}
    assert ("", "v1", "Namespace", "namespaces", "Cluster") in kinds(document)


def test_plain_discovery_tells_the_same(api: OfflineApi) -> None:
    def plain(path: str) -> Any:
        status, media, body = get(f"{api.address}{path}")
        assert (status, media) == (200, "application/json")
        return json.loads(body)

    assert plain("/api")["versions"] == ["v1"]
    groups = {group["name"]: group for group in plain("/apis")["groups"]}
    assert groups["autoscaling"]["preferredVersion"]["groupVersion"] == "autoscaling/v2"
    assert groups["resource.k8s.io"]["preferredVersion"]["version"] == "v1"
    told = {
        (name, version["version"], r["kind"], r["name"], r["namespaced"])
        for name, group in groups.items()
        for version in group["versions"]
        for r in plain(f"/apis/{version['groupVersion']}")["resources"]
    }
    told |= {
        ("", "v1", r["kind"], r["name"], r["namespaced"]) for r in plain("/api/v1")["resources"]
    }
    assert told == {
        (f.group, f.version, f.kind, f.plural, f.namespaced) for f in (*BUILTIN, WIDGET)
    }
    assert plain("/apis/apps")["name"] == "apps"


@pytest.mark.parametrize(
    "path",
    [
        "/apis/apps/v1/namespaces/default/deployments/web",
        "/api/v1/namespaces/x",
        "/apis/nobody.example.com/v1",
        "/apis/batch/v1beta1",
        "/openapi/v3",
        "/version",
        "/",
        "/..%2f..%2fetc/passwd",
    ],
)
def test_no_object_exists_and_nothing_else_is_served(api: OfflineApi, path: str) -> None:
    status, _, body = get(f"{api.address}{path}")
    assert status == 404
    assert json.loads(body)["kind"] == "Status"


def test_the_openapi_document_is_empty(api: OfflineApi) -> None:
    status, media, body = get(f"{api.address}/openapi/v2")
    assert (status, body) == (200, b"")
    assert "protobuf" in media
    assert "@" not in media


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_can_be_written(api: OfflineApi, method: str) -> None:
    assert get(f"{api.address}/api/v1/namespaces", method=method)[0] == 405


def test_without_the_token_nothing_is_told(api: OfflineApi) -> None:
    root = api.address.rpartition("/")[0]
    for path in ("/api", "/apis", "/openapi/v2", "/wrong/apis", "/"):
        status, _, body = get(f"{root}{path}")
        assert status == 401
        assert b"apps" not in body
    assert {request.path for request in api.requests} == {"(no token)"}


def test_it_listens_on_the_loopback_interface_only(api: OfflineApi) -> None:
    assert api.address.startswith("http://127.0.0.1:")
    port = int(api.address.split(":")[2].split("/")[0])
    others = {item[4][0] for item in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for other in others - {"127.0.0.1"}:
        with socket.socket() as probe:
            probe.settimeout(2)
            if other.startswith("127."):
                continue
            assert probe.connect_ex((other, port)) != 0


def test_the_kubeconfig_is_private_and_names_only_this_server(api: OfflineApi) -> None:
    config = json.loads(api.kubeconfig.read_text())
    assert [c["cluster"]["server"] for c in config["clusters"]] == [api.address]
    assert api.folder.stat().st_mode & 0o077 == 0
    assert api.kubeconfig.stat().st_mode & 0o077 == 0
    assert list(api.home.iterdir()) == []
    assert api.cache.is_file(), "a folder would be filled with a file for every kind"


def test_afterwards_port_folder_and_thread_are_gone() -> None:
    before = threading.active_count()
    with OfflineApi() as api:
        address, folder = api.address, api.folder
        idle = socket.create_connection(("127.0.0.1", int(address.split(":")[2].split("/")[0])))
        get(f"{address}/api")
    assert not folder.exists()
    assert idle.recv(1) == b""
    idle.close()
    with pytest.raises(urllib.error.URLError):
        get(f"{address}/api")
    for _ in range(100):
        if threading.active_count() <= before:
            break
        threading.Event().wait(0.02)
    assert threading.active_count() <= before
    api.stop()


async def test_it_is_an_async_context_too() -> None:
    async with OfflineApi() as api:
        folder = api.folder
        assert folder.is_dir()
    assert not folder.exists()


def test_two_at_once_know_nothing_of_each_other() -> None:
    with OfflineApi([WIDGET]) as one, OfflineApi() as two:
        assert one.address != two.address
        assert get(f"{one.address}/apis/example.com/v1")[0] == 200
        assert get(f"{two.address}/apis/example.com/v1")[0] == 404
        token = one.address.rpartition("/")[2]
        assert get(f"{two.address.rpartition('/')[0]}/{token}/api")[0] == 401


def test_many_clients_are_answered_and_every_request_is_noted(api: OfflineApi) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: get(f"{api.address}/apis/a/{n}")[0], range(100)))
    assert answers == [404] * 100
    assert sorted(api.requests, key=lambda r: int(r.path.rpartition("/")[2])) == [
        Request("GET", f"/apis/a/{n}", 404) for n in range(100)
    ]


def test_a_crd_of_the_repository_goes_before_the_table() -> None:
    odd = CrdFact("apps", "v1", "Deployment", "deploymentz", namespaced=False)
    with OfflineApi([odd]) as api:
        document = json.loads(get(f"{api.address}/apis", NEWEST)[2])
    found = [item for item in kinds(document) if item[:3] == ("apps", "v1", "Deployment")]
    assert found == [("apps", "v1", "Deployment", "deploymentz", "Cluster")]


def crd(**spec: Any) -> dict[str, Any]:
    names = {"kind": "Widget", "plural": "widgets"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "spec": {"group": "example.com", "names": names, "scope": "Namespaced", **spec},
    }


def test_a_crd_tells_its_served_versions() -> None:
    versions = [
        {"name": "v1", "served": True},
        {"name": "v1beta1", "served": False},
        {"name": "v2"},
    ]
    facts = list(facts_of_crd(crd(versions=versions, scope="Cluster")))
    assert [(fact.version, fact.namespaced) for fact in facts] == [("v1", False), ("v2", False)]
    assert facts[0].group_version == "example.com/v1"


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"kind": "CustomResourceDefinition"},
        crd(),
        crd(versions="v1"),
        crd(versions=[None, {"name": 3}]),
        crd(names=None, versions=[{"name": "v1"}]),
        {**crd(versions=[{"name": "v1"}]), "spec": None},
        {**crd(versions=[{"name": "v1"}]), "apiVersion": "other.example.com/v1"},
    ],
)
def test_what_is_no_crd_tells_nothing(broken: dict[str, Any]) -> None:
    assert list(facts_of_crd(broken)) == []


def test_the_tables_name_each_kind_once() -> None:
    for table in (BUILTIN, KNOWN_CRDS):
        keys = [(fact.group, fact.version, fact.kind) for fact in table]
        assert len(keys) == len(set(keys))
        plurals = [(fact.group, fact.version, fact.plural) for fact in table]
        assert len(plurals) == len(set(plurals))


@pytest.mark.parametrize(
    ("kind", "plural", "group_version", "namespaced"),
    [
        ("ClusterIssuer", "clusterissuers", "cert-manager.io/v1", False),
        ("Certificate", "certificates", "cert-manager.io/v1", True),
        ("ExternalSecret", "externalsecrets", "external-secrets.io/v1", True),
        ("ClusterSecretStore", "clustersecretstores", "external-secrets.io/v1", False),
        ("PrometheusRule", "prometheusrules", "monitoring.coreos.com/v1", True),
        ("Kustomization", "kustomizations", "kustomize.toolkit.fluxcd.io/v1", True),
        ("HelmRelease", "helmreleases", "helm.toolkit.fluxcd.io/v2", True),
        ("GitRepository", "gitrepositories", "source.toolkit.fluxcd.io/v1", True),
        ("OCIRepository", "ocirepositories", "source.toolkit.fluxcd.io/v1", True),
        ("HelmRepository", "helmrepositories", "source.toolkit.fluxcd.io/v1", True),
    ],
)
def test_the_kinds_of_the_stories_are_known(
    kind: str, plural: str, group_version: str, namespaced: bool
) -> None:
    facts = {(f.kind, f.plural, f.group_version, f.namespaced) for f in KNOWN_CRDS}
    assert (kind, plural, group_version, namespaced) in facts


def test_versions_that_are_no_longer_served_are_not_known() -> None:
    known = {(fact.group_version, fact.kind) for fact in (*BUILTIN, *KNOWN_CRDS)}
    gone = {
        ("external-secrets.io/v1beta1", "ExternalSecret"),
        ("batch/v1beta1", "CronJob"),
        ("policy/v1beta1", "PodDisruptionBudget"),
        ("networking.k8s.io/v1beta1", "Ingress"),
        ("autoscaling/v2beta2", "HorizontalPodAutoscaler"),
    }
    assert not known & gone


@pytest.mark.shared
def test_the_versions_of_known_kinds_are_published(shared: Path) -> None:
    published: dict[tuple[str, str], set[str]] = {}
    for file in (shared / "schemas").glob("*/*.json"):
        kind, _, version = file.stem.rpartition("_")
        published.setdefault((file.parent.name, kind), set()).add(version)
    compared = [f for f in KNOWN_CRDS if (f.group, f.kind.lower()) in published]
    assert len(compared) > 20
    assert [f for f in compared if f.version not in published[f.group, f.kind.lower()]] == []
