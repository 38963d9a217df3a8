"""Which boxes of the story's Markdown the results change, and the text with them changed.

A tick is a proof: a bound box is ticked when all that proves it stands, and un-ticked when a proof
of it fails. What was not judged, or has gone stale, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from storyrunner.model.result import StepResult
from storyrunner.model.runbook import Runbook
from storyrunner.model.status import Status
from storyrunner.model.step import CommitStep
from storyrunner.model.story import Checkbox, Story
from storyrunner.runbook.consistency import PUSHED
from storyrunner.steps.bindings import Bound, bound_boxes
from storyrunner.stories.parser import parse_story
from storyrunner.stories.ticks import set_box

STANDING = (Status.PASSED, Status.SKIPPED)


def box_changes(
    runbook: Runbook, story: Story, results: Mapping[str, StepResult], *, pushed: bool
) -> list[Checkbox]:
    """The boxes whose mark is not what the results say, in the order of the text: open ones that
    are proven, and ticked ones of which a proof fails."""
    results = _without_refusals(runbook, results)
    return [
        bound.box
        for bound in bound_boxes(runbook, story)
        if _verdict(bound, runbook, results, pushed) is (not bound.box.checked)
    ]


def _without_refusals(runbook: Runbook, results: Mapping[str, StepResult]) -> dict[str, StepResult]:
    """A commit or push that was refused proves nothing, and takes back no commit made before."""
    commits = {step.id for step in runbook.steps() if isinstance(step, CommitStep)}
    return {
        name: result
        for name, result in results.items()
        if name not in commits or result.status is not Status.FAILED
    }


def tick(story: Story, boxes: Iterable[Checkbox]) -> str:
    """The story's text with the marks of these boxes turned and no other byte changed."""
    text = story.text
    for box in boxes:
        text = set_box(text, box, not box.checked)
    return text


def reread(path: str, text: str) -> Story:
    """The story as it is now."""
    return parse_story(text, path)


def _verdict(
    bound: Bound, runbook: Runbook, results: Mapping[str, StepResult], pushed: bool
) -> bool | None:
    """True when the box is proven, False when a proof of it fails, None when neither is known."""
    if bound.part_of:
        return _proof(bound.part_of, runbook, results, pushed) or None
    proofs = [_proof(name, runbook, results, pushed) for name in bound.proved_by]
    if False in proofs:
        return False
    return True if proofs and all(proofs) else None


def _proof(
    name: str, runbook: Runbook, results: Mapping[str, StepResult], pushed: bool
) -> bool | None:
    if name == PUSHED:
        return True if pushed else None
    task = runbook.task(name)
    if task is not None:
        return _sum([step.id for step in task.steps], results)
    criterion = next((item for item in runbook.criteria if item.id == name), None)
    if criterion is not None:
        return _sum(criterion.proved_by, results)
    status = results[name].status if name in results else Status.PENDING
    return {Status.PASSED: True, Status.FAILED: False}.get(status)


def _sum(steps: Sequence[str], results: Mapping[str, StepResult]) -> bool | None:
    """Proven when all stand and one passed; failed when one failed; else nothing is known."""
    statuses = [results[step].status for step in steps if step in results]
    if Status.FAILED in statuses:
        return False
    whole = len(statuses) == len(steps) and all(status in STANDING for status in statuses)
    return True if whole and Status.PASSED in statuses else None
