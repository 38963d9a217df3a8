"""`python -m benchmarks`: measure every budget, print the table, exit 1 when one is over."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import again, parsing, scale, startup, story
from benchmarks.result import Row, as_json, machine, table
from benchmarks.tools import shared_environment

BENCHMARKS: dict[str, Callable[[dict[str, str], int, Path], list[Row]]] = {
    "startup": lambda env, rounds, _: startup.run(env, rounds),
    "story": story.run,
    "again": again.run,
    "scale": scale.run,
    "parsing": parsing.run,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what is not skipped."""
    arguments = _parse(argv)
    before = machine()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="storyrunner-bench-") as folder:
        work = Path(folder)
        env = shared_environment(work / "compiled")
        for name, run in BENCHMARKS.items():
            if name in arguments.skip or (arguments.only and name not in arguments.only):
                continue
            (work / name).mkdir()
            found = run(env, arguments.rounds, work / name)
            sys.stdout.write(table(found) + "\n")
            sys.stdout.flush()
            rows += found
    after = machine()
    sys.stdout.write(f"load {before['load'][0]} before, {after['load'][0]} after; ")
    sys.stdout.write(f"{after['processors']} processors, medians of ")
    rounds = arguments.rounds
    sys.stdout.write(
        f"{rounds} rounds (startup {max(rounds * 3, 9)}, scale {max(3, rounds // 2)})\n"
    )
    if arguments.json:
        arguments.json.write_text(as_json(rows, before, after), encoding="utf-8")
    return 1 if any(row.verdict == "over" for row in rows) else 0


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = list(BENCHMARKS)
    parser.add_argument("--skip", action="append", default=[], choices=names)
    parser.add_argument("--only", action="append", default=[], choices=names)
    parser.add_argument("--rounds", type=int, default=7, help="how often each is run (default 7)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
