"""A tool is what it says it is; an odd version text decides nothing by chance."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyrunner.model.command import Ending
from storyrunner.tools import flux, git, kubeconform, kubectl, kustomize, yq
from storyrunner.tools.detection import NAMES, detect, detect_all, judge
from storyrunner.tools.tool import Missing, Stated, Tool, Unusable, at_least, version_in
from tests.support.scripted_runner import BIN, ScriptedRunner

MIKEFARAH = "yq (https://github.com/mikefarah/yq/) version v4.45.1\n"


def kubectl_says(version: str, kustomize: str = "v5.5.0") -> str:
    return json.dumps({"clientVersion": {"gitVersion": version}, "kustomizeVersion": kustomize})


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v1.32.4-dispatcher", "1.32.4-dispatcher"),
        ("v1.29.3-gke.100+k3s1", "1.29.3-gke.100+k3s1"),
        ("git version 2.39.5 (Apple Git-154)", "2.39.5"),
        ("{Version:kustomize/v4.5.7 GitCommit:56d82a8}", "4.5.7"),
        ("yq 0.0.0", ""),
        ("v0.0.0-master+$Format:%H$", ""),
        ("0.0.0-dev.0", ""),
        ("(devel)", ""),
        ("", ""),
    ],
)
def test_a_version_is_read_out_of_odd_texts(text: str, version: str) -> None:
    assert version_in(text) == version


@pytest.mark.parametrize(
    ("version", "minimum", "enough"),
    [
        ("1.27", "1.27", True),
        ("1.27.0", "1.27", True),
        ("1.9.9", "1.27", False),
        ("1.32.4-dispatcher", "1.27", True),
        ("4.25.3", "4.25.3", True),
        ("4.25.2", "4.25.3", False),
        ("4.9.0", "4.25.3", False),
        ("10.0.0", "9.9.9", True),
        ("5.0.0-rc.1", "5.0", True),
    ],
)
def test_versions_are_compared_as_numbers(version: str, minimum: str, enough: bool) -> None:
    assert at_least(version, minimum) is enough


@given(st.text())
def test_no_text_breaks_the_reading_of_versions(text: str) -> None:
    for module in (flux, git, kubeconform, kubectl, kustomize, yq):
        stated = module.identify(text)
        assert stated is None or isinstance(stated.version, str)


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        (MIKEFARAH, Stated("4.45.1", "mikefarah")),
        (
            "yq (https://github.com/mikefarah/yq/) version 4.25.3\n",
            Stated("4.25.3", "mikefarah"),
        ),
        ("yq version 4.2.0\n", Stated("4.2.0", "mikefarah")),
        ("yq 0.0.0\n", Stated("", "kislyuk")),
        ("yq 3.1.0\n", Stated("3.1.0", "kislyuk")),
        ("yq 4.1.2\njq-1.7\n", Stated("4.1.2", "kislyuk")),
        ("Usage: something else", None),
    ],
)
def test_the_two_yqs_are_told_apart_by_what_they_say(text: str, stated: Stated | None) -> None:
    assert yq.identify(text) == stated


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("v5.4.2\n", Stated("5.4.2")),
        ("(devel)\n", Stated("")),
        ("{Version:kustomize/v4.5.7 GitCommit:56d82a8 BuildDate:2022}\n", Stated("4.5.7")),
        ("command not understood\n", None),
    ],
)
def test_kustomize_tells_its_version_in_three_ways(text: str, stated: Stated | None) -> None:
    assert kustomize.identify(text) == stated


def test_another_program_called_flux_is_not_taken_for_it() -> None:
    assert flux.identify("flux version 2.6.4\n") == Stated("2.6.4")
    assert flux.identify("commands: 0.40.0\nlibflux-core: 0.40.0\n") is None


async def test_kubectl_tells_the_kustomize_inside_it() -> None:
    runner = ScriptedRunner().installed("kubectl")
    runner.answer("kubectl", "version", ..., stdout=kubectl_says("v1.32.4-dispatcher"))
    assert await detect(runner, "kubectl") == Tool(
        "kubectl", BIN / "kubectl", "1.32.4-dispatcher", "", "5.5.0"
    )


async def test_an_absent_tool_is_missing_and_nothing_is_started() -> None:
    runner = ScriptedRunner()
    assert await detect(runner, "flux") == Missing("flux")
    assert runner.calls == []


@pytest.mark.parametrize("ending", [Ending.TIMED_OUT, Ending.KILLED, Ending.NOT_FOUND])
async def test_a_tool_that_cannot_tell_its_version_is_unusable(ending: Ending) -> None:
    runner = ScriptedRunner().installed("kustomize")
    runner.answer("kustomize", "version", ending=ending)
    found = await detect(runner, "kustomize")
    assert isinstance(found, Unusable)
    assert "kustomize" in found.reason


async def test_a_stranger_with_the_name_of_a_tool_is_unusable_and_quoted() -> None:
    runner = ScriptedRunner().installed("flux")
    runner.answer("flux", "--version", stdout="f.lux 4.2 at your service\n")
    found = await detect(runner, "flux")
    assert isinstance(found, Unusable)
    assert "f.lux" in found.reason


async def test_kislyuks_yq_without_jq_is_unusable() -> None:
    runner = ScriptedRunner().installed("yq")
    runner.answer("yq", "--version", stdout="yq 0.0.0\n", times=2)
    found = await detect(runner, "yq")
    assert isinstance(found, Unusable)
    assert "needs jq" in found.reason
    runner.installed("jq")
    assert await detect(runner, "yq") == Tool("yq", BIN / "yq", "", "kislyuk")


@pytest.mark.parametrize(
    ("name", "version", "flavour", "minimum"),
    [
        ("kubectl", "1.26.15", "", "1.27"),
        ("kustomize", "4.5.7", "", "5.0"),
        ("flux", "2.5.1", "", "2.6"),
        ("yq", "4.25.2", "mikefarah", "4.25.3"),
    ],
)
def test_an_older_tool_is_stepped_over_with_the_reason(
    name: str, version: str, flavour: str, minimum: str
) -> None:
    found = judge(Tool(name, BIN / name, version, flavour))
    assert isinstance(found, Unusable)
    assert version in found.reason
    assert minimum in found.reason


def test_the_minimum_of_one_yq_does_not_hold_for_the_other() -> None:
    kislyuk = Tool("yq", BIN / "yq", "3.1.0", "kislyuk")
    assert judge(kislyuk) == kislyuk
    wanted = judge(kislyuk, flavour="mikefarah")
    assert isinstance(wanted, Unusable)
    assert "mikefarah" in wanted.reason


def test_a_build_from_source_is_not_called_old() -> None:
    built = Tool("kustomize", Path("/bin/kustomize"))
    assert judge(built) == built
    assert "unknown version" in built.shown


async def test_all_tools_are_found_side_by_side_with_one_spawn_each() -> None:
    runner = ScriptedRunner().installed("kubectl", "kustomize", "yq", "git")
    runner.answer("kubectl", ..., stdout=kubectl_says("v1.26.0"), delay=0.05)
    runner.answer("kustomize", ..., stdout="v5.4.2\n", delay=0.05)
    runner.answer("yq", ..., stdout=MIKEFARAH, delay=0.05)
    runner.answer("git", ..., stdout="git version 2.39.5\n", delay=0.05)
    loop = asyncio.get_running_loop()
    started = loop.time()
    found = await detect_all(runner)
    assert loop.time() - started < 0.15
    assert tuple(found) == NAMES
    assert isinstance(found["kubectl"], Unusable)
    assert isinstance(found["kustomize"], Tool)
    assert found["flux"] == Missing("flux")
    runner.assert_used()
    assert len(runner.calls) == 4
