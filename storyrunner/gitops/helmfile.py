"""Reads the releases of helmfile bootstrap files, line by line and with their places.

A `.gotmpl` file is a Go template and no YAML, and even a `.yaml` helmfile may hold templates, so
no YAML parser is used. Releases that stand in comments are reported as such: "it is commented
out, line 58" helps more than "it is absent". It never evaluates a template: what a template
decides is said to be undecided. It must not know which releases a story needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace

from storyrunner.errors import Place
from storyrunner.model.frozen import dataclass

_KEYS = ("name", "chart", "version", "namespace", "installed", "condition")
_ITEM = re.compile(r"(?P<lead>\s*)-(?P<gap>\s+|$)(?P<rest>.*)")
_PAIR = re.compile(
    r"""(?P<quote>["']?)(?P<key>[A-Za-z_][\w-]*)(?P=quote)\s*:(?:\s+|$)(?P<value>.*)"""
)
_COMMENT = re.compile(r"(?P<lead>\s*)#(?P<text>.*)")
_OPENS = re.compile(r"\{\{-?\s*(if|range|with|define|block)\b(.*?)-?\}\}")
_ENDS = re.compile(r"\{\{-?\s*end\b.*?-?\}\}")
_ELSE = re.compile(r"\{\{-?\s*else\b(.*?)-?\}\}")
_TEMPLATE_ONLY = re.compile(r"\s*(\{\{.*?\}\}\s*)+")
_FALSE = frozenset({"false", "no", "off", "n"})
_TRUE = frozenset({"true", "yes", "on", "y", ""})


@dataclass(frozen=True, slots=True)
class HelmfileRelease:
    """One entry under `releases:`. Values are as written, without quotes (`{{ … }}` kept);
    `installed` is None when a template decides it. `condition` is what else must hold: a helmfile
    condition, or the template block around it. `place` is the entry's name."""

    name: str
    place: Place
    chart: str = ""
    version: str = ""
    namespace: str = ""
    installed: bool | None = True
    condition: str = ""
    commented: bool = False

    @property
    def is_active(self) -> bool:
        """True when it is sure to be installed: not commented, not switched off, no condition."""
        return not self.commented and self.installed is True and not self.condition

    @property
    def why_inactive(self) -> str:
        """In words why it is not sure to be installed; empty when it is."""
        if self.commented:
            return "commented out"
        if self.installed is False:
            return "installed: false"
        if self.installed is None:
            return "installed is decided by a template"
        return f"only when {self.condition}" if self.condition else ""


@dataclass(frozen=True, slots=True)
class ReleaseSearch:
    """What was looked for and what is there: `active` are sure, `inactive` are there but commented
    out, switched off or conditional. `names` are the other active releases, for a hint."""

    wanted: str
    active: tuple[HelmfileRelease, ...] = ()
    inactive: tuple[HelmfileRelease, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def found(self) -> HelmfileRelease | None:
        """The first active one."""
        return self.active[0] if self.active else None


@dataclass(slots=True)
class _Entry:
    """An entry while it is read: the column of its keys, what was seen, and where its name is."""

    column: int
    commented: bool
    condition: str
    in_list: bool
    values: dict[str, str] = field(default_factory=dict)
    place: tuple[int, int] = (0, 0)


def read_releases(path: str, text: str) -> tuple[HelmfileRelease, ...]:
    """Every release of a file in order, commented ones included. `path` is for the places. Text
    that is no helmfile has none; nothing is raised."""
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), start=1):
        reader.read(number, line.expandtabs(8))
    return tuple(_release(path, entry) for entry in reader.finish())


def find_release(
    files: Mapping[str, str], chart_suffix: str = "", name: str | None = None
) -> ReleaseSearch:
    """The releases of `files` (path to text) whose chart ends with `chart_suffix` and that are
    called `name`; what is not given does not matter. A commented entry without a chart is known by
    its name."""
    wanted = " ".join(part for part in (name or "", chart_suffix and f"*{chart_suffix}") if part)
    all_of_them = [one for path, text in files.items() for one in read_releases(path, text)]
    hits = [one for one in all_of_them if _is_wanted(one, chart_suffix, name)]
    return ReleaseSearch(
        wanted,
        tuple(one for one in hits if one.is_active),
        tuple(one for one in hits if not one.is_active),
        tuple(one.name for one in all_of_them if one.is_active),
    )


def _is_wanted(release: HelmfileRelease, chart_suffix: str, name: str | None) -> bool:
    if name is not None and release.name != name:
        return False
    if not chart_suffix:
        return True
    last = chart_suffix.rpartition("/")[2]
    if release.commented and not release.chart:
        return release.name == last
    chart = release.chart.rstrip("/")
    return chart.endswith(chart_suffix) or chart == chart_suffix.lstrip("/")


