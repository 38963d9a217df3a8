"""grep, ls, test and yq on files of the repository as requirements, where they say the same.

What only looks alike (`grep -v`, `grep -c`, `ls | wc -l`, `yq -i`) is left to be a command.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from storyrunner.gitops.query_paths import field_path_of
from storyrunner.runbook.importing.draft import Keys
from storyrunner.runbook.importing.shell import is_path, options_of
from storyrunner.stories.expected import Expected

_GREP_SWITCHES = frozenset("iqnHhEFsol")
_REGEX = re.compile(r"[\\*+?\[\]{}^$()|]")
_GROUP = re.compile(r"\(([^()]*)\)$")
_LS_SWITCHES = frozenset("la1RdhAFt")
_TEST_ENDS = {"[": "]", "[[": "]]"}
_FIELD = re.compile(r"\.[\w.\[\]\"-]*$")

Needs = list[Keys]


def read_grep(argv: Sequence[str], expected: Sequence[Expected]) -> Needs | None:
    """Each text in each file. A pattern of alternatives asks for all of them."""
    if expected or argv[0] not in ("grep", "egrep", "fgrep"):
        return None
    patterns: list[str] = []
    switches: set[str] = set()
    operands: list[str] = []
    rest = list(argv[1:])
    while rest:
        word = rest.pop(0)
        if word in ("-e", "--regexp") and rest:
            patterns.append(rest.pop(0))
        elif word in ("-A", "-B", "-C") and rest:
            rest.pop(0)
        elif word.startswith("-") and word != "-":
            if word.startswith("--") or not set(word[1:]) <= _GREP_SWITCHES:
                return None
            switches |= set(word[1:])
        else:
            operands.append(word)
    if not patterns and operands:
        patterns.append(operands.pop(0))
    texts = _texts(patterns, switches, argv[0])
    if not texts or not operands or not all(is_path(path) for path in operands):
        return None
    extra: Keys = {"ignore_case": True} if "i" in switches else {}
    return [{"text": text, "file": path, **extra} for path in operands for text in texts]


def _texts(patterns: Sequence[str], switches: set[str], program: str) -> list[str]:
    """The literal texts that patterns look for; none when one is a true pattern."""
    fixed = program == "fgrep" or "F" in switches
    extended = program == "egrep" or "E" in switches
    found: list[str] = []
    for pattern in patterns:
        if fixed:
            found.append(pattern)
            continue
        inside = _GROUP.match(pattern) if extended else None
        plain = inside[1] if inside else pattern
        parts = plain.split("|") if extended else plain.split("\\|")
        if any(not part or _REGEX.search(part) for part in parts):
            return []
        found += parts
    return list(dict.fromkeys(found)) if all(found) else []


def read_ls(argv: Sequence[str], expected: Sequence[Expected]) -> Needs | None:
    """Every path is there."""
    if argv[0] != "ls" or expected:
        return None
    options, operands = options_of(argv[1:])
    known = all(not word.startswith("--") and set(word[1:]) <= _LS_SWITCHES for word in options)
    if not known or not operands or not all(is_path(path) for path in operands):
        return None
    return [{"path": path} for path in operands]


def read_test(argv: Sequence[str], expected: Sequence[Expected]) -> Needs | None:
    """`test -e`, `-f`, `-d` of one path; with `!` or anything else it means something else."""
    words = list(argv)
    if words[0] in _TEST_ENDS:
        if words[-1] != _TEST_ENDS[words[0]]:
            return None
        words = words[:-1]
    elif words[0] != "test":
        return None
    if expected or len(words) != 3 or not is_path(words[2]):
        return None
    path = words[2].rstrip("/")
    forms: dict[str, Keys] = {
        "-e": {"path": words[2]},
        "-f": {"path": path, "is_file": True},
        "-d": {"path": f"{path}/"},
    }
    return [forms[words[1]]] if words[1] in forms else None


def read_yq(argv: Sequence[str], expected: Sequence[Expected]) -> Needs | None:
    """A plain field of files, or that they are YAML at all."""
    if argv[0] != "yq":
        return None
    words = [word for word in argv[1:] if word not in ("-r", "--raw-output")]
    if words[:1] in (["eval"], ["e"]):
        words = words[1:]
    if not words or any(word.startswith("-") for word in words):
        return None
    field, files = words[0], words[1:]
    if not files and _is_yaml_path(field):
        field, files = ".", [field]
    if not files or not all(_is_yaml_path(path) for path in files):
        return None
    if field == ".":
        return None if expected else [{"yaml": path} for path in files]
    if _FIELD.match(field) is None or field_path_of(field.replace("[]", "[0]")) is None:
        return None
    return _with_values(field, files, expected)


def _with_values(field: str, files: Sequence[str], expected: Sequence[Expected]) -> Needs | None:
    base = [{"field": field, "file": path} for path in files]
    found: Needs = list(base) if not expected else []
    for one in expected:
        if one.kind == "equals" and len(files) == 1 and "[]" not in field:
            found += [{**keys, "equals": one.values[0]} for keys in base]
        elif one.kind == "contains" and "[]" in field:
            found += [{**keys, "contains": list(one.values)} for keys in base]
        elif one.kind != "prose":
            return None
    return found or base


def _is_yaml_path(text: str) -> bool:
    return is_path(text) and text.endswith((".yaml", ".yml"))


READERS: tuple[Callable[[Sequence[str], Sequence[Expected]], Needs | None], ...] = (
    read_grep,
    read_ls,
    read_test,
    read_yq,
)
