"""The discovery documents of an API server, in the three forms kubectl has asked for since 1.27.

Aggregated `v2` (1.30 and newer), aggregated `v2beta1` (older) and the plain lists that both fall
back to: semantics.md §4.4. It knows nothing of HTTP.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from storyrunner.gitops.offline_api.facts import CrdFact

AGGREGATED = ("v2", "v2beta1")
VERBS = ["create", "delete", "get", "list", "patch", "update"]

_STAGES = ("alpha", "beta")

Document = Mapping[str, Any]


class Discovery:
    """Answers for a set of kinds; the first of two facts with the same apiVersion and kind wins."""

    def __init__(self, facts: Iterable[CrdFact]) -> None:
        unique: dict[tuple[str, str, str], CrdFact] = {}
        for fact in facts:
            unique.setdefault((fact.group, fact.version, fact.kind), fact)
        groups: dict[str, dict[str, list[CrdFact]]] = {}
        for fact in unique.values():
            groups.setdefault(fact.group, {}).setdefault(fact.version, []).append(fact)
        self._groups = {
            group: dict(sorted(versions.items(), key=lambda item: _rank(item[0])))
            for group, versions in sorted(groups.items())
        }

    def aggregated(self, root: str, form: str) -> Document:
        """The whole of `/api` or `/apis` at once; `form` is one of AGGREGATED."""
        items = []
        for group, versions in self._groups.items():
            if (group == "") == (root == "api"):
                items.append(
                    {
                        "metadata": {"name": group} if group else {},
                        "versions": [
                            {"version": version, "resources": [_aggregated(f) for f in facts]}
                            for version, facts in versions.items()
                        ],
                    }
                )
        version = f"apidiscovery.k8s.io/{form}"
        return {"kind": "APIGroupDiscoveryList", "apiVersion": version, "items": items}

    def plain(self, path: str) -> Document | None:
        """`/api`, `/apis`, `/api/v1`, `/apis/GROUP/VERSION` as old clients read them; else None."""
        match path.strip("/").split("/"):
            case ["api"]:
                return {"kind": "APIVersions", "versions": list(self._groups.get("", ()))}
            case ["apis"]:
                groups = [self._group(name) for name in self._groups if name]
                return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
            case ["api", version]:
                return self._resources("", version)
            case ["apis", group] if group in self._groups:
                return {"kind": "APIGroup", "apiVersion": "v1", **self._group(group)}
            case ["apis", group, version]:
                return self._resources(group, version)
        return None

    def _group(self, name: str) -> dict[str, Any]:
        versions = [{"groupVersion": f"{name}/{v}", "version": v} for v in self._groups[name]]
        return {"name": name, "versions": versions, "preferredVersion": versions[0]}

    def _resources(self, group: str, version: str) -> Document | None:
        facts = self._groups.get(group, {}).get(version)
        if not facts:
            return None
        return {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": facts[0].group_version,
            "resources": [
                {
                    "name": fact.plural,
                    "singularName": fact.kind.lower(),
                    "namespaced": fact.namespaced,
                    "kind": fact.kind,
                    "verbs": VERBS,
                }
                for fact in facts
            ],
        }


def _aggregated(fact: CrdFact) -> dict[str, Any]:
    return {
        "resource": fact.plural,
        "responseKind": {"group": fact.group, "version": fact.version, "kind": fact.kind},
        "scope": "Namespaced" if fact.namespaced else "Cluster",
        "singularResource": fact.kind.lower(),
        "verbs": VERBS,
    }


def _rank(version: str) -> tuple[int, int, str]:
    """Stable before beta before alpha, higher numbers first: the first one is the preferred."""
    stage = next((n for n, word in enumerate(_STAGES) if word in version), len(_STAGES))
    digits = "".join(c if c.isdigit() else " " for c in version).split()
    return (-stage, -int(digits[0]) if digits else 0, version)
