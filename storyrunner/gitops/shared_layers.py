"""Layers that several clusters ask flux for alike: built once, because the same input gives the
same output.

The input is the one document that flux is given and the files it reads. Of its variables only
those count whose names stand in some text of it, since a name that stands nowhere is referred to
nowhere; where a reference could be put together of pieces, all of them count. It starts nothing
and keeps no failure: whoever asks next asks flux itself.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from storyrunner import regular
from storyrunner.gitops.objects import KubeObject
from storyrunner.model.frozen import dataclass
from storyrunner.workspace import reads

Objects = tuple[KubeObject, ...]

_NAME = re.compile(r"[_A-Za-z][_A-Za-z0-9]*", re.ASCII)
_IN_PIECES = re.compile(
    r"\$(?:$|[\s\"',\]}])"  # a dollar that ends a text, to which another may be joined
    r"|\$\{[^}\n]*$"  # an expression over several lines
    r"|\\[xuU][0-9A-Fa-f]"  # a dollar or a brace written as an escape
    r"|\b(?:replacements|vars)\b",  # cut texts anywhere
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class _Built:
    objects: Objects
    commands: tuple[str, ...]


class SharedLayers:
    """What was built, or is being built, by its input."""

    def __init__(self) -> None:
        self._built: dict[str, asyncio.Future[_Built | None]] = {}

    def forget(self) -> None:
        """Files changed: what is asked for from now on is built again."""
        self._built = {}

    async def objects(self, key: str, build: Callable[[], Awaitable[Objects]]) -> Objects:
        """The objects of the layer with this input; `build` makes them when nobody has.

        Commands that made them are noted for whoever asks. Raises what `build` raises.
        """
        there = self._built.get(key)
        if there is not None and (found := await asyncio.shield(there)) is not None:
            for command in found.commands:
                reads.note_command(command)
            return found.objects
        future = self._built[key] = asyncio.get_running_loop().create_future()
        made = None
        try:
            with reads.recording() as noted:
                objects = await build()
            made = _Built(objects, reads.commands_in(noted))
        finally:
            future.set_result(made)
            if made is None and self._built.get(key) is future:
                del self._built[key]
        return objects


def layer_key(
    tree: Path, document: Mapping[str, Any], directory: str, read: Iterable[str], *, strict: bool
) -> str | None:
    """What identifies a build of `directory` with `document`, a Flux Kustomization whose variables
    are all inline, over the files `read` (posix, relative to `tree`); None when one cannot be
    read."""
    spec = dict(document["spec"])
    post_build = dict(spec.get("postBuild") or {})
    variables: Mapping[str, str] = post_build.pop("substitute", None) or {}
    bare = json.dumps({**document, "spec": {**spec, "postBuild": post_build}}, default=str)
    try:
        text = "\n".join([bare, *(_text(tree / path) for path in sorted(read))])
    except OSError:
        return None
    counting = sorted(_that_count(variables, text).items())
    return reads.text_fingerprint(json.dumps([directory, strict, text, counting]))


def _that_count(variables: Mapping[str, str], text: str) -> dict[str, str]:
    """The variables that may play a part in a build of `text`."""
    if _IN_PIECES.search(text):
        return dict(variables)
    names = set(_NAME.findall(text))
    return {name: value for name, value in variables.items() if name in names}


def _text(path: Path) -> str:
    return regular.read_bytes(path).decode("utf-8", "replace")
