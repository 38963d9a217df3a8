"""`storyrunner record`: checks a story, then writes what was proven into its Markdown.

The check is the same as `--check` and changes nothing; what is then proposed is one change of one
file, shown as a diff.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from storyrunner.cli.output import say
from storyrunner.engine.loop import run_to_end
from storyrunner.engine.opening import Options, open_session
from storyrunner.engine.recording import Wanted, proposed_record, record
from storyrunner.engine.session import Mode, Session
from storyrunner.errors import UsageError, WorkspaceError
from storyrunner.model.decision import Decider, DefaultDecider
from storyrunner.model.events import Envelope, FileProposed, FileWritten, StepFinished
from storyrunner.model.frozen import dataclass
from storyrunner.model.status import FACES
from storyrunner.reporters.wording import tally
from storyrunner.tools.toolbox import Toolbox
from storyrunner.workspace import diff


def show_record(
    options: Options, wanted: Wanted, write: Callable[[str], None], tools: Toolbox | None
) -> int:
    """`--check`: print the diff and write nothing. 1 when the story says anything else than what
    is proven, else 0."""
    with _checked(options, tools) as session:
        proposal = run_to_end(proposed_record(session, wanted))
        if proposal is None:
            say("storyrunner: the story says what is proven")
            return 0
        write(diff(proposal).rstrip("\n"))
        return 1


def write_records(
    options: Options,
    wanted: Wanted,
    decider: Decider,
    write: Callable[[str], None],
    tools: Toolbox | None,
) -> int:
    """Print the diff, ask, write. 0 also when it was declined.

    Raises UsageError, WorkspaceError when another session writes here.
    """
    with _checked(options, tools) as checked:
        results, commands = dict(checked.results), dict(checked.ledger.commands)
    sinks = [_Shown(write, asks=not isinstance(decider, DefaultDecider))]
    with open_session(options, mode=Mode.GUIDE, decider=decider, sinks=sinks) as session:
        if session.read_only:
            raise WorkspaceError(session.read_only, hint="end that session, or use --check")
        for result in results.values():
            session.keep(result)
        session.ledger.commands.update(commands)
        changed = [
            result
            for result in results.values()
            for item in result.evidence
            if session.context.workspace.changed_since(item.inputs)
        ]
        if changed:
            raise UsageError(
                f"files changed while they were checked: {changed[0].step} is stale",
                hint="run it again",
            )
        say(f"storyrunner: {run_to_end(record(session, wanted))}")
    return 0


@contextmanager
def _checked(options: Options, tools: Toolbox | None) -> Iterator[Session]:
    """A session in which everything was checked anew, told on stderr step by step: the record holds
    the commands, and a proof of an earlier run has none."""
    with open_session(
        replace(options, fresh=True),
        mode=Mode.CHECK,
        decider=DefaultDecider(),
        sinks=[_tell_step],
        tools=tools,
    ) as session:
        for notice in session.notices:
            say(f"storyrunner: {notice}")
        report = run_to_end(session.run())
        say(f"storyrunner: {report.title}: {tally(report.criteria)}")
        yield session


def _tell_step(envelope: Envelope) -> None:
    match envelope.event:
        case StepFinished(result=result):
            word = FACES[result.status].word
            say(f"storyrunner: checked {result.step}: {word}")
        case _:
            pass


@dataclass(slots=True)
class _Shown:
    """The diff and what became of it, on stdout; a decider that asks has shown the diff itself."""

    write: Callable[[str], None]
    asks: bool

    def __call__(self, envelope: Envelope) -> None:
        """Print what is proposed and written."""
        match envelope.event:
            case FileProposed(diff=text) if not self.asks:
                self.write(text.rstrip("\n"))
            case FileWritten(path=path, action=action):
                self.write(f"{action}: {path}")
            case _:
                pass
