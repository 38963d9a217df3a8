"""Programs that run other programs: what they run decides, and is never hidden by them."""

from __future__ import annotations

import re
from collections.abc import Callable

from storyrunner.model.command_class import OPAQUE, CommandClass
from storyrunner.stories.command_parts import (
    Judge,
    Part,
    Words,
    has_option,
    is_loose,
    names,
    opaque,
    operands,
    reads,
    writes,
)
from storyrunner.stories.shell_words import Word

JudgeText = Callable[[str], list[Part]]
"""Judges a whole shell text."""

SHELLS = frozenset({"bash", "sh", "zsh", "dash", "ksh", "ash", "fish"})
INTERPRETERS = names(
    "python python3 python2 perl ruby node deno bun php lua tclsh awk gawk mawk nawk pwsh "
    "osascript go cargo java"
)
_RUNS_SCRIPTS = names("python python3 perl ruby node php lua")
_STEERING = re.compile(
    r"(?:PATH|IFS|ENV|SHELL|HOME|CDPATH|SHELLOPTS|BASHOPTS|PS\d|PROMPT_COMMAND|EDITOR|VISUAL|PAGER"
    r"|TMPDIR|LESSOPEN|LESSCLOSE|(?:LD|DYLD|BASH|GIT|SSH|PYTHON|PERL|RUBY|NODE|JAVA|KUBE|HELM|XDG"
    r"|KUSTOMIZE|FLUX|YQ|JQ|GREP|MAKE|ZDOT|DOCKER|AWS|CURL|GCONV|GLIBC|NIX)\w*|\w*_(?:PAGER|EDITOR))"
)
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=")
_PREFIXES = {
    "time": 0,
    "nohup": 0,
    "setsid": 0,
    "command": 0,
    "builtin": 0,
    "exec": 0,
    "nice": 0,
    "ionice": 0,
    "stdbuf": 0,
    "timeout": 1,
    "chrt": 1,
    "unbuffer": 0,
}
"""Wrappers, and how many arguments of their own come before the command."""

_VALUED = {"nice": "n", "ionice": "cnp", "stdbuf": "ioe", "timeout": "ks", "exec": "a", "env": "uC"}
_TAKES_NAMES = names(
    "cat grep ls wc echo head basename dirname stat rm rmdir mkdir touch kubectl flux"
)
"""Programs that can be sent any words by xargs and still do only what their class says."""

_AS_ROOT = frozenset({"sudo", "doas", "su", "pkexec", "chroot", "nsenter", "unshare", "runuser"})


def is_steering(name: str) -> bool:
    """Whether a variable of that name can change what a known program does or which one runs."""
    return _STEERING.fullmatch(name) is not None


def assigned(word: Word) -> str:
    """The variable that a word assigns; empty when it is none."""
    match = _ASSIGNMENT.match(word.raw)
    return match[1] if match else ""


def judge_wrapped(name: str, args: Words, judge: Judge, judge_text: JudgeText) -> list[Part] | None:
    """The parts of a program that runs another; None when `name` is no such program."""
    if name in _AS_ROOT:
        return [Part(OPAQUE, f"{name} runs with more rights", is_known=False)]
    if name in SHELLS:
        return _shell(name, args, judge_text)
    if name == "env":
        return _env(args, judge)
    if name == "xargs":
        return _xargs(args, judge)
    if name == "watch":
        return _watch(args, judge_text)
    if name == "find":
        return _find(args, judge)
    if name in _PREFIXES:
        return _prefixed(name, args, judge)
    if name in INTERPRETERS:
        return _interpreter(name, args)
    return None


def _watch(args: Words, judge_text: JudgeText) -> list[Part]:
    """`watch` hands its words to a shell again."""
    behind = _after_options(args, "nq")
    if not behind or any(word.expands or word.quotes for word in behind):
        return opaque("watch runs what only the shell knows")
    text = " ".join(word.text for word in behind)
    return [Part(CommandClass.ENDLESS, "watch never ends by itself"), *judge_text(text)]


def _prefixed(name: str, args: Words, judge: Judge) -> list[Part]:
    if name == "command" and args and args[0].text in ("-v", "-V"):
        return reads("command -v looks for a program")
    behind = _after_options(args, _VALUED.get(name, ""))
    if behind is None:
        return opaque(f"{name} has an option that is not known here")
    rest = behind[_PREFIXES[name] :]
    if rest:
        return [Part(CommandClass.READ, f"{name} runs what follows"), *judge(rest)]
    return reads(f"{name} alone")


def _after_options(args: Words, valued: str) -> Words | None:
    """What comes behind the options; `valued` are letters that take a value. None when an option
    is there of which nobody knows whether the next word is its value."""
    rest = list(args)
    while rest and rest[0].text.startswith("-") and rest[0].text != "-":
        option = rest.pop(0).text
        if option == "--":
            break
        if option.startswith("--"):
            if "=" not in option and option not in _WITHOUT_VALUE:
                return None
        elif option[-1] in valued and not set(option[1:-1]) & set(valued):
            rest = rest[1:]
    return rest


