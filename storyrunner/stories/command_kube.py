"""What the tools of the trade can do: kubectl, flux, kustomize, helm, yq, kubeconform."""

from __future__ import annotations

from storyrunner.model.command_class import CommandClass
from storyrunner.stories.command_parts import (
    Part,
    Words,
    has_option,
    opaque,
    operands,
    reads,
    value_of,
    writes,
)

_ASKS = frozenset({"edit", "attach"})
_ENDLESS = frozenset({"port-forward", "proxy"})
_REMOTE = ("http://", "https://", "oci://", "git@", "ssh://", "git://", "github.com")


def judge_kubectl(args: Words) -> list[Part]:
    """Everything but a few commands about files reaches the cluster."""
    verb = _verb(args, "-n", "--namespace", "--context", "--kubeconfig", "-s", "--server")
    if verb in _ASKS or (verb in ("exec", "run", "debug") and has_option(args, "it", ("stdin",))):
        return [Part(CommandClass.INTERACTIVE, f"kubectl {verb} needs somebody at the keyboard")]
    if verb in _ENDLESS or _watches(args):
        return [Part(CommandClass.ENDLESS, f"kubectl {verb} does not end by itself", _target(args))]
    if any(word.text.startswith("--kubeconfig") for word in args):
        return _cluster("kubectl", verb, args)
    if verb == "kustomize":
        return _kustomize_build(args)
    if verb == "version" and _is_on(args, "--client"):
        return reads("kubectl tells its own version")
    if not verb and _says(args, "--help", "-h"):
        return reads("kubectl tells about itself")
    if verb == "create" and _is_client_side(args):
        return reads("kubectl create --dry-run=client prints a manifest")
    return _cluster("kubectl", verb, args)


def judge_flux(args: Words) -> list[Part]:
    """A build with `--dry-run` reads files; everything else reaches the cluster or a registry."""
    verb = _verb(args, "-n", "--namespace", "--context", "--kubeconfig")
    if any(word.text.startswith("--kubeconfig") for word in args):
        return _cluster("flux", verb, args)
    if verb in ("push", "tag", "bootstrap"):
        return [Part(CommandClass.PUSH, f"flux {verb} changes what others use", _target(args))]
    if verb in ("pull", "list"):
        return [Part(CommandClass.NETWORK, f"flux {verb} asks a registry", _target(args))]
    if _watches(args):
        return [Part(CommandClass.ENDLESS, f"flux {verb} does not end by itself")]
    if verb == "envsubst" or (verb == "version" and _is_on(args, "--client")):
        return reads(f"flux {verb} asks nobody")
    if not verb and _says(args, "--version", "-v", "--help", "-h"):
        return reads("flux tells about itself")
    if verb == "build" and _is_on(args, "--dry-run"):
        return _remote_or(args, "flux build --dry-run reads files")
    if verb == "create" and _is_on(args, "--export"):
        return reads("flux create --export prints a manifest")
    return _cluster("flux", verb, args)


def judge_kustomize(args: Words) -> list[Part]:
    """A build reads files, unless it is told to run or to write something."""
    verb = _verb(args)
    if verb == "build":
        return _kustomize_build(args)
    if verb in ("version", "help", ""):
        return reads("kustomize tells about itself")
    if verb in ("fn", "cfg"):
        return opaque(f"kustomize {verb} runs functions")
    return writes(f"kustomize {verb} changes files")


def _kustomize_build(args: Words) -> list[Part]:
    if has_option(args, "", ("enable-exec", "enable-alpha-plugins", "enable-helm", "helm-command")):
        return opaque("kustomize is told to run other programs")
    if has_option(args, "o", ("output",)):
        return writes("kustomize writes what it builds", value_of(args, "-o", "--output"))
    return _remote_or(args, "kustomize build reads files")


