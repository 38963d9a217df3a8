"""git as the commit needs it: one commit of exactly the given files, and the push.

The commit is made from an index of its own, so that what else is staged stays staged and out of
it, and so that a hook that says no leaves everything as it was.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from storyrunner.errors import ToolError
from storyrunner.model.command import Outcome
from storyrunner.model.frozen import dataclass
from storyrunner.model.ports import LineSink
from storyrunner.tools.git import Git, complaint, git_folder, operation, run, status
from storyrunner.tools.git_status import parse_status

_NO_HOUSEKEEPING = ("-c", "gc.auto=0", "-c", "maintenance.auto=false")
_FROM_STDIN = ("--pathspec-from-file=-", "--pathspec-file-nul")
_LOCK_TRIES = 5


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit that was made. `files` are the paths in it, sorted, and none when HEAD had them
    all already; `warning` is set when the user's index could not be brought up to date."""

    commit: str
    files: tuple[str, ...]
    warning: str = ""


@dataclass(frozen=True, slots=True)
class CommitRefused:
    """No commit was made and nothing has changed. `output` is what git and its hooks said."""

    reason: str
    output: str = ""


@dataclass(frozen=True, slots=True)
class PushTarget:
    """Where a push would go. `url` is without credentials; `sets_upstream` when it is the first."""

    remote: str
    branch: str
    remote_branch: str
    url: str
    sets_upstream: bool

    @property
    def args(self) -> tuple[str, ...]:
        """The arguments after `git`: never a force, exactly one branch."""
        upstream = ("--set-upstream",) if self.sets_upstream else ()
        refspec = f"refs/heads/{self.branch}:refs/heads/{self.remote_branch}"
        return ("push", *upstream, "--", self.remote, refspec)


async def commit(
    git: Git,
    paths: Sequence[str],
    message: str,
    *,
    seconds: float = 120.0,
    on_line: LineSink | None = None,
) -> Committed | CommitRefused:
    """Commit the working tree's state of exactly `paths` (files, or deleted files).

    `message` is taken as it is, `${…}` and lines with `#` too. Hooks run. When HEAD has all of it
    (we were killed right after the commit), no commit is made and HEAD is the answer. Raises
    ToolError when git is missing or hangs.
    """
    if doing := await operation(git):
        return CommitRefused(f"a {doing} is in progress")
    if ((await git_folder(git)) / "index.lock").exists():
        return CommitRefused("another git is at work here, or one was killed: index.lock exists")
    if folders := [p for p in paths if _is_folder(git.folder / p)]:
        return CommitRefused(f"{folders[0]} is a folder: a commit is made of files")
    before = (await status(git)).head.commit
    names = _with_nul(paths)
    with tempfile.TemporaryDirectory(prefix="storyrunner-index-") as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        refusal = await _stage(git, env, names, is_born=bool(before))
        if refusal is not None:
            return refusal
        staged = await _staged(git, env)
        if not staged:
            return Committed(before, (), await _refresh(git, await _left_behind(git, paths)))
        made = await run(
            git,
            *_NO_HOUSEKEEPING,
            *("commit", "--quiet", "--cleanup=whitespace", "--file=-"),
            stdin=message.encode("utf-8", "surrogateescape"),
            writes=True,
            env=env,
            seconds=seconds,
            on_line=on_line,
        )
    after = (await status(git)).head.commit
    if not made.ok or after in {"", before}:
        output = "\n".join(filter(None, (made.stdout_text.strip(), made.stderr_text.strip())))
        return CommitRefused(complaint(made) if not made.ok else "git made no commit", output)
    warning = await _refresh(git, paths)
    return Committed(after, await _files_of(git, after), warning)


async def push_target(git: Git) -> PushTarget | None:
    """Where the present branch would be pushed: its upstream, else `origin`, else the only remote.

    None without a branch, a commit or a remote to choose.
    """
    head = (await status(git)).head
    if head.is_detached or head.is_unborn:
        return None
    wanted = "%(push:remotename)%00%(upstream:remotename)%00%(upstream:remoteref)"
    found = await run(git, "for-each-ref", f"--format={wanted}", f"refs/heads/{head.branch}")
    push_to, upstream, ref = [*found.stdout_text.strip("\n").split("\0"), "", "", ""][:3]
    names = (await run(git, "remote")).stdout_text.split()
    guess = "origin" if "origin" in names else names[0] if len(names) == 1 else ""
    remote = push_to or upstream or guess
    if remote not in names:
        return None
    is_upstream = remote == upstream and ref.startswith("refs/heads/")
    url = (await run(git, "remote", "get-url", "--push", "--", remote)).stdout_text.strip()
    return PushTarget(
        remote=remote,
        branch=head.branch,
        remote_branch=ref.removeprefix("refs/heads/") if is_upstream else head.branch,
        url=redact_url(url),
        sets_upstream=not upstream,
    )


