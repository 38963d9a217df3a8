"""The commit that a working tree stands on, read from git's own files: no process is started.

Only looks, and only for what proofs are stamped with; everything else asks git (`git`). What it
cannot read (a reftable, damage) is simply not known.
"""

from __future__ import annotations

import re
from pathlib import Path

from storyrunner import regular

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MOST_LINKS = 5


def head_commit(root: Path) -> str:
    """The full hash of HEAD in the repository at `root`; empty when there is none or it is not
    known."""
    folder = _git_folder(root)
    common = folder
    if (shared := _text(folder / "commondir")) is not None:
        common = folder / shared.strip()
    name = "HEAD"
    for _ in range(_MOST_LINKS):
        text = _text(folder / name)
        if text is None and name != "HEAD":
            text = _text(common / name)
        if text is None:
            return _packed(common, name)
        text = text.strip()
        if not text.startswith("ref:"):
            return text if _COMMIT.fullmatch(text) else ""
        name = text.removeprefix("ref:").strip()
        if not name.startswith("refs/") or ".." in name:
            return ""
    return ""


def head_branch(root: Path) -> str | None:
    """The branch that HEAD is on; empty when detached, None when it is not known."""
    text = (_text(_git_folder(root) / "HEAD") or "").strip()
    name = text.removeprefix("ref:").strip().removeprefix("refs/heads/")
    if not text.startswith("ref:"):
        return "" if _COMMIT.fullmatch(text) else None
    return None if name == ".invalid" else name  # so says a repository with another kind of refs


def _git_folder(root: Path) -> Path:
    """`.git`, or where a file of that name points (linked working trees, submodules)."""
    place = root / ".git"
    text = None if place.is_dir() else _text(place)
    if text is None or not text.startswith("gitdir:"):
        return place
    return root / text.removeprefix("gitdir:").strip()


def _packed(folder: Path, name: str) -> str:
    for line in (_text(folder / "packed-refs") or "").splitlines():
        commit, _, ref = line.partition(" ")
        if ref == name and _COMMIT.fullmatch(commit):
            return commit
    return ""


def _text(path: Path) -> str | None:
    try:
        return regular.read_text(path, "utf-8", "replace")
    except OSError:
        return None
