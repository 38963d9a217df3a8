"""What each command does with its options: wires a session, a decider and a reporter."""

from __future__ import annotations

import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable

from storyrunner.cli.output import say, write_clean
from storyrunner.cli.output import write as _write
from storyrunner.cli.terminal import can_draw, has_terminal
from storyrunner.engine.loop import run_to_end
from storyrunner.engine.opening import Options, find_root, open_session
from storyrunner.engine.order import select_steps
from storyrunner.engine.session import Mode, Session
from storyrunner.errors import UsageError, WorkspaceError
from storyrunner.gitops.near import did_you_mean
from storyrunner.model.decision import Decider, DefaultDecider
from storyrunner.model.events import Sink


def check(arguments: Namespace) -> int:
    """`--check`: read-only, everything reported."""
    options = _options(arguments)
    if arguments.all:
        from storyrunner.cli.checking import check_all

        return check_all(
            options,
            arguments.format,
            tools=arguments.tools,
            make_sink=lambda: _reporter(arguments),
            write=_write,
        )
    sink = _reporter(arguments)
    with open_session(
        options, mode=Mode.CHECK, decider=DefaultDecider(), sinks=[sink], tools=arguments.tools
    ) as session:
        return _run(session, arguments.only)


def run(arguments: Namespace) -> int:
    """`run`: the walk in plain lines."""
    options = _options(arguments)
    sink = _reporter(arguments)
    with open_session(
        options,
        mode=Mode.GUIDE,
        decider=_decider(arguments),
        sinks=[sink],
        tools=arguments.tools,
    ) as session:
        code = _run(session, arguments.only)
        if code not in (0, 8):
            from storyrunner.engine.recording import open_failed

            run_to_end(open_failed(session))
        return code


def session(arguments: Namespace) -> int:
    """Without a command: the screens, or advice where there is no terminal."""
    if not has_terminal():
        raise UsageError(
            "the session needs a terminal",
            hint="storyrunner --check, or storyrunner run STORY --yes",
        )
    if not can_draw():
        raise UsageError(
            f"this terminal cannot show the session: TERM is {os.environ.get('TERM') or 'not set'}",
            hint="storyrunner --check, or storyrunner run STORY for the walk in plain lines",
        )
    from tui.app import run_session

    return run_session(_options(arguments))


def schema(_arguments: Namespace) -> int:
    """`schema`: the JSON Schema of runbooks."""
    from storyrunner.runbook.schema import json_schema

    _write(json.dumps(json_schema(), indent=2))
    return 0


def show(arguments: Namespace) -> int:
    """`show`: the story as it is read."""
    from storyrunner.cli.showing import show_story

    return show_story(find_root(arguments.root), arguments.story, arguments.format, _write)


def import_(arguments: Namespace) -> int:
    """`import`: the story as a runbook."""
    from storyrunner.cli.importing import import_runbook

    root = find_root(arguments.root)
    return import_runbook(
        root, arguments.story, arguments.output, _write, replace=arguments.replace
    )


def lint(arguments: Namespace) -> int:
    """`lint`: what stories say against themselves and against the repository."""
    from storyrunner.cli.linting import lint_stories

    return lint_stories(find_root(arguments.root), arguments.stories, arguments.format, _write)


def doctor(arguments: Namespace) -> int:
    """`doctor`: a story's commands that cannot work as written, with those that do."""
    from storyrunner.cli.doctoring import doctor_story

    return doctor_story(find_root(arguments.root), arguments.story, arguments.format, _write)


def list_all(arguments: Namespace) -> int:
    """`list`: all stories, what they claim, and what is next."""
    from storyrunner.cli.listing import list_stories

    return list_stories(
        find_root(arguments.root),
        arguments.format,
        _write,
        check=arguments.check,
        ascii_only=arguments.ascii or _is_ascii(),
    )


def evidence(arguments: Namespace) -> int:
    """`evidence`: the record of what was proven, and how it stands."""
    from storyrunner.cli.evidencing import tell_evidence

    folder = arguments.evidence_dir
    return tell_evidence(_options(arguments), arguments.format, _write, folder)


def verify(arguments: Namespace) -> int:
    """`verify`: a recorded run, proven again from scratch."""
    from storyrunner.cli.verifying import verify as verify_record

    return verify_record(_options(arguments), arguments.format, _write, arguments.evidence_dir)


def explain(arguments: Namespace) -> int:
    """`explain`: where a rendered object's fields come from."""
    from storyrunner.cli.explaining import explain_object

    return explain_object(find_root(arguments.root), arguments, _write)


def variables(arguments: Namespace) -> int:
    """`vars`: every variable in every cluster."""
    from storyrunner.cli.varying import show_variables

    return show_variables(find_root(arguments.root), arguments, _write)


def demo(arguments: Namespace) -> int:
    """`demo`: a repository to try everything on."""
    from storyrunner.cli.demonstration import demonstrate

    return demonstrate(arguments, _write, ascii_only=arguments.ascii or _is_ascii())


