"""`.sourceignore`: which files Flux leaves out (semantics.md §2.1).

The patterns are gitignore's as Flux matches them (segment by segment, `**` only as a whole
segment, the last pattern that says anything wins). It knows nothing of kustomizations.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path, PurePosixPath

from storyrunner import regular
from storyrunner.errors import WorkspaceError
from storyrunner.model.frozen import dataclass

IGNORE_FILE = ".sourceignore"

DEFAULTS = (
    ".git/",
    ".gitignore",
    ".gitmodules",
    ".gitattributes",
    "*.jpg",
    "*.jpeg",
    "*.gif",
    "*.png",
    "*.wmv",
    "*.flv",
    "*.tar.gz",
    "*.zip",
    ".github/",
    ".circleci/",
    ".travis.yml",
    ".gitlab-ci.yml",
    "appveyor.yml",
    ".drone.yml",
    "cloudbuild.yaml",
    "codeship-services.yml",
    "codeship-steps.yml",
    "**/.goreleaser.yml",
    "**/.sops.yaml",
    "**/.flux.yaml",
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of an ignore file, scoped to `domain`, the segments of that file's folder."""

    segments: tuple[str, ...]
    domain: tuple[str, ...] = ()
    include: bool = False
    only_folders: bool = False
    anchored: bool = False

    def speaks_of(self, path: tuple[str, ...], is_folder: bool) -> bool:
        """True when the pattern matches `path`, given from the folder the scan began in."""
        scope = len(self.domain)
        if len(path) <= scope or path[:scope] != self.domain:
            return False
        rest = path[scope:]
        if self.anchored:
            return _matches_path(self.segments, rest, is_folder or not self.only_folders)
        for index, name in enumerate(rest):
            if _matches_name(self.segments[0], name):
                is_last = index == len(rest) - 1
                return not (self.only_folders and not is_folder and is_last)
        return False


@dataclass(frozen=True, slots=True)
class Ignore:
    """The patterns that count below one folder, in order of growing precedence."""

    patterns: tuple[Pattern, ...] = ()

    def excludes(self, path: str, is_folder: bool) -> bool:
        """True when `path` (posix, from that folder) is left out by these patterns or Flux's own.

        Flux's own patterns come first, so that any loaded pattern can take them back.
        """
        segments = PurePosixPath(path).parts
        for pattern in reversed(_default_patterns() + self.patterns):
            if pattern.speaks_of(segments, is_folder):
                return not pattern.include
        return False


def parse_pattern(line: str, domain: tuple[str, ...] = ()) -> Pattern:
    """One ignore line as a Pattern; the line is neither blank nor a comment."""
    include = line.startswith("!")
    text = line[1:] if include else line
    if not text.endswith("\\ "):
        text = text.rstrip(" ")
    only_folders = text.endswith("/")
    text = text[:-1] if only_folders else text
    return Pattern(tuple(text.split("/")), domain, include, only_folders, "/" in text)


def parse_patterns(text: str, domain: tuple[str, ...] = ()) -> tuple[Pattern, ...]:
    """The patterns of an ignore file's text."""
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    return tuple(
        parse_pattern(line, domain) for line in lines if line.strip() and not line.startswith("#")
    )


def load_ignore(folder: Path) -> Ignore:
    """All `.sourceignore` files at and below `folder`, never those of its parents.

    Raises WorkspaceError when one cannot be read.
    """
    patterns: list[Pattern] = []
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != ".git")
        if IGNORE_FILE in files:
            path = Path(where, IGNORE_FILE)
            if not path.is_file():
                continue  # a pipe or a link to nowhere: no source holds it
            domain = path.parent.relative_to(folder).parts
            try:
                text = regular.read_text(path, "utf-8", "replace")
            except OSError as error:
                raise WorkspaceError(f"cannot read {path.name}: {error.strerror}") from error
            patterns += parse_patterns(text, domain)
    return Ignore(tuple(patterns))


@lru_cache(maxsize=1)
def _default_patterns() -> tuple[Pattern, ...]:
    return tuple(parse_pattern(line) for line in DEFAULTS)


def _matches_path(segments: tuple[str, ...], path: tuple[str, ...], folder_or_any: bool) -> bool:
    """Segment by segment; a pattern may end before the path does, and then covers all below."""
    matched = anywhere = False
    for index, segment in enumerate(segments):
        if segment == "":
            anywhere = False
        elif segment == "**":
            if index == len(segments) - 1:
                break
            anywhere = True
        elif "**" in segment or not path:
            return False
        elif anywhere:
            anywhere = False
            found = next((i for i, name in enumerate(path) if _matches_name(segment, name)), None)
            matched = found is not None
            path = path[found + 1 :] if found is not None else ()
        elif _matches_name(segment, path[0]):
            matched, path = True, path[1:]
        else:
            return False
    return matched and (bool(path) or folder_or_any)


def _matches_name(pattern: str, name: str) -> bool:
    compiled = _compile(pattern)
    return compiled is not None and compiled.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def _compile(pattern: str) -> re.Pattern[str] | None:
    """Go's filepath.Match as a regular expression; None for a malformed pattern."""
    out, index = [], 0
    while index < len(pattern):
        char = pattern[index]
        index += 1
        if char == "*":
            out.append(r"[^/]*")
        elif char == "?":
            out.append(r"[^/]")
        elif char == "\\" and index < len(pattern):
            out.append(re.escape(pattern[index]))
            index += 1
        elif char == "[":
            end = pattern.find("]", index + 1)
            if end < 0:
                return None
            body = pattern[index:end]
            negated = body.startswith("^")
            body = body[1:] if negated else body
            out.append(f"[{'^' if negated else ''}{body.replace('[', chr(92) + '[')}]")
            index = end + 1
        elif char == "\\":
            return None
        else:
            out.append(re.escape(char))
    try:
        return re.compile("".join(out), re.DOTALL)
    except re.error:
        return None
