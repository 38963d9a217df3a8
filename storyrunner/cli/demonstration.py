"""`storyrunner demo`: makes the demo repository and opens its story, in screens or plain lines."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable

from storyrunner.cli.terminal import can_draw, has_terminal
from storyrunner.engine.demo import demo_folder, make_demo
from storyrunner.engine.loop import run_to_end
from storyrunner.engine.opening import Options, open_session
from storyrunner.engine.session import Mode
from storyrunner.model.decision import DefaultDecider
from storyrunner.reporters.text import TextReporter
from storyrunner.tools.process import OsRunner

STORY = "cert-manager-issuers"


def demonstrate(arguments: Namespace, write: Callable[[str], None], *, ascii_only: bool) -> int:
    """Make the repository, then walk the story. 0 when the story is finished."""
    runner = OsRunner()
    folder = demo_folder(arguments.folder)
    remote = run_to_end(make_demo(folder, runner))
    options = Options(root=folder, reference=STORY, engine=arguments.engine)
    if has_terminal() and can_draw() and not arguments.yes:
        from tui.app import run_session

        code = run_session(options)
        write(f"The demo repository stays in {folder}, its remote in {remote}.")
        return code
    write(f"demo repository  {folder}")
    write(f"its remote       {remote}")
    decider = DefaultDecider(push=arguments.push)
    sink = TextReporter(write, ascii_only, guiding=True)
    with open_session(options, mode=Mode.GUIDE, decider=decider, sinks=[sink]) as session:
        code = run_to_end(session.run()).exit_code
    write(f"try it yourself  storyrunner -C {folder}")
    return code
