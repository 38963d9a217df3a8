"""Shell text as commands and words: a tolerant lexer that never runs, expands or looks up anything.

It knows quotes, comments, continuation lines, pipelines, redirections and heredocs, no more: what
it cannot understand stays in the text of the command. What a command means is decided elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from storyrunner.stories.shell_words import Word, read_word

_OPERATOR = re.compile(r"&&|\|\||\|&|;;|[|;&\n]")
_HEREDOC = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\(\w+)|([\w.-]+))")
_REDIRECT = re.compile(r"\d*(?:>>|>&|>\||<<<|<>|<&|>|<)|&>>?")
_PLACEHOLDER = re.compile(r"(?<![<\w)])<[A-Za-z][\w.-]*(?:[ /|][\w.-]+)*>")
_SPACES = re.compile(r"[ \t]+")


@dataclass(frozen=True, slots=True)
class Heredoc:
    """A heredoc; `body` as written without its last line, `start` the offset of `<<`."""

    delimiter: str
    quoted: bool
    body: str
    start: int


@dataclass(frozen=True, slots=True)
class SimpleCommand:
    """One command of a pipeline; `words` without redirections, whose targets are `reads`, `writes`.

    Assignments before the program are in `words`; `argv` begins with the program.
    """

    words: tuple[Word, ...]
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    heredocs: tuple[Heredoc, ...] = ()
    text: str = ""

    @property
    def argv(self) -> tuple[str, ...]:
        """Program and arguments without quotes; empty for a lone assignment."""
        texts = [word.text for word in self.words]
        while texts and re.match(r"[A-Za-z_]\w*=", texts[0]):
            del texts[0]
        return tuple(texts)

    @property
    def program(self) -> str:
        """The program's name without its folder."""
        return self.argv[0].rpartition("/")[2] if self.argv else ""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by `|`, and the operator after them; `text` is what was written, heredocs
    included. `start` and `end` are offsets in the shell text."""

    parts: tuple[SimpleCommand, ...]
    after: str
    text: str
    start: int
    end: int
    placeholders: tuple[str, ...] = ()


@dataclass(slots=True)
class _State:
    """What is being read."""

    text: str
    at: int = 0
    words: list[Word] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    heredocs: list[Heredoc] = field(default_factory=list)
    parts: list[SimpleCommand] = field(default_factory=list)
    pending: list[tuple[str, bool, bool, int]] = field(default_factory=list)
    placeholders: list[str] = field(default_factory=list)
    begin: int = -1
    first: int = -1


def read_pipelines(text: str) -> list[Pipeline]:
    """The pipelines of a shell text in order. Pure; never raises; linear in its length."""
    state = _State(text)
    found: list[Pipeline] = []
    while state.at < len(text):
        _step(state, found)
    _end_pipeline(state, found, "", len(text), len(text))
    return found


def _step(state: _State, found: list[Pipeline]) -> None:
    text, at = state.text, state.at
    blanks = _SPACES.match(text, at)
    if blanks is not None:
        state.at = blanks.end()
        return
    if text.startswith("\\\n", at):
        state.at = at + 2
        return
    if text[at] == "#":
        end = text.find("\n", at)
        state.at = len(text) if end < 0 else end
        return
    heredoc = _HEREDOC.match(text, at)
    if heredoc is not None and not text.startswith("<<<", at):
        _note_start(state, at)
        name = next(group for group in heredoc.groups()[1:] if group)
        state.pending.append((name, heredoc[5] is None, bool(heredoc[1]), at))
        state.at = heredoc.end()
        return
    placeholder = _PLACEHOLDER.match(text, at)
    if placeholder is not None:
        state.placeholders.append(placeholder[0])
        _note_start(state, at)
        state.words.append(Word(placeholder[0], placeholder[0], at))
        state.at = placeholder.end()
        return
    redirect = _REDIRECT.match(text, at)
    if redirect is not None:
        _redirect(state, redirect[0], redirect.end())
        return
    operator = _OPERATOR.match(text, at)
    if operator is not None:
        _operate(state, found, operator[0])
        return
    _note_start(state, at)
    state.words.append(_take_word(state))


def _redirect(state: _State, sign: str, at: int) -> None:
    _note_start(state, state.at)
    blanks = _SPACES.match(state.text, at)
    state.at = blanks.end() if blanks else at
    if state.at >= len(state.text) or state.text[state.at] in "|&;\n":
        return
    if state.text.startswith("(", state.at):  # `<(…)`: what it runs is left alone
        word = _take_word(state)
        state.words.append(Word(sign + word.raw, sign + word.text, at - len(sign)))
        return
    target = _take_word(state).text
    (state.reads if "<" in sign else state.writes).append(target)


def _operate(state: _State, found: list[Pipeline], sign: str) -> None:
    at = state.at
    state.at = at + len(sign)
    if sign in ("|", "|&"):
        _end_command(state, at)
        # A pipeline goes on after a newline that follows its bar.
        while state.text.startswith(("\n", " ", "\t"), state.at):
            state.at += 1
        return
    if sign == "\n":
        end = _read_heredocs(state)
        _end_pipeline(state, found, "\n", at, end if end > at + 1 else at)
        return
    _end_pipeline(state, found, sign, at, at)


def _read_heredocs(state: _State) -> int:
    """Take the bodies that begin on the next line; the end of the last one's terminator."""
    for name, quoted, dash, start in state.pending:
        body_start, at, end = state.at, state.at, -1
        while at < len(state.text):
            stop = state.text.find("\n", at)
            stop = len(state.text) if stop < 0 else stop
            line = state.text[at:stop]
            if (line.lstrip("\t") if dash else line).rstrip() == name or line.strip() == name:
                end = stop
                break
            at = stop + 1
        body = state.text[body_start:at] if end >= 0 else state.text[body_start:]
        state.at = min(len(state.text), end + 1 if end >= 0 else len(state.text))
        state.heredocs.append(Heredoc(name, quoted, body, start))
    if state.pending:
        state.pending.clear()
        return state.at
    return -1


def _note_start(state: _State, at: int) -> None:
    if state.begin < 0:
        state.begin = at
    if state.first < 0:
        state.first = at


def _end_command(state: _State, end: int) -> None:
    if state.begin >= 0:
        state.parts.append(
            SimpleCommand(
                tuple(state.words),
                tuple(state.reads),
                tuple(state.writes),
                tuple(state.heredocs),
                state.text[state.begin : end].strip(),
            )
        )
    state.words, state.reads, state.writes, state.heredocs = [], [], [], []
    state.begin = -1


def _end_pipeline(state: _State, found: list[Pipeline], after: str, end: int, last: int) -> None:
    first = state.first
    _end_command(state, end)
    if state.parts:
        text = state.text[first:last].rstrip()
        found.append(
            Pipeline(tuple(state.parts), after, text, first, last, tuple(state.placeholders))
        )
    state.parts, state.placeholders, state.first = [], [], -1


def _take_word(state: _State) -> Word:
    word, state.at = read_word(state.text, state.at)
    return word
