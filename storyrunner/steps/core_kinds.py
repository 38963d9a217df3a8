"""kubeconform as the judge of kinds that no schema here knows, Kubernetes' own above all.

It fetches its schemas, so it is asked only when `--schema-location default` says so, and what it
says is not used again by a later run. It must not know how findings are worded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from storyrunner.errors import HungToolError
from storyrunner.gitops.flux_build import FluxBuild
from storyrunner.gitops.schemas import SchemaStore
from storyrunner.model.cluster import Cluster
from storyrunner.model.command import Ending
from storyrunner.model.frozen import dataclass
from storyrunner.steps.base import StepContext
from storyrunner.tools import kubeconform
from storyrunner.tools.tool import Tool
from storyrunner.workspace import reads

LOCATION = "default"
"""kubeconform's own word for the schemas of Kubernetes' kinds, which it fetches."""


@dataclass(frozen=True, slots=True)
class CoreVerdicts:
    """What kubeconform says, by the `id` of an object's data; `reason` why it was not asked."""

    by_object: Mapping[int, kubeconform.Verdict]
    source: str = ""
    reason: str = ""


async def judge_core_kinds(
    builds: Sequence[tuple[Cluster, FluxBuild]], schemas: SchemaStore, context: StepContext
) -> CoreVerdicts:
    """Ask about all objects that `schemas` cannot judge; nothing when nobody asked for it.

    Raises ToolError for an answer that cannot be read, HungToolError for none in time.
    """
    if not schemas.asks_kubeconform:
        return CoreVerdicts({})
    found = await context.tools.usable(kubeconform.NAME)
    if not isinstance(found, Tool):
        return CoreVerdicts({}, reason=found.reason)
    if not context.builds.may_use_tools:
        return CoreVerdicts({}, reason="--engine embedded asks for no tool")
    every = [one.object.data for _, build in builds for one in build.objects]
    objects = [data for data in every if not schemas.validate(data).judged]
    if not objects:
        return CoreVerdicts({})
    context.tools.refuse_hung(found.name)
    reads.note(reads.UNREPEATABLE, "kubeconform fetched schemas")
    home = context.workspace.state
    stream = "\n---\n".join(json.dumps(data, default=str) for data in objects).encode()
    command = kubeconform.validate(found, stream, cwd=Path("/"), home=home, schemas=[LOCATION])
    outcome = await context.runner.run(command)
    if outcome.ending is Ending.TIMED_OUT:
        text = f"kubeconform: {outcome.ending}"
        context.tools.remember_hung(found.name, text)
        raise HungToolError(text)
    verdicts = kubeconform.parse_verdicts(outcome, len(objects))
    by_object = {id(data): one for data, one in zip(objects, verdicts, strict=True)}
    return CoreVerdicts(by_object, f"kubeconform {found.version}".strip())
