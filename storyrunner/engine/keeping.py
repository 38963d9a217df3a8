"""Keeps the proofs of a session: what each step read, which proofs still hold, the record.

Only a run that changes nothing gives proofs that are used again, and only when the repository was
the same at its end as at its beginning. What is stored here decides no verdict: it only spares
making one that would be the same. It knows nothing of how a record is written (`record`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import field, replace
from pathlib import Path

from storyrunner import __version__
from storyrunner.engine import record as record_file
from storyrunner.engine.program import program_fingerprint
from storyrunner.engine.proofs import (
    REUSABLE,
    Circumstances,
    Present,
    Proof,
    Terms,
    common_inputs,
    identities,
    tool_inputs,
)
from storyrunner.engine.record import Record
from storyrunner.engine.storing import about_run, dirty_files, kept_logs, read, write
from storyrunner.errors import WorkspaceError
from storyrunner.gitops.tree_state import TreeState, look, unchanged
from storyrunner.model.events import CommandStarted, Envelope, OutputLine, StepStarted
from storyrunner.model.frozen import dataclass
from storyrunner.model.result import CriterionVerdict, StepResult
from storyrunner.model.rung import EngineChoice
from storyrunner.model.status import Status
from storyrunner.model.step import Step
from storyrunner.steps.base import StepContext
from storyrunner.workspace import Reads, reads

MOST_OUTPUT = 1 << 20
"""Characters of output that are kept for one step."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How proofs are kept. `fresh`: none of an earlier run is used. `copy`: a folder of the
    repository that gets the record too. `locations`: schemas from elsewhere play a part."""

    mode: str
    engine: EngineChoice = EngineChoice.AUTO
    locations: tuple[str, ...] = ()
    fresh: bool = False
    copy: Path | None = None


@dataclass(slots=True)
class _Output:
    commands: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    size: int = 0


class ProofBook:
    """The proofs of one story on one repository. A sink: it listens for commands and output."""

    def __init__(self, context: StepContext, how: Keeping) -> None:
        self._context = context
        self._how = how
        self.folder = context.workspace.state / record_file.FOLDER
        self.record, self.notice = read(self.folder, context.runbook.name)
        self.tools: dict[str, str] | None = None
        self._read: dict[str, Reads] = {}
        self._output: dict[str, _Output] = {}
        self._before: TreeState | None = None
        self._terms: Terms | None = None
        self._dirty: asyncio.Task[tuple[str, ...] | None] | None = None

    def __call__(self, envelope: Envelope) -> None:
        """Remember the commands and the output of each step, from its start."""
        match envelope.event:
            case StepStarted(step=step):
                self._output[step] = _Output()
            case CommandStarted(step=step, command=command):
                output = self._output.setdefault(step, _Output())
                output.commands.append(command)
                self._line(output, f"$ {command}")
            case OutputLine(step=step, stream=stream, text=text):
                output = self._output.setdefault(step, _Output())
                self._line(output, f"{'!' if stream == 'stderr' else '|'} {text}")
            case _:
                pass

    @contextmanager
    def recording(self, step_id: str, *, also: bool = False) -> Iterator[None]:
        """What is read inside the block is what the verdict on this step rests on; `also`: besides
        what it was already."""
        with reads.recording() as noted:
            try:
                yield
            finally:
                before = self._read.get(step_id, {}) if also else {}
                self._read[step_id] = {**before, **noted}

    # --- using again ---------------------------------------------------------------------------

    async def reusable(self, steps: Iterable[Step]) -> dict[str, StepResult]:
        """The verdicts that need not be made again, at the beginning of a run that changes nothing.

        Each passed, on inputs that are all known and all what they were.
        """
        self._before = self._context.builds.notes.look()
        self._terms = _terms(self._how)
        wanted = [step for step in steps if step.kind in REUSABLE]
        found = await self._unchanged(wanted) if self._before and not self._how.fresh else {}
        if len(found) < len(wanted):
            self._dirty = asyncio.ensure_future(dirty_files(self._context))
        return found

    async def _unchanged(self, steps: Sequence[Step]) -> dict[str, StepResult]:
        known = {step.id: self.record.proofs.get(step.id) for step in steps}
        proofs = {
            step.id: proof
            for step in steps
            if (proof := known[step.id]) is not None
            and proof.terms == self._terms
            and proof.kind == step.kind
            and proof.result.status is Status.PASSED
            and proof.inputs
        }
        if not proofs:
            return {}
        await self.meet_tools()
        present = Present(self._context, self.tools)
        return {
            name: replace(proof.result, reused=True)
            for name, proof in proofs.items()
            if not present.changed(proof)
        }

    async def meet_tools(self) -> None:
        """Learn which tools are here: they are inputs of what they prove."""
        if self.tools is None:
            self.tools = await identities(self._context)

    # --- keeping -------------------------------------------------------------------------------

    async def keep(
        self, results: Mapping[str, StepResult], criteria: Sequence[CriterionVerdict]
    ) -> None:
        """Store what a run has proven. Raises WorkspaceError when the copy that was asked for
        cannot be written; a state folder that cannot is only no help to the next run."""
        made = [item for item in results.values() if not item.reused]
        if self._how.copy is None and all(map(self._is_recorded, made)):
            return
        await self.meet_tools()
        dirty = await self._dirty if self._dirty is not None else await dirty_files(self._context)
        terms = self._terms if self._is_steady() else None
        self._take_in(made, dirty, terms)
        self._store(made, results, criteria)

    def _is_recorded(self, result: StepResult) -> bool:
        """Whether a verdict that is made each time came out as it stands in the record."""
        proof = self.record.proofs.get(result.step)
        return (
            proof is not None
            and proof.kind not in REUSABLE
            and proof.made.commit == self._context.commit
            and (proof.result.status, proof.result.reason) == (result.status, result.reason)
        )

    def record_of(
        self, results: Mapping[str, StepResult], criteria: Sequence[CriterionVerdict]
    ) -> Record:
        """The record of this run alone; nothing is stored."""
        self.record = Record(self._context.runbook.name)
        self._take_in(results.values(), None, None)
        about = about_run(self._context, self.record, self.tools or {}, criteria)
        return replace(self.record, about=about)

    def keep_now(
        self, results: Mapping[str, StepResult], criteria: Sequence[CriterionVerdict]
    ) -> None:
        """Store what a session has so far; nothing of it is used again by a check."""
        self._take_in(results.values(), None, None)
        self._store(list(results.values()), results, criteria)

    def _is_steady(self) -> bool:
        """Whether nothing in the repository changed while steps looked at it."""
        root = self._context.workspace.root
        return self._before is not None and unchanged(root, self._before, look(root))

    def _take_in(
        self, results: Iterable[StepResult], dirty: tuple[str, ...] | None, terms: Terms | None
    ) -> None:
        here = self._context
        proofs = dict(self.record.proofs)
        common = common_inputs(here)
        for result in results:
            step = here.runbook.step(result.step)
            old = proofs.get(result.step)
            if step is None or (result.status is Status.STALE and old is not None):
                continue  # what is stale is found out anew, and may hold again
            if result.step not in self._read:  # neither checked nor changed here, but taken over
                if old is not None:
                    proofs[result.step] = replace(old, result=result)
                continue
            made = Circumstances(here.now(), here.commit, dirty, __version__, self._how.mode)
            noted = self._read[result.step]
            inputs = {
                **{key: value for key, value in noted.items() if not key.startswith(reads.RAN)},
                **common,
                **tool_inputs(step, self._how.engine, self.tools or {}),
            }
            output = self._output.get(result.step, _Output())
            proofs[result.step] = Proof(
                result,
                step.kind,
                step.title,
                inputs,
                made,
                tuple(output.commands),
                _log_name(here.runbook.name, result.step) if output.lines else "",
                terms if self._may_be_reused(step, result, inputs) else None,
                reads.commands_in(noted),
            )
        order = [step.id for step in here.runbook.steps()]
        kept = {name: proofs[name] for name in order if name in proofs}
        self.record = Record(here.runbook.name, kept, self.record.about)

    def _may_be_reused(self, step: Step, result: StepResult, inputs: Mapping[str, str]) -> bool:
        schemas_elsewhere = step.kind == "dry_run" and bool(self._how.locations)
        return (
            step.kind in REUSABLE
            and result.status is Status.PASSED
            and reads.UNREPEATABLE not in inputs
            and all(inputs.values())
            and not schemas_elsewhere
        )

    def _store(
        self,
        made: Sequence[StepResult],
        results: Mapping[str, StepResult],
        criteria: Sequence[CriterionVerdict],
    ) -> None:
        about = about_run(self._context, self.record, self.tools or {}, criteria)
        self.record = replace(self.record, about=about)
        logs = {
            proof.log: "\n".join(self._output[name].lines) + "\n"
            for name, proof in self.record.proofs.items()
            if proof.log and name in self._output and self._output[name].lines
        }
        with suppress(OSError):
            write(self.folder, self.record, logs, portable=False)
        if self._how.copy is not None:
            try:
                kept = kept_logs(self.folder, self.record)  # also those of proofs that still hold
                write(self._how.copy, self.record, {**kept, **logs}, portable=True)
            except OSError as problem:
                raise WorkspaceError(
                    f"the evidence cannot be written to {self._how.copy}: {problem.strerror}"
                ) from problem

    def _line(self, output: _Output, text: str) -> None:
        output.size += len(text)
        if output.size <= MOST_OUTPUT:
            output.lines.append(text)
        elif output.lines[-1] != "…":
            output.lines.append("…")


def _log_name(runbook: str, step: str) -> str:
    return f"{runbook}/{re.sub(r'[^A-Za-z0-9._-]', '_', step)}.log"


def _terms(how: Keeping) -> Terms:
    options = f"{how.engine} {how.locations}"
    return Terms(program_fingerprint(), reads.text_fingerprint(options))
