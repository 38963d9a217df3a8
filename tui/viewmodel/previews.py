"""What a step would run and touch, from its fields alone: shown before it ran for the first time.

`fill` puts the values of a cluster in; where one is missing the text stays as the runbook has it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from storyrunner.errors import StoryrunnerError
from storyrunner.model.need import ToolNeed
from storyrunner.model.runbook import Runbook
from storyrunner.model.step import (
    BuildStep,
    CommandStep,
    CommitStep,
    ConfirmStep,
    DryRunStep,
    EditStep,
    QueryStep,
    RequireStep,
    Step,
    WriteStep,
)
from tui.viewmodel.board import Preview

Fill = Callable[[str, str], str]
"""Fills a text with the values of a cluster; may raise StoryrunnerError."""


def previews(runbook: Runbook, fill: Fill) -> dict[str, Preview]:
    """A preview of every step, by its id."""
    return {step.id: preview(step, runbook, fill) for step in runbook.steps()}


def preview(step: Step, runbook: Runbook, fill: Fill) -> Preview:
    """The commands and the file of one step."""

    def filled(text: str) -> tuple[str, ...]:
        clusters = [step.cluster] if step.cluster else [item.name for item in runbook.clusters]
        return tuple(dict.fromkeys(_safely(fill, text, name) for name in clusters or [""]))

    match step:
        case RequireStep():
            tools = [need.tool for need in step.needs if isinstance(need, ToolNeed)]
            return Preview(tuple(f"{tool} {_version(tool)}" for tool in tools))
        case WriteStep() | EditStep():
            return Preview(path=filled(step.path)[0])
        case DryRunStep():
            folder = filled(step.folder)[0]
            return Preview((f"kubectl apply --dry-run=client -f {folder}",))
        case BuildStep():
            if step.folder:
                return Preview(tuple(f"kustomize build {name}" for name in filled(step.folder)))
            return Preview(tuple(f"flux build kustomization {n}" for n in filled(step.flux)))
        case QueryStep():
            asks = dict.fromkeys(fact.ask for item in step.asserts for fact in item.facts)
            return Preview(tuple(f"yq '{ask}'" for ask in asks))
        case CommandStep():
            return Preview(filled(step.run))
        case CommitStep():
            return Preview(("git commit",))
        case ConfirmStep():
            return Preview(path=", ".join(step.files))
        case _:
            assert_never(step)


def _version(tool: str) -> str:
    return {"kubectl": "version --client", "kustomize": "version"}.get(tool, "--version")


def _safely(fill: Fill, text: str, cluster: str) -> str:
    try:
        return fill(text, cluster)
    except StoryrunnerError:
        return text
