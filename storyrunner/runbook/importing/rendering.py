"""kubectl dry-runs, kustomize builds, Flux builds and what is selected from them, as our steps.

A step stands for a command only where it judges the same and more strictly: with the settings of
the clusters filled in, children included, and a selection that matches nothing fails.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from storyrunner.gitops.query_paths import field_path_of
from storyrunner.runbook.importing.draft import Keys
from storyrunner.runbook.importing.repository import Repository, Target
from storyrunner.runbook.importing.shell import is_path, options_of, plain_argv
from storyrunner.stories.doctor_flux import asked_builds, is_flux_build
from storyrunner.stories.doctor_model import Declared, normal
from storyrunner.stories.expected import Expected
from storyrunner.stories.shell_pipelines import Pipeline, SimpleCommand

_SELECT = re.compile(r"\s*select\((?P<conditions>[^()]*)\)\s*(?:\|\s*(?P<field>\.[^|]*?))?\s*$")
_CONDITION = re.compile(r'\s*\.(kind|metadata\.name|metadata\.namespace)\s*==\s*"([^"]*)"\s*$')
_KEYS = {"kind": "kind", "metadata.name": "name", "metadata.namespace": "namespace"}
_KUBECTL_VALUED = frozenset(("-f", "--filename", "-o", "--output"))
_SCHEMA_SWITCHES = frozenset(("-strict", "--strict", "-summary", "--summary", "-verbose"))
_IGNORE_MISSING = frozenset(("-ignore-missing-schemas", "--ignore-missing-schemas"))

Steps = list[Keys]


def read_rendering(
    pipeline: Pipeline, expected: Sequence[Expected], repository: Repository
) -> Steps | None:
    """The steps that check what a pipeline was meant to, None when none of ours do."""
    first, *rest = pipeline.parts
    if is_flux_build(first):
        return _flux(first, rest, expected, repository)
    if expected:
        return None
    argv = plain_argv(first)
    if argv is None or rest:
        return _piped_schemas(argv, rest, repository) if argv else None
    if argv[0] == "kubectl":
        return _kubectl(argv, repository)
    if argv[:2] == ["kustomize", "build"]:
        return _folder(argv[2:])
    if argv[0] == "kubeconform":
        return _kubeconform(argv[1:], repository)
    return None


# --- kubectl, kustomize, kubeconform ---------------------------------------------------------


def _kubectl(argv: Sequence[str], repository: Repository) -> Steps | None:
    if argv[1:2] == ["kustomize"]:
        return _folder(argv[2:])
    files: list[str] = []
    verbs: list[str] = []
    is_dry = False
    rest = list(argv[1:])
    while rest:
        word = rest.pop(0)
        option, equals, value = word.partition("=")
        if word.startswith("-") and option in _KUBECTL_VALUED:
            value = value if equals else (rest.pop(0) if rest else "")
            files += [value] if option in ("-f", "--filename") else []
        elif word == "--dry-run=client":
            is_dry = True
        elif word in ("--validate=false", "--validate=true", "--validate"):
            continue  # the schemas judge either way
        elif word.startswith("-"):
            return None
        else:
            verbs.append(word)
    right = is_dry and verbs in ([], ["apply"], ["create"]) and bool(files)
    return _dry_run(files, repository) if right and all(map(is_path, files)) else None


def _dry_run(paths: Sequence[str], repository: Repository) -> Steps | None:
    found: Steps = []
    for path in paths:
        target = repository.applying(path)
        if target is None:
            return None
        found += [
            {"kind": "dry_run", "folder": normal(path), "through": target.name, **keys}
            for keys in target.each()
        ]
    return found


def _folder(arguments: Sequence[str]) -> Steps | None:
    options, operands = options_of(arguments)
    if options or len(operands) != 1 or not is_path(operands[0]):
        return None
    return [{"kind": "build", "folder": normal(operands[0])}]


def _kubeconform(arguments: Sequence[str], repository: Repository) -> Steps | None:
    """Only with missing schemas ignored do the schemas of a dry-run say at least as much."""
    options, operands = options_of(arguments)
    known = set(options) <= _SCHEMA_SWITCHES | _IGNORE_MISSING
    if not known or not set(options) & _IGNORE_MISSING or not operands:
        return None
    return _dry_run(operands, repository) if all(map(is_path, operands)) else None


def _piped_schemas(
    argv: Sequence[str], rest: Sequence[SimpleCommand], repository: Repository
) -> Steps | None:
    """`kustomize build DIR | kubeconform …` of what it renders."""
    is_build = list(argv[:2]) in (["kustomize", "build"], ["kubectl", "kustomize"])
    schemas = plain_argv(rest[0]) if len(rest) == 1 else None
    if not is_build or not schemas or schemas[0] != "kubeconform":
        return None
    folder = _folder(argv[2:])
    options, operands = options_of(schemas[1:])
    known = set(options) <= _SCHEMA_SWITCHES | _IGNORE_MISSING
    if folder is None or operands not in ([], ["-"]) or not known:
        return None
    if not set(options) & _IGNORE_MISSING:
        return None
    judged = _dry_run([folder[0]["folder"]], repository)
    return [*folder, *judged] if judged else None


# --- flux ------------------------------------------------------------------------------------


def _flux(
    part: SimpleCommand,
    rest: Sequence[SimpleCommand],
    expected: Sequence[Expected],
    repository: Repository,
) -> Steps | None:
    if plain_argv(part) is None:
        return None
    declared, name, is_plain = asked_builds(part, repository.view)
    targets = _targets(declared, name, repository)
    if not targets or not is_plain:
        return None
    filters = [one for one in rest if one.program != "envsubst"]
    if not filters:
        builds = [{"kind": "build", **keys} for target in targets for keys in target.each()]
        return None if expected else builds
    target = targets[0]
    argv = plain_argv(filters[0]) if len(filters) == 1 and len(targets) == 1 else None
    if argv is None or argv[0] != "yq":
        return None
    select, field = _selection(argv[1:])
    if select is None:
        return None
    facts = _facts(field, expected)
    if facts is None:
        return None
    asserts = [{"select": select, "facts": facts}]
    return [{"kind": "query", **keys, "asserts": asserts} for keys in target.each()]


def _targets(declared: Sequence[Declared], name: str, repository: Repository) -> list[Target]:
    found = [repository.declared(one) for one in declared]
    if not declared and name:
        found = [repository.target(name)]
    return [one for one in found if one is not None]


def _selection(arguments: Sequence[str]) -> tuple[Keys | None, str]:
    """The objects a filter selects and the field it shows of them; None for any other filter."""
    words = [word for word in arguments if word not in ("eval", "e", "ea", "eval-all", "-r", "-")]
    match = _SELECT.match(words[0]) if len(words) == 1 else None
    if match is None:
        return None, ""
    select: Keys = {}
    for condition in re.split(r"\band\b", match["conditions"]):
        one = _CONDITION.match(condition)
        if one is None or _KEYS[one[1]] in select:
            return None, ""
        select[_KEYS[one[1]]] = one[2]
    return (select if "kind" in select else None), (match["field"] or "").strip()


def _facts(field: str, expected: Sequence[Expected]) -> list[Keys] | None:
    """The facts for the field, None when an expectation is no fact."""
    ask = field or ".metadata.name"
    if not expected:
        return [{"ask": ask, "present": True}] if field_path_of(ask) else None
    if not field:
        return None
    facts = [fact_of(ask, one) for one in expected]
    return None if any(fact is None for fact in facts) else [fact for fact in facts if fact]


def fact_of(ask: str, one: Expected) -> Keys | None:
    """An expectation of printed text as a fact of the value; None when there is no such fact."""
    why = f"The story says: {one.source}"
    match one.kind:
        case "equals":
            text = one.values[0]
            plain = _is_text(text)
            return {"ask": ask if plain else f"{ask} | tostring", "equals": text, "why": why}
        case "list":
            return {"ask": ask, "equals": one.data, "why": why}
        case "set":
            return {"ask": ask, "set_equals": list(one.values), "why": why}
        case "matches":
            return {"ask": ask, "matches": one.values[0], "why": why}
        case _:
            return None


def _is_text(text: str) -> bool:
    """Whether YAML reads the word as text and as nothing else."""
    from storyrunner.gitops.scalars import is_string

    return is_string(text, yaml11=True)
