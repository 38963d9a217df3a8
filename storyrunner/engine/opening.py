"""Opens a story of a repository for a run: finds the pieces, wires the ports, cleans up after.

Three front ends open a session here: `--check`, the plain walk, and the screens.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from storyrunner.engine.finding_stories import Choice, locate, parameter_names
from storyrunner.engine.keeping import Keeping, ProofBook
from storyrunner.engine.qa import planned_tests
from storyrunner.engine.session import Mode, Session
from storyrunner.engine.state import StateKeeper, resume
from storyrunner.errors import UsageError
from storyrunner.gitops.book import BuildBook
from storyrunner.gitops.schemas import schema_store
from storyrunner.model.decision import AllowedSecret, Decider
from storyrunner.model.events import Sink
from storyrunner.model.frozen import dataclass
from storyrunner.model.ports import Runner
from storyrunner.model.rung import EngineChoice
from storyrunner.model.step import Step
from storyrunner.redaction import Redactor
from storyrunner.runbook.lookup import RepositoryLookup
from storyrunner.runbook.parameters import CONFIG_FILE, Values, parse_config, parse_settings
from storyrunner.steps.base import StepContext, Suggestion
from storyrunner.tools.git_head import head_branch, head_commit
from storyrunner.tools.process import OsRunner
from storyrunner.tools.toolbox import Toolbox
from storyrunner.workspace import HeldBy, Lock, Workspace, state_folder
from storyrunner.workspace.noted_runner import NotedRunner


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line decides about a run."""

    root: Path
    reference: str = ""
    engine: EngineChoice = EngineChoice.AUTO
    settings: tuple[str, ...] = ()
    runbook: str = ""
    schema_locations: tuple[str, ...] = ()
    allowed_secrets: tuple[str, ...] = ()
    """`PATH:LINE=REASON`: secrets that may be committed all the same."""
    fresh: bool = False
    """Use no proof of an earlier run."""
    evidence: Path | None = None
    """A folder that gets the record of the proofs too."""
    trust: bool = False
    """For this run, commands of the story that read or write files need no approval."""


def find_root(start: Path) -> Path:
    """The top of the git repository that `start` is in. Raises UsageError when there is none."""
    folder = start.resolve()
    if not folder.is_dir():
        raise UsageError(f"there is no folder {start}", hint="name the repository with -C DIR")
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists():
            return candidate
    raise UsageError(
        f"{start} is not in a git repository",
        hint="run `git init` there, or name another folder with -C DIR",
    )


@contextmanager
def open_session(
    options: Options,
    *,
    mode: Mode,
    decider: Decider,
    sinks: Sequence[Sink] = (),
    runner: Runner | None = None,
    tools: Toolbox | None = None,
    remember: bool = False,
) -> Iterator[Session]:
    """A session on the story that `options.reference` names; closed at the end of the block.

    `remember` takes up the results of an earlier session, and keeps this one's for the next.
    `tools`: a toolbox that is looking already, on a OsRunner of the default environment.
    Raises UsageError (no such story, not a repository, a bad --set), StoryError, RunbookError.
    """
    root = find_root(options.root)
    chosen = locate(root, options.reference, options.runbook)
    if mode is Mode.GUIDE and chosen.story is not None:
        from storyrunner.engine.doctoring import with_diagnoses  # late: a check needs none of it

        chosen = replace(chosen, runbook=with_diagnoses(chosen.runbook, chosen.story, root))
    state = state_folder(root)
    runner = runner or OsRunner()
    tools = tools or Toolbox(runner)
    with ExitStack() as stack:
        held = _lock(stack, state, mode)
        writable = mode is Mode.GUIDE and not held
        workspace = Workspace(root, writable=writable, state=state)
        notices = _recover(workspace) if writable else ()
        notices += tuple(f"a story is left out: {problem}" for problem in chosen.unreadable)
        runner = NotedRunner(runner, root)
        builds = stack.enter_context(BuildBook(root, runner, tools, options.engine))
        context = StepContext(
            runbook=chosen.runbook,
            story=chosen.story,
            workspace=workspace,
            runner=runner,
            tools=tools,
            builds=builds,
            schemas=schema_store(options.schema_locations, base=root),
            values=_values(chosen, options, workspace),
            decider=decider,
            emit=lambda _event: None,
            now=_now,
            commit=head_commit(root),
            branch=head_branch(root),
            redactor=Redactor(os.environ),
            tests=planned_tests(root, chosen.runbook.story),
            allowed_secrets=tuple(map(_allowed_secret, options.allowed_secrets)),
        )
        proofs = ProofBook(context, _keeping(options, mode, context))
        notices += (proofs.notice,) if proofs.notice else ()
        session = Session(
            context,
            mode,
            list(sinks),
            proofs,
            repository=root.name,
            read_only=held,
            notices=notices,
        )
        if any(step.kind == "command" for step in chosen.runbook.steps()):
            _open_gate(stack, context, mode, options)
        if remember:
            resume(session)
            session.sinks.append(StateKeeper(session))
        yield session


