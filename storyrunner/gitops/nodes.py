"""The tree of a YAML stream: what stands where, before it means anything.

Built from parser events with an explicit stack, so that no input can exhaust Python's or C's;
size and depth count aliases as if expanded. Only `documents` and `goyaml` use it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from storyrunner.gitops.faults import YamlFault, marked_fault, reader_fault

MAX_DEPTH: Final = 200
MAX_ALIASED: Final = 400_000
"""Nodes that all aliases of a stream together may stand for, the limit go-yaml starts from."""

_SLASH_ESCAPE = re.compile(r'\A[^"]*"(?:[^\\]|\\[^/])*?\\/', re.DOTALL)
_LOADER: Final[Any] = getattr(yaml, "CLoader", yaml.SafeLoader)
_IN_BYTES: Final = _LOADER is not yaml.SafeLoader


class Node:
    """A node's tag and 0-based place; `size` and `depth` count what it stands for, expanded."""

    __slots__ = ("_mark", "depth", "size", "tag")

    def __init__(self, mark: Any, tag: str | None) -> None:
        self._mark = mark
        self.tag = tag
        self.size = 1
        self.depth = 1

    @property
    def line(self) -> int:
        """0-based line of the node's first character."""
        return cast(int, self._mark.line)

    @property
    def column(self) -> int:
        """0-based column of the node's first character."""
        return cast(int, self._mark.column)

    @property
    def target(self) -> Node:
        """The node itself, or what an alias points to."""
        return self

    def fault(self, problem: str, hint: str = "") -> YamlFault:
        """An error at this node."""
        return YamlFault(problem, self.line, self.column, hint=hint)


class Text(Node):
    """A scalar: its decoded text, and whether it was written plain."""

    __slots__ = ("_end", "_style", "text")

    def __init__(self, event: Any) -> None:
        super().__init__(event.start_mark, event.tag)
        self.text: str = event.value
        self._style: str | None = event.style
        self._end = event.end_mark

    @property
    def style(self) -> str:
        """The character that begins it: `'`, `"`, `|` or `>`; "" when it is plain."""
        return self._style or ""

    @property
    def plain(self) -> bool:
        """True when written without quotes and not as a block."""
        return not self._style

    @property
    def double_quoted(self) -> bool:
        """True when written in double quotes."""
        return self._style == '"'

    def slice_of(self, source: str) -> str:
        """The scalar as it stands in the stream `source`, with its quotes and escapes."""
        return source[self._mark.index : self._end.index]

    @property
    def is_nothing(self) -> bool:
        """True for the empty plain scalar that an empty document consists of."""
        return self.plain and not self.text and self.tag is None

    @property
    def is_merge(self) -> bool:
        """True for the merge key."""
        if self.text != "<<":
            return False
        return (self.tag is None and self.plain) or self.tag == "tag:yaml.org,2002:merge"


class Sequence(Node):
    """A list."""

    __slots__ = ("items",)

    def __init__(self, event: SequenceStartEvent) -> None:
        super().__init__(event.start_mark, event.tag)
        self.items: list[Node] = []


class Map(Node):
    """A mapping: its keys and values as written, duplicates and merge keys included."""

    __slots__ = ("_index", "items")

    def __init__(self, event: MappingStartEvent) -> None:
        super().__init__(event.start_mark, event.tag)
        self.items: list[Node] = []
        self._index: dict[str, int] | None = None

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """Keys with their values, in the order of the text."""
        return zip(self.items[::2], self.items[1::2], strict=True)

    def find(self, name: str) -> tuple[Node, Node] | None:
        """The key's node and the value's target for `name`, merged maps included."""
        if self._index is None:
            keys = enumerate(self.items[::2])
            self._index = {key.target.text: i for i, key in keys if isinstance(key.target, Text)}
        at = self._index.get(name)
        if at is not None:
            return self.items[2 * at], self.items[2 * at + 1].target
        for key, value in self.pairs():
            if isinstance(key, Text) and key.is_merge:
                for source in merge_sources(value):
                    if found := source.find(name):
                        return found
        return None


