"""The ladder of render engines: which can be used here, in which order, and why others are not.

A rung that refuses a feature, or whose tool breaks, hands the job to the next and its reason goes
along; nothing is guessed (design.md §5). A refusal by the build itself (RenderError) is a verdict
and never steps down: a weaker engine must not turn red into green.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from storyrunner import __version__
from storyrunner.errors import HungToolError, RefusedFeatureError, StoryrunnerError, ToolError
from storyrunner.gitops.embedded import EmbeddedEngine
from storyrunner.gitops.flux_build import FluxBuild, FluxBuilder, as_layer_engine
from storyrunner.gitops.flux_cli import FluxCli
from storyrunner.gitops.flux_layer import LayerEngine
from storyrunner.gitops.flux_objects import FLUX_NAMESPACE
from storyrunner.gitops.kustomize_cli import KustomizeCli
from storyrunner.gitops.layer_store import LayerStore
from storyrunner.gitops.private_copy import PrivateCopy
from storyrunner.gitops.shared_layers import SharedLayers
from storyrunner.model.cluster import Cluster
from storyrunner.model.frozen import dataclass
from storyrunner.model.ports import Kustomizer, Runner
from storyrunner.model.rung import EngineChoice, Job, Rung
from storyrunner.tools import kustomize
from storyrunner.tools.tool import Detected, Missing, Tool, Unusable, at_least

_KUBECTL = "kubectl"


@dataclass(frozen=True, slots=True)
class Option:
    """One rung that can be tried: the engine's kind, the tool behind it (None: embedded), and the
    reasons for better ones that cannot."""

    engine: EngineChoice
    tool: Tool | None
    rung: Rung


def choose(choice: EngineChoice, tools: Mapping[str, Detected]) -> tuple[Option, ...]:
    """The rungs to try, the strongest first; `tools` is what `tools.detection` found, judged.

    A pinned choice gives its own rungs only. Raises ToolError when a pinned tool is not usable.
    """
    reasons: list[str] = []
    options: list[Option] = []
    if choice in (EngineChoice.AUTO, EngineChoice.FLUX):
        _add(options, reasons, EngineChoice.FLUX, tools.get("flux", Missing("flux")))
    if choice in (EngineChoice.AUTO, EngineChoice.KUSTOMIZE):
        for name in (kustomize.NAME, _KUBECTL):
            found = _with_kustomize(tools.get(name, Missing(name)))
            _add(options, reasons, EngineChoice.KUSTOMIZE, found)
    if choice in (EngineChoice.AUTO, EngineChoice.EMBEDDED):
        rung = Rung(Job.RENDER, EmbeddedEngine.name, __version__, tuple(reasons))
        options.append(Option(EngineChoice.EMBEDDED, None, rung))
    if not options:
        raise ToolError(
            f"--engine {choice} cannot be used: {'; '.join(reasons)}",
            hint="--engine auto takes what is there",
        )
    return tuple(options)


class RenderLadder:
    """Builds on the first rung that can. A context manager: it owns the tools' private copy."""

    def __init__(self, tree: Path, runner: Runner, options: Sequence[Option]) -> None:
        self._tree = tree
        self._runner = runner
        self._options = tuple(options)
        self._copy = PrivateCopy(tree)
        self._layers = LayerStore(tree)
        self._shared = SharedLayers()
        self._hung: dict[Option, HungToolError] = {}
        self.trouble = ""
        """What a tool did here that it may not do the next time; empty when all answered."""

    def __enter__(self) -> RenderLadder:
        if any(option.tool for option in self._options):
            self._copy.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._copy.__exit__(kind, error, trace)

    def refresh(self) -> None:
        """Files may have changed: what rests on them is built again, and nothing else."""
        self._layers.refresh()
        self._shared.forget()

    async def build(
        self,
        cluster: Cluster,
        name: str,
        *,
        namespace: str = FLUX_NAMESPACE,
        recursive: bool = True,
        strict: bool = True,
        keep_going: bool = False,
    ) -> FluxBuild:
        """See FluxBuilder.build; `FluxBuild.rung` says which rung it was and why not a better.

        Raises the last rung's RefusedFeatureError or ToolError when none could.
        """
        reasons: list[str] = []
        for option in self._options:
            known = tuple(dict.fromkeys((*option.rung.stepped_over, *reasons)))
            rung = replace(option.rung, stepped_over=known)
            try:
                self.refuse_hung(option)
                builder = FluxBuilder(self._tree, self._layer_engine(option), rung)
                return await builder.build(
                    cluster,
                    name,
                    namespace=namespace,
                    recursive=recursive,
                    strict=strict,
                    keep_going=keep_going,
                )
            except (RefusedFeatureError, ToolError) as error:
                self.remember(option, error)
                last = error
                reasons.append(f"{option.rung}: {error.message}")
        raise last

    def remember(self, option: Option, error: StoryrunnerError) -> None:
        """A tool that hung once is not asked again: each time would cost its whole timeout."""
        if isinstance(error, ToolError):
            self.trouble = error.message
        if isinstance(error, HungToolError):
            self._hung.setdefault(option, error)

    def refuse_hung(self, option: Option) -> None:
        """Raises HungToolError when the rung's tool hung before."""
        if option in self._hung:
            raise HungToolError(self._hung[option].message)

    def _layer_engine(self, option: Option) -> LayerEngine:
        engine = as_layer_engine(self.engine(option))
        # A tool's copy of the tree may be older than the tree while other builds run on it.
        return engine if option.tool else self._layers.around(engine)

    def engine(self, option: Option) -> Kustomizer | LayerEngine:
        """The engine of a rung."""
        if option.tool is None:
            return EmbeddedEngine()
        if option.engine is EngineChoice.FLUX:
            return FluxCli(self._runner, option.tool, self._copy, shared=self._shared)
        return KustomizeCli(self._runner, option.tool, self._copy)


def _add(options: list[Option], reasons: list[str], engine: EngineChoice, found: Detected) -> None:
    if isinstance(found, Tool):
        name = "kubectl kustomize" if found.name == _KUBECTL else found.name
        rung = Rung(Job.RENDER, name, found.version, tuple(reasons))
        options.append(Option(engine, found, rung))
    else:
        reasons.append(found.reason)


def _with_kustomize(found: Detected) -> Detected:
    """kubectl counts by the kustomize inside it, which must know `sortOptions` (5.0)."""
    if not isinstance(found, Tool) or not found.kustomize:
        return found
    if at_least(found.kustomize, kustomize.MINIMUM):
        return found
    reason = f"{found.shown} has kustomize {found.kustomize} inside"
    return Unusable(found.name, found.path, reason, found)
