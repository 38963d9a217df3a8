"""The traced builds that `explain` and `vars` show: which clusters, and with which engine."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from storyrunner.engine.finding_stories import locate
from storyrunner.errors import (
    RefusedFeatureError,
    RunbookError,
    StoryError,
    StoryrunnerError,
    UsageError,
)
from storyrunner.gitops.clusters import find_clusters
from storyrunner.gitops.kustomize_cli import KustomizeCli
from storyrunner.gitops.near import did_you_mean
from storyrunner.gitops.private_copy import PrivateCopy
from storyrunner.gitops.provenance import ClusterTrace, trace_cluster
from storyrunner.gitops.render_ladder import choose
from storyrunner.model.cluster import Cluster
from storyrunner.model.rung import EngineChoice
from storyrunner.tools.process import OsRunner
from storyrunner.tools.toolbox import Toolbox


def trace(root: Path, wanted: Sequence[str] = ()) -> tuple[ClusterTrace, ...]:
    """Every cluster of the repository, or those `wanted`, built with history.

    Raises UsageError when there is none, or none of that name; ManifestError for files of a cluster
    that cannot be read.
    """
    return asyncio.run(_trace(root, choose_clusters(root, wanted)))


def choose_clusters(root: Path, wanted: Sequence[str] = ()) -> tuple[Cluster, ...]:
    """The clusters of the only story that can be run here; otherwise those found by where Flux
    Kustomizations stand. Raises UsageError."""
    found = _of_the_story(root) or find_clusters(root)
    if not found:
        raise UsageError(
            "no cluster was found: no file holds a Flux Kustomization",
            hint="name the repository with -C DIR",
        )
    names = [one.name for one in found]
    for name in wanted:
        if name not in names:
            near = did_you_mean(name, names)
            raise UsageError(f"no cluster {name}", hint=near or f"clusters: {', '.join(names)}")
    return tuple(one for one in found if not wanted or one.name in wanted)


def describe(problem: StoryrunnerError) -> str:
    """A build that did not work, in one line."""
    place = f"{problem.place}: " if problem.place else ""
    hint = f" ({problem.hint})" if problem.hint else ""
    return f"{place}{problem.message}{hint}"


def _of_the_story(root: Path) -> tuple[Cluster, ...]:
    try:
        clusters = locate(root).runbook.clusters
    except (UsageError, StoryError, RunbookError):
        return ()
    return tuple(one for one in clusters if (root / one.directory).is_dir())


async def _trace(root: Path, clusters: Sequence[Cluster]) -> tuple[ClusterTrace, ...]:
    traces = [await trace_cluster(root, one) for one in clusters]
    if not any(_was_refused(one) for one in traces):
        return tuple(traces)
    runner = OsRunner()
    tools = Toolbox(runner)
    found = {name: await tools.usable(name) for name in ("kustomize", "kubectl")}
    try:
        options = choose(EngineChoice.KUSTOMIZE, found)
    except StoryrunnerError:
        return tuple(traces)
    assert options[0].tool is not None
    with PrivateCopy(root) as private:
        fallback = KustomizeCli(runner, options[0].tool, private)
        for at, one in enumerate(traces):
            if _was_refused(one):
                traces[at] = await trace_cluster(root, one.cluster, fallback)
    return tuple(traces)


def _was_refused(one: ClusterTrace) -> bool:
    return any(isinstance(failure, RefusedFeatureError) for failure in one.failures)
