"""Which kinds the clusters would know: Kubernetes' own, those of CRDs found, those of the table.

`dry_run` gives them to the offline API and names what is not among them: a kind without a known CRD
is neither accepted nor refused here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from storyrunner.gitops import apis
from storyrunner.gitops.crd_files import KIND
from storyrunner.gitops.flux_build import FluxBuild
from storyrunner.gitops.offline_api import BUILTIN, KNOWN_CRDS, CrdFact, facts_of_crd
from storyrunner.model.cluster import Cluster
from storyrunner.model.finding import Finding, note, warning
from storyrunner.runbook.lookup import installed_release
from storyrunner.steps.base import HERE, StepContext, counted

Builds = Sequence[tuple[Cluster, FluxBuild]]

HINT = "give its CRD: kubectl get crd -o yaml > FILE, then --schema-location FILE"


async def repository_crds(context: StepContext) -> tuple[Mapping[str, Any], ...]:
    """The definitions in the repository's files."""
    return tuple(await asyncio.to_thread(context.builds.crds))


def rendered_crds(builds: Builds) -> list[Mapping[str, Any]]:
    """The definitions that the clusters would get, which know better than files."""
    objects = (one.object for _, build in builds for one in build.objects)
    return [one.data for one in objects if one.kind == KIND]


def known_kinds(crds: Sequence[Mapping[str, Any]], context: StepContext) -> list[CrdFact]:
    """Kinds of CRDs, then the table, less what the installed release dropped."""
    facts = [fact for crd in reversed(crds) for fact in facts_of_crd(crd)]
    facts += KNOWN_CRDS
    for served in context.served_apis():
        release = installed_release(served, context.workspace)
        if release is not None:
            facts = [item for item in facts if not _is_dropped(item, served.group, release.version)]
            facts += _older_versions(facts, served.group, release.version)
    return facts


def name_unknown(
    builds: Builds, facts: Sequence[CrdFact], owned: frozenset[str], *, asked: bool
) -> list[Finding]:
    """The rendered kinds that nothing knows, each once. Those of files in `owned` are warnings,
    unless kubectl was `asked` about them; the others are notes. A version that a known kind does
    not have is the schemas' business."""
    known = {(fact.group, fact.kind) for fact in (*BUILTIN, *facts)}
    found: dict[tuple[str, str, bool], list[tuple[str, FluxBuild, Any]]] = {}
    for cluster, build in builds:
        for one in build.objects:
            if (one.object.group, one.object.kind) in known:
                continue
            kind = (one.object.api_version, one.object.kind)
            source = build.sources.source(one.object)
            is_owned = source is not None and source.place().path in owned
            found.setdefault((*kind, is_owned), []).append((cluster.name, build, one.object))
    findings = []
    for (api_version, kind_name, is_owned), objects in found.items():
        if is_owned and asked:
            continue
        _, build, first = objects[0]
        make = warning if is_owned else note
        names = sorted({one.ident for _, _, one in objects})
        more = f" and {counted(len(names) - 1, 'more object')}" if len(names) > 1 else ""
        text = f"{kind_name} of {api_version} has no known CRD: not judged: {names[0]}{more}"
        place = build.sources.place(first, "kind") or HERE
        findings.append(make("unknown-kind", text, place, hint=HINT))
    return findings


def _is_dropped(fact: CrdFact, group: str, release: str) -> bool:
    same = fact.group == group
    return same and apis.served(group, fact.version, fact.kind, release).is_no


def _older_versions(facts: Sequence[CrdFact], group: str, release: str) -> Iterator[CrdFact]:
    for fact in facts:
        if fact.group != group:
            continue
        version = apis.preferred(group, fact.kind, release)
        if version and version != fact.version:
            yield CrdFact(group, version, fact.kind, fact.plural, fact.namespaced)
