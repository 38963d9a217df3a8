"""Checks that a story does not name but that decide whether what it writes reaches a cluster.

A Flux Kustomization that waits for one that nothing declares is never applied, and what stands
below the path of another one is applied by that too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from storyrunner.gitops.flux_objects import FLUX_GROUP, is_flux_kustomization
from storyrunner.gitops.objects import text_at
from storyrunner.model.story import Story
from storyrunner.runbook.importing.draft import WRITES, Draft, Keys, StepDraft, TaskDraft
from storyrunner.runbook.importing.facts import Stated
from storyrunner.runbook.importing.manual import shortened
from storyrunner.runbook.importing.repository import Repository, objects_of


def waits_of(
    draft: Draft, repository: Repository, story: Story, checks: TaskDraft
) -> dict[str, list[StepDraft]]:
    """By file: that the Flux Kustomizations it declares wait for nothing that is not there. The
    checks are added to `checks`."""
    found: dict[str, list[StepDraft]] = {}
    for write in [step for step in draft.steps() if step.kind in WRITES]:
        for one in manifest_of(write, story).objects:
            spec = one.get("spec")
            depends = spec.get("dependsOn") if isinstance(spec, Mapping) else None
            if not depends or not is_flux_kustomization(one):
                continue
            target = repository.target(text_at(one, "metadata", "name"))
            for keys in target.each() if target else ():
                step = StepDraft({**_depends(one), **keys}, write.lines, "dependsOn of the block")
                found.setdefault(write.keys["path"], []).append(checks.add(step))
    return found


def add_others(draft: Draft, repository: Repository, checks: TaskDraft) -> None:
    """Builds of the clusters' own Kustomizations that apply a folder the story writes into: the
    story does not name them, but what it writes reaches the clusters through them too."""
    written = [step.keys["path"] for step in draft.steps() if step.kind in WRITES]
    for one in repository.view.declared:
        if not one.cluster or one.path == "." or not _is_below(written, one.path):
            continue
        keys: Keys = {
            "kind": "build",
            "title": f"Flux build of {one.name} for {one.cluster}",
            "flux": one.name,
            "cluster": one.cluster,
            "why": f"The story does not name it, but it applies {one.path}, where this writes.",
        }
        step = StepDraft(keys, (checks.line, checks.line), "not in the story")
        if not any(other.same_as(step) for other in draft.steps()):
            checks.add(step)


def manifest_of(step: StepDraft, story: Story) -> Stated:
    """What a write or an edit says, read from its block of the story."""
    path = step.keys["path"]
    block = next((b for b in story.blocks if b.span.first == step.lines[0]), None)
    return Stated(path, tuple(objects_of(block, path)) if block else ())


def _depends(one: Mapping[str, Any]) -> Keys:
    name = text_at(one, "metadata", "name")
    why = "A Kustomization that waits for one that nothing declares is never applied."
    select = {"kind": "Kustomization", "name": name, "group": FLUX_GROUP}
    fact = {"ask": ".spec.dependsOn[].name", "resolves": "kustomization", "why": why}
    return {
        "kind": "query",
        "title": shortened(f"What {name} depends on is there"),
        "declared": True,
        "asserts": [{"select": select, "facts": [fact]}],
    }


def _is_below(paths: Sequence[str], folder: str) -> bool:
    return any(path.startswith(f"{folder}/") for path in paths)
