"""The stories of a repository: finding them, and finding the one a person means.

It reads the first lines of each file only. Symbolic links that lead out of the repository are
not followed. Numbers are not unique (two stories may share one): nothing here guesses.
"""

from __future__ import annotations

import codecs
import difflib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from storyrunner import regular
from storyrunner.errors import Place, StoryError
from storyrunner.model.frozen import dataclass
from storyrunner.model.story import Story
from storyrunner.stories.parser import parse_story
from storyrunner.stories.titles import fold_dashes

DEFAULT_GLOBS = ("docs/stories/**/*.md", "stories/**/*.md")
_HEAD_BYTES = 8192
_HEAD_LINES = 60
_NUMBER = re.compile(r"(?:story[ \t]*)?#?0*(\d{1,4})$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StoryRef:
    """A story that was found: `path` is posix and relative to the root, `prev` and `next` are the
    ids its header names (empty when none)."""

    path: str
    id: str
    number: int
    title: str
    prev: str = ""
    next: str = ""


def find_stories(
    root: Path,
    globs: Sequence[str] = DEFAULT_GLOBS,
    unreadable: Callable[[StoryError], None] | None = None,
) -> list[StoryRef]:
    """The stories under `root` by number, then path; files that are no stories are left out.

    Raises StoryError for a file that cannot be read or is no UTF-8; with `unreadable` it is told
    to that instead and the file is left out, so that one bad file does not hide the others.
    """
    top = root.resolve()
    found: dict[str, StoryRef] = {}
    for glob in globs:
        for file in _files(top, glob):
            path = file.relative_to(top).as_posix()
            if path in found:
                continue
            try:
                ref = read_ref(file, path)
            except StoryError as problem:
                if unreadable is None:
                    raise
                unreadable(problem)
                continue
            if ref is not None:
                found[path] = ref
    return sorted(found.values(), key=lambda ref: (ref.number, ref.path))


def read_ref(file: Path, path: str) -> StoryRef | None:
    """What the head of a file says; None when it is no story."""
    text = _head(file, path)
    story = parse_story(text, path)
    has_header = bool(story.header.sequence or story.header.status)
    named = PurePosixPath(path).name.upper().startswith("STORY-")
    titled = bool(story.number) and any(f.rule == "story-title" for f in story.findings)
    if not story.id or not (_titled(story) or (named and has_header) or titled):
        return None
    prev, next_ = _id_in(story.header.prev), _id_in(story.header.next)
    return StoryRef(path, story.id, story.number, story.title, prev, next_)


def read_story(file: Path, path: str) -> Story:
    """The whole story in `file`, named `path` in places; line endings are kept.

    Raises StoryError when the file cannot be read or is no UTF-8.
    """
    try:
        data = regular.read_bytes(file)
    except OSError as problem:
        raise _unreadable(path, problem) from problem
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise _no_utf8(path, data, problem) from problem
    return parse_story(text, path)


def resolve(root: Path, refs: Sequence[StoryRef], reference: str) -> StoryRef:
    """The story a person means: by path, by number (`6`, `06`), by id with or without `STORY-`.

    Raises StoryError when none fits, when several do, or for a path out of the repository.
    """
    wanted = reference.strip()
    fitting = _by_path(root, refs, wanted) or _by_id(refs, wanted) or _by_number(refs, wanted)
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = "; ".join(f"{ref.id} ({ref.path})" for ref in fitting)
        raise StoryError(
            f"“{reference}” is {len(fitting)} stories: {names}",
            place=Place(fitting[0].path),
            hint="name it by its id or its path",
        )
    raise StoryError(f"no story is “{reference}”", hint=_near(refs, wanted))


def ids_by_number(refs: Iterable[StoryRef]) -> dict[int, str]:
    """Number → id. Where several stories share a number, the one that the others' Prev and Next
    lead to; where that settles nothing, none."""
    refs = list(refs)
    pointed: dict[str, int] = {}
    for ref in refs:
        for id_ in {ref.prev, ref.next} - {"", ref.id}:
            pointed[id_] = pointed.get(id_, 0) + 1
    groups: dict[int, list[StoryRef]] = {}
    for ref in refs:
        groups.setdefault(ref.number, []).append(ref)
    out = {}
    for number, group in groups.items():
        most = max(pointed.get(ref.id, 0) for ref in group)
        best = [ref for ref in group if pointed.get(ref.id, 0) == most]
        if len(best) == 1:
            out[number] = best[0].id
    return out


def _files(top: Path, glob: str) -> Iterator[Path]:
    """Files that a glob names, sorted; directories behind symbolic links are not entered."""
    parts = PurePosixPath(glob).parts
    fixed = []
    for part in parts[:-1]:
        if any(char in part for char in "*?["):
            break
        fixed.append(part)
    base = top.joinpath(*fixed)
    if not base.is_dir() or not base.resolve().is_relative_to(top):
        return
    pattern = _pattern(glob)
    for folder, folders, names in os.walk(base, followlinks=False):
        folders[:] = sorted(name for name in folders if name != ".git")
        for name in sorted(names):
            file = Path(folder, name)
            if pattern.fullmatch(file.relative_to(top).as_posix()) and _is_inside(top, file):
                yield file


def _is_inside(top: Path, file: Path) -> bool:
    return not file.is_symlink() or (file.exists() and file.resolve().is_relative_to(top))


def _pattern(glob: str) -> re.Pattern[str]:
    """`**/` is any number of folders, `*` and `?` stay within one name."""
    out, at = "", 0
    while at < len(glob):
        if glob.startswith("**/", at):
            out, at = f"{out}(?:.*/)?", at + 3
        elif glob[at] == "*":
            out, at = f"{out}[^/]*", at + 1
        elif glob[at] == "?":
            out, at = f"{out}[^/]", at + 1
        else:
            out, at = out + re.escape(glob[at]), at + 1
    return re.compile(out)


def _head(file: Path, path: str) -> str:
    try:
        data = regular.read_head(file, _HEAD_BYTES)
    except OSError as problem:
        raise _unreadable(path, problem) from problem
    try:
        # A character may be cut at the end of the head; anything else that is no UTF-8 is not.
        text = codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError as problem:
        raise _no_utf8(path, data, problem) from problem
    return "\n".join(text.split("\n", _HEAD_LINES)[:_HEAD_LINES])


def _titled(story: Story) -> bool:
    return not any(finding.rule == "story-title" for finding in story.findings)


def _id_in(value: str) -> str:
    match = re.search(r"STORY-[\w-]+", fold_dashes(value))
    return match[0] if match else ""


def _by_path(root: Path, refs: Sequence[StoryRef], wanted: str) -> list[StoryRef]:
    looks_like_one = "/" in wanted or os.sep in wanted or wanted.endswith(".md")
    if not looks_like_one:
        return []
    top = root.resolve()
    plain = PurePosixPath(wanted.replace(os.sep, "/")).as_posix()
    exact = [ref for ref in refs if plain in (ref.path, PurePosixPath(ref.path).name)]
    if exact:
        return exact
    file = Path(wanted) if Path(wanted).is_absolute() else top / wanted
    if not file.is_file():
        return []
    real = file.resolve()
    if not real.is_relative_to(top):
        raise StoryError(f"{wanted} is outside the repository", hint="name a story inside it")
    path = real.relative_to(top).as_posix()
    known = [ref for ref in refs if ref.path == path]
    if known:
        return known
    ref = read_ref(real, path)
    if ref is None:
        raise StoryError("this file is no story", place=Place(path), hint=_TITLE_HINT)
    return [ref]


_TITLE_HINT = "a story starts with “# NN — STORY-ID — Title”"


def _by_id(refs: Sequence[StoryRef], wanted: str) -> list[StoryRef]:
    id_ = fold_dashes(wanted).casefold().removeprefix("story-")
    return [ref for ref in refs if ref.id.casefold().removeprefix("story-") == id_]


def _by_number(refs: Sequence[StoryRef], wanted: str) -> list[StoryRef]:
    match = _NUMBER.match(wanted)
    return [ref for ref in refs if match is not None and ref.number == int(match[1])]


def _near(refs: Sequence[StoryRef], wanted: str) -> str:
    if not refs:
        return "no stories were found: they are looked for in docs/stories and stories"
    ids = {ref.id.casefold().removeprefix("story-"): ref.id for ref in refs}
    near = difflib.get_close_matches(wanted.casefold().removeprefix("story-"), ids, 1, 0.5)
    return f"did you mean {ids[near[0]]}?" if near else "name it by number, id or path"


def _unreadable(path: str, problem: OSError) -> StoryError:
    reason = problem.strerror or str(problem)
    return StoryError(f"the story cannot be read: {reason}", place=Place(path))


def _no_utf8(path: str, data: bytes, problem: UnicodeDecodeError) -> StoryError:
    before = data[: problem.start]
    line = before.count(b"\n") + 1
    column = problem.start - (before.rfind(b"\n") + 1) + 1
    return StoryError(
        "the story is not UTF-8 text", place=Place(path, line, column), hint="save it as UTF-8"
    )
