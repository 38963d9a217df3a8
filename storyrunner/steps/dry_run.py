"""`dry_run`: the manifests of a folder against an API without a cluster, and against schemas.

kubectl needs a server even for `--dry-run=client`; a loopback endpoint that lives for the run tells
it which kinds there are. It checks no field then, so the schemas judge the rendered objects.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from storyrunner.errors import Place, ToolError
from storyrunner.gitops import apis
from storyrunner.gitops.flux_build import FluxBuild
from storyrunner.gitops.objects import KubeObject, group_of
from storyrunner.gitops.offline_api import KNOWN_CRDS
from storyrunner.gitops.schemas import SchemaStore
from storyrunner.model.cluster import Cluster
from storyrunner.model.finding import Finding, error, warning
from storyrunner.model.result import Evidence
from storyrunner.model.rung import Job, Rung
from storyrunner.model.step import DryRunStep
from storyrunner.runbook.lookup import installed_release
from storyrunner.steps.base import (
    HERE,
    ReadOnly,
    StepContext,
    Verdict,
    counted,
    evidence,
    verdict,
)
from storyrunner.steps.core_kinds import CoreVerdicts, judge_core_kinds
from storyrunner.steps.known_kinds import (
    known_kinds,
    name_unknown,
    rendered_crds,
    repository_crds,
)
from storyrunner.steps.kubectl_dry_run import KubectlDryRun, is_manifest
from storyrunner.steps.rendering import rendered


class DryRun(ReadOnly):
    """kubectl first, when it is here; the schemas always."""

    async def check(self, step: DryRunStep, context: StepContext) -> Verdict:
        """kubectl accepts every object and no schema refuses one."""
        rendering = asyncio.ensure_future(_render(step, context))
        dry_run = KubectlDryRun(step, context)
        try:
            repository = await repository_crds(context)
            await dry_run.begin(known_kinds([*context.schemas.crds, *repository], context))
            context.schemas.prepare(one.data for one in dry_run.objects)  # while tools are busy
            builds, broken = await rendering
            crds = [*repository, *rendered_crds(builds)]
            facts = known_kinds([*context.schemas.crds, *crds], context)
            findings, proofs = await dry_run.answer(facts)
        finally:
            rendering.cancel()
            await dry_run.stop()
        if broken is not None:
            return broken if not findings else verdict("", [*findings, *broken.findings], proofs)
        (owned, shown_owned), asked = _subject(step, context, builds), bool(proofs)
        findings += name_unknown(builds, facts, owned, asked=asked)
        schemas = context.schemas.with_crds(crds)
        core = await judge_core_kinds(builds, schemas, context)
        judged = 0
        for cluster, build in builds:
            judgement = _Judgement(schemas, core, context, cluster, build, owned)
            findings += judgement.findings()
            judged += judgement.judged
            if not judgement.rendered:
                text = f"no object of {shown_owned} is rendered for {cluster.name}"
                findings.append(error("nothing-judged", text, Place(cluster.kustomizations)))
            elif not judgement.judged and not asked:
                raise ToolError(
                    f"nothing here can judge {shown_owned}: no kubectl, and no schema of it",
                    hint="install kubectl, or give schemas with --schema-location",
                )
            proofs.append(judgement.evidence())
        stated = f"{counted(judged, 'object')} of {counted(len(builds), 'cluster')} fit"
        shown = proofs[0].what if proofs and proofs[0].exit_code is not None else "schemas alone"
        return verdict(f"{shown}; {stated} their schemas", findings, proofs)


async def _render(
    step: DryRunStep, context: StepContext
) -> tuple[list[tuple[Cluster, FluxBuild]], Verdict | None]:
    """The builds of all clusters, and the first verdict on one that is broken."""
    clusters = context.clusters(step)
    names = [context.values.fill(step.flux, cluster.name) for cluster in clusters]
    outcomes = await asyncio.gather(
        *(
            rendered(step.id, name, cluster, context, step.file)
            for name, cluster in zip(names, clusters, strict=True)
        )
    )
    pairs = list(zip(clusters, outcomes, strict=True))
    builds = [(cluster, one) for cluster, one in pairs if not isinstance(one, Verdict)]
    return builds, next((one for _, one in pairs if isinstance(one, Verdict)), None)


def _subject(
    step: DryRunStep, context: StepContext, builds: Sequence[tuple[Cluster, FluxBuild]]
) -> tuple[frozenset[str], str]:
    """The files whose objects can fail the step, and what they are called: the one manifest, all of
    the story's, or those in the folder when the story writes none there."""
    path = context.values.fill(step.folder, step.cluster)
    if is_manifest(path, context):
        return frozenset({path}), path
    owned, below = context.owned_paths(), f"{path.rstrip('/')}/"
    if any(one.startswith(below) for one in owned):
        return owned, "the story"
    read = {one for _, build in builds for one in build.read if one.startswith(below)}
    return frozenset(read), path