def approve(arguments: Namespace) -> int:
    """`approve`: the commands of a story, how each stands, and approving them."""
    from storyrunner.cli.approving import approve_commands

    can_ask = has_terminal() and not arguments.yes and arguments.format == "text"
    decider = _decider(arguments) if can_ask else DefaultDecider()
    mode = Mode.GUIDE if can_ask or arguments.share else Mode.CHECK
    with open_session(_options(arguments), mode=mode, decider=decider) as opened:
        _refuse_read_only(opened)
        opened.context.scope = _scope(opened, arguments.only)
        return approve_commands(
            opened,
            _write,
            form=arguments.format,
            yes=arguments.yes,
            share=arguments.share,
            adopt=arguments.adopt,
            ask=can_ask,
        )


def undo(arguments: Namespace) -> int:
    """`undo`: takes the last write back, until it is committed."""
    with open_session(_options(arguments), mode=Mode.GUIDE, decider=DefaultDecider()) as opened:
        _refuse_read_only(opened)
        if not opened.context.workspace.pending_undo():
            raise UsageError("there is nothing to undo", hint="a commit ends what can be undone")
        receipt = opened.context.workspace.undo()
        for path in (*receipt.written, *receipt.removed):
            _write(f"undone: {path}")
    return 0


def rollback(arguments: Namespace) -> int:
    """`rollback`: propose the removal of what a story added."""
    from storyrunner.cli.rolling_back import roll_back

    decider = DefaultDecider() if arguments.yes else _decider(arguments)
    with open_session(_options(arguments), mode=Mode.GUIDE, decider=decider) as opened:
        _refuse_read_only(opened)
        return roll_back(opened, _write, carry_out=arguments.yes)


def record(arguments: Namespace) -> int:
    """`record`: what is proven, written into the story's Markdown."""
    from storyrunner.cli.recording import show_record, write_records
    from storyrunner.engine.recording import Wanted

    wanted = Wanted(records=not arguments.boxes, status=arguments.status)
    options = _options(arguments)
    if arguments.check:
        return show_record(options, wanted, _write, arguments.tools)
    return write_records(options, wanted, _decider(arguments), _write, arguments.tools)


COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "check": check,
    "run": run,
    "session": session,
    "schema": schema,
    "import": import_,
    "show": show,
    "lint": lint,
    "doctor": doctor,
    "list": list_all,
    "evidence": evidence,
    "verify": verify,
    "explain": explain,
    "vars": variables,
    "demo": demo,
    "approve": approve,
    "rollback": rollback,
    "record": record,
    "undo": undo,
}


def _run(session: Session, only: str) -> int:
    _refuse_read_only(session)
    for notice in session.notices:
        say(f"storyrunner: {notice}")
    report = run_to_end(session.run(_scope(session, only)))
    if report.reused:
        proofs = "1 proof" if report.reused == 1 else f"{report.reused} proofs"
        sys.stderr.write(f"storyrunner: {proofs} of earlier runs still hold; --fresh proves anew\n")
    return report.exit_code


def _scope(session: Session, only: str) -> frozenset[str] | None:
    """The steps that `--only` names; None for all. Raises UsageError."""
    if not only:
        return None
    runbook = session.context.runbook
    steps = select_steps(runbook, only)
    if steps is None:
        names = [*(t.id for t in runbook.tasks), *(c.id for c in runbook.criteria)]
        raise UsageError(
            f"--only {only}: no such task, step or criterion", hint=did_you_mean(only, names)
        )
    return frozenset(steps)


def _refuse_read_only(session: Session) -> None:
    if session.read_only:
        raise WorkspaceError(session.read_only, hint="end that session, or use --check")


def _options(arguments: Namespace) -> Options:
    return Options(
        root=arguments.root,
        reference=arguments.story,
        engine=arguments.engine,
        settings=tuple(arguments.settings),
        runbook=arguments.runbook,
        schema_locations=tuple(arguments.schema_locations),
        allowed_secrets=tuple(getattr(arguments, "allowed_secrets", ())),
        fresh=getattr(arguments, "fresh", False),
        evidence=getattr(arguments, "evidence_dir", None),
        trust=getattr(arguments, "trust", False),
    )


def _decider(arguments: Namespace) -> Decider:
    if arguments.yes:
        return DefaultDecider(push=getattr(arguments, "push", False))
    if not has_terminal():
        raise UsageError(
            "there is nobody to ask: this is no terminal",
            hint="--yes accepts defaults, offers and the commit; --check changes nothing",
        )
    from storyrunner.cli.prompting import Prompter

    return Prompter(push=getattr(arguments, "push", False))


def _reporter(arguments: Namespace) -> Sink:
    from storyrunner.reporters.json import JsonLinesReporter, JsonReporter
    from storyrunner.reporters.text import TextReporter

    if arguments.format == "json":
        return JsonReporter(write_clean)
    if arguments.format == "jsonl":
        return JsonLinesReporter(write_clean)
    ascii_only = arguments.ascii or _is_ascii()
    guiding = arguments.command == "run"
    return TextReporter(write_clean, ascii_only, verbose=arguments.verbose, guiding=guiding)


def _is_ascii() -> bool:
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "")
    return not encoding.startswith("utf")
