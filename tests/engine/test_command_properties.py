"""Whatever a story says, no command that was not approved is ever handed to the runner."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storyrunner.engine.session import Mode
from storyrunner.model.approval import ApprovalAnswer, ApprovalQuestion, CommandRequest
from storyrunner.model.command import Command, Ending, Outcome
from storyrunner.model.ports import LineSink
from storyrunner.steps.commanding import all_requests
from storyrunner.stories.command_classes import read_command
from storyrunner.tools import confined
from tests.engine.small import Script
from tests.support.command_repositories import make_repository, opened, runbook_of

PROGRAMS = ["ls", "cat a", "git push", "rm -rf /", "echo", "kubectl get x", "curl x", "./x.sh"]
SHELL = ["eval", "sudo", "bash -c", "xargs", "while true; do", "done", "[[", "]]", "<<EOF", "EOF"]
SIGNS = [
    *"|;>)`'\"\
#{}",
    "&&",
    "$(",
    "<node>",
    "${X}",
    "-c",
    "--",
]
WORDS = st.sampled_from([*PROGRAMS, *SHELL, *SIGNS])
TEXTS = st.one_of(
    st.lists(WORDS, min_size=1, max_size=8).map(" ".join),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
).filter(lambda text: bool(text.strip()))

IS_CONFINING = confined.abi() > 0


@dataclass
class Deaf:
    """A runner that starts nothing: it remembers, and says that all went well."""

    commands: list[Command] = field(default_factory=list)

    async def run(self, command: Command, on_line: LineSink | None = None) -> Outcome:
        """Remember."""
        self.commands.append(command)
        return Outcome(command, Ending.EXITED, 0, b"", b"")

    def which(self, name: str) -> Path | None:
        """Everything is installed."""
        return Path("/bin") / name

    def ran(self) -> list[Command]:
        """The story's commands: they alone have a home of their own."""
        return [
            one for one in self.commands if "storyrunner-copy-" in (one.env or {}).get("HOME", "")
        ]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("hostile") / "repo", {"run": "ls"})


SLOW = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@SLOW
@given(text=TEXTS)
def test_nothing_unapproved_reaches_the_runner(repository: Path, text: str) -> None:
    (repository / "runbook.yaml").write_text(runbook_of({"run": text}), encoding="utf-8")
    runner = Deaf()
    for mode in (Mode.CHECK, Mode.GUIDE):
        with opened(repository, None, mode=mode, runner=runner) as session:
            report = asyncio.run(session.run())
        assert report.exit_code == 4
    assert runner.ran() == []


@SLOW
@given(texts=st.lists(TEXTS, min_size=2, max_size=4, unique=True), data=st.data())
def test_only_the_approved_ones_reach_the_runner(
    repository: Path, texts: list[str], data: st.DataObject
) -> None:
    steps = [{"run": text} for text in texts]
    (repository / "runbook.yaml").write_text(runbook_of(*steps), encoding="utf-8")
    allowed: set[str] = set()
    exact: dict[str, CommandRequest] = {}

    def answer(question: ApprovalQuestion) -> ApprovalAnswer:
        said = [item.digest for item in question.items if data.draw(st.booleans())]
        counts = (exact[one] for one in said)
        allowed.update(one.text for one in counts if question.now or not one.always_asks)
        return ApprovalAnswer(frozenset(said))

    runner = Deaf()
    with opened(repository, runner=runner, script=Script(approvals=answer)) as session:
        exact.update((one.digest, one) for one in all_requests(session.context))
        asyncio.run(session.run())
        (session.context.workspace.state / "approved.json").unlink(missing_ok=True)
    for command in runner.ran():
        ran = command.argv[command.argv.index("--") + 1 :] if IS_CONFINING else command.argv
        if ran[0] == "/bin/bash":
            assert ran[ran.index("-c") + 1] in allowed
        else:
            assert (Path(ran[0]).name, *ran[1:]) in [read_command(one).argv for one in allowed]
