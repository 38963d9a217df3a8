"""Which file a YAML block of a task is for, how sure that is, and whether it may replace the file.

Binding is a guess from the words around a block (story-format.md §2 "YAML → target file"); a
fragment never replaces a file. It reads a parsed story only, never the repository.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from storyrunner.model.story import CodeBlock, Story, Zone
from storyrunner.stories.lines import Lines
from storyrunner.stories.story_paths import StoryPaths, made_folders, named_paths

_QUOTED = re.compile(r"`([^`\s]+)`")
_FILE = re.compile(r"[\w.{}/,@+_-]*\.(?:ya?ml|gotmpl|json|toml|tpl|env)$")
_FILE_LABEL = re.compile(
    r"(?:[-*+][ \t]+)?(?:\[[ xX]\][ \t]+)?(?:\*\*)?(?:files?|location|path|target)"
    r":?(?:\*\*)?:?[ \t]",
    re.IGNORECASE,
)
_BOLD_PAREN = re.compile(r"\*\*[^*]+\*\*[^`]{0,6}\(`")
_COMMENT = re.compile(r"#[ \t]*(?:in[ \t]+)?`?([\w./{},@+-]+)`?(?:[ \t].*)?$", re.IGNORECASE)
_SUBTASK = re.compile(r"\*\*T\d+\.\d+")
_INTO = re.compile(
    r"\b(?:to|under|in|into)\b(?![ ]+(?:include|add|list|reference|contain|use|point|depend|enable"
    r"|set|load|pull)\b)[^`]{0,30}`([^`\s]+)`",
    re.IGNORECASE,
)
_PART = re.compile(r"#[ \t]*in[ \t]|\b(?:excerpt|section|snippet|fragment)\b", re.IGNORECASE)
_JOINED = re.compile(r"`[ ]*(?:,|and|&|\+|, and)[ ]*`", re.IGNORECASE)
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])[ \t]")
_MODES = (
    (re.compile(r"\balternative\b|\bif using\b|\boptional\b", re.I), "variant"),
    (re.compile(r"\b(?:verify|ensure|confirm|check)\b", re.I), "verify-or-update"),
    (re.compile(r"\b(?:update|add|append|wire|patch|modify|extend|merge)\b", re.I), "update"),
    (re.compile(r"\bcreate\b", re.I), "create"),
    (re.compile(r"\bexample\b", re.I), "example"),
)
_KIND = re.compile(r"^kind:", re.MULTILINE)
_FARTHEST = 80


@dataclass(frozen=True, slots=True)
class Binding:
    """A block (by the line of its fence) and its target files; none when nothing names one.

    `mode` is `create`, `update`, `verify-or-update`, `variant`, `example` or `unbound`; `fragment`
    means that the text is no whole file. `confidence` is 1.0 for a path written out in full, less
    for one that was completed.
    """

    line: int
    mode: str
    fragment: bool
    rule: str
    targets: tuple[str, ...]
    confidence: float


@dataclass(slots=True)
class _Clue:
    """What the words around a block say; `words` are the lines above it, nearest first."""

    block: CodeBlock
    rule: str
    names: list[str]
    words: list[str]
    bases: list[str]


def bind_blocks(story: Story) -> list[Binding]:
    """A binding for every top-level YAML block of the task zone, in the order of the text."""
    blocks = [
        block
        for block in story.blocks
        if block.zone is Zone.TASK and block.language in ("yaml", "yml") and not block.document
    ]
    if not blocks:
        return []
    around = _Around(story)
    clues = [around.clue(block) for block in blocks]
    paths = StoryPaths(story)
    for clue in clues:
        paths.take(clue.names)
    created: set[str] = set()
    out = []
    for clue in clues:
        targets: list[str] = []
        sure = 1.0
        is_new = _verb(clue) == "create"
        for name in clue.names:
            found, confidence = paths.resolve(name, clue.bases, clue.words, is_new)
            targets.extend(found)
            sure = min(sure, confidence)
        unique = _one_of(tuple(dict.fromkeys(targets)), clue)
        paths.taken.update(unique)
        out.append(_binding(clue, unique, sure, created))
    return out


class _Around:
    """The lines before a block, nearest first, without code."""

    def __init__(self, story: Story) -> None:
        self.lines = Lines(story.text, story.path).stripped
        self.code = {block.span.last: block for block in story.blocks if not block.document}
        self.mkdirs = made_folders(self.lines)

    def before(self, line: int) -> Iterator[tuple[str, bool]]:
        """Lines above `line` up to and with the nearest heading, each with whether a YAML block
        lies between; blocks are skipped whole."""
        at, seen, past_block = line - 1, 0, False
        while at >= 1 and seen < _FARTHEST:
            block = self.code.get(at)
            if block is not None:
                past_block = past_block or block.language in ("yaml", "yml")
                at = block.span.first - 1
                continue
            text = self.lines[at - 1]
            if text:
                yield text, past_block
                if text[0] == "#":
                    return
            at, seen = at - 1, seen + 1

    def clue(self, block: CodeBlock) -> _Clue:
        """The nearest line that names a file decides. Beyond another YAML block only a `File:`
        label can still mean this one; a comment in the block comes first unless the line right
        above it names a file."""
        comment = _comment(block)
        words: list[str] = []
        bases: list[str] = []
        found: list[str] = []
        rule = ""
        for text, past_block in self.before(block.line):
            is_label = _FILE_LABEL.match(text) is not None
            if is_label:
                bases.extend(n.rstrip("/") for n in _QUOTED.findall(text) if n.endswith("/"))
            if found:
                continue
            if not past_block or text[0] == "#":
                words.append(text)
            if text[0] == "#":
                found = [] if past_block else _names(text)
                rule = "section" if found else ""
            elif is_label or not past_block:
                found = _names(text) or (_bare_names(text) if is_label else [])
                rule = _rule(text) if found else ""
        near = [path for line, path in self.mkdirs if line < block.line]
        bases.extend(reversed(near[-3:]))
        if comment and not (found and len(words) == 1):
            rule, found = "comment", comment
        return _Clue(block, rule, found, words, bases)


def _names(text: str) -> list[str]:
    """The files a line names: all when it lists them, else the one that something is added to,
    else the first."""
    named = [name for name in _QUOTED.findall(text) if _FILE.match(name)]
    if len(named) < 2:
        return named
    into = _INTO.search(text)
    if into is not None and _FILE.match(into[1]) and _JOINED.search(text) is None:
        return [into[1]]
    return named if _JOINED.search(text) else named[:1]


def _bare_names(text: str) -> list[str]:
    """The files that a `File:` label names without backticks."""
    return [] if "`" in text else [name for name in named_paths(text) if _FILE.match(name)]


def _comment(block: CodeBlock) -> list[str]:
    """A path in the block's first comment line: `# p`, `# In p values section`."""
    for line in block.body.splitlines()[:2]:
        match = _COMMENT.match(line.strip())
        if match is not None and _FILE.match(match[1]):
            return [match[1]]
    return []


