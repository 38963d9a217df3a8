"""Fixing references: when a resource was renamed, those that name it follow.

A port of kustomize's search for the one resource that a name means: by former name and kind, then
namespace, then name prefixes and suffixes. semantics.md §5.3; the fields are in `referrers`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Final

from storyrunner.errors import RenderError
from storyrunner.gitops.kustomize.fieldspecs import FieldSpec, Leaf, split_path, walk_path
from storyrunner.gitops.kustomize.placing import Placed
from storyrunner.gitops.kustomize.referrers import TARGETS, Target
from storyrunner.gitops.kustomize.resource import (
    NOT_NAMESPACED,
    PREFIXES,
    SUFFIXES,
    Resource,
    ResourceId,
    ResourceList,
)
from storyrunner.gitops.kustomize.trees import is_null, text_of

_Row = tuple[Target, FieldSpec, list[str]]


def _index_rows() -> dict[str, list[_Row]]:
    rows: dict[str, list[_Row]] = defaultdict(list)
    for target in TARGETS:
        for spec in target.referrers:
            rows[spec.kind].append((target, spec, split_path(spec.path)))
    return dict(rows)


_ROWS: Final = _index_rows()


def fix_references(resources: ResourceList) -> None:
    """Update every reference to a resource that had another name or namespace.

    Raises RenderError when a name could mean several of them.
    """
    renamed = _Renamed(resources.items)
    for item in resources.items:
        first = item.original_id
        rows = [row for row in _ROWS.get(first.kind, ()) if row[1].selects(first)]
        if not rows:
            continue
        with Placed(item.origin):
            _fix_all(_Referrer(item, renamed), rows)


def _fix_all(referrer: _Referrer, rows: list[_Row]) -> None:
    # All fields are walked even when nothing was renamed: what has the wrong shape is an error.
    for target, spec, parts in rows:
        referrer.fix(target, spec, parts)


class _Renamed:
    """All resources' ids, and those that had others, found by a former name."""

    def __init__(self, items: list[Resource]) -> None:
        self.by_name: dict[str, list[Resource]] = defaultdict(list)
        self.former: dict[int, list[ResourceId]] = {}
        self.now: dict[int, ResourceId] = {}
        self.first_in: dict[str, list[Resource]] = defaultdict(list)
        for item in items:
            now = self.now[id(item)] = item.current_id
            former = self.former[id(item)] = item.previous_ids
            self.first_in[(former[0] if former else now).effective_namespace].append(item)
            for name in {one.name for one in former}:
                self.by_name[name].append(item)

    def first(self, item: Resource) -> ResourceId:
        """Who the resource was first."""
        former = self.former[id(item)]
        return former[0] if former else self.now[id(item)]


class _Referrer:
    """One resource whose references are fixed."""

    def __init__(self, item: Resource, renamed: _Renamed) -> None:
        self._item = item
        self.renamed = renamed
        self._id = item.current_id
        self._prefixes = item.affixes(PREFIXES)
        self._suffixes = item.affixes(SUFFIXES)
        self._subject_namespaces = _account_namespaces(item)

    def fix(self, target: Target, spec: FieldSpec, parts: list[str]) -> None:
        search = _Search(self, target, spec)
        walk_path(self._item, spec, parts, Leaf.NOTHING, search.set_any)

    def may_name(self, candidate: Resource) -> bool:
        """False for what is in another namespace, but for a role binding's accounts."""
        if self._id.is_cluster_scoped:
            return True
        now = self.renamed.now[id(candidate)]
        namespace = now.effective_namespace
        return (
            namespace in {NOT_NAMESPACED, self._id.effective_namespace}
            or now.namespace in self._subject_namespaces
        )

    def find(
        self, name: str, target: Target, spec: FieldSpec, among: Callable[[Resource], bool] | None
    ) -> list[Resource]:
        """The candidates that `name` could mean."""
        renamed = self.renamed
        wanted = FieldSpec("", target.kind, target.group, target.version)
        role = _role_ref(self._item) if spec.path.endswith("roleRef/name") else None
        found = []
        for candidate in renamed.by_name.get(name, ()):
            former = renamed.former[id(candidate)]
            if (
                self.may_name(candidate)
                and (among is None or among(candidate))
                and any(wanted.selects(one) for one in former)
                and (role is None or any(role.selects(one) for one in former))
                and self._same_namespace(candidate)
            ):
                found.append(candidate)
        if len(found) == 1:
            return found
        found = [one for one in found if self._same_affixes(one, lenient=True)]
        if len(found) > 1:
            found = [one for one in found if self._same_affixes(one, lenient=False)]
        return found

    def _same_namespace(self, candidate: Resource) -> bool:
        if self._id.is_cluster_scoped or candidate.kind == "ServiceAccount":
            return True
        namespace = self.renamed.now[id(candidate)].effective_namespace
        return namespace in {NOT_NAMESPACED, self._id.effective_namespace}

    def _same_affixes(self, candidate: Resource, *, lenient: bool) -> bool:
        pairs = (
            (candidate.affixes(PREFIXES), self._prefixes),
            (candidate.affixes(SUFFIXES), self._suffixes),
        )
        return all(
            (lenient and (not one or not other)) or _same_ending(one, other) for one, other in pairs
        )


