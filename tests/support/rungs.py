"""One Flux build on every rung, and by Flux's own libraries (the oracle), as plain objects.

The oracle gets each layer's Flux Kustomization and every ConfigMap and Secret there is; which of
them it takes, and with which precedence, is its own business.
"""

from __future__ import annotations

import asyncio
import base64
import copy
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storyrunner.errors import RefusedFeatureError, StoryrunnerError
from storyrunner.gitops.documents import load_file
from storyrunner.gitops.flux_build import FluxBuild
from storyrunner.gitops.flux_metadata import OWNER_NAME, OWNER_NAMESPACE
from storyrunner.gitops.private_copy import yaml_json
from storyrunner.gitops.render_ladder import Option, RenderLadder, choose
from storyrunner.gitops.settings import ENCRYPTED_PLACEHOLDER
from storyrunner.model.cluster import Cluster
from storyrunner.model.rung import EngineChoice
from storyrunner.tools.detection import detect_all
from storyrunner.tools.process import OsRunner

RUNGS = ("flux", "kustomize", "kubectl kustomize", "embedded")
Objects = list[dict[str, Any]]
_NOT_IN_V1 = ("patchesStrategicMerge", "patchesJson6902")
"""The library still merges these, but the v1 API, through which it gets its input, drops them."""


@dataclass(frozen=True)
class Rungs:
    """The four rungs with the real tools of one folder, and the oracle."""

    runner: OsRunner
    options: Mapping[str, Option]
    oracle: Path

    @classmethod
    def of(cls, folder: Path) -> Rungs:
        """Detect the tools."""
        runner = OsRunner({"PATH": f"{folder}:/usr/bin:/bin"})
        tools = asyncio.run(detect_all(runner, ("flux", "kustomize", "kubectl")))
        chosen = choose(EngineChoice.AUTO, tools)
        options = {one.rung.engine: one for one in chosen}
        assert tuple(options) == RUNGS
        return cls(runner, options, folder / "storyrunner-oracle")

    def build(
        self, rung: str, tree: Path, cluster: Cluster, name: str, *, strict: bool = True
    ) -> FluxBuild:
        """The whole build. Raises what the rung raises."""
        with RenderLadder(tree, self.runner, [self.options[rung]]) as ladder:
            return asyncio.run(ladder.build(cluster, name, strict=strict))

    def build_all(
        self, tree: Path, cluster: Cluster, name: str, *, strict: bool = True
    ) -> dict[str, FluxBuild | StoryrunnerError]:
        """Every rung's build or error, side by side."""

        async def one(rung: str) -> FluxBuild | StoryrunnerError:
            try:
                with RenderLadder(tree, self.runner, [self.options[rung]]) as ladder:
                    return await ladder.build(cluster, name, strict=strict)
            except StoryrunnerError as error:
                return error

        async def every() -> list[FluxBuild | StoryrunnerError]:
            return await asyncio.gather(*(one(rung) for rung in RUNGS))

        return dict(zip(RUNGS, asyncio.run(every()), strict=True))

    def ask_oracle(
        self, tree: Path, kustomization: Mapping[str, Any], maps: Objects, folder: Path,
        *, strict: bool = True,
    ) -> Objects | str:  # fmt: skip
        """What Flux's libraries make of one layer: its objects, or their error."""
        file = folder / "kustomization.json"
        spec = {key: value for key, value in kustomization["spec"].items() if key not in _NOT_IN_V1}
        file.write_text(yaml_json({**kustomization, "spec": spec}), encoding="utf-8")
        request = {
            "root": str(tree), "kustomization": str(file), "objects": maps, "strict": strict,
        }  # fmt: skip
        done = subprocess.run(
            [str(self.oracle), "render"], input=json.dumps(request), text=True, capture_output=True,
            timeout=60, check=False,
        )  # fmt: skip
        if done.returncode:
            return done.stderr
        found: Objects = json.loads(done.stdout)
        return found or []


def layers(build: FluxBuild) -> Iterator[tuple[dict[str, Any], Objects]]:
    """Each Flux Kustomization of a build as plain data, and what it applies itself."""
    for kustomization in build.kustomizations:
        found = [dict(one.data) for one in build.through(kustomization.key)]
        yield dict(kustomization.object.data), found


