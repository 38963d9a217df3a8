"""What a story says about files against the files that are there: ticked but absent, and moved.

It knows the names of files only, never their content, and only paths in backticks (or in the
record's file list) that look like paths of the repository. Whether a file is right is for checks.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from storyrunner.errors import Place
from storyrunner.model.finding import Finding, error, warning
from storyrunner.model.story import SectionKind, Story, Zone
from storyrunner.stories.bindings import bind_blocks
from storyrunner.stories.lint_prose import prose
from storyrunner.stories.story_paths import expand, full_paths
from storyrunner.stories.titles import fold_dashes

_QUOTED = re.compile(r"`([^`\s]+)`")
_NO_PATH = re.compile(r"[<>$|()=%\\]|//|\.\.\.|…|:(?!\d+(?:-\d+)?$)")
_LINE_OF = re.compile(r":\d+(?:-\d+)?$")
_FILE = re.compile(r"\.[A-Za-z]\w{0,9}$")
_GONE = re.compile(
    r"\b(?:remov|delet|drop|renam|mov)(?:e[sd]?|ing|ped|ed)?\b|\binstead of\b|\bno longer\b"
    r"|\bdoes(?: not|n't) exist\b|\babsent\b|\bobsolete\b|\bnot (?:needed|used|created)\b"
    r"|\bto be created\b|\bgitignored?\b",
    re.IGNORECASE,
)
_QUIET = frozenset(
    {SectionKind.CHANGE_LOG, SectionKind.AGENT_RECORD, SectionKind.QA, SectionKind.RUNTIME}
)
_GENERIC = frozenset(
    {"kustomization", "ks", "namespace", "helmrelease", "ocirepository", "helmrepository"}
    | {"values", "readme", "prometheusrule", "servicemonitor", "externalsecret", "app", "base"}
    | {"networkpolicy", "configmap", "secret", "service", "deployment", "rbac", "pvc", "httproute"}
)
_EMPTY = "a folder without files is none to git"
_SURE = 0.9
_NO_FILE_MODES = frozenset({"variant", "example", "unbound"})


@dataclass(frozen=True, slots=True)
class RepositoryFiles:
    """The names of a repository's files and folders: posix, relative to its top."""

    paths: frozenset[str]
    folders: frozenset[str]
    tops: frozenset[str]
    by_name: Mapping[str, tuple[str, ...]] = field(repr=False)

    @classmethod
    def of(cls, paths: Iterable[str], folders: Iterable[str] = ()) -> RepositoryFiles:
        """The view of these files; folders of files need not be given."""
        files = frozenset(paths)
        known = set(folders)
        for path in files:
            while (cut := path.rfind("/")) > 0 and (path := path[:cut]) not in known:
                known.add(path)
        by_name: dict[str, list[str]] = {}
        for path in sorted(files | known):
            by_name.setdefault(path.rpartition("/")[2], []).append(path)
        tops = frozenset(path for path in known if "/" not in path)
        names = {name: tuple(found) for name, found in by_name.items()}
        return cls(files, frozenset(known), tops, names)

    def holds(self, path: str) -> bool:
        """True when a file or folder of that name is there; `*` and `?` stand for letters."""
        bare = path.rstrip("/")
        if bare in self.folders or (bare in self.paths and not path.endswith("/")):
            return True
        if not any(letter in path for letter in "*?["):
            return False
        return any(fnmatch.fnmatchcase(name, bare) for name in (*self.paths, *self.folders))

    def moved_to(self, path: str, *, was_there: bool) -> str:
        """Where a path that is absent is now, empty when that is not certain.

        It is certain when exactly one file of that name is below a folder of the same name, or,
        for a path that `was_there`, when the whole repository has exactly one and the name is not
        one that every folder has (`kustomization.yaml`).
        """
        bare = path.rstrip("/")
        folder, _, name = bare.rpartition("/")
        if not folder or any(letter in bare for letter in "*?["):
            return ""
        same_kind = self.folders if path.endswith("/") else self.paths
        found = [other for other in self.by_name.get(name, ()) if other in same_kind]
        generic = name.partition(".")[0].casefold() in _GENERIC
        if generic and not was_there:
            return ""
        near = [other for other in found if folder.rpartition("/")[2] in other.split("/")[:-1]]
        if len(near) == 1:
            return near[0]
        return found[0] if was_there and len(found) == 1 and not generic else ""


