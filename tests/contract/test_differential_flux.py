"""Flux builds: the flux CLI, kustomize, kubectl, the embedded renderer and Flux's own libraries.

All give the same objects, or refuse alike; what the embedded renderer refuses is in a table. The
libraries know no owner labels, mask no Secrets, and are given specs as the v1 API leaves them.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, seed, settings

from storyrunner.errors import (
    DisputedFeatureError,
    RefusedFeatureError,
    StoryrunnerError,
    ToolError,
)
from storyrunner.gitops.flux_build import FluxBuild
from storyrunner.gitops.objects import parse_objects
from storyrunner.model.cluster import Cluster
from tests.contract.test_differential_kustomize import PHASES, REFUSALS
from tests.support.comparing import fuzz_seconds, require_same
from tests.support.disputed_repositories import DISPUTED as DISPUTED_REPOSITORIES
from tests.support.figures import count
from tests.support.flux_repositories import (
    EMBEDDED_REFUSES,
    FAULTS,
    FLUX_REFUSES,
    REPOSITORIES,
    ROOM,
    TOP,
    app,
    config,
    flux,
    write,
)
from tests.support.generated_repositories import repositories
from tests.support.kustomizations import Tree
from tests.support.repositories import fingerprint
from tests.support.rungs import (
    RUNGS,
    Rungs,
    as_libraries_leave_it,
    everything,
    layers,
    settings_maps,
)

SEED = int(os.environ.get("STORYRUNNER_FUZZ_SEED", "1"))
SECONDS = 60.0
ROUND = 40

QUOTES = "whose quotes flux build drops"
DISPUTED = tuple(name for name, why in REFUSALS.items() if "disagree" in why)

_INLINE = "  postBuild: {substitute: {V: value, W: '${V}'}}\n"
RECURSIVE = {
    "three deep, siblings, and one that applies itself": app(
        {
            "k.yaml": flux("a", "./a", _INLINE) + flux("b", "./b") + flux("top", "./app", _INLINE),
            "c.yaml": config("first", "{v: '${V}'}"),
        },
        _INLINE,
    )
    | {
        "a/k.yaml": flux("deep", "./deep/${V}", "  targetNamespace: n\n" + _INLINE) + config("a"),
        "deep/value/c.yaml": config("deep", "{v: '${W}'}"),
        "b/c.yaml": config("b", "{v: '${V} $$'}"),
    },
    "no children": app({"c.yaml": config("c")}, "  namePrefix: p-\n"),
}
"""Builds that `flux build --recursive` can do by itself: every variable is inline, no circle."""


@pytest.fixture(scope="module")
def rungs(
    tools_bin: Path, real_flux: Path, real_kustomize: Path, real_kubectl: Path, oracle: Path
) -> Rungs:
    """All rungs with the real tools."""
    return Rungs.of(tools_bin)


def built(outcome: FluxBuild | StoryrunnerError) -> FluxBuild:
    """The build; fails with the error when there is none."""
    assert isinstance(outcome, FluxBuild), f"{type(outcome).__name__}: {outcome}"
    return outcome


def compare_with_oracle(
    rungs: Rungs, tree: Path, cluster: Cluster, build: FluxBuild, folder: Path
) -> int:
    """Every layer of a build against Flux's libraries; how many objects that were."""
    maps, objects = settings_maps(tree, [build], cluster), 0
    for kustomization, ours in layers(build):
        theirs = rungs.ask_oracle(tree, kustomization, maps, folder)
        name = kustomization["metadata"]["name"]
        assert not isinstance(theirs, str), f"{name}: {theirs}"
        require_same(
            [as_libraries_leave_it(one) for one in ours],
            [as_libraries_leave_it(one) for one in theirs],
            f"the libraries, {name}",
        )
        objects += len(ours)
    return objects


@pytest.mark.parametrize("title", REPOSITORIES)
def test_every_rung_and_flux_libraries_give_the_same_objects(
    title: str, tmp_path: Path, rungs: Rungs, pytestconfig: pytest.Config
) -> None:
    tree = write(tmp_path / "tree", REPOSITORIES[title])
    before = fingerprint(tree)
    found = {rung: built(one) for rung, one in rungs.build_all(tree, ROOM, TOP).items()}
    expected = everything(found["flux"])
    for rung in RUNGS[1:]:
        require_same(everything(found[rung]), expected, rung)
        assert found[rung].read == found["flux"].read, rung
    objects = compare_with_oracle(rungs, tree, ROOM, found["flux"], tmp_path)
    assert fingerprint(tree) == before
    count(pytestconfig, "Flux repositories of our own")
    count(pytestconfig, "Flux repositories: objects, each the same on 4 rungs and by Go", objects)


