"""kubectl starts while builds are made, and is asked again when they tell otherwise."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from storyrunner.errors import HungToolError, ToolError
from storyrunner.gitops.offline_api import CrdFact
from storyrunner.model.command import Command, Ending, Outcome
from storyrunner.model.step import DryRunStep
from storyrunner.steps.kubectl_dry_run import KubectlDryRun
from storyrunner.tools.tool import Detected, Missing, Tool
from storyrunner.tools.toolbox import Toolbox
from storyrunner.workspace import Workspace

GADGET = "apiVersion: acme.example.org/v1\nkind: Gadget\nmetadata:\n  name: g\n"
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n"
FACT = CrdFact("acme.example.org", "v1", "Gadget", "gadgets", True)
STEP = DryRunStep(kind="dry_run", id="T4.1", title="", folder="app", through="", flux="")


class Kubectl:
    """Says of every manifest that it would be created; counts how often it is asked."""

    def __init__(self, ending: Ending = Ending.EXITED) -> None:
        self.asked = 0
        self.ending = ending

    async def run(self, command: Command, on_line: object = None) -> Outcome:
        self.asked += 1
        said = "configmap/c created (dry run)\n"
        files = [word for word in command.argv if word.startswith("--filename=")]
        if any("gadget" in name for name in files):
            said += "gadget.acme.example.org/g created (dry run)\n"
        ended = self.ending is Ending.EXITED
        return Outcome(command, self.ending, 0 if ended else None, stdout=said.encode())


class Tools(Toolbox):
    """kubectl is here, or nothing is."""

    def __init__(self, kubectl: Detected) -> None:
        super().__init__(runner=None)  # type: ignore[arg-type]
        self.kubectl = kubectl

    async def usable(self, name: str) -> Detected:
        return self.kubectl


@pytest.fixture
def context(tmp_path: Path) -> Any:
    folder = tmp_path / "tree" / "app"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "kustomization.yaml").write_text("resources: [config.yaml]\n")
    return SimpleNamespace(
        workspace=Workspace(tmp_path / "tree", writable=False, state=tmp_path / "state"),
        tools=Tools(Tool("kubectl", Path("/bin/kubectl"), "1.37.2")),
        builds=SimpleNamespace(may_use_tools=True),
        values=SimpleNamespace(fill=lambda text, _cluster: text),
        runner=Kubectl(),
        show_command=lambda *_: None,
        show_output=lambda *_: None,
        commit="",
        now=lambda: "",
    )


def with_gadget(context: Any) -> None:
    (context.workspace.root / "app" / "gadget.yaml").write_text(GADGET)


async def ask(context: Any, early: list[CrdFact], late: list[CrdFact]) -> Any:
    dry_run = KubectlDryRun(STEP, context)
    await dry_run.begin(early)
    before = context.runner.asked
    await asyncio.sleep(0)
    return await dry_run.answer(late), before


async def test_files_of_known_kinds_are_asked_about_once(context: Any) -> None:
    (findings, proofs), _ = await ask(context, [], [FACT])
    assert findings == []
    assert [proof.matched for proof in proofs] == ["1 object of 1 file"]
    assert context.runner.asked == 1


async def test_it_waits_for_the_builds_when_only_they_can_tell_a_kind(context: Any) -> None:
    with_gadget(context)
    dry_run = KubectlDryRun(STEP, context)
    await dry_run.begin([])
    await asyncio.sleep(0)
    assert context.runner.asked == 0
    findings, _ = await dry_run.answer([FACT])
    assert (findings, context.runner.asked) == ([], 1)


async def test_it_is_asked_again_when_the_builds_tell_otherwise(context: Any) -> None:
    with_gadget(context)
    other = CrdFact("acme.example.org", "v1", "Gadget", "gadgets", False)
    (findings, _), _ = await ask(context, [FACT], [other])
    assert (findings, context.runner.asked) == ([], 2)


async def test_it_is_not_asked_again_for_what_the_files_do_not_use(context: Any) -> None:
    with_gadget(context)
    elsewhere = CrdFact("other.example.org", "v1", "Thing", "things", True)
    await ask(context, [FACT], [FACT, elsewhere])
    assert context.runner.asked == 1


async def test_without_kubectl_nothing_is_asked(context: Any) -> None:
    context.tools.kubectl = Missing("kubectl")
    (findings, proofs), _ = await ask(context, [], [])
    assert (findings, proofs, context.runner.asked) == ([], [], 0)


async def test_a_folder_without_manifests_fails(context: Any) -> None:
    (context.workspace.root / "app" / "config.yaml").unlink()
    (findings, _), _ = await ask(context, [], [])
    assert [one.rule for one in findings] == ["missing-file"]
    assert context.runner.asked == 0


async def test_a_kubectl_that_hung_is_not_asked_again(context: Any) -> None:
    context.runner.ending = Ending.TIMED_OUT
    with pytest.raises(ToolError, match="timed out"):
        await ask(context, [], [])
    with pytest.raises(HungToolError, match="not asked again"):
        await ask(context, [], [])
    assert context.runner.asked == 1


async def test_one_that_nobody_waits_for_is_ended(context: Any) -> None:
    ended = []

    class Slow(Kubectl):
        async def run(self, command: Command, on_line: object = None) -> Outcome:
            try:
                return await asyncio.get_running_loop().create_future()
            finally:
                ended.append(command.argv[0])

    context.runner = Slow()
    dry_run = KubectlDryRun(STEP, context)
    await dry_run.begin([])
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await dry_run.stop()
    assert ended == ["/bin/kubectl"]
