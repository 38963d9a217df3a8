"""Repositories whose story has `command` steps, and sessions on them with a real shell.

The programs are bash and a few of the system's own; none of the tools of the trade.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from storyrunner.engine.opening import Options, open_session
from storyrunner.engine.session import Mode, Session
from storyrunner.gitops.private_copy import PREFIX
from storyrunner.model.approval import ApprovalAnswer, ApprovalQuestion
from storyrunner.model.command import Command, Outcome
from storyrunner.model.ports import LineSink, Runner
from storyrunner.reporters.approving import digests_of
from storyrunner.tools.process import OsRunner
from tests.engine.small import Recording, Script
from tests.support.repositories import init

PROGRAMS = (
    *("bash", "sh", "env", "sleep", "git", "ls", "cat", "grep", "sed", "sort", "wc", "head"),
    *("mkdir", "touch", "rm", "cp", "mv", "ln", "tail", "base64"),
)
FOUND = {name: path for name in PROGRAMS if (path := shutil.which(name))}
"""Read on import: tests run with a bare PATH."""


def programs_in(folder: Path) -> str:
    """A PATH with a real shell and a few programs of the system."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in FOUND.items():
        (folder / name).symlink_to(path)
    return str(folder)


def runbook_of(*steps: dict[str, object]) -> str:
    """A runbook of one task with these command steps, and one criterion that they prove."""
    full = [
        {"id": f"T1.{number}", "kind": "command", "title": f"Command {number}", **step}
        for number, step in enumerate(steps, 1)
    ]
    return yaml.safe_dump(
        {
            "name": "small",
            "story": "STORY-SMALL",
            "number": 3,
            "title": "A story with commands",
            "clusters": [],
            "tasks": [{"id": "T1", "title": "Run", "steps": full}],
            "criteria": [{"id": "AC1", "text": "It runs", "proved_by": [s["id"] for s in full]}],
        },
        sort_keys=False,
    )


def make_repository(folder: Path, *steps: dict[str, object]) -> Path:
    """A committed repository with a few files and such a runbook."""
    (folder / "apps").mkdir(parents=True)
    (folder / "apps" / "a.yaml").write_text("kind: ConfigMap\nname: a\n")
    (folder / "README.md").write_text("# Small\n")
    (folder / "runbook.yaml").write_text(runbook_of(*steps))
    init(folder)
    return folder


class Watched:
    """A runner that remembers what it was given and then does it."""

    def __init__(self, inner: Runner | None = None) -> None:
        self.inner = inner or OsRunner()
        self.commands: list[Command] = []

    async def run(self, command: Command, on_line: LineSink | None = None) -> Outcome:
        """Remember, and run."""
        self.commands.append(command)
        return await self.inner.run(command, on_line)

    def which(self, name: str) -> Path | None:
        """The real one."""
        return self.inner.which(name)

    def of_the_story(self) -> list[Command]:
        """The story's commands that ran; they alone have a private home."""
        return [one for one in self.commands if PREFIX in (one.env or {}).get("HOME", "")]

    def texts(self) -> list[str]:
        """Their argvs as texts."""
        return [" ".join(one.argv) for one in self.of_the_story()]


Answerer = Callable[[ApprovalQuestion], ApprovalAnswer | None]


def approve_all(question: ApprovalQuestion) -> ApprovalAnswer:
    """Yes to everything that is asked."""
    return ApprovalAnswer(digests_of(question))


def approve_none(question: ApprovalQuestion) -> None:
    """No."""


@contextmanager
def opened(
    folder: Path,
    answer: Answerer | None = None,
    *,
    mode: Mode = Mode.GUIDE,
    trust: bool = False,
    runner: Runner | None = None,
    recording: Recording | None = None,
    script: Script | None = None,
    settings: Sequence[str] = (),
) -> Iterator[Session]:
    """A session on the repository, with a real shell unless a runner is given."""
    options = Options(
        root=folder,
        runbook=str(folder / "runbook.yaml"),
        trust=trust,
        settings=tuple(settings),
    )
    decider = script or Script(approvals=answer)
    with open_session(
        options,
        mode=mode,
        decider=decider,
        sinks=[recording] if recording else [],
        runner=runner or OsRunner(),
    ) as session:
        yield session