def everything(build: FluxBuild, like: FluxBuild | None = None) -> list[Any]:
    """A build's objects with their owners, to compare rungs by.

    What in a Secret is no text in `like` is left out: `flux build` writes it as one when it looks
    for encrypted values, and no cluster takes it either way.
    """
    found = [{"owner": one.owner, "object": one.object.data} for one in build.objects]
    if like is None or len(like.objects) != len(build.objects):
        return found
    for index, other in enumerate(like.objects):
        for field in ("data", "stringData"):
            texts = other.object.data.get(field) if other.object.kind == "Secret" else None
            odd = [key for key, text in (texts or {}).items() if not isinstance(text, str)]
            if odd:
                found[index] = copy.deepcopy(found[index])
                for key in odd:
                    found[index]["object"].get(field, {}).pop(key, None)
    return found


def settings_maps(tree: Path, builds: Sequence[FluxBuild], cluster: Cluster) -> Objects:
    """All ConfigMaps and Secrets of the cluster's folder and of the builds, as a cluster has them:
    in a namespace, Secrets in base64. Encrypted values are this project's placeholder."""
    found: Objects = []
    for path in sorted((tree / cluster.directory).rglob("*.yaml")):
        found += [one.value for one in load_file(path, path.name) if isinstance(one.value, dict)]
    for build in builds:
        found += [one.object.data for one in build.objects]
    maps: Objects = []
    for one in found:
        if one.get("apiVersion") == "v1" and one.get("kind") in ("ConfigMap", "Secret"):
            maps.append(_as_in_cluster(one))
    return maps


def _as_in_cluster(one: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"namespace": "flux-system"} | {
        key: one["metadata"][key] for key in ("name", "namespace") if key in one["metadata"]
    }
    texts = one.get("data") or {}
    if one["kind"] == "Secret":
        texts = {key: _decoded(text) for key, text in texts.items()} | (one.get("stringData") or {})
    if "sops" in one:
        texts = {
            key: ENCRYPTED_PLACEHOLDER if str(text).startswith("ENC[") else text
            for key, text in texts.items()
        }
    if one["kind"] == "Secret":
        texts = {key: base64.b64encode(str(text).encode()).decode() for key, text in texts.items()}
    return {"apiVersion": "v1", "kind": one["kind"], "metadata": metadata, "data": texts}


def _decoded(text: str) -> str:
    try:
        return base64.b64decode("".join(str(text).split()), validate=True).decode(
            "utf-8", "replace"
        )
    except ValueError:
        return ""


def as_libraries_leave_it(one: Mapping[str, Any]) -> dict[str, Any]:
    """An object without what only `flux build` and our layers add: owner labels and masked Secrets
    (their keys are kept). The oracle's own objects go through it too."""
    plain = json.loads(json.dumps(one))
    labels = plain["metadata"].get("labels") or {}
    for name in (OWNER_NAME, OWNER_NAMESPACE):
        labels.pop(name, None)
    for field in ("labels", "annotations"):
        # The oracle sets common metadata even when there are none, which makes texts of nulls.
        texts = plain["metadata"].get(field) or {}
        texts.update({key: "" for key, text in texts.items() if text is None})
    if not labels:
        plain["metadata"].pop("labels", None)
    if not plain["metadata"].get("annotations"):
        plain["metadata"].pop("annotations", None)
    if plain["kind"] == "Secret":
        if not plain.get("data"):
            plain.pop("data", None)
        is_encrypted = "sops" in plain
        plain.pop("sops", None)
        for field in ("data", "stringData"):
            for key, text in (plain.get(field) or {}).items():
                if is_encrypted or _is_masked(text) or not isinstance(text, str):
                    plain[field][key] = "masked"
    return dict(plain)


def _is_masked(text: object) -> bool:
    return isinstance(text, str) and any(
        mark in found for mark in ("ENC[", "**SOPS**") for found in (text, _decoded(text))
    )


def is_refusal(outcome: FluxBuild | StoryrunnerError) -> bool:
    """True for a feature refused by name."""
    return isinstance(outcome, RefusedFeatureError)
