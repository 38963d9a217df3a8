"""Words and notes on the steps that commands became: titles, expectations, what the doctor says."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Sequence

from storyrunner.runbook.importing.draft import Keys, StepDraft, corrected
from storyrunner.runbook.importing.manual import confirm, shortened
from storyrunner.stories.commands_in import StoryCommand
from storyrunner.stories.doctor_model import Diagnosis
from storyrunner.stories.expected import TRAILING, Expected
from storyrunner.stories.shell_pipelines import Pipeline

_SPOKEN_OF = frozenset(
    ("flux", "helm", "helmfile", "kubeconform", "kubectl", "kustomize", "yamllint", "yq")
)
_BARE = re.compile(r"-*[a-z][a-z-]*(?:=[a-z]+)?")
_TITLES = {"require": "Check", "build": "Build", "dry_run": "Dry-run of", "query": "Ask"}


def is_mention(pipeline: Pipeline) -> bool:
    """A tool that is only spoken of, such as `flux build | yq`: there is nothing it is run on."""
    return all(
        part.program in _SPOKEN_OF
        and all(_BARE.fullmatch(word) for word in part.argv[1:])
        and not any("version" in word or word == "-v" for word in part.argv[1:])
        for part in pipeline.parts
    )


def output_of(one: Expected) -> Keys:
    """An expectation of a command's output, as a command step has it."""
    source = one.source
    match one.kind:
        case "equals":
            return {"equals": one.values[0], "source": source}
        case "list":
            return {"equals": json.dumps(one.data, ensure_ascii=False), "source": source}
        case "set":
            return {"set_equals": list(one.values), "source": source}
        case "contains":
            return {"contains": list(one.values), "source": source}
        case "matches":
            return {"matches": one.values[0], "source": source}
        case "lines":
            return {"lines": int(one.values[0]), "source": source}
        case _:
            return {"empty": True, "source": source}


def signed(command: str, expected: Sequence[Expected], lines: tuple[int, int]) -> list[StepDraft]:
    """A sign-off for what the story says in prose of a command's output."""
    if not expected:
        return []
    words = "; ".join(one.source.lstrip("# ") for one in expected)
    question = f"Does `{one_line(without_remark(command))}` show what the story says: {words}?"
    why = "the story says in prose what should come out"
    return [confirm(f"Look at it: {words}", question, why, lines)]


def noted(
    draft: StepDraft, command: StoryCommand, diagnosis: Diagnosis | None, instead: str
) -> StepDraft:
    """The doctor's word on the written command, on the step that stands for it."""
    if diagnosis is not None:
        because = [one.message for one in diagnosis.complaints]
        own = next((one.command for one in diagnosis.works if not one.own), "")
        draft.keys["corrects"] = [
            corrected(command.place.line, command.pipeline.text, because, instead or own)
        ]
    return draft


def allow_others(draft: StepDraft, expected: Sequence[Expected]) -> None:
    """Tell that the story allows another value than the one it writes."""
    if any(one.loose for one in expected):
        draft.keys["hint"] = "the story allows another value: see its words"


def title_of(keys: Keys) -> str:
    """A title for a check made of a command."""
    verb = _TITLES[keys["kind"]]
    if keys["kind"] == "require":
        return shortened(f"{verb} {_needed(keys['needs'])}")
    if keys["kind"] == "query":
        select = keys["asserts"][0]["select"]
        name = "/".join(part for part in (select["kind"], select.get("name", "")) if part)
        return shortened(f"{verb} {name} of {keys['flux']}")
    what = keys.get("folder") or keys.get("flux")
    where = f" for {keys['cluster']}" if keys.get("cluster") else ""
    if keys["kind"] == "build" and keys.get("folder"):
        verb = "kustomize build of"
    elif keys["kind"] == "build":
        verb = "Flux build of"
    else:
        what = posixpath.basename(str(what))
    return shortened(f"{verb} {what}{where}")


def _needed(needs: Sequence[Keys]) -> str:
    first = needs[0]
    path = next(first[key] for key in ("path", "file", "yaml") if key in first)
    what = first.get("text") or first.get("field") or ""
    more = f" and {len(needs) - 1} more" if len(needs) > 1 else ""
    return f"{what} in {path}{more}" if what else f"{path}{more}"


def near_names(path: str) -> tuple[str, ...]:
    """The same file as a template and as none: nothing else may stand for it."""
    plain = path.removesuffix(".gotmpl")
    return (plain,) if plain != path else (f"{path}.gotmpl",)


def without_remark(text: str) -> str:
    """A command without the comment behind it."""
    head, newline, last = text.rpartition("\n")
    match = TRAILING.search(last)
    return head + newline + (last[: match.start()].rstrip() if match else last)


def one_line(text: str) -> str:
    """A command on one line."""
    return " ".join(text.replace("\\\n", " ").split())
