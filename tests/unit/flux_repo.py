"""A small GitOps repository of our own for tests of the Flux layers, and a toy Kustomizer."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storyrunner.errors import Place
from storyrunner.gitops.documents import load_file, parse_documents
from storyrunner.gitops.flux_objects import FluxKustomization, read_kustomization
from storyrunner.model.cluster import Cluster

EAST = Cluster(
    "east", "clusters/east", "clusters/east/settings.yaml", "clusters/east/flux.yaml", "settings"
)

SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: flux-system
data:
  DOMAIN: east.example.org  # the zone
  REGION: eu
"""


def flux(name: str, path: str, *, extra: str = "", source: str = "flux-system") -> str:
    """A Flux Kustomization as text; `extra` is more of its spec, indented by two."""
    return (
        "---\n"
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\n"
        "kind: Kustomization\n"
        "metadata:\n"
        f"  name: {name}\n"
        "  namespace: flux-system\n"
        "spec:\n"
        f"  path: {path}\n"
        "  sourceRef:\n"
        "    kind: GitRepository\n"
        f"    name: {source}\n"
        f"{extra}"
    )


FROM_SETTINGS = """\
  postBuild:
    substituteFrom:
      - kind: ConfigMap
        name: settings
"""


def config(name: str, **data: str) -> str:
    """A ConfigMap as text."""
    lines = "".join(f"  {key}: {value}\n" for key, value in data.items())
    return f"---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n{lines}"


def write(tree: Path, files: Mapping[str, str]) -> Path:
    """Files below `tree`, with their folders."""
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tree


def repository(tree: Path, files: Mapping[str, str] | None = None) -> Path:
    """Cluster east: `top` builds ./base, which applies the child `web`, which builds ./web."""
    return write(
        tree,
        {
            "clusters/east/settings.yaml": SETTINGS,
            "clusters/east/flux.yaml": flux("top", "./base", extra=FROM_SETTINGS),
            "base/ks.yaml": flux("web", "./web", extra=FROM_SETTINGS),
            "base/zone.yaml": config("zone", domain="${DOMAIN}"),
            "web/kustomization.yaml": "resources:\n  - page.yaml\n",
            "web/page.yaml": config("page", url="https://${DOMAIN}/"),
            **(files or {}),
        },
    )


def kustomization(text: str) -> FluxKustomization:
    """The Flux Kustomization that a text holds, in a file called ks.yaml."""
    document = parse_documents(text, "ks.yaml")[0]
    return read_kustomization(document.value, document, document.place())


def spec(extra: str = "", path: str = "./app") -> FluxKustomization:
    """A Flux Kustomization called `app` with more of a spec."""
    return kustomization(flux("app", path, extra=extra))


class ToyKustomizer:
    """Resources and namespace only: enough to see what the Flux layers ask for and make of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, Any] | None]] = []

    async def build(
        self, tree: Path, directory: str, root: Mapping[str, Any] | None = None
    ) -> Sequence[Mapping[str, Any]]:
        self.asked.append((directory, root))
        return self._build(tree, directory, root)

    def _build(
        self, tree: Path, directory: str, root: Mapping[str, Any] | None
    ) -> list[dict[str, Any]]:
        if root is None:
            root = load_file(tree / directory / "kustomization.yaml", directory)[0].value
        found: list[dict[str, Any]] = []
        for entry in root.get("resources", ()):
            path = tree / directory / entry
            if path.is_dir():
                found += self._build(tree, f"{directory}/{entry}", None)
            else:
                found += [copy.deepcopy(one.value) for one in load_file(path, str(path))]
        for one in found:
            if root.get("namespace"):
                one["metadata"]["namespace"] = root["namespace"]
        return found


def line(place: Place | None) -> str:
    """`path:line`, without the column."""
    assert place is not None
    return f"{place.path}:{place.line}"
