"""The embedded renderer and the real kustomize on the same trees: same objects, same failures.

Run as a module (`python -m tests.contract.test_kustomize_differential KUSTOMIZE`) it writes the
expected objects of the unit tests anew.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from storyrunner.errors import RefusedFeatureError, StoryrunnerError
from storyrunner.gitops.documents import parse_documents
from storyrunner.gitops.kustomize.engine import render
from tests.support.kustomizations import BUILDS, EXPECTED, FAILURES, REFUSALS, Tree

FIFO = "\nsortOptions: {order: fifo}\n"


def _named(tree: Tree) -> str:
    return tree.name


def _build(kustomize: Path, folder: Path) -> list[Any] | None:
    """The objects kustomize gives, None when it fails."""
    command = [str(kustomize), "build", "--load-restrictor", "LoadRestrictionsNone", str(folder)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    if done.returncode:
        return None
    return [one.value for one in parse_documents(done.stdout, "kustomize's output")]


def _build_in_order(kustomize: Path, tree: Tree, folder: Path) -> list[Any] | None:
    """The same in order of accumulation: the root file of a copy says so."""
    copy = folder / "copy"
    tree.write(copy)
    root = copy / tree.directory
    for name in ("kustomization.yaml", "kustomization.yml", "Kustomization"):
        path = root / name
        if path.is_file() and "sortOptions" not in path.read_text(encoding="utf-8"):
            path.write_text(path.read_text(encoding="utf-8").rstrip() + FIFO, encoding="utf-8")
    try:
        return _build(kustomize, root)
    finally:
        shutil.rmtree(copy)


@pytest.mark.tools
@pytest.mark.parametrize("tree", BUILDS, ids=_named)
def test_both_give_the_same_objects(tree: Tree, tmp_path: Path, real_kustomize: Path) -> None:
    ours = [one.data for one in render(tree.write(tmp_path / "tree"), tree.directory).objects]
    theirs = _build_in_order(real_kustomize, tree, tmp_path)

    assert ours == theirs
    assert json.loads(EXPECTED.read_text(encoding="utf-8"))[tree.name] == theirs


@pytest.mark.tools
@pytest.mark.parametrize("tree", FAILURES, ids=_named)
def test_both_fail(tree: Tree, tmp_path: Path, real_kustomize: Path) -> None:
    folder = tree.write(tmp_path)

    assert _build(real_kustomize, folder / tree.directory) is None
    with pytest.raises(StoryrunnerError):
        render(folder, tree.directory)


@pytest.mark.tools
@pytest.mark.parametrize("tree", [tree for tree in REFUSALS if tree.renders_elsewhere], ids=_named)
def test_what_is_refused_is_something_kustomize_can_do(
    tree: Tree, tmp_path: Path, real_kustomize: Path
) -> None:
    folder = tree.write(tmp_path)

    assert _build(real_kustomize, folder / tree.directory) is not None
    with pytest.raises(RefusedFeatureError):
        render(folder, tree.directory)


def _write_expected(kustomize: Path) -> None:
    found: dict[str, list[Any] | None] = {}
    for tree in BUILDS:
        with tempfile.TemporaryDirectory() as folder:
            found[tree.name] = _build_in_order(kustomize, tree, Path(folder))
    text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=True)
    EXPECTED.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write_expected(Path(sys.argv[1]))