def _keeping(options: Options, mode: Mode, context: StepContext) -> Keeping:
    copy = None
    if options.evidence is not None:
        shown = evidence_folder(context.workspace.root, options.evidence)
        copy = context.workspace.resolve(shown)
        context.builds.notes.aside = (*context.builds.notes.aside, f"{shown}/")
    locations = options.schema_locations
    return Keeping(mode.value, options.engine, locations, fresh=options.fresh, copy=copy)


def evidence_folder(root: Path, given: Path) -> str:
    """The folder of the repository that `--evidence-dir` means, relative to it. Raises UsageError.

    Relative paths start at the repository's top.
    """
    shown = os.path.relpath(root / given, root).replace(os.sep, "/")
    if shown.startswith("..") or shown == ".":
        raise UsageError(
            f"--evidence-dir {given} is no folder inside the repository",
            hint="name one such as .storyrunner/evidence",
        )
    return shown


def _lock(stack: ExitStack, state: Path, mode: Mode) -> str:
    """Take the lock of the repository for writing; why not, when another session has it."""
    if mode is Mode.CHECK:
        return ""
    held = Lock(state).acquire()
    if isinstance(held, HeldBy):
        return f"another session writes here: {held}"
    stack.enter_context(held)
    return ""


def _open_gate(stack: ExitStack, context: StepContext, mode: Mode, options: Options) -> None:
    """The gate before the story's commands, and the place they run in. Few stories need it."""
    from storyrunner.engine.approvals import Approvals
    from storyrunner.engine.carry import propose
    from storyrunner.steps.sandbox import Sandbox

    async def proposed(step: Step, suggestion: Suggestion) -> bool:
        return await propose(step.id, step.title, suggestion, context)

    context.propose = proposed
    context.sandbox = stack.enter_context(Sandbox(context.workspace.root))
    asks = mode is Mode.GUIDE
    context.approvals = Approvals(context, os.environ, asks=asks, trust=options.trust)


def _recover(workspace: Workspace) -> tuple[str, ...]:
    """Take back (or finish) what an interrupted session was writing, and say so."""
    recovery = workspace.recover()
    if recovery is None:
        return ()
    done = "finished" if recovery.finished else "taken back"
    text = f"an interrupted write was {done}: {recovery.label} ({', '.join(recovery.paths)})"
    left = f"; left alone, changed since: {', '.join(recovery.conflicts)}"
    return (text + (left if recovery.conflicts else ""),)


def _values(chosen: Choice, options: Options, workspace: Workspace) -> Values:
    given = parse_settings(chosen.runbook, options.settings)
    config = workspace.read(CONFIG_FILE)
    if config is not None:
        elsewhere = partial(parameter_names, workspace.root)
        given += parse_config(chosen.runbook, config, elsewhere)
    return Values(chosen.runbook, RepositoryLookup(workspace), given)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _allowed_secret(text: str) -> AllowedSecret:
    place, _, reason = text.partition("=")
    path, _, line = place.rpartition(":")
    if not path or not line.isdecimal() or not reason.strip():
        raise UsageError(
            f"--allow-secret {place}: a file, a line and a reason are needed",
            hint='--allow-secret "PATH:LINE=why it may be committed"',
        )
    return AllowedSecret(path.removeprefix("./"), int(line), reason.strip())
