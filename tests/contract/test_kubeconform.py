"""kubeconform, with our schemas and with the published ones, says of each object what we say."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import storyrunner.gitops
from storyrunner.gitops.embedded import EmbeddedEngine
from storyrunner.gitops.flux_build import FluxBuilder
from storyrunner.gitops.schema_sources import CATALOGUE_LAYOUT
from storyrunner.gitops.schemas import schema_store
from storyrunner.model.cluster import Cluster
from storyrunner.model.rung import Job, Rung
from storyrunner.tools import kubeconform
from storyrunner.tools.process import OsRunner
from storyrunner.tools.tool import Tool
from tests.support.repositories import from_corpus

SHIPPED = Path(storyrunner.gitops.__file__).parent / "crds"
CLUSTER = Cluster(
    name="infra",
    directory="kubernetes/clusters/infra",
    settings="kubernetes/clusters/infra/cluster-settings.yaml",
    kustomizations="kubernetes/clusters/infra/infrastructure.yaml",
)


def verdicts(
    program: Path, objects: Sequence[dict[str, Any]], schemas: Path, home: Path
) -> list[str]:
    """`valid` or `invalid` for each object, by kubeconform."""
    stream = "\n---\n".join(json.dumps(one) for one in objects).encode()
    tool = Tool("kubeconform", program)
    location = f"{schemas}/{CATALOGUE_LAYOUT}"
    command = kubeconform.validate(tool, stream, cwd=home, home=home, schemas=[location])
    outcome = asyncio.run(OsRunner().run(command))
    found = kubeconform.parse_verdicts(outcome)
    assert len(found) == len(objects), outcome.stderr_text
    by_name = {(item.kind, item.name): item.status for item in found}
    return [by_name[one["kind"], one["metadata"]["name"]] for one in objects]


@pytest.fixture
def rendered(shared: Path, tmp_path: Path) -> list[dict[str, Any]]:
    """Everything that the real repository renders for one cluster and that we have a schema for."""
    tree = from_corpus(shared / "corpus" / "repo-after", tmp_path / "after")
    builder = FluxBuilder(tree, EmbeddedEngine(), Rung(Job.RENDER, "embedded"))
    build = asyncio.run(builder.build(CLUSTER, "cluster-infra-infrastructure"))
    objects = [json.loads(json.dumps(one.object.data)) for one in build.objects]
    return [one for one in objects if schema_store().validate(one).judged]


@pytest.mark.shared
def test_both_say_the_same_of_everything_the_real_repository_renders(
    rendered: list[dict[str, Any]], shared: Path, real_kubeconform: Path, tmp_path: Path
) -> None:
    ours = ["valid" if schema_store().validate(one).ok else "invalid" for one in rendered]
    assert len(rendered) >= 8
    assert {"valid", "invalid"} == set(ours), "the HelmRelease of External Secrets is invalid"
    assert verdicts(real_kubeconform, rendered, SHIPPED, tmp_path) == ours
    assert verdicts(real_kubeconform, rendered, shared / "schemas", tmp_path) == ours


@pytest.mark.shared
def test_a_misspelt_field_is_invalid_to_both(
    rendered: list[dict[str, Any]], real_kubeconform: Path, tmp_path: Path
) -> None:
    issuer = copy.deepcopy(next(one for one in rendered if one["kind"] == "ClusterIssuer"))
    selector = issuer["spec"]["acme"]["solvers"][0]["selector"]
    selector["dnsZone"] = selector.pop("dnsZones")
    assert verdicts(real_kubeconform, [issuer], SHIPPED, tmp_path) == ["invalid"]
    assert not schema_store().validate(issuer).ok
