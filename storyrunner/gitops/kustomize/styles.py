"""Whether a text of a resource stands in quotes, which plain data do not tell.

kustomize keeps the quotes that are there when a patch puts a number in place of a text: `"80"`
becomes `"8080"`, `http` becomes `8080`. It knows nothing of patches.
"""

from __future__ import annotations

from collections.abc import Iterator

from storyrunner.errors import ManifestError
from storyrunner.gitops.documents import YamlDocument, parse_documents
from storyrunner.gitops.nodes import Map, Node, Sequence, Text
from storyrunner.gitops.scalars import is_string


class Styles:
    """The quotes of one resource: those of its document, until patches bring in others."""

    __slots__ = ("_document", "_is_marshalled", "_patches")

    def __init__(self, document: YamlDocument | None) -> None:
        self._document = document
        self._is_marshalled = document is None
        self._patches: list[YamlDocument | None] = []

    def patched(self, document: YamlDocument | None) -> None:
        """A merge patch of that document changed the resource."""
        self._patches.append(document)

    def marshalled(self) -> None:
        """Everything was written anew, with quotes only where they are needed."""
        self._is_marshalled = True
        self._patches.clear()

    @property
    def is_marshalled(self) -> bool:
        """Whether everything was written anew, or comes from no document."""
        return self._is_marshalled

    def is_quoted(self, text: str) -> bool | None:
        """Whether this text stands in quotes (or in a block); None when that is not certain."""
        if any(one is None or _occurs(one, text) for one in self._patches):
            return None
        if not _can_be_plain(text):
            return True
        if self._is_marshalled or self._document is None:
            return not is_string(text, yaml11=True)
        plain = {one.plain for one in _texts(self._document) if one.text == text}
        tagged = any(one.tag for one in _texts(self._document) if one.text == text)
        return None if tagged or len(plain) != 1 else not plain.pop()


def _can_be_plain(text: str) -> bool:
    """True when the text, written without quotes, is read as itself."""
    try:
        documents = parse_documents(text, "")
    except ManifestError:
        return False
    return len(documents) == 1 and bool(documents[0].value == text)


def _occurs(document: YamlDocument, text: str) -> bool:
    return any(one.text == text for one in _texts(document))


def _texts(document: YamlDocument) -> Iterator[Text]:
    """All scalars of a document but keys."""
    # The one reader of a document's nodes beside `documents`: only they know about quotes.
    waiting: list[Node] = [document._root]
    while waiting:
        node = waiting.pop().target
        if isinstance(node, Text):
            yield node
        elif isinstance(node, Map):
            waiting.extend(value for _, value in node.pairs())
        elif isinstance(node, Sequence):
            waiting.extend(node.items)
