"""The command-line rungs and the ladder: what tools are asked and what answers mean."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flux_repo import EAST, FROM_SETTINGS, config, flux, line, repository, write

from storyrunner.errors import (
    ConfinementError,
    RefusedFeatureError,
    RenderError,
    SubstitutionError,
    ToolError,
)
from storyrunner.gitops.cli_failure import message_of
from storyrunner.gitops.flux_build import FluxBuild, FluxBuilder
from storyrunner.gitops.flux_cli import FluxCli
from storyrunner.gitops.kustomize_cli import KustomizeCli
from storyrunner.gitops.private_copy import PrivateCopy
from storyrunner.gitops.render_ladder import Option, RenderLadder, choose
from storyrunner.model.command import Command, Ending
from storyrunner.model.rung import EngineChoice, Job, Rung
from storyrunner.tools.tool import Missing, Tool, Unusable
from tests.support.scripted_runner import ScriptedRunner

KUSTOMIZE = Tool("kustomize", Path("/scripted/bin/kustomize"), "5.4.2")
KUBECTL = Tool("kubectl", Path("/scripted/bin/kubectl"), "1.32.0", kustomize="5.5.0")
FLUX = Tool("flux", Path("/scripted/bin/flux"), "2.9.5")
RUNG = Rung(Job.RENDER, "scripted")


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[PrivateCopy]:
    (tmp_path / "base").mkdir()
    with PrivateCopy(tmp_path / "tree", tmp_path / "base") as opened:
        yield opened


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return repository(tmp_path / "tree")


def root_of(command: Command) -> Any:
    return json.loads((command.cwd / command.argv[-1] / "kustomization.yaml").read_text())


def test_kustomize_is_asked_for_file_order_over_a_root_in_the_copy(
    tree: Path, copy: PrivateCopy
) -> None:
    runner = ScriptedRunner()
    seen: list[Any] = []
    runner.answer(
        "kustomize", "build", ..., "web",
        stdout=config("page") + "---\n",
        effect=lambda command: seen.append(root_of(command)),
    )  # fmt: skip
    built = asyncio.run(
        KustomizeCli(runner, KUSTOMIZE, copy).build(tree, "web", {"resources": ["page.yaml"]})
    )
    assert [one["metadata"]["name"] for one in built] == ["page"]
    assert seen == [{"resources": ["page.yaml"], "sortOptions": {"order": "fifo"}}]
    [command] = runner.calls
    assert "--load-restrictor=LoadRestrictionsNone" in command.argv
    assert not command.cwd.is_relative_to(tree)


def test_kubectl_builds_a_folder_with_its_own_root_in_file_order(
    tree: Path, copy: PrivateCopy
) -> None:
    runner = ScriptedRunner()
    runner.answer("kubectl", "kustomize", ..., stdout="")
    assert asyncio.run(KustomizeCli(runner, KUBECTL, copy).build(tree, "web")) == []
    assert "--reorder=none" in runner.calls[0].argv


def test_a_refusal_keeps_the_tools_words_and_gets_a_place(tree: Path, copy: PrivateCopy) -> None:
    (tree / "web/page.yaml").unlink()
    runner = ScriptedRunner()
    runner.answer(
        "kustomize", ..., code=1, stderr="Error: accumulating resources from 'page.yaml': no such\n"
    )
    with pytest.raises(RenderError) as caught:
        asyncio.run(KustomizeCli(runner, KUSTOMIZE, copy).build(tree, "web"))
    assert caught.value.message == (
        "kustomize build: accumulating resources from 'page.yaml': no such"
    )
    assert caught.value.place is not None


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (Ending.TIMED_OUT, "did not end within 60 s"),
        (Ending.NOT_FOUND, "could not be started"),
        (Ending.KILLED, "was killed"),
    ],
)
def test_a_tool_that_does_not_end_is_no_verdict(
    tree: Path, copy: PrivateCopy, ending: Ending, reason: str
) -> None:
    runner = ScriptedRunner()
    runner.answer("kustomize", ..., ending=ending)
    with pytest.raises(ToolError, match=reason):
        asyncio.run(KustomizeCli(runner, KUSTOMIZE, copy).build(tree, "web"))


def test_what_is_no_list_of_objects_is_no_verdict(tree: Path, copy: PrivateCopy) -> None:
    runner = ScriptedRunner()
    runner.answer("kustomize", ..., stdout=b"\xff\xfe: [", times=1)
    runner.answer("kustomize", ..., stdout="- a\n")
    engine = KustomizeCli(runner, KUSTOMIZE, copy)
    for _ in range(2):
        with pytest.raises(ToolError, match="kustomize build printed"):
            asyncio.run(engine.build(tree, "web"))


def test_nothing_is_fetched_and_nothing_outside_is_read(tree: Path, copy: PrivateCopy) -> None:
    engine = KustomizeCli(ScriptedRunner(), KUSTOMIZE, copy)
    with pytest.raises(RefusedFeatureError, match="remote resource"):
        asyncio.run(engine.build(tree, "web", {"resources": ["https://x.example/y"]}))
    write(tree.parent, {"outside.yaml": config("x")})
    with pytest.raises(ConfinementError):
        asyncio.run(engine.build(tree, "web", {"resources": ["../../outside.yaml"]}))


def build_with_flux(runner: ScriptedRunner, tree: Path, copy: PrivateCopy) -> FluxBuild:
    builder = FluxBuilder(tree, FluxCli(runner, FLUX, copy), RUNG)
    return asyncio.run(builder.build(EAST, "top"))


def file_of(command: Command) -> Any:
    [word] = [one for one in command.argv if one.startswith("--kustomization-file=")]
    return json.loads(Path(word.partition("=")[2]).read_text())


def test_flux_builds_each_kustomization_by_itself_with_its_variables_inline(
    tree: Path, copy: PrivateCopy
) -> None:
    files: list[Any] = []
    runner = ScriptedRunner()
    child = flux("web", "./web", extra=FROM_SETTINGS)
    runner.answer(
        "flux", "build", "kustomization", "top", ...,
        stdout=child + "---\n",
        effect=lambda command: files.append(file_of(command)),
    )  # fmt: skip
    runner.answer(
        "flux", "build", "kustomization", "web", ...,
        stdout=config("page"),
        effect=lambda command: files.append(file_of(command)),
    )  # fmt: skip
    found = build_with_flux(runner, tree, copy)
    runner.assert_used()
    assert [one.owner for one in found.objects] == ["flux-system/top", "flux-system/web"]
    for file in files:
        assert file["spec"]["postBuild"] == {
            "substitute": {"DOMAIN": "east.example.org", "REGION": "eu"}
        }
    for command in runner.calls:
        assert {"--dry-run", "--strict-substitute", "--namespace=flux-system"} <= set(command.argv)
        assert "--recursive" not in command.argv
        assert not command.cwd.is_relative_to(tree)
    assert {"base/ks.yaml", "web/page.yaml"} <= found.read


def test_an_undefined_variable_told_by_flux_gets_object_and_line(
    tree: Path, copy: PrivateCopy
) -> None:
    write(tree, {"base/zone.yaml": config("zone", domain="${DOMIAN}")})
    runner = ScriptedRunner()
    runner.answer(
        "flux", ...,
        code=1,
        stderr="✗ var substitution failed for 'zone': envsubst error: variable substitution "
        'failed: variable not set (strict mode): "DOMIAN"\n',
    )  # fmt: skip
    with pytest.raises(SubstitutionError) as caught:
        build_with_flux(runner, tree, copy)
    assert line(caught.value.place) == "base/zone.yaml:7"
    assert caught.value.variable == "DOMIAN"
    assert "clusters/east/settings.yaml" in caught.value.message


def test_any_other_refusal_of_flux_keeps_its_words(tree: Path, copy: PrivateCopy) -> None:
    write(tree, {"base/values.yaml": "a: 1\n"})
    runner = ScriptedRunner()
    runner.answer(
        "flux", ...,
        code=1,
        stderr="✗ failed to generate kustomization.yaml: missing Resource metadata <nil>\n",
    )  # fmt: skip
    with pytest.raises(RenderError) as caught:
        build_with_flux(runner, tree, copy)
    assert caught.value.message == (
        "flux: failed to generate kustomization.yaml: missing Resource metadata"
    )
    assert line(caught.value.place) == "base/values.yaml:1"


def test_what_an_older_flux_would_ignore_is_refused_by_name(tree: Path, copy: PrivateCopy) -> None:
    write(
        tree,
        {
            "clusters/east/flux.yaml": flux(
                "top", "./base", extra="  ignoreMissingComponents: true\n"
            )
        },
    )
    old = Tool("flux", FLUX.path, "2.6.4")
    builder = FluxBuilder(tree, FluxCli(ScriptedRunner(), old, copy), RUNG)
    with pytest.raises(RefusedFeatureError, match=r"ignoreMissingComponents with flux 2\.6\.4"):
        asyncio.run(builder.build(EAST, "top"))


ALL = {"flux": FLUX, "kustomize": KUSTOMIZE, "kubectl": KUBECTL}


def engines(options: tuple[Option, ...]) -> list[str]:
    return [option.rung.engine for option in options]


def test_the_ladder_goes_from_flux_to_the_embedded_engine() -> None:
    options = choose(EngineChoice.AUTO, ALL)
    assert engines(options) == ["flux", "kustomize", "kubectl kustomize", "embedded"]
    assert options[0].rung.stepped_over == ()


def test_rungs_that_are_not_there_are_stepped_over_with_the_reason() -> None:
    old = Unusable("flux", FLUX.path, "flux 2.5.0 is older than 2.6")
    older = Tool("kubectl", KUBECTL.path, "1.26.0", kustomize="4.5.7")
    options = choose(EngineChoice.AUTO, {"flux": old, "kubectl": older})
    assert engines(options) == ["embedded"]
    assert options[0].rung.stepped_over == (
        "flux 2.5.0 is older than 2.6",
        "kustomize is not installed",
        "kubectl 1.26.0 has kustomize 4.5.7 inside",
    )


def test_a_pinned_engine_is_alone_or_an_error() -> None:
    assert engines(choose(EngineChoice.FLUX, ALL)) == ["flux"]
    assert engines(choose(EngineChoice.EMBEDDED, ALL)) == ["embedded"]
    assert engines(choose(EngineChoice.KUSTOMIZE, ALL)) == ["kustomize", "kubectl kustomize"]
    with pytest.raises(ToolError, match="--engine flux cannot be used: flux is not installed"):
        choose(EngineChoice.FLUX, {"flux": Missing("flux")})


def climb(tree: Path, runner: ScriptedRunner, *names: str) -> FluxBuild:
    options = choose(EngineChoice.AUTO, {name: ALL[name] for name in names})
    with RenderLadder(tree, runner, options) as ladder:
        return asyncio.run(ladder.build(EAST, "top"))


def test_a_tool_that_breaks_hands_over_to_the_next_rung_and_its_reason_goes_along(
    tree: Path,
) -> None:
    runner = ScriptedRunner()
    runner.answer("flux", ..., ending=Ending.TIMED_OUT)
    found = climb(tree, runner, "flux")
    assert found.rung.engine == "embedded"
    assert "flux 2.9.5: flux build did not end within 120 s" in found.rung.stepped_over
    assert len(found.objects) == 3


def test_a_tool_that_hung_is_not_asked_again(tree: Path) -> None:
    runner = ScriptedRunner()
    runner.answer("flux", ..., ending=Ending.TIMED_OUT)
    options = choose(EngineChoice.AUTO, {"flux": ALL["flux"]})
    with RenderLadder(tree, runner, options) as ladder:
        first = asyncio.run(ladder.build(EAST, "top"))
        ladder.refresh()
        again = asyncio.run(ladder.build(EAST, "top"))
    assert len(runner.calls) == 1
    assert again.rung == first.rung
    assert "flux 2.9.5: flux build did not end within 120 s" in again.rung.stepped_over


def test_a_refusal_by_the_build_is_a_verdict_and_no_weaker_rung_is_asked(tree: Path) -> None:
    runner = ScriptedRunner()
    runner.answer("flux", ..., code=1, stderr="✗ kustomize build failed: no\n")
    with pytest.raises(RenderError, match="flux: kustomize build failed: no"):
        climb(tree, runner, "flux", "kubectl")
    runner.assert_used()


def test_when_no_rung_can_the_last_reason_is_raised(tree: Path) -> None:
    runner = ScriptedRunner()
    runner.answer("flux", ..., ending=Ending.TIMED_OUT)
    with (
        RenderLadder(tree, runner, choose(EngineChoice.FLUX, ALL)) as ladder,
        pytest.raises(ToolError, match="flux build did not end"),
    ):
        asyncio.run(ladder.build(EAST, "top"))


def test_messages_of_kubectl_lose_the_decoration_of_its_logger() -> None:
    stderr = 'E1123 04:12:35.559862   25383 run.go:72] "command failed" err="it says \\"no\\""\n'
    assert message_of(stderr) == 'it says "no"'
    assert message_of("# Warning: 'commonLabels' is deprecated\nError: no\n") == "no"
