"""Which program judges here: its version and files, the interpreter and the installed libraries.

A verdict of another program is not reused, whatever its version says: a checkout changes without
one. It knows nothing of what any of these files do.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from storyrunner import __version__
from storyrunner.resources import PACKAGE, data_folder
from storyrunner.workspace.reads import text_fingerprint

_LIBRARIES = ("site-packages", "dist-packages")


def program_fingerprint() -> str:
    """sha256 of the names, sizes and times of this program's files, and of the folders that change
    when a library is installed, upgraded or removed. Good on this machine only."""
    lines = [__version__, sys.version]
    for folder in (PACKAGE, data_folder("runbooks"), data_folder("manifests")):
        lines += _files(str(folder))
    for place in sys.path:
        if Path(place).name in _LIBRARIES:
            try:
                lines.append(f"{place} {os.stat(place).st_mtime_ns}")  # noqa: PTH116
            except OSError:
                continue
    return text_fingerprint("\n".join(lines))


def _files(folder: str) -> Iterator[str]:
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if entry.name == "__pycache__":
            continue
        if entry.is_dir():
            yield from _files(entry.path)
        else:
            state = entry.stat()
            yield f"{entry.path} {state.st_size} {state.st_mtime_ns}"