def judge_helm(args: Words) -> list[Part]:
    """Templates of a local chart are read; repositories are asked; all else is the cluster's."""
    verb = _verb(args, "-n", "--namespace", "--kube-context")
    if has_option(args, "", ("post-renderer",)) or verb == "plugin":
        return opaque("helm is told to run another program")
    if verb == "push":
        return [Part(CommandClass.PUSH, "helm push sends to a registry", _target(args))]
    if verb in ("repo", "pull", "fetch", "dependency", "dep", "search", "registry"):
        return [Part(CommandClass.NETWORK, f"helm {verb} asks a repository", _target(args))]
    if verb in ("template", "lint", "show") and not has_option(args, "", ("validate",)):
        chart = [word.text for word in operands(args)[1:]]
        is_local = any(text.startswith(("./", "../")) for text in chart)
        if not is_local or has_option(args, "", ("repo", "dependency-update")):
            return [Part(CommandClass.NETWORK, f"helm {verb} may fetch the chart", _target(args))]
        if has_option(args, "", ("output-dir",)):
            return writes("helm template writes files", value_of(args, "--output-dir"))
        return _remote_or(args, f"helm {verb} reads a chart")
    if verb in ("version", "help", "env", ""):
        return reads("helm tells about itself")
    return _cluster("helm", verb, args)


def judge_yq(args: Words) -> list[Part]:
    """Reads, unless it edits in place."""
    if has_option(args, "iIsw", ("inplace", "in-place", "split-exp", "in-place", "write")):
        if value_of(args, "-I", "--indent") and not has_option(args, "isw", ("inplace",)):
            return reads("yq only reads")
        return writes("yq edits files in place", *_files(args))
    return reads("yq only reads")


def judge_kubeconform(args: Words) -> list[Part]:
    """Schemas come from the network, unless only local ones are named."""
    if _says(args, "-v", "-h", "--version", "--help"):
        return reads("kubeconform tells about itself")
    named = [
        args[index + 1].text if word.text.endswith("-schema-location") else word.text
        for index, word in enumerate(args[:-1])
        if "schema-location" in word.text
    ]
    named = [text.rpartition("schema-location=")[2] for text in named]
    if not named or any(text == "default" or "://" in text for text in named):
        return [
            Part(CommandClass.NETWORK, "kubeconform fetches schemas", ("its schema locations",))
        ]
    if has_option(args, "", ("cache",)):
        return writes("kubeconform writes its cache", value_of(args, "-cache", "--cache"))
    return reads("kubeconform with local schemas only reads")


def _verb(args: Words, *with_value: str) -> str:
    """The first argument that is neither an option nor the value of one of `with_value`."""
    skip = False
    for word in args:
        if skip:
            skip = False
        elif word.text in with_value:
            skip = True
        elif not word.text.startswith("-"):
            return word.text
    return ""


def _watches(args: Words) -> bool:
    texts = [word.text for word in args]
    follows = any(text in ("-f", "--follow", "--follow=true") for text in texts)
    is_log = "logs" in texts or "log" in texts
    return has_option(args, "w", ("watch", "watch-only")) or (is_log and follows)


def _is_client_side(args: Words) -> bool:
    dry = [word.text for word in args if word.text.startswith("--dry")]
    return dry == ["--dry-run=client"] and not has_option(args, "fkR", ("filename", "kustomize"))


def _remote_or(args: Words, reason: str) -> list[Part]:
    remote = [word.text for word in args if any(sign in word.text for sign in _REMOTE)]
    if remote:
        return [Part(CommandClass.NETWORK, f"fetches {remote[0]}", (remote[0],))]
    return reads(reason)


def _cluster(tool: str, verb: str, args: Words) -> list[Part]:
    reason = f"{tool} {verb}".strip() + " reaches a cluster"
    return [Part(CommandClass.CLUSTER, reason, _target(args))]


def _target(args: Words) -> tuple[str, ...]:
    context = value_of(args, "--context", "--kube-context", "--kubeconfig")
    return (context or "the current context",)


def _files(args: Words) -> tuple[str, ...]:
    named = [
        word.text for word in operands(args) if "/" in word.text or word.text.endswith(".yaml")
    ]
    return tuple(named[-4:])


def _is_on(args: Words, option: str) -> bool:
    """Whether a switch is on; one that is also put off somewhere is not."""
    given = [word.text for word in args if word.text.partition("=")[0] == option]
    return bool(given) and all(text in (option, f"{option}=true") for text in given)


def _says(args: Words, *options: str) -> bool:
    return any(word.text in options for word in args)
