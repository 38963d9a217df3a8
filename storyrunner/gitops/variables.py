"""The variable matrix: what each variable is worth in each cluster, where it is set and used.

Made from traced builds (`provenance`), so that a use is what the cluster would really substitute.
A variable that one cluster does not define is an error there: Flux from 2.9 on is strict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from storyrunner.errors import ManifestError, Place, StoryrunnerError
from storyrunner.gitops.explanation import UseState, uses_of
from storyrunner.gitops.kustomize.origins import FieldPath
from storyrunner.gitops.provenance import ClusterTrace
from storyrunner.gitops.secrecy import is_secret_like, masked
from storyrunner.gitops.settings import SettingsIndex, SettingValue, read_holder
from storyrunner.model.finding import Finding, error, warning


class CellState(StrEnum):
    """What a variable is in one cluster; UNDEFINED is an error."""

    SET = "set"
    DEFAULT = "default"
    UNUSED = "unused"
    UNDEFINED = "undefined"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Definition:
    """A value and where it is set; `owners` are the Flux Kustomizations that get it (`ns/name`),
    empty when none asks for it. `shown` is the value as it may be shown: masked when secret-like.
    """

    shown: str
    place: Place
    source: str
    owners: tuple[str, ...]
    is_secret: bool


@dataclass(frozen=True, slots=True)
class Use:
    """One `${…}` of a rendered object: `object` is `Kind/ns/name`, `place` the expression's line,
    `owner` the Flux Kustomization that substitutes there."""

    object: str
    field: FieldPath
    owner: str
    place: Place | None
    expression: str
    state: UseState


@dataclass(frozen=True, slots=True)
class Cell:
    """A variable in one cluster. Several definitions: inline ones of single owners."""

    cluster: str
    state: CellState
    definitions: tuple[Definition, ...] = ()
    uses: tuple[Use, ...] = ()

    @property
    def shown(self) -> str:
        """The value for a table: masked when secret-like, `-` when there is none."""
        if self.state is CellState.UNDEFINED:
            return "undefined"
        if not self.definitions:
            return "default" if self.state is CellState.DEFAULT else "-"
        values = list(dict.fromkeys(one.shown for one in self.definitions))
        more = f" (+{len(values) - 1})" if len(values) > 1 else ""
        return (values[0] or '""') + more

    @property
    def undefined(self) -> tuple[Use, ...]:
        """The uses that nothing defines."""
        return tuple(use for use in self.uses if use.state is UseState.UNDEFINED)


@dataclass(frozen=True, slots=True)
class Row:
    """One variable; `cells` in the order of the matrix's clusters. `differs`: its values are not
    the same in all clusters that have it."""

    name: str
    cells: tuple[Cell, ...]
    differs: bool

    @property
    def states(self) -> tuple[str, ...]:
        """What there is to remark, the worst first: undefined, unused, default, differs."""
        found = [
            state.value
            for state in (CellState.UNDEFINED, CellState.UNUSED, CellState.DEFAULT)
            if any(cell.state is state for cell in self.cells)
        ]
        return (*found, *(["differs"] if self.differs else []))


@dataclass(frozen=True, slots=True)
class VariableMatrix:
    """All variables of all clusters, by name. `failures` are builds that did not work, whose uses
    are therefore unknown; the matrix is not `ok` then, nor when anything is undefined."""

    clusters: tuple[str, ...]
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    failures: tuple[tuple[str, StoryrunnerError], ...] = ()

    @property
    def ok(self) -> bool:
        """True when every build worked and every variable is defined."""
        return not self.failures and not self.undefined

    @property
    def undefined(self) -> tuple[tuple[str, str], ...]:
        """Variable and cluster of everything that is undefined."""
        return tuple(
            (row.name, cell.cluster)
            for row in self.rows
            for cell in row.cells
            if cell.state is CellState.UNDEFINED
        )


def matrix(tree: Path, traces: Sequence[ClusterTrace]) -> VariableMatrix:
    """The matrix of the clusters that were traced, in that order."""
    columns = [_Column(tree, trace) for trace in traces]
    names = sorted({name for one in columns for name in one.names()})
    known = {name for one in columns for name in one.definitions}
    rows = []
    for name in names:
        cells = tuple(one.cell(name) for one in columns)
        if any(cell.state is not CellState.ABSENT for cell in cells):
            rows.append(Row(name, cells, _differs(name, columns)))
    findings = [*_undefined(rows), *_left_as_text(columns, known), *_unread(columns)]
    failures = tuple((one.cluster, failure) for one in columns for failure in one.trace.failures)
    return VariableMatrix(
        tuple(one.cluster for one in columns), tuple(rows), tuple(findings), failures
    )


class _Column:
    """Definitions and uses in one cluster, by variable."""

    def __init__(self, tree: Path, trace: ClusterTrace) -> None:
        self.trace = trace
        self.cluster = trace.cluster.name
        self.problems: list[ManifestError] = []
        self.definitions: dict[str, dict[tuple[str, Place], tuple[SettingValue, list[str]]]] = {}
        self.uses: dict[str, list[Use]] = {}
        for owner, settings in trace.settings.items():
            self._define(settings.values, owner)
        self._define(self._cluster_settings(tree), "")
        for one in trace.objects:
            for field, found in uses_of(tree, one) if one.owner else ():
                use = Use(
                    one.object.ident, field, one.owner, found.place, found.expression, found.state
                )
                if use not in (known := self.uses.setdefault(found.name, [])):
                    known.append(use)

    def names(self) -> Iterable[str]:
        """All variables this cluster speaks of."""
        used = [
            name
            for name, uses in self.uses.items()
            if any(use.state is not UseState.TEXT for use in uses)
        ]
        return [*self.definitions, *used]

    def cell(self, name: str) -> Cell:
        """What a variable is here."""
        uses = tuple(use for use in self.uses.get(name, ()) if use.state is not UseState.TEXT)
        definitions = tuple(
            Definition(
                masked(name, value),
                value.place,
                value.source,
                tuple(owners),
                is_secret_like(name, value),
            )
            for value, owners in self.definitions.get(name, {}).values()
        )
        return Cell(self.cluster, _state(definitions, uses), definitions, uses)

    def _define(self, values: Mapping[str, SettingValue], owner: str) -> None:
        for name, value in values.items():
            known = self.definitions.setdefault(name, {})
            _, owners = known.setdefault((value.source, value.place), (value, []))
            if owner:
                owners.append(owner)

    def _cluster_settings(self, tree: Path) -> dict[str, SettingValue]:
        """What the cluster's settings file sets, whether anything asks for it or not."""
        cluster = self.trace.cluster
        try:
            for holder in SettingsIndex.load(tree, cluster).holders:
                if holder.object.name == cluster.settings_name:
                    return read_holder(holder)
        except ManifestError as problem:
            self.problems.append(problem)
        return {}


