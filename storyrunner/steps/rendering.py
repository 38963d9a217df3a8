"""What the kinds that look at rendered objects share: who reports a broken build, and its findings.

A build that fails is reported once, by the step whose job it is; the others are blocked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace

from storyrunner.errors import StoryrunnerError, ToolError
from storyrunner.gitops.flux_build import FluxBuild
from storyrunner.model.cluster import Cluster
from storyrunner.model.finding import Finding, Severity, warning
from storyrunner.model.step import BuildStep, DryRunStep, QueryStep, Step
from storyrunner.steps.base import (
    HERE,
    StepContext,
    Verdict,
    blocked,
    errored,
    failure,
    verdict,
)


def blame(
    step_id: str, flux: str, cluster: str, problem: StoryrunnerError, context: StepContext
) -> Verdict:
    """The verdict of a step that needs a build which failed."""
    reporter = _reporter(step_id, flux, cluster, context)
    if reporter != step_id:
        return blocked(f"{flux} does not build for {cluster}: see {reporter}")
    if isinstance(problem, ToolError) or problem.exit_code == 3:
        return errored(problem)
    return verdict(problem.message, [failure(problem, "build-failed", cluster=cluster)])


def _reporter(step_id: str, flux: str, cluster: str, context: StepContext) -> str:
    """The first build step of this run that makes the build, else the first step that needs it:
    by the runbook alone, whichever check is done first."""
    needing = [step for step in context.runbook.steps() if _needs(step, flux, cluster, context)]
    building = [step for step in needing if isinstance(step, BuildStep)]
    return next((step.id for step in (*building, *needing)), step_id)


def _needs(step: Step, flux: str, cluster: str, context: StepContext) -> bool:
    if not isinstance(step, BuildStep | DryRunStep | QueryStep) or not step.flux:
        return False
    if step.cluster not in ("", cluster) or not context.is_in_scope(step.id):
        return False
    return context.values.fill(step.flux, cluster) == flux


async def rendered(
    step_id: str, flux: str, cluster: Cluster, context: StepContext, file: str = ""
) -> FluxBuild | Verdict:
    """The build a step looks at, or the step's verdict when it fails in what is the story's."""
    try:
        build = await context.builds.flux(cluster, flux, file)
    except StoryrunnerError as problem:
        return blame(step_id, flux, cluster.name, problem, context)
    _learn_secrets(build, context)
    owned = context.owned_paths()
    for broken in build.failures:
        if broken.place is None or broken.place.path in owned:
            return blame(step_id, flux, cluster.name, broken, context)
    return build


def _learn_secrets(build: FluxBuild, context: StepContext) -> None:
    """What a build holds of secrets is masked in whatever is said of it."""
    for one in build.objects:
        context.redactor.learn_object(one.object.data)
    for variables in build.variables.values():
        for name, setting in variables.items():
            if setting.source.startswith("Secret/"):
                context.redactor.learn(name, setting.value)


def builds_of(steps: Iterable[Step], context: StepContext) -> Iterator[tuple[Cluster, str, str]]:
    """The builds that steps will ask for, each once: cluster, Kustomization, declaring file."""
    found: dict[tuple[str, str, str], Cluster] = {}
    for step in steps:
        if isinstance(step, BuildStep | DryRunStep | QueryStep) and step.flux:
            with suppress(StoryrunnerError):  # told by the step itself
                for cluster in context.clusters(step):
                    name = context.values.fill(step.flux, cluster.name)
                    found.setdefault((cluster.name, name, step.file), cluster)
    for (_, name, file), cluster in found.items():
        yield cluster, name, file


def findings_of(build: FluxBuild, cluster: str, context: StepContext) -> Iterable[Finding]:
    """What a build has to say: failures in the story's own files are errors, others warnings."""
    owned = context.owned_paths()
    for found in build.findings:
        never_arrives = found.rule == "flux.ignored-by-source" and found.place.path in owned
        yield replace(found, severity=Severity.ERROR) if never_arrives else found
    for problem in build.failures:
        place = problem.place or HERE
        if problem.place is None or place.path in owned:
            yield failure(problem, "build-failed", cluster=cluster)
        else:
            text = f"not this story's: {problem.message}"
            yield warning("build-failed", text, place, hint=problem.hint, cluster=cluster)
