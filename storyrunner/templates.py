"""Fills `[[ name ]]` in manifest templates and runbook texts with values, and does nothing else.

`${NAME}` (Flux) and `{{ … }}` (Prometheus, Go) stay as they are. A template can reach no file, no
environment and no code: it only names values. It knows nothing of YAML.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Collection, Mapping

from storyrunner.errors import Place, RunbookError

_PLACEHOLDER = re.compile(r"\[\[[ \t]*([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*\]\]")
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_LINES = {"\n", "\t"}


def names(text: str) -> tuple[str, ...]:
    """The names a template asks for, each once, in the order of the text."""
    return tuple(dict.fromkeys(match[1] for match in _PLACEHOLDER.finditer(text)))


def render(
    text: str, values: Mapping[str, str], name: str, *, multiline: Collection[str] = ()
) -> str:
    """`text` with every `[[ name ]]` replaced by its value, once: values are not templates.

    `name` is the template's name in errors; only values listed in `multiline` may hold line
    breaks and tabs. Raises RunbookError with the placeholder's place for a name without value and
    for a value with control characters.
    """

    def filled(match: re.Match[str]) -> str:
        wanted = match[1]
        if wanted not in values:
            raise _unknown(wanted, values, _place(text, match.start(), name))
        value = values[wanted]
        _refuse_unseen(wanted, value, wanted in multiline, _place(text, match.start(), name))
        return value

    return _PLACEHOLDER.sub(filled, text)


def _unknown(wanted: str, values: Mapping[str, str], place: Place) -> RunbookError:
    near = difflib.get_close_matches(wanted, values, n=1, cutoff=0.5)
    known = ", ".join(sorted(values)) or "none"
    hint = f"did you mean `{near[0]}`?" if near else f"names with a value here: {known}"
    return RunbookError(f"`[[ {wanted} ]]` has no value", place=place, hint=hint)


def _refuse_unseen(wanted: str, value: str, many_lines: bool, place: Place) -> None:
    for char in value:
        if unicodedata.category(char) not in _UNSEEN or (many_lines and char in _LINES):
            continue
        what = "a line break" if char in "\r\n\u2028\u2029" else f"the character U+{ord(char):04X}"
        raise RunbookError(
            f"the value of `{wanted}` holds {what}",
            place=place,
            hint="give it as one line of plain text",
        )


def _place(text: str, index: int, name: str) -> Place:
    start = text.rfind("\n", 0, index) + 1
    return Place(name, text.count("\n", 0, index) + 1, index - start + 1)
