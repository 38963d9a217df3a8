"""The half of `dry_run` that asks kubectl: files as they stand, against the offline API.

kubectl is started before the builds are there when all kinds of the files are known without them,
so that both run side by side; when the builds then tell otherwise of those kinds, it is asked
again. This module knows nothing of schemas.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import PurePosixPath

from storyrunner.errors import Place, ToolError
from storyrunner.gitops.documents import parse_documents
from storyrunner.gitops.objects import KubeObject
from storyrunner.gitops.offline_api import BUILTIN, CrdFact
from storyrunner.model.command import Ending
from storyrunner.model.finding import Finding, error
from storyrunner.model.result import Evidence
from storyrunner.model.rung import Job, Rung
from storyrunner.model.step import DryRunStep
from storyrunner.steps.base import HERE, StepContext, counted, evidence
from storyrunner.steps.known_kinds import HINT
from storyrunner.tools import kubectl
from storyrunner.tools.tool import Tool

KUSTOMIZATION_FILES = ("kustomization.yaml", "kustomization.yml", "Kustomization")

Ident = tuple[str, str, str]
"""Kind in lower case, group, name: how kubectl names an object."""

Answer = tuple[list[Finding], list[Evidence]]
"""What is wrong, and what was asked; nothing of either when kubectl is not asked."""


class KubectlDryRun:
    """One dry-run of a step's files. `begin`, then `answer`."""

    def __init__(self, step: DryRunStep, context: StepContext) -> None:
        self._step = step
        self._context = context
        self._tool: Tool | None = None
        self._folder = context.values.fill(step.folder, step.cluster)
        self._files: list[str] = []
        self._idents: list[tuple[Ident, Place]] = []
        self.objects: list[KubeObject] = []
        """What the files hold, as it stands there; known once it has begun."""
        self._inputs: dict[str, str] = {}
        self._begun: tuple[list[CrdFact], asyncio.Task[Answer]] | None = None

    async def begin(self, facts: Sequence[CrdFact]) -> None:
        """Read the files, and start kubectl when `facts` tell all of their kinds.

        Raises HungToolError when it hung before.
        """
        found = await self._context.tools.usable("kubectl")
        if not self._context.builds.may_use_tools or not isinstance(found, Tool):
            return
        self._context.tools.refuse_hung(found.name)
        self._tool = found
        with self._context.workspace.recording() as reads:
            self._read_manifests()
        self._inputs = reads
        known = {(fact.group, fact.kind.lower()) for fact in (*BUILTIN, *facts)}
        if self._files and all((group, kind) in known for (kind, group, _), _ in self._idents):
            task = asyncio.ensure_future(self._ask(found, facts))
            self._begun = (self._relevant(facts), task)

    def _read_manifests(self) -> None:
        """The manifests of the folder, without its kustomization file, and the objects in them; or
        those of one file."""
        folder, context = self._folder, self._context
        there = [folder] if context.workspace.exists(folder) else []
        self._files = there if is_manifest(folder, context) else _in_folder(folder, context)
        for path in self._files:
            for document in parse_documents(context.workspace.read(path) or b"", path):
                one = KubeObject(document.value if isinstance(document.value, dict) else {})
                ident = (one.kind.lower(), one.group, one.name)
                self._idents.append((ident, document.place()))
                self.objects.append(one)

    async def answer(self, facts: Sequence[CrdFact]) -> Answer:
        """What kubectl says with `facts` known. Raises ToolError when it did not end by itself."""
        if self._tool is None:
            return [], []
        if not self._files:
            text = f"{self._folder} holds no manifest"
            return [error("missing-file", text, Place(self._folder))], []
        if self._begun is not None:
            before, task = self._begun
            found = await task
            if before == self._relevant(facts):
                return found
        return await self._ask(self._tool, facts)

    async def stop(self) -> None:
        """Nobody waits for the answer any more: kubectl ends, and the endpoint is closed."""
        if self._begun is not None:
            self._begun[1].cancel()
            await asyncio.gather(self._begun[1], return_exceptions=True)

    def _relevant(self, facts: Sequence[CrdFact]) -> list[CrdFact]:
        """What is told of the groups that the files use."""
        groups = {group for (_, group, _), _ in self._idents}
        return [fact for fact in facts if fact.group in groups]

    async def _ask(self, tool: Tool, facts: Sequence[CrdFact]) -> Answer:
        from storyrunner.gitops.offline_api.server import OfflineApi  # late: a whole HTTP server

        context, step = self._context, self._step
        async with OfflineApi(facts) as api:
            command = kubectl.dry_run(
                tool,
                self._files,
                cwd=context.workspace.root,
                kubeconfig=api.kubeconfig,
                cache=api.cache,
                home=api.home,
                timeout=step.timeout,
            )
            context.show_command(step.id, _shown(self._files))
            outcome = await context.runner.run(command)
        context.show_output(step.id, outcome.stdout_text)
        context.show_output(step.id, outcome.stderr_text, "stderr")
        if outcome.code is None:
            text = f"kubectl apply --dry-run=client: {outcome.ending}"
            if outcome.ending is Ending.TIMED_OUT:
                context.tools.remember_hung(tool.name, text)
            raise ToolError(text)
        answer = kubectl.parse_dry_run(outcome)
        findings = [_refusal(item) for item in answer.problems]
        accepted = {(item.kind, item.group, item.name) for item in answer.applied}
        if not findings:
            findings += [
                _unanswered(one, place) for one, place in self._idents if one not in accepted
            ]
        files = counted(len(self._files), "file")
        proof = evidence(
            context,
            "kubectl apply --dry-run=client against the offline API",
            rung=Rung(Job.DRY_RUN, "kubectl", tool.version),
            matched=f"{counted(len(answer.applied), 'object')} of {files}",
            exit_code=outcome.code,
            excerpt=outcome.stdout_text[:2000],
            inputs=self._inputs,
        )
        return findings, [proof]


def _in_folder(folder: str, context: StepContext) -> list[str]:
    names = (name for name in context.workspace.list(folder) if name.endswith((".yaml", ".yml")))
    return [str(PurePosixPath(folder) / name) for name in names if name not in KUSTOMIZATION_FILES]


def is_manifest(path: str, context: StepContext) -> bool:
    """Whether a step's `folder` names one file."""
    return path.endswith((".yaml", ".yml")) and not context.workspace.is_folder(path)


def _shown(files: Sequence[str]) -> str:
    return "kubectl apply --dry-run=client --validate=false " + " ".join(f"-f {f}" for f in files)


def _refusal(problem: kubectl.Problem) -> Finding:
    place = Place(problem.file, problem.line or 1) if problem.file else HERE
    if problem.is_unknown_kind:
        return error("unknown-kind", problem.message, place, hint=HINT)
    return error("dry-run", problem.message, place)


def _unanswered(one: Ident, place: Place) -> Finding:
    kind, group, name = one
    return error("dry-run", f"kubectl said nothing about {kind}.{group}/{name}", place)
