"""`/tmp` in a story's commands: it means some temporary file, and each run has a folder for these.

A command may change nothing outside of the repository, and two people on one machine must not meet
in `/tmp`. The commands of one run still find each other's files.
"""

from __future__ import annotations

import re

_AS_IT_STANDS = re.compile(r"'[^']*'|\\.", re.DOTALL)
_QUOTED_HEREDOC = re.compile(r"<<-?[ \t]*['\"\\]")
_TMP = re.compile(r"(?<![\w./$}*?~-])/tmp/(?=[\w.-])")


def with_private_tmp(text: str) -> str:
    """`text` with `$TMPDIR/` for `/tmp/` wherever the shell would expand it; in single quotes, and
    in texts with a quoted heredoc, it stays."""
    if "/tmp/" not in text or _QUOTED_HEREDOC.search(text):
        return text
    parts, at = [], 0
    for skipped in _AS_IT_STANDS.finditer(text):
        parts += [_TMP.sub("$TMPDIR/", text[at : skipped.start()]), skipped[0]]
        at = skipped.end()
    return "".join([*parts, _TMP.sub("$TMPDIR/", text[at:])])
