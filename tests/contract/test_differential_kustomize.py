"""The embedded renderer against `kustomize build`: forms of every field, and random trees.

Every tree must give the same objects or fail in both. What the embedded renderer refuses must be
in `REFUSALS`; the trees of `support.kustomizations` are compared in `test_kustomize_differential`.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from storyrunner.errors import RefusedFeatureError, StoryrunnerError
from storyrunner.gitops.kustomize.engine import render
from storyrunner.gitops.objects import parse_objects
from tests.support.comparing import fuzz_seconds, require_same
from tests.support.figures import count
from tests.support.generated_kustomizations import ROOT, trees
from tests.support.kustomizations import BUILDS, FAILURES, Tree
from tests.support.overlays import OVERLAYS

REFUSALS = {
    "the name ": "a number where a name or an untyped field stands: only lost quotes could tell",
    "a replacement with ": "a number or date that is not written as JSON would write it",
    "a replacement of a null": "kustomize's versions disagree",
    "a replacement that fills a null": "the same",
    "a replacement that creates an empty field": "an empty text or a null, as later steps decide",
    "a replacement of a scalar by a map or a list": "kustomize writes what it cannot read back",
    "a replacement from a fractional number": "its text is lost",
    "a replacement inside structured text": "new in 5.8",
    "a patch that puts ": "a number in place of a text whose quotes are not known",
    "merging a generated Secret": "5.8.1 and 5.8.2 disagree about stringData",
    "merging into ": "data that are no texts, which no cluster takes",
    "labels with includeTemplates for volumeClaimTemplates": "5.8.1 and 5.8.2 disagree",
    "a hash suffix for kind": "a replacement made a generated object another kind",
    "the pattern ": "Go and Python read it differently",
    "the ambiguous path ": "kustomize's versions disagree",
    "a namespace for kind ": "5.8.1 and 5.8.2 disagree about its scope",
    "images for image volumes": "5.8.1 and 5.8.2 disagree",
    "the digest of ": "5.8.1 and 5.8.2 disagree",
}
"""What random trees may meet: the beginning of the refusal, and why there is one."""

SEED = int(os.environ.get("STORYRUNNER_FUZZ_SEED", "1"))
SECONDS = 40.0
ROUND = 60
PHASES = [Phase.generate] + [Phase.shrink] * ("STORYRUNNER_FUZZ_SHRINK" in os.environ)
"""Shrinking spawns thousands of processes: it is done when asked for."""


def kustomize_build(tool: Path, folder: Path) -> list[Any] | str:
    """The objects in order of accumulation, or the error."""
    command = [str(tool), "build", "--load-restrictor=LoadRestrictionsNone", "--reorder=none", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    if done.returncode:
        return done.stderr.decode("utf-8", "replace")
    return [one.data for one in parse_objects(done.stdout.decode(), "kustomize build")]


def judge(tool: Path, folder: Path, directory: str) -> str:
    """`same`, `both fail` or `refused`. Fails when the two differ."""
    theirs = kustomize_build(tool, folder / directory)
    try:
        ours = [one.data for one in render(folder, directory).objects]
    except StoryrunnerError as error:
        return judge_error(error, theirs)
    assert not isinstance(theirs, str), f"only kustomize fails: {theirs}"
    require_same(ours, theirs, "kustomize build")
    return "same"


def judge_error(error: StoryrunnerError, theirs: list[Any] | str) -> str:
    """What the embedded renderer's error means beside kustomize's answer."""
    if isinstance(error, RefusedFeatureError):
        assert error.message.startswith(tuple(REFUSALS)), f"not listed: {error}"
        assert error.place is not None
        return "refused"
    assert isinstance(theirs, str), f"only the embedded renderer fails: {error}"
    return "both fail"


@pytest.mark.parametrize("tree", OVERLAYS, ids=lambda tree: tree.name)
def test_every_form_of_every_field_gives_the_same_objects(
    tree: Tree, tmp_path: Path, real_kustomize: Path, pytestconfig: pytest.Config
) -> None:
    assert judge(real_kustomize, tree.write(tmp_path), tree.directory) == "same"
    count(pytestconfig, "kustomizations of our own, by form")


def test_there_are_enough_kustomizations(pytestconfig: pytest.Config) -> None:
    names = [tree.name for tree in (*BUILDS, *OVERLAYS)]
    assert len(names) == len(set(names)) >= 120
    count(pytestconfig, "kustomizations of our own, odd ones", len(BUILDS))
    count(pytestconfig, "kustomizations of our own, failures", len(FAILURES))


def test_random_trees_give_the_same_objects(
    real_kustomize: Path, pytestconfig: pytest.Config
) -> None:
    end, number = time.monotonic() + fuzz_seconds(SECONDS), SEED

    def check(files: Mapping[str, str | bytes]) -> None:
        with TemporaryDirectory() as folder:
            tree = Tree("random", files, ROOT).write(Path(folder).resolve())
            verdict = judge(real_kustomize, tree, ROOT)
        count(pytestconfig, f"random kustomizations: {verdict}")

    while time.monotonic() < end:
        bounded = settings(
            max_examples=ROUND, deadline=None, database=None, print_blob=True,
            suppress_health_check=list(HealthCheck), phases=PHASES,
        )  # fmt: skip
        seed(number)(bounded(given(trees())(check)))()
        number += 1
