"""Places for what is absent: the nearest thing that exists."""

from __future__ import annotations

from pathlib import PurePosixPath

from storyrunner.errors import Place
from storyrunner.workspace import Workspace


def nearest_place(workspace: Workspace, path: str) -> Place:
    """The path itself, at line 1: editors open it, and the message says that it is absent.

    A path below a file (not a folder) is blamed on that file.
    """
    for parent in PurePosixPath(path).parents:
        name = str(parent)
        if name != "." and workspace.exists(name) and not workspace.is_folder(name):
            return Place(name)
    return Place(path)
