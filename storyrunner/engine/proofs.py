"""What a proof is worth later: the inputs a verdict rests on, and which of them have changed.

A verdict is used again only when it passed, when all its inputs are known, and when each of them is
what it was; everything else is proven anew. It knows nothing of how proofs are stored or shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from storyrunner.errors import StoryrunnerError
from storyrunner.model.frozen import dataclass
from storyrunner.model.need import Need, StoryNeed, ToolNeed
from storyrunner.model.result import StepResult
from storyrunner.model.rung import EngineChoice
from storyrunner.model.step import BuildStep, DryRunStep, QueryStep, RequireStep, Step
from storyrunner.steps.base import StepContext
from storyrunner.tools.tool import Detected, Missing, Tool
from storyrunner.workspace import ABSENT, reads

REUSABLE = frozenset({"require", "write", "edit", "dry_run", "build", "query", "confirm"})
"""Kinds whose inputs are all known. What runs a command of the story or asks git is not here."""

_RENDERERS = ("flux", "kustomize", "kubectl")
_FOLLOWS = reads.SETTINGS
"""Recorded for people: it follows from files that are inputs themselves."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all proofs of a run, as fingerprints that are good on this machine only."""

    program: str
    options: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Recorded with a proof, and no input of it. `dirty` are files that differ from the commit;
    None when git could not be asked."""

    at: str = ""
    commit: str = ""
    dirty: tuple[str, ...] | None = None
    storyrunner: str = ""
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """A verdict on one step and what it rests on. `inputs`: as `workspace.reads` names them.

    `terms` is None for a verdict that is not used again. `log` names the file of its output.
    `commands` are as they were shown, `ran` what was started, word for word.
    """

    result: StepResult
    kind: str
    title: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    made: Circumstances = Circumstances()
    commands: tuple[str, ...] = ()
    log: str = ""
    terms: Terms | None = None
    ran: tuple[str, ...] = ()


class Present:
    """What inputs are worth now, each looked at once. `tools`: name -> what `identity` says; None
    when nobody has looked, and then tools count as unchanged."""

    def __init__(self, context: StepContext, tools: Mapping[str, str] | None) -> None:
        self._context = context
        self._tools = tools
        self._known: dict[str, str] = {}

    def changed(self, proof: Proof) -> tuple[str, ...]:
        """The inputs of a proof that are not what they were, in order."""
        known = proof.inputs.items()
        return tuple(sorted(key for key, value in known if self._differs(key, value)))

    def _differs(self, key: str, value: str) -> bool:
        if key.startswith(_FOLLOWS) or key == reads.UNREPEATABLE:
            return False
        if key.startswith(reads.TOOLS) and self._tools is None:
            return False
        if key not in self._known:
            self._known[key] = self._look(key)
        return self._known[key] != value or not value

    def _look(self, key: str) -> str:
        if key.startswith(reads.TOOLS):
            return (self._tools or {}).get(key.removeprefix(reads.TOOLS), "")
        if key == reads.STORY:
            return story_fingerprint(self._context)
        if key == reads.RUNBOOK:
            return runbook_fingerprint(self._context)
        if key.startswith(reads.PARAMETERS):
            return self._parameter(key.removeprefix(reads.PARAMETERS))
        if key.startswith("/"):
            return self._context.builds.notes.whole(key)
        return self._context.builds.notes.plain_file(key) or self._context.workspace.again(key)

    def _parameter(self, label: str) -> str:
        cluster, _, name = label.rpartition(".")
        try:
            return parameter_fingerprint(self._context, name, cluster)
        except (StoryrunnerError, KeyError):
            return ""


def parameter_fingerprint(context: StepContext, name: str, cluster: str) -> str:
    """As `Values` notes it. Raises StoryrunnerError."""
    found = context.values.value(name, cluster)
    return ABSENT if found is None else reads.text_fingerprint(found.text)


def story_fingerprint(context: StepContext) -> str:
    """sha256 of the story without its boxes and records; ABSENT when the runbook stands alone."""
    if context.story is None:
        return ABSENT
    from storyrunner.stories.blanking import blanked

    return reads.text_fingerprint(blanked(context.story))


def runbook_fingerprint(context: StepContext) -> str:
    """sha256 of all that the runbook says."""
    return reads.text_fingerprint(repr(context.runbook))


_WORDS = {
    reads.NAMES: "files of the repository appeared, vanished or became something else",
    reads.CONTENT: "files of the repository changed",
    reads.CRDS: "the CRDs of the repository changed",
    reads.STORY: "the story's words changed",
    reads.RUNBOOK: "the runbook changed",
}


def in_words(changed: Sequence[str]) -> str:
    """What changed, for a person: files first, and how many more."""
    first = min(changed, key=lambda key: (key.startswith("/"), changed.index(key)))
    more = f" (+{len(changed) - 1} more)" if len(changed) > 1 else ""
    return f"{_in_words(first)}{more}"


def _in_words(key: str) -> str:
    if key.startswith(reads.TOOLS):
        return f"{key.removeprefix(reads.TOOLS)} is another one"
    if key.startswith(reads.PARAMETERS):
        return f"the value of {key.removeprefix(reads.PARAMETERS)} changed"
    if key.startswith("?"):
        return f"{key.removeprefix('?')} appeared or vanished"
    if not key.startswith("/") and key.endswith("/"):
        return f"the list of files in {key} changed"
    return _WORDS.get(key, f"{key} changed")


def common_inputs(context: StepContext) -> dict[str, str]:
    """What every verdict of a run rests on."""
    return {
        reads.STORY: story_fingerprint(context),
        reads.RUNBOOK: runbook_fingerprint(context),
    }


def tool_inputs(step: Step, engine: EngineChoice, tools: Mapping[str, str]) -> dict[str, str]:
    """The tools that were looked for when a step was judged, and which they are."""
    names = sorted(_tools_of(step, engine))
    return {f"{reads.TOOLS}{name}": tools.get(name, "") for name in names}


def _tools_of(step: Step, engine: EngineChoice) -> frozenset[str]:
    if isinstance(step, RequireStep):
        return frozenset(_needed(step.needs))
    if not isinstance(step, BuildStep | DryRunStep | QueryStep):
        return frozenset()
    if engine is EngineChoice.EMBEDDED:
        return frozenset()
    return frozenset((*_RENDERERS, "yq") if isinstance(step, QueryStep) else _RENDERERS)


def _needed(needs: tuple[Need, ...]) -> Iterator[str]:
    for need in needs:
        if isinstance(need, ToolNeed):
            yield need.tool
        elif isinstance(need, StoryNeed):
            yield from _needed(need.artefacts)


async def identities(context: StepContext) -> dict[str, str]:
    """Which programs the tools of this machine are: words, and after `#` a fingerprint of the file
    that would be started, for versions that do not change with the program."""
    found = await context.tools.all_found()
    told = {name: identity(one) for name, one in found.items()}
    yq, jq = found.get("yq"), context.runner.which("jq")
    if isinstance(yq, Tool) and jq is not None:  # one of the two programs of that name runs it
        told["yq"] = identity(yq, jq)
    return told


def identity(found: Detected, *others: Path) -> str:
    """As above, for one tool and other programs that it starts. No path is told."""
    if isinstance(found, Missing):
        return found.reason
    words = found.shown if isinstance(found, Tool) else found.reason
    try:
        stamps = "\n".join(_stamp(path) for path in (found.path, *others))
    except OSError:
        return ""
    digest = reads.text_fingerprint(f"{words}\n{found}\n{stamps}")
    return f"{words.replace(str(found.path), found.name)} #{digest[:16]}"


def _stamp(path: Path) -> str:
    real = path.resolve()
    state = real.stat()
    return f"{path} {real} {state.st_size} {state.st_mtime_ns} {state.st_ino}"
