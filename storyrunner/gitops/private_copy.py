"""A private copy of the part of a repository that a tool needs, so that none works in the user's.

Flux writes into the folder it builds and kustomize needs a root file of ours, so each build gets a
view of its own over one shared copy: builds side by side cannot meet. A copy whose process was
killed is swept away by the next one. This module knows no tool.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import stat
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from storyrunner import regular
from storyrunner.errors import ConfinementError, Place, WorkspaceError
from storyrunner.gitops.flux_scan import KUSTOMIZATION_FILES, join
from storyrunner.gitops.scratch import base_for, bases

PREFIX = "storyrunner-copy-"
_LOCK = ".lock"
_UPWARDS = re.compile(rb"[^\s'\"#,\[{=]*\.\./[^\s'\"#,\]}]*")

_RAW = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")

Stamp = tuple[tuple[str, int, int, int, str], ...]


class PrivateCopy:
    """Copies of top-level folders of `tree`, made when first needed and again when they changed.

    A context manager; everything is removed at the end. Safe to use from several tasks or threads.
    They are below `base`, or where `scratch` says.
    """

    def __init__(self, tree: Path, base: Path | None = None) -> None:
        self._tree = tree
        self._base = base
        self._lock = threading.Lock()
        self._home: Path | None = None
        self._held: IO[bytes] | None = None
        self._stamps: dict[str, Stamp] = {}
        self._tops: dict[str, set[str]] = {}
        self._views = 0
        self._removals = ThreadPoolExecutor(1)
        self._live = 0

    def __enter__(self) -> PrivateCopy:
        for base in [self._base] if self._base else bases():
            sweep(base)
        self._home = Path(tempfile.mkdtemp(prefix=PREFIX, dir=self._base or base_for(self._tree)))
        self._held = (self._home / _LOCK).open("wb")
        fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (self._home / "views").mkdir()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._removals.shutdown()
        if self._home is not None and self._held is not None:
            _remove(self._home)
            self._held.close()
        self._home = self._held = None
        self._stamps.clear()

    @property
    def home(self) -> Path:
        """The temporary folder all of it is in. Raises WorkspaceError outside of `with`."""
        if self._home is None:
            raise WorkspaceError("the private copy is not open")
        return self._home

    @contextmanager
    def view(
        self,
        directory: str,
        root: Mapping[str, Any] | None = None,
        *,
        links: bool = True,
        naming: str = "",
    ) -> Iterator[Path]:
        """A tree to run a tool in, with `directory` (posix, relative) below it; removed afterwards.

        `root` replaces the directory's kustomization file. With `links` the directory's entries
        are links to the copy (enough for a tool that only reads); without, they are real, since
        Flux's scan enters no linked folder. `naming` is a text that names more paths from there,
        as `../beside`. Raises ConfinementError for a link that leads out of
        the repository, WorkspaceError when there is no room.
        """
        with self._lock:
            copy = self._prepare(directory, naming + (yaml_json(root) if root else ""))
            self._views += 1
            self._live += 1
            view = self.home / "views" / str(self._views)
        try:
            try:
                folder = _link_ancestors(copy, view, directory)
                _fill(copy / directory, folder, links)
                if root is not None:
                    _write_root(folder, root)
            except OSError as error:
                raise _no_room(error) from error
            yield view
        finally:
            with self._lock:
                self._live -= 1
            try:
                self._removals.submit(_remove, view)  # nobody has to wait for it
            except RuntimeError:  # the copy was closed over a view that was still in use
                _remove(view)

    def shown(self, text: str) -> str:
        """A tool's message with the paths of copies and views made relative to the repository."""
        home = re.escape(os.path.realpath(self.home))
        return re.sub(rf"(?:{re.escape(str(self.home))}|{home})/(?:copy|views/\d+)/?", "", text)

    def _prepare(self, directory: str, naming: str) -> Path:
        """Bring up to date every top-level folder that `directory` and `naming` can reach."""
        copy = self.home / "copy"
        copy.mkdir(exist_ok=True)
        waiting = {directory.split("/", maxsplit=1)[0]}
        named = _UPWARDS.findall(naming.encode())
        waiting |= _tops_of(
            self._tree, directory, [one.decode("utf-8", "replace") for one in named]
        )
        seen: set[str] = set()
        while waiting:
            top = waiting.pop()
            seen.add(top)
            if top == ".":
                waiting |= {entry.name for entry in self._tree.iterdir()} - {".git"} - seen
            else:
                waiting |= self._sync(copy, top) - seen
        return copy

    def _sync(self, copy: Path, top: str) -> set[str]:
        """Copy one top-level entry when it is new or changed; the other entries it points to."""
        if self._live and top in self._stamps:
            # Builds that run side by side see one state, even when the user saves a file now.
            return self._tops[top]
        source, target = self._tree / top, copy / top
        try:
            stamp = _stamp(source)
            if self._stamps.get(top) != stamp:
                _remove(target)
                _copy(self._tree, source, target)
                self._tops[top] = _tops_named(self._tree, target, top)
                self._stamps[top] = stamp
        except OSError as error:
            raise _no_room(error) from error
        return self._tops[top]


