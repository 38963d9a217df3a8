"""Reading the files of one build: never outside the tree, and remembering what was read.

Paths may lead anywhere inside the tree (kustomize's LoadRestrictionsNone), through links too, as
long as what they lead to is inside. It knows nothing of what the files mean.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from storyrunner import regular
from storyrunner.errors import ConfinementError, Place, RefusedFeatureError, RenderError
from storyrunner.gitops.documents import MAX_BYTES

_REMOTE: Final = re.compile(
    r"(?:git::)|(?:ssh|https?|file)://|github\.com[/:]|[a-z][a-z0-9-]*@", re.IGNORECASE
)


class FileTree:
    """The files below `root`. `read` holds every file read so far, posix and relative."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        self.read: set[str] = set()

    def locate(self, base: Path, path: str, place: Place) -> Path:
        """Where `path`, written in a file of directory `base`, really leads; it need not exist.

        Raises ConfinementError when that is outside the tree.
        """
        written = os.path.normpath(os.path.join(base, path))  # noqa: PTH118 - lexical, as kustomize
        real = Path(os.path.realpath(written))
        if not real.is_relative_to(self.root):
            raise ConfinementError(f"{path} leads out of the repository", place=place)
        return real

    def shown(self, path: Path) -> str:
        """`path` as people see it: posix, relative to the tree."""
        return path.relative_to(self.root).as_posix()

    def read_bytes(self, path: Path, place: Place) -> bytes:
        """The content of a located file. Raises RenderError, placed at `place`."""
        shown = self.shown(path)
        try:
            if path.stat().st_size > MAX_BYTES:
                raise RenderError(f"{shown} is larger than 64 MiB", place=place)
            data = regular.read_bytes(path)
        except OSError as error:
            reason = (error.strerror or type(error).__name__).lower()
            raise RenderError(f"open {shown}: {reason}", place=place) from error
        self.read.add(shown)
        return data

    def load(self, base: Path, path: str, place: Place) -> bytes:
        """The content of the file that `path` names. Raises RenderError or ConfinementError."""
        refuse_remote(path, place)
        return self.read_bytes(self.locate(base, path, place), place)


def refuse_remote(path: str, place: Place) -> None:
    """Raise RefusedFeatureError for what kustomize would fetch from elsewhere."""
    if _REMOTE.match(path):
        able = "kustomize, with a network,"
        raise RefusedFeatureError(f"the remote resource {path}", able=able, place=place)
