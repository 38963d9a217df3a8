"""Block scalars as kustomize leaves them: it writes every text once in its own style and reads it.

For folded text that is not what was written: go-yaml ends each line with two breaks, before an
indented line too, where a break is not folded. It knows nothing of resources.
"""

from __future__ import annotations

import re
from typing import Any, Final

from storyrunner.errors import ManifestError, RenderError
from storyrunner.gitops.documents import YamlDocument, parse_documents

_NOT_IN_A_BLOCK: Final = re.compile(
    r" $| \n|[^\n\t\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]"
)
"""What go-yaml writes in double quotes, whatever the style."""


def rewrite_blocks(value: Any, document: YamlDocument, path: tuple[str | int, ...]) -> Any:
    """`value`, which stands at `path` of the document, with block scalars as kustomize leaves
    them. Changes it in place. Raises RenderError for one that kustomize cannot read back."""
    if isinstance(value, dict):
        for key, item in value.items():
            value[key] = rewrite_blocks(item, document, (*path, key))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            value[at] = rewrite_blocks(item, document, (*path, at))
    elif isinstance(value, str) and ("\n" in value or "\t" in value):
        style = document.style(*path)
        if style in (">", "|") and not _NOT_IN_A_BLOCK.search(value):
            try:
                return rewritten_block(value, style)
            except ManifestError as error:
                raise RenderError(f"yaml: {error.message}", place=document.place(*path)) from error
    return value


def refuse_unreadable(value: Any) -> None:
    """Raise RenderError when data without a style hold a text that kustomize writes as a block and
    cannot read back."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            refuse_unreadable(item)
    elif isinstance(value, str) and "\n\t" in f"\n{value}" and "\n" in value:
        try:
            if not _NOT_IN_A_BLOCK.search(value):
                rewritten_block(value, "|")
        except ManifestError as error:
            raise RenderError(f"yaml: {error.message}") from error


def rewritten_block(text: str, style: str) -> str:
    """What is read back of a text that kustomize wrote as a block. Raises ManifestError when it
    cannot be read."""
    begins = text.lstrip("\n")[:1]
    if style == "|" and begins != "\t":
        return text
    hint = "2" if text[0] in " \n" else ""
    chomp = "-" if text[-1] != "\n" else "+" if text[-2:-1] in ("\n", "") else ""
    lines = text.splitlines(keepends=True)
    if style == ">" and begins not in (" ", "\t", ""):
        lines = [
            f"{line}\n" if line[0] not in " \t\n" and line[-1] == "\n" else line for line in lines
        ]
    body = "".join(line if line[0] == "\n" else f"  {line}" for line in lines)
    return str(parse_documents(f"a: {style}{hint}{chomp}\n{body}", "")[0].value["a"])