class _Search:
    """Sets the values of one field of one referrer."""

    def __init__(self, referrer: _Referrer, target: Target, spec: FieldSpec) -> None:
        self._referrer = referrer
        self._target = target
        self._spec = spec

    def set_any(self, value: Any) -> Any:
        """The value with its references fixed: a name, a map with a name, or a list of either."""
        if is_null(value):
            return value
        if isinstance(value, list):
            return [item if is_null(item) else self._set_item(item) for item in value]
        return self._set_item(value)

    def _set_item(self, value: Any) -> Any:
        if isinstance(value, list):
            raise RenderError("a reference is expected to be either a string or a map of string")
        if isinstance(value, dict):
            return self._set_map(value)
        referral = self._select(text_of(value), None, lambda one: one.name)
        return value if referral is None or referral.name == text_of(value) else referral.name

    def _set_map(self, value: dict[str, Any]) -> dict[str, Any]:
        if "name" not in value:
            raise RenderError("path config error; no 'name' field in node")
        among = self._in_namespace(text_of(value["namespace"])) if "namespace" in value else None
        name = text_of(value["name"])
        referral = self._select(name, among, lambda one: (one.name, one.namespace))
        if referral is None or (referral.name == name and not referral.namespace):
            return value
        value["name"] = referral.name
        if referral.namespace:
            value["namespace"] = referral.namespace
        return value

    def _in_namespace(self, namespace: str) -> Callable[[Resource], bool]:
        """Those that first were in that namespace; if there are none, those that are there now."""
        referrer = self._referrer
        renamed = referrer.renamed
        if namespace != NOT_NAMESPACED and any(
            referrer.may_name(one) for one in renamed.first_in.get(namespace, ())
        ):
            return lambda one: renamed.first(one).effective_namespace == namespace
        return lambda one: renamed.now[id(one)].effective_namespace == namespace

    def _select(
        self,
        name: str,
        among: Callable[[Resource], bool] | None,
        sameness: Callable[[Resource], object],
    ) -> Resource | None:
        found = self._referrer.find(name, self._target, self._spec, among)
        if len({sameness(one) for one in found}) > 1:
            shown = ", ".join(str(one.current_id) for one in found)
            raise RenderError(f"found multiple possible referrals: {shown}")
        return found[0] if found else None


def _same_ending(one: list[str], other: list[str]) -> bool:
    shortest = min(len(one), len(other))
    return one[-shortest:] == other[-shortest:] if shortest else not one and not other


def _account_namespaces(item: Resource) -> set[str]:
    """Namespaces of a RoleBinding's service accounts, which it may name across namespaces."""
    subjects = item.data.get("subjects") if item.kind == "RoleBinding" else None
    found: set[str] = set()
    for one in subjects if isinstance(subjects, list) else ():
        if not isinstance(one, dict):
            raise RenderError("a subject of a RoleBinding is no map")
        if one.get("kind") == "ServiceAccount" and "namespace" in one:
            if not isinstance(one["namespace"], str):
                raise RenderError(
                    f'Invalid Input: namespace is blank for resource "{item.current_id}"'
                )
            found.add(one["namespace"])
    return found


def _role_ref(item: Resource) -> FieldSpec | None:
    role = item.data.get("roleRef")
    if not isinstance(role, dict) or "apiGroup" not in role or "kind" not in role:
        return None
    return FieldSpec("", text_of(role["kind"]), text_of(role["apiGroup"]))
