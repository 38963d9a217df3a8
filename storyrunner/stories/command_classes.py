"""The class of a command, computed from its text: the worst of all its parts.

The same text gives the same class everywhere: no file, tool or environment is looked at. What is
not understood counts as the worst that can run (`OPAQUE`), what no shell would run as the worst
there is (`UNREADABLE`). A class decides who is asked; it is no proof that nothing else happens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from storyrunner.model.command_class import OPAQUE, UNREADABLE, CommandClass, worst
from storyrunner.model.frozen import dataclass
from storyrunner.stories.command_doubts import find_doubts
from storyrunner.stories.command_parts import PRIVATE, Part, Words, bare, is_loose, opaque, reads
from storyrunner.stories.command_programs import BUILTINS, judge_program
from storyrunner.stories.command_wrappers import assigned, is_steering, judge_wrapped, script
from storyrunner.stories.shell_pipelines import Pipeline, SimpleCommand, read_pipelines
from storyrunner.stories.shell_words import Word

DEEPEST = 6
"""Commands within commands that are followed; deeper ones are opaque."""

_SYSTEM = frozenset({"/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin"})
_LEADING = frozenset({"do", "then", "else", "elif", "if", "while", "until", "!", "{"})
_CLOSING = frozenset({"done", "fi", "}"})
_NOWHERE = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr", "-"})
_OPEN_TARGET = re.compile(r"[$`]")
_SOCKET = re.compile(r"/dev/(?:tcp|udp)\b")


@dataclass(frozen=True, slots=True)
class CommandReading:
    """A command as it is understood.

    `reason` says why it has its class; `touches` are the files and places it names; `runs` are
    files of the repository whose content it executes. `argv` when it needs no shell: one simple
    command of a known program; else empty.
    """

    cls: CommandClass
    reason: str
    touches: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    argv: tuple[str, ...] = ()


def read_command(text: str) -> CommandReading:
    """The class of a command and what goes with it. Pure; never raises."""
    parts = _judge_text(text, 0)
    cls = worst(part.cls for part in parts)
    reasons = dict.fromkeys(part.reason for part in parts if part.cls is cls)
    return CommandReading(
        cls,
        "; ".join(list(reasons)[:3]) or "only reads",
        tuple(dict.fromkeys(item for part in parts for item in part.touches if item)),
        tuple(dict.fromkeys(item for part in parts for item in part.runs)),
        _plain_argv(text, parts),
    )


def _judge_text(text: str, depth: int) -> list[Part]:
    if depth > DEEPEST:
        return opaque("commands within commands go too deep")
    pipelines = read_pipelines(text)
    heredocs = tuple(
        heredoc for line in pipelines for part in line.parts for heredoc in part.heredocs
    )
    doubts = find_doubts(text, heredocs)
    if doubts.unreadable:
        return [Part(UNREADABLE, doubts.unreadable, is_known=False)]
    parts = opaque(doubts.opaque) if doubts.opaque else []
    for nested in doubts.nested:
        parts += _judge_text(nested, depth + 1) if nested.strip() else []
    for pipeline in pipelines:
        parts += _judge_pipeline(pipeline, depth)
    parts += _after_moving(pipelines, parts)
    return parts or [Part(UNREADABLE, "there is no command", is_known=False)]


def _judge_pipeline(pipeline: Pipeline, depth: int) -> list[Part]:
    parts = []
    if pipeline.placeholders:
        named = ", ".join(pipeline.placeholders)
        parts.append(Part(CommandClass.PLACEHOLDER, f"{named} is to be filled in"))
    for command in pipeline.parts:
        parts += _judge_words(command.words, depth)
        parts += _redirections(command)
    return parts


def _redirections(command: SimpleCommand) -> Iterator[Part]:
    for target in (*command.reads, *command.writes):
        if _SOCKET.search(target):
            yield Part(CommandClass.NETWORK, "opens a connection", (target,))
        elif _OPEN_TARGET.search(PRIVATE.sub("", target, count=1)):
            yield Part(OPAQUE, "where it reads or writes is in a variable", is_known=False)
    if "<>" in command.text:
        yield Part(CommandClass.WRITE, "opens a file for writing")
    for target in command.writes:
        if target not in _NOWHERE and not target.isdigit():
            yield Part(CommandClass.WRITE, "writes its output to a file", (target,))


def _judge_words(given: Words, depth: int) -> list[Part]:
    words = list(given)
    parts: list[Part] = []
    while words and _is_bare(words[0], _LEADING):
        if words[0].text in ("while", "until"):
            parts.append(Part(CommandClass.ENDLESS, "a loop that may not end by itself"))
        del words[0]
    while words and (name := assigned(words[0])):
        if is_steering(name):
            parts += opaque(f"{name} can change what a program does")
        del words[0]
    if not words:
        return parts or reads("sets variables")
    if _is_bare(words[0], {"for"}) and len(words) > 1:
        name = words[1].text
        known = name.isidentifier() and not is_steering(name) and "((" not in words[1].raw
        return [
            *parts,
            *(reads("a loop over words") if known else opaque("a loop of its own kind")),
        ]
    if _is_bare(words[0], _CLOSING):
        return [*parts, *(_judge_words(words[1:], depth) if len(words) > 1 else reads("ends"))]
    return [*parts, *_judge_call(words, depth)]


def _judge_call(words: list[Word], depth: int) -> list[Part]:
    first, args = words[0], words[1:]
    name = first.text
    if name not in ("[", "[[") and (first.expands or re.search(r"[*?\[{}()$`~=]", bare(first))):
        return opaque("which program runs is not in the words")
    if any("(" in bare(word) and not _is_simple_nested(word) for word in args):
        return opaque("parentheses make something else of it")
    folder, slash, base = name.rpartition("/")
    if slash and folder not in _SYSTEM:
        return script(first)
    wrapped = judge_wrapped(
        base,
        args,
        lambda inner: _judge_call(list(inner), depth + 1) if depth < DEEPEST else opaque("deep"),
        lambda text: _judge_text(text, depth + 1),
    )
    found = wrapped if wrapped is not None else judge_program(base, args)
    if base in _TESTS and any("$(" in word.raw or "`" in word.raw for word in args):
        found = [*found, *opaque(f"{base} works out what its words hold")]
    return [*found, *_loose(base, args, found)]


_TESTS = frozenset({"test", "[", "[[", "printf", "read", "declare", "export", "local", "unset"})
_STEERED = frozenset({"git", "sort", "rg", "sed", "xargs", "env", "kustomize", "helm"})


def _loose(name: str, args: Words, found: list[Part]) -> list[Part]:
    """Words of which the shell may make options that nobody has seen."""
    if name in ("echo", "printf", "test", "[", "[[", "cat", "ls", "true") or not args:
        return []
    if not any(is_loose(word) for word in args):
        return []
    if name in _STEERED:
        return opaque(f"a variable or pattern may be an option of {name}")
    if all(part.cls is CommandClass.READ for part in found):
        return [Part(CommandClass.WRITE, f"a variable or pattern may be an option of {name}")]
    return []


def _is_bare(word: Word, names: frozenset[str] | set[str]) -> bool:
    return word.raw in names


def _is_simple_nested(word: Word) -> bool:
    """`$(…)` that was judged by itself, or a sum; any other parenthesis is not understood."""
    return "(" not in re.sub(r"\$\(\([\w\s+*/%-]*\)\)|[$<>]\([^()]*\)", "", bare(word))


def _after_moving(pipelines: list[Pipeline], parts: list[Part]) -> list[Part]:
    """A script after `cd` is not the file that its path says."""
    names = {command.program for line in pipelines for command in line.parts}
    if names & {"cd", "pushd", "popd"} and any(part.runs for part in parts):
        return opaque("which file runs depends on the folder it goes to")
    return []


def _plain_argv(text: str, parts: list[Part]) -> tuple[str, ...]:
    """The argv of one simple command that needs no shell: every word means itself."""
    pipelines = read_pipelines(text)
    if len(pipelines) != 1 or len(pipelines[0].parts) != 1 or pipelines[0].after.strip():
        return ()
    command = pipelines[0].parts[0]
    if command.reads or command.writes or command.heredocs or pipelines[0].placeholders:
        return ()
    if not all(part.is_known for part in parts) or len(parts) != 1:
        return ()
    if command.argv != tuple(word.text for word in command.words) or not command.argv:
        return ()
    if command.argv[0] in BUILTINS or "/" in command.argv[0]:
        return ()
    if any(word.expands or _NEEDS_SHELL.search(bare(word)) for word in command.words[0:]):
        return ()
    return command.argv


_NEEDS_SHELL = re.compile(r"[$`*?\[{}()~!]")
