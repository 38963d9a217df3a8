"""Layers that several clusters ask flux for alike: built once, because the same input gives the
same output.

The input is the one document that flux is given and the files it reads. Of its variables only
those count whose names stand in some text of it, since a name that stands nowhere is referred to
nowhere; where a reference could be put together of pieces, or a file be read that is not known of,
all of them count. It starts nothing and keeps no failure: whoever asks next asks flux itself.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from storyrunner import regular
from storyrunner.errors import HungToolError, ManifestError, WorkspaceError
from storyrunner.gitops.documents import load_file
from storyrunner.gitops.flux_root import KNOWN_FIELDS
from storyrunner.gitops.flux_scan import KUSTOMIZATION_FILES
from storyrunner.gitops.objects import KubeObject
from storyrunner.model.frozen import dataclass
from storyrunner.workspace import reads

Objects = tuple[KubeObject, ...]

_NAME = re.compile(r"[_A-Za-z][_A-Za-z0-9]*", re.ASCII)
_IN_PIECES = re.compile(
    r"\$(?:$|[\s\"',:\]}\\])"  # a dollar that ends a text, to which another may be joined
    r"|\$\{#?(?![_A-Za-z][_A-Za-z0-9]*[}:=?+^,#%/-])"  # a name that may go on in another text
    r"|\$\{[^}\n]*$"  # an expression over several lines
    r"|\\[xuU][0-9A-Fa-f]"  # a dollar or a brace written as an escape
    r"|!!|!<|%TAG"  # a text that another stands for, as `!!binary`
    r"|[\0\ufffd]"  # bytes that are not UTF-8: YAML may be UTF-16
    r"|\b(?i:replacements|vars)\b",  # cut texts anywhere
    re.MULTILINE,
)
_PLAIN_FIELDS = KNOWN_FIELDS - {
    "configurations",
    "generators",
    "helmCharts",
    "helmChartInflationGenerator",
    "replacements",
    "transformers",
    "validators",
    "vars",
}
"""Of a kustomization: what names the files it means itself and joins no more than names."""


@dataclass(frozen=True, slots=True)
class _Built:
    objects: Objects
    commands: tuple[str, ...]


class SharedLayers:
    """What was built, or is being built, by its input."""

    def __init__(self) -> None:
        self._built: dict[str, asyncio.Future[_Built | HungToolError | None]] = {}

    def forget(self) -> None:
        """Files changed: what is asked for from now on is built again."""
        self._built = {}

    async def objects(self, key: str, build: Callable[[], Awaitable[Objects]]) -> Objects:
        """The objects of the layer with this input; `build` makes them when nobody has.

        Commands that made them are noted for whoever asks. Raises what `build` raises; a tool that
        hung while others waited is not waited for by each of them again.
        """
        there = self._built.get(key)
        if there is not None and (found := await asyncio.shield(there)) is not None:
            if isinstance(found, HungToolError):
                raise HungToolError(found.message)
            for command in found.commands:
                reads.note_command(command)
            return found.objects
        future = self._built[key] = asyncio.get_running_loop().create_future()
        made: _Built | HungToolError | None = None
        try:
            with reads.recording() as noted:
                objects = await build()
            made = _Built(objects, reads.commands_in(noted))
        except HungToolError as hung:
            made = hung
            raise
        finally:
            future.set_result(made)
            if not isinstance(made, _Built) and self._built.get(key) is future:
                del self._built[key]
        return objects


def layer_key(
    tree: Path, document: Mapping[str, Any], directory: str, read: Iterable[str], *, strict: bool
) -> str | None:
    """What identifies a build of `directory` with `document`, a Flux Kustomization whose variables
    are all inline, over the files `read` (posix, relative to `tree`); None when one cannot be
    read."""
    paths = sorted(read)
    spec = dict(document["spec"])
    variables: Mapping[str, str] = {}
    post_build = spec.get("postBuild")
    if isinstance(post_build, Mapping):
        variables = post_build.get("substitute") or {}
        # Without any variable flux leaves even defaults alone.
        spec["postBuild"] = {**post_build, "substitute": bool(variables)}
    bare = json.dumps({**document, "spec": spec}, default=str)
    try:
        text = "\n".join([bare, *(_text(tree / path) for path in paths)])
    except OSError:
        return None
    if _IN_PIECES.search(text) or not all(_is_plain(tree, path) for path in paths):
        counting = dict(variables)
    else:
        names = set(_NAME.findall(text))
        counting = {name: value for name, value in variables.items() if name in names}
    given = [directory, strict, text, sorted(counting.items())]
    return reads.text_fingerprint(json.dumps(given))


def _is_plain(tree: Path, path: str) -> bool:
    """False for a kustomization that may read a file, or join texts, unknown to us: Go takes a key
    in any case and the last of two, and a generator or transformer has paths in files of its own.
    """
    if PurePosixPath(path).name not in KUSTOMIZATION_FILES:
        return True
    try:
        documents = load_file(tree / path, path)
    except (ManifestError, WorkspaceError):
        return False
    value = documents[0].value if len(documents) == 1 else None
    return isinstance(value, Mapping) and value.keys() <= _PLAIN_FIELDS


def _text(path: Path) -> str:
    return regular.read_bytes(path).decode("utf-8", "replace")
