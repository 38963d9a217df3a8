"""The variable matrix, what counts as secret, and how clusters are found without a runbook."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from flux_repo import FROM_SETTINGS, config, flux, write

from storyrunner.errors import Place
from storyrunner.gitops.clusters import find_clusters
from storyrunner.gitops.provenance import trace_cluster
from storyrunner.gitops.secrecy import is_secret_like, masked
from storyrunner.gitops.settings import SettingValue
from storyrunner.gitops.variables import Cell, CellState, VariableMatrix, matrix


def settings(**data: str) -> str:
    return config("settings", **data).replace(
        "  name: settings\n", "  name: settings\n  namespace: flux-system\n"
    )


def two_clusters(tmp_path: Path, extra: dict[str, str] | None = None) -> Path:
    """East and west apply ./app; west lacks REGION and has a TOKEN that nothing uses."""
    return write(
        tmp_path,
        {
            "clusters/east/settings.yaml": settings(
                DOMAIN="east.example.org", REGION="eu", SAME='"1"'
            ),
            "clusters/east/flux.yaml": flux("app", "./app", extra=FROM_SETTINGS),
            "clusters/west/settings.yaml": settings(
                DOMAIN="west.example.org", SAME='"1"', TOKEN="hush-hush"
            ),
            "clusters/west/flux.yaml": flux("app", "./app", extra=FROM_SETTINGS),
            "app/page.yaml": config(
                "page",
                url="https://${DOMAIN}/",
                region="${REGION}",
                size="${SIZE:=3}",
                n="x${SAME}",
            ),
            **(extra or {}),
        },
    )


def made(tree: Path) -> VariableMatrix:
    traces = [asyncio.run(trace_cluster(tree, one)) for one in find_clusters(tree)]
    return matrix(tree, traces)


def cell(found: VariableMatrix, name: str, cluster: str) -> Cell:
    [row] = [one for one in found.rows if one.name == name]
    [one] = [one for one in row.cells if one.cluster == cluster]
    return one


def test_every_variable_is_listed_with_its_value_in_every_cluster(tmp_path: Path) -> None:
    found = made(two_clusters(tmp_path))
    assert found.clusters == ("east", "west")
    assert [row.name for row in found.rows] == ["DOMAIN", "REGION", "SAME", "SIZE", "TOKEN"]
    assert cell(found, "DOMAIN", "east").shown == "east.example.org"
    assert cell(found, "DOMAIN", "west").shown == "west.example.org"
    states = {row.name: row.states for row in found.rows}
    assert states == {
        "DOMAIN": ("differs",),
        "REGION": ("undefined",),
        "SAME": (),
        "SIZE": ("default",),
        "TOKEN": ("unused",),
    }


def test_definitions_and_uses_have_their_lines(tmp_path: Path) -> None:
    found = cell(made(two_clusters(tmp_path)), "DOMAIN", "west")
    [definition] = found.definitions
    assert str(definition.place) == "clusters/west/settings.yaml:8:11"
    assert (definition.source, definition.owners) == ("ConfigMap/settings", ("flux-system/app",))
    [use] = found.uses
    assert (use.object, str(use.place), use.field) == (
        "ConfigMap/page",
        "app/page.yaml:7:16",
        ("data", "url"),
    )


def test_a_variable_that_one_cluster_lacks_is_an_error_that_names_the_object(
    tmp_path: Path,
) -> None:
    found = made(two_clusters(tmp_path))
    assert not found.ok
    assert found.undefined == (("REGION", "west"),)
    [finding] = [one for one in found.findings if one.rule == "undefined-variable"]
    assert str(finding.place) == "app/page.yaml:8:11"
    assert finding.cluster == "west"
    assert finding.message == "ConfigMap/page: ${REGION} is not defined for flux-system/app"
    assert cell(found, "REGION", "east").state is CellState.SET
    assert cell(found, "REGION", "west").shown == "undefined"


def test_a_matrix_without_anything_undefined_is_ok(tmp_path: Path) -> None:
    tree = two_clusters(tmp_path, {"app/page.yaml": config("page", url="${DOMAIN}")})
    assert made(tree).ok


def test_an_unused_secret_like_value_is_masked(tmp_path: Path) -> None:
    found = cell(made(two_clusters(tmp_path)), "TOKEN", "west")
    assert found.state is CellState.UNUSED
    assert "hush" not in found.shown
    assert found.definitions[0].is_secret


def test_an_inline_value_counts_only_for_its_own_kustomization(tmp_path: Path) -> None:
    inline = "  postBuild:\n    substitute:\n      REGION: home\n"
    tree = two_clusters(
        tmp_path,
        {
            "clusters/west/more.yaml": flux("more", "./more", extra=inline),
            "more/cm.yaml": config("more", region="${REGION}"),
        },
    )
    found = cell(made(tree), "REGION", "west")
    assert [(one.shown, one.source, one.owners) for one in found.definitions] == [
        ("home", "inline", ("flux-system/more",))
    ]
    assert [(use.owner, use.state.value) for use in found.uses] == [
        ("flux-system/app", "undefined"),
        ("flux-system/more", "value"),
    ]


def test_a_known_variable_where_nothing_is_substituted_is_a_warning(tmp_path: Path) -> None:
    tree = two_clusters(
        tmp_path,
        {
            "clusters/east/bare.yaml": flux("bare", "./bare"),
            "bare/cm.yaml": config("bare", url="${DOMAIN}", script="${NOBODY_KNOWS}"),
        },
    )
    found = made(tree)
    [finding] = [one for one in found.findings if one.rule == "not-substituted"]
    assert (finding.cluster, str(finding.place)) == ("east", "bare/cm.yaml:7:8")
    assert "NOBODY_KNOWS" not in [row.name for row in found.rows]


def test_a_build_that_does_not_work_is_named_and_the_matrix_is_not_ok(tmp_path: Path) -> None:
    tree = two_clusters(
        tmp_path,
        {
            "app/page.yaml": config("page", url="${DOMAIN}"),
            "clusters/east/lost.yaml": flux("lost", "./nowhere"),
        },
    )
    found = made(tree)
    assert not found.ok
    [(cluster, failure)] = found.failures
    assert cluster == "east"
    assert "./nowhere does not exist" in failure.message


@pytest.mark.parametrize(
    ("name", "value", "source", "secret"),
    [
        ("SECRET_DOMAIN", "infra.example.org", "ConfigMap/s", False),
        ("CLOUDFLARE_SECRET_PATH", "kubernetes/infra/cloudflare", "ConfigMap/s", False),
        ("TOKEN_TTL", "3600", "ConfigMap/s", False),
        ("KEY_ROTATION", "true", "ConfigMap/s", False),
        ("SECRET_STORE_URL", "https://vault.example.org:8200/v1", "ConfigMap/s", False),
        ("API_TOKEN", "ghp_0123456789abcdef", "ConfigMap/s", True),
        ("DB_PASSWORD", "correct horse", "ConfigMap/s", True),
        ("DB_PASSWORD", "hunter2", "ConfigMap/s", True),
        ("ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE", "ConfigMap/s", True),
        ("DATABASE", "postgres://me:pw@db.example.org/x", "ConfigMap/s", True),
        ("MONKEY", "anything at all", "ConfigMap/s", False),
        ("DOMAIN", "example.org", "Secret/s", True),
    ],
)
def test_what_is_masked_is_decided_by_name_value_and_source(
    name: str, value: str, source: str, secret: bool
) -> None:
    setting = SettingValue(value, Place("s.yaml"), source)
    assert is_secret_like(name, setting) is secret
    assert (value in masked(name, setting)) is not secret


def test_clusters_are_the_folders_below_clusters(tmp_path: Path) -> None:
    east, west = find_clusters(two_clusters(tmp_path))
    assert (east.name, east.directory) == ("east", "clusters/east")
    assert (east.settings, east.settings_name) == ("clusters/east/settings.yaml", "settings")
    assert west.kustomizations == "clusters/west/flux.yaml"


def test_without_such_folders_a_cluster_is_where_kustomizations_stand_that_nothing_applies(
    tmp_path: Path,
) -> None:
    write(
        tmp_path,
        {
            "home/flux-system/sync.yaml": flux("top", "./apps", extra=FROM_SETTINGS),
            "home/flux-system/settings.yaml": settings(DOMAIN="x"),
            "apps/ks.yaml": flux("app", "./app"),
            "app/cm.yaml": config("page", url="1"),
        },
    )
    [one] = find_clusters(tmp_path)
    assert (one.name, one.directory) == ("home", "home/flux-system")
    assert one.settings == "home/flux-system/settings.yaml"


def test_a_repository_without_flux_has_no_cluster(tmp_path: Path) -> None:
    assert (
        find_clusters(write(tmp_path, {"a.yaml": config("a", b="c"), "bad.yaml": "a: [\n"})) == ()
    )