@pytest.mark.parametrize("title", FAULTS)
def test_every_rung_refuses_the_same_faults(
    title: str, tmp_path: Path, rungs: Rungs, pytestconfig: pytest.Config
) -> None:
    tree = write(tmp_path / "tree", FAULTS[title])
    for rung, outcome in rungs.build_all(tree, ROOM, TOP).items():
        assert isinstance(outcome, StoryrunnerError), f"{rung} built it"
        assert not isinstance(outcome, RefusedFeatureError | ToolError), f"{rung}: {outcome}"
        assert str(tmp_path) not in str(outcome)
        assert outcome.place is not None, rung
        assert (tree / outcome.place.path).exists(), rung
    count(pytestconfig, "Flux repositories that every rung refuses")


@pytest.mark.parametrize("title", EMBEDDED_REFUSES)
def test_the_embedded_renderer_refuses_by_name_what_others_build(
    title: str, tmp_path: Path, rungs: Rungs, pytestconfig: pytest.Config
) -> None:
    files, feature = EMBEDDED_REFUSES[title]
    tree = write(tmp_path / "tree", files)
    found = rungs.build_all(tree, ROOM, TOP)
    refusal = found.pop("embedded")
    assert isinstance(refusal, RefusedFeatureError)
    assert feature in refusal.message
    expected = everything(built(found["flux"]))
    for rung, outcome in found.items():
        require_same(everything(built(outcome)), expected, rung)
    compare_with_oracle(rungs, tree, ROOM, built(found["flux"]), tmp_path)
    count(pytestconfig, "Flux repositories beyond the embedded renderer, by name")


@pytest.mark.parametrize("title", FLUX_REFUSES)
def test_what_flux_build_shows_wrongly_is_handed_to_the_next_rung(
    title: str, tmp_path: Path, rungs: Rungs, pytestconfig: pytest.Config
) -> None:
    tree = write(tmp_path / "tree", FLUX_REFUSES[title])
    found = rungs.build_all(tree, ROOM, TOP)
    refusal = found.pop("flux")
    assert isinstance(refusal, RefusedFeatureError)
    assert QUOTES in refusal.message
    expected = everything(built(found["kustomize"]))
    for rung, outcome in found.items():
        require_same(everything(built(outcome)), expected, rung)
    compare_with_oracle(rungs, tree, ROOM, built(found["kustomize"]), tmp_path)
    count(pytestconfig, "Flux repositories that the flux CLI shows wrongly, by name")


