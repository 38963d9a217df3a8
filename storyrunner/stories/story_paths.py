"""The paths a story names, and completing a bare name to one of them.

Paths are posix and relative to the repository. It knows the text of one story, not the repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from storyrunner.model.story import Story
from storyrunner.stories.titles import fold_dashes

_ROOTS = r"kubernetes|bootstrap|docs|talos|terraform|scripts|hack|\.github|\.taskfiles"
_NAMED = re.compile(rf"(?<![\w./-])(?:\./|/)?((?:{_ROOTS})/[\w./{{}},@+-]+)")
_MKDIR = re.compile(r"\bmkdir[ \t]+(?:-p[ \t]+)?([^\s`&|;]+)")
_EACH = re.compile(r"\b(?:each|both|every)\b", re.IGNORECASE)
_BASES = ("components/", "infrastructure/", "workloads/", "clusters/", "apps/")
_BRANCH = re.compile(r"([│ \t\u00a0]*)[├└]──?[ ]*([^\s#]+)")
_MOST_CHOICES = 64


class StoryPaths:
    """All full paths of a story in the order of their first mention; `taken` are those that some
    block already is for."""

    def __init__(self, story: Story) -> None:
        self.named: dict[str, None] = dict.fromkeys(named_paths(story.text))
        for block in story.blocks:
            if not block.language and not block.document and "──" in block.body:
                self.named.update(dict.fromkeys(tree_paths(block.body)))
        self.taken: set[str] = set()

    def take(self, names: Iterable[str]) -> None:
        """Mark the names that are written out in full as taken."""
        for name in names:
            self.taken.update(full_paths(name))

    def resolve(
        self, name: str, bases: Sequence[str], words: Sequence[str], is_new: bool
    ) -> tuple[list[str], float]:
        """The full paths of a name with how sure that is (0 to 1): written out, the one path of
        the story that ends so and that no other block is for, or completed by a folder."""
        full = full_paths(name)
        if full:
            return full, 1.0
        ending = "/" + name.removeprefix("./").lstrip("/")
        fitting = [path for path in self.named if path.endswith(ending)]
        free = [path for path in fitting if path not in self.taken]
        if len(free) == 1:
            return free, 0.9
        if len(fitting) > 1 and any(_EACH.search(text) for text in words):
            return fitting, 0.7
        guesses = [guess for base in bases for guess in _under(base, ending)]
        likely = [guess for guess in guesses if guess in (free or fitting)]
        if likely:
            return likely[:1], 0.8
        if len(fitting) == 1 and not (is_new and guesses):
            return fitting, 0.6
        if guesses:
            return guesses[:1], 0.6
        if ending[1:].startswith(_BASES):
            return [f"kubernetes{ending}"], 0.7
        return [], 0.0


def _under(base: str, ending: str) -> list[str]:
    """A name under a folder; the Flux Kustomization of an `app` folder stands beside the folder."""
    folder = base.removesuffix("/app") if ending == "/ks.yaml" else base
    return full_paths(folder + ending)[:1]


def named_paths(text: str) -> Iterator[str]:
    """The full paths in a text, braces expanded, in order; some come more than once."""
    for match in _NAMED.finditer(fold_dashes(text)):
        yield from expand(match[1].rstrip(".,/"))


def full_paths(name: str) -> list[str]:
    """The paths a name stands for when it starts at a top folder, else none."""
    match = _NAMED.fullmatch(name.removeprefix("./"))
    return expand(match[1]) if match else []


def expand(path: str) -> list[str]:
    """`a/{b,c}/d` as the two paths it stands for (braces do not nest)."""
    out = [""]
    rest = path
    while (start := rest.find("{")) >= 0 and (end := rest.find("}", start)) > 0:
        choices = rest[start + 1 : end].split(",")
        if len(out) * len(choices) > _MOST_CHOICES:
            break
        out = [head + rest[:start] + choice for head in out for choice in choices]
        rest = rest[end + 1 :]
    return [head + rest for head in out]


def tree_paths(body: str) -> Iterator[str]:
    """The files of a directory tree drawn with `├──`, below a root line such as `kubernetes/x/`."""
    folders: list[str] = []
    for line in body.splitlines():
        match = _BRANCH.match(line)
        if match is None:
            root = line.split("#", 1)[0].strip().rstrip("/")
            if root and full_paths(root + "/x"):
                folders = [root]
            continue
        if not folders:
            continue
        depth = len(match[1]) // 4 + 1
        del folders[depth:]
        path = f"{folders[-1]}/{match[2].rstrip('/')}"
        folders.append(path)
        if not match[2].endswith("/"):
            yield path


def made_folders(lines: Sequence[str]) -> list[tuple[int, str]]:
    """The folders that `mkdir` lines make, with their 1-based lines."""
    return [
        (number, path)
        for number, line in enumerate(lines, 1)
        if "mkdir" in line
        for match in _MKDIR.finditer(line)
        for path in expand(match[1].rstrip("/"))
    ]
