"""Makes the demo: a GitOps repository of our own, with an identity and a remote of its own.

Nothing of the user's git configuration or templates plays a part.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from storyrunner.errors import ToolError, UsageError
from storyrunner.model.ports import Runner
from storyrunner.resources import data_folder
from storyrunner.tools.git import Git, complaint
from storyrunner.tools.git import run as run_git
from storyrunner.workspace import state_folder

CONFIG = {
    "user.name": "Demo Engineer",
    "user.email": "demo@storyrunner.invalid",
    "commit.gpgsign": "false",
    "core.autocrlf": "false",
    "core.hooksPath": ".git/hooks",
}


def demo_folder(given: Path | None) -> Path:
    """Where the demo goes: a new temporary folder, or the given one, which must be empty.

    Raises UsageError.
    """
    if given is None:
        return Path(tempfile.mkdtemp(prefix="storyrunner-demo-")) / "gitops"
    folder = given.expanduser().resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{given} is not empty", hint="name a folder that does not exist yet")
    return folder


async def make_demo(folder: Path, runner: Runner) -> Path:
    """Fill `folder`, commit it and give it the bare remote `<folder>-origin.git`.

    Returns the remote. Raises ToolError when git is absent or fails, UsageError when the remote's
    place is taken.
    """
    if runner.which("git") is None:
        raise ToolError("the demo needs git", hint="install git and try again")
    remote = folder.with_name(f"{folder.name}-origin.git")
    if remote.exists():
        raise UsageError(f"{remote} is already there", hint="name another folder")
    shutil.rmtree(state_folder(folder), ignore_errors=True)  # of a demo that was here before
    shutil.copytree(data_folder("manifests") / "demo", folder, dirs_exist_ok=True)
    git = Git(runner, folder)
    await _git(git, "init", "--quiet", "--template=", "--initial-branch=main")
    for key, value in CONFIG.items():
        await _git(git, "config", key, value)
    await _git(git, "init", "--quiet", "--bare", "--template=", "-b", "main", str(remote))
    await _git(git, "remote", "add", "origin", str(remote))
    await _git(git, "add", "--all")
    await _git(git, "commit", "--quiet", "--no-verify", "-m", "chore: the demo repository")
    await _git(git, "push", "--quiet", "--set-upstream", "origin", "main")
    return remote


async def _git(git: Git, *args: str) -> None:
    outcome = await run_git(git, *args, writes=True)
    if not outcome.ok:
        raise ToolError(f"git {args[0]}: {complaint(outcome)}")
