"""What a program can do with its arguments, by what we know of it; an unknown one at least writes.

Nothing here looks at the machine: the same text gives the same class everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from storyrunner.model.command_class import CommandClass
from storyrunner.stories.command_git import judge_git
from storyrunner.stories.command_kube import (
    judge_flux,
    judge_helm,
    judge_kubeconform,
    judge_kubectl,
    judge_kustomize,
    judge_yq,
)
from storyrunner.stories.command_parts import (
    Part,
    Words,
    has_option,
    names,
    opaque,
    operands,
    reads,
    writes,
)
from storyrunner.stories.command_wrappers import is_steering

READERS = names(
    "cat head tail grep egrep fgrep ls wc cut tr comm diff cmp test [ [[ echo printf true false : "
    "pwd basename dirname realpath readlink stat date seq jq yamllint column nl rev tac fold paste "
    "join expr od xxd hexdump base64 md5sum sha1sum sha256sum sha512sum b2sum cksum sleep uname id "
    "whoami hostname which type printenv nproc df du tree promtool envsubst uniq sort file rg "
    "ps uptime locale shellcheck hadolint kubectl-neat kube-score conftest opa"
)
BUILTINS = names(
    "[[ : type cd pushd popd export declare local readonly unset set shift return exit command "
    "exec builtin time read mapfile readarray typeset wait env true false echo test [ printf pwd"
)
"""Words that only a shell knows."""

_DANGER: dict[str, tuple[str, tuple[str, ...]]] = {
    "sort": ("oT", ("output", "compress-program", "temporary-directory")),
    "tree": ("o", ()),
    "date": ("s", ("set",)),
    "uniq": ("", ()),
    "hostname": ("bF", ("file", "boot")),
    "xxd": ("r", ("revert",)),
    "file": ("C", ("compile",)),
    "printf": ("v", ()),
    "yamllint": ("", ()),
    "rg": ("", ("pre", "hostname-bin")),
    "promtool": ("", ()),
    "opa": ("", ()),
    "conftest": ("", ()),
    "diff": ("", ()),
}
"""Readers that write or run with these options (letters, long names)."""

_RUNS_OTHERS = names("sort rg")
_NETWORK = names(
    "curl wget nc ncat netcat telnet ping ping6 dig nslookup host traceroute mtr openssl ssh scp "
    "sftp rsync ftp http https xh aria2c apt apt-get brew pip pip3 pipx uv npm npx pnpm yarn gem "
    "docker podman nerdctl crane skopeo oras cosign trivy grype syft renovate op vault sops aws az "
    "gcloud doctl terraform tofu pulumi ansible ansible-playbook restic rclone mc s3cmd socat nmap "
    "psql mysql redis-cli mongo mongosh etcdctl grpcurl websocat yt-dlp snap dnf yum apk asdf mise"
)
_CLUSTER = names(
    "cilium hubble talosctl argocd velero stern istioctl linkerd kubeadm kubectx kubens kubeseal "
    "helmfile kapp kn tkn virtctl calicoctl omnictl k3s k3d kind minikube cmctl pluto popeye "
    "kubectl-cnpg rook logcli amtool mimirtool vmctl vmalert-tool talhelper k0s k0sctl clusterctl"
)
_PUSH = names("gh glab hub twine")
_INTERACTIVE = names(
    "vi vim nvim nano emacs less more most man top htop btop k9s lazygit tig ssh-keygen passwd "
    "screen tmux fzf dialog whiptail select visudo crontab mutt gdb ftp telnet"
)
_WRITERS = names(
    "mkdir touch cp mv rm rmdir ln chmod chown tee install dd truncate patch unzip tar gzip gunzip "
    "zip prettier yamlfmt gofmt shfmt make task just split csplit mktemp mkfifo shred"
)
_SAFE_SED = re.compile(
    r"(?:-?n|-E|-r|-nE|-nr|-En)?|"
    r"(?:(?:\d+|\$|/[^/;{}]*/)(?:,(?:[+~]?\d+|\$|/[^/;{}]*/))?!?)?"
    r"(?:[pdq=]|s([/|#,@])(?:(?!\1)[^\\\n]|\\.)*\1(?:(?!\1)[^\\\n]|\\.)*\1[gpIi0-9]*)?"
)
_TOLD: dict[str, tuple[str, tuple[str, ...]]] = {
    "tar": ("IF", ("to-command", "checkpoint-action", "use-compress-program", "rsh-command")),
    "split": ("", ("filter",)),
    "zip": ("T", ("unzip-command",)),
    "install": ("s", ("strip",)),
    "prettier": ("", ("plugin", "config")),
}
"""Writers that run other programs with these options (letters, long names)."""

_PUSHING = names("push publish upload release")


def judge_program(name: str, args: Words) -> list[Part]:
    """The class of a program, by its name without a folder, with its arguments."""
    special = _SPECIAL.get(name)
    if special is not None:
        return special(args)
    if name in _INTERACTIVE:
        return [Part(CommandClass.INTERACTIVE, f"{name} needs somebody at the keyboard")]
    if name in READERS:
        return _reader(name, args)
    if name in _PUSH or (name in _NETWORK and any(word.text in _PUSHING for word in args)):
        return [Part(CommandClass.PUSH, f"{name} changes what others use")]
    if name in _CLUSTER:
        return [Part(CommandClass.CLUSTER, f"{name} reaches a cluster")]
    if name in _NETWORK:
        return _network(name, args)
    named = tuple(word.text for word in operands(args)[:6])
    if name == "make" and not has_option(args, "fCIE", ("file", "makefile", "directory", "eval")):
        runs = ("Makefile", "makefile", "GNUmakefile")
        return [Part(CommandClass.WRITE, "make runs its targets", ("Makefile",), runs)]
    if name in ("make", "task", "just"):
        return opaque(f"{name} runs a file that is not looked into")
    if name in _TOLD and has_option(args, *_TOLD[name]):
        return opaque(f"{name} is told to run another program")
    if name in _WRITERS:
        return writes(f"{name} changes files", *named)
    return [Part(CommandClass.WRITE, f"{name} is not known here", named, is_known=False)]


def _reader(name: str, args: Words) -> list[Part]:
    letters, long = _DANGER.get(name, ("", ()))
    if has_option(args, letters, long):
        if name in _RUNS_OTHERS and has_option(
            args, "", ("compress-program", "pre", "hostname-bin")
        ):
            return opaque(f"{name} is told to run another program")
        return writes(f"{name} writes with these options")
    if name == "tail" and has_option(args, "fF", ("follow", "retry")):
        return [Part(CommandClass.ENDLESS, "tail -f does not end by itself")]
    if name == "sleep" and any(word.text in ("inf", "infinity") for word in args):
        return [Part(CommandClass.ENDLESS, "it does not end by itself")]
    if name in ("uniq", "xxd") and len(operands(args)) > 1:
        return writes(f"{name} writes its second file", operands(args)[1].text)
    if name in ("promtool", "opa", "conftest") and not _is_check(args):
        return [Part(CommandClass.NETWORK, f"{name} may ask a server")]
    return reads(f"{name} only reads")


def _is_check(args: Words) -> bool:
    first = args[0].text if args else ""
    return first in ("check", "test", "verify", "--version", "version") and not has_option(
        args, "", ("update", "bundle", "http")
    )


def _network(name: str, args: Words) -> list[Part]:
    targets = tuple(word.text for word in operands(args)[-2:])
    if name in ("ping", "ping6") and not has_option(args, "c"):
        return [Part(CommandClass.ENDLESS, "ping without -c does not end by itself", targets)]
    if name in ("nc", "ncat", "netcat", "socat") and has_option(args, "lk"):
        return [Part(CommandClass.ENDLESS, f"{name} waits for connections", targets)]
    return [Part(CommandClass.NETWORK, f"{name} reaches the network", targets)]


def _sed(args: Words) -> list[Part]:
    if has_option(args, "i", ("in-place",)):
        return writes("sed -i changes files", *(word.text for word in operands(args)[-3:]))
    scripts: list[str] = []
    rest = list(args)
    while rest and rest[0].text.startswith("-"):
        option = rest.pop(0).text
        if option == "-e" and rest:
            scripts.append(rest.pop(0).text)
        elif option not in _SED_OPTIONS:
            return opaque(f"sed {option} may be a script that is not looked into")
    if any(word.text.startswith("-") for word in rest):
        return opaque("sed has options behind its script")
    scripts += [] if scripts else [word.text for word in rest[:1]]
    if all(_is_safe_sed(text) for text in scripts):
        return reads("sed only reads")
    return opaque("sed can run commands and write files")


_SED_OPTIONS = names("-n -E -r -u -z -nE -En -nr -rn --quiet --silent --regexp-extended --posix")


def _is_safe_sed(text: str) -> bool:
    return all(_SAFE_SED.fullmatch(part.strip()) for part in text.split(";"))


def _no_read(args: Words) -> list[Part]:
    if has_option(args, "pies"):
        return [Part(CommandClass.INTERACTIVE, "read asks")]
    return _no_steering(args)


def _no_steering(args: Words) -> list[Part]:
    """`export NAME=…` and its kin, and `read NAME`."""
    for word in args:
        name = word.text.partition("=")[0].rstrip("+")
        if word.text.startswith("-") and len(word.text) > 1:
            continue
        if is_steering(name) or not name.isidentifier():
            return opaque(f"{name or word.raw} can change what a program does")
    return reads("sets variables")


def _set(args: Words) -> list[Part]:
    if all(re.fullmatch(r"[-+][euxo]+|pipefail|errexit|nounset", word.text) for word in args):
        return reads("sets options of the shell")
    return _shell_only(args)


def _shell_only(_args: Words) -> list[Part]:
    return opaque("changes how the shell itself works")


def _tee(args: Words) -> list[Part]:
    named = [word.text for word in operands(args) if word.text != "/dev/null"]
    return writes("tee writes what it is sent", *named) if named else reads("tee passes on")


def _cd(_args: Words) -> list[Part]:
    return reads("goes to a folder")


_SPECIAL: dict[str, Callable[[Words], list[Part]]] = {
    "git": judge_git,
    "kubectl": judge_kubectl,
    "oc": judge_kubectl,
    "flux": judge_flux,
    "kustomize": judge_kustomize,
    "helm": judge_helm,
    "yq": judge_yq,
    "kubeconform": judge_kubeconform,
    "sed": _sed,
    "tee": _tee,
    "read": _no_read,
    "export": _no_steering,
    "declare": _no_steering,
    "typeset": _no_steering,
    "local": _no_steering,
    "readonly": _no_steering,
    "unset": _no_steering,
    "mapfile": _no_steering,
    "readarray": _no_steering,
    "set": _set,
    "cd": _cd,
    "pushd": _cd,
    "popd": _cd,
    "exit": _cd,
    "wait": _cd,
    **dict.fromkeys(
        names(
            "eval source . alias unalias trap enable hash shopt let coproc case select function "
            "bind complete exec ulimit umask jobs kill fc history getopts caller"
        ),
        _shell_only,
    ),
    "yes": lambda _args: [Part(CommandClass.ENDLESS, "yes never ends")],
}