class Alias(Node):
    """A reference to an anchored node."""

    __slots__ = ("_target",)

    def __init__(self, event: AliasEvent, target: Node) -> None:
        super().__init__(event.start_mark, None)
        self._target = target
        self.size = target.size
        self.depth = target.depth

    @property
    def target(self) -> Node:
        return self._target


def merge_sources(value: Node) -> list[Map]:
    """The maps a merge key's value names, the one that takes precedence first."""
    named = value.items if isinstance(value, Sequence) else [value]
    sources: list[Map] = []
    for node in named:
        source = node.target
        if not isinstance(source, Map):
            raise value.fault("map merge requires map or sequence of maps as the value")
        sources.append(source)
    return sources


def read_nodes(source: str) -> Iterator[Node]:
    """The root node of each document in turn. Raises YamlFault."""
    try:
        loader = _LOADER(source)
    except yaml.reader.ReaderError as error:
        raise reader_fault(error, source, in_bytes=_IN_BYTES) from error
    try:
        suspect = "\\/" in source
        for root in _Stream(loader.get_event).read():
            if suspect:
                _refuse_slash_escapes(root, source)
            yield root
    except yaml.MarkedYAMLError as error:
        raise marked_fault(error, source) from error
    except yaml.reader.ReaderError as error:
        raise reader_fault(error, source, in_bytes=_IN_BYTES) from error
    finally:
        loader.dispose()


class _Stream:
    """Parser events into documents; all aliases of a stream share one budget."""

    __slots__ = ("_aliased", "_anchors", "_get", "_open")

    def __init__(self, get_event: Callable[[], Any]) -> None:
        self._get = get_event
        self._aliased = 0
        self._anchors: dict[str, Node] = {}
        self._open: list[Sequence | Map] = []

    def read(self) -> Iterator[Node]:
        """Root after root, each when it is asked for."""
        self._get()
        while isinstance(self._get(), DocumentStartEvent):
            self._anchors = {}
            yield self._read_root()
            self._get()

    def _read_root(self) -> Node:
        get, stack = self._get, self._open
        while True:
            event = get()
            kind = type(event)
            node: Node
            if kind is ScalarEvent:
                node = Text(event)
                if event.anchor is not None:
                    self._anchors[event.anchor] = node
            elif kind is MappingStartEvent:
                self._enter(Map(event), event.anchor)
                continue
            elif kind is SequenceStartEvent:
                self._enter(Sequence(event), event.anchor)
                continue
            elif kind is AliasEvent:
                node = self._follow(event)
            else:
                node = self._leave()
            if not stack:
                return node
            stack[-1].items.append(node)

    def _enter(self, node: Sequence | Map, anchor: str | None) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise node.fault(f"nested deeper than {MAX_DEPTH} levels")
        if anchor is not None:
            self._anchors[anchor] = node
        self._open.append(node)

    def _leave(self) -> Node:
        node = self._open.pop()
        items = node.items
        if items:
            node.size = 1 + sum([item.size for item in items])
            node.depth = 1 + max([item.depth for item in items])
        return node

    def _follow(self, event: Any) -> Alias:
        mark, name = event.start_mark, event.anchor
        target = self._anchors.get(name)
        if target is None:
            raise YamlFault(f"unknown anchor '{name}' referenced", mark.line, mark.column)
        if any(node is target for node in self._open):
            raise YamlFault(f"anchor '{name}' value contains itself", mark.line, mark.column)
        alias = Alias(event, target)
        self._aliased += alias.size
        if self._aliased > MAX_ALIASED or len(self._open) + alias.depth > MAX_DEPTH:
            raise alias.fault("document contains excessive aliasing")
        return alias


def _refuse_slash_escapes(root: Node, text: str) -> None:
    """go-yaml does not know the escape `\\/`, which the parser here takes."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Map | Sequence):
            waiting.extend(reversed(node.items))
        elif isinstance(node, Text) and node.double_quoted:
            found = _SLASH_ESCAPE.search(node.slice_of(text))
            if found:
                line = node.line + found[0].count("\n")
                problem = "found unknown escape character"
                raise YamlFault(problem, line, node.column, shown_line=line + 1 if line else None)
