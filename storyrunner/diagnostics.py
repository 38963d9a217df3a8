"""Turns exceptions into lines on stderr and an exit code; a bug into a report file to attach."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

from storyrunner import __version__
from storyrunner.errors import StoryrunnerError

BUG = 70
INTERRUPTED = 130
NOT_JUDGED = 3
MACHINE = frozenset(
    {
        *(errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM),
        *(errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN),
    }
)
"""What the machine refuses, wherever it does: the report's own stream, a private copy, a pipe."""


def guarded(work: Callable[[], int]) -> int:
    """Run the program; every way it can end becomes an exit code."""
    try:
        return work()
    except StoryrunnerError as problem:
        _say(f"storyrunner: {problem}")
        if problem.hint:
            _say(f"hint: {problem.hint}")
        return problem.exit_code
    except KeyboardInterrupt:
        _say("storyrunner: interrupted; nothing is half written")
        _give_up_streams()
        return INTERRUPTED
    except BrokenPipeError:
        _give_up_streams()
        return 0
    except Exception as problem:  # noqa: BLE001 - the last resort: every bug becomes a report
        if isinstance(problem, OSError) and problem.errno in MACHINE:
            return _of_the_machine(problem)
        if isinstance(problem, ModuleNotFoundError) and (file := _unopened(problem.name)):
            return _of_the_machine(OSError(errno.EIO, "a file of the program cannot be read", file))
        path = _report(problem)
        _say(f"storyrunner: a bug: {type(problem).__name__}: {problem}")
        _say(f"hint: please attach {path}" if path else "hint: no report could be written")
        return BUG


def _give_up_streams() -> None:
    """A stream that cannot be written any more (its reader or terminal is gone) goes nowhere from
    now on, so that the interpreter's last flush does not change the exit code."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            try:
                stream.flush()
            except OSError:
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _unopened(module: str | None) -> str:
    """The file of a module that Python says is not there though it is: its folder or the file
    could not be opened. Empty for a module that is really absent."""
    parts = (module or "?").split(".")
    package = sys.modules.get(".".join(parts[:-1]))
    for folder in getattr(package, "__path__", sys.path):
        with contextlib.suppress(OSError):
            for file in sorted(Path(folder).glob(f"{parts[-1]}*")):
                if file.name.split(".")[0] == parts[-1]:
                    return str(file)
    return ""


def _of_the_machine(problem: OSError) -> int:
    """Not our bug: say what the system refused. What was judged may not have been told."""
    what = (problem.strerror or str(problem)).lower()
    where = f" ({problem.filename})" if problem.filename else ""
    _say(f"storyrunner: the system refuses to go on: {what}{where}")
    _say("hint: nothing is half written; mend that and run it again")
    return NOT_JUDGED


def _report(problem: Exception) -> str:
    """Write a crash report: versions and the stack, no values, no environment, no secrets."""
    lines = [
        f"storyrunner {__version__}",
        f"python {sys.version.split()[0]} on {sys.platform}",
        *traceback.format_exception(type(problem), problem, problem.__traceback__),
    ]
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="storyrunner-bug-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(_fit("\n".join(lines)))
            return file.name
    except OSError:
        return ""


def _say(text: str) -> None:
    with contextlib.suppress(OSError):
        print(_fit(text), file=sys.stderr)  # noqa: T201 - the one place that prints


def _fit(text: str) -> str:
    """`text` without secrets and without what could steer a terminal; lines stay lines."""
    from storyrunner.redaction import Redactor
    from storyrunner.workspace.diffs import safe

    clean = Redactor(os.environ).text(text)
    return "\n".join(safe(line) for line in clean.split("\n"))