def _state(definitions: Sequence[Definition], uses: Sequence[Use]) -> CellState:
    if any(use.state is UseState.UNDEFINED for use in uses):
        return CellState.UNDEFINED
    if not uses:
        return CellState.UNUSED if definitions else CellState.ABSENT
    if any(use.state is UseState.DEFAULT for use in uses):
        return CellState.DEFAULT
    return CellState.SET


def _differs(name: str, columns: Sequence[_Column]) -> bool:
    values = {
        frozenset(value.value for value, _ in one.definitions[name].values())
        for one in columns
        if name in one.definitions
    }
    return len(values) > 1


def _undefined(rows: Iterable[Row]) -> list[Finding]:
    """One finding for each expression that nothing defines, at its line."""
    found: dict[tuple[str, str, str], Finding] = {}
    for row in rows:
        for cell in row.cells:
            for use in cell.undefined:
                place = use.place or Place(".")
                text = f"{use.object}: ${{{row.name}}} is not defined for {use.owner}"
                hint = f"define {row.name} in the settings of {cell.cluster}, or give it a default"
                finding = error("undefined-variable", text, place, hint=hint, cluster=cell.cluster)
                found.setdefault((cell.cluster, text, str(place)), finding)
    return list(found.values())


def _left_as_text(columns: Iterable[_Column], known: set[str]) -> list[Finding]:
    """Expressions with a known name that stay as they are, because nothing is substituted."""
    found: dict[tuple[str, str], Finding] = {}
    for one in columns:
        for name in sorted(known & one.uses.keys()):
            for use in one.uses[name]:
                if use.state is not UseState.TEXT:
                    continue
                text = f"{use.object}: {use.expression} stays as it is: {use.owner} substitutes"
                finding = warning(
                    "not-substituted",
                    f"{text} nothing there",
                    use.place or Place("."),
                    hint="spec.postBuild is missing, or the object has substitution disabled",
                    cluster=one.cluster,
                )
                found.setdefault((one.cluster, f"{text}{use.place}"), finding)
    return list(found.values())


def _unread(columns: Iterable[_Column]) -> list[Finding]:
    return [
        error("unreadable", problem.message, problem.place or Place("."), cluster=one.cluster)
        for one in columns
        for problem in one.problems
    ]
