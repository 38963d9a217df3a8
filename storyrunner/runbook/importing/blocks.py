"""The YAML blocks of a task as steps: files to write, YAML to merge, or notes for a person.

A whole text that is to be created is written; a fragment is merged and never replaces a file. What
is only a variant, an example or names no file is told and not written (story-format.md §2).
"""

from __future__ import annotations

import posixpath
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from storyrunner.model.story import CodeBlock
from storyrunner.runbook.importing.draft import Keys, StepDraft, TaskDraft
from storyrunner.runbook.importing.manual import confirm
from storyrunner.runbook.importing.repository import Repository, documents_of
from storyrunner.stories.bindings import Binding
from storyrunner.stories.doctor_model import KUSTOMIZATION_FILES

_SETTING = re.compile(r"[A-Z][A-Z0-9_]*$")
_SURE = 0.6
_HEAD = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"


def add_blocks(task: TaskDraft, block: CodeBlock, repository: Repository) -> list[StepDraft]:
    """The steps of one YAML block, added to its task."""
    binding = repository.bindings.get(block.line)
    if binding is None:
        return []
    told = _told(block, binding)
    if told:
        task.notes.append(told)
        return []
    if not binding.targets or not documents_of(block, "block"):
        return [task.add(_by_hand(block, binding))]
    return [task.add(step) for step in _steps(block, binding, repository)]


def _told(block: CodeBlock, binding: Binding) -> str:
    """A note instead of a step, for what must not overwrite anything."""
    where = f"lines {block.span.first}–{block.span.last}"
    target = f" for {', '.join(binding.targets)}" if binding.targets else ""
    if binding.mode == "variant":
        return f"{where} are another way to write it{target}: not written; yours to choose"
    if binding.mode == "example":
        return f"{where} are an example{target}: not written"
    return ""


def _by_hand(block: CodeBlock, binding: Binding) -> StepDraft:
    if binding.targets:
        why = "the block is no valid YAML, so it is neither written nor merged"
        title = f"Put the block of line {block.line} into {', '.join(binding.targets)}"
    else:
        why = "the story does not say which file this block is for"
        title = f"Put the block of line {block.line} where it belongs"
    question = f"Does the repository say what lines {block.line}–{block.span.last} say?"
    return confirm(title, question, why, _lines(block), list(binding.targets))


def _steps(block: CodeBlock, binding: Binding, repository: Repository) -> Iterator[StepDraft]:
    split = _by_document(block, binding)
    for target in binding.targets:
        text = split.get(target, block.body)
        whole = binding.mode == "create" or not binding.fragment
        there = repository.view.files.holds(target)
        if whole and (binding.mode == "create" or not there):
            yield _write(block, binding, target, text)
        else:
            yield _merge(block, binding, target, text, repository)


def _by_document(block: CodeBlock, binding: Binding) -> dict[str, str]:
    """The one document for each target, where a block holds as many as it has targets."""
    parts = [part for part in re.split(r"(?m)^---[ \t]*$\n?", block.body) if part.strip()]
    if len(parts) < 2 or len(parts) != len(binding.targets):
        return {}
    return dict(zip(binding.targets, parts, strict=True))


def _write(block: CodeBlock, binding: Binding, target: str, text: str) -> StepDraft:
    title = f"{_subject(text, target)}: {posixpath.basename(target)}"
    keys: Keys = {"kind": "write", "title": title, "path": target, "text": _ended(text)}
    _doubt(keys, binding, target)
    return StepDraft(keys, _lines(block), _origin(binding))


def _merge(
    block: CodeBlock, binding: Binding, target: str, text: str, repository: Repository
) -> StepDraft:
    create = _made_whole(text, target)
    value = documents_of(block, target)[0].value
    field = ["data"] if _is_settings(value, target, repository) else []
    merge: Keys = {"text": _ended(text)}
    if field:
        merge = {"field": field, "text": _ended(textwrap.dedent(text))}
    verb = "Verify or complete" if binding.mode == "verify-or-update" else "Complete"
    keys: Keys = {"kind": "edit", "title": f"{verb} {target}", "path": target, "merge": merge}
    if create and not repository.view.files.holds(target):
        # A kustomization is whole with its head: what is made so replaces nothing.
        keys = {"kind": "write", "title": f"{verb} {target}", "path": target, "text": create}
    _doubt(keys, binding, target)
    return StepDraft(keys, _lines(block), _origin(binding))


def _doubt(keys: Keys, binding: Binding, target: str) -> None:
    if binding.confidence < _SURE + 0.2:
        keys["why"] = (
            f"The story does not write the path out: {target} was completed"
            f" (confidence {binding.confidence:.1f})."
        )


def _made_whole(text: str, target: str) -> str:
    if posixpath.basename(target) not in KUSTOMIZATION_FILES:
        return ""
    return _ended(text if "kind:" in text else _HEAD + text.removeprefix("---\n"))


def _is_settings(value: Any, target: str, repository: Repository) -> bool:
    """Bare keys of cluster settings: they belong under `data` of the ConfigMap."""
    if not isinstance(value, Mapping) or not value:
        return False
    is_file = any(one.settings == target for one in repository.clusters)
    named = "settings" in posixpath.basename(target)
    return (is_file or named) and all(_SETTING.match(str(key)) for key in value)


def _subject(text: str, target: str) -> str:
    kinds = list(dict.fromkeys(re.findall(r"(?m)^kind:[ \t]*(\w+)", text)))
    return ", ".join(kinds[:3]) or posixpath.basename(posixpath.dirname(target)) or "File"


def _ended(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _origin(binding: Binding) -> str:
    fragment = ", a fragment" if binding.fragment else ""
    return f"YAML block ({binding.mode}{fragment}; confidence {binding.confidence:.1f})"


def _lines(block: CodeBlock) -> tuple[int, int]:
    return block.span.first, block.span.last
