"""git as the commit needs it: reading a repository. What changes it is in `git_commit`.

Nothing here prompts, takes a lock or starts what the repository's own configuration names.
It must not know which files belong to a story.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from storyrunner.errors import ToolError, WorkspaceError
from storyrunner.model.command import Command, Ending, Outcome
from storyrunner.model.frozen import dataclass
from storyrunner.model.ports import LineSink, Runner
from storyrunner.tools.environment import environment
from storyrunner.tools.git_status import Status, parse_status
from storyrunner.tools.tool import Stated, version_in

NAME = "git"
MINIMUM = "2.26"
VERSION_ARGS = ("--version",)

ALLOWED = (
    "EMAIL",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "XDG_CONFIG_HOME",
)
"""Taken over from our environment: who the user is and where git's own settings are."""

AGENTS = ("GNUPGHOME", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR")
"""Taken over besides, only to sign a commit or to push."""

_QUIET = {
    "GIT_EDITOR": ":",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C.UTF-8",
}
_OPERATIONS = {
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}


@dataclass(frozen=True, slots=True)
class Git:
    """The git of one folder; all paths in and out are posix and relative to `folder`, which is
    the repository's top for everything but `toplevel`."""

    runner: Runner
    folder: Path
    program: str = NAME


def identify(text: str) -> Stated | None:
    """`git version 2.39.5 (Apple Git-154)`."""
    return Stated(version_in(text)) if text.startswith("git version ") else None


async def run(
    git: Git,
    *args: str,
    stdin: bytes | None = None,
    writes: bool = False,
    env: Mapping[str, str] | None = None,
    ok: Iterable[int] = (0,),
    seconds: float = 30.0,
    on_line: LineSink | None = None,
) -> Outcome:
    """Run git with pathspecs taken literally; reading takes no locks and starts no file watcher.

    `seconds` is the timeout. Raises ToolError when git is missing or hangs, not for an exit code.
    """
    base = environment(allow=(*ALLOWED, *(AGENTS if writes else ()))) | _QUIET
    if not writes:
        base["GIT_OPTIONAL_LOCKS"] = "0"
    settings = () if writes else ("-c", "core.fsmonitor=false")
    command = Command(
        (git.program, "--no-pager", *settings, *args),
        git.folder,
        env={**base, **(env or {})},
        stdin=stdin,
        timeout=seconds,
        ok_codes=frozenset(ok),
    )
    outcome = await git.runner.run(command, on_line)
    if outcome.ending is not Ending.EXITED:
        raise ToolError(f"git {args[0]}: {complaint(outcome)}")
    return outcome


def complaint(outcome: Outcome) -> str:
    """What git said in one line, without its `fatal:`."""
    lines = [line.strip() for line in outcome.stderr_text.splitlines() if line.strip()]
    first = next((line for line in lines if line.startswith(("fatal:", "error:"))), "")
    text = first or (lines[0] if lines else str(outcome.ending))
    return text.removeprefix("fatal:").removeprefix("error:").strip()


async def toplevel(git: Git) -> Path | None:
    """The top of the working tree that `git.folder` is in, or None.

    Raises WorkspaceError when there is a repository that git refuses to read (owner, damage).
    """
    outcome = await run(git, "rev-parse", "--show-toplevel")
    if outcome.ok:
        return Path(os.fsdecode(outcome.stdout.removesuffix(b"\n")))
    if b"not a git repository" in outcome.stderr or b"work tree" in outcome.stderr:
        return None
    raise WorkspaceError(f"git refuses the repository: {complaint(outcome)}")


async def status(git: Git) -> Status:
    """HEAD, branch, upstream and every changed or untracked path, in one spawn."""
    args = ("status", "--porcelain=v2", "-z", "--branch", "--untracked-files=all")
    return parse_status((await _read(git, *args)).stdout)


async def operation(git: Git) -> str:
    """The operation in progress (`rebase`, `merge`, `cherry-pick`, `revert`, `bisect`), or ""."""
    folder = await git_folder(git)
    return next((word for name, word in _OPERATIONS.items() if (folder / name).exists()), "")


async def git_folder(git: Git) -> Path:
    """Where git keeps HEAD and the index of this working tree (of a linked one, its own)."""
    found = await _read(git, "rev-parse", "--absolute-git-dir")
    return Path(os.fsdecode(found.stdout.removesuffix(b"\n")))


async def identity(git: Git) -> str:
    """`Name <e-mail>` that commits would carry, or "" when the user has not told git."""
    outcome = await run(git, "-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")
    return outcome.stdout_text.rpartition(">")[0] + ">" if outcome.ok else ""


async def tracked(git: Git, paths: Iterable[str]) -> frozenset[str]:
    """Those of `paths` that the index holds."""
    wanted = tuple(paths)
    if not wanted:
        return frozenset()
    outcome = await _read(git, "ls-files", "-z", "--", *wanted)
    return frozenset(_paths(outcome.stdout)) & frozenset(wanted)


async def ignored(git: Git, paths: Iterable[str]) -> frozenset[str]:
    """Those of `paths` that an ignore rule covers and that are not tracked."""
    # check-ignore refuses literal pathspecs; with `./` in front a name has no magic either
    wanted = b"".join(b"./" + os.fsencode(path) + b"\0" for path in paths)
    if not wanted:
        return frozenset()
    literal = {"GIT_LITERAL_PATHSPECS": "0"}
    args = ("check-ignore", "-z", "--stdin")
    outcome = await _read(git, *args, stdin=wanted, ok=(0, 1), env=literal)
    return frozenset(path.removeprefix("./") for path in _paths(outcome.stdout))


async def files(git: Git) -> tuple[str, ...]:
    """Tracked files and untracked ones that no ignore rule covers, sorted."""
    args = ("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return tuple(sorted(set(_paths((await _read(git, *args)).stdout))))


async def content_at_head(git: Git, path: str) -> bytes | None:
    """The committed content of `path`, or None."""
    outcome = await run(git, "cat-file", "blob", f"HEAD:{path}", ok=(0, 128))
    return outcome.stdout if outcome.code == 0 else None


async def _read(
    git: Git,
    *args: str,
    stdin: bytes | None = None,
    ok: Iterable[int] = (0,),
    env: Mapping[str, str] | None = None,
) -> Outcome:
    outcome = await run(git, *args, stdin=stdin, ok=ok, env=env)
    if not outcome.ok:
        raise ToolError(f"git {args[0]}: {complaint(outcome)}")
    return outcome


def _paths(data: bytes) -> list[str]:
    return [os.fsdecode(item) for item in data.split(b"\0") if item]
