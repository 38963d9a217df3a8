"""Raw output of a process into lines that are safe to show, as they come.

A tool's output is a stranger's text: it may hold escape sequences that repaint the terminal, bytes
that are no UTF-8, or one line of a hundred megabytes. This module must not know of processes.
"""

from __future__ import annotations

import codecs
import re

MAX_LINE = 2000
"""Characters of a line that are shown; the rest is cut off and marked with `…`."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"  # OSC, DCS, SOS, PM, APC with their end
    r"|\x1b[ -/]*[0-~]"  # any other two-character sequence
)
_BREAKS = re.compile(r"\r\n|\n|\r")
_NEUTRAL = {
    **{code: 0x2400 + code for code in range(0x20) if code != 0x09},
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
    **dict.fromkeys((0x061C, 0x200E, 0x200F, 0x2028, 0x2029), 0xFFFD),
    **dict.fromkeys(range(0x202A, 0x202F), 0xFFFD),
    **dict.fromkeys(range(0x2066, 0x206A), 0xFFFD),
    **dict.fromkeys(range(0xD800, 0xE000), 0xFFFD),
}


def neutralise(text: str) -> str:
    """One line of text without escape sequences; other control and text-direction characters are
    replaced by visible stand-ins. A tab stays."""
    return _ESCAPES.sub("", text).translate(_NEUTRAL)


class LineFeed:
    """Bytes in, shown lines out; `\\n`, `\\r\\n` and a lone `\\r` (progress) end a line."""

    def __init__(self, max_line: int = MAX_LINE) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._max = max_line
        self._rest = ""
        self._cut = False

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes; an over-long line is given once, as soon as it is."""
        text = self._rest + self._decoder.decode(data)
        if text.endswith("\r"):
            text, held = text[:-1], "\r"
        else:
            held = ""
        *whole, rest = _BREAKS.split(text)
        lines = []
        for line in whole:
            if not self._cut:
                lines.append(self._shown(line))
            self._cut = False
        if not self._cut and len(rest) > self._max:
            lines.append(self._shown(rest))
            self._cut = True
        self._rest = ("" if self._cut else rest) + held
        return lines

    def close(self) -> list[str]:
        """The last line, when the output did not end with a newline."""
        rest = (self._rest + self._decoder.decode(b"", True)).removesuffix("\r")
        cut, self._rest, self._cut = self._cut, "", False
        return [] if cut or not rest else [self._shown(rest)]

    def _shown(self, line: str) -> str:
        text = neutralise(line)
        return text if len(text) <= self._max else text[: self._max] + "…"
