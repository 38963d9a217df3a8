"""What only a person can say, as `confirm` steps that say why: nothing here proves anything."""

from __future__ import annotations

import re
from collections.abc import Sequence

from storyrunner.runbook.importing.draft import Keys, StepDraft

_LONGEST = 72
_MARKUP = re.compile(r"\*\*|__|`")


def confirm(
    title: str,
    question: str,
    why: str,
    lines: tuple[int, int],
    files: Sequence[str] = (),
) -> StepDraft:
    """A sign-off that holds nothing up; `why` says what keeps a machine from judging it."""
    keys: Keys = {"kind": "confirm", "title": shortened(title) or "By hand", "question": question}
    if files:
        keys["files"] = list(dict.fromkeys(files))
    keys["gates"] = False
    keys["why"] = f"Not automatic: {why}."
    return StepDraft(keys, lines, "for a person")


def shortened(text: str) -> str:
    """One line of plain words that fits a title."""
    plain = " ".join(_MARKUP.sub("", text).split()).rstrip(": ")
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST - 1].rstrip()}…"
