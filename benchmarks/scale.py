"""A generated repository of 500 Flux Kustomizations and 5,000 objects, rendered without any tool.

Against `kubectl kustomize` per folder, against Flux's own libraries in one Go process, against
itself at smaller sizes, and against itself after one file has changed.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.generated import CLUSTER, Generated, generate
from benchmarks.measure import Contender, Cost, command, measure
from benchmarks.result import Row, absent
from benchmarks.tools import missing
from storyrunner.gitops.tree_state import RACY

KUBECTL, ORACLE, MEMORY, EXPONENT, AGAIN = 0.5, 5.0, 600.0, 1.15, 0.05
SIZES = (50, 100, 200, 500)
"""Applications of ten objects each."""
SAMPLE = 40
"""Folders that kubectl builds in a round; the figure is scaled to all of them."""


@dataclass(slots=True)
class _Renders:
    """What the rendering child says of itself, run after run."""

    made: Generated
    env: dict[str, str]
    figures: list[dict[str, float]] = field(default_factory=list)

    def run(self, *more: str) -> Cost:
        argv = [sys.executable, "-m", "benchmarks.renderer", str(self.made.root), *more]
        said: list[str] = []
        cost = command(argv, cwd=self.made.root, env=self.env, check=said.append)()
        figures = json.loads(said[0])
        if figures["objects"] != self.made.objects:
            raise RuntimeError(f"{figures['objects']} objects instead of {self.made.objects}")
        self.figures.append(figures)
        return cost

    def median(self, name: str) -> float:
        return statistics.median(figures[name] for figures in self.figures)


def run(env: dict[str, str], rounds: int, work: Path) -> list[Row]:
    """Five rows."""
    sizes = {apps: generate(work / str(apps), apps) for apps in SIZES}
    full = sizes[SIZES[-1]]
    time.sleep(RACY + 0.5)  # an engineer's files are older than their stamps are coarse
    rounds = max(3, rounds // 2)
    renders, again = _Renders(full, env), _Renders(full, env)
    edited = f"{full.folder(1)}/workload.yaml"
    ours = Contender("embedded", renders.run)
    twice = Contender("embedded, twice", lambda: again.run("--edit", edited))
    others = []
    if not missing(env, "kubectl"):
        others.append(Contender("kubectl", _kubectl(full, env)))
    if not missing(env, "storyrunner-oracle"):
        others.append(Contender("oracle", _oracle(full, env, work)))
    measure([ours, twice, *others], rounds, warm=False)
    found = {one.name: one for one in others}
    return [
        _against("kubectl kustomize per folder", KUBECTL, ours.wall, found.get("kubectl"), _scaled),
        _against("one Go process", ORACLE, ours.wall, found.get("oracle"), ""),
        Row(
            "memory, 5,000 objects",
            again.median("memory_kib") / 1024,
            MEMORY,
            "MB",
            detail="the whole process, two renders and all objects kept",
        ),
        _linear(sizes, env, rounds, renders),
        Row(
            "render again after one file changed",
            again.median("again") / again.median("full"),
            AGAIN,
            detail=f"{again.median('again'):.3f} s against {again.median('full'):.2f} s for all",
            figures={"again": again.median("again"), "full": again.median("full")},
        ),
    ]


_scaled = f"{SAMPLE} folders of the 500 built in every round, scaled"


def _against(name: str, budget: float, seconds: float, other: Contender | None, note: str) -> Row:
    title = f"5,000 objects, against {name}"
    if other is None:
        return absent(title, budget, "not installed (make tools)")
    return Row(
        title,
        seconds / other.wall,
        budget,
        detail=f"{seconds:.2f} s against {other.wall:.2f} s, whole processes",
        note=note,
        figures={"ours": seconds, "other": other.wall},
    )


def _linear(sizes: dict[int, Generated], env: dict[str, str], rounds: int, full: _Renders) -> Row:
    """The exponent of a power law through the medians of all sizes: 1 is linear."""
    all_renders = {apps: _Renders(made, env) for apps, made in sizes.items() if made != full.made}
    measure(
        [Contender(str(apps), one.run) for apps, one in all_renders.items()], rounds, warm=False
    )
    points = {apps: one.median("full") for apps, one in all_renders.items()}
    points[full.made.apps] = full.median("full")
    exponent = slope([(math.log(apps), math.log(value)) for apps, value in points.items()])
    shown = ", ".join(f"{apps * 10}: {value:.2f} s" for apps, value in points.items())
    return Row(
        "cost grows with objects to the power of",
        exponent,
        EXPONENT,
        "",
        detail=shown,
        figures={str(apps * 10): value for apps, value in points.items()},
    )


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the line through points, by least squares."""
    middle_x = statistics.mean(x for x, _ in points)
    middle_y = statistics.mean(y for _, y in points)
    above = sum((x - middle_x) * (y - middle_y) for x, y in points)
    return above / sum((x - middle_x) ** 2 for x, _ in points)


def _kubectl(made: Generated, env: dict[str, str]) -> Any:
    step = made.apps // SAMPLE
    folders = [made.folder(number) for number in range(0, made.apps, step)][:SAMPLE]
    runs = [command(["kubectl", "kustomize", one], cwd=made.root, env=env) for one in folders]
    scale = made.apps / len(runs)

    def run() -> Cost:
        costs = [one() for one in runs]
        return Cost(sum(c.wall for c in costs) * scale, sum(c.cpu for c in costs) * scale)

    return run


def _oracle(made: Generated, env: dict[str, str], work: Path) -> Any:
    """Every Kustomization in one process, its variables handed over."""
    requests = work / "requests.jsonl"
    files = [CLUSTER.kustomizations, *(made.flux_file(number) for number in range(made.apps))]
    lines = [
        json.dumps(
            {
                "root": str(made.root),
                "kustomization": str(made.root / file),
                "objects": [made.settings],
                "strict": True,
            }
        )
        for file in files
    ]
    requests.write_text("\n".join(lines) + "\n", encoding="utf-8")
    script = f"storyrunner-oracle render-all <{requests} >{work}/rendered.jsonl"
    timed = command(["sh", "-c", script], cwd=made.root, env=env)

    def run() -> Cost:
        cost = timed()
        with (work / "rendered.jsonl").open(encoding="utf-8") as rendered:
            answers = [json.loads(line) for line in rendered]
        wrong = [answer["err"] for answer in answers if answer.get("err")]
        if wrong:
            raise RuntimeError(f"the oracle refuses: {wrong[0]}")
        count = sum(len(answer["objects"]) for answer in answers)
        if count != made.objects:
            raise RuntimeError(f"the oracle renders {count} objects instead of {made.objects}")
        return cost

    return run
