"""kustomize, by itself or inside kubectl: build in file order. It must not know of Flux."""

from __future__ import annotations

import re
from pathlib import Path

from storyrunner.model.command import Command
from storyrunner.tools.environment import environment
from storyrunner.tools.tool import Stated, Tool, version_in

NAME = "kustomize"
MINIMUM = "5.0"
VERSION_ARGS = ("version",)

_STATES = re.compile(r"^\(devel\)$|^v?\d+\.\d+\.\d+|kustomize/v\d|Version:")


def identify(text: str) -> Stated | None:
    """`v5.4.2`, `{Version:kustomize/v4.5.7 …}` of old ones, `(devel)` of a build from source."""
    return Stated(version_in(text)) if _STATES.search(text.strip()) else None


def build(
    tool: Tool, directory: str, *, cwd: Path, home: Path, fifo: bool = True, timeout: float = 60.0
) -> Command:
    """Build `directory` (relative to `cwd`), files outside it allowed, as Flux does.

    `tool` is kustomize or kubectl. `fifo` keeps the order of accumulation (semantics.md §5.1); a
    root file with its own `sortOptions` needs it False.
    """
    verb = ("build",) if tool.name == NAME else ("kustomize",)
    order = ("--reorder=none",) if fifo else ()
    argv = (str(tool.path), *verb, "--load-restrictor=LoadRestrictionsNone", *order, directory)
    env = environment(HOME=str(home), KUBECONFIG=str(home / "kubeconfig"))
    return Command(argv, cwd, env=env, timeout=timeout)
