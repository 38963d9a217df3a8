"""The tree of a YAML file by the positions of its characters: where an edit cuts, and its proof.

`documents` says what a file means and where fields start; this says where they end, which brackets
and quotes they have, and what two versions of a file differ in. Aliases stay aliases, so nothing
can blow up. Only the `edits` modules use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Any, Final

import yaml
from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

from storyrunner.errors import ManifestError, Place
from storyrunner.model.frozen import dataclass

MAX_DEPTH: Final = 100
MAX_CHARACTERS: Final = 2**20
MAX_NODES: Final = 40_000
"""What is read, built and compared twice well within a second."""
STR: Final = "tag:yaml.org,2002:str"
NULL: Final = "tag:yaml.org,2002:null"

Meaning = tuple[Any, ...]
"""What a node says, without how it is written; two are equal when the nodes say the same."""

_LOADER: Final[Any] = getattr(yaml, "CLoader", yaml.SafeLoader)
_RESOLVER: Final = Resolver()


@dataclass(slots=True, eq=False)
class Node:
    """`text[start:end]` is how it is written; for the exact end of block nodes see `end_of`."""

    start: int
    end: int
    anchor: str | None = None
    tag: str | None = None


@dataclass(slots=True, eq=False)
class Scalar(Node):
    """A scalar; `style` is None (plain), `'`, `"`, `|` or `>`."""

    value: str = ""
    style: str | None = None

    @property
    def is_null(self) -> bool:
        """True for nothing, `~` and `null`."""
        return self.tag == NULL


@dataclass(slots=True, eq=False)
class Alias(Node):
    """A `*name`; the name is in `anchor`."""


@dataclass(slots=True, eq=False)
class Seq(Node):
    """A list; `flow` is true for `[…]`."""

    items: list[Node] = field(default_factory=list)
    flow: bool = False


@dataclass(slots=True, eq=False)
class Map(Node):
    """A map; `flow` is true for `{…}`."""

    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    flow: bool = False
    waiting: Node | None = None


@dataclass(slots=True)
class Document:
    """A document; `start` is its `---` (or directive) when `explicit`; `root` None when empty."""

    start: int
    explicit: bool
    root: Node | None = None


def read_tree(text: str, path: str) -> list[Document]:
    """All documents, empty ones too. Raises ManifestError for what is not YAML, for an undefined
    alias, for nesting beyond 100 levels, for more than a Mi characters or 40,000 nodes."""
    if len(text) > MAX_CHARACTERS:
        raise ManifestError("the file is too large to edit", place=Place(path))
    skipped = 1 if text.startswith("\ufeff") else 0
    if (inside := text.find("\ufeff", skipped)) >= 0:  # readers differ on what it is
        raise fault(text, path, inside, "a byte order mark inside the text")
    try:
        text[skipped:].encode("utf-8")
        return _build(yaml.parse(text[skipped:], Loader=_LOADER), skipped, text, path)
    except UnicodeEncodeError as error:
        raise fault(text, path, error.start + skipped, "not Unicode text") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path)
        raise ManifestError(f"not YAML: {error.problem}", place=place) from error
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0)
        raise fault(text, path, position, f"not YAML: {str(error).splitlines()[0]}") from error


def fault(text: str, path: str, index: int, message: str, hint: str = "") -> ManifestError:
    """A ManifestError at a character of the text."""
    start = text.rfind("\n", 0, index) + 1
    place = Place(path, text.count("\n", 0, index) + 1, index - start + 1)
    return ManifestError(message, place=place, hint=hint)


def _build(events: Iterator[Any], shift: int, text: str, path: str) -> list[Document]:
    documents: list[Document] = []
    stack: list[Seq | Map] = []
    anchors: set[str] = set()
    for count, event in enumerate(events):
        if count > MAX_NODES:
            raise ManifestError("the file is too large to edit", place=Place(path))
        start, end = event.start_mark.index + shift, event.end_mark.index + shift
        match event:
            case yaml.DocumentStartEvent():
                documents.append(Document(start, bool(event.explicit)))
                anchors = set()
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                stack.pop().end = end
            case yaml.AliasEvent():
                if event.anchor not in anchors:
                    raise fault(text, path, start, f"`*{event.anchor}` is not defined before it")
                _attach(documents[-1], stack, Alias(start, end, event.anchor))
            case yaml.ScalarEvent() | yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                node = _node(event, start, end)
                _attach(documents[-1], stack, node)
                if event.anchor:
                    anchors.add(event.anchor)
                if isinstance(node, Seq | Map):
                    stack.append(node)
                if len(stack) > MAX_DEPTH:
                    raise fault(text, path, start, f"nested deeper than {MAX_DEPTH} levels")
    for document in documents:
        root = document.root
        if isinstance(root, Scalar) and root.is_null and root.start == root.end:
            document.root = None
    return documents


def _node(event: Any, start: int, end: int) -> Scalar | Seq | Map:
    if isinstance(event, yaml.SequenceStartEvent):
        return Seq(start, end, event.anchor, event.tag, flow=bool(event.flow_style))
    if isinstance(event, yaml.MappingStartEvent):
        return Map(start, end, event.anchor, event.tag, flow=bool(event.flow_style))
    style = event.style if event.style in {"'", '"', "|", ">"} else None
    tag = event.tag or resolved_tag(event.value, plain=style is None)
    return Scalar(start, end, event.anchor, tag, event.value, style)


def _attach(document: Document, stack: list[Seq | Map], node: Node) -> None:
    if not stack:
        document.root = node
        return
    parent = stack[-1]
    if isinstance(parent, Seq):
        parent.items.append(node)
    elif parent.waiting is None:
        parent.waiting = node
    else:
        parent.pairs.append((parent.waiting, node))
        parent.waiting = None


def resolved_tag(value: str, *, plain: bool) -> str:
    """The tag that YAML 1.1 gives an untagged scalar."""
    if not plain:
        return STR
    return str(_RESOLVER.resolve(ScalarNode, value, (True, False)))  # type: ignore[no-untyped-call]


def meaning(node: Node | None) -> Meaning:
    """What a node says: types, texts, order of keys, anchors and aliases."""
    match node:
        case Scalar():
            return ("scalar", node.tag, node.value, node.anchor)
        case Seq():
            items = tuple(meaning(item) for item in node.items)
            return ("list", node.tag, node.anchor, items)
        case Map():
            pairs = tuple((meaning(key), meaning(value)) for key, value in node.pairs)
            return ("map", node.tag, node.anchor, pairs)
        case Alias():
            return ("alias", node.anchor)
        case _:
            return ("scalar", NULL, "", None)


def aliases(node: Node | None) -> set[str]:
    """The anchors that aliases inside a node name."""
    match node:
        case Alias():
            return {node.anchor or ""}
        case Seq():
            return set().union(*(aliases(item) for item in node.items))
        case Map():
            return set().union(*(aliases(part) for pair in node.pairs for part in pair))
        case _:
            return set()


def end_of(text: str, node: Node) -> int:
    """The index after the last character that belongs to a node, comments not included."""
    while True:
        match node:
            case Seq(flow=False) if node.items:
                node = node.items[-1]
            case Map(flow=False) if node.pairs:
                node = node.pairs[-1][1]
            case Scalar(style="|" | ">"):
                return node.start + len(text[node.start : node.end].rstrip())
            case _:
                return node.end
