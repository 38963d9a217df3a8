"""The documentation as data: pages, fenced blocks, commands, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PAGES = (
    CHECKOUT / "README.md",
    CHECKOUT / "CONTRIBUTING.md",
    CHECKOUT / "CHANGELOG.md",
    *sorted((CHECKOUT / "docs").rglob("*.md")),
)
NAMES = [path.relative_to(CHECKOUT).as_posix() for path in PAGES]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FILE_LINE = re.compile(r"\A# (\S+\.(?:yaml|toml))\n")


@dataclass(frozen=True)
class Command:
    """One command line of a page; `code` is the exit code that its comment states, else 0.

    `interactive`: it says `# in a terminal`.
    """

    text: str
    code: int
    interactive: bool


@dataclass(frozen=True)
class Sample:
    """A file that a page shows, by the path in its first line."""

    path: str
    text: str


def steps_of(page: str) -> Iterator[Command | Sample]:
    """The commands of a page and the files it shows, in order."""
    for language, body in _FENCE.findall(page):
        if language in ("bash", "console", "sh"):
            yield from _commands(body, prompted=language == "console")
        elif language in ("yaml", "toml"):
            match = _FILE_LINE.match(body)
            if match:
                yield Sample(match[1], body)


def _commands(body: str, *, prompted: bool) -> Iterator[Command]:
    for line in body.splitlines():
        text = line
        if prompted:
            if not line.startswith("$ "):
                continue
            text = line[2:]
        text, _, comment = text.partition(" #")
        if not text.strip() or text.startswith("#"):
            continue
        code = re.search(r"exits (\d+)", comment)
        yield Command(text.strip(), int(code[1]) if code else 0, "in a terminal" in comment)


def without_code(page: str) -> str:
    """The text of a page between its fenced blocks."""
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", page))


def links(page: str) -> list[str]:
    """Where a page points to."""
    return _LINK.findall(without_code(page))


def anchors(page: str) -> set[str]:
    """The names of a page's headings, as links write them."""
    found = set()
    for heading in _HEADING.findall(_FENCE.sub("", page)):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(plain.strip().replace(" ", "-"))
    return found