class _Reader:
    """State of the walk: the section, the column of the list's items, template blocks, entries."""

    def __init__(self) -> None:
        self.entries: list[_Entry] = []
        self.live: _Entry | None = None
        self.dead: _Entry | None = None
        self.column: int | None = None
        self.inside = False
        self.inside_comment = False
        self.blocks: list[str] = []
        self.hidden = False

    def finish(self) -> Iterator[_Entry]:
        """Entries that have a name; a commented one outside a live list needs a chart too, for
        prose in comments may look like an entry."""
        named = (entry for entry in self.entries if "name" in entry.values)
        return (entry for entry in named if entry.in_list or "chart" in entry.values)

    def read(self, number: int, line: str) -> None:
        line, hidden = self._unveil(line)
        comment = _COMMENT.fullmatch(line)
        if hidden:
            self._read_comment(number, line, 0)
        elif comment:
            self._read_comment(number, comment["text"], len(comment["lead"]) + 1)
        elif line.strip() and not _TEMPLATE_ONLY.fullmatch(line):
            self.dead = None
            self._read_live(number, line)
        self._follow_blocks(line)

    def _unveil(self, line: str) -> tuple[str, bool]:
        """Blanks template comments, which may span lines; True for a line inside one."""
        was_hidden = self.hidden
        if was_hidden:
            _, closes, rest = line.partition("*/")
            self.hidden = not closes
            return (rest.replace("}}", "  ", 1) if closes else line), not closes
        line = re.sub(r"\{\{-?\s*/\*.*?\*/\s*-?\}\}", "", line)
        before, opens, _ = (
            line.partition("/*") if re.search(r"\{\{-?\s*/\*", line) else (line, "", "")
        )
        self.hidden = bool(opens)
        return (before.rpartition("{{")[0] if opens else line), False

    def _follow_blocks(self, line: str) -> None:
        for found in re.finditer(r"\{\{.*?\}\}", line):
            opened, otherwise = _OPENS.match(found[0]), _ELSE.match(found[0])
            if opened:
                self.blocks.append(f"{opened[1]} {opened[2].strip()}".strip())
            elif otherwise and self.blocks:
                self.blocks[-1] = f"else of {self.blocks[-1].removeprefix('else of ')}"
            elif _ENDS.match(found[0]) and self.blocks:
                self.blocks.pop()

    def _read_live(self, number: int, line: str) -> None:
        indent = len(line) - len(line.lstrip())
        item = _ITEM.fullmatch(line)
        if indent == 0 and not item:
            self._enter_section(line)
        elif self.inside and item and (self.column is None or indent == self.column):
            self.column = indent
            self.live = self._open(number, item, 0, commented=False)
        elif self.live and indent == self.live.column:
            _take_pair(self.live, number, line.strip(), indent)
        elif self.live and self.column is not None and indent <= self.column:
            self.live = None

    def _enter_section(self, line: str) -> None:
        pair = _PAIR.fullmatch(line)
        self.inside = bool(pair and pair["key"] == "releases")
        self.inside_comment = False
        self.live, self.column = None, None

    def _read_comment(self, number: int, text: str, offset: int) -> None:
        """`offset` is how many columns stand before `text` in the line, the `#` included."""
        item, pair = _ITEM.fullmatch(text), _PAIR.fullmatch(text.strip())
        if item and self._may_be_entry(item, offset):
            self.dead = self._open(number, item, offset, commented=True)
        elif self.dead and pair:
            indent = offset + len(text) - len(text.lstrip())
            if indent == self.dead.column:
                _take_pair(self.dead, number, text.strip(), indent)
        elif pair and pair["key"] == "releases" and not self.inside:
            self.inside_comment = True
        elif not text.strip():
            self.dead = None

    def _may_be_entry(self, item: re.Match[str], offset: int) -> bool:
        """The `#` may stand at the entry's column, or have been put before the whole line."""
        if not (self.inside or self.inside_comment):
            return False
        column = offset + len(item["lead"])
        if self.dead and column > self.dead.column - 2:
            return False
        if self.column is None:
            return True
        beside = len(item["lead"]) <= 1 and offset - 1 == self.column
        return beside or (offset <= 1 and column - offset in (self.column, self.column + 1))

    def _open(self, number: int, item: re.Match[str], offset: int, *, commented: bool) -> _Entry:
        keys_at = offset + item.start("rest")
        entry = _Entry(keys_at, commented, " and ".join(self.blocks), self.inside)
        if item["rest"].startswith("{"):
            _take_flow(entry, number, item["rest"], keys_at)
        elif item["rest"]:
            _take_pair(entry, number, item["rest"], keys_at)
        else:
            entry.column = offset + len(item["lead"]) + 2
        self.entries.append(entry)
        return entry


def _take_pair(entry: _Entry, number: int, text: str, column: int) -> None:
    pair = _PAIR.fullmatch(text)
    if pair is None or pair["key"] not in _KEYS or pair["key"] in entry.values:
        return
    entry.values[pair["key"]] = _scalar(pair["value"])
    if pair["key"] == "name":
        entry.place = (number, column + 1)


def _take_flow(entry: _Entry, number: int, text: str, column: int) -> None:
    """`- {name: x, chart: y}` on one line; nested braces and lists are passed over."""
    for part in re.split(r",\s*", text.partition("{")[2].rpartition("}")[0]):
        _take_pair(entry, number, part.strip(), column + max(text.find(part.strip()), 0))


def _scalar(text: str) -> str:
    """The value without quotes, anchor and trailing comment; a template stays as it is written."""
    text = re.sub(r"^&\S+\s+", "", text.strip())
    if text[:1] in ("'", '"'):
        end = text.find(text[0], 1)
        return text[1:end] if end > 0 else text[1:]
    return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip()


def _release(path: str, entry: _Entry) -> HelmfileRelease:
    values = entry.values
    said = values.get("installed", "").lower()
    installed = False if said in _FALSE else True if said in _TRUE else None
    conditions = [part for part in (entry.condition, values.get("condition", "")) if part]
    release = HelmfileRelease(values["name"], Place(path, *entry.place), installed=installed)
    return replace(
        release,
        chart=values.get("chart", ""),
        version=values.get("version", ""),
        namespace=values.get("namespace", ""),
        condition=" and ".join(conditions),
        commented=entry.commented,
    )