def yaml_json(value: Any) -> str:
    """JSON that Go's YAML readers take: they know no surrogate pairs, and refuse raw controls."""
    text = json.dumps(value, ensure_ascii=False)
    return _RAW.sub(lambda found: f"\\u{ord(found.group(0)):04x}", text)


def sweep(base: Path) -> None:
    """Remove copies in `base` that no living process holds."""
    for left in base.glob(f"{PREFIX}*"):
        try:
            if left.is_symlink() or left.stat().st_uid != os.getuid():
                continue
            with (left / _LOCK).open("rb") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(left)
        except OSError:
            # Held by a living process, just being made or already gone: not ours to remove.
            continue


def _stamp(source: Path) -> Stamp:
    """What tells one state of a folder from another without reading any file."""
    found = []
    for path in _all_below(source):
        state = path.lstat()
        link = str(path.readlink()) if stat.S_ISLNK(state.st_mode) else ""
        size = 0 if stat.S_ISDIR(state.st_mode) else state.st_size
        when = 0 if stat.S_ISDIR(state.st_mode) else state.st_mtime_ns
        found.append((str(path), state.st_mode, size, when, link))
    return tuple(found)


def _all_below(source: Path) -> Iterator[Path]:
    """`source` and, when it is a folder, all below it but `.git`, in a steady order."""
    if not (source.exists() or source.is_symlink()) or source.name == ".git":
        return
    yield source
    if source.is_dir() and not source.is_symlink():
        for entry in sorted(source.iterdir()):
            yield from _all_below(entry)


def _copy(tree: Path, source: Path, target: Path) -> None:
    boundary = tree.resolve()
    for path in _all_below(source):
        place = target / path.relative_to(source)
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            _copy_link(tree, boundary, path, place)
        elif stat.S_ISDIR(mode):
            place.mkdir()
        elif stat.S_ISREG(mode):
            shutil.copyfile(path, place)


def _copy_link(tree: Path, boundary: Path, path: Path, place: Path) -> None:
    shown = path.relative_to(tree).as_posix()
    try:
        real = path.resolve()
    except (OSError, RuntimeError):  # a circle of links: one that whoever follows it stumbles over
        place.symlink_to(place.name)
        return
    if not real.is_relative_to(boundary):
        raise ConfinementError(
            "the link leads out of the repository",
            place=Place(shown),
            hint="Flux would not follow it either: put the file into the repository",
        )
    target = str(path.readlink())
    if os.path.isabs(target):  # noqa: PTH117 - the text of a link, not a path of ours
        target = os.path.relpath(real, path.parent.resolve())
    place.symlink_to(target)


def _tops_named(tree: Path, copied: Path, top: str) -> set[str]:
    """Top-level entries that links and kustomization files below `copied` lead to."""
    found: set[str] = set()
    for path in _all_below(copied):
        inside = f"{top}/{path.relative_to(copied).as_posix()}"
        folder = os.path.dirname(os.path.normpath(inside))  # noqa: PTH120 - posix text
        if path.is_symlink():
            targets = [str(path.readlink())]
        elif path.suffix in (".yaml", ".yml") or path.name in KUSTOMIZATION_FILES:
            targets = [match.decode("utf-8", "replace") for match in _upwards(path)]
        else:
            continue
        found |= _tops_of(tree, folder or ".", targets)
    return found


def _tops_of(tree: Path, folder: str, targets: Sequence[str]) -> set[str]:
    """The top-level entries that exist among those that paths from a folder lead to."""
    joined = (join(folder, target) for target in targets)
    found = {path.split("/")[0] for path in joined if not path.startswith("..")}
    return {name for name in found if name == "." or (tree / name).exists()}


def _upwards(path: Path) -> list[bytes]:
    return _UPWARDS.findall(regular.read_bytes(path)) if path.is_file() else []


def _link_ancestors(copy: Path, view: Path, directory: str) -> Path:
    """Real folders down to `directory`, and links to everything beside them."""
    view.mkdir(parents=True)
    here, there = view, copy
    for part in [] if directory == "." else directory.split("/"):
        for entry in there.iterdir():
            if entry.name != part:
                (here / entry.name).symlink_to(entry)
        here, there = here / part, there / part
        here.mkdir()
    return here


def _fill(source: Path, folder: Path, links: bool) -> None:
    for entry in source.iterdir():
        place = folder / entry.name
        if links and entry.name not in KUSTOMIZATION_FILES:
            place.symlink_to(entry)
        elif entry.is_symlink():
            place.symlink_to(entry.readlink())
        elif entry.is_dir():
            place.mkdir()
            _fill(entry, place, links=False)
        elif entry.is_file():
            shutil.copyfile(entry, place)


def _write_root(folder: Path, root: Mapping[str, Any]) -> None:
    there = [name for name in KUSTOMIZATION_FILES if os.path.lexists(folder / name)]
    for name in there:
        (folder / name).unlink()
    (folder / (there or KUSTOMIZATION_FILES)[0]).write_text(yaml_json(root), "utf-8")


def _no_room(error: OSError) -> WorkspaceError:
    return WorkspaceError(
        f"cannot make a private copy of the repository: {error.strerror}",
        hint="TMPDIR names another folder for it",
    )


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)
