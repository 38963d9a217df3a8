"""The command line: options to a context to a reporter or, imported late, the screens."""

from __future__ import annotations

import atexit
import gc
import sys
from argparse import Namespace
from collections.abc import Sequence

COLLECT_AFTER = 200_000
"""New objects before garbage is looked for: loading makes many and drops none of them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; the exit code is an API (design.md §6)."""
    gc.set_threshold(COLLECT_AFTER)
    atexit.unregister(gc.freeze)
    atexit.register(gc.freeze)  # the end of the process frees everything: no last look for garbage
    from storyrunner.cli.arguments import parse
    from storyrunner.diagnostics import guarded

    return guarded(lambda: _dispatch(parse(sys.argv[1:] if argv is None else argv)))


def _dispatch(arguments: Namespace) -> int:
    if arguments.command in ("check", "run", "record"):
        # First of all: the tools tell their versions while the rest of the program loads.
        from storyrunner.tools.process import OsRunner
        from storyrunner.tools.remembered import Remembered
        from storyrunner.tools.toolbox import Toolbox
        from storyrunner.workspace.state import TOOLS, state_base

        arguments.tools = Toolbox(OsRunner(), remembered=Remembered(state_base() / TOOLS))
        arguments.tools.begin()
    from storyrunner.cli.commands import COMMANDS

    return COMMANDS[arguments.command](arguments)
