"""The ways out to the terminal: what goes through here holds no secret and cannot steer it.

`write` is for every command; `write_clean` only for reporters, whose events were cleaned where they
were made. It knows nothing of what is said.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from storyrunner.redaction import Redactor


def write(text: str) -> None:
    """Data to standard output, as a line; a JSON document stays one."""
    write_clean(_document(text) if text[:1] in "{[" else presentable(text))


def write_clean(text: str) -> None:
    """What was cleaned before, in the terminal's encoding. Raises BrokenPipeError."""
    if sys.stdout is None:  # the process was started with its output closed
        return
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
    sys.stdout.flush()


def say(text: str, end: str = "\n") -> None:
    """Narration to standard error."""
    if sys.stderr is None:
        return
    sys.stderr.write(presentable(text) + end)
    sys.stderr.flush()


def presentable(text: str) -> str:
    """`text` without secrets and without what could steer a terminal; lines stay lines."""
    from storyrunner.workspace.diffs import safe

    clean = _redactor().text(text)
    return "\n".join(safe(line) for line in clean.split("\n"))


def _document(text: str) -> str:
    from storyrunner.model.plain import json_text

    try:
        data = json.loads(text)
    except ValueError:
        return presentable(text)
    clean = _redactor().value(data, lambda _owner, _field, inner: presentable(inner))
    return json_text(clean, indent=2 if "\n" in text else None)


@functools.cache
def _redactor() -> Redactor:
    from storyrunner.redaction import Redactor

    return Redactor(os.environ)
