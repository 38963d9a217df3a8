"""The child process that renders a generated repository with the embedded engine.

`python -m benchmarks.renderer ROOT [--edit FILE]` prints one JSON line: seconds of the full render,
seconds of the render after FILE changed, objects, and kibibytes of memory at most. A process of its
own, so that its memory is its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from benchmarks.generated import CLUSTER, TOP
from storyrunner.gitops.book import BuildBook
from storyrunner.gitops.flux_build import FluxBuild
from storyrunner.model.rung import EngineChoice
from storyrunner.tools.process import OsRunner
from storyrunner.tools.toolbox import Toolbox


async def _measure(root: Path, edit: str, dump: str) -> dict[str, float]:
    runner = OsRunner()
    with BuildBook(root, runner, Toolbox(runner, ()), EngineChoice.EMBEDDED) as book:
        began = time.perf_counter()
        build = await book.flux(CLUSTER, TOP)
        full = time.perf_counter() - began
        again, changed = 0.0, 0
        if edit:
            file = root / edit
            before = file.read_text(encoding="utf-8")
            file.write_text(before + "# edited\n", encoding="utf-8")
            book.forget()
            began = time.perf_counter()
            rebuilt = await book.flux(CLUSTER, TOP)
            again = time.perf_counter() - began
            file.write_text(before, encoding="utf-8")
            changed = len(rebuilt.objects)
    if dump:
        _dump(build, Path(dump))
    if build.failures:
        raise build.failures[0]
    # On Linux in KiB.
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "full": full,
        "again": again,
        "objects": len(build.objects),
        "objects_again": changed,
        "memory_kib": memory,
    }


def _dump(build: FluxBuild, file: Path) -> None:
    with file.open("w", encoding="utf-8") as out:
        for one in build.objects:
            out.write(json.dumps({"owner": one.owner, "object": one.object.data}) + "\n")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.renderer")
    parser.add_argument("root", type=Path)
    parser.add_argument("--edit", default="", help="a file that changes, for the second render")
    parser.add_argument("--dump", default="", help="a file for the objects, as JSON lines")
    arguments = parser.parse_args()
    sys.stdout.write(
        json.dumps(asyncio.run(_measure(arguments.root, arguments.edit, arguments.dump)))
    )
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
