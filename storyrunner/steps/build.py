"""`build`: a kustomize build of a folder, or the Flux build of a cluster's Kustomization."""

from __future__ import annotations

from collections.abc import Iterator

from storyrunner.errors import Place, RenderError, StoryrunnerError
from storyrunner.gitops.flux_build import FluxBuild, RenderedObject
from storyrunner.gitops.flux_objects import is_flux_kustomization
from storyrunner.gitops.substitution import unresolved
from storyrunner.model.cluster import Cluster
from storyrunner.model.finding import Finding, error, warning
from storyrunner.model.step import BuildStep
from storyrunner.steps.applying import elsewhere
from storyrunner.steps.base import (
    HERE,
    ReadOnly,
    StepContext,
    Verdict,
    counted,
    evidence,
    failure,
    verdict,
)
from storyrunner.steps.rendering import blame, findings_of

HELD_BACK = {
    "kustomize.toolkit.fluxcd.io/reconcile": "disabled",
    "kustomize.toolkit.fluxcd.io/ssa": "ignore",
}
"""Annotations (values in lower case) that keep Flux from applying an object."""


class Build(ReadOnly):
    """Builds and looks at what came out."""

    async def check(self, step: BuildStep, context: StepContext) -> Verdict:
        """The build succeeds, gives objects and leaves no `${…}`."""
        if step.folder:
            return await self._folder(step, context)
        findings: list[Finding] = []
        proofs = []
        reasons = []
        for cluster in context.clusters(step):
            name = context.values.fill(step.flux, cluster.name)
            context.show_command(step.id, context.builds.shown(cluster, name, step.file))
            try:
                build = await context.builds.flux(cluster, name, step.file)
            except StoryrunnerError as problem:
                return blame(step.id, name, cluster.name, problem, context)
            findings += findings_of(build, cluster.name, context)
            findings += _left_over(build, cluster, context)
            findings += _held_back(build, cluster, context)
            findings += _circles(build, cluster, context)
            if step.file:
                findings += await elsewhere(build, name, cluster, context)
            owners = len({one.owner for one in build.objects})
            matched = (
                f"{counted(len(build.objects), 'object')} of {counted(owners, 'Kustomization')}"
            )
            reasons.append(f"{name}: {matched}")
            self._show(step, build.objects, context)
            proofs.append(
                evidence(
                    context,
                    f"Flux build of {name} with the settings of {cluster.name}, strictly",
                    rung=build.rung,
                    matched=matched,
                    inputs=context.builds.fingerprints(build.read),
                )
            )
        return verdict("; ".join(reasons), findings, proofs)

    async def _folder(self, step: BuildStep, context: StepContext) -> Verdict:
        folder = context.values.fill(step.folder, step.cluster)
        context.show_command(step.id, f"kustomize build {folder}")
        try:
            build = await context.builds.folder(folder)
        except StoryrunnerError as problem:
            if problem.exit_code == 3:
                raise
            return verdict("", [failure(problem, "build-failed")])
        if not build.objects:
            empty = RenderError(f"{folder} renders no object", place=Place(folder))
            return verdict("", [failure(empty, "empty-build")])
        matched = counted(len(build.objects), "object")
        proof = evidence(
            context,
            f"kustomize build {folder}",
            rung=build.rung,
            matched=matched,
            inputs=context.builds.fingerprints(build.read),
        )
        return verdict(f"{folder}: {matched}", (), [proof])

    def _show(
        self, step: BuildStep, objects: tuple[RenderedObject, ...], context: StepContext
    ) -> None:
        lines = [f"{one.object.ident}  (applied by {one.owner})" for one in objects]
        context.show_output(step.id, "\n".join(lines))


def _left_over(build: FluxBuild, cluster: Cluster, context: StepContext) -> Iterator[Finding]:
    """`${…}` that survived in the story's objects. Others may mean it: `$${x}` is an escape."""
    owned = context.owned_paths()
    for one in build.objects:
        source = build.sources.source(one.object)
        if source is None or source.place().path not in owned:
            continue
        for name in unresolved(_text(one)):
            place = build.sources.expression(one.object, name) or source.place()
            text = f"{one.object.ident}: ${{{name}}} is still there after the build"
            hint = f"has {one.owner} a postBuild.substituteFrom that knows {name}?"
            yield error("not-substituted", text, place, hint=hint, cluster=cluster.name)


def _held_back(build: FluxBuild, cluster: Cluster, context: StepContext) -> Iterator[Finding]:
    """What is rendered but told not to be applied here (Flux API: spec.suspend, spec.kubeConfig,
    and the annotations of `HELD_BACK`). Only the story's own can fail it."""
    owned = context.owned_paths()
    for one in build.kustomizations:
        for field in ("suspend", "kubeConfig"):
            if one.spec.get(field):
                text = f"{one.key} has spec.{field}, so this cluster never gets what it renders"
                yield _not_applied(text, one.place("spec", field), owned, cluster)
    subjects = [one.object for one in build.kustomizations]
    subjects += [one.object for one in build.objects if not is_flux_kustomization(one.object.data)]
    for subject in subjects:
        for key, value in HELD_BACK.items():
            if str(subject.annotations.get(key)).casefold() == value:
                text = f"{subject.ident} has {key}: {value}, so Flux leaves it alone"
                place = build.sources.place(subject, "metadata", "annotations", key) or HERE
                yield _not_applied(text, place, owned, cluster)


def _circles(build: FluxBuild, cluster: Cluster, context: StepContext) -> Iterator[Finding]:
    """Kustomizations that wait for themselves: through dependsOn, or for what they apply."""
    needs = {
        one.key: {f"{item.namespace}/{item.name}" for item in one.depends_on}
        for one in build.kustomizations
    }
    for made in build.objects:
        if made.object.key != made.owner and is_flux_kustomization(made.object.data):
            needs.setdefault(made.object.key, set()).add(made.owner)
    for one in build.kustomizations:
        reached: set[str] = set()
        waiting = set(needs[one.key])
        while waiting:
            reached |= waiting
            waiting = {far for near in waiting for far in needs.get(near, ())} - reached
        if one.key in reached:
            text = f"{one.key} waits for itself: its dependsOn goes in a circle"
            yield _not_applied(text, one.place("spec", "dependsOn"), context.owned_paths(), cluster)


def _not_applied(text: str, place: Place, owned: frozenset[str], cluster: Cluster) -> Finding:
    make = error if place.path in owned else warning
    return make("not-applied", text, place, cluster=cluster.name)


def _text(one: RenderedObject) -> str:
    leaves: list[str] = []
    stack: list[object] = [one.object.data]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            leaves.append(item)
        elif isinstance(item, dict):
            stack += [*item.keys(), *item.values()]
        elif isinstance(item, list | tuple):
            stack += item
    return "\n".join(leaf for leaf in leaves if "${" in leaf)