async def push(
    git: Git, target: PushTarget, *, seconds: float = 300.0, on_line: LineSink | None = None
) -> Outcome:
    """Push; nothing can prompt, so that missing credentials are a failure and not a hang."""
    return await run(git, *target.args, writes=True, seconds=seconds, on_line=on_line)


def redact_url(url: str) -> str:
    """`url` without user, password and query, as far as it is one; `git@host:path` stays."""
    try:
        parts = urlsplit(url)
        if not parts.scheme or not parts.netloc:
            return url
        user, at, host = parts.netloc.rpartition("@")
        if parts.scheme == "ssh":
            user = user.partition(":")[0]
        elif at:
            user = "***"
        return urlunsplit((parts.scheme, f"{user}{at}{host}", parts.path, "", ""))
    except ValueError:
        return "(an address that cannot be read)"


async def _stage(
    git: Git, env: Mapping[str, str], names: bytes, *, is_born: bool
) -> CommitRefused | None:
    if is_born:
        for args in (("read-tree", "HEAD"), ("update-index", "-q", "--refresh")):
            read = await run(git, *args, writes=True, env=env, ok=(0, 1))
            if not read.ok:
                raise ToolError(f"git {args[0]}: {complaint(read)}")
    added = await run(git, "add", "--all", *_FROM_STDIN, stdin=names, writes=True, env=env)
    if added.ok:
        return None
    return CommitRefused(complaint(added), added.stderr_text.strip())


async def _staged(git: Git, env: Mapping[str, str]) -> tuple[str, ...]:
    """What the commit will change. Without HEAD, all that the index holds."""
    args = ("status", "--porcelain=v2", "-z", "--untracked-files=no")
    outcome = await run(git, *args, env=env)
    if not outcome.ok:
        raise ToolError(f"git status: {complaint(outcome)}")
    return tuple(entry.path for entry in parse_status(outcome.stdout).staged)


async def _files_of(git: Git, made: str) -> tuple[str, ...]:
    args = ("diff-tree", "-r", "-z", "--root", "--no-commit-id", "--name-only", "--no-renames")
    outcome = await run(git, *args, made)
    return tuple(sorted(os.fsdecode(item) for item in outcome.stdout.split(b"\0") if item))


async def _left_behind(git: Git, paths: Sequence[str]) -> list[str]:
    """Those paths that the user's index holds as they were before the last commit: a kill came
    between that commit and the index. What anybody staged since is not among them."""
    index = await run(git, "ls-files", "--stage", "-z", "--", *paths)
    parent = await run(git, "ls-tree", "-r", "-z", "HEAD~1", "--", *paths, ok=(0, 128))
    staged = {path: (mode, blob) for mode, blob, _, path in _listed(index)}
    before = {path: (mode, blob) for mode, _, blob, path in _listed(parent)}
    return [path for path in paths if staged.get(path) == before.get(path)]


def _listed(outcome: Outcome) -> Iterator[list[str]]:
    """Three fields and the path of each record of `ls-files --stage` or `ls-tree`."""
    for record in filter(None, os.fsdecode(outcome.stdout).split("\0")):
        fields, _, path = record.partition("\t")
        yield [*fields.split(" "), path]


async def _refresh(git: Git, paths: Sequence[str]) -> str:
    """Only these paths of the user's index, as HEAD has them; an editor may hold its lock for a
    moment."""
    if not paths:
        return ""
    names = _with_nul(paths)
    for attempt in range(_LOCK_TRIES):
        args = ("reset", "--quiet", *_FROM_STDIN)
        outcome = await run(git, *args, stdin=names, writes=True, ok=(0, 1))
        if outcome.ok:
            return ""
        if b"index.lock" not in outcome.stderr:
            break
        await asyncio.sleep(0.2 * (attempt + 1))
    return f"the index still has the files as before the commit: {complaint(outcome)}"


def _with_nul(paths: Sequence[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
