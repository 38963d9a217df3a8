"""What the clusters' own Kustomizations do with a Kustomization that was built from its file alone.

That it builds says nothing of whether a cluster applies it, or whether something else applies the
same objects. Both are warnings: the story that is checked did not ask for it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from storyrunner.errors import Place, StoryrunnerError
from storyrunner.gitops.flux_build import FluxBuild, RenderedObject
from storyrunner.gitops.flux_objects import is_flux_kustomization
from storyrunner.model.cluster import Cluster
from storyrunner.model.finding import Finding, warning
from storyrunner.steps.base import HERE, StepContext, counted


async def elsewhere(
    build: FluxBuild, name: str, cluster: Cluster, context: StepContext
) -> list[Finding]:
    """That nothing applies the Kustomization `name` in its cluster, and what applies its objects
    in any cluster without it."""
    found: list[Finding] = []
    top = next((one for one in build.kustomizations if one.name == name), None)
    if top is None:
        return []
    declared = {one.name for one in context.builds.declared(cluster)}
    applied = name in declared
    ours = {one.object.ident for one in build.objects if one.owner == top.key}
    for other in context.runbook.clusters:
        direct: dict[str, set[str]] = {}
        async for one in _applied(other, context):
            if other == cluster and is_flux_kustomization(one.object.data):
                applied = applied or one.object.key == top.key
            if one.object.ident in ours and one.owner != top.key:
                direct.setdefault(one.owner, set()).add(str(one.object.ident))
        for owner, some in direct.items():
            text = f"{owner} applies {counted(len(some), 'object')} of it to {other.name} by itself"
            found.append(warning("applied-elsewhere", text, top.place("spec", "path")))
    if not applied:
        text = f"no Kustomization of {cluster.name} applies {name}"
        place = Place(top.origin.path, top.origin.line) if top.origin.path else HERE
        hint = f"list its file in a kustomization that Flux applies, or in {cluster.kustomizations}"
        found.append(warning("not-applied", text, place, hint=hint, cluster=cluster.name))
    return found


async def applied_kustomizations(cluster: Cluster, context: StepContext) -> set[str]:
    """`ns/name` of every Flux Kustomization that the cluster has: declared, and rendered."""
    found = {one.key for one in context.builds.declared(cluster)}
    async for one in _applied(cluster, context):
        if is_flux_kustomization(one.object.data):
            found.add(one.object.key)
    return found


async def _applied(cluster: Cluster, context: StepContext) -> AsyncIterator[RenderedObject]:
    """All that a cluster's own Kustomizations render; one that does not build renders nothing."""
    for root in context.builds.declared(cluster):
        try:
            build = await context.builds.flux(cluster, root.name)
        except StoryrunnerError:
            continue  # a build of that Kustomization says what is wrong with it
        for one in build.objects:
            yield one
