"""`query`: questions to the objects a cluster would get, with typed expectations.

Only objects that the named Flux Kustomization rendered count. A selection that matches nothing
fails and names what is near.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from storyrunner.errors import HungToolError, Place
from storyrunner.gitops.flux_build import FluxBuild
from storyrunner.gitops.flux_find import find_kustomizations
from storyrunner.gitops.near import nearest_objects
from storyrunner.gitops.objects import KubeObject
from storyrunner.gitops.query import Answer, Selection, ask, ident_of
from storyrunner.model.cluster import Cluster
from storyrunner.model.events import Event
from storyrunner.model.finding import Finding, error
from storyrunner.model.frozen import dataclass
from storyrunner.model.result import Evidence
from storyrunner.model.rung import Job, Rung
from storyrunner.model.step import Assertion, Fact, QueryStep, Selector
from storyrunner.steps.applying import applied_kustomizations
from storyrunner.steps.base import (
    ReadOnly,
    StepContext,
    Verdict,
    counted,
    evidence,
    verdict,
)
from storyrunner.steps.facts import Asked, judge_fact
from storyrunner.steps.rendering import rendered
from storyrunner.tools.tool import Tool

LIBRARY = Rung(Job.QUERY, "jq library")


@dataclass(slots=True)
class _Tally:
    """What a step matched, for its evidence."""

    objects: int = 0
    facts: int = 0


class Query(ReadOnly):
    """Asks in every cluster the step is about."""

    async def check(self, step: QueryStep, context: StepContext) -> Verdict:
        """All facts hold in all clusters, which are asked side by side and told in order."""
        tool, stepped_over = await _tool(step, context)
        rung = _rung(tool, stepped_over) if step.tool else LIBRARY
        clusters = context.clusters(step)
        told: list[list[Event]] = [[] for _ in clusters]
        outcomes = await asyncio.gather(
            *(
                _ask_cluster(step, cluster, replace(context, emit=events.append), tool, rung)
                for cluster, events in zip(clusters, told, strict=True)
            ),
            return_exceptions=True,
        )
        findings: list[Finding] = []
        proofs: list[Evidence] = []
        for outcome, events in zip(outcomes, told, strict=True):
            for event in events:
                context.emit(event)
            if isinstance(outcome, BaseException):
                raise outcome
            if isinstance(outcome, Verdict):
                return outcome
            findings += outcome[0]
            proofs += outcome[1]
        return verdict(_reason(proofs), findings, proofs)


async def _ask_cluster(
    step: QueryStep, cluster: Cluster, context: StepContext, tool: Tool | None, rung: Rung
) -> tuple[list[Finding], list[Evidence]] | Verdict:
    """What is wrong in one cluster and what was asked; the verdict when its build is broken."""
    name = context.values.fill(step.flux, cluster.name)
    build = await rendered(step.id, name, cluster, context, step.file)
    if isinstance(build, Verdict):
        return build
    tally = _Tally()
    through = context.values.fill(step.through, cluster.name)
    findings: list[Finding] = []
    for assertion in step.asserts:
        asked = _Question(step, assertion, cluster, context, build, through, tool)
        findings += [item async for item in asked.findings(tally)]
    what = f"{counted(tally.facts, 'fact')} of {cluster.name}, through {through or name}"
    matched = f"{counted(tally.objects, 'object')}, {counted(tally.facts, 'fact')}"
    inputs = context.builds.fingerprints(build.read)
    return findings, [
        evidence(context, what, rung=build.rung, matched=matched, inputs=inputs),
        evidence(context, _commands(step), rung=rung, matched=matched),
    ]


@dataclass(frozen=True, slots=True)
class _Question:
    """One assertion in one cluster."""

    step: QueryStep
    assertion: Assertion
    cluster: Cluster
    context: StepContext
    build: FluxBuild
    through: str
    tool: Tool | None

    async def findings(self, tally: _Tally) -> Any:
        """What is wrong, one after the other."""
        select = self._filled_selector()
        selection = Selection(
            select.kind, select.name or None, select.namespace or None, select.group or None
        )
        chosen = [one for one in self._objects() if selection.matches(one.data)]
        if not chosen:
            yield self._nothing(selection)
            return
        tally.objects += len(chosen)
        for finding in self._applied_twice(chosen):
            yield finding
        for fact in self.assertion.facts:
            tally.facts += 1
            filled = self._filled(fact)
            answers = await self._answers(filled.ask, chosen, selection)
            known = await self._known(filled)
            asked = Asked(chosen, answers, self.build.sources, self.cluster.name, known)
            for finding in judge_fact(filled, asked):
                yield finding

    def _objects(self) -> Sequence[KubeObject]:
        if self.step.declared:
            return self.context.builds.declared(self.cluster, self.step.file)
        if not self.through:
            return [one.object for one in self.build.objects]
        return [
            one.object for one in self.build.objects if one.owner.rpartition("/")[2] == self.through
        ]

    def _applied_twice(self, chosen: Sequence[KubeObject]) -> Iterator[Finding]:
        """Objects that another Kustomization applies too: the two would fight for them."""
        ours = {one.ident for one in chosen} if self.through else set()
        for other in self.build.objects:
            owner = other.owner.rpartition("/")[2]
            if other.object.ident in ours and owner != self.through:
                text = (
                    f"{other.object.ident} is applied by {self.through} and by {owner}, which fight"
                )
                place = self.build.sources.place(other.object) or self._place_of(owner)
                yield error("applied-twice", text, place, cluster=self.cluster.name)

    async def _answers(
        self, expression: str, chosen: Sequence[KubeObject], selection: Selection
    ) -> Sequence[Answer]:
        data = [one.data for one in chosen]
        if self.tool is None:
            return ask(data, selection, expression)
        self.context.show_command(self.step.id, f"yq '{expression}'")
        self.context.tools.refuse_hung(self.tool.name)
        try:
            values = await self.context.questions.evaluate(
                self.context.runner, self.tool, expression, data
            )
        except HungToolError as hung:
            self.context.tools.remember_hung(self.tool.name, hung.message)
            raise
        return [
            Answer(ident_of(one), tuple(found)) for one, found in zip(data, values, strict=True)
        ]

    def _nothing(self, selection: Selection) -> Finding:
        near = nearest_objects(selection, [one.data for one in self._objects()])
        elsewhere = sorted(
            {
                one.owner.rpartition("/")[2]
                for one in self.build.objects
                if selection.matches(one.object.data)
            }
        )
        text = f"through Kustomization {self.through}: {near}" if self.through else near
        hint = (
            f"{', '.join(elsewhere)} renders it, but it must come through {self.through}"
            if elsewhere
            else self.step.hint
        )
        place = self._place_of(self.through)
        return error("nothing-matched", text, place, hint=hint, cluster=self.cluster.name)

    def _place_of(self, kustomization: str) -> Place:
        """Where the Kustomization is declared that should have rendered it, else the cluster's."""
        for one in self.build.kustomizations:
            if one.name == kustomization:
                return one.place("spec", "path")
        return Place(self.cluster.kustomizations)

    def _filled_selector(self) -> Selector:
        select = self.assertion.select
        fill = self.context.values.fill
        name = self.cluster.name
        return replace(
            select,
            name=fill(select.name, name),
            namespace=fill(select.namespace, name),
            group=fill(select.group, name),
        )

    def _filled(self, fact: Fact) -> Fact:
        fill = self._fill
        return replace(
            fact,
            ask=fill(fact.ask),
            equals=fill(fact.equals),
            one_of=fill(fact.one_of),
            contains=fill(fact.contains),
            set_equals=fill(fact.set_equals),
            matches=fill(fact.matches),
        )

    def _fill(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.context.values.fill(value, self.cluster.name)
        if isinstance(value, tuple):
            return tuple(self._fill(item) for item in value)
        if isinstance(value, list):
            return [self._fill(item) for item in value]
        return value

    async def _known(self, fact: Fact) -> Mapping[str, frozenset[str]]:
        if fact.resolves == "kustomization":
            declared = find_kustomizations(self.context.workspace.root, self.cluster)
            keys = {one.key for one in (*declared, *self.build.kustomizations)}
            if self.step.file:  # what the cluster has is not below this build
                keys |= await applied_kustomizations(self.cluster, self.context)
            return {"kustomization": frozenset(keys)}
        if fact.resolves == "folder":
            return {"folder": frozenset(self._folders(fact))}
        return {}

    def _folders(self, fact: Fact) -> Iterator[str]:
        for one in self._objects():
            for answer in ask([one.data], Selection(""), fact.ask):
                for value in answer.values:
                    name = str(value).removeprefix("./").rstrip("/") or "."
                    if self.context.workspace.is_folder(name):
                        yield name


async def _tool(step: QueryStep, context: StepContext) -> tuple[Tool | None, tuple[str, ...]]:
    """The real yq when the step asks for it and it is usable, else why not."""
    if step.tool != "yq" or not context.builds.may_use_tools:
        return None, ()
    found = await context.tools.usable("yq")
    return (found, ()) if isinstance(found, Tool) else (None, (found.reason,))


def _rung(tool: Tool | None, stepped_over: tuple[str, ...]) -> Rung:
    if tool is None:
        return replace(LIBRARY, stepped_over=stepped_over)
    return Rung(Job.QUERY, f"yq ({tool.flavour})" if tool.flavour else "yq", tool.version)


def _commands(step: QueryStep) -> str:
    return "; ".join(
        f"{fact.ask} of {item.select.kind}/{item.select.name or '*'}"
        for item in step.asserts
        for fact in item.facts
    )


def _reason(proofs: Sequence[Any]) -> str:
    return "; ".join(proof.what for proof in proofs[::2])
