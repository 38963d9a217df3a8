"""The doctor's rules for kubectl and kustomize (semantics.md §4.1, §4.3, §5)."""

from __future__ import annotations

import posixpath

from storyrunner.stories.doctor_model import Draft, normal
from storyrunner.stories.shell_pipelines import SimpleCommand
from storyrunner.stories.story_paths import expand

_VALUED_NAMES = (
    "-n --namespace --context --cluster --user --kubeconfig -f --filename -k --kustomize -l"
    " --selector -o --output -s --server --token --field-selector -c --container --timeout"
)
_VALUED = frozenset(_VALUED_NAMES.split())
_SENDS = frozenset({"apply", "create", "replace", "delete"})


def examine_kubectl(draft: Draft, part: SimpleCommand) -> None:
    """A verb, an API server that is not there, validation switched off."""
    verb, files, kustomize = _read(part)
    dry = any(word in ("--dry-run", "--dry-run=client", "--dry-run=true") for word in part.argv)
    if not verb and len(part.argv) > 1 and not _asks_nothing(part):
        draft.error(
            "kubectl-no-verb", "kubectl has no verb: it stops at `unknown flag` or its help"
        )
    needs_server = dry and (verb in _SENDS or not verb) and (files or kustomize or not verb)
    if needs_server:
        draft.error(
            "kubectl-needs-server",
            "a client dry run asks an API server for its kinds, with --validate=false too",
        )
        if any(draft.view.is_folder(path) and draft.view.has_kustomization(path) for path in files):
            draft.error(
                "kubectl-kustomization-as-object",
                "-f with a folder also sends kustomization.yaml, a kind no server knows",
            )
    off = next((w for w in part.words if w.text in ("--validate=false", "--validate=ignore")), None)
    if off is not None:
        draft.warn(
            "kubectl-validate-false", f"{off.text} checks nothing, and needs a server anyway"
        )
        if not needs_server:
            draft.cut(off.start, off.start + len(off.raw) + 1, "")
    if needs_server:
        _offer(draft, [*files, *kustomize])


def _offer(draft: Draft, paths: list[str]) -> None:
    draft.incurable = True
    own = draft.view.check(draft.command.task, "dry_run") or draft.view.check_any("dry_run")
    draft.own(own)
    if own:
        return
    folders = dict.fromkeys(
        folder
        for path in paths
        for folder in (normal(path), posixpath.dirname(normal(path)))
        if folder and draft.view.has_kustomization(folder)
    )
    if folders:
        draft.stand_alone(
            f"kubectl kustomize {next(iter(folders))}",
            "renders the manifests; their fields are checked by no tool without schemas",
        )
    elif paths:
        draft.stand_alone(
            f"kubeconform -strict -summary -ignore-missing-schemas {' '.join(paths)}",
            "downloads schemas unless -schema-location names a folder of them",
        )


def examine_kustomize(draft: Draft, part: SimpleCommand) -> None:
    """`kustomize build DIR` and `kubectl kustomize DIR` of a folder without a kustomization."""
    argv = part.argv
    operands = [word for word in part.words if not word.text.startswith("-")][2:]
    if argv[1:2] not in (("build",), ("kustomize",)) or not operands:
        return
    word = operands[0]
    if word.expands or not draft.view.is_folder(word.text):
        return
    if draft.view.has_kustomization(word.text):
        return
    draft.error("kustomize-no-file", f"{word.text} has no kustomization.yaml")
    folder = normal(word.text)
    applied = next((one for one in draft.view.declared if one.path == folder), None)
    draft.incurable = True
    if applied is not None:
        draft.stand_alone(
            f"flux build kustomization {applied.name} --path ./{folder}"
            f" --kustomization-file ./{applied.file} --dry-run",
            "flux build makes one up while it runs",
        )


def _read(part: SimpleCommand) -> tuple[str, list[str], list[str]]:
    """The verb, what `-f` names and what `-k` names."""
    verb, files, kustomize = "", [], []
    arguments = list(part.argv[1:])
    while arguments:
        argument = arguments.pop(0)
        option, equals, value = argument.partition("=")
        if option in _VALUED:
            value = value if equals else arguments.pop(0) if arguments else ""
            if option in ("-f", "--filename"):
                files += expand(value)
            elif option in ("-k", "--kustomize"):
                kustomize.append(value)
        elif argument == "--":
            break
        elif not argument.startswith("-") and not verb:
            verb = argument
    return verb, files, kustomize


def _asks_nothing(part: SimpleCommand) -> bool:
    return any(word in ("--help", "-h", "--version") for word in part.argv)
