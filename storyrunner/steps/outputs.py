"""Whether a command's output is what the story expects. Pure.

Tools spell the same data differently: kislyuk's yq quotes texts as JSON does, mikefarah's prints a
list as YAML. So lists and maps are compared as data, and quotes around a whole line do not count.
Where something is expected, no output is never right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from storyrunner.errors import ManifestError
from storyrunner.gitops.documents import parse_documents
from storyrunner.gitops.expectations import Equals, Expectation, Matches, judge
from storyrunner.gitops.query import Answer, ObjectIdent
from storyrunner.model.step import OutputExpectation

SHOWN = 200
_OUTPUT = ObjectIdent("", "output", "", "")
MOST_DATA = 200_000
"""Characters of output that are read as data; more is only text."""

_ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def describe(expected: OutputExpectation) -> str:
    """An expectation in words."""
    match _said(expected):
        case "equals", str(text):
            return _shown(text)
        case "one_of", texts:
            return "one of " + _listed(texts)
        case "contains", texts:
            return "a text with " + _listed(texts)
        case "lacks", texts:
            return "a text without " + _listed(texts)
        case "set_equals", texts:
            return "exactly, in any order, " + _listed(texts)
        case "matches", str(pattern):
            return f"a text matching /{pattern}/"
        case "lines", int(count):
            return f"{count} lines"
        case _:
            return "no output"


def unmet(expected: OutputExpectation, output: str) -> str:
    """What is wrong with an output, or an empty text. Raises RunbookError for a bad pattern."""
    text = _plain(output)
    name, value = _said(expected)
    if name == "empty":
        is_met = not text
    elif name == "lines":
        is_met = sum(1 for line in text.splitlines() if line.strip()) == value
    elif name == "lacks":
        is_met = not any(item in text for item in value)
    else:
        is_met = bool(text) and _is_met(name, value, text)
    return "" if is_met else f"expected {describe(expected)}, got {_shown(text)}"


def _said(expected: OutputExpectation) -> tuple[str, Any]:
    """The one field that is set, and its value."""
    for name in ("equals", "one_of", "contains", "lacks", "set_equals", "matches", "lines"):
        value = getattr(expected, name)
        if value is not None:
            return name, value
    return "empty", True


def _is_met(name: str, value: Any, text: str) -> bool:
    if name == "equals":
        return _same(value, text)
    if name == "one_of":
        return any(_same(item, text) for item in value)
    if name == "contains":
        spellings = (text, _unquoted(text))
        return bool(value) and all(any(item in one for one in spellings) for item in value)
    if name == "set_equals":
        return bool(value) and {str(item).strip() for item in value} == _items(text)
    return _holds(Matches(value), text)


def _plain(output: str) -> str:
    return _ESCAPES.sub("", output).replace("\r\n", "\n").strip()


def _same(expected: str, text: str) -> bool:
    wanted = _plain(expected)
    if not wanted:
        return False
    if text == wanted or _unquoted(text) == _unquoted(wanted):
        return True
    data = _data(wanted)
    if not isinstance(data, list | dict):
        return False
    if _holds(Equals(data), _data(text)):
        return True
    lines = [line.strip() for line in _unquoted(text).splitlines() if line.strip()]
    return isinstance(data, list) and all(isinstance(item, str) for item in data) and data == lines


def _unquoted(text: str) -> str:
    """The text without the JSON quotes that stand around whole lines."""
    return "\n".join(_unquoted_line(line) for line in text.splitlines())


def _unquoted_line(line: str) -> str:
    bare = line.strip()
    if len(bare) >= 2 and bare[0] == bare[-1] == '"':
        try:
            value = json.loads(bare)
        except ValueError:
            return line
        return value if isinstance(value, str) else line
    return line


def _items(text: str) -> set[str]:
    """The items of a list, JSON or YAML, else the lines."""
    data = _data(text)
    if isinstance(data, list):
        return {item if isinstance(item, str) else json.dumps(item) for item in data}
    return {line.strip() for line in _unquoted(text).splitlines() if line.strip()}


def _data(text: str) -> Any:
    """The value of one YAML or JSON document; None when it is none."""
    if len(text) > MOST_DATA:
        return None
    try:
        documents = parse_documents(text, "output")
    except ManifestError:
        return None
    return documents[0].value if len(documents) == 1 else None


def _holds(expectation: Expectation, value: Any) -> bool:
    return judge(expectation, [Answer(_OUTPUT, (value,))]).ok


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(_shown(text) for text in texts)


def _shown(text: str) -> str:
    """A text on one line, shortened."""
    if not text:
        return "no output"
    line = json.dumps(text, ensure_ascii=False)
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"