class _Judgement:
    """The schemas on one cluster's objects: the story's own, then all others as warnings."""

    def __init__(  # noqa: PLR0917
        self,
        schemas: SchemaStore,
        core: CoreVerdicts,
        context: StepContext,
        cluster: Cluster,
        build: FluxBuild,
        owned: frozenset[str],
    ) -> None:
        self._schemas = schemas
        self._core = core
        self._context = context
        self._cluster = cluster
        self._build = build
        self._owned = owned
        self._sources: dict[str, int] = {}
        self._unjudged: set[str] = set()
        self.judged = 0
        self.rendered = 0
        """Objects of the story that are rendered, judged or not."""

    def findings(self) -> list[Finding]:
        """Violations and versions that are not served any more."""
        found: list[Finding] = []
        for one in self._build.objects:
            source = self._build.sources.source(one.object)
            owned = source is not None and source.place().path in self._owned
            self.rendered += owned
            found += self._schema(one.object, owned)
            found += self._served(one.object, owned)
        return found

    def evidence(self) -> Evidence:
        """What was judged by which schemas."""
        by = ", ".join(sorted(self._sources)) or "no schema"
        return evidence(
            self._context,
            f"strict schemas on the objects of {self._cluster.name}",
            rung=Rung(Job.SCHEMA, f"schemas ({by})"),
            matched=counted(self.judged, "object"),
            excerpt=f"not judged: {', '.join(sorted(self._unjudged))}" if self._unjudged else "",
            inputs=self._context.builds.fingerprints(self._build.read),
        )

    def _schema(self, one: KubeObject, owned: bool) -> Iterator[Finding]:
        judgement = self._schemas.validate(one.data)
        fetched = self._core.by_object.get(id(one.data))
        if not judgement.judged and fetched and fetched.status in ("valid", "invalid"):
            self._sources[self._core.source] = self._sources.get(self._core.source, 0) + 1
            self.judged += owned
            if fetched.status == "invalid":
                make = error if owned else warning
                text = f"{one.ident}: {fetched.message}"
                yield make("kubeconform", text, self._place(one), cluster=self._cluster.name)
            return
        if not judgement.judged:
            self._unjudged.add(judgement.kind)
            served = sorted(
                fact.version
                for fact in KNOWN_CRDS
                if owned and (fact.group, fact.kind) == (one.group, one.kind)
            )
            if served and one.api_version.rpartition("/")[2] not in served:
                text = f"{one.ident}: {one.api_version} is not a version of {one.kind}"
                place, hint = self._place(one, "apiVersion"), f"served: {', '.join(served)}"
                yield error("unknown-version", text, place, hint=hint, cluster=self._cluster.name)
            elif owned:
                why = (fetched.message if fetched else self._core.reason) or judgement.reason
                text = f"{one.ident} is not judged: {why or 'no schema of its kind'}"
                yield warning("not-judged", text, self._place(one), cluster=self._cluster.name)
            return
        source = _source_word(judgement.source)
        self._sources[source] = self._sources.get(source, 0) + 1
        self.judged += owned
        for item in judgement.violations:
            make = error if owned else warning
            yield make(
                item.rule,
                f"{one.ident}: {item.message}",
                self._place(one, *item.field),
                hint=item.hint,
                cluster=self._cluster.name,
                expected=item.expected,
                got=item.got,
            )

    def _served(self, one: KubeObject, owned: bool) -> Iterator[Finding]:
        for served in self._context.served_apis():
            if group_of(one.api_version) != served.group:
                continue
            release = installed_release(served, self._context.workspace)
            if release is None:
                continue
            version = one.api_version.partition("/")[2]
            answer = apis.served(served.group, version, one.kind, release.version)
            if answer.is_no:
                make = error if owned else warning
                installed = f"{release.name} {release.version}"
                text = f"{one.ident}: {answer.reason}, and {installed} is installed"
                place = self._place(one, "apiVersion")
                yield make("api-not-served", text, place, cluster=self._cluster.name)

    def _place(self, one: KubeObject, *field: str | int) -> Place:
        return self._build.sources.place(one, *field) or HERE


def _source_word(source: str) -> str:
    """What a report says of where a schema is from: a CRD's name or a path would be too long."""
    if source.startswith("CRD "):
        return "CRDs"
    return source if source == "shipped" or source.startswith("kubernetes-validate") else "given"