@pytest.mark.parametrize("title", RECURSIVE)
def test_our_recursion_gives_what_flux_gives_recursively(
    title: str, tmp_path: Path, rungs: Rungs, real_flux: Path
) -> None:
    tree = write(tmp_path / "tree", RECURSIVE[title])
    ours = built(rungs.build_all(tree, ROOM, TOP)["embedded"])
    command = [
        str(real_flux), "build", "kustomization", TOP, "--dry-run", "--path=app",
        f"--kustomization-file={ROOM.kustomizations}", "--recursive", "--strict-substitute",
        "--local-sources=GitRepository/flux-system/flux-system=.",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    theirs = [one.data for one in parse_objects(done.stdout, "flux build")]
    require_same([one.object.data for one in ours.objects], theirs, "flux build --recursive")


@pytest.mark.parametrize("name", ["infra", "apps"])
def test_the_real_repository_is_the_same_on_every_rung_and_by_flux_libraries(
    name: str, shared: Path, tmp_path: Path, rungs: Rungs, pytestconfig: pytest.Config
) -> None:
    tree = shared / "corpus/repo-after"
    before = fingerprint(tree)
    home = f"kubernetes/clusters/{name}"
    cluster = Cluster(name, home, f"{home}/cluster-settings.yaml", f"{home}/infrastructure.yaml")
    tops = [f"cluster-{name}-infrastructure", f"cluster-{name}-workloads"]
    compared = 0
    for top in tops:
        found = rungs.build_all(tree, cluster, top)
        if isinstance(found["flux"], StoryrunnerError):
            assert all(isinstance(one, StoryrunnerError) for one in found.values()), found
            continue
        expected = everything(built(found["flux"]))
        for rung in RUNGS[1:]:
            require_same(everything(built(found[rung])), expected, rung)
        compared += compare_with_oracle(rungs, tree, cluster, built(found["flux"]), tmp_path)
    assert compared
    assert fingerprint(tree) == before
    count(
        pytestconfig, "the real repository: objects, each the same on 4 rungs and by Go", compared
    )


def test_random_repositories_are_the_same_on_every_rung_and_by_flux_libraries(
    rungs: Rungs, pytestconfig: pytest.Config
) -> None:
    end, number = time.monotonic() + fuzz_seconds(SECONDS), SEED

    def check(files: Mapping[str, str | bytes]) -> None:
        with TemporaryDirectory() as folder:
            tree = Tree("random", files).write(Path(folder).resolve() / "tree")
            (tree.parent / "oracle").mkdir()
            verdict = judge(rungs, tree, tree.parent / "oracle")
        count(pytestconfig, f"random repositories: {verdict}")

    while time.monotonic() < end:
        bounded = settings(
            max_examples=ROUND, deadline=None, database=None, print_blob=True,
            suppress_health_check=list(HealthCheck), phases=PHASES,
        )  # fmt: skip
        seed(number)(bounded(given(repositories())(check)))()
        number += 1


def judge(rungs: Rungs, tree: Path, folder: Path) -> str:
    """`same`, `all fail` or `refused by the embedded renderer`. Fails when they differ."""
    found = rungs.build_all(tree, ROOM, TOP)
    verdict = "same"
    if isinstance(found["embedded"], RefusedFeatureError):
        message = found.pop("embedded").message  # type: ignore[union-attr]
        assert message.startswith(tuple(REFUSALS)), f"not listed: {message}"
        verdict = "refused by the embedded renderer"
        if message.startswith(DISPUTED):
            # Flux 2.9 has another kustomize inside than the newest; kubectl has the same.
            assert isinstance(found["kustomize"], DisputedFeatureError), found["kustomize"]
            found = {"flux": found["flux"], "kustomize": found["kubectl kustomize"]}
    if isinstance(found["flux"], RefusedFeatureError) and QUOTES in found["flux"].message:
        if "embedded" not in found:
            return "refused by the flux CLI and the embedded renderer"
        del found["flux"]
        verdict = "refused by the flux CLI"
    failed = {rung: one for rung, one in found.items() if isinstance(one, StoryrunnerError)}
    if failed:
        assert failed.keys() == found.keys(), f"only some fail: {failed}"
        for rung, error in failed.items():
            assert not isinstance(error, RefusedFeatureError | ToolError), f"{rung}: {error}"
        return "all fail" if verdict == "same" else verdict
    like = built(found["kustomize"])
    for rung, outcome in found.items():
        require_same(everything(built(outcome), like), everything(like, like), rung)
    compare_with_oracle(rungs, tree, ROOM, like, folder)
    return verdict


@pytest.mark.parametrize("feature", DISPUTED_REPOSITORIES)
def test_where_releases_of_kustomize_differ_only_those_of_flux_answer(
    feature: str, tmp_path: Path, rungs: Rungs
) -> None:
    tree = write(tmp_path / "tree", DISPUTED_REPOSITORIES[feature])
    found = rungs.build_all(tree, ROOM, TOP)
    for rung in ("embedded", "kustomize"):
        refusal = found[rung]
        assert isinstance(refusal, DisputedFeatureError), f"{rung}: {refusal}"
        assert feature in refusal.message
    assert "5.8.2 differs from the 5.8.1 of Flux" in str(found["kustomize"])
    same = built(found["kubectl kustomize"])  # the release that Flux has inside
    require_same(everything(same), everything(built(found["flux"])), "kubectl kustomize")


def test_settings_that_a_kustomization_beside_the_top_renders_are_the_same_on_every_rung(
    tmp_path: Path, rungs: Rungs
) -> None:
    made = "  postBuild: {substituteFrom: [{kind: ConfigMap, name: made}]}\n"
    tree = write(
        tmp_path / "tree",
        {
            "clusters/room/flux.yaml": flux(TOP, "./app", made)
            + flux("maker", "./maker", "  targetNamespace: flux-system\n"),
            "app/c.yaml": config("c", "{v: '${MADE}'}"),
            "maker/made.yaml": config("made", "{MADE: beside}"),
        },
    )
    for rung, outcome in rungs.build_all(tree, ROOM, TOP).items():
        [one] = built(outcome).objects
        assert one.object.data["data"] == {"v": "beside"}, rung
