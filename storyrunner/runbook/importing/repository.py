"""The repository as the import of a story sees it: clusters, Flux Kustomizations, files.

It answers which Flux Kustomization applies a file or folder, the story's own ones included, and
for which clusters. It renders nothing.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storyrunner.errors import ManifestError
from storyrunner.gitops.clusters import find_clusters
from storyrunner.gitops.documents import YamlDocument, parse_documents
from storyrunner.gitops.flux_find import kustomizations_in
from storyrunner.gitops.flux_objects import FluxKustomization
from storyrunner.model.cluster import Cluster
from storyrunner.model.frozen import dataclass
from storyrunner.model.story import CodeBlock, Story
from storyrunner.runbook.importing.draft import Keys
from storyrunner.stories.bindings import Binding, bind_blocks
from storyrunner.stories.doctor import view_of
from storyrunner.stories.doctor_model import Declared, View, normal
from storyrunner.stories.doctor_reading import read_declared
from storyrunner.stories.lint_reading import read_names

_ANY_CLUSTER = re.compile(r"clusters/(?:<[\w-]+>|\{[\w-]+\}|\*|\$\{?\w+\}?)")
_WRITTEN = frozenset({"create", "update", "verify-or-update"})


@dataclass(frozen=True, slots=True)
class Target:
    """A Flux Kustomization that renders something, and the clusters it is built for.

    `file` declares it where no cluster's own file does. `clusters` empty: all of them."""

    name: str
    file: str
    clusters: tuple[str, ...]

    def each(self) -> list[Keys]:
        """What a step says of it: one set of keys for each cluster, one without for all."""
        base: Keys = {"flux": self.name}
        if self.file:
            base["file"] = self.file
        return [{**base, "cluster": name} for name in self.clusters] or [base]


@dataclass(frozen=True, slots=True)
class Repository:
    """`bindings` are those of the story by the line of their block; `made` the Flux Kustomizations
    that the story itself writes."""

    clusters: tuple[Cluster, ...]
    view: View
    bindings: Mapping[int, Binding]
    made: tuple[Declared, ...]
    named: tuple[str, ...]

    def target(self, name: str) -> Target | None:
        """The Flux Kustomization of a name."""
        for one in self.view.declared:
            if one.name == name and one.cluster:
                there = [o.cluster for o in self.view.declared if o.name == name and o.cluster]
                every = len(set(there)) == len(self.clusters)
                return Target(name, "", () if every else tuple(dict.fromkeys(there)))
        other = next((one for one in (*self.made, *self.view.declared) if one.name == name), None)
        return Target(name, other.file, self.named) if other and self.clusters else None

    def declared(self, one: Declared) -> Target | None:
        """The target of one declaration: in a cluster's file it is that cluster's alone."""
        if not self.clusters:
            return None
        if one.cluster:
            return Target(one.name, "", (one.cluster,))
        return Target(one.name, one.file, self.named)

    def applying(self, path: str) -> Target | None:
        """The Flux Kustomization that renders a file or folder: the one of its own folder, the
        story's own first, else the nearest above it that a cluster declares."""
        folder = normal(path)
        is_file = bool(posixpath.splitext(folder)[1])
        while is_file or folder:
            if not is_file:
                near = [one for one in (*self.made, *self.view.declared) if one.path == folder]
                if near:
                    return self.target(near[0].name)
            folder, is_file = posixpath.dirname(folder), False
        return None


def read_repository(root: Path, story: Story) -> Repository:
    """What the import needs to know of the repository at `root`. Reads files, never raises for what
    is in them."""
    files = read_names(root)
    declared = read_declared(root, files)
    clusters = find_clusters(root)
    bindings = {one.line: one for one in bind_blocks(story)}
    view = view_of(story, files, declared)
    return Repository(
        clusters, view, bindings, tuple(_made(story, bindings)), _named(story, clusters)
    )


def _named(story: Story, clusters: Sequence[Cluster]) -> tuple[str, ...]:
    """The clusters the story names by their folders; none when it names all, none or any."""
    if _ANY_CLUSTER.search(story.text):
        return ()
    text = story.text
    braces = re.findall(r"clusters/\{([\w,-]+)\}", text)
    listed = {name for group in braces for name in group.split(",")}
    found = [c for c in clusters if c.name in listed or re.search(_folder(c), text)]
    return () if len(found) == len(clusters) else tuple(one.name for one in found)


def _folder(cluster: Cluster) -> str:
    return rf"(?<![\w-]){re.escape(cluster.directory)}(?![\w-])"


def _made(story: Story, bindings: Mapping[int, Binding]) -> list[Declared]:
    found: list[Declared] = []
    for block in story.blocks:
        binding = bindings.get(block.line)
        if binding is None or binding.mode not in _WRITTEN or binding.fragment:
            continue
        for target in binding.targets:
            for one in _kustomizations(block, target):
                sources = tuple(str(source) for source in one.substitute_from)
                found.append(
                    Declared(
                        one.name,
                        one.namespace,
                        target,
                        normal(one.path),
                        str(one.source_ref),
                        bool(one.substitute),
                        sources,
                    )
                )
    return found


def _kustomizations(block: CodeBlock, path: str) -> list[FluxKustomization]:
    try:
        return kustomizations_in(documents_of(block, path))
    except ManifestError:
        return []  # a build of it says what is wrong


def documents_of(block: CodeBlock, path: str) -> tuple[YamlDocument, ...]:
    """The YAML of a block; nothing when it is none, which its write says."""
    try:
        return parse_documents(block.body, path)
    except ManifestError:
        return ()


def objects_of(block: CodeBlock, path: str) -> list[Mapping[str, Any]]:
    """The objects in a block: what has a kind and a name."""
    values = [document.value for document in documents_of(block, path)]
    return [
        value
        for value in values
        if isinstance(value, Mapping)
        and value.get("kind")
        and isinstance(value.get("metadata"), Mapping)
    ]
