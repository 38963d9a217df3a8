"""Unified diffs that are safe to show: any bytes in, printable text out.

They are for eyes (and for pagers and diff widgets), not for `patch`: escapes and bytes that are
no UTF-8 are spelled out. It knows nothing of the disk.
"""

from __future__ import annotations

import difflib
import unicodedata

from storyrunner.workspace.proposals import Proposal

CR_MARK = "␍"
_NO_NEWLINE = "\\ No newline at end of file"
_SHOWN = {"\t"}


def diff(proposal: Proposal, *, context: int = 3) -> str:
    """The unified diff of a proposal; empty when nothing changes."""
    if not proposal.changes:
        return ""
    before, after = proposal.before, proposal.after
    head = [
        f"--- {'/dev/null' if before is None else 'a/' + proposal.path}",
        f"+++ {'/dev/null' if after is None else 'b/' + proposal.path}",
    ]
    if _is_binary(before) or _is_binary(after):
        return "\n".join([*head, f"binary file: {_size(before)} -> {_size(after)}", ""])
    marked = not (_all_crlf(before) and _all_crlf(after))
    old, new = _lines(before, marked=marked), _lines(after, marked=marked)
    body: list[str] = []
    for number, line in enumerate(difflib.unified_diff(old, new, n=context, lineterm="")):
        text, newline, _ = line.partition("\n")
        body.append(text)
        if not newline and number > 1 and not text.startswith("@@"):
            body.append(_NO_NEWLINE)
    return "\n".join([*head, *(body[2:] or ["(an empty file)"]), ""])


def shown(data: bytes | None) -> str:
    """File content as safe text: bytes that are no UTF-8 and control characters spelled out,
    line ends as `\\n`. None gives an empty text."""
    return "".join(_lines(data, marked=False))


def _lines(data: bytes | None, *, marked: bool) -> list[str]:
    """Safe lines, each with its `\\n` unless the file lacks it; a final CR as a mark or dropped."""
    if not data:
        return []
    lines = []
    for raw in data.splitlines(keepends=True) if b"\r" not in data else _split(data):
        ended = raw.endswith(b"\n")
        body = raw.removesuffix(b"\n")
        carriage = body.endswith(b"\r")
        text = safe(body.removesuffix(b"\r").decode("utf-8", "surrogateescape"))
        lines.append(text + (CR_MARK if carriage and marked else "") + ("\n" if ended else ""))
    return lines


def _split(data: bytes) -> list[bytes]:
    pieces = [piece + b"\n" for piece in data.split(b"\n")]
    pieces[-1] = pieces[-1][:-1]
    return [piece for piece in pieces if piece]


def safe(text: str) -> str:
    """`text` with everything spelled out that could steer a terminal or hide from the eye."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(char) for char in text)


def _spelled(char: str) -> str:
    if char in _SHOWN or char.isprintable():
        return char
    if "\udc80" <= char <= "\udcff":
        return f"\\x{ord(char) - 0xDC00:02x}"
    if unicodedata.category(char) == "Zs":
        return char
    return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"


def _is_binary(data: bytes | None) -> bool:
    return data is not None and b"\0" in data


def _all_crlf(data: bytes | None) -> bool:
    return not data or data.count(b"\n") == data.count(b"\r\n")


def _size(data: bytes | None) -> str:
    return "absent" if data is None else f"{len(data)} bytes"