def _rule(text: str) -> str:
    if _FILE_LABEL.match(text):
        return "File:"
    if _SUBTASK.match(text):
        return "subtask"
    if _BOLD_PAREN.match(text):
        return "bold(paren)"
    return "checkbox" if _ITEM.match(text) else "prose"


def _one_of(targets: tuple[str, ...], clue: _Clue) -> tuple[str, ...]:
    """Where several blocks share one `a/{b,c}.yaml`, the target whose own part the words right
    above the block or its metadata name."""
    if len(targets) < 2 or clue.rule != "File:":
        return targets
    near = " ".join(clue.words[:2]).casefold().replace("`" + "`".join(clue.names) + "`", "")
    names = re.findall(r"^[ ]{0,4}name:[ ]*(\S+)", clue.block.body, re.MULTILINE)
    near = f"{near} {' '.join(names[:1])}".casefold()
    own = [path for path in targets if _own_part(path, targets) in near]
    return tuple(own) if len(own) == 1 else targets


def _own_part(path: str, paths: tuple[str, ...]) -> str:
    """What tells a path from the others: the middle without the common start and end."""
    start = _common_start(paths)
    end = _common_start([other[::-1] for other in paths])
    return path[start : len(path) - end].casefold() or path


def _common_start(texts: Sequence[str]) -> int:
    """How many characters all texts start with."""
    count = 0
    for letters in zip(*texts, strict=False):
        if len(set(letters)) > 1:
            break
        count += 1
    return count


def _binding(clue: _Clue, targets: tuple[str, ...], sure: float, created: set[str]) -> Binding:
    body = clue.block.body
    whole = "apiVersion:" in body and _KIND.search(body) is not None
    mode = "unbound"
    if targets:
        mode = _verb(clue) or "create"
        if mode == "create" and not whole and _is_part(clue):
            mode = "update"
        if mode == "create" and created.issuperset(targets):
            # A second whole text for the same file is another way to write it, not a new file.
            mode = "variant"
        if mode == "create":
            created.update(targets)
    fragment = mode != "create" and not whole
    return Binding(clue.block.line, mode, fragment, clue.rule if targets else "", targets, sure)


def _is_part(clue: _Clue) -> bool:
    """True when the block's own comment says that it is a part of its file (`# In x values`)."""
    first = clue.block.body.lstrip().partition("\n")[0]
    return clue.rule == "comment" and _PART.search(first) is not None


def _verb(clue: _Clue) -> str:
    """The mode by the nearest line with a verb; a heading only when nothing nearer has one."""
    for text in clue.words:
        plain = _QUOTED.sub("", text)
        for pattern, mode in _MODES:
            if pattern.search(plain):
                return mode
    return ""
