"""The grammar of `${…}`: a text becomes a flat program, nested defaults and all, without recursion.

Written from the table in semantics.md §3.3, whose surprises (`${v-d}` is an error, patterns take
one part only, `$$` collapses only outside) are kept on purpose. It knows no values.
"""

from __future__ import annotations

import re
from typing import Final

from storyrunner.model.frozen import dataclass

BAD: Final = "bad substitution"
NO_BRACE: Final = "missing closing brace"
NO_NAME: Final = "unable to parse variable name"
NO_PARAMETER: Final = "unable to parse substitution within function"
DEFAULTS: Final = frozenset({"=", ":=", ":-", ":+", ":?"})

_ASCII_NAME = re.compile(r"[A-Za-z0-9_]*")
TEXT_STOP = re.compile(r"\$[${]")
_WORD = re.compile(r"[^}$]*(?:\$(?!\{)[^}$]*)*")
_OFFSET = re.compile(r"[^}:$]*(?:\$(?!\{)[^}:$]*)*")
_PATTERN = re.compile(r"[^/$\\]*(?:(?:\\[/\\]?|\$\$|\$(?!\{))[^/$\\]*)*")
_REPLACEMENT = re.compile(r"[^}$\\]*(?:(?:\\[/\\]?|\$\$|\$(?!\{))[^}$\\]*)*")
_ESCAPE = re.compile(r"\\([/\\])|\$(\$)")
_REPLACE_OPERATOR = re.compile(r"/[/#%]?")


