"""Whole documents of a multi-document file: one more at the end, or one less."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from storyrunner.errors import ManifestError, Place
from storyrunner.gitops.documents import parse_documents
from storyrunner.gitops.edits_splice import BY_HAND, Edited, Source, Splice, spliced
from storyrunner.gitops.edits_style import line_start, newline_of
from storyrunner.gitops.edits_tree import Document, meaning, read_tree


def append_document(text: str, document_text: str, path: str) -> Edited:
    """Append a document, with a `---` before it where one is needed, in the file's line ends.

    Raises ManifestError when `document_text` is not exactly one document.
    """
    source = Source(text, path)
    new = [item for item in read_tree(document_text, f"{path} (new document)") if item.root]
    if len(new) != 1:
        raise ManifestError(f"{len(new)} documents where one is needed", place=Place(path))
    newline = newline_of(text) if "\n" in text else "\n"
    body = _bare(document_text, new[0]).replace("\r\n", "\n").replace("\n", newline)
    body = body.rstrip("\r\n") + newline if not body.endswith(newline) else body
    lead = "" if not text or text.endswith("\n") else newline
    needed = bool(source.documents) and not _ends_open(source)
    separator = f"---{newline}" if needed else ""
    result = f"{text}{lead}{separator}{body}"
    wanted = [meaning(item.root) for item in source.documents if item.root is not None]
    source.prove(result, [*wanted, meaning(new[0].root)], len(text))
    line = (text + lead + separator).count("\n") + 1
    return Edited(result, line, True)


def _bare(document_text: str, document: Document) -> str:
    """The document without its own `---` line, with its comments."""
    if not document.explicit:
        return document_text.removeprefix("\ufeff")
    start = document_text.find("---", document.start)
    rest = document_text[start + 3 :]
    first, newline, more = rest.partition("\n")
    if first.strip() and not first.lstrip().startswith("#"):
        return rest.lstrip(" ")
    comment = first.strip()
    return f"{comment}{newline}{more}" if comment else more


def _ends_open(source: Source) -> bool:
    """True when the file ends with a `---` that has nothing after it."""
    last = source.documents[-1]
    if last.root is not None or not last.explicit:
        return False
    tail = source.text[last.start :].splitlines()
    return not any(line.startswith("...") for line in tail)


def remove_document(text: str, path: str, which: int | Callable[[Any], bool]) -> Edited:
    """Take documents out, each with its `---` and its comments: the one of a
    YamlDocument.index, or all whose value `which` wants. Unchanged when there is none.
    Raises ManifestError."""
    source = Source(text, path)
    full = [item for item in source.documents if item.root is not None]
    chosen = _chosen(source, which)
    if not chosen:
        return Edited(text, 1, False)
    cuts = [_cut(source, item) for item in chosen]
    result = spliced(text, cuts)
    wanted = [meaning(item.root) for item in full if item not in chosen]
    source.prove(result, wanted, cuts[0].start)
    return Edited(result, source.line(cuts[0].start), True)


def _chosen(source: Source, which: int | Callable[[Any], bool]) -> list[Document]:
    if isinstance(which, int):
        document = Source(source.text, source.path, which).document
        if document is None:
            raise source.fault(0, "the file has no document")
        return [item for item in source.documents if item.start == document.start]
    values = parse_documents(source.text, source.path)
    if any(item.index >= len(source.documents) for item in values):
        raise source.fault(0, "its documents cannot be told apart", BY_HAND)
    return [source.documents[item.index] for item in values if which(item.value)]


def _cut(source: Source, document: Document) -> Splice:
    text, place = source.text, source.documents.index(document)
    assert document.root is not None
    start = document.start if document.explicit else line_start(text, document.root.start)
    following = source.documents[place + 1 : place + 2]
    end = following[0].start if following else len(text)
    return Splice(start, end, "")
