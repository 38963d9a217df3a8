"""Runs a story's command that was permitted, and judges what came of it.

Nothing here decides whether a command may run: it takes a Permit, which only the gate makes, and
runs exactly the text that the Permit is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from storyrunner.errors import ToolError
from storyrunner.model.approval import CommandRequest, Permit
from storyrunner.model.command import Command, Ending, Outcome
from storyrunner.model.command_class import CommandClass
from storyrunner.model.finding import Finding, error
from storyrunner.model.frozen import dataclass
from storyrunner.model.result import Evidence
from storyrunner.model.step import CommandStep
from storyrunner.redaction import prints_secrets
from storyrunner.steps.base import HERE, StepContext, evidence
from storyrunner.steps.outputs import describe, unmet
from storyrunner.steps.sandbox import SHELL_OPTIONS, Sandbox
from storyrunner.stories.command_classes import read_command
from storyrunner.stories.command_places import with_private_tmp
from storyrunner.workspace import file_fingerprint, safe
from storyrunner.workspace.paths import split
from storyrunner.workspace.replica import git_folders

NOT_CONFINED = 125
NOT_RUNNABLE = (126, 127)
CUT_OFF = 141
HIDDEN = "(not kept: the command prints secrets)"
EXCERPT = 12
"""Lines of output that evidence keeps."""

_ONLY_FILES = frozenset({CommandClass.READ, CommandClass.WRITE})


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that ran: what came of it, what is wrong with that, and how it ran in words."""

    request: CommandRequest
    outcome: Outcome
    findings: tuple[Finding, ...]
    proof: Evidence


def requests_of(step: CommandStep, context: StepContext) -> list[CommandRequest]:
    """The exact commands of a step, one for each cluster that makes another of it.

    Raises MissingValueError.
    """
    names = [cluster.name for cluster in context.clusters(step)] or [step.cluster]
    exact: dict[tuple[str, str], None] = {}
    for name in names:
        text = with_private_tmp(context.values.fill(step.run, name))
        exact[text, context.values.fill(step.folder, name)] = None
    return [_request(step, text, folder, context) for text, folder in exact]


def _request(step: CommandStep, text: str, folder: str, context: StepContext) -> CommandRequest:
    reading = read_command(text)
    files = ["/".join((*split(folder or "."), name)) for name in reading.runs]
    return CommandRequest(
        story=context.runbook.story,
        step=step.id,
        title=step.title,
        text=text,
        cls=reading.cls,
        reason=reading.reason,
        folder="/".join(split(folder or ".")),
        env=step.env,
        runs=tuple((name, file_fingerprint(context.workspace.read(name))) for name in files),
        touches=reading.touches,
    )


async def run(permit: Permit, step: CommandStep, tree: Path, context: StepContext) -> Ran:
    """Run what is permitted, with `tree` for the repository. Raises ToolError when nothing could
    be judged: no such tool, no end, no such folder."""
    request, sandbox = permit.request, context.sandbox
    if sandbox is None:
        raise ToolError("there is no place to run a command in")
    if missing := sandbox.missing(request.env):
        raise ToolError(f"the variable {missing[0]} is not set", hint="the story declares it")
    command = _command(request, step, tree, sandbox, context)
    context.show_command(step.id, safe(request.text))
    done = await context.runner.run(
        command,
        on_line=lambda stream, line: context.show_output(step.id, sandbox.shown(line), stream),
    )
    outcome = _without_private_names(done, sandbox)
    _refuse_unjudged(request, step, outcome)
    where = "in a private copy" if tree != context.workspace.root else "in the repository"
    kept = "confined by the kernel" if sandbox.is_confining else "not confined by this kernel"
    is_secret = prints_secrets(request.text)
    findings = tuple(map(_unquoted, _wrong(step, outcome)) if is_secret else _wrong(step, outcome))
    proof = evidence(
        context,
        f"{safe(request.text)} ({where}, {kept}; {permit.how})",
        matched="; ".join(describe(item) for item in step.expect) or "the exit code",
        exit_code=outcome.code,
        excerpt=HIDDEN if is_secret else "\n".join(_last_lines(outcome)),
    )
    return Ran(request, outcome, findings, proof)


