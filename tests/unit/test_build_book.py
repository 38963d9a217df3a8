"""Builds that were begun ahead of their questions."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from pathlib import Path
from typing import Any

from storyrunner.gitops.book import BuildBook
from storyrunner.model.cluster import Cluster
from storyrunner.model.rung import EngineChoice
from storyrunner.tools.toolbox import Toolbox
from tests.support.scripted_runner import ScriptedRunner


async def test_a_build_that_nobody_asks_for_says_nothing_when_it_fails(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    runner = ScriptedRunner()
    cluster = Cluster("blue", "clusters/blue", "clusters/blue/s.yaml", "clusters/blue/k.yaml")
    with BuildBook(tmp_path, runner, Toolbox(runner), EngineChoice.EMBEDDED) as book:
        await book.begin([(cluster, "late", "no/ks.yaml")])
        await asyncio.sleep(0)
        book.forget()
        gc.collect()
        await asyncio.sleep(0)
    assert told == []


def test_a_run_on_the_tools_never_loads_the_embedded_renderer() -> None:
    code = (
        "import sys, storyrunner.cli.commands;"
        "heavy = ('gitops.kustomize.engine', 'gitops.kustomize.build', 'offline_api.server');"
        "print([name for name in sys.modules if name.endswith(heavy)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
