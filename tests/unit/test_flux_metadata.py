"""The last things Flux does to an object: labels, masks, common metadata, silent drops."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from flux_repo import spec

from storyrunner.errors import RenderError
from storyrunner.gitops.flux_metadata import MASK, finish, mask_secret

OWNERS = {
    "kustomize.toolkit.fluxcd.io/name": "app",
    "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
}
COMMON = "  commonMetadata:\n    labels: {team: b}\n    annotations: {note: '${X}'}\n"


def thing(**more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, **more}


def secret(**more: Any) -> dict[str, Any]:
    return thing(**more) | {"kind": "Secret"}


def encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_every_object_says_who_applies_it_and_the_input_is_not_changed() -> None:
    given = thing()
    finished = finish(given, spec())
    assert finished is not None
    assert finished["metadata"]["labels"] == OWNERS
    assert given == thing()


def test_common_metadata_overrides_and_is_not_substituted() -> None:
    given = thing(metadata={"name": "a", "labels": {"team": "a", "x": "y"}})
    finished = finish(given, spec(COMMON))
    assert finished is not None
    assert finished["metadata"]["labels"] == OWNERS | {"team": "b", "x": "y"}
    assert finished["metadata"]["annotations"] == {"note": "${X}"}


def test_common_metadata_replaces_labels_of_which_one_is_no_text() -> None:
    given = thing(
        metadata={"name": "a", "labels": {"size": 3, "x": "y"}, "annotations": {"a": "b"}}
    )
    finished = finish(given, spec(COMMON))
    assert finished is not None
    assert finished["metadata"]["labels"] == {"team": "b"}
    assert finished["metadata"]["annotations"] == {"a": "b", "note": "${X}"}
    without = finish(given, spec())
    assert without is not None
    assert without["metadata"]["labels"] == OWNERS | {"size": 3, "x": "y"}


def test_a_null_among_the_common_metadata_is_an_empty_text() -> None:
    finished = finish(thing(), spec("  commonMetadata: {labels: {team: }}\n"))
    assert finished is not None
    assert finished["metadata"]["labels"] == OWNERS | {"team": ""}


@pytest.mark.parametrize(
    "given",
    [
        thing(metadata={"name": 123}),
        thing(metadata={"name": ""}),
        thing(kind=""),
        thing(apiVersion=None),
        thing(apiVersion="kustomize.config.k8s.io/v1beta1", kind="Kustomization"),
    ],
)
def test_what_flux_drops_without_a_word_is_dropped(given: dict[str, Any]) -> None:
    assert finish(given, spec()) is None


def test_a_secret_encrypted_by_sops_is_masked_whole() -> None:
    sops = {"mac": "ENC[x]"}
    masked = mask_secret(secret(data={"a": "ENC[1]"}, stringData={"b": "ENC[2]"}, sops=sops))
    assert masked["data"] == {"a": encode(MASK)}
    assert masked["stringData"] == {"b": MASK}
    assert "sops" not in masked


def test_a_docker_config_keeps_its_shape_under_the_mask() -> None:
    masked = mask_secret(
        secret(
            data={".dockerconfigjson": "ENC[1]"},
            type="kubernetes.io/dockerconfigjson",
            sops={"mac": "ENC[x]"},
        )
    )
    assert masked["data"] == {".dockerconfigjson": encode('{"mask":"**SOPS**"}')}


def test_only_values_that_hold_sops_text_are_masked_in_a_plain_secret() -> None:
    content = "a: ENC[1]\nsops:\n  mac: x\n"
    masked = mask_secret(
        secret(data={"a": encode(content), "b": encode("plain")}, stringData={"c": content})
    )
    assert masked["data"] == {"a": encode(MASK), "b": encode("plain")}
    assert masked["stringData"] == {"c": encode(MASK)}


def test_a_secret_whose_data_is_no_base64_fails_as_in_flux() -> None:
    with pytest.raises(RenderError) as caught:
        mask_secret(secret(data={"a": "ab$d"}))
    assert caught.value.message == (
        "failed to mask secret a sops data: illegal base64 data at input byte 2"
    )


def test_a_secret_loses_data_that_hold_nothing_as_in_flux() -> None:
    secret = {"kind": "Secret", "data": {}, "stringData": {}}
    assert mask_secret(secret) == {"kind": "Secret", "stringData": {}}
