"""The commands of the story's T4 as a shell script, corrected so that they work without a cluster.

As written they do not: kubectl needs a server, `flux build` needs `--dry-run` and the file, and
builds no child without `--recursive` and its sources; and with `--dry-run` it resolves no
substituteFrom. So an API answers beforehand, and the script gets a tree of its own per cluster in
which every substituteFrom is replaced by its values: none of that is counted against the script.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storyrunner.gitops.documents import parse_documents
from storyrunner.gitops.emitter import dump_value
from storyrunner.gitops.flux_objects import is_flux_kustomization
from storyrunner.gitops.offline_api import OfflineApi

FOLDER = "kubernetes/infrastructure/security/cert-manager"
CLUSTERS = ("infra", "apps")

_QUESTIONS = (
    (
        "infra",
        'select(.kind == "ClusterIssuer" and .metadata.name == "letsencrypt-production")'
        " | .spec.acme.email",
        "LETSENCRYPT_EMAIL",
    ),
    ("apps", 'select(.kind == "Certificate") | .spec.dnsNames', "SECRET_DOMAIN"),
    (
        "infra",
        'select(.kind == "ExternalSecret" and .metadata.name == "cloudflare-api-token")'
        " | .spec.data[0].remoteRef.key",
        "CERTMANAGER_CLOUDFLARE_SECRET_PATH",
    ),
    (
        "infra",
        'select(.kind == "ExternalSecret" and .metadata.name == "cloudflare-api-token")'
        " | .spec.data[0].remoteRef.property",
        "",
    ),
)
"""Cluster, yq expression, and the setting whose value the answer must hold."""


def settings_of(tree: Path, cluster: str) -> dict[str, str]:
    """The variables of a cluster."""
    shown = f"kubernetes/clusters/{cluster}/cluster-settings.yaml"
    data: Mapping[str, str] = parse_documents((tree / shown).read_bytes(), shown)[0].value["data"]
    return dict(data)


def answers(tree: Path) -> list[str]:
    """What the script's output must hold, in order, to have worked."""
    return [
        settings_of(tree, cluster)[name] if name else "credential"
        for cluster, _, name in _QUESTIONS
    ]


def write_script(tree: Path, work: Path, api: OfflineApi) -> Path:
    """The script for the repository at `tree`, and the trees it builds, below `work`."""
    for cluster in CLUSTERS:
        _resolve(tree, work / cluster, cluster)
    manifests = sorted(
        path.name
        for path in (tree / FOLDER).iterdir()
        if path.suffix == ".yaml" and path.name != "kustomization.yaml"
    )
    files = " ".join(f"-f {FOLDER}/{name}" for name in manifests)
    lines = [
        "set -eu",
        f"cd {shlex.quote(str(work / CLUSTERS[0]))}",
        "export KUBECONFIG=" + shlex.quote(str(api.kubeconfig)),
        f"kubectl apply --dry-run=client --validate=false --cache-dir={api.cache} {files}",
        f"kustomize build {FOLDER} >/dev/null",
    ]
    for cluster, question, _ in _QUESTIONS:
        lines += [
            f"cd {shlex.quote(str(work / cluster))}",
            f"flux build kustomization cluster-{cluster}-infrastructure"
            " --path ./kubernetes/infrastructure --dry-run --recursive"
            " --local-sources GitRepository/flux-system/flux-system=./"
            f" --kustomization-file kubernetes/clusters/{cluster}/infrastructure.yaml"
            f" | yq {shlex.quote(question)}",
        ]
    script = work / "t4.sh"
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return script


def _resolve(tree: Path, copy: Path, cluster: str) -> None:
    """A copy in which the Flux Kustomizations hold their variables themselves."""
    shutil.copytree(tree, copy, ignore=shutil.ignore_patterns(".git"))
    variables = settings_of(tree, cluster)
    for path in copy.rglob("*.yaml"):
        documents = parse_documents(path.read_bytes(), path.name)
        values = [document.value for document in documents]
        if any(map(is_flux_kustomization, values)):
            texts = [dump_value(_inline(value, variables)) for value in values]
            path.write_text("---\n".join(texts), encoding="utf-8")


def _inline(value: Any, variables: Mapping[str, str]) -> Any:
    if not is_flux_kustomization(value):
        return value
    post = dict(value["spec"].get("postBuild") or {})
    if not post.pop("substituteFrom", None):
        return value
    post["substitute"] = dict(variables) | dict(post.get("substitute") or {})
    return {**value, "spec": {**value["spec"], "postBuild": post}}
