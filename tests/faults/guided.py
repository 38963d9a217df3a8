"""Coverage chooses the inputs: `python -m tests.faults.guided TARGET RUNS FOLDER`, with atheris.

It asks the same of an input as `fuzz` does. FOLDER takes the seeds and what they grow into.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["storyrunner.stories", "storyrunner.gitops.edits"]):
    from storyrunner.errors import StoryrunnerError
    from tests.faults.targets import TARGETS


def main(name: str, runs: str, folder: Path) -> None:
    """Fuzz one target; never returns: the exit code tells whether all held."""
    target = TARGETS[name]
    for number, seed in enumerate(target.seeds):
        (folder / f"seed-{number}").write_bytes(seed.encode("utf-8", "replace"))

    def one(data: bytes) -> None:
        try:
            target.check(data.decode("utf-8", "replace"))
        except StoryrunnerError:
            return

    limits = ("-max_len=4096", "-timeout=5", "-rss_limit_mb=1024", "-print_final_stats=1")
    atheris.Setup([sys.argv[0], f"-runs={runs}", *limits, str(folder)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
