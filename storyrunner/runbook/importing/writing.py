"""A drafted runbook as YAML that people read: comments say which lines of the story made what.

The loader reads it like any other runbook. Texts of several lines stand as they are wherever YAML
lets them; whatever it would not give back to the letter is quoted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from storyrunner.gitops.scalars import is_string
from storyrunner.runbook.importing.draft import BoxDraft, Draft, Keys, StepDraft, TaskDraft

_PLAIN = re.compile(r"[A-Za-z0-9_./(][^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]*$")
_BREAKS_PLAIN = re.compile(r": |:$| #|^\S*[\[\]{},&*!|>%@`\"']|[ \t]$")
_BLOCK = re.compile(r"[\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]+")
_MOST_INLINE = 100


def write_runbook(draft: Draft, head: Sequence[str]) -> str:
    """The YAML text. `head` are comment lines above it."""
    lines = [f"# {line}".rstrip() for line in head]
    lines += _pairs(draft.keys, 0)
    if draft.commit:
        lines += ["", "commit:", *_pairs(draft.commit, 2)]
    lines += ["", "tasks:"] if draft.tasks else ["", "tasks: []"]
    for task in draft.tasks:
        lines += [*_task(task), ""]
    lines += ["criteria:"] if draft.criteria else ["criteria: []"]
    for criterion in draft.criteria:
        lines.append(f"  # story line {criterion.line}")
        keys: Keys = {"id": criterion.id, "text": criterion.text}
        keys["proved_by"] = [step.id for step in criterion.proofs]
        keys["bullets"] = criterion.bullets
        lines += _item(keys, 2)
    for name, items in (("done", _boxes(draft.done)), ("deferred", draft.deferred)):
        lines += _list(name, items)
    lines += _list("notes", draft.notes)
    return "\n".join(lines).rstrip("\n") + "\n"


def _task(task: TaskDraft) -> Iterator[str]:
    yield f"  # story line {task.line}" if task.story_task else "  # no task of the story"
    keys: Keys = {"id": task.id, "title": task.title}
    for name in ("why", "needs", "satisfies", "notes"):
        keys[name] = getattr(task, name)
    yield from _item(keys, 2)
    boxes = _boxes(task.boxes)
    if boxes:
        yield "    boxes:"
        for box in boxes:
            yield from _item(box, 6)
    if not task.steps:
        yield "    steps: []"
        return
    yield "    steps:"
    for step in task.steps:
        yield from _step(step)


def _step(step: StepDraft) -> Iterator[str]:
    first, last = step.lines
    where = f"story line {first}" if last <= first else f"story lines {first}-{last}"
    yield f"      # {where}: {' '.join(step.origin.split())}".rstrip(": ")
    yield from _item({"id": step.id, **step.keys}, 6)


def _boxes(boxes: Sequence[BoxDraft]) -> list[Keys]:
    found = []
    for box in boxes:
        names = [proof if isinstance(proof, str) else proof.id for proof in box.proofs]
        found.append({"text": box.text, "proved_by": list(dict.fromkeys(names))})
    return found


def _list(name: str, items: Sequence[Keys]) -> Iterator[str]:
    if items:
        yield ""
        yield f"{name}:"
        for item in items:
            yield from _item(item, 2)


def _item(keys: Mapping[str, Any], indent: int) -> Iterator[str]:
    lines = list(_pairs(keys, indent + 2))
    pad = " " * indent
    yield f"{pad}- {lines[0].lstrip()}"
    yield from lines[1:]


def _pairs(keys: Mapping[str, Any], indent: int) -> Iterator[str]:
    pad = " " * indent
    for key, value in keys.items():
        empty = value is None or (isinstance(value, str | list | tuple | dict) and not value)
        if empty and key != "clusters":
            continue
        if isinstance(value, str) and "\n" in value and _stands(value):
            yield f"{pad}{key}: |{_chomping(value)}"
            yield from (f"{pad}  {line}".rstrip(" ") for line in value.rstrip("\n").split("\n"))
        elif _is_short(value, indent + len(key) + 2):
            yield f"{pad}{key}: {inline(value)}"
        elif isinstance(value, Mapping):
            yield f"{pad}{key}:"
            yield from _pairs(value, indent + 2)
        else:
            yield f"{pad}{key}:"
            for item in value:
                if isinstance(item, Mapping) and not _is_short(item, indent + 4):
                    yield from _item(item, indent + 2)
                else:
                    yield f"{pad}  - {inline(item)}"


def _is_short(value: Any, used: int) -> bool:
    if not isinstance(value, Mapping | list | tuple):
        return True
    has_block = any(isinstance(one, str) and "\n" in one for one in _texts(value))
    return not has_block and used + len(inline(value)) <= _MOST_INLINE


def _texts(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    else:
        yield value


def _stands(text: str) -> bool:
    """Whether a text can stand as a block to the letter."""
    lines = text.rstrip("\n").split("\n")
    return (
        _BLOCK.fullmatch(text) is not None
        and not text.endswith("\n\n")
        and not lines[0].startswith(" ")
        and bool(lines[0])
        and not any(line != line.rstrip(" ") for line in lines)
        and "\t" not in text
    )


def _chomping(text: str) -> str:
    return "" if text.endswith("\n") else "-"


def inline(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if value is None:
        return "null"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quoted(k)}: {inline(v)}" for k, v in value.items()) + "}"
    return "[" + ", ".join(inline(item) for item in value) + "]"


def quoted(text: str) -> str:
    """A text as it stands where YAML reads it as this very text, else in double quotes."""
    safe = (
        _PLAIN.match(text) and not _BREAKS_PLAIN.search(text) and not re.search(r"[,\[\]{}]", text)
    )
    if safe and is_string(text, yaml11=True):
        return text
    dumped = json.dumps(text, ensure_ascii=False)
    return re.sub(
        r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]",
        lambda match: f"\\u{ord(match[0]):04x}",
        dumped,
    )
