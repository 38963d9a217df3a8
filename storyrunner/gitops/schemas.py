"""Strict judgement of objects by the schema of their kind, with the field and the nearest word.

Schemas judge rendered and substituted objects. A kind with no schema anywhere is *not judged*, and
the verdict says so: that is no pass. It must not know where schemas come from (`schema_sources`).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from storyrunner.gitops.core_schemas import CoreSchemas
from storyrunner.gitops.crd_files import names_crds, read_crds
from storyrunner.gitops.schema_sources import (
    CrdSchemas,
    FoundSchema,
    Gvk,
    SchemaFolder,
    SchemaSource,
    ShippedSchemas,
    gvk_of,
)
from storyrunner.gitops.schema_urls import SchemaUrl, is_url
from storyrunner.gitops.schema_violations import Violation, explain, in_field_order, not_served
from storyrunner.model.frozen import dataclass

FETCHED = "default"
"""The location that is kubeconform's own."""


@dataclass(frozen=True, slots=True)
class SchemaVerdict:
    """`judged` False: no usable schema, `reason` says why, and nothing is known of the object.
    `source` names the schema's origin: a path, `CRD <name>`, `shipped`, or the package of core
    kinds with its release."""

    kind: str
    judged: bool
    source: str = ""
    violations: tuple[Violation, ...] = ()
    reason: str = ""

    @property
    def ok(self) -> bool:
        """True only when a schema was there and nothing violates it."""
        return self.judged and not self.violations


@dataclass(frozen=True, slots=True)
class _Compiled:
    found: FoundSchema | None
    validator: Any = None
    broken: str = ""


class SchemaStore:
    """Asks its sources in order and compiles each kind once; the first that knows a kind decides.

    Without arguments: the schemas we ship. Safe to share between threads: the worst that can
    happen is that a kind is compiled twice.
    """

    def __init__(self, *sources: SchemaSource, asks_kubeconform: bool = False) -> None:
        self._sources = sources or (ShippedSchemas(),)
        self.asks_kubeconform = asks_kubeconform
        """Whether kubeconform may fetch schemas of kinds that are not judged here."""
        self._compiled: dict[Gvk, _Compiled] = {}

    @property
    def crds(self) -> tuple[Mapping[str, Any], ...]:
        """The definitions it was given: what an API of the cluster would know."""
        found = (one for one in self._sources if isinstance(one, CrdSchemas))
        return tuple(crd for one in found for crd in one.objects)

    def with_crds(self, crds: Sequence[Mapping[str, Any]]) -> SchemaStore:
        """A store that asks these definitions too, after the given locations and before what is
        shipped; the same store when there are none."""
        if not crds:
            return self
        last = (ShippedSchemas, CoreSchemas)
        given = [one for one in self._sources if not isinstance(one, last)]
        rest = [one for one in self._sources if isinstance(one, last)]
        found = CrdSchemas(tuple(crds))
        return SchemaStore(*given, found, *rest, asks_kubeconform=self.asks_kubeconform)

    def validate(self, one: Mapping[str, Any]) -> SchemaVerdict:
        """The verdict on one object. Never raises for what is in the object or in a schema."""
        gvk = gvk_of(one)
        compiled = self._schema_of(gvk)
        found = compiled.found
        if found is None:
            return SchemaVerdict(str(gvk), judged=False, reason=f"no schema for {gvk}")
        if found.served:
            unserved = not_served(gvk.kind, gvk.version, found.served)
            return SchemaVerdict(str(gvk), True, found.origin, (unserved,))
        if compiled.broken or found.schema is None:
            reason = f"the schema of {gvk} ({found.origin}) {compiled.broken}"
            return SchemaVerdict(str(gvk), False, found.origin, reason=reason)
        violations: set[Violation] = set()
        for error in compiled.validator.iter_errors(_plain(one)):
            violations.update(explain(error, found.schema))
        return SchemaVerdict(
            str(gvk), True, found.origin, tuple(sorted(violations, key=in_field_order))
        )

    def prepare(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Find and compile the schemas of the kinds of `objects` now instead of when judging."""
        for one in objects:
            self._schema_of(gvk_of(one))

    def _schema_of(self, gvk: Gvk) -> _Compiled:
        if gvk not in self._compiled:
            self._compiled[gvk] = _compile(self._find(gvk))
        return self._compiled[gvk]

    def _find(self, gvk: Gvk) -> FoundSchema | None:
        return next((found for s in self._sources if (found := s.find(gvk)) is not None), None)


def schema_store(
    locations: Iterable[str] = (),
    crds: Iterable[Mapping[str, Any]] = (),
    base: Path = Path(),
) -> SchemaStore:
    """A store with the usual order: given locations, CRDs of the repository, shipped schemas, and
    those of core kinds when `kubernetes-validate` is installed. A location may be a file of CRDs,
    as `kubectl get crd -o yaml` (or json) prints them.

    `default` lets kubeconform, when it is installed, fetch the schemas of kinds that nothing else
    knows. Raises UsageError or ManifestError for a location that cannot be used.
    """
    wanted = list(locations)
    given = [_location(location, base) for location in wanted if location != FETCHED]
    sources = (*given, CrdSchemas(tuple(crds)), ShippedSchemas(), CoreSchemas())
    return SchemaStore(*sources, asks_kubeconform=FETCHED in wanted)


def _location(location: str, base: Path) -> SchemaSource:
    if is_url(location):
        return SchemaUrl(location)
    path = base / location.removeprefix("file://")
    if "{{" not in location and path.is_file() and names_crds(path):
        return CrdSchemas(read_crds(path, location))
    return SchemaFolder(location, base)


def _compile(found: FoundSchema | None) -> _Compiled:
    if found is None or found.broken or found.schema is None:
        return _Compiled(found, broken=found.broken if found else "")
    import jsonschema_rs

    try:
        return _Compiled(found, jsonschema_rs.validator_for(dict(found.schema), offline=True))
    except (ValueError, jsonschema_rs.ReferencingError) as wrong:
        return _Compiled(found, broken=f"is not valid: {str(wrong).partition(chr(10))[0]}")


def _plain(value: Any) -> Any:
    """Only what JSON has: a reader of YAML may give dates, tuples and keys that are no text."""
    if isinstance(value, Mapping):
        return {k if isinstance(k, str) else str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value
