"""YAML inside stories and QA gates that no reader takes as it is: duplicate keys and bad syntax."""

from __future__ import annotations

from collections.abc import Iterator

from storyrunner.errors import ManifestError, Place
from storyrunner.gitops.documents import parse_documents
from storyrunner.model.finding import Finding, error, note, warning
from storyrunner.model.story import Story, Zone

_LANGUAGES = frozenset({"yaml", "yml"})
_DUPLICATE = "already defined"
_TEMPLATE = ("{{", "{%")


def lint_blocks(story: Story) -> Iterator[Finding]:
    """The YAML blocks outside quoted documents. Blocks of templates are not judged."""
    for block in story.blocks:
        if block.language not in _LANGUAGES or block.document:
            continue
        fault = _fault(block.body, story.path)
        if fault is None or fault.place is None:
            continue
        line = block.body_line + fault.place.line - 1
        place = Place(story.path, line, fault.place.column + block.indent)
        if _DUPLICATE in fault.message:
            message = _with_line(fault, block.body_line)
            hint = "kustomize refuses the file; keep one of them"
            duplicate = error if block.zone is Zone.TASK else warning
            yield duplicate("story-duplicate-key", message, place, hint=hint)
        elif not any(sign in block.body for sign in _TEMPLATE):
            message = f"this block is no YAML: {fault.message}"
            yield note("story-yaml-invalid", message, place, hint=fault.hint)


def lint_yaml_file(text: str, path: str) -> Iterator[Finding]:
    """A QA gate: a key given twice hides the first one from every reader."""
    fault = _fault(text, path)
    if fault is None:
        return
    place = fault.place or Place(path)
    if _DUPLICATE in fault.message:
        hint = "most readers keep the last one and say nothing"
        yield warning("qa-duplicate-key", _with_line(fault, 1), place, hint=hint)
    else:
        yield note("qa-yaml-invalid", f"the file is no YAML: {fault.message}", place)


def _fault(text: str, path: str) -> ManifestError | None:
    """The first thing that is wrong with a text; None when it is YAML."""
    try:
        parse_documents(text, path)
    except ManifestError as fault:
        return fault
    return None


def _with_line(fault: ManifestError, first: int) -> str:
    """The reader counts lines in the block: told as lines of the file."""
    head, _, line = fault.message.rpartition(" ")
    return f"{head} {int(line) + first - 1}" if line.isdecimal() else fault.message
