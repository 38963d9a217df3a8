"""Which tools of the trade are here, which version and flavour, and whether they are new enough.

One spawn per tool, all side by side. It must not decide what stands in for a missing one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from pathlib import Path

from storyrunner.model.command import Command, Ending
from storyrunner.model.frozen import dataclass
from storyrunner.model.ports import Runner
from storyrunner.tools import flux, git, kubeconform, kubectl, kustomize, yq
from storyrunner.tools.environment import environment
from storyrunner.tools.remembered import Remembered
from storyrunner.tools.tool import Detected, Missing, Stated, Tool, Unusable

_TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class _Probe:
    args: tuple[str, ...]
    identify: Callable[[str], Stated | None]
    minimum: Mapping[str, str]
    env: Mapping[str, str] = field(default_factory=dict)


_PROBES = {
    kubectl.NAME: _Probe(
        kubectl.VERSION_ARGS, kubectl.identify, {"": kubectl.MINIMUM}, kubectl.VERSION_ENV
    ),
    kustomize.NAME: _Probe(kustomize.VERSION_ARGS, kustomize.identify, {"": kustomize.MINIMUM}),
    flux.NAME: _Probe(flux.VERSION_ARGS, flux.identify, {"": flux.MINIMUM}),
    yq.NAME: _Probe(yq.VERSION_ARGS, yq.identify, {yq.MIKEFARAH: yq.MINIMUM}),
    kubeconform.NAME: _Probe(
        kubeconform.VERSION_ARGS, kubeconform.identify, {"": kubeconform.MINIMUM}
    ),
    git.NAME: _Probe(git.VERSION_ARGS, git.identify, {"": git.MINIMUM}),
}

NAMES = tuple(_PROBES)
"""All tools that can be detected."""


def recall(runner: Runner, name: str, remembered: Remembered | None) -> Detected | None:
    """What is known of a tool without starting it; None when it has to be asked."""
    if remembered is None:
        return None
    path = runner.which(name)
    if path is None:
        return Missing(name)
    tool = remembered.recall(name, path)
    return _fit_for_use(runner, tool) if tool else None


async def detect(runner: Runner, name: str, remembered: Remembered | None = None) -> Detected:
    """The tool called `name` (one of NAMES) as it is here, whatever its version."""
    known = recall(runner, name, remembered)
    if known is not None:
        return known
    probe = _PROBES[name]
    path = runner.which(name)
    if path is None:
        return Missing(name)
    mark = remembered.mark(name, path) if remembered else ""
    command = Command(
        (str(path), *probe.args), Path("/"), env=environment() | dict(probe.env), timeout=_TIMEOUT
    )
    outcome = await runner.run(command)
    if outcome.ending is Ending.NOT_FOUND:
        return Unusable(name, path, f"{name} cannot be started: {outcome.stderr_text.strip()}")
    if outcome.ending is not Ending.EXITED:
        return Unusable(name, path, f"{name} does not tell its version: {outcome.ending}")
    stated = probe.identify(outcome.stdout_text or outcome.stderr_text)
    if stated is None:
        said = " ".join((outcome.stdout_text or outcome.stderr_text).split())[:80]
        return Unusable(name, path, f"{path} is not the {name} that is meant: it says {said!r}")
    tool = Tool(name, path, stated.version, stated.flavour, stated.kustomize)
    if remembered:
        remembered.keep(tool, mark)
    return _fit_for_use(runner, tool)


def _fit_for_use(runner: Runner, tool: Tool) -> Detected:
    if tool.flavour == yq.KISLYUK and runner.which("jq") is None:
        reason = f"{tool.shown} needs jq, which is not installed"
        return Unusable(tool.name, tool.path, reason, tool)
    return tool


def judge(found: Detected, minimum: str = "", flavour: str = "") -> Detected:
    """`found`, or Unusable with the reason when it is another flavour or older than `minimum`.

    Without `minimum` our own for that tool and flavour holds (`minimum_of`).
    """
    if not isinstance(found, Tool):
        return found
    if flavour and found.flavour != flavour:
        reason = f"{found.shown} is here, not the {found.name} of {flavour}"
        return Unusable(found.name, found.path, reason, found)
    needed = minimum or minimum_of(found)
    if not found.meets(needed):
        return Unusable(found.name, found.path, f"{found.shown} is older than {needed}", found)
    return found


def minimum_of(tool: Tool) -> str:
    """The oldest version that can be used; "" when any can."""
    return _PROBES[tool.name].minimum.get(tool.flavour, "")


async def detect_all(runner: Runner, names: Iterable[str] = NAMES) -> dict[str, Detected]:
    """All of `names`, judged by our own minimums, found side by side."""
    wanted = tuple(dict.fromkeys(names))
    found = await asyncio.gather(*(detect(runner, name) for name in wanted))
    return {name: judge(item) for name, item in zip(wanted, found, strict=True)}