def paths_in(text: str, files: RepositoryFiles) -> Iterator[tuple[str, int]]:
    """The repository paths in backticks of a line with their 0-based columns, braces expanded."""
    for match in _QUOTED.finditer(fold_dashes(text)):
        for path in repository_paths(match[1], files):
            yield path, match.start(1)


def repository_paths(token: str, files: RepositoryFiles) -> list[str]:
    """The paths a word stands for when it looks like one of this repository, else none."""
    token = token.rstrip(".,;")
    if "/" not in token or _NO_PATH.search(token):
        return []
    token = _LINE_OF.sub("", token).removeprefix("./")
    first, _, rest = token.partition("/")
    if not rest or (first not in files.tops and not full_paths(token)):
        return []
    # Paths in secret stores look alike (`kubernetes/infra/name`): two folders must be real then.
    sure = token.endswith("/") or _FILE.search(token) is not None
    return expand(token) if sure or "/".join(token.split("/")[:2]) in files.folders else []


def lint_files(story: Story, files: RepositoryFiles) -> Iterator[Finding]:
    """Ticked boxes and the file list against the files, then all other paths that moved."""
    seen: set[str] = set()
    for path, place in _ticked(story, files):
        if path not in seen and not files.holds(path):
            seen.add(path)
            yield _absent(path, place, files)
    for path, place in _listed(story, files):
        if path not in seen and not files.holds(path):
            seen.add(path)
            now = files.moved_to(path, was_there=True)
            yield (
                _moved(path, now, place)
                if now
                else warning(
                    "story-file-list-absent",
                    f"the file list names {path}, which does not exist",
                    place,
                    hint=_others(path, files) or _EMPTY,
                )
            )
    for path, place in _mentioned(story, files):
        if path not in seen and not files.holds(path):
            now = files.moved_to(path, was_there=False)
            if now:
                seen.add(path)
                yield _moved(path, now, place)


def _is_gone(text: str) -> bool:
    """True when the words around the paths say that they go, or are not there yet."""
    return _GONE.search(_QUOTED.sub("", text)) is not None


def _absent(path: str, place: Place, files: RepositoryFiles) -> Finding:
    now = files.moved_to(path, was_there=True)
    if now:
        return _moved(path, now, place)
    return error(
        "story-ticked-absent",
        f"ticked, but {path} does not exist",
        place,
        hint=_others(path, files) or "untick the box, or bring the file",
    )


def _moved(path: str, now: str, place: Place) -> Finding:
    return warning(
        "story-path-moved", f"{path} is not there any more", place, hint=f"it is now at {now}"
    )


def _others(path: str, files: RepositoryFiles) -> str:
    name = path.rstrip("/").rpartition("/")[2]
    found = files.by_name.get(name, ())
    if not found or len(found) > 3:
        return ""
    return f"of that name there {'is' if len(found) == 1 else 'are'} {', '.join(found)}"


def _ticked(story: Story, files: RepositoryFiles) -> Iterator[tuple[str, Place]]:
    """Paths that ticked boxes name, and those of the blocks that ticked boxes write."""
    ticked = {
        box.line: box
        for box in story.boxes
        if box.checked and not box.deferred and box.zone is not Zone.RUNTIME
    }
    if not ticked:
        return
    targets: dict[int, list[str]] = {}
    items = {block.line: block.item for block in story.blocks}
    for binding in bind_blocks(story):
        if binding.confidence >= _SURE and binding.mode not in _NO_FILE_MODES:
            targets.setdefault(items[binding.line], []).extend(binding.targets)
    for line, box in ticked.items():
        if _is_gone(box.text):
            continue
        raw = box.span.raw
        for path, column in paths_in(raw, files):
            yield path, Place(story.path, line, column + 1)
        for path in targets.get(line, ()):
            yield path, box.place


def _listed(story: Story, files: RepositoryFiles) -> Iterator[tuple[str, Place]]:
    record = story.agent_record
    for entry in record.files if record is not None else ():
        if not _GONE.search(f"{entry.note} {entry.group}"):
            for path in repository_paths(entry.path, files):
                yield path, entry.span.place


def _mentioned(story: Story, files: RepositoryFiles) -> Iterator[tuple[str, Place]]:
    """Paths in the text outside code, without records and what is left to others."""
    for line, text in prose(story, _QUIET):
        if "`" in text and "/" in text and not _is_gone(text):
            for path, column in paths_in(text, files):
                yield path, Place(story.path, line, column + 1)
