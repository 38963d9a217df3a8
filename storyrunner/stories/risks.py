"""What a shell block reaches at worst, for the counts of `show`.

A first word decides, as in the reference counts. It is a statistic and no gate: whether a command
may run is decided where commands are parsed for good.
"""

from __future__ import annotations

import re

_ORDER = ("local_read", "kubectl_dryrun_client", "local_write", "network", "needs_cluster")
_CLUSTER = frozenset({"kubectl", "talosctl", "cilium", "ceph", "flux", "helm", "velero", "virtctl"})
_NETWORK = frozenset({"curl", "wget", "docker", "op", "mc", "dig", "nslookup", "ssh", "brew"})
_WRITES = frozenset({"mkdir", "cp", "mv", "rm", "touch", "tee", "ln", "chmod", "sed"})
_OFFLINE = {
    "flux": frozenset({"build", "version", "create", "--version"}),
    "helm": frozenset({"template", "lint", "version"}),
    "cilium": frozenset({"version"}),
    "kubectl": frozenset({"kustomize", "version"}),
}
_GIT_NETWORK = frozenset({"push", "pull", "fetch", "clone"})
_GIT_WRITES = frozenset({"add", "commit", "checkout", "merge", "rebase", "tag", "rm", "mv", "init"})
_SPLIT = re.compile(r"\|\|?|&&|;")
_HEREDOC = re.compile(r"<<-?[ ]*[\"']?(\w+)")


def block_risk(body: str) -> str:
    """The worst of the block's commands: `local_read`, `kubectl_dryrun_client`, `local_write`,
    `network` or `needs_cluster`."""
    worst = 0
    for command in _commands(body):
        for part in _SPLIT.split(command):
            worst = max(worst, _ORDER.index(_risk(part.split())))
    return _ORDER[worst]


def _commands(body: str) -> list[str]:
    """Logical lines without comments, lines joined, heredocs and quotes left out."""
    out: list[str] = []
    until, pending, quoted = "", "", False
    for line in body.splitlines():
        text = line.strip()
        if until:
            until = "" if text == until else until
            continue
        if quoted:
            quoted = line.count('"') % 2 == 0
            continue
        if not text or text.startswith("#"):
            continue
        pending = f"{pending} {text}".strip()
        if pending.endswith("\\"):
            pending = pending[:-1]
            continue
        heredoc = _HEREDOC.search(pending)
        until = heredoc[1] if heredoc else ""
        quoted = pending.replace('\\"', "").count('"') % 2 == 1
        out.append(pending)
        pending = ""
    return [*out, pending] if pending else out


def _risk(words: list[str]) -> str:
    if not words:
        return "local_read"
    name, rest = words[0], words[1:]
    if name == "git":
        verb = next((word for word in rest if not word.startswith("-")), "")
        if verb in _GIT_NETWORK:
            return "network"
        return "local_write" if verb in _GIT_WRITES else "local_read"
    if name in _CLUSTER:
        if name == "kubectl" and any(word.startswith("--dry-run=client") for word in rest):
            return "kubectl_dryrun_client"
        verb = next((word for word in rest if not word.startswith("-")), "")
        return "local_read" if {verb, *rest[:1]} & _OFFLINE.get(name, set()) else "needs_cluster"
    if name in _NETWORK:
        return "network"
    return "local_write" if name in _WRITES else "local_read"
