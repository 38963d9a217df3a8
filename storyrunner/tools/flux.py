"""The flux CLI: `flux build kustomization` without a cluster. It must not know what is built.

It writes into the tree it builds (semantics.md §1.8): `cwd` is to be a private copy.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from storyrunner.model.command import Command
from storyrunner.tools.environment import environment
from storyrunner.tools.tool import Stated, Tool, version_in

NAME = "flux"
MINIMUM = "2.6"
VERSION_ARGS = ("--version",)

_STATES = re.compile(r"^flux version (\S+)", re.MULTILINE)


def identify(text: str) -> Stated | None:
    """`flux version 2.6.4`; other programs are called flux too and do not say that."""
    found = _STATES.search(text)
    return Stated(version_in(found.group(1))) if found else None


def build(
    tool: Tool,
    name: str,
    *,
    cwd: Path,
    home: Path,
    path: str,
    kustomization_file: str,
    namespace: str = "flux-system",
    strict: bool = True,
    sources: Mapping[str, str] | None = None,
    timeout: float = 120.0,
) -> Command:
    """Build the Flux Kustomization `name` of `kustomization_file` over the folder `path`.

    `sources` maps `Kind/namespace/name` of a source to a folder and makes the build recursive
    (needs 2.6 with a dry run, semantics.md §1.2).
    """
    argv = [str(tool.path), "build", "kustomization", name, "--dry-run", f"--path={path}"]
    argv += [f"--kustomization-file={kustomization_file}", f"--namespace={namespace}"]
    argv += ["--strict-substitute"] if strict else []
    if sources is not None:
        argv.append("--recursive")
        argv += [f"--local-sources={key}={folder}" for key, folder in sources.items()]
    env = environment(HOME=str(home), KUBECONFIG=os.devnull)
    return Command(tuple(argv), cwd, env=env, timeout=timeout)


def error_in(stderr: str) -> str:
    """What flux complains about, without its mark; its last line when there is no mark."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    marked = [line.removeprefix("✗").strip() for line in lines if line.startswith("✗")]
    return "\n".join(marked) or (lines[-1] if lines else "")