_WITHOUT_VALUE = frozenset(
    {"--foreground", "--preserve-status", "--verbose", "--ignore-environment", "--null", "--wait"}
)


def _env(args: Words, judge: Judge) -> list[Part]:
    behind = _after_options(args, _VALUED["env"])
    own = args[: len(args) - len(behind)] if behind is not None else args
    if behind is None or has_option(own, "SPC", ("split-string", "path", "chdir")):
        return opaque("env has an option that decides what runs")
    rest = list(behind)
    parts: list[Part] = []
    while rest and "=" in rest[0].text:
        name = rest.pop(0).text.partition("=")[0]
        if is_steering(name) or not name.isidentifier():
            parts += opaque(f"{name} can change what a program does")
    return [*parts, *(judge(rest) if rest else reads("env shows the environment"))]


def _shell(name: str, args: Words, judge_text: JudgeText) -> list[Part]:
    for index, word in enumerate(args):
        if word.text.startswith("-") and "c" in word.text.lstrip("-") and word.text[1] != "-":
            code = args[index + 1] if index + 1 < len(args) else None
            if code is None or ('"' in code.quotes and code.expands) or is_loose(code):
                return opaque(f"{name} -c runs what only the shell knows")
            return [Part(CommandClass.WRITE, f"{name} -c runs its text"), *judge_text(code.text)]
    named = operands(args)
    if not named or named[0] is not args[_leading_options(args)]:
        return opaque(f"{name} runs what it is sent")
    return script(named[0], name)


def _leading_options(args: Words) -> int:
    """How many options of a shell come first that take no value and name no file."""
    simple = (re.fullmatch(r"-[eux]+", word.text) is not None for word in args)
    return next((at for at, is_simple in enumerate(simple) if not is_simple), 0)


def _interpreter(name: str, args: Words) -> list[Part]:
    if any(word.text in ("--version", "-V", "-version", "version") for word in args[:1]):
        return reads(f"{name} tells its version")
    if name.endswith("awk"):
        return _awk(name, args)
    if name not in _RUNS_SCRIPTS:
        return opaque(f"{name} runs code that is not looked into")
    named = operands(args)
    first = args[0].text if args else "-"
    if first.startswith("-") or not named or named[0].text == "-":
        if name.startswith("python") and first == "-m" and len(args) > 1:
            return _python_module(args)
        return opaque(f"{name} runs code that is not looked into")
    return script(named[0], name)


def _python_module(args: Words) -> list[Part]:
    module = args[1].text
    if module == "http.server":
        return [Part(CommandClass.ENDLESS, "a server does not end by itself")]
    if module in ("json.tool", "yamllint"):
        return writes(f"python -m {module} may write") if len(args) > 3 else reads()
    return opaque(f"python -m {module} runs code that is not looked into")


def _awk(name: str, args: Words) -> list[Part]:
    if has_option(args, "fielE", ("file", "include", "load", "exec")):
        return opaque(f"{name} runs a program that is not looked into")
    if any(re.search(r"system|[|>@]|getline", word.text) for word in args):
        return opaque(f"{name} can run commands and write files")
    return reads(f"{name} only reads")


def script(word: Word, by: str = "") -> list[Part]:
    """A file whose content is run: bound by its content when it is one of the repository."""
    text = word.text.removeprefix("./")
    inside = not text.startswith(("/", "~", "-")) and ".." not in text.split("/")
    if not inside or word.expands or is_loose(word) or re.search(r"[{}()*?\[\]$`]", text):
        return opaque(f"{by or word.text} runs a file that is not the repository's")
    return [Part(CommandClass.WRITE, f"runs {text}, which may do anything", (text,), (text,))]


def _xargs(args: Words, judge: Judge) -> list[Part]:
    rest = list(args)
    while rest and rest[0].text.startswith("-"):
        option = rest.pop(0).text
        if option in ("-n", "-I", "-P", "-L", "-d", "-s", "-a", "-E"):
            rest = rest[1:]
        elif not re.fullmatch(r"-(?:[0rtx]+|[nPLsI]\S+|-null|-no-run-if-empty)", option):
            return opaque(f"xargs {option} is not known here")
    if not rest:
        return reads("xargs prints what it is sent")
    found = judge(rest)
    if rest[0].text in _TAKES_NAMES:
        return found
    return [*found, *opaque("what xargs is sent may be options of the program")]


def _find(args: Words, judge: Judge) -> list[Part]:
    texts = [word.text for word in args]
    parts: list[Part] = []
    for index, text in enumerate(texts):
        if text in ("-exec", "-execdir", "-ok", "-okdir"):
            ends = [at for at in range(index, len(texts)) if texts[at] in (";", "+")]
            inner = args[index + 1 : ends[0] if ends else len(args)]
            parts += judge(inner) if inner else opaque("find -exec without a command")
            if text.startswith("-ok"):
                parts.append(Part(CommandClass.INTERACTIVE, "find -ok asks"))
        elif text == "-delete" or text.startswith(("-fprint", "-fls")):
            parts += writes(f"find {text} changes files", *texts[:1])
    if any(is_loose(word) for word in args):
        parts += opaque("what find does is in a variable or a pattern")
    return parts or reads("find only reads")
