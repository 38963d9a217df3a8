"""A small runbook on a small repository, run in this process without any tool."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from storyrunner.engine.opening import Options, open_session
from storyrunner.engine.session import Mode, Session
from storyrunner.model.approval import ApprovalAnswer, ApprovalQuestion
from storyrunner.model.decision import (
    Choice,
    CommitAnswer,
    CommitDraft,
    PushQuestion,
    SignAnswer,
    SignQuestion,
    WriteAnswer,
    WriteQuestion,
)
from storyrunner.model.events import Envelope, StepFinished, StepStarted
from tests.support.scripted_runner import ScriptedRunner

RUNBOOK = """\
name: small
story: STORY-SMALL
number: 3
title: A small story
clusters:
  - name: blue
    directory: clusters/blue
    settings: clusters/blue/settings.yaml
    kustomizations: clusters/blue/infrastructure.yaml
parameters:
  domain:
    description: The domain.
    type: domain
    scope: cluster
    default: blue.example
    found: {setting: DOMAIN}
tasks:
  - id: T4
    title: Build
    needs: [T2, T3]
    steps:
      - {id: T4.1, kind: build, title: The build, folder: apps}
  - id: T1
    title: Look
    steps:
      - {id: T1.1, kind: require, title: A readme, needs: [{path: README.md}]}
      - id: T1.2
        kind: require
        title: The keys
        cluster: blue
        supplied_by: T3
        needs: [{keys: [DOMAIN], file: "[[ settings ]]"}]
  - id: T2
    title: List
    needs: [T1]
    steps:
      - id: T2.1
        kind: edit
        title: The list
        path: apps/kustomization.yaml
        entry: {field: [resources], entry: small.yaml}
      - id: T2.2
        kind: edit
        title: What may be away
        path: more/kustomization.yaml
        when: more
        entry: {field: [resources], entry: more.yaml}
  - id: T3
    title: Set
    needs: [T1]
    steps:
      - id: T3.1
        kind: edit
        title: The settings
        cluster: blue
        path: "[[ settings ]]"
        keys: {field: [data], values: {DOMAIN: "[[ domain ]]"}}
  - id: T5
    title: Sign
    needs: [T4]
    steps:
      - {id: T5.1, kind: confirm, title: A word, question: Is it good?, files: [apps/small.yaml]}
criteria:
  - {id: AC1, text: Listed, proved_by: [T2.1, T2.2]}
  - {id: AC2, text: Set, proved_by: [T3.1]}
  - {id: AC3, text: Builds, proved_by: [T4.1, T2.1]}
  - {id: AC4, text: Signed, proved_by: [T5.1]}
"""
ORDER = ["T1.1", "T1.2", "T2.1", "T2.2", "T3.1", "T4.1", "T5.1"]
LIST = "apps/kustomization.yaml"
SETTINGS = "clusters/blue/settings.yaml"
FILES = {
    "README.md": "# Small\n",
    LIST: "kind: Kustomization\nresources:\n  - a.yaml\n",
    "apps/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    "apps/small.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: small}\n",
    SETTINGS: "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}\ndata:\n  OTHER: x\n",
    "runbook.yaml": RUNBOOK,
}


def make_small(folder: Path) -> Path:
    """The repository; a folder `.git` is all that is asked of git here."""
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (folder / ".git").mkdir()
    return folder


@dataclass
class Script:
    """A Decider that answers by path or step, yes by default, and remembers what it was asked."""

    writes: dict[str, WriteAnswer] = field(default_factory=dict)
    signs: SignAnswer | None = None
    asked: list[str] = field(default_factory=list)
    approvals: Callable[[ApprovalQuestion], ApprovalAnswer | None] | None = None
    questions: list[ApprovalQuestion] = field(default_factory=list)

    async def decide_write(self, question: WriteQuestion) -> WriteAnswer:
        """The answer for the path."""
        self.asked.append(question.path)
        return self.writes.get(question.path, WriteAnswer(Choice.WRITE))

    async def sign(self, question: SignQuestion) -> SignAnswer | None:
        """The scripted signature."""
        self.asked.append(question.step)
        return self.signs

    async def decide_commit(self, draft: CommitDraft) -> CommitAnswer | None:
        """No commit step is in the small runbook."""
        raise AssertionError(draft)

    async def approve(self, question: ApprovalQuestion) -> ApprovalAnswer | None:
        """The scripted answer; what was asked is kept."""
        self.questions.append(question)
        return self.approvals(question) if self.approvals else None

    async def decide_push(self, question: PushQuestion) -> bool:
        """No push either."""
        raise AssertionError(question)


@dataclass
class Recording:
    """A sink that keeps every envelope."""

    envelopes: list[Envelope] = field(default_factory=list)

    def __call__(self, envelope: Envelope) -> None:
        """Keep."""
        self.envelopes.append(envelope)

    def started(self) -> list[str]:
        """Steps in the order they began."""
        events = (item.event for item in self.envelopes)
        return [event.step for event in events if isinstance(event, StepStarted)]

    def finished(self, step: str) -> list[str]:
        """All statuses that a step had, in order."""
        events = (item.event for item in self.envelopes)
        return [
            event.result.status.value
            for event in events
            if isinstance(event, StepFinished) and event.result.step == step
        ]


@contextmanager
def opened(
    folder: Path,
    decider: Script | None = None,
    *,
    mode: Mode = Mode.GUIDE,
    recording: Recording | None = None,
) -> Iterator[Session]:
    """A session on the small repository."""
    options = Options(root=folder, runbook=str(folder / "runbook.yaml"))
    runner = ScriptedRunner()
    sinks = [recording] if recording else []
    with open_session(
        options, mode=mode, decider=decider or Script(), sinks=sinks, runner=runner
    ) as session:
        yield session
    runner.assert_used()


def statuses(session: Session) -> dict[str, str]:
    """Step -> status."""
    return {name: result.status.value for name, result in session.results.items()}
