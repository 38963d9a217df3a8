"""A Flux build of a whole cluster: layers, owners, variables, children, and what stops it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from flux_repo import (
    EAST,
    FROM_SETTINGS,
    SETTINGS,
    ToyKustomizer,
    config,
    flux,
    line,
    repository,
    write,
)

from storyrunner.errors import ConfinementError, RenderError, SubstitutionError
from storyrunner.gitops.flux_build import FluxBuild, FluxBuilder
from storyrunner.gitops.flux_layer import Layer, LayerRequest
from storyrunner.gitops.objects import KubeObject
from storyrunner.model.rung import Job, Rung

RUNG = Rung(Job.RENDER, "toy", "1")


def build(tree: Path, name: str = "top", **more: Any) -> FluxBuild:
    builder = FluxBuilder(tree, ToyKustomizer(), RUNG)
    return asyncio.run(builder.build(EAST, name, **more))


def idents(found: FluxBuild) -> list[tuple[str, str]]:
    return [(one.owner.removeprefix("flux-system/"), one.object.ident) for one in found.objects]


def test_children_are_rendered_after_their_parent_and_every_object_knows_its_owner(
    tmp_path: Path,
) -> None:
    found = build(repository(tmp_path))
    assert idents(found) == [
        ("top", "Kustomization/flux-system/web"),
        ("top", "ConfigMap/zone"),
        ("web", "ConfigMap/page"),
    ]
    [page] = found.through("flux-system/web")
    assert page.value("data", "url") == "https://east.example.org/"
    assert page.labels == {
        "kustomize.toolkit.fluxcd.io/name": "web",
        "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
    }
    assert found.rung is RUNG


def test_a_build_tells_what_it_read_and_where_variables_came_from(tmp_path: Path) -> None:
    found = build(repository(tmp_path))
    assert found.read == {
        "clusters/east/flux.yaml",
        "clusters/east/settings.yaml",
        "base/ks.yaml",
        "base/zone.yaml",
        "web/kustomization.yaml",
        "web/page.yaml",
    }
    domain = found.variables["flux-system/web"]["DOMAIN"]
    assert line(domain.place) == "clusters/east/settings.yaml:7"
    web = found.kustomization("flux-system/web")
    assert web is not None
    assert line(web.place("spec", "path")) == "base/ks.yaml:8"


def test_without_recursion_children_are_named_but_not_rendered(tmp_path: Path) -> None:
    found = build(repository(tmp_path), recursive=False)
    assert [one.key for one in found.kustomizations] == ["flux-system/top"]
    assert len(found.objects) == 2


def test_each_child_has_its_own_variables(tmp_path: Path) -> None:
    inline = "  postBuild:\n    substitute:\n      DOMAIN: other.example.org\n"
    tree = repository(tmp_path, {"base/ks.yaml": flux("web", "./web", extra=inline)})
    [page] = build(tree).through("flux-system/web")
    assert page.value("data", "url") == "https://other.example.org/"


def test_without_post_build_nothing_is_substituted(tmp_path: Path) -> None:
    tree = repository(tmp_path, {"base/ks.yaml": flux("web", "./web")})
    [page] = build(tree).through("flux-system/web")
    assert page.value("data", "url") == "https://${DOMAIN}/"


def test_the_child_is_built_as_its_parent_rendered_it(tmp_path: Path) -> None:
    child = flux("web", "./${REGION}", extra="  targetNamespace: ${REGION}\n")
    tree = repository(tmp_path, {"base/ks.yaml": child, "eu/page.yaml": config("page")})
    [page] = build(tree).through("flux-system/web")
    assert page.namespace == "eu"


def test_an_undefined_variable_fails_at_the_line_that_names_it(tmp_path: Path) -> None:
    tree = repository(tmp_path, {"web/page.yaml": config("page", a="b", url="${DOMIAN}")})
    with pytest.raises(SubstitutionError) as caught:
        build(tree)
    assert line(caught.value.place) == "web/page.yaml:8"
    assert caught.value.variable == "DOMIAN"
    assert "ConfigMap/page: ${DOMIAN} is not defined for cluster east" in caught.value.message
    assert "clusters/east/settings.yaml" in caught.value.message


def test_an_undefined_variable_is_blank_only_when_asked_for(tmp_path: Path) -> None:
    tree = repository(tmp_path, {"web/page.yaml": config("page", url="x${GONE}y")})
    [page] = build(tree, strict=False).through("flux-system/web")
    assert page.value("data", "url") == "xy"


def test_an_expression_flux_cannot_parse_fails_with_its_object_and_line(tmp_path: Path) -> None:
    tree = repository(tmp_path, {"web/page.yaml": config("page", url="${a.b}")})
    with pytest.raises(SubstitutionError, match="missing closing brace") as caught:
        build(tree)
    assert line(caught.value.place) == "web/page.yaml:7"
    assert "ConfigMap/page" in caught.value.message


def test_a_child_whose_path_does_not_exist_fails_at_its_own_source(tmp_path: Path) -> None:
    tree = repository(tmp_path, {"base/ks.yaml": flux("web", "./wbe")})
    with pytest.raises(RenderError, match=r"web: spec\.path \./wbe does not exist") as caught:
        build(tree)
    assert line(caught.value.place) == "base/ks.yaml:8"
    assert caught.value.hint == "did you mean ./web?"


def test_a_path_that_leads_out_of_the_tree_is_refused(tmp_path: Path) -> None:
    tree = repository(tmp_path, {"base/ks.yaml": flux("web", "../secrets")})
    with pytest.raises(ConfinementError) as caught:
        build(tree)
    assert line(caught.value.place) == "base/ks.yaml:8"


def test_a_linked_path_that_leads_out_of_the_repository_is_refused(tmp_path: Path) -> None:
    tree = repository(tmp_path / "tree", {"base/ks.yaml": flux("web", "./linked")})
    (tmp_path / "outside").mkdir()
    (tree / "linked").symlink_to("../outside")
    with pytest.raises(ConfinementError):
        build(tree)


def test_a_child_of_another_source_is_named_and_not_rendered(tmp_path: Path) -> None:
    tree = repository(tmp_path, {"base/ks.yaml": flux("web", "./web", source="elsewhere")})
    found = build(tree)
    assert found.through("flux-system/web") == ()
    [finding] = found.findings
    assert "flux-system/web is not rendered: its source is GitRepository/flux-system/elsewhere" in (
        finding.message
    )
    assert line(finding.place) == "base/ks.yaml:10"


def test_a_child_of_its_parents_own_source_is_rendered(tmp_path: Path) -> None:
    tree = repository(
        tmp_path,
        {
            "clusters/east/flux.yaml": flux("top", "./base", source="mine"),
            "base/ks.yaml": flux("web", "./web", source="mine"),
        },
    )
    assert len(build(tree).through("flux-system/web")) == 1


def test_a_circle_ends_with_a_warning_and_a_self_reference_without(tmp_path: Path) -> None:
    tree = repository(
        tmp_path,
        {"base/top.yaml": flux("top", "./base"), "web/page.yaml": flux("top", "./base")},
    )
    found = build(tree)
    assert [one.key for one in found.kustomizations] == ["flux-system/top", "flux-system/web"]
    [finding] = found.findings
    assert "flux-system/top -> flux-system/web -> flux-system/top" in finding.message
    assert line(finding.place) == "web/page.yaml:5"


def test_the_same_child_twice_is_rendered_once_and_warned_of_when_it_differs(
    tmp_path: Path,
) -> None:
    tree = repository(
        tmp_path,
        {
            "base/next.yaml": flux("next", "./next"),
            "next/same.yaml": flux("web", "./web", extra=FROM_SETTINGS),
        },
    )
    assert build(tree).findings == ()
    write(tree, {"next/same.yaml": flux("web", "./other")})
    found = build(tree)
    assert len(found.through("flux-system/web")) == 1
    assert [one.rule for one in found.findings] == ["flux.applied-twice"]


def test_a_config_map_that_a_sibling_renders_can_be_substituted_from(tmp_path: Path) -> None:
    made = config("made", DOMAIN="made.example.org").replace(
        "name: made", "name: made\n  namespace: flux-system"
    )
    wants = FROM_SETTINGS.replace("name: settings", "name: made")
    tree = repository(
        tmp_path,
        {
            "base/ks.yaml": flux("web", "./web", extra=wants),
            "base/made.yaml": flux("z-made", "./made"),
            "made/made.yaml": made,
        },
    )
    found = build(tree)
    [page] = found.through("flux-system/web")
    assert page.value("data", "url") == "https://made.example.org/"
    assert line(found.variables["flux-system/web"]["DOMAIN"].place) == "made/made.yaml:8"
    assert [owner for owner, _ in idents(found)][-2:] == ["web", "z-made"]


def test_one_broken_child_stops_the_build_or_is_kept_beside_its_siblings(tmp_path: Path) -> None:
    tree = repository(tmp_path, {"base/broken.yaml": flux("broken", "./nowhere")})
    with pytest.raises(RenderError, match="nowhere"):
        build(tree)
    found = build(tree, keep_going=True)
    [failure] = found.failures
    assert line(failure.place) == "base/broken.yaml:8"
    assert len(found.through("flux-system/web")) == 1
    assert found.kustomization("flux-system/broken") is None


def test_a_file_that_the_source_leaves_out_is_warned_of(tmp_path: Path) -> None:
    tree = repository(tmp_path, {".sourceignore": "/web/\n"})
    findings = build(tree).findings
    assert {line(one.place) for one in findings} == {
        "web/kustomization.yaml:1",
        "web/page.yaml:1",
    }


def test_encrypted_settings_are_reported_by_the_build(tmp_path: Path) -> None:
    secret = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: settings}\n"
        "stringData: {DOMAIN: 'ENC[x]'}\nsops: {mac: 'ENC[y]'}\n"
    )
    wants = FROM_SETTINGS.replace("kind: ConfigMap", "kind: Secret")
    tree = repository(
        tmp_path,
        {"clusters/east/s.sops.yaml": secret, "base/ks.yaml": flux("web", "./web", extra=wants)},
    )
    assert [one.rule for one in build(tree).findings] == ["flux.encrypted-setting"]


def test_settings_of_one_cluster_are_never_taken_for_another(tmp_path: Path) -> None:
    tree = repository(tmp_path, {"clusters/west/settings.yaml": SETTINGS.replace("east", "west")})
    assert "https://east.example.org/" in str(build(tree).objects)


class OwnLayers:
    """A layer engine of its own, as the flux CLI is one."""

    def __init__(self) -> None:
        self.requests: list[LayerRequest] = []

    async def build_layer(self, request: LayerRequest) -> Layer:
        self.requests.append(request)
        made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "made"}}
        return Layer((KubeObject(made),), frozenset({"base/zone.yaml"}))


def test_a_layer_engine_of_its_own_gets_the_resolved_variables(tmp_path: Path) -> None:
    engine = OwnLayers()
    builder = FluxBuilder(repository(tmp_path), engine, RUNG)
    found = asyncio.run(builder.build(EAST, "top"))
    [request] = engine.requests
    assert request.directory == "base"
    assert request.settings.variables == {"DOMAIN": "east.example.org", "REGION": "eu"}
    assert idents(found) == [("top", "Namespace/made")]
