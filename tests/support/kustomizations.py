"""Kustomization trees that both the embedded renderer and the real kustomize must judge alike.

They stand in `tests/unit/kustomize/trees`, a file per theme. `BUILDS` render in both, `FAILURES`
are errors in both, `REFUSALS` are what the embedded renderer must name as beyond it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[1] / "unit" / "kustomize" / "trees"
EXPECTED = FOLDER / "_expected.json"
"""The objects of `BUILDS` by name, as the real kustomize gave them."""


@dataclass(frozen=True)
class Tree:
    """A named tree of files; `directory` is the one to build.

    `expect` is a part of the error's text, or of the refused feature's name. `renders_elsewhere` is
    False for refused ones that kustomize cannot build either: without a network, plugins, charts.
    """

    name: str
    files: Mapping[str, str | bytes]
    directory: str = "."
    expect: str = ""
    renders_elsewhere: bool = True

    def write(self, folder: Path) -> Path:
        """The files below `folder`, which is returned."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder


def _load(theme: str) -> list[Tree]:
    shared = yaml.safe_load((FOLDER / "_shared.yaml").read_text(encoding="utf-8"))
    entries = yaml.safe_load((FOLDER / f"{theme}.yaml").read_text(encoding="utf-8"))
    return [_read_entry(entry, shared) for entry in entries]


def _read_entry(entry: dict[str, Any], shared: dict[str, str]) -> Tree:
    files = {
        name: shared[text[1:]] if isinstance(text, str) and text.startswith("$") else text
        for name, text in entry.pop("files").items()
    }
    return Tree(files=files, **entry)


BUILDS = [
    tree
    for theme in (
        "resources",
        "components",
        "namespaces",
        "names",
        "labels",
        "images",
        "generators",
        "patches",
        "replacements",
    )
    for tree in _load(theme)
]
FAILURES = _load("failures")
REFUSALS = _load("refusals")
