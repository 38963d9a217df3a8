"""What tells one state of a repository from another without reading its files.

The names of everything in it, and for each file the stamp the system keeps. A file changed so
shortly before the look that a second change could bear the same stamp is read, as git does it.
It knows nothing of what the files mean.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from storyrunner import regular
from storyrunner.gitops.sourceignore import IGNORE_FILE
from storyrunner.model.frozen import dataclass
from storyrunner.workspace.reads import file_fingerprint, text_fingerprint

MOST_ENTRIES = 100_000
"""Beyond this a look costs more than it saves."""

RACY = 2.0
"""Seconds: the coarsest stamps that file systems keep."""

ASIDE = (
    ".storyrunner/approved.json",
    ".storyrunner/evidence/",
    ".storyrunner/signoffs.json",
)
"""What this program itself writes beside a story: that it appears changes no build. A build that
does read one of these files says so. A name that ends in `/` is a folder with all below it."""

Stamp = tuple[int, int, int, int, int, str]
"""Mode, size, inode, times of the content's and the entry's last change, and the target of a link
or the sha256 of a file whose stamp is too young to be trusted."""


@dataclass(frozen=True, slots=True)
class TreeState:
    """One look at a tree. `stamps`: posix path -> stamp, for all but folders and `.git`."""

    stamps: dict[str, Stamp]
    folders: frozenset[str]

    def same_names(self, other: TreeState) -> bool:
        """Whether nothing appeared, vanished or became something else, and the ignore files and
        links are as they were."""
        if self.folders != other.folders or self.stamps.keys() != other.stamps.keys():
            return False
        return all(
            stamp == other.stamps[path]
            for path, stamp in self.stamps.items()
            if stat.S_ISLNK(stamp[0]) or path.rpartition("/")[2] == IGNORE_FILE
        )


def look(tree: Path) -> TreeState | None:
    """The state of `tree` now; None when it is too large or changes under the look."""
    stamps: dict[str, Stamp] = {}
    folders: set[str] = set()
    now = time.time()
    try:
        for entry, shown in _entries(str(tree), ""):
            if entry.is_dir(follow_symlinks=False):
                folders.add(shown)
            else:
                stamps[shown] = _stamp(entry, now)
            if len(stamps) + len(folders) > MOST_ENTRIES:
                return None
    except OSError:
        return None
    return TreeState(stamps, frozenset(folders))


def unchanged(tree: Path, before: TreeState, after: TreeState | None) -> bool:
    """Whether nothing changed between two looks: no name, no stamp, and no byte of a file whose
    stamp was too young at the first look."""
    if (
        after is None
        or before.folders != after.folders
        or before.stamps.keys() != after.stamps.keys()
    ):
        return False
    for path, stamp in before.stamps.items():
        if stamp[:5] != after.stamps[path][:5]:
            return False
        if stamp[5] and not stat.S_ISLNK(stamp[0]) and _content_of(tree / path) != stamp[5]:
            return False
        if stat.S_ISLNK(stamp[0]) and stamp[5] != after.stamps[path][5]:
            return False
    return True


def names_fingerprint(tree: Path, state: TreeState | None, aside: Sequence[str] = ASIDE) -> str:
    """sha256 of the names, kinds, modes and links of everything in a tree, and of the content of
    its ignore files; less what stands `aside`. The same on every machine; empty without a state."""
    if state is None:
        return ""
    above = {f"{parent}/" for name in aside for parent in PurePosixPath(name).parents}
    lines = [
        f"{name}/"
        for name in state.folders
        if f"{name}/" not in above and not _is_aside(f"{name}/", aside)
    ]
    for path, stamp in state.stamps.items():
        if not _is_aside(path, aside):
            mode = stamp[0]
            more = stamp[5] if stat.S_ISLNK(mode) else ""
            if path.rpartition("/")[2] == IGNORE_FILE and not more:
                more = _content_of(tree / path)
            lines.append(f"{path} {mode:o} {more}")
    return text_fingerprint("\n".join(sorted(lines)))


def content_fingerprint(tree: Path, state: TreeState | None, aside: Sequence[str] = ASIDE) -> str:
    """`names_fingerprint`, with the content of every file."""
    if state is None:
        return ""
    files = sorted(path for path in state.stamps if not _is_aside(path, aside))
    contents = [f"{path} {_content_of(tree / path)}" for path in files]
    return text_fingerprint("\n".join([names_fingerprint(tree, state, aside), *contents]))


def _is_aside(path: str, aside: Sequence[str]) -> bool:
    return any(path == name or (name.endswith("/") and path.startswith(name)) for name in aside)


def _content_of(path: Path) -> str:
    try:
        return file_fingerprint(regular.read_bytes(path))
    except OSError as error:
        return f"unreadable: {error.errno}"


def _entries(folder: str, above: str) -> Iterator[tuple[os.DirEntry[str], str]]:
    with os.scandir(folder) as found:
        for entry in found:
            if entry.name == ".git":
                continue
            shown = above + entry.name
            yield entry, shown
            if entry.is_dir(follow_symlinks=False):
                yield from _entries(entry.path, f"{shown}/")


def _stamp(entry: os.DirEntry[str], now: float) -> Stamp:
    state = entry.stat(follow_symlinks=False)
    more = ""
    if stat.S_ISLNK(state.st_mode):
        more = os.readlink(entry.path)  # noqa: PTH115 - thousands of them
    elif stat.S_ISREG(state.st_mode) and max(state.st_mtime, state.st_ctime) > now - RACY:
        more = _content_of(Path(entry.path))
    return (
        state.st_mode,
        state.st_size,
        state.st_ino,
        state.st_mtime_ns,
        state.st_ctime_ns,
        more,
    )
