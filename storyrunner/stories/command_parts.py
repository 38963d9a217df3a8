"""What the judges of commands share: a part of a command with its class, and its options.

A judge looks at the words of one simple command and says what it can do. What no judge is sure of
is never made milder: an unknown word can only raise a class.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from storyrunner.model.command_class import OPAQUE, CommandClass
from storyrunner.model.frozen import dataclass
from storyrunner.stories.shell_words import Word

Words = Sequence[Word]

_QUOTED = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.", re.DOTALL)
_OPEN_BRACE = re.compile(r"\{[^{}\s]*(?:,|\.\.)")
PRIVATE = re.compile(r"^\"?\$(?:TMPDIR|\{TMPDIR\})/")
"""How a word begins that is a file of the run's own temporary folder."""

_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of a command can do, and why we say so.

    `touches` are the files or places it names; `runs` are files of the repository whose content it
    executes; `is_known` tells a program that a judge knows.
    """

    cls: CommandClass
    reason: str
    touches: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    is_known: bool = True


Judge = Callable[[Words], list[Part]]
"""Judges the words of one simple command, its program first."""


def names(text: str) -> frozenset[str]:
    """The words of a text as a set: tables of programs are read more easily so."""
    return frozenset(text.split())


def reads(reason: str = "only reads") -> list[Part]:
    """It changes nothing."""
    return [Part(CommandClass.READ, reason)]


def writes(reason: str, *touches: str) -> list[Part]:
    """It changes files."""
    return [Part(CommandClass.WRITE, reason, touches)]


def opaque(reason: str) -> list[Part]:
    """What it does cannot be seen in its words."""
    return [Part(OPAQUE, reason, is_known=False)]


def bare(word: Word) -> str:
    """What of a word is written without quotes or escapes."""
    return _QUOTED.sub("", word.raw)


def is_loose(word: Word) -> bool:
    """Whether the shell may make an option of this word, so that what it says is not all it is:
    it begins with a variable, a glob or a list in braces."""
    raw = bare(word)
    if _OPEN_BRACE.search(raw) and ("{-" in raw or ",-" in raw or word.text.startswith("-")):
        return True
    if PRIVATE.match(word.raw):
        return False
    return word.raw.lstrip('"')[:1] == "$" or _GLOB.match(word.raw) is not None


def has_option(args: Words, letters: str = "", long: Iterable[str] = ()) -> bool:
    """Whether an option is there: a letter anywhere in a cluster, or a long name, also shortened.

    It rather sees one that is not there than misses one that is.
    """
    for word in args:
        text = word.text
        if text.startswith("--"):
            given = text[2:].partition("=")[0]
            if given and any(name.startswith(given) for name in long):
                return True
        elif text.startswith("-") and (set(text[1:]) & set(letters) or text[1:] in long):
            return True
    return False


def value_of(args: Words, *names: str) -> str:
    """The value of an option (`--name x`, `--name=x`, `-n x`, `-nx`), or empty."""
    for index, word in enumerate(args):
        for name in names:
            if word.text == name:
                return args[index + 1].text if index + 1 < len(args) else ""
            if word.text.startswith(f"{name}="):
                return word.text.partition("=")[2]
            if len(name) == 2 and word.text.startswith(name) and word.text != name:
                return word.text[2:]
    return ""


def operands(args: Words) -> list[Word]:
    """The arguments that are no options; values of options are among them."""
    return [word for word in args if not word.text.startswith("-")]
