"""Whether a kustomize that is not the one inside Flux builds what that one would.

Releases of kustomize differ, and the cluster gets what Flux's builds. Our own renderer equals that
one wherever it does not refuse, so each layer that another release built is compared with it: a
difference is refused by name, and what cannot be compared is said (docs/adr/0013).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from storyrunner.errors import (
    DisputedFeatureError,
    Place,
    RefusedFeatureError,
    StoryrunnerError,
)
from storyrunner.gitops.embedded import EmbeddedEngine
from storyrunner.gitops.objects import KubeObject
from storyrunner.model.finding import Finding, warning
from storyrunner.tools import kustomize
from storyrunner.tools.tool import Tool, numbers

FLUX_KUSTOMIZE = "5.8.1"
"""What Flux 2.8 and 2.9 have inside."""

RULE = "kustomize.other-release"


def release_of(tool: Tool) -> str:
    """The kustomize that a tool is or has inside, for a person."""
    version = tool.version if tool.name == kustomize.NAME else tool.kustomize
    return f"kustomize {version or 'of unknown version'}"


def is_of_flux(tool: Tool) -> bool:
    """True when the tool builds by the very release that Flux has inside."""
    return numbers(release_of(tool)) == numbers(FLUX_KUSTOMIZE)


def compare(
    tool: Tool,
    tree: Path,
    directory: str,
    root: Mapping[str, Any],
    built: Sequence[Mapping[str, Any]],
) -> tuple[Finding, ...]:
    """What there is to say of the objects that `tool` built: nothing when they are Flux's.

    Raises DisputedFeatureError when they are not.
    """
    if is_of_flux(tool):
        return ()
    release = release_of(tool)
    try:
        ours = [one.data for one in EmbeddedEngine().render(tree, directory, root).objects]
    except DisputedFeatureError as dispute:
        raise _disputed(dispute.feature, release, dispute.place) from dispute
    except RefusedFeatureError as refused:
        text = (
            f"{release} built this and Flux has {FLUX_KUSTOMIZE} inside: whether they agree cannot "
            f"be told here, because of {refused.feature}"
        )
        return (warning(RULE, text, refused.place or Place(directory)),)
    except StoryrunnerError as problem:
        feature = f"what Flux's kustomize refuses ({problem.message})"
        raise _disputed(feature, release, problem.place) from problem
    different = _first_difference(built, ours)
    if different:
        raise _disputed(different, release, Place(directory))
    return ()


def refuse_other_no(
    tool: Tool, tree: Path, directory: str, root: Mapping[str, Any], message: str
) -> None:
    """`tool` refuses to build. Raises DisputedFeatureError when Flux's would not."""
    if is_of_flux(tool):
        return
    try:
        EmbeddedEngine().render(tree, directory, root)
    except DisputedFeatureError as dispute:
        raise _disputed(dispute.feature, release_of(tool), dispute.place) from dispute
    except StoryrunnerError:  # ours refuses too, or cannot tell
        return
    raise _disputed(f"a build ({message})", release_of(tool), Place(directory))


def _disputed(feature: str, release: str, place: Place | None) -> DisputedFeatureError:
    text = f"{feature}, in which {release} differs from the {FLUX_KUSTOMIZE} of Flux,"
    return DisputedFeatureError(text, able="flux", place=place)


def _first_difference(built: Sequence[Mapping[str, Any]], ours: Sequence[Mapping[str, Any]]) -> str:
    """The first object that is not the same in both; "" when all are."""
    for one, other in zip(built, ours, strict=False):
        if one != other:
            return KubeObject(dict(one)).ident or "an object"
    if len(built) != len(ours):
        longer = built if len(built) > len(ours) else ours
        return KubeObject(dict(longer[min(len(built), len(ours))])).ident or "an object"
    return ""