def _command(
    request: CommandRequest,
    step: CommandStep,
    tree: Path,
    sandbox: Sandbox,
    context: StepContext,
) -> Command:
    folder = tree / request.folder
    if request.folder and not context.workspace.is_folder(request.folder):
        raise ToolError(f"there is no folder {request.folder} to run in")
    environment = sandbox.environment(request.env)
    argv = _argv(request, context)
    network = request.cls not in _ONLY_FILES
    is_copy = tree != context.workspace.root
    if is_copy:
        environment["GIT_OPTIONAL_LOCKS"] = "0"
    writable = [tree] if is_copy else [tree, *git_folders(tree)]
    return Command(
        sandbox.confine(argv, writable, network=network),
        folder,
        env=environment,
        timeout=step.timeout,
        ok_codes=frozenset(step.exit_codes),
    )


def _argv(request: CommandRequest, context: StepContext) -> Sequence[str]:
    """The program and its arguments, without a shell where the text needs none."""
    plain = read_command(request.text).argv
    program = plain[0] if plain else "bash"
    found = context.runner.which(program)
    if found is None:
        raise ToolError(f"{program} is not installed", hint="install it")
    return (str(found), *(plain[1:] if plain else (*SHELL_OPTIONS, request.text, "storyrunner")))


def _refuse_unjudged(request: CommandRequest, step: CommandStep, outcome: Outcome) -> None:
    """Raises ToolError when the outcome says nothing of what was asked."""
    last = _last_error(outcome)
    match outcome.ending:
        case Ending.EXITED:
            if outcome.code == NOT_CONFINED and "could not be confined" in last:
                raise ToolError(last)
            if outcome.code in NOT_RUNNABLE and outcome.code not in step.exit_codes:
                raise ToolError(f"a program of it cannot be started: {last}")
        case Ending.TIMED_OUT:
            if not (request.cls is CommandClass.ENDLESS and step.expect):
                raise ToolError(f"it did not end in {step.timeout:g} s and was stopped")
        case _:
            raise ToolError(f"it was not run to its end: {last or outcome.ending}")


def _without_private_names(outcome: Outcome, sandbox: Sandbox) -> Outcome:
    texts = (sandbox.shown(text) for text in (outcome.stdout_text, outcome.stderr_text))
    stdout, stderr = (text.encode("utf-8") for text in texts)
    return replace(outcome, stdout=stdout, stderr=stderr)


def _wrong(step: CommandStep, outcome: Outcome) -> list[Finding]:
    found = []
    if outcome.ending is Ending.EXITED and not outcome.ok:
        said = _last_error(outcome)
        text = f"exit code {outcome.code}" + (f": {said}" if said else "")
        hint = "a part of the pipeline was cut off by the next" if outcome.code == CUT_OFF else ""
        found.append(error("command-failed", text, HERE, hint=hint or step.hint))
        return found
    for item in step.expect:
        if problem := unmet(item, outcome.stdout_text):
            hint = f"the story: {item.source}" if item.source else step.hint
            found.append(error("output-differs", safe(problem), HERE, hint=hint))
    return found


def _unquoted(finding: Finding) -> Finding:
    """What was wrong, without what was printed."""
    if finding.rule != "output-differs":
        return finding
    text = "the output is not what the story expects; it is not shown: the command prints secrets"
    return replace(finding, message=text, expected="", got="")


def _last_error(outcome: Outcome) -> str:
    lines = [line for line in outcome.stderr_text.splitlines() if line.strip()]
    return safe(lines[-1])[:200] if lines else ""


def _last_lines(outcome: Outcome) -> list[str]:
    lines = outcome.stdout_text.splitlines() or outcome.stderr_text.splitlines()
    return lines[-EXCERPT:]
