"""Confinement: which relative paths may be touched at all, and what they really point at.

It only looks (lstat, listdir, readlink); it opens nothing and writes nothing. Races between the
look and the write are closed by `folders`, which walks the result without following a link.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from pathlib import Path

from storyrunner.errors import ConfinementError, Place

FOREIGN_HINT = "paths are relative to the repository, with / between the parts"
NAME_BYTES = 255
_UNSEEN = {"Cc", "Cs", "Zl", "Zp"}
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_GIT_IGNORES = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF]
)


def split(relative: str) -> tuple[str, ...]:
    """The parts of a relative path, `.` parts left out; `()` is the root itself.

    Raises ConfinementError for what can be refused by its spelling alone.
    """
    if not relative:
        raise _refusal(relative, "is empty", FOREIGN_HINT)
    if any(unicodedata.category(char) in _UNSEEN or char in _BIDI for char in relative):
        raise _refusal(relative, "holds a control character", "take it out of the name")
    if relative.startswith(("/", "~/")) or relative == "~":
        raise _refusal(relative, "is an absolute path", FOREIGN_HINT)
    if "\\" in relative:
        raise _refusal(relative, "holds a backslash", FOREIGN_HINT)
    if any(len(os.fsencode(part)) > NAME_BYTES for part in relative.split("/")):
        raise _refusal(relative, f"has a name over {NAME_BYTES} bytes", "use a shorter name")
    parts = tuple(part for part in relative.split("/") if part not in {"", "."})
    if ".." in parts:
        raise _refusal(relative, "leads upwards with `..`", FOREIGN_HINT)
    if any(is_git_internal(part) for part in parts):
        raise _refusal(
            relative, "is inside git's own folder", "git's files are changed by git only"
        )
    return parts


def is_safe(relative: str) -> bool:
    """Whether the spelling of a path is one that this program touches."""
    try:
        split(relative)
    except ConfinementError:
        return False
    return True


def is_git_internal(part: str) -> bool:
    """True for `.git` in every spelling that some file system takes for it."""
    plain = part.translate(_GIT_IGNORES).casefold().rstrip(". ")
    return plain in {".git", "git~1"}


def locate(root: Path, relative: str, *, strict: bool = True) -> Path | None:
    """The real path of `relative` below `root` (a resolved folder); it need not exist.

    A link on the way is followed when it stays inside. With `strict` a name that differs only in
    case or Unicode form from one that exists is refused; without, it is None: such a file is
    absent wherever names are exact. Raises ConfinementError for every way out.
    """
    here = root
    for part in split(relative):
        twin = _twin(here, part)
        if twin and not strict:
            return None
        if twin:
            raise _refusal(
                relative,
                f"differs only in case or Unicode form from `{twin}`, which exists",
                f"use the name as it stands: {twin}",
            )
        here = here / part
        if here.is_symlink():
            here = _follow(root, here, relative)
    _refuse_special(here, relative)
    return here


def _follow(root: Path, link: Path, relative: str) -> Path:
    try:
        real = Path(os.path.realpath(link))
    except OSError as error:
        reason = f"goes through {link.name}, which somebody changed at that moment"
        raise _refusal(relative, reason, "look at what changes the repository") from error
    hint = "replace the link by a real file or folder of the repository"
    if real.is_symlink():
        raise _refusal(relative, f"goes through a link without end ({link.name})", hint)
    if not real.is_relative_to(root):
        raise _refusal(relative, f"leads out of the repository through the link {link.name}", hint)
    if any(is_git_internal(part) for part in real.relative_to(root).parts):
        raise _refusal(relative, f"leads into git's own folder through the link {link.name}", hint)
    return real


def _twin(folder: Path, name: str) -> str:
    """The name in `folder` that another file system would take for `name`; empty when none."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - asked for every part of every path
    except OSError:
        return ""
    if name in names:
        return ""
    wanted = fold(name)
    return next((other for other in names if fold(other) == wanted), "")


def fold(name: str) -> str:
    """One spelling for all names that differ only in case or Unicode form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFKC", name).casefold())


def _refuse_special(path: Path, relative: str) -> None:
    try:
        mode = path.lstat().st_mode
    except OSError:
        return  # absent, or below a file: nothing special
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise _refusal(relative, "is a device, a pipe or a socket", "name a regular file")


def _refusal(relative: str, reason: str, hint: str) -> ConfinementError:
    shown = ascii(relative)[1:-1] if not relative.isprintable() else relative
    return ConfinementError(
        f"the path `{shown}` {reason}", place=Place(shown) if shown else None, hint=hint
    )