class GrammarError(ValueError):
    """What Go says about the text, with the offset of the `${` of the innermost expression and
    the name of its variable where it was read."""

    def __init__(self, problem: str, offset: int, name: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.offset = offset
        self.name = name


@dataclass(frozen=True, slots=True)
class Call:
    """Take `arguments` values off the stack, apply `operator` to the variable, push the result.

    `offset` is where its `${` stands, `end` the offset after its `}`.
    """

    name: str
    operator: str
    arguments: int
    offset: int
    end: int


Instruction = str | Call
"""A text to push, or a call. What is left on the stack in the end is the result, in order."""


@dataclass(slots=True)
class _Open:
    """An expression whose end has not been seen; `stage` counts what of it has been read."""

    name: str
    operator: str
    offset: int
    stage: int = 0
    arguments: int = 0


def compile_text(text: str) -> list[Instruction]:
    """The whole text as a program. Raises GrammarError for the first expression that is none."""
    text, reader = open_text(text)
    program: list[Instruction] = []
    at = 0
    while stop := TEXT_STOP.search(text, at):
        if stop.start() > at:
            program.append(text[at : stop.start()])
        if stop[0] == "$$":
            program.append("$")
            at = stop.end()
        else:
            at = reader.read(stop.start(), program)
    if at < len(text):
        program.append(text[at:])
    return program


def open_text(text: str) -> tuple[str, Reader]:
    """Go's scanner takes a NUL for the end of the text."""
    end = text.find("\0")
    kept = text if end < 0 else text[:end]
    return kept, Reader(kept, cut=end >= 0)


class Reader:
    """Reads one outermost expression at a time, holding the ones around it on a stack."""

    __slots__ = ("at", "cut", "program", "text")

    def __init__(self, text: str, *, cut: bool) -> None:
        self.text = text
        self.cut = cut
        self.at = 0
        self.program: list[Instruction] = []

    def read(self, at: int, program: list[Instruction]) -> int:
        """Append the expression whose `${` is at `at`; the offset after its closing brace."""
        self.at, self.program = at, program
        stack: list[_Open] = []
        opened = self._open()
        while True:
            if opened is not None:
                stack.append(opened)
                opened = None
            if not stack:
                return self.at
            if self._advance(stack[-1]):
                opened = self._open()
                if opened is None:
                    stack[-1].arguments += 1
            else:
                stack.pop()
                if stack:
                    stack[-1].arguments += 1

    def _open(self) -> _Open | None:
        """Read `${name` and the operator; None when the expression ended there."""
        offset = self.at
        self.at += 2
        if self._peek() == "#":
            self.at += 1
            name = self._read_name()
            if not name:
                raise GrammarError(BAD, offset)
            self._close(_Open(name, "len", offset))
            return None
        name = self._read_name()
        if not name:
            raise GrammarError(NO_NAME, offset)
        return self._read_operator(_Open(name, "", offset))

    def _read_operator(self, opened: _Open) -> _Open | None:
        mark = self._peek()
        if mark == ":":
            opened.operator = self._read_colon(opened)
        elif mark == "=":
            opened.operator = "="
        elif mark and mark in "^,":
            opened.operator = self._take_up_to_two("^,")
            self._close(opened)
            return None
        elif mark and mark in "#%":
            opened.operator = self._take_up_to_two(mark)
            return opened
        elif mark == "/":
            match = _REPLACE_OPERATOR.match(self.text, self.at)
            assert match is not None
            opened.operator = match[0]
        elif mark == "}":
            self._close(opened)
            return None
        else:
            raise GrammarError(NO_BRACE, opened.offset, opened.name)
        self.at += len(opened.operator)
        return opened

    def _read_colon(self, opened: _Open) -> str:
        after = self.text[self.at + 1 : self.at + 2]
        if after and after in "=-?+":
            return f":{after}"
        # Go steps back by the width of what follows: it loses its place before wide characters.
        if after > "\x7f" or (not after and not self.cut):
            raise GrammarError(BAD, opened.offset, opened.name)
        return ":"

    def _take_up_to_two(self, marks: str) -> str:
        start = self.at
        while self.at < start + 2 and self._peek() and self._peek() in marks:
            self.at += 1
        return self.text[start : self.at]

    def _advance(self, opened: _Open) -> bool:
        """Read on in an expression: True when a nested one starts, False when it has ended."""
        operator = opened.operator
        if operator in DEFAULTS:
            return self._advance_default(opened)
        if operator == ":":
            return self._advance_slice(opened)
        if operator[0] == "/":
            return self._advance_replace(opened)
        if opened.stage == 0:
            opened.stage = 1
            if self._read_parameter(opened, _WORD, "}"):
                return True
        self._close(opened)
        return False

    def _advance_default(self, opened: _Open) -> bool:
        while self._peek() != "}":
            if self._read_parameter(opened, _WORD, "}"):
                return True
        self._close(opened)
        return False

    def _advance_slice(self, opened: _Open) -> bool:
        if opened.stage == 0:
            opened.stage = 1
            if self._read_parameter(opened, _OFFSET, ":}"):
                return True
        if opened.stage == 1:
            opened.stage = 2
            if self._peek() == ":":
                self._skip(":")
                if self._read_parameter(opened, _WORD, "}"):
                    return True
        self._close(opened)
        return False

    def _advance_replace(self, opened: _Open) -> bool:
        if opened.stage == 0:
            opened.stage = 1
            if self._read_parameter(opened, _PATTERN, "/"):
                return True
        if opened.stage == 1:
            opened.stage = 2
            if self._peek() != "/":
                raise GrammarError(BAD, opened.offset, opened.name)
            self._skip("/")
            if self._peek() != "}" and self._read_parameter(opened, _REPLACEMENT, "}"):
                return True
        self._close(opened)
        return False

    def _read_parameter(self, opened: _Open, shape: re.Pattern[str], closers: str) -> bool:
        """One part of text onto the program, or True when a nested expression stands here."""
        mark = self._peek()
        if not mark or mark in closers:
            raise GrammarError(NO_PARAMETER, opened.offset, opened.name)
        if self.text.startswith("${", self.at):
            return True
        match = shape.match(self.text, self.at)
        assert match is not None
        escaped = shape is _PATTERN or shape is _REPLACEMENT
        part = _ESCAPE.sub(r"\1\2", match[0]) if escaped else match[0]
        self.program.append(part)
        opened.arguments += 1
        self.at = match.end()
        return False

    def _close(self, opened: _Open) -> None:
        if self._peek() != "}":
            raise GrammarError(BAD, opened.offset, opened.name)
        self.at += 1
        call = Call(opened.name, opened.operator, opened.arguments, opened.offset, self.at)
        self.program.append(call)

    def _read_name(self) -> str:
        start = self.at
        while True:
            match = _ASCII_NAME.match(self.text, self.at)
            assert match is not None
            self.at = match.end()
            mark = self._peek()
            if mark <= "\x7f" or not (mark.isalpha() or mark.isdecimal()):
                return self.text[start : self.at]
            self.at += 1

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _skip(self, mark: str) -> None:
        while self._peek() == mark:
            self.at += 1
