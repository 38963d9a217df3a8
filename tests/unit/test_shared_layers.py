"""What is the same build is made once; what could differ in anything is made for each."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyrunner.errors import HungToolError, RenderError
from storyrunner.gitops.objects import KubeObject
from storyrunner.gitops.shared_layers import SharedLayers, layer_key
from storyrunner.workspace import reads

OBJECTS = (KubeObject({"kind": "A"}),)


class Maker:
    """Makes OBJECTS, or fails, and counts."""

    def __init__(self, error: Exception | None = None, seconds: float = 0.0) -> None:
        self.error = error
        self.seconds = seconds
        self.made = 0

    async def __call__(self) -> tuple[KubeObject, ...]:
        self.made += 1
        reads.note_command(f"flux build {self.made}")
        await asyncio.sleep(self.seconds)
        if self.error:
            raise self.error
        return OBJECTS


async def test_those_who_ask_at_once_and_later_share_one_build() -> None:
    shared, maker = SharedLayers(), Maker(seconds=0.01)
    at_once = await asyncio.gather(*(shared.objects("k", maker) for _ in range(3)))
    assert [*at_once, await shared.objects("k", maker)] == [OBJECTS] * 4
    assert maker.made == 1
    assert await shared.objects("other", maker) == OBJECTS
    assert maker.made == 2


async def test_the_command_is_a_proof_for_each() -> None:
    shared, maker = SharedLayers(), Maker()
    for _ in range(2):
        with reads.recording() as noted:
            await shared.objects("k", maker)
        assert reads.commands_in(noted) == ("flux build 1",)


async def test_files_that_changed_make_it_another_build() -> None:
    shared, maker = SharedLayers(), Maker()
    await shared.objects("k", maker)
    shared.forget()
    await shared.objects("k", maker)
    assert maker.made == 2


async def test_a_failure_is_told_to_each_by_a_build_of_its_own() -> None:
    shared, failing = SharedLayers(), Maker(RenderError("no"), seconds=0.01)
    jobs = [shared.objects("k", failing) for _ in range(3)]
    found = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(one) for one in found] == [RenderError] * 3
    assert failing.made == 3
    maker = Maker()
    assert await shared.objects("k", maker) == OBJECTS


async def test_a_tool_that_hangs_is_waited_for_once_by_all_who_ask_at_once() -> None:
    shared, hanging = SharedLayers(), Maker(HungToolError("no answer"), seconds=0.01)
    jobs = [shared.objects("k", hanging) for _ in range(3)]
    found = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(one) for one in found] == [HungToolError] * 3
    assert hanging.made == 1
    assert await shared.objects("k", Maker()) == OBJECTS


async def test_one_who_is_cancelled_takes_nothing_from_the_others() -> None:
    shared, maker = SharedLayers(), Maker(seconds=0.02)
    jobs = [asyncio.ensure_future(shared.objects("k", maker)) for _ in range(3)]
    await asyncio.sleep(0.005)
    jobs[0].cancel()
    assert await asyncio.gather(*jobs[1:]) == [OBJECTS] * 2
    assert jobs[0].cancelled()


# --- the input -----------------------------------------------------------------------------------

TEXT = "kind: A\nhost: ${HOST}\nport: ${PORT:=1}\nplain: $${NOT}\nrule: $labels and $1\n"


def document(variables: dict[str, str], **spec: Any) -> dict[str, Any]:
    metadata = {"name": "apps", "namespace": "flux-system"}
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": metadata,
        "spec": {"path": "./app", **spec, "postBuild": {"substitute": variables}},
    }


def key_of(tmp_path: Path, variables: dict[str, str], text: str = TEXT, **spec: Any) -> str | None:
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    return layer_key(tmp_path, document(variables, **spec), "app", ["a.yaml"], strict=True)


def test_variables_that_no_text_names_play_no_part(tmp_path: Path) -> None:
    one = key_of(tmp_path, {"HOST": "h", "CLUSTER": "east"})
    assert one is not None
    assert one == key_of(tmp_path, {"HOST": "h", "CLUSTER": "west", "HOSTS": "x"})


@pytest.mark.parametrize("name", ["HOST", "PORT", "NOT"])
def test_variables_that_a_text_names_do(tmp_path: Path, name: str) -> None:
    assert key_of(tmp_path, {name: "1"}) != key_of(tmp_path, {name: "2"})
    assert key_of(tmp_path, {name: "1"}) != key_of(tmp_path, {})


def test_those_that_the_spec_names_do_too(tmp_path: Path) -> None:
    patch = [{"patch": "- op: add\n  value: ${IN_SPEC}"}]
    one = key_of(tmp_path, {"IN_SPEC": "1"}, patches=patch)
    assert one != key_of(tmp_path, {"IN_SPEC": "2"}, patches=patch)


@pytest.mark.parametrize(
    "text",
    [
        "prefix: a$\nsuffix: '{CLUSTER}'",
        'prefix: "$"\nsuffix: "{CLUSTER}"',
        "list: [a, $, b]",
        'x: "\\x24{C\\x4cUSTER}"',
        'x: "\\u0024{CL\\u0055STER}"',
        "x: ${A:-\n  b}",
        "replacements:\n  - source: {}",
        "Vars: []",
        "{namePrefix: '${CLU', nameSuffix: 'STER}'}",
        'x: "${CLU\\\r  STER}"',
        'x: "${CLU\\\u2028  STER}"',
        'x: "a$\\\r{CLU"',
        "x: !!binary JHtDTFVTVEVSfQ==",
        "x: !<tag:yaml.org,2002:binary> JHtDTFVTVEVSfQ==",
        "%TAG !y! tag:yaml.org,2002:\n---\nx: !y!binary JHtDTFVTVEVSfQ==",
        "x: $\0{\0C\0L\0",
    ],
)
def test_where_a_reference_could_be_made_of_pieces_all_of_them_do(
    tmp_path: Path, text: str
) -> None:
    assert key_of(tmp_path, {"CLUSTER": "1"}, text) != key_of(tmp_path, {"CLUSTER": "2"}, text)


def test_a_spec_whose_prefix_is_half_a_reference_makes_all_of_them_count(tmp_path: Path) -> None:
    keys = {key_of(tmp_path, {"CLUSTER": value}, namePrefix="${CLU") for value in "12"}
    assert len(keys) == 2


def test_with_no_variable_at_all_flux_leaves_even_defaults_alone(tmp_path: Path) -> None:
    given = document({})
    without = {**given, "spec": {"path": "./app"}}
    some = key_of(tmp_path, {"CLUSTER": "east"})
    assert some not in (
        key_of(tmp_path, {}),
        layer_key(tmp_path, without, "app", ["a.yaml"], strict=True),
    )


def test_what_is_no_map_is_left_for_flux_to_judge(tmp_path: Path) -> None:
    odd = document({}) | {"spec": {"path": "./app", "postBuild": "text"}}
    assert layer_key(tmp_path, odd, "app", [], strict=True) is not None


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("resources: [a.yaml]\nnamePrefix: x-\n", True),
        ("Resources: [a.yaml]\n", False),
        ("resources: []\nresources: [a.yaml]\n", False),
        ("resources: [a.yaml]\n---\nresources: []\n", False),
        ("generators: [g.yaml]\n", False),
        ("transformers: [t.yaml]\n", False),
        ("configurations: [c.yaml]\n", False),
        ("[a.yaml]\n", False),
    ],
)
def test_where_a_kustomization_may_read_what_is_not_known_all_variables_count(
    tmp_path: Path, text: str, same: bool
) -> None:
    (tmp_path / "kustomization.yaml").write_text(text, encoding="utf-8")
    keys = [
        layer_key(tmp_path, document({"X": value}), "app", ["kustomization.yaml"], strict=True)
        for value in "12"
    ]
    assert (keys[0] == keys[1]) is same


def test_everything_else_of_the_input_plays_a_part(tmp_path: Path) -> None:
    first = key_of(tmp_path, {"HOST": "h"})
    given = document({"HOST": "h"})
    renamed = {**given, "metadata": {"name": "other", "namespace": "flux-system"}}
    variants = [
        key_of(tmp_path, {"HOST": "h"}, targetNamespace="x"),
        layer_key(tmp_path, given, "elsewhere", ["a.yaml"], strict=True),
        layer_key(tmp_path, given, "app", ["a.yaml"], strict=False),
        layer_key(tmp_path, given, "app", [], strict=True),
        layer_key(tmp_path, renamed, "app", ["a.yaml"], strict=True),
        key_of(tmp_path, {"HOST": "h"}, TEXT + "more: 1\n"),
    ]
    assert first not in variants
    assert len(set(variants)) == len(variants)


def test_a_file_that_cannot_be_read_makes_a_build_of_its_own(tmp_path: Path) -> None:
    assert layer_key(tmp_path, document({}), "app", ["gone.yaml"], strict=True) is None


@given(st.text("${}A\\x\"' \n:-=", max_size=12), st.sampled_from(["A", "AA"]))
def test_a_name_that_is_referred_to_is_never_left_out(text: str, name: str) -> None:
    """Whatever stands around it: a reference is the name between a brace and a sign."""
    whole = f"{text}${{{name}}}{text}"
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        keys = [key_of(Path(folder), {name: value}, whole) for value in "12"]
    assert keys[0] != keys[1]
