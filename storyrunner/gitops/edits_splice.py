"""Cuts and insertions in a text, and the proof that they did what was wanted and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from storyrunner.errors import ManifestError
from storyrunner.gitops.edits_style import newline_of, next_line
from storyrunner.gitops.edits_tree import (
    Alias,
    Document,
    Map,
    Meaning,
    Node,
    Scalar,
    Seq,
    aliases,
    fault,
    meaning,
    read_tree,
)
from storyrunner.model.frozen import dataclass

FieldPath = tuple[str | int, ...]
BY_HAND = "make this change by hand"


@dataclass(frozen=True, slots=True)
class Edited:
    """The new text, and the 1-based line of the change (or of what was there already)."""

    text: str
    line: int
    changed: bool


@dataclass(frozen=True, slots=True)
class Splice:
    """`text[start:end]` becomes `new`."""

    start: int
    end: int
    new: str


@dataclass(slots=True)
class Spot:
    """Where a field leads: `nodes` from the root down with the `keys` that named them (None for
    list items and the root), `positions` of each step, and what of the field is `missing`."""

    nodes: list[Node]
    keys: list[Node | None]
    positions: list[int]
    missing: FieldPath

    @property
    def node(self) -> Node:
        """The innermost node that exists."""
        return self.nodes[-1]

    @property
    def key(self) -> Node | None:
        """The key of that node; None when it has none."""
        return self.keys[-1]

    @property
    def in_flow(self) -> bool:
        """True when the node stands inside of brackets."""
        return any(isinstance(node, Seq | Map) and node.flow for node in self.nodes[:-1])


class Source:
    """A file before its edit: its text, its tree, and the document the edit is about.

    `document` counts all documents from 0, as `YamlDocument.index` does; None is the first that
    is not empty. Raises ManifestError.
    """

    def __init__(self, text: str, path: str, document: int | None = None) -> None:
        self.text = text
        self.path = path
        self.documents = read_tree(text, path)
        full = [item for item in self.documents if item.root is not None]
        self.document: Document | None = full[0] if full else None
        if document is not None and full:
            self.document = self._chosen(document)
        self.index = full.index(self.document) if self.document else 0

    def _chosen(self, document: int) -> Document:
        count = len(self.documents)
        if not 0 <= document < count:
            raise self.fault(0, f"there is no document {document} ({count} in the file)")
        chosen = self.documents[document]
        if chosen.root is None:
            raise self.fault(chosen.start, f"document {document} is empty", BY_HAND)
        return chosen

    @property
    def root(self) -> Node | None:
        """The root of the document; None when the file has none."""
        return self.document.root if self.document else None

    def fault(self, index: int, message: str, hint: str = "") -> ManifestError:
        """An error at a character of the file."""
        return fault(self.text, self.path, index, message, hint)

    def line(self, index: int) -> int:
        """1-based line of a character."""
        return self.text.count("\n", 0, index) + 1

    def spot(self, root: Node, field: FieldPath) -> Spot:
        """Follow a field as far as it exists. Raises ManifestError for a duplicate key, an alias
        or shared node on the way, and for what is neither map nor list."""
        spot = Spot([root], [None], [], field)
        shared = aliases(root)
        for depth, name in enumerate(field):
            found = self._enter(spot.node, name)
            if found is None:
                break
            position, key, node = found
            spot.nodes.append(node)
            spot.keys.append(key)
            spot.positions.append(position)
            spot.missing = field[depth + 1 :]
        for node in spot.nodes:
            if isinstance(node, Alias) or node.anchor in shared:
                raise self.fault(node.start, "this is shared with another place (alias)", BY_HAND)
        return spot

    def _enter(self, node: Node, name: str | int) -> tuple[int, Node | None, Node] | None:
        if isinstance(node, Seq) and isinstance(name, int):
            inside = 0 <= name < len(node.items)
            return (name, None, node.items[name]) if inside else None
        if not isinstance(node, Map):
            return None
        found = self.find(node, str(name))
        return None if found is None else (found, *node.pairs[found])

    def find(self, node: Map, name: str) -> int | None:
        """The position of a key. Raises ManifestError when it stands there twice, or when it is
        absent but might come from a merge (`<<`)."""
        positions = [
            position
            for position, (key, _) in enumerate(node.pairs)
            if isinstance(key, Scalar) and key.value == name
        ]
        if len(positions) > 1:
            key = node.pairs[positions[1]][0]
            raise self.fault(key.start, f"the key `{name}` stands here twice", "keep one of them")
        if positions:
            return positions[0]
        for key, _ in node.pairs:
            if isinstance(key, Scalar) and key.value == "<<" and key.style is None:
                raise self.fault(key.start, f"`{name}` may come from this merge", BY_HAND)
        return None

    def edited(
        self, splices: Sequence[Splice], spot: Spot | None, change: Callable[[Meaning], Meaning]
    ) -> Edited:
        """Apply the splices and prove it: the node at `spot` says `change` of what it said, and
        everything else says the same. Raises ManifestError when that is not so."""
        text = spliced(self.text, splices)
        wanted = [meaning(item.root) for item in self.documents if item.root is not None]
        if spot is None:
            wanted = [change(meaning(None))]
        else:
            wanted[self.index] = _replaced(wanted[self.index], spot.positions, change)
        self.prove(text, wanted, splices[0].start)
        return Edited(text, _first_line(text, splices), True)

    def prove(self, text: str, wanted: Sequence[Meaning], index: int) -> None:
        """Raises ManifestError unless `text` says `wanted`, its empty documents aside."""
        try:
            documents = read_tree(text, self.path)
        except ManifestError as error:
            raise self.fault(index, _unsafe(error.message), BY_HAND) from error
        found = [meaning(item.root) for item in documents if item.root is not None]
        if found != list(wanted):
            final = self.text.endswith("\n") or not self.text
            hint = BY_HAND if final else "end the file with a line break first"
            raise self.fault(index, _unsafe("something else would change"), hint)


def _unsafe(reason: str) -> str:
    return f"this place cannot be edited safely: {reason}"


def _replaced(
    whole: Meaning, positions: Sequence[int], change: Callable[[Meaning], Meaning]
) -> Meaning:
    if not positions:
        return change(whole)
    kind, tag, anchor, children = whole
    at, rest = positions[0], positions[1:]
    inner = list(children)
    if kind == "map":
        inner[at] = (inner[at][0], _replaced(inner[at][1], rest, change))
    else:
        inner[at] = _replaced(inner[at], rest, change)
    return (kind, tag, anchor, tuple(inner))


def spliced(text: str, splices: Sequence[Splice]) -> str:
    """The text with all splices applied; they must not overlap."""
    pieces: list[str] = []
    position = 0
    for splice in sorted(splices, key=lambda item: (item.start, item.end)):
        pieces += [text[position : splice.start], splice.new]
        position = splice.end
    return "".join([*pieces, text[position:]])


def _first_line(text: str, splices: Sequence[Splice]) -> int:
    """1-based line, in the new text, of the first thing that was put in (or of the first cut)."""
    moved = 0
    ordered = sorted(splices, key=lambda item: (item.start, item.end))
    place = ordered[0].start
    for splice in ordered:
        if splice.new.strip():
            place = splice.start + moved + len(splice.new) - len(splice.new.lstrip("\r\n"))
            break
        moved += len(splice.new) - (splice.end - splice.start)
    return text.count("\n", 0, place) + 1


def lines_after(text: str, index: int, lines: Sequence[str]) -> Splice:
    """Insert whole lines after the line of `index`; a file without final newline stays so."""
    newline = newline_of(text)
    at = next_line(text, index)
    if at == len(text) and not text.endswith("\n"):
        return Splice(at, at, "".join(newline + line for line in lines))
    return Splice(at, at, "".join(line + newline for line in lines))
