"""The doctor's rules for `flux build kustomization` and what is piped from it.

Without a cluster it needs `--dry-run` and the file that declares the Kustomization; children are
built only with `--recursive` and `--local-sources`; variables of `substituteFrom` are never filled
in (semantics.md §1.2, §1.5, §1.6).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from storyrunner.errors import Place
from storyrunner.stories.commands_in import StoryCommand
from storyrunner.stories.doctor_model import Declared, Draft, View, normal
from storyrunner.stories.shell_pipelines import Pipeline, SimpleCommand
from storyrunner.stories.shell_words import Word
from storyrunner.stories.story_paths import expand

_VALUED_NAMES = (
    "--path --kustomization-file --local-sources -n --namespace --context --kubeconfig"
    " --ignore-paths --cluster --timeout --server --token --user"
)
_VALUED = frozenset(_VALUED_NAMES.split())
_SWITCHES = frozenset({"--dry-run", "-r", "--recursive", "--strict-substitute"})
_KIND = re.compile(r"\.kind\s*==\s*\"([A-Za-z]+)\"")
_NAME = re.compile(r"\.metadata\.name\s*==\s*\"([\w.-]+)\"")
_FIELD = re.compile(r"\)\s*\|\s*(\.[\w.\[\]\"/-]+)\s*$")


@dataclass(slots=True)
class _Build:
    """The arguments of one `flux build kustomization`."""

    name: str = ""
    options: dict[str, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)

    @property
    def recursive(self) -> bool:
        return "--recursive" in self.options or "-r" in self.options


def is_flux_build(part: SimpleCommand) -> bool:
    """`flux build kustomization` or its short form."""
    argv = part.argv
    return part.program == "flux" and argv[1:2] == ("build",) and argv[2:3] in _KUSTOMIZATION


_KUSTOMIZATION = ((), ("kustomization",), ("ks",), ("kustomizations",))


def built_name(part: SimpleCommand) -> str:
    """The Kustomization that a `flux build` names, empty when it names none."""
    return _read(part).name


def asked_builds(part: SimpleCommand, view: View) -> tuple[tuple[Declared, ...], str, bool]:
    """Which declared Kustomizations a `flux build` means (`-f FILE` without a name: all of the
    file), the name it gives, and whether it asks for nothing that our build would not do."""
    build = _read(part)
    draft = Draft(
        StoryCommand(Pipeline((part,), "", part.text, 0, 0), Place(""), "", "block"), view
    )
    target = _target(draft, build)
    path = normal(build.options.get("--path", ""))
    same = target is None or path in ("", ".", target.path)
    if build.files and not build.name and path in ("", "."):
        files = {normal(file) for file in build.files}
        return tuple(one for one in view.declared if one.file in files), "", not build.extra
    return (target,) if target else (), build.name, same and not build.extra


def examine_flux(draft: Draft, part: SimpleCommand, index: int) -> None:
    """Complain about a build that needs a cluster, and write the one that does not."""
    build = _read(part)
    if draft.command.source == "inline" and not (build.name or build.options or build.files):
        return
    target = _target(draft, build)
    _complain(draft, build, target)
    rest = draft.command.pipeline.parts[index + 1 :]
    expression = _expression(rest)
    if target is None:
        if build.name:
            _undeclared(draft, build)
        if draft.complaints:
            draft.incurable = True
            draft.own(draft.view.check(draft.command.task, *_kinds(expression)))
        return
    children = _children(draft, target, build)
    behind = bool(children) and bool(expression) and _first(_KIND, expression) != "Kustomization"
    if behind and not build.recursive:
        draft.error(
            "flux-build-recursive",
            f"{_first(_KIND, expression) or 'the object'} may lie behind"
            f" {children[0].name}, which is built only with --recursive --local-sources",
        )
    filled = _variables(draft, target, children if behind else (), rest)
    _check_local_sources(draft, build)
    if draft.complaints:
        _rewrite(draft, part, build, target, children if behind or build.recursive else ())
        _fill_in(draft, part, target, filled, rest)
        _offer_own(draft, target, expression)


def _complain(draft: Draft, build: _Build, target: Declared | None) -> None:
    """What the build lacks to run without a cluster."""
    if not build.name or build.files:
        draft.error(
            "flux-build-name",
            "`flux build` takes the Kustomization's name; "
            + ("`-f` is no option of it" if build.files else "there is none"),
        )
    missing = [
        option for option in ("--dry-run", "--kustomization-file") if option not in build.options
    ]
    if missing:
        where = f": {target.file} declares {target.name}" if target else ""
        draft.error(
            "flux-build-offline", f"without {' and '.join(missing)} it asks a cluster{where}"
        )


def _read(part: SimpleCommand) -> _Build:
    build = _Build()
    arguments = list(part.argv[3:])
    while arguments:
        argument = arguments.pop(0)
        option, equals, value = argument.partition("=")
        if option in ("-f", "--file", "--filename"):
            build.files += expand(value if equals else arguments.pop(0) if arguments else "")
        elif option in _VALUED:
            build.options[option] = value if equals else arguments.pop(0) if arguments else ""
        elif option in _SWITCHES:
            build.options[option] = ""
        elif argument.startswith("-"):
            build.extra.append(argument)
        elif not build.name:
            build.name = argument
    return build


def _target(draft: Draft, build: _Build) -> Declared | None:
    known = draft.view.declared
    if build.name:
        named = [one for one in known if one.name == build.name]
        asked = normal(build.options.get("--kustomization-file", ""))
        stated = next((one for one in named if one.file == asked), named[0] if named else None)
        return stated or _made(draft, build, asked)
    files = {normal(path) for path in build.files}
    inside = [one for one in known if one.file in files]
    path = normal(build.options.get("--path", ""))
    touched = draft.view.touched
    return next(
        (one for one in inside if one.path == path and path != "."),
        next(
            (o for o in inside if any(t.startswith(f"{o.path}/") for t in touched)),
            inside[0] if inside else None,
        ),
    )


def _made(draft: Draft, build: _Build, file: str) -> Declared | None:
    """The Kustomization of a file that only the story makes."""
    if not file or file not in draft.view.made or draft.view.files.holds(file):
        return None
    return Declared(build.name, "", file, normal(build.options.get("--path", "")))


def _undeclared(draft: Draft, build: _Build) -> None:
    draft.error(
        "flux-build-undeclared",
        f"no file of the repository declares the Flux Kustomization {build.name}",
    )


def _children(draft: Draft, target: Declared, build: _Build) -> tuple[Declared, ...]:
    folder = normal(build.options.get("--path", "") or target.path)
    if folder == ".":
        folder = target.path
    return tuple(
        one
        for one in draft.view.declared
        if one.file.startswith(f"{folder}/") and one.name != target.name
    )


def _expression(rest: tuple[SimpleCommand, ...]) -> str:
    for part in rest:
        if part.program == "yq":
            return next((text for text in part.argv[1:] if "select(" in text), "")
    return ""


def _kinds(expression: str) -> tuple[str, ...]:
    return ("query",) if expression else ("build",)


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""


def _variables(
    draft: Draft,
    target: Declared,
    children: tuple[Declared, ...],
    rest: tuple[SimpleCommand, ...],
) -> tuple[Declared, ...]:
    """Those whose variables a dry run leaves out, when something reads the values."""
    filled = tuple(one for one in (target, *children) if one.substitute_from)
    if not filled or not rest or any(part.program == "flux" for part in rest):
        return ()
    draft.warn(
        "flux-substitute-from",
        f"a dry run skips substituteFrom: {filled[-1].substitute_from[0]} fills in nothing and"
        " ${…} stays as it is",
    )
    return filled


def _check_local_sources(draft: Draft, build: _Build) -> None:
    given = build.options.get("--local-sources", "").split(",")
    useless = [one for one in given if one.startswith(("ConfigMap/", "Secret/"))]
    if useless:
        draft.warn("flux-local-sources", f"--local-sources ignores {useless[0].split('=')[0]}")


def _rewrite(
    draft: Draft,
    part: SimpleCommand,
    build: _Build,
    target: Declared,
    children: tuple[Declared, ...],
) -> None:
    path = build.options.get("--path", "")
    if not path or normal(path) == ".":
        path = f"./{target.path}"
    file = build.options.get("--kustomization-file", "")
    if normal(file) != target.file:
        file = f"./{target.file}"
    words = ["flux build kustomization", target.name, "--path", path, "--kustomization-file", file]
    words += ["--dry-run", *build.extra]
    words += [option for option in ("--strict-substitute",) if option in build.options]
    if target.namespace not in ("", "flux-system"):
        words += ["-n", target.namespace]
    if children:
        sources = sorted({one.source for one in (target, *children) if one.source})
        foreign = [one for one in sources if not one.startswith("GitRepository/")]
        draft.incurable |= bool(foreign)
        words += ["--recursive", "--local-sources", ",".join(f"{one}=." for one in sources)]
    draft.cut(_start(part), _end(part.words[-1]), " ".join(words))
    _note_others(draft, build, target)
    draft.notes.append("until it ends, flux build may write a kustomization.yaml into --path")


def _note_others(draft: Draft, build: _Build, target: Declared) -> None:
    if build.files and not build.name:
        beside = [one.name for one in draft.view.declared if one.file == target.file]
        others = [name for name in beside if name != target.name]
        if others:
            draft.notes.append(f"{target.file} also declares {', '.join(others)}")
    alone = len(draft.command.pipeline.parts) == 1
    if alone and target.substitute_from:
        draft.notes.append(f"${{…}} of {target.substitute_from[0]} is not filled in by a dry run")


def _fill_in(
    draft: Draft,
    part: SimpleCommand,
    target: Declared,
    filled: tuple[Declared, ...],
    rest: tuple[SimpleCommand, ...],
) -> None:
    """Put Flux's own substitution, with the cluster's settings, after the build."""
    if not filled:
        return
    known = {f"ConfigMap/{target.settings_name}"}
    there = bool(target.settings) and draft.view.files.holds(target.settings)
    if not there or any(one.inline or set(one.substitute_from) - known for one in filled):
        draft.incurable = True
        return
    envsubst = next((other for other in rest if other.program == "envsubst"), None)
    start = _start(part)
    opening = f"( set -a; . <(yq -o shell .data {target.settings}); "
    draft.open(start, opening)
    if envsubst is not None:
        draft.cut(_start(envsubst), _end(envsubst.words[-1]), "flux envsubst --strict )")
    else:
        draft.close(_end(part.words[-1]), " | flux envsubst --strict )")
    draft.notes.append("yq is mikefarah's 4.31 or newer, the shell bash")


def _offer_own(draft: Draft, target: Declared, expression: str) -> None:
    kind, name = _first(_KIND, expression), _first(_NAME, expression)
    path = _first(_FIELD, expression)
    cluster = f" --cluster {target.cluster}" if target.cluster else ""
    if kind and name and path:
        shown = f"'{path}'" if "[" in path else path
        draft.own(f"storyrunner explain {kind}/{name} {shown}{cluster}")
    elif draft.incurable:
        draft.own(draft.view.check(draft.command.task, *_kinds(expression)))


def _start(part: SimpleCommand) -> int:
    return part.words[0].start


def _end(word: Word) -> int:
    return word.start + len(word.raw)
