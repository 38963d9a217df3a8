"""Commands of a shell block that mean the same wherever they are run: plain words, no state.

Whatever the shell would fill in, match or remember makes a command one that only a shell can run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from storyrunner.stories.shell_pipelines import Pipeline, SimpleCommand
from storyrunner.stories.shell_words import Word
from storyrunner.stories.story_paths import expand

_COMPOUND_WORDS = """
if then else elif fi for while until do done case esac select function { } ( ) time
 cd pushd popd export set source . alias eval exec trap wait read local declare unset
"""
_COMPOUND = frozenset(_COMPOUND_WORDS.split())
_MATCHED = re.compile(r"[*?\[\]~]")
_STATUS = re.compile(r"\$\?|\$!|\$\{?[A-Za-z_]\w*=?")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_BRACKETS = frozenset({"[", "]", "[[", "]]"})
_NOWHERE = frozenset({"/dev/null", "&1", "1", "2"})


def is_linear(pipelines: Sequence[Pipeline]) -> bool:
    """True when each line of a block stands for itself: no loop, no variable of its own, no exit
    status kept, nothing in the background, nothing that depends on what came before. Commands that
    `&&` and `||` join are one line."""
    names = {
        word.text.partition("=")[0]
        for one in pipelines
        for part in one.parts
        for word in part.words
        if _ASSIGNMENT.match(word.text) and not part.argv
    }
    for one in pipelines:
        if one.after in ("&", ";;"):
            return False
        for part in one.parts:
            if part.program in _COMPOUND or part.text.startswith(("(", "{")) or not part.argv:
                return False
            if "$?" in part.text or "$!" in part.text:
                return False
            if any(name in names for word in part.words for name in word.expands):
                return False
    return True


def joins(pipeline: Pipeline) -> bool:
    """True when what follows a command depends on how it ended."""
    return pipeline.after in ("&&", "||")


def plain_argv(part: SimpleCommand, *, may_print: bool = True) -> list[str] | None:
    """Program and arguments when the shell adds nothing to them, else None. Braces are expanded;
    output to nowhere does not matter, any other redirection does."""
    if part.heredocs or part.reads or not set(part.writes) <= _NOWHERE:
        return None
    if part.writes and not may_print:
        return None
    out: list[str] = []
    for index, word in enumerate(part.words):
        if _is_filled_in(word) or (index == 0 and _ASSIGNMENT.match(word.text)):
            return None
        if word.quotes or "{" not in word.raw:
            out.append(word.text)
        else:
            out += expand(word.text)
    return out


def _is_filled_in(word: Word) -> bool:
    """Whether the shell would put something else for a word."""
    if word.raw in _BRACKETS:
        return False
    if word.expands or "\\" in word.raw.replace("\\\n", ""):
        return True
    bare = _outside_quotes(word.raw)
    if "`" in bare or "$" in bare or _MATCHED.search(bare):
        return True
    double = '"' in word.quotes
    return double and ("`" in word.raw or "$(" in word.raw)


def _outside_quotes(raw: str) -> str:
    return re.sub(r"'[^']*'|\"[^\"]*\"", "", raw)


def options_of(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Options and operands of a command line; what follows `--` is an operand."""
    options: list[str] = []
    operands: list[str] = []
    for index, argument in enumerate(arguments):
        if argument == "--":
            operands += arguments[index + 1 :]
            break
        (options if argument.startswith("-") and argument != "-" else operands).append(argument)
    return options, operands


def is_path(text: str) -> bool:
    """A path inside the repository, as far as words can tell."""
    return bool(text) and not text.startswith(("/", "-", "~")) and ".." not in text.split("/")
