"""Story 06 `--check` against the shell script of its T4 commands."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.measure import Contender, command, measure
from benchmarks.result import Row, absent
from benchmarks.script import answers, write_script
from benchmarks.tools import ROOT, missing
from storyrunner.gitops.offline_api import KNOWN_CRDS, OfflineApi

WITH_TOOLS, EMBEDDED = 0.7, 0.4
PROGRAM = [sys.executable, "-c", "import sys; from storyrunner.cli import main; sys.exit(main())"]
_STORY = "cert-manager-issuers"


def run(env: dict[str, str], rounds: int, work: Path) -> list[Row]:
    """Two rows for each finished repository."""
    after = ROOT.parent / "shared" / "corpus" / "repo-after"
    rows = []
    for name in ("demo", *(["repo-after"] if after.is_dir() else [])):
        titles = (f"story 06 --check, {name}", f"story 06 --check --engine embedded, {name}")
        gone = missing(env, "flux", "kustomize", "kubectl", "yq", "git")
        if gone:
            rows += [absent(titles[0], WITH_TOOLS, gone), absent(titles[1], EMBEDDED, gone)]
            continue
        tree = finished_demo(work, env) if name == "demo" else _committed(after, work / name, env)
        rows += _measure(titles, tree, env, rounds)
    return rows


def _measure(titles: tuple[str, str], tree: Path, env: dict[str, str], rounds: int) -> list[Row]:
    work = tree.with_name(f"{tree.name}-script")
    with OfflineApi(KNOWN_CRDS) as api:
        path = write_script(tree, work, api)
        check = _holds(answers(tree))
        script = Contender("script", command(["sh", str(path)], cwd=work, env=env, check=check))
        argv = [*PROGRAM, "--check", _STORY, "-C", str(tree), "--fresh"]
        ours = [
            Contender(
                engine, command([*argv, "--engine", engine], cwd=work, env=env, check=_proven)
            )
            for engine in ("auto", "embedded")
        ]
        measure([script, *ours], rounds)
    return [
        Row(
            title,
            one.wall / script.wall,
            budget,
            detail=f"{one.wall:.2f} s against {script.wall:.2f} s of the script",
            note=f"processor time: {one.cpu:.2f} s against {script.cpu:.2f} s",
            figures={
                "ours": one.wall,
                "script": script.wall,
                "ours_cpu": one.cpu,
                "script_cpu": script.cpu,
            },
        )
        for title, one, budget in zip(titles, ours, (WITH_TOOLS, EMBEDDED), strict=True)
    ]


def _holds(wanted: list[str]) -> Callable[[str], None]:
    """The script worked only if it printed the right values in the right order."""

    def check(said: str) -> None:
        at = 0
        for value in wanted:
            found = said.find(value, at)
            if found < 0:
                raise RuntimeError(f"the script did not find {value!r}: {said[-2000:]}")
            at = found + len(value)

    return check


def _proven(said: str) -> None:
    if "7/7 proven" not in said:
        raise RuntimeError(f"not all criteria are proven: {said[-2000:]}")


def finished_demo(work: Path, env: dict[str, str]) -> Path:
    """The demo repository after a whole walk."""
    tree = work / "demo"
    command([*PROGRAM, "demo", str(tree), "--yes"], cwd=work, env=env)()
    return tree


def _committed(source: Path, tree: Path, env: dict[str, str]) -> Path:
    """A read-only folder as a git repository of our own."""
    shutil.copytree(source, tree)
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    author = ["-c", "user.name=Bench", "-c", "user.email=bench@example.com"]
    for args in (["init", "-q"], ["add", "-A"], [*author, "commit", "-q", "-m", "start"]):
        command(["git", *args], cwd=tree, env=env)()
    return tree
