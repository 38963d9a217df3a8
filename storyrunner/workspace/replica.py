"""A private copy of a whole working tree, for commands that nobody can vouch for.

Links that lead out of the repository are left out, so that nothing is written through them. Of git
there is enough to read history: the objects stay where they are and are only referred to, hooks
and the user's configuration are not there. It knows nothing of commands.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from storyrunner.errors import WorkspaceError

_SETTINGS = re.compile(
    r"\s*(repositoryformatversion|filemode|symlinks|ignorecase|precomposeunicode|autocrlf|eol"
    r"|safecrlf|objectformat|refstorage|name|email)\s*=.*",
    re.IGNORECASE,
)
_SECTION = re.compile(r"\s*\[\s*(core|extensions|user)\s*\]\s*", re.IGNORECASE)
_ANY_SECTION = re.compile(r"\s*\[")
_SMALL = ("HEAD", "ORIG_HEAD", "MERGE_HEAD", "FETCH_HEAD", "index")
_COMMON = ("packed-refs", "shallow")

Stamps = Mapping[str, tuple[int, ...]]
"""Relative path -> all that tells whether something was done to it."""

Listing = Mapping[str, tuple[int, int, int]]
"""Relative path -> mode, size, time of change in ns; a folder and a link have no size or time."""


class Replica:
    """A private copy that is made like the tree again before each use.

    What a command did to it is found by inode and time of change, which no program can set, and
    undone; what changed in the tree meanwhile is copied. So a copy costs its files only once.
    """

    def __init__(self, root: Path, places: Path) -> None:
        self._root = root
        self._places = places
        self._made = 0
        self._place: Path | None = None
        self._source: Stamps = {}
        self._copied: Stamps = {}

    def renew(self) -> Path:
        """The copy, like the tree as it is now. Raises WorkspaceError."""
        try:
            return self._renewed()
        except OSError:
            self._place = None  # what a command left cannot be mended: begin anew
        return self._anew()

    def _renewed(self) -> Path:
        if self._place is None:
            return self._anew()
        source, copied = _stamps(self._root), _stamps(self._place)
        stale = {
            path
            for path in source.keys() | self._source.keys()
            if _differ(source, self._source, path)
        }
        stale |= {
            path
            for path in copied.keys() | self._copied.keys()
            if _differ(copied, self._copied, path)
        }
        for path in sorted(stale):
            _restore(self._root, self._root / path, self._place / path)
        _remove(self._place / ".git")
        _replicate_git(self._root, self._place)
        self._source, self._copied = source, _stamps(self._place)
        return self._place

    def _anew(self) -> Path:
        self._made += 1
        place = self._places / str(self._made)
        self._source = _stamps(self._root)
        replicate(self._root, place)
        self._place, self._copied = place, _stamps(place)
        return place


def _differ(one: Stamps, other: Stamps, path: str) -> bool:
    return one.get(path) != other.get(path)


def _restore(root: Path, source: Path, place: Path) -> None:
    """Make one path of a copy what it is in the tree; its parents are right already."""
    if source.is_dir() and not source.is_symlink() and place.is_dir() and not place.is_symlink():
        place.chmod(stat.S_IMODE(source.stat().st_mode))
        return
    _remove(place)
    if source.is_symlink():
        _copy_link(root, source, place)
    elif source.is_dir():
        place.mkdir()
    elif source.is_file():
        shutil.copy2(source, place, follow_symlinks=False)


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)


def replicate(root: Path, target: Path) -> None:
    """Copy the working tree at `root` (resolved) into the new folder `target`. Raises
    WorkspaceError when there is no room or a file cannot be read."""
    try:
        target.mkdir()
        _copy_folder(root, root, target)
        _replicate_git(root, target)
    except OSError as error:
        raise WorkspaceError(
            f"cannot make a private copy of the repository: {error.strerror or error}"
        ) from error


def _copy_folder(root: Path, source: Path, target: Path) -> None:
    with os.scandir(source) as entries:
        for entry in entries:
            place = target / entry.name
            if entry.name == ".git":
                continue
            if entry.is_symlink():
                _copy_link(root, Path(entry.path), place)
            elif entry.is_dir(follow_symlinks=False):
                place.mkdir()
                _copy_folder(root, Path(entry.path), place)
            elif entry.is_file(follow_symlinks=False):
                shutil.copy2(entry.path, place, follow_symlinks=False)


def _copy_link(root: Path, link: Path, place: Path) -> None:
    real = Path(os.path.realpath(link))
    if not real.is_relative_to(root) or ".git" in real.relative_to(root).parts:
        return
    place.symlink_to(os.path.relpath(real, os.path.realpath(link.parent)))


def _replicate_git(root: Path, target: Path) -> None:
    own = git_folder(root)
    if own is None:
        return
    common = _common(own)
    copy = target / ".git"
    (copy / "objects" / "info").mkdir(parents=True)
    (copy / "objects" / "info" / "alternates").write_text(f"{common / 'objects'}\n")
    for folder, names in ((common, _COMMON), (own, _SMALL)):
        for name in names:
            if (folder / name).is_file():
                shutil.copyfile(folder / name, copy / name)
    for shared in own.glob("sharedindex.*"):
        shutil.copyfile(shared, copy / shared.name)
    shutil.copytree(common / "refs", copy / "refs", symlinks=True, dirs_exist_ok=True)
    config = common / "config"
    text = config.read_text("utf-8", "replace") if config.is_file() else ""
    (copy / "config").write_text("\n".join([*_settings(text), ""]), "utf-8")
    if (common / "info" / "exclude").is_file():
        (copy / "info").mkdir()
        shutil.copyfile(common / "info" / "exclude", copy / "info" / "exclude")


def git_folder(root: Path) -> Path | None:
    """The git folder of a working tree, also of a linked one; None when there is no repository."""
    own = root / ".git"
    if own.is_file():
        name = own.read_text("utf-8", "replace").removeprefix("gitdir:").strip()
        own = (root / name).resolve()
    return own if (own / "HEAD").is_file() else None


def git_folders(root: Path) -> tuple[Path, ...]:
    """The folders outside of the working tree that git keeps for it: those of a linked one."""
    own = git_folder(root)
    found = (own, _common(own)) if own is not None else ()
    return tuple(dict.fromkeys(path for path in found if not path.is_relative_to(root)))


def _common(own: Path) -> Path:
    """What all working trees of a repository share."""
    file = own / "commondir"
    return (own / file.read_text().strip()).resolve() if file.is_file() else own


def _settings(text: str) -> Iterator[str]:
    """The lines of a git configuration that say how files are stored and who commits: no remotes,
    no credentials, nothing that runs a program."""
    is_kept = False
    for line in text.splitlines():
        if _ANY_SECTION.match(line):
            is_kept = _SECTION.fullmatch(line) is not None
            if is_kept:
                yield line
        elif is_kept and _SETTINGS.fullmatch(line):
            yield line


def listing(root: Path) -> Listing:
    """What stands in a tree, without `.git`, to be compared with what stands there later."""
    return {path: _seen(state) for path, state in _walk(root)}


def _seen(state: os.stat_result) -> tuple[int, int, int]:
    is_file = stat.S_ISREG(state.st_mode)
    return state.st_mode, state.st_size if is_file else 0, state.st_mtime_ns if is_file else 0


def _stamps(root: Path) -> Stamps:
    """As `listing`, with what a program cannot set."""
    found = {}
    for path, state in _walk(root):
        is_folder = stat.S_ISDIR(state.st_mode)
        more = () if is_folder else (state.st_ctime_ns, state.st_nlink)
        found[path] = (*_seen(state), state.st_ino, *more)
    return found


def _walk(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    waiting = [(root, "")]
    while waiting:
        folder, prefix = waiting.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name == ".git":
                    continue
                name = f"{prefix}{entry.name}"
                yield name, entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((Path(entry.path), f"{name}/"))


def changed_between(before: Listing, after: Listing) -> tuple[str, ...]:
    """The paths that came, went or changed, sorted."""
    paths = before.keys() | after.keys()
    return tuple(sorted(path for path in paths if before.get(path) != after.get(path)))


def differing(paths: tuple[str, ...], one: Path, other: Path) -> tuple[str, ...]:
    """Those of the paths that are not the same in both trees: written anew with the same content
    is no change."""
    return tuple(path for path in paths if _content(one / path) != _content(other / path))


def _content(path: Path) -> tuple[int, bytes | str]:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return 0, ""
    if stat.S_ISLNK(mode):
        return mode, str(path.readlink())
    return mode, path.read_bytes() if stat.S_ISREG(mode) else ""


def files_among(
    changed: tuple[str, ...], before: Listing, after: Listing
) -> tuple[str, ...] | None:
    """The files whose content says all that changed; None when more did: a link, a right, a folder
    that no file needs."""
    files = []
    for path in changed:
        old, new = before.get(path), after.get(path)
        modes = {item[0] for item in (old, new) if item is not None}
        if len(modes) > 1:
            return None
        mode = modes.pop()
        if stat.S_ISDIR(mode):
            if not _holds_file(path, changed, after if new is not None else before):
                return None
        elif not stat.S_ISREG(mode) or (old is None and mode & 0o111):
            return None
        else:
            files.append(path)
    return tuple(files)


def _holds_file(folder: str, changed: tuple[str, ...], standing: Listing) -> bool:
    inside = (path for path in changed if path.startswith(f"{folder}/") and path in standing)
    return any(stat.S_ISREG(standing[path][0]) for path in inside)
