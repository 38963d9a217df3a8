"""What is wrong with a YAML stream, before a reader makes its own error of it."""

from __future__ import annotations

import yaml


class YamlFault(Exception):  # noqa: N818 - internal: its two readers turn it into their own errors
    """What is wrong with a stream, with a 0-based line and column.

    `shown_line` is the line go-yaml v2 would print, None where it prints none.
    """

    def __init__(
        self, problem: str, line: int, column: int, *, hint: str = "", shown_line: int | None = None
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line
        self.column = column
        self.hint = hint
        self.shown_line = shown_line


def marked_fault(error: yaml.MarkedYAMLError, source: str) -> YamlFault:
    """What a scanner or parser refused, by its problem alone, as go-yaml shows it."""
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or "unknown problem parsing YAML content"
    line, column = (mark.line, mark.column) if mark else (0, 0)
    shown = line + 1 if line and isinstance(error, yaml.scanner.ScannerError) else line
    tab = mark and source[mark.index : mark.index + 1] == "\t"
    hint = "YAML indents with spaces, never with tabs" if tab else ""
    return YamlFault(problem, line, column, hint=hint, shown_line=shown or None)


def reader_fault(error: yaml.reader.ReaderError, source: str, *, in_bytes: bool) -> YamlFault:
    """A character that YAML does not allow; `in_bytes` when the reader counts bytes."""
    position = error.position if isinstance(error.position, int) else 0
    if in_bytes:
        position = len(source.encode()[:position].decode("utf-8", "ignore"))
    before = source[:position]
    line = before.count("\n")
    return YamlFault(
        "control characters are not allowed", line, position - (before.rfind("\n") + 1)
    )
